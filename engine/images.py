"""Images as the engine has them; nothing is pulled or built here."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from docker.errors import NotFound

from engine.client import Engine


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is present on the engine."""

    ref: str
    id: str
    size_bytes: int
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


async def find_image(engine: Engine, ref: str) -> Image | None:
    """Give the image with that name or id, or None if the engine says there is none."""
    try:
        found = await engine.call("inspect_image", ref)
    except NotFound:
        return None
    config = found.get("Config") or {}
    env = dict(line.split("=", 1) for line in config.get("Env") or [] if "=" in line)
    return Image(ref, found["Id"], found["Size"], env, config.get("Labels") or {})
