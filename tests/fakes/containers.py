"""A container of the fake engine: what was asked for, how it is, and its JSON as Docker Engine 20.10 shows it."""

import asyncio
import ipaddress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from tests.fakes.objects import FakeImage, Json, new_id, now, stamp

KIND_LABEL = "workspace-hub.kind"
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(slots=True)
class FakeContainer:
    """One container; `body` is the create request as it came."""

    name: str
    body: Json
    image: FakeImage
    id: str = field(default_factory=new_id)
    status: str = "created"
    exit_code: int = 0
    oom_killed: bool = False
    error: str = ""
    address: str = ""
    created: datetime = field(default_factory=now)
    started: datetime | None = None
    finished: datetime | None = None
    log: list[tuple[int, bytes]] = field(default_factory=list)
    process: asyncio.subprocess.Process | None = None
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def running(self) -> bool:
        """Whether its process runs; a paused one does."""
        return self.status in ("running", "paused")

    @property
    def labels(self) -> dict[str, str]:
        """The image's labels under the container's own."""
        return {**self.image.labels, **(self.body.get("Labels") or {})}

    @property
    def kind(self) -> str:
        """The product's kind of container, empty if it is not one of ours."""
        return self.labels.get(KIND_LABEL, "")

    @property
    def env(self) -> dict[str, str]:
        """The image's environment under the container's own."""
        lines = [line for line in self.body.get("Env") or [] if "=" in line]
        own = dict(line.split("=", 1) for line in lines)
        return {"PATH": DEFAULT_PATH, **self.image.env, **own}

    @property
    def host_config(self) -> Json:
        """The host configuration as it was asked for."""
        found: Json = self.body.get("HostConfig") or {}
        return found

    @property
    def network(self) -> str:
        """The name of its network; `bridge`, `none` and `host` are Docker's own."""
        mode: str = self.host_config.get("NetworkMode") or "default"
        return "bridge" if mode == "default" else mode

    @property
    def wanted_address(self) -> str:
        """The fixed address that was asked for, or empty."""
        endpoints = (self.body.get("NetworkingConfig") or {}).get("EndpointsConfig") or {}
        ipam = (endpoints.get(self.network) or {}).get("IPAMConfig") or {}
        return str(ipam.get("IPv4Address") or "")

    @property
    def port(self) -> int:
        """The port on which its server listens."""
        url = urlsplit(self.env.get("JUPYTERHUB_SERVICE_URL", ""))
        exposed = [int(port.split("/")[0]) for port in self.body.get("ExposedPorts") or {}]
        return url.port or (exposed[0] if exposed else 8888)

    @property
    def argv(self) -> list[str]:
        """Entrypoint and command as the engine would run them."""
        entrypoint = _words(self.body.get("Entrypoint"))
        return entrypoint + (_words(self.body.get("Cmd")) or ([] if entrypoint else self.image.cmd))

    @property
    def mounts(self) -> list[tuple[str, str, str, bool]]:
        """What is mounted: kind, source, target, writable."""
        found = []
        for bind in self.host_config.get("Binds") or []:
            source, target, *mode = bind.split(":")
            kind = "bind" if source.startswith("/") else "volume"
            found.append((kind, source, target, "ro" not in ",".join(mode).split(",")))
        for mount in self.host_config.get("Mounts") or []:
            found.append((mount["Type"], mount["Source"], mount["Target"], not mount.get("ReadOnly")))
        return found

    @property
    def volumes(self) -> list[str]:
        """The names of the volumes that it holds."""
        return [source for kind, source, _, _ in self.mounts if kind == "volume"]

    def log_text(self) -> str:
        """Give everything that it has said."""
        return b"".join(line for _, line in self.log).decode("utf-8", "replace")

    def as_json(self) -> Json:
        """Show it as `GET /containers/{id}/json` does."""
        config = {**self.body, "Labels": self.labels}
        config.setdefault("Tty", False)
        config.pop("HostConfig", None)
        config.pop("NetworkingConfig", None)
        config["Env"] = [f"{name}={value}" for name, value in self.env.items()]
        argv = self.argv or [""]
        return {
            "Id": self.id, "Created": stamp(self.created), "Path": argv[0], "Args": argv[1:],
            "State": self._state(), "Image": self.image.id, "Name": f"/{self.name}", "RestartCount": 0,
            "Driver": "overlay2", "HostConfig": self.host_config, "Config": config,
            "Mounts": [_mount_json(*mount) for mount in self.mounts],
            "NetworkSettings": {"Ports": {}, "IPAddress": "", "Networks": self._networks()},
        }  # fmt: skip

    def as_row(self) -> Json:
        """Show it as a row of `GET /containers/json` does."""
        return {
            "Id": self.id, "Names": [f"/{self.name}"], "Image": self.body["Image"], "ImageID": self.image.id,
            "Command": " ".join(self.argv), "Created": int(self.created.timestamp()), "Ports": [],
            "Labels": self.labels, "State": self.status, "Status": self._status_words(),
            "HostConfig": {"NetworkMode": self.network},
            "NetworkSettings": {"Networks": self._networks()},
            "Mounts": [_mount_json(*mount) for mount in self.mounts],
        }  # fmt: skip

    def _state(self) -> Json:
        pid = self.process.pid if self.process is not None and self.running else 0
        return {
            "Status": self.status, "Running": self.running, "Paused": self.status == "paused",
            "Restarting": False, "OOMKilled": self.oom_killed, "Dead": False, "Pid": pid,
            "ExitCode": self.exit_code, "Error": self.error,
            "StartedAt": stamp(self.started), "FinishedAt": stamp(self.finished),
        }  # fmt: skip

    def _status_words(self) -> str:
        if self.status == "exited":
            return f"Exited ({self.exit_code}) Less than a second ago"
        words = {"created": "Created", "running": "Up 1 second", "paused": "Up 1 second (Paused)"}
        return words[self.status]

    def _networks(self) -> Json:
        ipam = {"IPv4Address": self.wanted_address} if self.wanted_address else None
        endpoint = {"IPAMConfig": ipam, "Links": None, "Aliases": None, "IPAddress": self.address}
        return {self.network: endpoint}


def free_address(subnet: str, taken: set[str]) -> str:
    """Choose the address that the engine gives to who asked for none."""
    hosts = ipaddress.ip_network(subnet).hosts()
    next(hosts)  # the gateway's
    return next(str(host) for host in hosts if str(host) not in taken)


def _words(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or [])


def _mount_json(kind: str, source: str, target: str, writable: bool) -> Json:
    shown = {"Type": kind, "Source": source, "Destination": target, "Mode": "z", "RW": writable}
    if kind == "volume":
        shown |= {"Name": source, "Driver": "local", "Source": f"/var/lib/docker/volumes/{source}/_data"}
    return shown
