"""Starts on a running hub: one plain sentence for every cause of a failure (U13), left-overs (U7), and progress."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from ipaddress import IPv4Network
from sqlite3 import Connection

import pytest
import requests

from engine.names import LABEL_PERSON, network_name
from records.addresses import ensure_address
from records.people import ensure_person
from records.store import Store
from settings.load import load
from tests.hub.conftest import MakeHub
from tests.hub.harness import MINIMAL_IMAGE, Person, RunningHub
from tests.hub.waiting import wait_until
from tests.hub.ways import post, post_form, sentence_of

TOML = f"""
[groups.vision]
[profiles.good]
image = "{MINIMAL_IMAGE}"
[profiles.missing]
image = "lab/missing:1"
[profiles.broken]
image = "fake/exit1"
[profiles.silent]
image = "fake/never"
start_seconds = 10
[profiles.talker]
image = "lab/talker:1"
[profiles.late]
image = "fake/late:2"
[datasets.lost]
source = "/srv/no-such-folder/of-these-tests"
groups = ["vision"]
"""
TALKER = "echo token $JUPYTERHUB_API_TOKEN; printf '[E forged] line\\033[31m\\r<script>forged\\n'; exit 3"


@pytest.fixture(scope="module")
def lab(make_hub: MakeHub) -> RunningHub:
    """A hub with images that fail, each in its own way."""
    hub = make_hub(TOML)
    hub.fake.images.add("lab/talker:1", behaviour="shell", cmd=["/bin/sh", "-c", TALKER])
    return hub


@pytest.fixture(scope="module")
def ada(lab: RunningHub) -> Person:
    """Somebody who has started once, so that their folder is prepared; every test leaves her without a container."""
    person = lab.new_person()
    lab.start_and_wait(person.name)
    lab.stop(person.name)
    return person


@pytest.fixture(autouse=True)
def healthy_engine(lab: RunningHub) -> None:
    """A test that failed half way leaves an ill engine."""
    lab.fake.well()
    lab.fake.up()


def start_by_form(hub: RunningHub, person: Person, profile: str) -> requests.Response:
    """Send the form, and look at the page to which the waiting person is led until the start is decided."""
    answer = post_form(hub, person, [("profile", profile)])
    if answer.status_code != 302:
        return answer
    wait_until(lambda: (hub.server(person.name) or {"ready": True})["ready"], "the start is decided", hub)
    return person.browser.get(f"/hub/spawn-pending/{person.name}", allow_redirects=False)


def assert_all_is_well(hub: RunningHub, person: Person) -> None:
    """Nothing of a failed start is left, and the next one works."""
    hub.fake.well()
    hub.fake.up()
    hub.wait_stopped(person.name)
    wait_until(lambda: hub.containers(person.name) == [], "no container is left", hub, seconds=5)
    assert hub.start(person.name, {"profile": "good"}).status_code == 201
    assert len(hub.containers(person.name)) == 1
    hub.stop(person.name)


# ---- U13 ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a start fails: what to do to the engine before it, and what is said by whom."""

    profile: str
    status: int
    sentence: str
    log: str
    harm: Callable[[RunningHub, Person], object] = lambda hub, person: None


def _sick(path: str, how: str, method: str = "POST") -> Callable[[RunningHub, Person], object]:
    return lambda hub, person: hub.fake.ill(method=method, path=path, how=how)  # type: ignore[arg-type]


CAUSES = {
    "image missing": Cause("missing", 409, "The image lab/missing:1 of the profile missing is not on", "lab/missing:1"),
    "exit code 1": Cause("broken", 500, "It ended with an error (exit code 1). Its last lines: ", "fake: giving up"),
    "engine down": Cause("good", 503, "does not answer", "does not answer", lambda hub, person: hub.fake.down()),
    "500 at create": Cause("good", 500, "The Docker engine refused", "ill on purpose", _sick("/create$", "500-before")),
    "500 after create": Cause("good", 500, "engine refused the workspace", "ill on", _sick("/create$", "500-after")),
    "500 at start": Cause("good", 500, "engine refused", "ill on", _sick("/containers/[^/]+/start$", "500-before")),
    "500 after start": Cause("good", 500, "engine refused", "ill on", _sick("/containers/[^/]+/start$", "500-after")),
    "cut connection": Cause("good", 503, "does not answer", "does not answer", _sick("/create$", "reset")),
    "disk full": Cause("good", 503, "The server's disk is full", "no space left on", _sick("/create$", "no-space")),
    "disk full at start": Cause("good", 503, "disk is full", "no space left", _sick("/[^/]+/start$", "no-space")),
}


@pytest.mark.parametrize("name", list(CAUSES))
@pytest.mark.parametrize("way", ["REST", "the form"])
def test_u13_a_failed_start_says_why_in_one_sentence_by(lab: RunningHub, ada: Person, way: str, name: str) -> None:
    cause, before = CAUSES[name], len(lab.log())
    cause.harm(lab, ada)
    rest = way == "REST"
    answer = post(lab, ada, {"profile": cause.profile}) if rest else start_by_form(lab, ada, cause.profile)
    sentence = sentence_of(answer)
    assert (answer.status_code, cause.sentence in sentence) == (cause.status, True), sentence
    assert sentence.isprintable() and len(sentence) < 1000
    assert "Traceback" not in answer.text and 'File "' not in answer.text
    assert cause.log in lab.log()[before:]
    assert_all_is_well(lab, ada)


def test_u13_a_workspace_that_never_answers_says_so_when_its_time_is_over(lab: RunningHub, ada: Person) -> None:
    assert post_form(lab, ada, [("profile", "silent")]).status_code == 302
    page = ada.browser.get(f"/hub/spawn-pending/{ada.name}")
    assert (page.status_code, "progress" in page.text) == (200, True)
    told = list(events(lab, ada))
    failed = ada.browser.get(f"/hub/spawn-pending/{ada.name}")
    sentence = sentence_of(failed)
    assert failed.status_code == 500
    assert sentence.startswith("The workspace did not answer within 10 seconds. Its last lines: fake workspace starts")
    assert told[-1]["failed"] is True
    assert sentence in str(told[-1]["message"])
    assert_all_is_well(lab, ada)


def test_u13_last_words_carry_no_token_and_forge_no_line_of_the_log(lab: RunningHub, ada: Person) -> None:
    answer = post(lab, ada, {"profile": "talker"})
    made = [call for call in lab.fake.calls_to("POST", "/containers/create$") if call.body["Image"] == "lab/talker:1"]
    token = next(line.partition("=")[2] for line in made[-1].body["Env"] if line.startswith("JUPYTERHUB_API_TOKEN="))
    sentence = sentence_of(answer)
    assert "exit code 3" in sentence and "token …" in sentence and "[E forged] line" in sentence
    assert sentence.isprintable()
    page = start_by_form(lab, ada, "talker").text
    assert "<script>forged" not in page and "&lt;script&gt;forged" in page
    assert token not in answer.text + page + lab.log()
    assert not any(line.startswith("[E forged]") for line in lab.log().splitlines())
    assert_all_is_well(lab, ada)


def test_u13_a_folder_that_cannot_be_made_writable(lab: RunningHub) -> None:
    person = lab.new_person()
    lab.fake.answer_oneshots("prepare", exit_code=1, output="chown: /prepare: Read-only file system")
    answers = [post(lab, person, {}), start_by_form(lab, person, "good")]
    lab.fake.answer_oneshots("prepare")
    for answer in answers:
        assert answer.status_code == 503
        assert "could not be made writable (chown: /prepare: Read-only file system)" in sentence_of(answer)
    assert_all_is_well(lab, person)


def test_u13_a_lost_volume_is_never_replaced_by_an_empty_one(lab: RunningHub, ada: Person) -> None:
    container = lab.start_and_wait(ada.name)
    lab.stop(ada.name)
    kept = {name: lab.fake.volumes.pop(name) for name in container.volumes}
    answer = post(lab, ada, {})
    assert (answer.status_code, "is not on this server" in sentence_of(answer)) == (503, True)
    assert not set(kept) & set(lab.fake.volumes)
    lab.fake.volumes.update(kept)
    assert_all_is_well(lab, ada)


def test_u13_a_dataset_or_network_that_is_not_there(lab: RunningHub, ada: Person) -> None:
    lab.expect(200, "POST", "/groups/vision/users", json={"users": [ada.name]})
    assert "/srv/no-such-folder" in sentence_of(post(lab, ada, {}))
    lab.expect(200, "DELETE", "/groups/vision/users", json={"users": [ada.name]})
    network = lab.fake.networks.pop(network_name(lab.instance))
    assert f"network {network.name} not found" in sentence_of(post(lab, ada, {}))
    lab.fake.networks[network.name] = network
    assert_all_is_well(lab, ada)


def test_u13_a_full_pool_of_addresses_is_503_for_new_servers_only(make_hub: MakeHub) -> None:
    hub = make_hub(TOML, boot=False)
    hub.toml.write_text(hub.toml.read_text().replace("/16", "/26"))
    hub.boot()
    person, late = hub.new_person(), hub.new_person()
    hub.start_and_wait(person.name)
    hub.stop(person.name)
    subnet = load(hub.toml).network.subnet
    with Store(hub.data / "records.sqlite") as store:
        for number in range(46):
            store.run_now(partial(_give_address, name=f"other{number}", subnet=subnet))
    for answer in (post(hub, late, {}), start_by_form(hub, late, "good")):
        assert (answer.status_code, "All 47 workspace addresses" in sentence_of(answer)) == (503, True)
    assert hub.containers(late.name) == []
    hub.start_and_wait(person.name)


# ---- U7 ----------------------------------------------------------------------------------------------------


def test_u7_a_running_left_over_of_the_same_person_is_replaced(lab: RunningHub, ada: Person) -> None:
    first = lab.start_and_wait(ada.name)
    lab.stop(ada.name)
    left_over = lab.fake.add_container(first.name, labels=first.labels)
    second = lab.start_and_wait(ada.name)
    assert (left_over.running, second.running) == (False, True)
    assert second.id != left_over.id
    assert ada.name in lab.page(ada.name).text
    lab.stop(ada.name)


@pytest.mark.parametrize("labels", [{}, {LABEL_PERSON: "somebody else"}], ids=["no labels", "another person's"])
def test_u7_a_strangers_container_of_that_name_stays_and_is_named(
    lab: RunningHub, ada: Person, labels: dict[str, str]
) -> None:
    first = lab.start_and_wait(ada.name)
    lab.stop(ada.name)
    stranger = lab.fake.add_container(first.name, labels={**first.labels, **labels} if labels else {})
    for answer in (post(lab, ada, {}), start_by_form(lab, ada, "good")):
        assert answer.status_code == 409
        assert f"The container {stranger.id[:12]} has the name {first.name}" in sentence_of(answer)
    assert stranger.running
    lab.fake.remove(stranger)
    assert_all_is_well(lab, ada)


def test_u7_after_a_lost_database_a_running_workspace_is_replaced_and_keeps_its_files(make_hub: MakeHub) -> None:
    hub = make_hub(TOML)
    hub.add_person("ada")
    first = hub.start_and_wait("ada")
    hub.process.stop()
    (hub.data / "jupyterhub.sqlite").unlink()
    hub.boot()
    assert first.running
    hub.add_person("ada")
    second = hub.start_and_wait("ada")
    assert (first.running, second.running, second.volumes) == (False, True, first.volumes)


# ---- while it starts ---------------------------------------------------------------------------------------


def test_parallel_starts_of_one_person_make_one_container(lab: RunningHub, ada: Person) -> None:
    before = len(lab.fake.calls_to("POST", "/containers/create$"))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: lab.start(ada.name), range(8)))
    # 400: it is pending or runs already
    assert {answer.status_code for answer in answers} <= {201, 202, 400}
    lab.wait_ready(ada.name)
    assert len(lab.containers(ada.name)) == 1
    assert len(lab.fake.calls_to("POST", "/containers/create$")) == before + 1
    lab.stop(ada.name)


def test_the_steps_of_a_start_are_told_while_it_goes_on(lab: RunningHub, ada: Person) -> None:
    post_form(lab, ada, [("profile", "late")])
    told = list(events(lab, ada))
    messages = [str(event["message"]) for event in told]
    assert messages[:3] == ["Server requested", "Looking for the image", "Preparing your files"]
    assert "Waiting until your workspace answers" in messages
    assert told[-1]["ready"] is True
    percents = [int(str(event["progress"])) for event in told]
    assert percents == sorted(percents)
    lab.stop(ada.name)


def events(hub: RunningHub, person: Person) -> list[dict[str, object]]:
    """Follow the stream of a start's events to its end."""
    path = f"/hub/api/users/{person.name}/server/progress"
    with person.browser.get(path, headers={"X-XSRFToken": person.browser.xsrf}, stream=True) as answer:
        lines = [line.decode() for line in answer.iter_lines() if line.startswith(b"data: ")]
    return [json.loads(line.removeprefix("data: ")) for line in lines]


def _give_address(records: Connection, name: str, subnet: IPv4Network) -> None:
    person = ensure_person(records, name, first_uid=40000, now=datetime.now(UTC))
    ensure_address(records, person.person_id, "", subnet)
