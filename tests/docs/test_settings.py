"""Every piece of hub.toml in the pages is one that loads, and every key that they name exists."""

import re

import pytest

from settings.load import loads
from settings.tables import tables
from tests.docs.pages import names, page, pages

BLOCKS = [(each.name, block) for each in pages() for block in each.blocks("toml")]
# names that a page invents, such as groups.vision.memory
_KEY = re.compile(r"[a-z_]+(?:\.[A-Za-z0-9_-]+)+")


def is_known(key: str) -> bool:
    """Tell if a dotted key exists; a named table may have any name in the middle."""
    first, *rest = key.split(".")
    table = tables()[first]
    if table.has_names:
        return len(rest) == 1 or (len(rest) == 2 and rest[1] in table.keys)
    return len(rest) == 1 and rest[0] in table.keys


@pytest.mark.parametrize(("where", "block"), BLOCKS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BLOCKS)])
def test_a_piece_of_hub_toml_loads(where: str, block: str) -> None:
    loads(block)


def test_there_are_pieces_of_hub_toml() -> None:
    assert len(BLOCKS) > 15


@pytest.mark.parametrize("name", names())
def test_every_key_that_a_page_names_exists(name: str) -> None:
    keys = [span for span in page(name).spans() if _KEY.fullmatch(span) and span.split(".")[0] in tables()]
    # modules of the rooms and files have dots too
    keys = [key for key in keys if not key.endswith((".py", ".md", ".toml")) and not key.startswith("settings.")]
    assert [key for key in keys if not is_known(key)] == []


@pytest.mark.parametrize(
    ("key", "known"),
    [
        ("limits.memory", True),
        ("limits.memroy", False),
        ("groups.NAME", True),
        ("groups.vision.memory", True),
        ("groups.vision.gpus", False),
    ],
)
def test_the_check_of_keys_sees_a_wrong_one(key: str, known: bool) -> None:
    assert is_known(key) is known
