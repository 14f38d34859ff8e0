"""Removing a container for sure, and reading what the engine says about one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from engine.client import Engine
from engine.containers import _from_inspect, _from_row, find_container, last_log_lines, remove_container
from engine.errors import ContainerStays, EngineUnreachable
from tests.fakes.engine import FakeEngine


@pytest.fixture
def engine(fake: FakeEngine) -> Iterator[Engine]:
    engine = Engine(fake.url, timeout_seconds=2, threads=2)
    yield engine
    engine.close()


async def test_an_engine_that_cannot_say_is_not_an_engine_that_says_no(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box")
    fake.ill(path="/box/json", how="reset")
    with pytest.raises(EngineUnreachable):
        await find_container(engine, "box")


@pytest.mark.parametrize("how", ["500-before", "500-after"])
async def test_a_removal_that_fails_once_is_tried_again(fake: FakeEngine, engine: Engine, how: Any) -> None:
    fake.add_container("box")
    fake.ill(method="DELETE", how=how, times=1)
    await remove_container(engine, "box", wait_seconds=5)
    assert "box" not in fake.containers


async def test_a_removal_under_way_is_waited_for(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box")
    removal = fake.ill(method="DELETE", how="409-removing", times=3)
    await remove_container(engine, "box", wait_seconds=5)
    assert removal.hits == 3
    assert "box" not in fake.containers


async def test_a_container_that_stays_is_an_error_with_the_engine_s_reason(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box")
    fake.ill(method="DELETE", how="500-before")
    with pytest.raises(ContainerStays, match=r"container box within 0\.3 s .*ill on purpose.*docker inspect box"):
        await remove_container(engine, "box", wait_seconds=0.3)
    assert fake.containers["box"].running


async def test_an_out_of_memory_death_is_seen(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box")
    fake.kill("box", oom=True)
    found = await find_container(engine, "box")
    assert found is not None
    assert (found.exit_code, found.oom_killed) == (137, True)


async def test_a_log_that_is_not_text_is_still_shown(fake: FakeEngine, engine: Engine) -> None:
    box = fake.add_container("box", running=False)
    box.log.append((1, b"caf\xe9\n"))
    assert await last_log_lines(engine, "box", 3) == ["caf\N{REPLACEMENT CHARACTER}"]


def _inspect(**state: Any) -> dict[str, Any]:
    ended = {
        "Status": "exited", "Running": False, "Paused": False, "OOMKilled": False, "ExitCode": 0,
        "FinishedAt": "0001-01-01T00:00:00Z", "Error": "",
    }  # fmt: skip
    return {
        "Id": "ab", "Name": "/box", "Config": {"Image": "i", "Labels": None}, "State": ended | state,
        "NetworkSettings": {"Networks": None},
    }  # fmt: skip


def test_a_time_with_nanoseconds_is_read_to_the_microsecond() -> None:
    found = _from_inspect(_inspect(FinishedAt="2026-11-22T11:04:14.440118627Z"))
    assert found.finished_at == datetime(2026, 11, 22, 11, 4, 14, 440118, tzinfo=UTC)


@pytest.mark.parametrize("moment", ["", "0001-01-01T00:00:00Z"])
def test_the_year_one_means_never(moment: str) -> None:
    assert _from_inspect(_inspect(FinishedAt=moment)).finished_at is None


def test_missing_labels_and_networks_are_none_at_all() -> None:
    found = _from_inspect(_inspect())
    assert (dict(found.labels), found.address) == ({}, None)


@pytest.mark.parametrize(
    ("words", "code"),
    [("Exited (0) 3 hours ago", 0), ("Exited (137) Less than a second ago", 137), ("Created", None), ("Dead", None)],
)
def test_a_list_tells_the_exit_code_in_words(words: str, code: int | None) -> None:
    row: dict[str, Any] = {
        "Id": "ab", "Names": ["/box"], "Image": "i", "State": "exited", "Status": words, "Labels": None,
        "NetworkSettings": {"Networks": {}},
    }  # fmt: skip
    found = _from_row(row)
    assert (found.exit_code, found.oom_killed, found.name) == (code, None, "box")
