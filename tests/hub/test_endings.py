"""Ends on a running hub: asked for, from outside, in mid-start, and those of the hub itself; and what is not one."""

import contextlib
import html
import re
import time
from collections.abc import Callable

import pytest

from tests.hub.conftest import MakeHub
from tests.hub.harness import MINIMAL_IMAGE, Person, RunningHub
from tests.hub.waiting import wait_until
from tests.hub.ways import post_form

TOML = f"""
[limits]
memory = "2GiB"
[groups.vision]
cpus = 8.0
[profiles.good]
image = "{MINIMAL_IMAGE}"
[profiles.late]
image = "fake/late:2"
[profiles.secret]
title = "Only for vision"
image = "{MINIMAL_IMAGE}"
groups = ["vision"]
[jupyterhub.Spawner]
poll_interval = 1
"""


@pytest.fixture(scope="module")
def lab_of_module(make_hub: MakeHub) -> RunningHub:
    """A hub that looks after its workspaces every second."""
    return make_hub(TOML)


@pytest.fixture
def lab(lab_of_module: RunningHub) -> RunningHub:
    """The same, running and with an engine that is well."""
    lab_of_module.boot()
    lab_of_module.fake.well()
    lab_of_module.fake.up()
    return lab_of_module


@pytest.fixture
def ada(lab: RunningHub) -> Person:
    """Somebody with an account."""
    return lab.new_person()


def workspace_page(person: Person) -> str:
    """Give the words of the page "My workspace", without its markup."""
    page = person.browser.get("/hub/workspace")
    assert page.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


# ---- what is not an end ------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["500-before", "hang", "reset", "down"])
def test_u9_an_ill_engine_ends_no_workspace(lab: RunningHub, ada: Person, how: str) -> None:
    container, log = lab.start_and_wait(ada.name), len(lab.log())
    if how == "down":
        lab.fake.down()
    else:
        lab.fake.ill(path=f"/containers/{container.name}", how=how)  # type: ignore[arg-type]
    looks = _looks_at(lab, container.name)
    if how == "hang":
        wait_until(lambda: looks() > 0, "the hub looked and waits", lab, seconds=5)
        time.sleep(1.5)
    else:
        unknown = "Nobody knows whether"
        wait_until(lambda: lab.log()[log:].count(unknown) >= 2, "the hub looked twice in vain", lab, seconds=5)
    assert ada.name in lab.page(ada.name).text
    assert (lab.server(ada.name) or {})["ready"] is True
    lab.fake.well()
    lab.fake.up()
    wait_until(lambda: looks() > 2, "the hub looks again", lab, seconds=5)
    assert lab.container(ada.name) is container and container.running
    assert f"/user/{ada.name}/" in lab.routes()
    lab.stop(ada.name)


def test_u9_a_hub_that_starts_while_the_engine_is_away_keeps_what_runs(lab: RunningHub, ada: Person) -> None:
    container = lab.start_and_wait(ada.name)
    lab.process.stop()
    with lab.fake.while_down():
        lab.boot()
        assert (lab.server(ada.name) or {})["ready"] is True
        assert ada.name in lab.page(ada.name).text
    looks = _looks_at(lab, container.name)
    wait_until(lambda: looks() > 1, "the hub looks again", lab, seconds=5)
    assert lab.container(ada.name) is container and container.running
    lab.stop(ada.name)


def _looks_at(hub: RunningHub, name: str) -> Callable[[], int]:
    before = len(hub.fake.calls)
    return lambda: sum(call.path == f"/containers/{name}/json" for call in hub.fake.calls[before:])


# ---- ends from outside -------------------------------------------------------------------------------------


def _exit(code: int) -> Callable[[RunningHub, Person], None]:
    def end(hub: RunningHub, person: Person) -> None:
        with contextlib.suppress(OSError):
            hub.visitor().post(f"/user/{person.name}/fake/exit?code={code}")

    return end


ENDS: dict[str, tuple[Callable[[RunningHub, Person], object], str]] = {
    "killed": (lambda hub, person: hub.fake.kill(hub.container(person.name)), "It was killed from outside the hub"),
    "out of memory": (
        lambda hub, person: hub.fake.kill(hub.container(person.name), oom=True),
        "It ran out of memory (limit 2GiB) and was ended by the kernel.",
    ),
    "removed": (
        lambda hub, person: hub.fake.remove(hub.container(person.name)),
        "Its container was removed from outside the hub.",
    ),
    "exit 0": (_exit(0), "It ended by itself (exit code 0)."),
    "exit 7": (_exit(7), "It ended with an error (exit code 7)."),
}


@pytest.mark.parametrize("name", list(ENDS))
def test_u8_an_end_from_outside_is_shown_with_its_reason_and_one_click_starts_again(
    lab: RunningHub, ada: Person, name: str
) -> None:
    end, reason = ENDS[name]
    lab.start_and_wait(ada.name)
    end(lab, ada)
    lab.wait_stopped(ada.name, seconds=5)
    wait_until(lambda: f"/user/{ada.name}/" not in lab.routes(), "its route is gone", lab, seconds=5)
    page = workspace_page(ada)
    assert f"default stopped {reason}" in page
    assert lab.containers(ada.name) == []
    link = re.search(r'href="(/hub/spawn/[^"]+)"', ada.browser.get("/hub/workspace").text)
    assert link is not None
    assert 'id="spawn_form"' in ada.browser.get(link[1]).text
    assert post_form(lab, ada, []).status_code == 302
    lab.wait_ready(ada.name)
    assert "default running" in workspace_page(ada)
    lab.stop(ada.name)
    assert "default stopped It was stopped from the hub." in workspace_page(ada)


def test_u8_the_page_notices_an_end_at_once(lab: RunningHub, ada: Person) -> None:
    container = lab.start_and_wait(ada.name)
    lab.fake.kill(container)
    wait_until(lambda: "It was killed from outside" in workspace_page(ada), "the page says why", lab, seconds=2)


# ---- ends in mid-start -------------------------------------------------------------------------------------


def _is_asked(hub: RunningHub, path: str, body: str = "") -> Callable[[], bool]:
    seen = len(hub.fake.calls)
    return lambda: any(re.search(path, call.path) and body in str(call.body) for call in hub.fake.calls[seen:])


@pytest.mark.parametrize("when", ["folder", "create", "start", "answer"])
def test_a_start_that_is_stopped_half_way_leaves_no_container(lab: RunningHub, ada: Person, when: str) -> None:
    waits = {
        "folder": _is_asked(lab, "/containers/create$", "prepare"),
        "create": _is_asked(lab, "/containers/create$", "'workspace'"),
        "start": _is_asked(lab, "/start$"),
        "answer": lambda: any(one.running for one in lab.containers(ada.name)),
    }
    if when == "folder":
        lab.fake.answer_oneshots("prepare", seconds=1.5)
    else:
        lab.start_and_wait(ada.name)
        lab.stop(ada.name)
        waits |= {"create": _is_asked(lab, "/containers/create$"), "start": _is_asked(lab, "/start$")}
    if when in ("create", "start"):
        lab.fake.delay(f"/{when}$", 1.5)
    answer = post_form(lab, ada, [("profile", "late")])
    assert answer.status_code == 302
    wait_until(waits[when], f"the start has come to its {when}", lab, seconds=5)
    lab.stop(ada.name)
    time.sleep(1.6)  # longer than any delay: nothing may come later
    lab.fake.well()
    lab.fake.answer_oneshots("prepare")
    assert lab.containers(ada.name) == []
    lab.start_and_wait(ada.name, {"profile": "good"})
    lab.stop(ada.name)


@pytest.mark.parametrize("when", ["create", "start", "answer"])
def test_r2_a_hub_that_is_killed_in_mid_start_can_start_it_again(lab: RunningHub, ada: Person, when: str) -> None:
    lab.start_and_wait(ada.name)
    lab.stop(ada.name)
    waits = {"create": _is_asked(lab, "/containers/create$"), "start": _is_asked(lab, "/start$")}
    if when in waits:
        lab.fake.delay(f"/{when}$", 1)
    assert post_form(lab, ada, [("profile", "late")]).status_code == 302
    is_there = waits.get(when, lambda: any(one.running for one in lab.containers(ada.name)))
    wait_until(is_there, f"the start has come to its {when}", lab, seconds=5)
    lab.kill()
    time.sleep(1.2)
    lab.fake.well()
    lab.boot()
    wait_until(lambda: not (lab.server(ada.name) or {}).get("pending"), "the hub has looked", lab, seconds=10)
    # a container that the engine was already asked to start is kept
    assert (lab.server(ada.name) is not None) == (when in ("start", "answer"))
    if lab.server(ada.name) is None:
        lab.start_and_wait(ada.name, {"profile": "good"})
    assert lab.container(ada.name).running
    assert ada.name in lab.page(ada.name).text
    lab.stop(ada.name)
    assert lab.containers(ada.name) == []


def test_r1_a_killed_hub_keeps_what_runs_at_its_address_and_way(lab: RunningHub, ada: Person) -> None:
    container = lab.start_and_wait(ada.name, {"environment": {"MINE": "1"}})
    before = (container.id, container.address, lab.environment_of(ada.name))
    lab.kill()
    assert ada.name in lab.page(ada.name).text
    lab.boot()
    assert ada.browser.get("/hub/workspace", allow_redirects=False).status_code == 200
    assert (lab.container(ada.name).id, container.address, lab.environment_of(ada.name)) == before
    assert "default running" in workspace_page(ada)
    # and the hub looks after it again
    lab.fake.kill(container)
    lab.wait_stopped(ada.name, seconds=5)


def test_s21_the_token_of_a_server_ends_with_it_also_after_a_restart_of_the_hub(lab: RunningHub, ada: Person) -> None:
    stopped, killed, removed = (lab.start_and_wait(ada.name, server=server) for server in ("", "second", "third"))
    tokens = [one.env["JUPYTERHUB_API_TOKEN"] for one in (stopped, killed, removed)]
    tokens.append(ada.browser.call("POST", f"/users/{ada.name}/tokens", json={}).json()["token"])
    lab.restart()
    assert [_status_with(lab, token) for token in tokens] == [200, 200, 200, 200]
    lab.stop(ada.name)
    assert [_status_with(lab, token) for token in tokens] == [403, 200, 200, 200]
    lab.fake.kill(killed)
    lab.fake.remove(removed)
    for server in ("second", "third"):
        lab.wait_stopped(ada.name, server, seconds=5)
    assert [_status_with(lab, token) for token in tokens] == [403, 403, 403, 200]


def _status_with(hub: RunningHub, token: str) -> int:
    return hub.api("GET", "/user", token=token).status_code


# ---- the page ----------------------------------------------------------------------------------------------


def test_my_workspace_shows_limits_with_their_origins_and_where_the_files_are(lab: RunningHub, ada: Person) -> None:
    page = workspace_page(ada)
    assert "is made when you start a workspace for the first time" in page
    assert "Memory 2GiB everyone's limit (limits.memory)" in page
    assert "CPU cores 2 the hub's default" in page
    assert "Only for vision no only for members of vision" in page
    lab.expect(200, "POST", "/groups/vision/users", json={"users": [ada.name]})
    container = lab.start_and_wait(ada.name)
    page = workspace_page(ada)
    assert "CPU cores 8 your group vision (groups.vision.cpus)" in page
    assert "Only for vision yes member of vision" in page
    assert container.volumes[0] in page
    lab.stop(ada.name)


def test_my_workspace_shows_every_server_of_the_person_and_nobody_elses(lab: RunningHub, ada: Person) -> None:
    bob = lab.new_person()
    lab.start_and_wait(ada.name, server="second")
    lab.start_and_wait(bob.name, server="bobs")
    page = workspace_page(ada)
    assert "default stopped" in page and "second running" in page and "bobs" not in page
    lab.stop_all(ada.name)
    lab.stop_all(bob.name)
    assert lab.visitor().get("/hub/workspace", allow_redirects=False).status_code == 302
