"""Why a workspace was not started, each in a sentence for the person who asked.

HubError
 └── SpawnRefused            (.status, .label: the `reason` in JupyterHub's metrics)
      ├── RequestRefused     (.field: the option that was wrong)
      ├── ImageMissing
      ├── NameTaken          (.container_id: somebody else's container has the name)
      ├── FolderNotReady
      ├── WorkspaceDidNotStart
      └── HubBusy            (addresses, engine or records cannot serve the start now)
"""

from settings.errors import HubError


class SpawnRefused(HubError):
    """A start that was refused or failed for a reason that its reader can understand.

    `status` is the HTTP status of the answer; `label` is a short word for metrics.
    """

    status = 400
    label = "refused"


class RequestRefused(SpawnRefused):
    """Somebody asked for something that no workspace of theirs may have."""

    label = "request"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class ImageMissing(SpawnRefused):
    """The engine does not have the profile's image."""

    status = 409
    label = "image"

    def __init__(self, image: str, profile: str) -> None:
        super().__init__(
            f"The image {image} of the profile {profile} is not on this server. "
            "Choose another profile, or ask an admin to build or pull it (./hub doctor names missing images)."
        )
        self.image, self.profile = image, profile


class NameTaken(SpawnRefused):
    """A container that is not ours has the name that the workspace needs."""

    status = 409
    label = "name-taken"

    def __init__(self, container_name: str, container_id: str) -> None:
        super().__init__(
            f"The container {container_id[:12]} has the name {container_name} and does not belong to this hub; "
            "it was left alone. Ask an admin to rename or remove it, then start again."
        )
        self.container_name, self.container_id = container_name, container_id


class FolderNotReady(SpawnRefused):
    """A folder of the workspace could not be made or handed to the person."""

    status = 503
    label = "folder"


class WorkspaceDidNotStart(SpawnRefused):
    """The container ended, or never answered; the sentence carries its last log lines."""

    status = 500
    label = "did-not-start"


class HubBusy(SpawnRefused):
    """Something that every start needs cannot be had just now."""

    status = 503
    label = "unavailable"
