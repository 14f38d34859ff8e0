"""How much a volume holds: measured seldom, one at a time, and no page waits long for it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from engine.client import Engine
from spawner import usage
from spawner.usage import VolumeSizes
from tests.fakes.engine import FakeEngine
from tests.fakes.objects import FakeVolume


@pytest.fixture
async def sizes(fake: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[VolumeSizes]:
    monkeypatch.setattr(usage, "WAIT_SECONDS", 0.5)
    fake.volumes["home"] = FakeVolume("home", size_bytes=1234)
    engine = Engine(fake.url, timeout_seconds=5, threads=2)
    yield VolumeSizes(engine)
    engine.close()


def measurements(fake: FakeEngine) -> int:
    return len(fake.calls_to("GET", "/system/df"))


async def test_a_size_is_measured_once_and_then_remembered(fake: FakeEngine, sizes: VolumeSizes) -> None:
    for _ in range(3):
        measured = await sizes.size_of("home")
        assert measured is not None and measured.size_bytes == 1234 and measured.age_seconds < 5
    assert measurements(fake) == 1


async def test_many_pages_at_once_measure_once(fake: FakeEngine, sizes: VolumeSizes) -> None:
    fake.delay("/system/df", 0.2)
    found = await asyncio.gather(*(sizes.size_of("home") for _ in range(5)))
    assert {one.size_bytes for one in found if one is not None} == {1234}
    assert measurements(fake) == 1


async def test_an_old_size_is_measured_anew(
    fake: FakeEngine, sizes: VolumeSizes, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sizes.size_of("home")
    fake.volumes["home"].size_bytes = 99
    monkeypatch.setattr(usage, "FRESH_SECONDS", 0.0)
    measured = await sizes.size_of("home")
    assert measured is not None and measured.size_bytes == 99


async def test_a_slow_engine_is_not_waited_for_and_the_next_page_knows(fake: FakeEngine, sizes: VolumeSizes) -> None:
    fake.delay("/system/df", 0.8)
    assert await sizes.size_of("home") is None
    measured = await sizes.size_of("home")
    assert measured is not None and measured.size_bytes == 1234
    assert measurements(fake) == 1


@pytest.mark.parametrize("how", ["down", "500-before"])
async def test_an_ill_engine_leaves_the_size_unknown(fake: FakeEngine, sizes: VolumeSizes, how: str) -> None:
    if how == "down":
        fake.down()
    else:
        fake.ill(path="/system/df", how="500-before")
    assert await sizes.size_of("home") is None
    await asyncio.sleep(0)
    fake.well()
    fake.up()
    measured = await sizes.size_of("home")
    assert measured is not None and measured.size_bytes == 1234


async def test_a_volume_that_is_not_there_has_no_size(sizes: VolumeSizes) -> None:
    measured = await sizes.size_of("nothing")
    assert measured is not None and measured.size_bytes is None
