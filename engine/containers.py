"""Containers as the engine describes them, and how one of them is removed for sure."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
from typing import Any

from docker.errors import APIError, NotFound

from engine import names
from engine.client import Engine
from engine.errors import ContainerStays

LOG_LINE_CHARACTERS = 500
_EXITED = re.compile(r"\AExited \((-?\d+)\)")
_NEVER = "0001-01-01"


@dataclass(frozen=True, slots=True)
class Container:
    """What the engine says about one container at one moment."""

    id: str
    name: str
    image: str
    status: str
    running: bool
    paused: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    oom_killed: bool | None = None  # None: a list does not tell
    finished_at: datetime | None = None
    error: str = ""
    address: IPv4Address | None = None


async def find_container(engine: Engine, name: str, *, key: str | None = None) -> Container | None:
    """Give the container with that name or id, or None if the engine says there is none.

    With ``key`` it waits for the calls on that container that are under way.
    """
    try:
        return _from_inspect(await engine.call("inspect_container", name, key=key))
    except NotFound:
        return None


async def list_workspaces(engine: Engine, instance: str) -> list[Container]:
    """Give all workspace containers of one hub instance, running or not, with one call."""
    return await list_containers(engine, instance, kind=names.KIND_WORKSPACE)


async def list_containers(engine: Engine, instance: str, *, kind: str | None = None) -> list[Container]:
    """Give the containers that carry our labels, of one kind or of all."""
    labels = [f"{names.LABEL_INSTANCE}={instance}"]
    if kind is not None:
        labels.append(f"{names.LABEL_KIND}={kind}")
    rows = await engine.call("containers", all=True, filters={"label": labels})
    return [_from_row(row) for row in rows]


async def remove_container(
    engine: Engine, container_id: str, *, wait_seconds: float = 30, key: str | None = None
) -> None:
    """Remove a container, running or not, and return once the engine says that it is gone.

    ``key`` is the lock under which the container's other calls run (its name); default is ``container_id``.
    Raises ContainerStays. Named volumes stay; the anonymous ones that the image declared go with it.
    """
    lock = key or container_id
    found = await find_container(engine, container_id, key=lock)
    if found is None:
        return
    deadline = asyncio.get_running_loop().time() + wait_seconds
    # asked until the answer is 404: removal goes on in the background (409), or needs a second try (500)
    while (refusal := await _refusal_to_remove(engine, found.id, lock)) is not None:
        if asyncio.get_running_loop().time() > deadline:
            raise ContainerStays(found.name, wait_seconds, refusal)
        await asyncio.sleep(0.1)


async def last_log_lines(engine: Engine, container_id: str, n: int) -> list[str]:
    """Give the last ``n`` lines of a container's log, each cut to 500 characters; none if it is gone."""
    try:
        text = await engine.call("logs", container_id, stdout=True, stderr=True, tail=n)
    except NotFound:
        return []
    lines = bytes(text).decode("utf-8", "replace").splitlines()
    return [line[:LOG_LINE_CHARACTERS] for line in lines[-n:]]


async def _refusal_to_remove(engine: Engine, container_id: str, lock: str) -> str | None:
    try:
        await engine.call("remove_container", container_id, force=True, v=True, key=lock)
    except NotFound:
        return None
    except APIError as error:
        if error.status_code not in (409, 500):
            raise
        return str(error.explanation)
    return "it is being removed"


def _from_inspect(found: Mapping[str, Any]) -> Container:
    state = found["State"]
    return Container(
        id=found["Id"],
        name=found["Name"].removeprefix("/"),
        image=found["Config"]["Image"],
        status=state["Status"],
        running=state["Running"],
        paused=state["Paused"],
        labels=found["Config"].get("Labels") or {},
        exit_code=None if state["Running"] or state["Status"] == "created" else state["ExitCode"],
        oom_killed=state["OOMKilled"],
        finished_at=_moment(state["FinishedAt"]),
        error=state.get("Error") or "",
        address=_address(found["NetworkSettings"]),
    )


def _from_row(row: Mapping[str, Any]) -> Container:
    exited = _EXITED.match(row["Status"])
    return Container(
        id=row["Id"],
        name=row["Names"][0].removeprefix("/") if row["Names"] else row["Id"][:12],
        image=row["Image"],
        status=row["State"],
        running=row["State"] in ("running", "paused", "restarting"),
        paused=row["State"] == "paused",
        labels=row["Labels"] or {},
        exit_code=int(exited.group(1)) if exited else None,
        address=_address(row["NetworkSettings"]),
    )


def _moment(text: str) -> datetime | None:
    """Read the engine's RFC 3339 time, which has nanoseconds; year 1 means never."""
    if not text or text.startswith(_NEVER):
        return None
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def _address(network_settings: Mapping[str, Any]) -> IPv4Address | None:
    """Give the address on the container's network: the one it has, else the one it is to get."""
    for endpoint in (network_settings.get("Networks") or {}).values():
        wanted = (endpoint.get("IPAMConfig") or {}).get("IPv4Address")
        if address := endpoint.get("IPAddress") or wanted:
            return IPv4Address(address)
    return None
