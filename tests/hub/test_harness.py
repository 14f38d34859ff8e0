"""The harness itself, in the main job's words: from a person added by REST to a workspace that is gone again."""

import pytest

from tests.hub.conftest import MakeHub
from tests.hub.harness import PASSWORD, Person, RunningHub
from tests.hub.waiting import HubFailure, wait_until


@pytest.fixture
def ada(person: Person) -> str:
    """The name of a person of this test's own."""
    return person.name


def test_a_person_added_by_rest_sets_a_password_with_a_link_and_signs_in(hub: RunningHub) -> None:
    hub.add_person("grace")
    browser = hub.set_password_by_link("grace")
    assert "grace" in browser.get("/hub/home").text
    again = hub.session("grace", PASSWORD)
    assert again.call("GET", "/user").json()["name"] == "grace"


def test_a_wrong_password_does_not_sign_in(hub: RunningHub, ada: str) -> None:
    with pytest.raises(HubFailure, match="could not sign in: 403"):
        hub.session(ada, "not the password")


def test_a_workspace_is_a_container_whose_page_comes_through_the_proxy(hub: RunningHub, ada: str) -> None:
    container = hub.start_and_wait(ada)
    assert container.running
    assert f"<b id='person'>{ada}</b>" in hub.page(ada).text
    assert hub.environment_of(ada)["JUPYTERHUB_USER"] == ada
    assert f"/user/{ada}/" in hub.routes()


def test_a_stopped_workspace_leaves_no_container_but_its_volume(hub: RunningHub, ada: str) -> None:
    container = hub.start_and_wait(ada)
    hub.stop(ada)
    assert hub.containers(ada) == []
    assert set(container.volumes) <= set(hub.fake.volumes)
    assert f"/user/{ada}/" not in hub.routes()


def test_a_named_server_is_a_container_of_its_own(hub: RunningHub, ada: str) -> None:
    first, second = hub.start_and_wait(ada), hub.start_and_wait(ada, server="second")
    assert first.name != second.name
    assert first.volumes == second.volumes
    assert "<b id='server'>second</b>" in hub.page(ada, "second").text


def test_a_hub_that_is_killed_or_restarted_finds_its_workspaces_again(hub: RunningHub, ada: str) -> None:
    container = hub.start_and_wait(ada)
    hub.kill()
    assert ada in hub.page(ada).text  # the proxy keeps the way open meanwhile
    hub.boot()
    hub.restart()
    hub.wait_ready(ada)
    assert hub.container(ada) is container


def test_a_killed_proxy_gets_its_routes_back(hub: RunningHub, ada: str) -> None:
    hub.start_and_wait(ada)
    hub.restart_proxy()
    hub.boot()
    wait_until(lambda: f"/user/{ada}/" in hub.routes(), "the route is back", hub, seconds=10)
    assert ada in hub.page(ada).text


def test_two_hubs_run_beside_each_other(hub: RunningHub, make_hub: MakeHub) -> None:
    other = make_hub('site.title = "Another hub"')
    person, twin = other.new_person("twin"), hub.new_person("twin")
    ours, theirs = hub.start_and_wait("twin"), other.start_and_wait("twin")
    assert ours.name != theirs.name
    assert hub.container("twin").address != other.container("twin").address
    assert "Another hub" in person.browser.get("/hub/home").text
    assert "Another hub" not in twin.browser.get("/hub/home").text
    hub.stop("twin")


def test_a_hub_with_wrong_settings_ends_with_78(make_hub: MakeHub) -> None:
    hub = make_hub('[limits]\nmemroy = "1GiB"', boot=False)
    hub.process.start()
    assert hub.process.exit_code() == 78
    assert "did you mean `memory`" in hub.log()


def test_a_hub_that_does_not_start_fails_with_its_last_words(make_hub: MakeHub) -> None:
    hub = make_hub(extra_config='raise RuntimeError("the end of this hub")', boot=False)
    with pytest.raises(HubFailure, match="the end of this hub"):
        hub.boot()
