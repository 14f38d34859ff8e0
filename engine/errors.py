"""What goes wrong between us and the Docker engine.

EngineError
 ├── EngineUnreachable      nobody answers; whatever we ask is unknown, never "no"
 │    └── EngineTimeout     somebody answers too late
 ├── ContainerStays         a container was to be removed and is still there
 ├── NameTaken              a container of that name exists and is not ours to replace
 ├── OneshotTimeout         a one-shot container did not end in time
 └── VolumeInUse            a container still holds the volume

What the engine itself refuses (404, 409, 500, …) stays docker-py's `docker.errors.APIError`.
"""

from settings.errors import HubError


class EngineError(HubError):
    """The root of this room's errors."""


class EngineUnreachable(EngineError):
    """The engine does not answer; nothing is known about what was asked."""

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(
            f"The Docker engine at {url} does not answer ({cause}). Check that it runs and that its socket may be read."
        )
        self.url, self.cause = url, cause


class EngineTimeout(EngineUnreachable):
    """The engine took longer than the limit; the call may still have its effect."""

    def __init__(self, url: str, what: str, seconds: float) -> None:
        super().__init__(url, f"{what} took longer than {seconds:g} s")
        self.what, self.seconds = what, seconds


class ContainerStays(EngineError):
    """A container that was to be removed is still there."""

    def __init__(self, name: str, seconds: float, reason: str) -> None:
        super().__init__(
            f"Docker did not remove the container {name} within {seconds:g} s ({reason}). "
            f"Look at `docker inspect {name}` and the engine's log, then try again."
        )
        self.name, self.seconds, self.reason = name, seconds, reason


class NameTaken(EngineError):
    """A container of that name exists and does not carry our labels."""

    def __init__(self, name: str, container_id: str) -> None:
        super().__init__(
            f"A container that is not ours has the name {name} (id {container_id[:12]}). "
            "Rename or remove it, then try again."
        )
        self.name, self.container_id = name, container_id


class OneshotTimeout(EngineError):
    """A one-shot container did not end in time; it has been removed."""

    def __init__(self, name: str, seconds: float, output: str) -> None:
        last = output.strip().rsplit("\n", 1)[-1][:200]
        said = f"; its last line was: {last}" if last else ""
        super().__init__(f"{name} did not finish within {seconds:g} s{said}. Look at the engine's load and disk.")
        self.name, self.seconds, self.output = name, seconds, output


class VolumeInUse(EngineError):
    """A container still holds the volume."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The volume {name} is in use. Stop the workspaces that use it, then try again.")
        self.name = name
