"""Refusals in the two forms in which JupyterHub shows a sentence to a person."""

from jupyterhub.spawner import SpawnException
from tornado import web

from spawner.errors import SpawnRefused


class ShownError(web.HTTPError):
    """A refusal in the form that JupyterHub's pages and API show as a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.jupyterhub_message = sentence


class ShownSpawnError(SpawnException):  # type: ignore[misc]  # JupyterHub has no types
    """The same for a start: JupyterHub counts it as a failure and logs it without a traceback."""

    def __init__(self, refused: SpawnRefused) -> None:
        super().__init__(str(refused), reason=refused.label, status_code=refused.status)
        self.jupyterhub_message = str(refused)
