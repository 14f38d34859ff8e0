"""What the fake engine keeps: images, volumes, networks, and their JSON as Docker Engine 20.10 shows it."""

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

Json = dict[str, Any]
Behaviour = Literal["serve", "exit1", "never", "shell"]

NEVER = "0001-01-01T00:00:00Z"


def new_id() -> str:
    """Make an id as Docker's: 64 hexadecimal digits."""
    return secrets.token_hex(32)


def stamp(moment: datetime | None) -> str:
    """Show a time as the engine does, with nanoseconds; None as the year 1."""
    return NEVER if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "789Z"


def now() -> datetime:
    """Tell the time; the fake has a clock like any engine."""
    return datetime.now(UTC)


@dataclass(slots=True)
class FakeImage:
    """An image; its behaviour is what a container of kind `workspace` (or of none) does with it.

    serve: the fake workspace's server, after ``late_seconds`` · exit1: three log lines and exit code 1 ·
    never: runs and never answers · shell: runs entrypoint and command as a process of this machine.
    """

    ref: str
    behaviour: Behaviour = "serve"
    late_seconds: float = 0
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    cmd: list[str] = field(default_factory=lambda: ["start-workspace"])
    size_bytes: int = 81_686_822

    @property
    def id(self) -> str:
        """The image's id, the same for the same content."""
        content = repr((self.ref, self.behaviour, self.env, self.labels, self.cmd))
        return f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"

    def as_json(self) -> Json:
        """Show it as `GET /images/{name}/json` does."""
        config = {
            "Env": [f"{name}={value}" for name, value in self.env.items()],
            "Cmd": self.cmd,
            "Entrypoint": None,
            "Labels": self.labels,
            "User": "",
            "WorkingDir": "",
        }
        tags = [self.ref]
        return {
            "Id": self.id, "RepoTags": tags, "RepoDigests": [], "Created": "2025-01-01T00:00:00Z",
            "Config": config, "Size": self.size_bytes, "VirtualSize": self.size_bytes,
            "Architecture": "amd64", "Os": "linux",
        }  # fmt: skip


class FakeImages(dict[str, FakeImage]):
    """The images that are present, by name; `fake/…` images for bad cases always are."""

    def add(
        self,
        ref: str,
        *,
        behaviour: Behaviour = "serve",
        late_seconds: float = 0,
        env: dict[str, str] | None = None,
        labels: dict[str, str] | None = None,
        cmd: list[str] | None = None,
    ) -> FakeImage:
        """Make an image present, as building it would; a changed one gets another id."""
        image = FakeImage(ref, behaviour, late_seconds, env or {}, labels or {}, cmd or ["start-workspace"])
        self[ref] = image
        return image

    def find(self, ref: str) -> FakeImage | None:
        """Give the image with that name (`:latest` may be left out) or id."""
        by_name = self.get(ref) or self.get(f"{ref}:latest") or self.get(ref.removesuffix(":latest"))
        return by_name or _bad_case(ref) or next((image for image in self.values() if image.id == ref), None)


def _bad_case(ref: str) -> FakeImage | None:
    name, _, tag = ref.partition(":")
    if name == "fake/late":
        return FakeImage(ref, "serve", float(tag or 5))
    behaviours: dict[str, Behaviour] = {"fake/exit1": "exit1", "fake/never": "never", "fake/shell": "shell"}
    return FakeImage(ref, behaviours[name]) if name in behaviours else None


@dataclass(slots=True)
class FakeVolume:
    """A volume; only its name, labels and size, no files."""

    name: str
    labels: dict[str, str] = field(default_factory=dict)
    size_bytes: int = 0
    created: datetime = field(default_factory=now)

    @property
    def mountpoint(self) -> str:
        """Where the engine would keep its files."""
        return f"/var/lib/docker/volumes/{self.name}/_data"

    def as_json(self) -> Json:
        """Show it as `GET /volumes/{name}` does."""
        return {
            "CreatedAt": self.created.strftime("%Y-%m-%dT%H:%M:%SZ"), "Driver": "local",
            "Labels": self.labels or None, "Mountpoint": self.mountpoint, "Name": self.name,
            "Options": None, "Scope": "local",
        }  # fmt: skip


@dataclass(slots=True)
class FakeNetwork:
    """A network: its subnet and who is in it."""

    name: str
    subnet: str
    labels: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    driver: str = "bridge"
    id: str = field(default_factory=new_id)
    created: datetime = field(default_factory=now)

    def as_json(self, containers: Json | None = None) -> Json:
        """Show it as `GET /networks/{name}` does."""
        return {
            "Name": self.name, "Id": self.id, "Created": stamp(self.created), "Scope": "local",
            "Driver": self.driver, "EnableIPv6": False, "Internal": False, "Attachable": False,
            "Ingress": False, "ConfigOnly": False, "Containers": containers or {},
            "IPAM": {"Driver": "default", "Options": None, "Config": [{"Subnet": self.subnet}]},
            "Options": self.options, "Labels": self.labels,
        }  # fmt: skip
