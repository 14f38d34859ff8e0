"""Starts that go another way: by a link, without an image, with one that breaks, stopped half-way, killed."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import STEP_MS, Visitor, Visitors
from tests.docker.site import Admin, Person, Site, docker


def test_a_link_with_choices_shows_the_form_and_starts_nothing(site: Site, ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/spawn?opt-profile=slow&opt-environment=COLOUR%3Dblue")
    expect(visitor.page.get_by_role("status").filter(has_text="These choices came with a link")).to_be_visible()
    expect(visitor.page.get_by_role("alert")).to_have_count(0)
    expect(visitor.page.get_by_role("radio", name=re.compile("Slow"))).to_be_checked()
    expect(visitor.page.get_by_label("NAME=value")).to_have_value("COLOUR=blue")
    visitor.picture("start-form-from-a-link")
    assert site.workspaces_of(ada.name) == []
    assert not ada.server()
    visitor.open("/hub/spawn")
    expect(visitor.page.get_by_role("radio", name=re.compile("Minimal"))).to_be_checked()


def test_a_choice_that_nobody_may_have_is_refused_in_the_form(site: Site, ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/spawn")
    visitor.page.get_by_text("Environment variables").click()
    visitor.page.get_by_label("NAME=value").fill("LD_PRELOAD=/tmp/x.so")
    visitor.page.get_by_role("button", name="Start").click()
    expect(visitor.page.get_by_role("alert")).to_contain_text("LD_PRELOAD")
    expect(visitor.page.get_by_role("button", name="Start")).to_be_enabled()
    visitor.picture("start-form-refused")
    assert site.workspaces_of(ada.name) == []


def test_a_profile_whose_image_is_missing_cannot_be_chosen_and_says_why(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/spawn")
    expect(visitor.page.get_by_role("radio", name=re.compile("Missing"))).to_be_disabled()
    expect(visitor.page.get_by_label("Missing")).to_have_accessible_name(re.compile("image is not on this server"))
    visitor.picture("start-form-with-a-missing-image")


def test_u13_a_start_whose_image_has_gone_says_so_in_one_sentence(
    site: Site, ada: Person, test_images: dict[str, str], visitors: Visitors
) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/spawn")
    visitor.page.get_by_role("radio", name=re.compile("Vanishing")).check()
    docker("image", "rm", test_images["vanishing"])
    visitor.page.get_by_role("button", name="Start").click()
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text(
        f"The image {test_images['vanishing']} of the profile Vanishing is not on this server."
    )
    expect(alert).to_contain_text("Choose another profile")
    assert_no_stack_trace(visitor)
    visitor.picture("start-without-image")
    assert site.workspaces_of(ada.name) == []


@pytest.mark.parametrize(
    ("server", "what"),
    [
        pytest.param("", "Your workspace", id="the default server"),
        pytest.param("second", "Your workspace “second”", id="a named server"),
    ],
)
def test_u13_a_workspace_that_breaks_while_it_starts_says_why(
    site: Site, ada: Person, visitors: Visitors, server: str, what: str
) -> None:
    visitor = visitors.of(ada)
    choose(visitor, "Broken", f"/{ada.name}/{server}")
    expect(visitor.heading(f"{what} is starting")).to_be_visible()
    expect(visitor.heading(f"{what} did not start")).to_be_visible()
    alert = visitor.page.get_by_role("alert")
    expect(alert).to_contain_text("It ended with an error (exit code 3). Its last lines: the licence server said no")
    assert_no_stack_trace(visitor)
    visitor.picture("start-that-broke")
    visitor.page.get_by_role("link", name="Start again").click()
    expect(visitor.page.get_by_role("radio", name=re.compile("Broken"))).to_be_checked()
    assert site.workspaces_of(ada.name) == []


def test_the_start_of_a_named_server_can_be_stopped_and_the_default_one_runs_on(
    site: Site, ada: Person, visitors: Visitors
) -> None:
    ada.start()
    visitor = visitors.of(ada)
    choose(visitor, "Silent", f"/{ada.name}/second")
    expect(visitor.heading("Your workspace “second” is starting")).to_be_visible()
    expect(visitor.page.get_by_role("status").filter(has_text="Waiting until your workspace answers")).to_be_visible()
    visitor.picture("progress-of-a-named-server")
    visitor.page.get_by_role("button", name="Stop the start").click()
    expect(visitor.heading("My workspace")).to_be_visible()
    expect(visitor.page.get_by_role("row", name=re.compile("^default"))).to_contain_text("running")
    visitor.picture("start-stopped")
    wait_until(lambda: len(site.workspaces_of(ada.name)) == 1)
    assert ada.server()["ready"]


def test_my_workspace_says_what_there_is_and_after_a_kill_why_it_stopped(
    site: Site, admin: Admin, ada: Person, visitors: Visitors
) -> None:
    admin.add_to_group("vision", ada.name)
    ada.start()
    visitor = visitors.of(ada)
    visitor.open("/hub/home")
    visitor.page.get_by_role("link", name="My workspace").click()
    row = visitor.page.get_by_role("row", name=re.compile("^default"))
    expect(row).to_contain_text("running")
    expect(row.get_by_role("link", name="Open")).to_have_attribute("href", re.compile(f"/user/{ada.name}/"))
    for line in (
        "Memory 2GiB your group vision (groups.vision.memory)",
        "CPU cores 1.5 everyone's limit (limits.cpus)",
        "Shared memory (/dev/shm) 256MiB everyone's limit (limits.shm)",
        "Processes and threads 256 everyone's limit (limits.pids)",
        "Named servers 3 the hub's default",
        "Vision yes",
    ):
        expect(visitor.page.get_by_role("row", name=line)).to_be_visible()
    expect(visitor.page.get_by_text(f"It lies in the volume {site.name}-home-{ada.name}")).to_be_visible()
    expect(visitor.page.get_by_text("/workspace/shared/vision: you and the other members may write.")).to_be_visible()
    expect(visitor.page.get_by_text("/workspace/datasets/numbers: read only.")).to_be_visible()
    visitor.picture("my-workspace-running")
    docker("kill", site.workspace_of(ada.name))
    visitor.page.reload()
    expect(row).to_contain_text("stopped It was killed from outside the hub (SIGKILL).")
    visitor.picture("my-workspace-killed")
    visitor.open(f"/user/{ada.name}/lab")
    expect(visitor.heading("Your workspace is not running")).to_be_visible()
    visitor.picture("not-running")
    visitor.page.get_by_role("link", name="My workspace").last.click()
    row.get_by_role("link", name="Start again").click()
    visitor.page.get_by_role("button", name="Start").click()
    visitor.page.wait_for_url(f"**/user/{ada.name}/**")
    assert ada.server()["ready"]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STEP_MS / 1000
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.2)


def choose(visitor: Visitor, profile: str, server: str = "") -> None:
    visitor.open(f"/hub/spawn{server}".rstrip("/"))
    visitor.page.get_by_role("radio", name=re.compile(profile)).check()
    visitor.page.get_by_role("button", name="Start").click()


def assert_no_stack_trace(visitor: Visitor) -> None:
    words = visitor.page.content()
    assert "Traceback" not in words and ".py" not in words and "Unhandled error" not in words
