"""What the engine room promises, on the fake engine and on a real one alike."""

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound, NotFound

from engine import names
from engine.client import Engine
from engine.containers import find_container, last_log_lines, list_workspaces, remove_container
from engine.errors import NameTaken, OneshotTimeout, VolumeInUse
from engine.images import find_image
from engine.oneshot import Mount, run_oneshot
from engine.volumes import ensure_volume, find_volume, remove_volume, volume_bytes
from tests.engine.conftest import Place

LATE = "trap '' TERM; while :; do sleep 0.1; done"


async def test_the_engine_tells_its_api_version(engine: Engine) -> None:
    version = await engine.call("version")
    assert version["ApiVersion"].startswith("1.")


async def test_there_is_no_container_that_nobody_made(engine: Engine, place: Place) -> None:
    assert await find_container(engine, place.name()) is None


async def test_a_running_container_is_described(engine: Engine, place: Place) -> None:
    container_id = place.make()
    found = await find_container(engine, place.name())
    assert found is not None
    assert (found.id, found.name, found.image) == (container_id, place.name(), place.image)
    assert (found.running, found.paused, found.exit_code, found.finished_at) == (True, False, None, None)
    assert found.labels.items() >= place.labels().items()
    assert found == await find_container(engine, container_id)


async def test_an_ended_container_tells_its_exit_code_and_when(engine: Engine, place: Place) -> None:
    before = datetime.now(UTC)
    container_id = place.make("echo good; echo bad >&2; exit 3")
    await place.end_of(container_id)
    found = await find_container(engine, container_id)
    assert found is not None
    assert (found.running, found.status, found.exit_code, found.oom_killed) == (False, "exited", 3, False)
    assert found.finished_at is not None
    assert abs((found.finished_at - before).total_seconds()) < 30


async def test_a_container_that_was_never_started_has_no_exit_code(engine: Engine, place: Place) -> None:
    found = await find_container(engine, place.make(start=False))
    assert found is not None
    assert (found.status, found.running, found.exit_code) == ("created", False, None)


async def test_a_killed_container_ends_with_137(engine: Engine, place: Place) -> None:
    container_id = place.make()
    await engine.call("kill", container_id)
    await place.end_of(container_id)
    found = await find_container(engine, container_id)
    assert found is not None
    assert found.exit_code == 137


async def test_a_paused_container_is_running_and_paused(engine: Engine, place: Place) -> None:
    container_id = place.make()
    await engine.call("pause", container_id)
    found = await find_container(engine, container_id)
    assert found is not None
    assert (found.running, found.paused) == (True, True)
    listed = [one for one in await list_workspaces(engine, place.instance) if one.id == container_id]
    assert [(one.running, one.paused) for one in listed] == [(True, True)]
    await engine.call("unpause", container_id)


async def test_the_list_has_our_workspaces_running_or_not_and_nothing_else(engine: Engine, place: Place) -> None:
    running, ended = place.make(what="a"), place.make("exit 7", what="b")
    place.make(what="c", kind="home")
    await place.end_of(ended)
    listed = {one.id: (one.running, one.exit_code) for one in await list_workspaces(engine, place.instance)}
    assert listed == {running: (True, None), ended: (False, 7)}
    assert await list_workspaces(engine, f"{place.instance}x") == []


async def test_the_log_gives_its_last_lines_of_both_streams(engine: Engine, place: Place) -> None:
    container_id = place.make("echo one; echo two; sleep 0.2; echo three >&2")
    await place.end_of(container_id)
    assert await last_log_lines(engine, container_id, 2) == ["two", "three"]
    assert await last_log_lines(engine, f"{place.name()}-nobody", 2) == []


async def test_a_long_log_line_is_cut_to_500_characters(engine: Engine, place: Place) -> None:
    container_id = place.make("head -c 2000 /dev/zero | tr '\\0' x")
    await place.end_of(container_id)
    assert await last_log_lines(engine, container_id, 5) == ["x" * 500]


async def test_removing_a_running_container_returns_when_it_is_gone(engine: Engine, place: Place) -> None:
    container_id = place.make(LATE)
    await remove_container(engine, container_id, wait_seconds=20)
    assert await find_container(engine, container_id) is None


async def test_removing_a_container_that_is_not_there_is_no_error(engine: Engine, place: Place) -> None:
    await remove_container(engine, place.name())


async def test_two_removals_of_one_container_both_return(engine: Engine, place: Place) -> None:
    container_id = place.make(LATE)
    removals = [remove_container(engine, container_id, key=key) for key in ("one", "two")]
    await asyncio.gather(*removals)
    assert await find_container(engine, container_id) is None


async def test_a_container_that_removes_itself_at_its_end_can_be_removed(engine: Engine, place: Place) -> None:
    container_id = place.make(LATE, auto_remove=True)
    stop = asyncio.create_task(engine.call("stop", container_id, timeout=1))
    await asyncio.sleep(0.9)
    await remove_container(engine, container_id, wait_seconds=20)
    assert await find_container(engine, container_id) is None
    await asyncio.gather(stop, return_exceptions=True)


async def test_stopping_ends_a_container_that_ignores_the_signal(engine: Engine, place: Place) -> None:
    container_id = place.make(LATE)
    await engine.call("stop", container_id, timeout=1)
    found = await find_container(engine, container_id)
    assert found is not None
    assert (found.running, found.exit_code) == (False, 137)


async def test_starting_and_stopping_twice_is_no_error(engine: Engine, place: Place) -> None:
    container_id = place.make()
    await engine.call("start", container_id)
    await engine.call("stop", container_id, timeout=1)
    await engine.call("stop", container_id, timeout=1)


async def test_a_taken_name_is_refused_with_the_id_of_its_holder(engine: Engine, place: Place) -> None:
    container_id = place.make()
    with pytest.raises(APIError) as refused:
        place.make()
    assert refused.value.status_code == 409
    assert container_id in str(refused.value.explanation)


async def test_a_running_container_is_not_removed_without_force(engine: Engine, place: Place) -> None:
    container_id = place.make()
    with pytest.raises(APIError) as refused:
        await engine.call("remove_container", container_id)
    assert refused.value.status_code == 409
    assert await find_container(engine, container_id) is not None


@pytest.mark.parametrize("method", ["inspect_container", "start", "stop", "kill", "remove_container"])
async def test_calls_on_a_container_that_is_not_there_give_not_found(engine: Engine, place: Place, method: str) -> None:
    with pytest.raises(NotFound):
        await engine.call(method, place.name())


@pytest.mark.parametrize(("method", "status"), [("kill", 409), ("pause", 409), ("unpause", 500)])
async def test_calls_that_need_a_running_container_are_refused(
    engine: Engine, place: Place, method: str, status: int
) -> None:
    container_id = place.make(start=False)
    with pytest.raises(APIError) as refused:
        await engine.call(method, container_id)
    assert refused.value.status_code == status


async def test_a_container_gets_its_fixed_address(engine: Engine, place: Place, subnet: IPv4Network) -> None:
    address = subnet.network_address + 16
    container_id = place.make(network=place.name("net"), address=address)
    found = await find_container(engine, container_id)
    assert found is not None
    assert found.address == address
    assert [one.address for one in await list_workspaces(engine, place.instance)] == [address]


async def test_an_ended_container_still_tells_its_fixed_address(
    engine: Engine, place: Place, subnet: IPv4Network
) -> None:
    address = subnet.network_address + 16
    container_id = place.make("exit 0", network=place.name("net"), address=address)
    await place.end_of(container_id)
    found = await find_container(engine, container_id)
    assert found is not None
    assert found.address == address


async def test_an_address_is_not_given_twice(engine: Engine, place: Place, subnet: IPv4Network) -> None:
    network, address = place.name("net"), subnet.network_address + 16
    first = place.make(what="a", network=network, address=address)
    second = place.make(what="b", network=network, address=address, start=False)
    with pytest.raises(APIError) as refused:
        await engine.call("start", second)
    assert refused.value.status_code == 403
    found = await find_container(engine, second)
    assert found is not None
    assert (found.status, found.error) == ("created", "Address already in use")
    await remove_container(engine, first)
    await engine.call("start", second)


async def test_an_address_outside_the_subnet_is_refused(engine: Engine, place: Place, subnet: IPv4Network) -> None:
    outside = IPv4Address("192.0.2.7")
    container_id = place.make(network=place.name("net"), address=outside, start=False)
    with pytest.raises(APIError, match="does not belong to any of this network's subnets"):
        await engine.call("start", container_id)


async def test_a_network_that_is_not_there_is_refused_at_start(engine: Engine, place: Place) -> None:
    container_id = place.make(network=place.name("nonet"), start=False)
    with pytest.raises(NotFound):
        await engine.call("start", container_id)


async def test_a_network_tells_who_is_in_it(engine: Engine, place: Place, subnet: IPv4Network) -> None:
    container_id = place.make(network=place.name("net"), address=subnet.network_address + 16)
    network = await engine.call("inspect_network", place.name("net"))
    assert network["IPAM"]["Config"][0]["Subnet"] == str(subnet)
    assert [*network["Containers"]] == [container_id]


async def test_a_host_folder_that_is_not_there_is_refused(engine: Engine, place: Place) -> None:
    with pytest.raises(APIError, match="bind source path does not exist"):
        await run_oneshot(
            engine,
            name=place.name("prepare"),
            image=place.image,
            command=["true"],
            mounts=[Mount("/no-such-folder", "/x", "bind")],
            instance=place.instance,
            kind="prepare",
        )


async def test_an_image_is_described(engine: Engine, place: Place) -> None:
    found = await find_image(engine, place.image)
    assert found is not None
    assert found.id.startswith("sha256:")
    assert found.size_bytes > 0
    assert await find_image(engine, found.id) is not None


async def test_an_image_that_is_not_there_is_none_and_cannot_be_used(engine: Engine, place: Place) -> None:
    ref = f"{place.instance}/nothing:1"
    assert await find_image(engine, ref) is None
    with pytest.raises(ImageNotFound):
        await engine.call("create_container", ref, name=place.name())


async def test_a_volume_is_made_once_and_keeps_its_labels(engine: Engine, place: Place) -> None:
    name = place.name("home")
    assert await find_volume(engine, name) is None
    made = await ensure_volume(engine, name, place.labels("home"))
    again = await ensure_volume(engine, name, {"other": "label"})
    assert made == again == await find_volume(engine, name)
    assert made.labels == place.labels("home")


async def test_a_volume_in_use_is_not_removed(engine: Engine, place: Place) -> None:
    name = place.name("home")
    await ensure_volume(engine, name, place.labels("home"))
    container_id = place.make(volume=name)
    with pytest.raises(VolumeInUse, match=name):
        await remove_volume(engine, name)
    await remove_container(engine, container_id)
    assert await find_volume(engine, name) is not None  # removing a container leaves a named volume
    await remove_volume(engine, name)
    assert await find_volume(engine, name) is None
    await remove_volume(engine, name)


async def test_a_volume_tells_its_size_and_an_unknown_one_none(engine: Engine, place: Place) -> None:
    name = place.name("home")
    await ensure_volume(engine, name, {})
    sizes = await asyncio.gather(volume_bytes(engine, name), volume_bytes(engine, name))
    assert list(sizes) == [0, 0]
    assert await volume_bytes(engine, place.name("nothing")) is None


async def test_the_stream_of_events_tells_a_container_s_life(engine: Engine, place: Place) -> None:
    since = int(time.time()) - 1
    container_id = place.make("exit 4")
    await place.end_of(container_id)
    await remove_container(engine, container_id)
    wanted = {"type": "container", "label": f"{names.LABEL_INSTANCE}={place.instance}"}

    def read() -> list[tuple[str, str]]:
        stream = place.client.events(since=since, until=int(time.time()) + 1, filters=wanted, decode=True)
        return [(event["Action"], event["Actor"]["Attributes"].get("exitCode", "")) for event in stream]

    events = await asyncio.to_thread(read)
    assert events == [("create", ""), ("start", ""), ("die", "4"), ("destroy", "")]


def _answer(place: Place, *, exit_code: int = 0, output: str = "", seconds: float = 0) -> list[str]:
    """Say what a one-shot is to do: the fake is told, the real engine gets a command for it."""
    if place.fake is not None:
        place.fake.answer_oneshots("prepare", exit_code=exit_code, output=f"{output}\n", seconds=seconds)
    return ["/bin/sh", "-c", f"echo '{output}'; sleep {seconds}; exit {exit_code}"]


async def test_a_one_shot_tells_its_exit_code_and_output_and_is_gone(engine: Engine, place: Place) -> None:
    result = await run_oneshot(
        engine,
        name=place.name("prepare"),
        image=place.image,
        command=_answer(place, exit_code=5, output="made it"),
        instance=place.instance,
        kind="prepare",
    )
    assert (result.exit_code, result.output) == (5, "made it\n")
    assert await find_container(engine, place.name("prepare")) is None


async def test_a_one_shot_that_takes_too_long_is_ended_and_tells_its_last_line(engine: Engine, place: Place) -> None:
    with pytest.raises(OneshotTimeout, match="half way") as late:
        await run_oneshot(
            engine,
            name=place.name("prepare"),
            image=place.image,
            command=_answer(place, output="half way", seconds=60),
            instance=place.instance,
            kind="prepare",
            timeout_seconds=1,
        )
    assert late.value.seconds == 1
    assert await find_container(engine, place.name("prepare")) is None


async def test_a_cancelled_one_shot_leaves_nothing_behind(engine: Engine, place: Place) -> None:
    work = asyncio.create_task(
        run_oneshot(
            engine,
            name=place.name("prepare"),
            image=place.image,
            command=_answer(place, seconds=60),
            instance=place.instance,
            kind="prepare",
        )
    )
    await asyncio.sleep(1)
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert await find_container(engine, place.name("prepare")) is None


async def test_a_one_shot_replaces_our_left_over(engine: Engine, place: Place) -> None:
    place.make(what="prepare", kind="prepare")
    result = await run_oneshot(
        engine,
        name=place.name("prepare"),
        image=place.image,
        command=_answer(place),
        instance=place.instance,
        kind="prepare",
    )
    assert result.exit_code == 0


async def test_a_one_shot_leaves_a_stranger_s_container_of_its_name_alone(engine: Engine, place: Place) -> None:
    stranger = place.make(what="prepare")
    with pytest.raises(NameTaken) as refused:
        await run_oneshot(
            engine,
            name=place.name("prepare"),
            image=place.image,
            command=_answer(place),
            instance="another",
            kind="prepare",
        )
    assert refused.value.container_id == stranger
    found = await find_container(engine, place.name("prepare"))
    assert found is not None
    assert found.id == stranger


async def test_a_one_shot_has_only_the_rights_that_it_was_given(engine: Engine, place: Place) -> None:
    await ensure_volume(engine, place.name("home"), {})
    work = asyncio.create_task(
        run_oneshot(
            engine,
            name=place.name("prepare"),
            image=place.image,
            command=_answer(place, seconds=3),
            mounts=[Mount(place.name("home"), "/workspace")],
            instance=place.instance,
            kind="prepare",
            capabilities=["CHOWN"],
        )
    )
    seen = await _inspect_while_running(engine, place.name("prepare"))
    host = seen["HostConfig"]
    assert (host["CapDrop"], host["CapAdd"], host["ReadonlyRootfs"]) == (["ALL"], ["CHOWN"], True)
    assert (host["NetworkMode"], host["SecurityOpt"]) == ("none", ["no-new-privileges"])
    assert host["Memory"] == host["MemorySwap"] > 0
    assert [(mount["Type"], mount["Destination"]) for mount in seen["Mounts"]] == [("volume", "/workspace")]
    assert (await work).exit_code == 0


async def _inspect_while_running(engine: Engine, name: str) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            try:
                seen = await engine.call("inspect_container", name)
                if seen["State"]["Running"]:
                    return dict(seen)
            except NotFound:
                pass
            await asyncio.sleep(0.05)
