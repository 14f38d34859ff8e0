"""A place in a temporary folder, with a good hub.toml and, where a test asks for it, data as `prepare` makes it."""

from collections.abc import Mapping
from pathlib import Path

from commands.place import Place, place_from

HUB_TOML = """
[site]
name = "lab"
url = "https://hub.example.org"
listen = "127.0.0.1:8000"

[sign_in]
admins = ["ada", "grace"]
link_minutes = 30

[groups.vision]
memory = "16GiB"

[profiles.minimal]
image = "workspace-hub/minimal:0.1.0"
"""


def make_place(
    folder: Path, hub_toml: str = HUB_TOML, *, has_data: bool = False, environment: Mapping[str, str] | None = None
) -> Place:
    file = folder / "hub.toml"
    file.write_text(hub_toml)
    place = place_from(
        {
            "HUB_TOML": str(file),
            "HUB_DATA": str(folder / "data"),
            "HUB_RUN": str(folder / "run"),
            **(environment or {}),
        }
    )
    if has_data:
        place.data.mkdir()
        place.cookie_secret.write_text("it is only looked for\n")
    return place


def environment_of(place: Place) -> dict[str, str]:
    return {
        "HUB_TOML": str(place.hub_toml),
        "HUB_DATA": str(place.data),
        "HUB_RUN": str(place.run),
        **place.environment,
    }
