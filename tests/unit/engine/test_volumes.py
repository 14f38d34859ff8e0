"""Volumes: what is unknown stays unknown, and only one place removes one."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker.errors import APIError

from engine.client import Engine
from engine.volumes import find_volume, remove_volume, volume_bytes
from tests.fakes.engine import FakeEngine
from tests.fakes.objects import FakeVolume

ROOT = Path(__file__).parents[3]
ROOMS = ("settings", "records", "engine", "spawner", "authenticators", "guard", "commands")


@pytest.fixture
def engine(fake: FakeEngine) -> Iterator[Engine]:
    engine = Engine(fake.url, timeout_seconds=2, threads=2)
    yield engine
    engine.close()


async def test_a_sick_engine_does_not_say_that_there_is_no_volume(fake: FakeEngine, engine: Engine) -> None:
    fake.volumes["home"] = FakeVolume("home")
    fake.ill(path="/volumes/home")
    with pytest.raises(APIError):
        await find_volume(engine, "home")
    with pytest.raises(APIError):
        await remove_volume(engine, "home")
    assert "home" in fake.volumes


@pytest.mark.parametrize(("size", "told"), [(5 * 1024**3, 5 * 1024**3), (0, 0), (-1, None)])
async def test_a_volume_tells_its_size_if_the_engine_knows_it(
    fake: FakeEngine, engine: Engine, size: int, told: int | None
) -> None:
    fake.volumes["home"] = FakeVolume("home", size_bytes=size)
    assert await volume_bytes(engine, "home") == told


def test_only_one_place_in_the_product_removes_a_volume() -> None:
    """R22, static: no module but engine.volumes names docker's call, `docker volume rm` or a prune of volumes."""
    files = [path for room in ROOMS for path in (ROOT / room).rglob("*.py")]
    places = {path.relative_to(ROOT).as_posix() for path in files if _removes_a_volume(path)}
    assert places == {"engine/volumes.py"}


def _removes_a_volume(path: Path) -> bool:
    tree = ast.parse(path.read_text("utf-8"))
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    words += [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    return any(word in ("remove_volume", "prune_volumes", "volume rm", "volume prune") for word in words)
