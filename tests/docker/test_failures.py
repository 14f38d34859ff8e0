"""What goes wrong at a start, and what the person reads then (U7, U8, U13), on a real engine."""

import html
import re
import time

import pytest

from tests.docker.site import Person, Site, docker

pytestmark = pytest.mark.engine


def failed_start(person: Person, profile: str, seconds: float = 60) -> str:
    """Start through the form and give the page with the sentence that the person reads."""
    page = person.get("/hub/spawn")
    answer = person.submit(page.text, f"/hub/spawn?_xsrf={person.xsrf()}", {"profile": profile})
    deadline = time.monotonic() + seconds
    while 'role="alert"' not in answer.text:
        assert time.monotonic() < deadline, readable(answer.text)
        time.sleep(0.5)
        answer = person.get(f"/hub/spawn-pending/{person.name}")
    return readable(answer.text)


def readable(page: str) -> str:
    """The words of a page."""
    without_scripts = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", without_scripts)))


@pytest.mark.parametrize(
    ("profile", "words"),
    [
        pytest.param(
            "missing",
            ["workspace-hub-test/missing:1", "is not on this server", "ask an admin"],
            id="image-missing",
        ),
        pytest.param("broken", ["exit code 3", "the licence server said no"], id="image-ends"),
        pytest.param("silent", ["did not answer within 10 seconds"], id="image-never-answers"),
    ],
)
def test_u13_a_failed_start_says_why_and_leaves_nothing(
    site: Site, ada: Person, profile: str, words: list[str]
) -> None:
    page = failed_start(ada, profile)
    for word in words:
        assert word in page, page[-1500:]
    assert "Traceback" not in page
    deadline = time.monotonic() + 30
    while site.workspaces_of(ada.name):
        assert time.monotonic() < deadline, site.workspaces_of(ada.name)
        time.sleep(0.5)
    ada.start({"profile": "minimal"})
    assert ada.run("1 + 1") == "2"


def test_u7_a_left_over_of_ours_is_replaced(site: Site, ada: Person) -> None:
    ada.start()
    found = site.inspect(ada.name)
    name, image = found["Name"].removeprefix("/"), found["Config"]["Image"]
    labels = [word for key, value in found["Config"]["Labels"].items() for word in ("--label", f"{key}={value}")]
    ada.stop()
    left_over = docker(
        "run", "--detach", "--name", name, *labels, "--network", "none", "--entrypoint", "sleep", image, "600"
    )
    ada.start()
    assert site.inspect(ada.name)["Id"] != left_over
    assert ada.run("1 + 1") == "2"


def test_u7_somebody_elses_container_is_named_and_left_alone(site: Site, ada: Person) -> None:
    ada.start()
    found = site.inspect(ada.name)
    name, image = found["Name"].removeprefix("/"), found["Config"]["Image"]
    ada.stop()
    foreign = docker("run", "--detach", "--name", name, "--network", "none", "--entrypoint", "sleep", image, "600")
    try:
        refused = ada.api("POST", ada.server_path(), json={})
        assert refused.status_code == 409 and foreign[:12] in refused.json()["message"], refused.text
        assert docker("inspect", "--format", "{{.State.Running}}", foreign) == "true"
        # nor does a stop, or a second try, touch it
        ada.api("DELETE", ada.server_path())
        assert ada.api("POST", ada.server_path(), json={}).status_code == 409
        assert docker("inspect", "--format", "{{.State.Running}}", foreign) == "true"
    finally:
        docker("rm", "--force", foreign)
    ada.start()


@pytest.mark.parametrize(
    ("how", "words"),
    [(["kill"], "killed from outside"), (["rm", "--force"], "removed from outside")],
    ids=["docker-kill", "docker-rm"],
)
def test_u8_a_workspace_that_died_is_shown_stopped_with_the_reason(
    site: Site, ada: Person, how: list[str], words: str
) -> None:
    ada.start()
    docker(*how, site.workspace_of(ada.name))
    deadline = time.monotonic() + 60
    while words not in (page := ada.get("/hub/workspace").text):
        assert time.monotonic() < deadline, re.sub(r"<[^>]+>", " ", page)[-1500:]
        time.sleep(1)
    ada.start()
    assert ada.run("1 + 1") == "2"
