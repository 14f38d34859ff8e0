"""The way to the engine: order, limits, and what is known when nobody answers."""

import asyncio
import threading
import time
from collections.abc import Iterator

import docker
import pytest
from docker.errors import APIError, NotFound

from engine.client import Engine
from engine.errors import EngineError, EngineTimeout, EngineUnreachable
from settings.errors import HubError
from tests.fakes.engine import FakeEngine


@pytest.fixture
def engine(fake: FakeEngine) -> Iterator[Engine]:
    engine = Engine(fake.url, timeout_seconds=1, threads=4)
    yield engine
    engine.close()


async def test_nothing_is_asked_before_the_first_call(fake: FakeEngine, engine: Engine) -> None:
    assert fake.calls == []
    await engine.call("ping")
    assert [call.path for call in fake.calls] == ["/version", "/_ping"]


async def test_the_version_is_agreed_once_for_all_threads(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    await asyncio.gather(*(engine.call("ping") for _ in range(20)))
    assert engine.client.api_version == "1.41"
    assert len(fake.calls_to("GET", "/version")) == 1


async def test_each_thread_has_a_client_of_its_own(engine: Engine) -> None:
    await engine.call("ping")
    both_there = threading.Barrier(2, timeout=10)

    def my_client() -> docker.APIClient:
        both_there.wait()
        return engine.client

    loop = asyncio.get_running_loop()
    clients = await asyncio.gather(*(loop.run_in_executor(engine.executor, my_client) for _ in range(2)))
    assert len({*map(id, clients), id(engine.client)}) == 3
    assert engine.client is engine.client


async def test_an_upgraded_engine_is_asked_for_its_version_again(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    fake.ill(path="/_ping", how="too-old", times=1)
    with pytest.raises(APIError):
        await engine.call("ping")
    await engine.call("ping")
    assert len(fake.calls_to("GET", "/version")) == 2


async def test_an_engine_that_is_away_is_unreachable_and_then_back(fake: FakeEngine, engine: Engine) -> None:
    with fake.while_down():
        with pytest.raises(EngineUnreachable, match=r"unix://.* does not answer \(No such file"):
            await engine.call("ping")
    assert await engine.call("ping")
    with fake.while_down(), pytest.raises(EngineUnreachable):
        await engine.call("ping")
    assert await engine.call("ping")


async def test_a_cut_connection_is_unreachable(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    fake.ill(path="/containers/json", how="reset")
    with pytest.raises(EngineUnreachable) as lost:
        await engine.call("containers")
    assert not isinstance(lost.value, EngineTimeout)


async def test_a_silent_engine_is_a_timeout_which_is_a_way_of_being_unreachable(
    fake: FakeEngine, engine: Engine
) -> None:
    await engine.call("ping")
    fake.ill(path="/containers/json", how="hang")
    before = time.monotonic()
    with pytest.raises(EngineTimeout, match="containers took longer than 1 s"):
        await engine.call("containers")
    assert time.monotonic() - before < 5
    assert issubclass(EngineTimeout, EngineUnreachable)
    assert issubclass(EngineUnreachable, EngineError)
    assert issubclass(EngineError, HubError)


async def test_silence_in_the_middle_of_an_answer_is_a_timeout_too(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box")
    with pytest.raises(EngineTimeout, match=r"wait took longer than 0\.5 s"):
        await engine.call("wait", "box", timeout=0.5)


async def test_what_the_engine_refuses_stays_visible(fake: FakeEngine, engine: Engine) -> None:
    with pytest.raises(NotFound):
        await engine.call("inspect_container", "nobody")
    fake.ill(path="/json")
    with pytest.raises(APIError) as sick:
        await engine.call("inspect_container", "nobody")
    assert sick.value.status_code == 500


async def test_calls_on_one_container_run_one_after_another(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box", running=False)
    fake.delay("/start", 0.5)
    start = asyncio.create_task(engine.call("start", "box", key="box"))
    await asyncio.sleep(0.1)
    await engine.call("kill", "box", key="box")
    assert start.done()
    assert not fake.containers["box"].running or fake.calls[-1].path.endswith("/kill")


async def test_nobody_waits_for_another_container(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    fake.add_container("slow", running=False)
    fake.delay("/slow/start", 0.8)
    slow = asyncio.create_task(engine.call("start", "slow", key="slow"))
    await asyncio.sleep(0.1)
    before = time.monotonic()
    await engine.call("ping", key="quick")
    assert time.monotonic() - before < 0.5
    assert not slow.done()
    await slow


async def test_a_cancelled_call_keeps_its_turn_until_it_has_ended(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box", running=False)
    fake.delay("/start", 0.6)
    start = asyncio.create_task(engine.call("start", "box", key="box"))
    await asyncio.sleep(0.2)
    start.cancel()
    await asyncio.gather(start, return_exceptions=True)
    assert not fake.containers["box"].running
    await engine.call("kill", "box", key="box")  # would be refused (409) in front of the start
    assert [call.path.rsplit("/", 1)[1] for call in fake.calls_to("POST", "/box/")] == ["start", "kill"]


async def test_a_call_that_is_cancelled_in_front_of_its_turn_is_never_made(fake: FakeEngine, engine: Engine) -> None:
    fake.add_container("box", running=False)
    fake.delay("/start", 0.5)
    start = asyncio.create_task(engine.call("start", "box", key="box"))
    kill = asyncio.create_task(engine.call("kill", "box", key="box"))
    await asyncio.sleep(0.1)
    kill.cancel()
    await start
    await engine.call("ping", key="box")
    assert fake.calls_to("POST", "/kill") == []
    assert fake.containers["box"].running


async def test_a_call_that_waits_for_a_free_thread_can_be_cancelled(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    fake.delay("/_ping", 0.4)
    pings = [asyncio.create_task(engine.call("ping")) for _ in range(4)]
    await asyncio.sleep(0.1)
    late = asyncio.create_task(engine.call("info"))
    await asyncio.sleep(0.05)
    late.cancel()
    await asyncio.gather(*pings)
    assert fake.calls_to("GET", "/info") == []


async def test_ten_slow_stops_take_little_more_than_the_time_of_three(fake: FakeEngine, engine: Engine) -> None:
    await engine.call("ping")
    fake.delay("/_ping", 0.3)
    before = time.monotonic()
    await asyncio.gather(*(engine.call("ping", key=f"box{n}") for n in range(10)))
    assert time.monotonic() - before < 10 * 0.3 / 2


async def test_the_sentence_names_the_url_the_cause_and_what_to_do() -> None:
    engine = Engine("unix:///nowhere/docker.sock")
    with pytest.raises(EngineUnreachable) as away:
        await engine.call("ping")
    engine.close()
    assert str(away.value) == (
        "The Docker engine at unix:///nowhere/docker.sock does not answer (No such file or directory). "
        "Check that it runs and that its socket may be read."
    )
