"""Docker volumes: found, made, measured, and removed at one place only."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docker.errors import APIError, NotFound

from engine.client import Engine
from engine.errors import VolumeInUse


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume as the engine describes it."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    created_at: str = ""


async def find_volume(engine: Engine, name: str) -> Volume | None:
    """Give the volume of that name, or None if the engine says there is none."""
    try:
        found = await engine.call("inspect_volume", name)
    except NotFound:
        return None
    return Volume(found["Name"], found.get("Labels") or {}, found.get("CreatedAt") or "")


async def ensure_volume(engine: Engine, name: str, labels: Mapping[str, str]) -> Volume:
    """Give the volume of that name; made with these labels if there is none, an existing one keeps its own."""
    found = await find_volume(engine, name)
    if found is not None:
        return found
    made = await engine.call("create_volume", name, labels=dict(labels), key=f"volume {name}")
    return Volume(made["Name"], made.get("Labels") or {}, made.get("CreatedAt") or "")


async def remove_volume(engine: Engine, name: str) -> None:
    """Remove a volume and everything in it, for ever; no error if there is none. Raises VolumeInUse.

    The one place in the whole product that removes a volume; only an admin's explicit command may lead here.
    """
    try:
        await engine.call("remove_volume", name, key=f"volume {name}")
    except NotFound:
        return
    except APIError as error:
        if error.status_code == 409:
            raise VolumeInUse(name) from None
        raise


async def volume_bytes(engine: Engine, name: str) -> int | None:
    """Give how much a volume holds, or None if there is none or the engine does not tell.

    The engine walks through all volumes for it: seconds to minutes on a full server, so ask seldom.
    """
    # one at a time: engines < 23 refuse a second one with "a disk usage operation is already running"
    usage = await engine.call("df", key="system df")
    for volume in usage["Volumes"] or []:
        if volume["Name"] == name:
            size = (volume.get("UsageData") or {}).get("Size", -1)
            return int(size) if size >= 0 else None
    return None
