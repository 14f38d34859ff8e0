"""A container that does one thing, tells its exit code and output, and is gone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any, Literal

import docker.types

from engine import names
from engine.client import Engine
from engine.containers import find_container, remove_container
from engine.errors import EngineTimeout, NameTaken, OneshotTimeout

OUTPUT_LINES = 200
MEMORY_BYTES = 256 * 1024**2
PIDS = 256


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume or host folder inside a one-shot container; a host folder must exist."""

    source: str
    target: str
    kind: Literal["volume", "bind"] = "volume"
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class OneshotResult:
    """How a one-shot container ended."""

    exit_code: int
    output: str


async def run_oneshot(
    engine: Engine,
    *,
    name: str,
    image: str,
    command: Sequence[str],
    mounts: Sequence[Mount] = (),
    instance: str,
    kind: Literal["prepare", "probe"],
    capabilities: Sequence[str] = (),
    network: str = "none",
    address: IPv4Address | None = None,
    user: str = "0:0",
    timeout_seconds: float = 60,
) -> OneshotResult:
    """Run ``command`` instead of the image's own entry point and give its exit code and last lines.

    The container has a read-only root, no new privileges and only the named capabilities, and is always
    removed. Raises OneshotTimeout, NameTaken when a container of that name is not ours, and docker-py's
    ImageNotFound.
    """
    await _make_room(engine, name, instance)
    body = {
        "image": image,
        "entrypoint": [command[0]],
        "command": list(command[1:]),
        "name": name,
        "user": user,
        "labels": {names.LABEL_INSTANCE: instance, names.LABEL_KIND: kind},
        "host_config": _host_config(mounts, capabilities, network),
        "networking_config": _networking_config(network, address),
    }
    try:
        created = await engine.call("create_container", key=name, **body)
        await engine.call("start", created["Id"], key=name)
        return await _outcome(engine, name, created["Id"], timeout_seconds)
    finally:
        # by name and under the same lock: also finds what a cancelled create makes a moment later
        await asyncio.shield(remove_container(engine, name))


async def _make_room(engine: Engine, name: str, instance: str) -> None:
    found = await find_container(engine, name, key=name)
    if found is None:
        return
    if found.labels.get(names.LABEL_INSTANCE) != instance:
        raise NameTaken(name, found.id)
    await remove_container(engine, found.id, key=name)


async def _outcome(engine: Engine, name: str, container_id: str, timeout_seconds: float) -> OneshotResult:
    try:
        ended = await engine.call("wait", container_id, timeout=timeout_seconds)
    except EngineTimeout:
        raise OneshotTimeout(name, timeout_seconds, await _output(engine, container_id)) from None
    return OneshotResult(ended["StatusCode"], await _output(engine, container_id))


async def _output(engine: Engine, container_id: str) -> str:
    text: bytes = await engine.call("logs", container_id, stdout=True, stderr=True, tail=OUTPUT_LINES)
    return text.decode("utf-8", "replace")


def _host_config(mounts: Sequence[Mount], capabilities: Sequence[str], network: str) -> dict[str, Any]:
    return {
        "Mounts": [_mount(mount) for mount in mounts],
        "NetworkMode": network,
        "ReadonlyRootfs": True,
        "CapDrop": ["ALL"],
        "CapAdd": list(capabilities),
        "SecurityOpt": ["no-new-privileges"],
        "Memory": MEMORY_BYTES,
        "MemorySwap": MEMORY_BYTES,
        "PidsLimit": PIDS,
        "RestartPolicy": {"Name": "no"},
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m", "max-file": "1"}},
    }


def _mount(mount: Mount) -> docker.types.Mount:
    return docker.types.Mount(target=mount.target, source=mount.source, type=mount.kind, read_only=mount.read_only)


def _networking_config(network: str, address: IPv4Address | None) -> dict[str, Any] | None:
    if address is None:
        return None
    return {"EndpointsConfig": {network: {"IPAMConfig": {"IPv4Address": str(address)}}}}
