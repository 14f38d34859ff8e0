"""One-shot containers while the engine is ill."""

from collections.abc import Iterator
from typing import Any

import pytest
from docker.errors import APIError

from engine.client import Engine
from engine.errors import EngineUnreachable, OneshotTimeout
from engine.oneshot import run_oneshot
from tests.fakes.engine import FakeEngine


@pytest.fixture
def engine(fake: FakeEngine) -> Iterator[Engine]:
    fake.images.add("tools:1")
    engine = Engine(fake.url, timeout_seconds=2, threads=2)
    yield engine
    engine.close()


async def _prepare(engine: Engine) -> Any:
    return await run_oneshot(
        engine, name="lab-prepare", image="tools:1", command=["prepare", "me"], instance="lab", kind="prepare"
    )


@pytest.mark.parametrize("path", ["/create", "/start", "/logs"])
async def test_a_one_shot_that_fails_half_way_is_removed(fake: FakeEngine, engine: Engine, path: str) -> None:
    fake.ill(path=path, how="500-after", times=1)
    with pytest.raises(APIError):
        await _prepare(engine)
    assert fake.containers == {}


@pytest.mark.parametrize(("how", "error"), [("500-before", APIError), ("500-after", EngineUnreachable)])
async def test_a_one_shot_whose_end_is_not_told_is_removed(
    fake: FakeEngine, engine: Engine, how: Any, error: type[Exception]
) -> None:
    fake.ill(path="/wait", how=how, times=1)
    with pytest.raises(error):
        await _prepare(engine)
    assert fake.containers == {}


async def test_the_command_replaces_the_image_s_entry_point(fake: FakeEngine, engine: Engine) -> None:
    await _prepare(engine)
    body = fake.calls_to("POST", "/create")[0].body
    assert (body["Entrypoint"], body["Cmd"], body["User"]) == (["prepare"], ["me"], "0:0")


def test_the_sentence_about_a_late_one_shot_has_its_last_line() -> None:
    error = OneshotTimeout("lab-prepare", 60, "one\ntwo\n")
    assert "lab-prepare did not finish within 60 s; its last line was: two. Look at" in str(error)
