"""What is mended of dockerspawner: "I do not know" is not "no", and nobody waits for somebody else's call."""

from collections.abc import AsyncIterator

import pytest
from docker.errors import APIError

from engine.client import Engine
from engine.errors import EngineUnreachable
from spawner.mended import MendedDockerSpawner
from tests.fakes.engine import FakeEngine


class Spawner(MendedDockerSpawner):
    """A mended spawner on a given engine, without a hub."""

    _engine: Engine

    @property
    def engine(self) -> Engine:
        return self._engine


@pytest.fixture
async def spawner(fake: FakeEngine) -> AsyncIterator[Spawner]:
    spawner = Spawner()
    spawner._engine = Engine(fake.url, timeout_seconds=2, threads=4)
    yield spawner
    spawner._engine.close()


def test_a_spawner_keeps_no_stopped_container_and_publishes_no_port(spawner: Spawner) -> None:
    assert spawner.remove is True
    assert spawner.use_internal_ip is True
    assert spawner.object_name == ""


def test_the_container_keeps_its_name_when_the_image_changes(spawner: Spawner) -> None:
    spawner.object_name = "lab-ada"
    spawner.image = "other:1"
    assert spawner.object_name == "lab-ada"


async def test_every_call_goes_over_the_engines_own_threads(spawner: Spawner) -> None:
    assert spawner.executor is spawner.engine.executor
    assert (await spawner.docker("version"))["Version"]


async def test_a_container_that_is_there_is_found_and_one_that_is_not_is_none(
    fake: FakeEngine, spawner: Spawner
) -> None:
    assert await spawner.get_object() is None
    spawner.object_name = "lab-ada"
    assert await spawner.get_object() is None
    made = fake.add_container("lab-ada")
    found = await spawner.get_object()
    assert found["Id"] == spawner.object_id == made.id
    fake.remove(made)
    assert await spawner.get_object() is None
    assert spawner.object_id == ""


async def test_an_ill_engine_does_not_make_a_container_gone(fake: FakeEngine, spawner: Spawner) -> None:
    made = fake.add_container("lab-ada")
    spawner.object_name = "lab-ada"
    await spawner.get_object()
    fake.ill(path="/containers/lab-ada/json", how="500-before", times=1)
    with pytest.raises(APIError):
        await spawner.get_object()
    with fake.while_down(), pytest.raises(EngineUnreachable):
        await spawner.get_object()
    assert spawner.object_id == made.id


async def test_the_images_own_command_is_kept_also_where_it_has_none(fake: FakeEngine, spawner: Spawner) -> None:
    fake.images.add("lab/a:1", cmd=["start", "it"])
    spawner.image = "lab/a:1"
    spawner.args = ["--more"]
    assert await spawner.get_command() == ["start", "it", "--more"]
    fake.images["lab/a:1"].cmd = []
    assert await spawner.get_command() == ["--more"]


async def test_no_image_is_pulled(fake: FakeEngine, spawner: Spawner) -> None:
    await spawner.pull_image("lab/missing:1")
    assert fake.calls_to("POST", "/images/create") == []


async def test_a_running_container_is_removed_although_the_engine_is_slow_about_it(
    fake: FakeEngine, spawner: Spawner
) -> None:
    made = fake.add_container("lab-ada")
    spawner.object_name = "lab-ada"
    fake.ill(method="DELETE", path="/containers/", how="409-removing", times=2)
    await spawner.remove_object()
    assert (made.running, "lab-ada" in fake.containers, spawner.object_id) == (False, False, "")
