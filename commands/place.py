"""Where a command finds things: the paths and addresses that the entry point read from the environment, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from records import FILE_NAME

HUB_TOML = "/etc/workspace-hub/hub.toml"
DATA = "/data"
RUN = "/run/workspace-hub"
DOCKER_URL = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Place:
    """One instance as a command sees it from inside the hub's image."""

    hub_toml: Path
    data: Path
    run: Path
    docker_url: str
    environment: Mapping[str, str]

    @property
    def jupyterhub_database(self) -> Path:
        """JupyterHub's own SQLite file; only ever read here."""
        return self.data / "jupyterhub.sqlite"

    @property
    def records_database(self) -> Path:
        """The SQLite file of the room `records`."""
        return self.data / FILE_NAME

    @property
    def cookie_secret(self) -> Path:
        """The secret that signs JupyterHub's cookies."""
        return self.data / "jupyterhub_cookie_secret"

    @property
    def proxy_socket(self) -> Path:
        """The unix socket of the proxy's REST API."""
        return self.run / "proxy" / "api.sock"

    @property
    def proxy_token(self) -> Path:
        """The token that the proxy's REST API asks for."""
        return self.run / "proxy" / "token"

    @property
    def guard_status(self) -> Path:
        """What netguard last said about its packet rules."""
        return self.run / "guard" / "status.json"


def place_from(environment: Mapping[str, str]) -> Place:
    """Read the environment variables of the contract; what is not set has its place in the hub's image."""
    return Place(
        hub_toml=Path(environment.get("HUB_TOML", HUB_TOML)),
        data=Path(environment.get("HUB_DATA", DATA)),
        run=Path(environment.get("HUB_RUN", RUN)),
        docker_url=environment.get("HUB_DOCKER", DOCKER_URL),
        environment=environment,
    )
