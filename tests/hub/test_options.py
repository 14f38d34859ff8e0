"""What may be asked of a start on a running hub, by every way of asking: S13, S14, S16 and bad-inputs §2."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest

from tests.corpus import RESERVED, says_the_same
from tests.hub.conftest import MakeHub
from tests.hub.harness import MINIMAL_IMAGE, Person, RunningHub
from tests.hub.ways import WAYS, Row, Way, follow_link, post, post_form, sentence_of

SMALL_BODY = 16 * 1024
TOML = f"""
[limits]
memory = "4GiB"
named_servers = 1
[groups.vision]
memory = "16GiB"
named_servers = 2
[groups.guests]
block = ["big"]
[profiles.good]
title = "Good one"
image = "{MINIMAL_IMAGE}"
memory = "1GiB"
[profiles.big]
title = "Big <one>"
image = "{MINIMAL_IMAGE}"
memory = "64GiB"
[profiles.secret]
title = "Only for vision"
image = "{MINIMAL_IMAGE}"
groups = ["vision"]
"""


@pytest.fixture(scope="module")
def lab(make_hub: MakeHub) -> RunningHub:
    """A hub with profiles for everyone, for a group, and taken from a group."""
    return make_hub(TOML)


@pytest.fixture(scope="module")
def ada(lab: RunningHub) -> Person:
    """Somebody in no group, for all tests in which nothing is started."""
    return lab.new_person("ada")


def world(hub: RunningHub) -> list[Any]:
    """Give what an admin sees of everyone, read as strictly as a browser reads it."""
    text = hub.expect(200, "GET", "/users?include_stopped_servers=1").text
    people: list[dict[str, Any]] = json.loads(text, parse_constant=_not_json)
    for one in people:
        one.pop("last_activity")
        for server in one["servers"].values():
            server.pop("last_activity")
            # None until a spawner was in memory, empty after it
            server["user_options"], server["state"] = server["user_options"] or {}, server["state"] or {}
    return people


def _not_json(name: str) -> float:
    raise AssertionError(f"the admin list has {name} in it")


def _problem(way: Way, row: Row, hub: RunningHub, person: Person) -> str | None:
    answer = way.ask(hub, person, row.said)
    may_be_shown = way.name == "a link" and answer.status_code == 200 and 'id="spawn_form"' in answer.text
    if not 400 <= answer.status_code < 500 and not may_be_shown:
        return f"{row.name}: {answer.status_code} {answer.text[:200]}"
    if "Traceback" in answer.text:
        return f"{row.name}: a stack trace"
    sentence = sentence_of(answer)
    if not may_be_shown and answer.status_code not in (413, 431) and not re.fullmatch(r"[^\n\0]{10,399}", sentence):
        return f"{row.name}: no sentence but {sentence[:500]!r}"
    return None


# ---- S14 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS, ids=[way.name for way in WAYS])
def test_s14_what_no_start_may_have_is_refused_by(way: Way, lab: RunningHub, ada: Person) -> None:
    assert len(way.rows) >= 150
    before, calls, lines = world(lab), len(lab.fake.calls_to("POST", "")), len(lab.log())
    problems = [problem for row in way.rows if (problem := _problem(way, row, lab, ada))]
    assert problems == []
    assert world(lab) == before
    assert len(lab.fake.calls_to("POST", "")) == calls
    assert lab.containers("ada") == []
    assert "Traceback" not in lab.log()[lines:]


def test_s14_form_and_rest_say_the_same_sentence(lab: RunningHub, ada: Person) -> None:
    rows = [row for row in WAYS[0].rows if row.wish is not None and says_the_same(row.wish)]
    rows = [row for row in rows if len(json.dumps(row.wish)) < SMALL_BODY and "\\ud800" not in json.dumps(row.wish)]
    assert len(rows) >= 100
    for row in rows:
        by_form = sentence_of(post_form(lab, ada, row.said))
        assert by_form == sentence_of(post(lab, ada, row.wish)), row.name
        assert by_form == sentence_of(follow_link(lab, ada, row.said)), row.name


def test_s14_all_those_refusals_do_not_stand_in_the_way_of_a_start(lab: RunningHub, ada: Person) -> None:
    container = lab.start_and_wait("ada")
    assert container.host_config["Memory"] == 1024**3
    lab.stop("ada")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        pytest.param({"profile": "secret"}, "Profile secret is not open to you; open to you: good, big.", id="a group"),
        pytest.param({"profile": "none"}, "Profile none is not open to you; open to you: good, big.", id="unknown"),
        pytest.param({"gpus": 1}, "GPUs: 1 asked; this hub gives out none, so it must be 0.", id="a GPU"),
    ],
)
def test_s14_what_only_the_start_can_refuse_is_not_kept_for_the_next_one(
    lab: RunningHub, ada: Person, options: dict[str, Any], sentence: str
) -> None:
    fields = [(name, str(value)) for name, value in options.items()]
    answers = [post(lab, ada, options), post_form(lab, ada, fields)]
    assert [(answer.status_code, sentence_of(answer)) for answer in answers] == [(400, sentence)] * 2
    assert 'id="spawn_form"' in follow_link(lab, ada, fields).text
    assert lab.containers("ada") == []
    lab.start_and_wait("ada")
    lab.stop("ada")


def test_s14_options_that_were_stored_and_are_refused_at_the_start_are_forgotten(lab: RunningHub, ada: Person) -> None:
    # by PATCH, where nobody knows yet who will start it
    lab.expect(200, "PATCH", "/users/ada/server", json={"user_options": {"profile": "secret"}})
    assert "not open" in sentence_of(lab.start("ada"))
    assert lab.start("ada").status_code == 201
    lab.stop("ada")


def test_s14_a_profile_that_was_taken_away_is_refused_at_the_next_start(lab: RunningHub) -> None:
    person = lab.new_person(groups=("vision",))
    lab.start_and_wait(person.name, {"profile": "secret"})
    lab.stop(person.name)
    lab.expect(200, "DELETE", "/groups/vision/users", json={"users": [person.name]})
    assert "not open" in sentence_of(lab.start(person.name))
    assert 'value="secret"' not in person.browser.get("/hub/spawn").text
    lab.start_and_wait(person.name)
    lab.stop(person.name)


def test_an_upload_in_the_form_is_refused(lab: RunningHub, ada: Person) -> None:
    data = {"_xsrf": ada.browser.xsrf, "profile": "good"}
    for path in ("/hub/spawn/ada", "/hub/spawn/ada/third"):
        answer = ada.browser.post(path, data=data, files={"x": b"y"}, allow_redirects=False)
        assert answer.status_code == 400
        assert "x_file" in sentence_of(answer)
    assert list(lab.expect(200, "GET", "/users/ada?include_stopped_servers=1").json()["servers"]) == [""]


def test_a_browser_sends_its_form_in_parts_and_it_works(lab: RunningHub, ada: Person) -> None:
    fields = {"_xsrf": ada.browser.xsrf, "profile": "big", "environment": "A={username}\r\nB=$HOME `id` %s\r\n"}
    parts: Any = {name: (None, value) for name, value in fields.items()}
    answer = ada.browser.post("/hub/spawn", files=parts, allow_redirects=False)
    assert answer.status_code == 302, sentence_of(answer)
    lab.wait_ready("ada")
    environment = lab.environment_of("ada")
    assert (environment["A"], environment["B"]) == ("{username}", "$HOME `id` %s")
    assert lab.container("ada").host_config["Memory"] == 4 * 1024**3
    lab.stop("ada")


# ---- S13 ---------------------------------------------------------------------------------------------------


def test_s13_no_reserved_variable_or_device_reaches_a_container(lab: RunningHub, ada: Person) -> None:
    fields = [("environment", "\n".join(f"{name}=evil" for name in ("GOOD", "ANOTHER")))]
    assert post_form(lab, ada, fields).status_code == 302
    lab.wait_ready("ada")
    environment, host = lab.environment_of("ada"), lab.container("ada").host_config
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "void"
    assert {name for name, value in environment.items() if value == "evil"} == {"GOOD", "ANOTHER"}
    assert not set(RESERVED) & {name for name, value in environment.items() if value == "evil"}
    assert not (host.get("DeviceRequests") or host.get("Devices") or host.get("Runtime") or host.get("Privileged"))
    lab.stop("ada")


# ---- S16 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b'{"user_options": {"gpus": NaN}}', 400, id="NaN"),
        pytest.param(b'{"user_options": {"gpus": -Infinity}}', 400, id="Infinity"),
        pytest.param(b'{"environment": {"A": "' + b"x" * 17_000 + b'"}}', 413, id="17,000 bytes"),
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "server"), ("PUT", "servers/second"), ("PATCH", "server")])
def test_s16_a_body_that_would_break_the_admin_list_is_refused(
    lab: RunningHub, ada: Person, method: str, path: str, body: bytes, status: int
) -> None:
    before = world(lab)
    answer = lab.api(method, f"/users/ada/{path}", data=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == status
    assert world(lab) == before


def test_s16_nobody_has_more_than_50_tokens(lab: RunningHub) -> None:
    person = lab.new_person()
    path = f"/users/{person.name}/tokens"
    assert {person.browser.call("POST", path, json={}).status_code for _ in range(50)} == {201}
    answer = person.browser.call("POST", path, json={})
    assert (answer.status_code, "50 tokens" in sentence_of(answer)) == (400, True)
    world(lab)


# ---- named servers -----------------------------------------------------------------------------------------


def test_s16_the_number_of_named_servers_follows_the_persons_group_on_every_way(lab: RunningHub) -> None:
    for groups, most in (((), 1), (("vision",), 2), (("vision", "guests"), 2)):
        person = lab.new_person(groups=groups)
        for number in range(most):
            lab.expect(201, "PUT", f"/users/{person.name}/servers/n{number}", json={})
        answers = [
            lab.api("PUT", f"/users/{person.name}/servers/more", json={}),
            lab.start(person.name, server="more"),
            person.browser.call("PUT", f"/users/{person.name}/servers/more", json={}),
            person.browser.get(f"/hub/spawn/{person.name}/more"),
            post_form(lab, person, [], server="more"),
        ]
        assert [answer.status_code for answer in answers] == [400] * 5
        assert all(f"maximum of {most} named servers" in sentence_of(answer) for answer in answers)
        assert post_form(lab, person, [], server="n0").status_code == 302
        lab.wait_ready(person.name, "n0")
        lab.stop(person.name, "n0")


@pytest.mark.parametrize("name", ["A_b", "..", "a--b", "a\r\nb", "ab\n", "x" * 31, "-a", "a b", "é", "{0}", "<b>"])
def test_a_server_of_a_bad_name_is_400_or_404_on_every_way(lab: RunningHub, ada: Person, name: str) -> None:
    before, quoted = world(lab), quote(name, safe="")
    answers = [
        ada.browser.get(f"/hub/spawn/ada/{quoted}", allow_redirects=False),
        post_form(lab, ada, [], server=quoted),
        *(lab.api(method, f"/users/ada/servers/{quoted}", json={}) for method in ("POST", "PUT")),
        lab.api("PATCH", "/users/ada/server", json={"name": name}),
    ]
    assert {answer.status_code for answer in answers} <= {400, 404}
    assert world(lab) == before


# ---- the form ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("groups", "profiles"),
    [
        pytest.param((), ["good", "big"], id="no group"),
        pytest.param(("vision",), ["good", "big", "secret"], id="a group that opens one"),
        pytest.param(("guests",), ["good"], id="a group that takes one away"),
    ],
)
def test_the_form_offers_what_the_persons_groups_may_use(
    lab: RunningHub, groups: tuple[str, ...], profiles: list[str]
) -> None:
    page = lab.new_person(groups=groups).browser.get("/hub/spawn").text
    assert re.findall(r'name="profile" id="profile-\w+"\s+value="(\w+)"', page) == profiles
    assert "Big <one>" not in page
    memory = "16GiB" if "vision" in groups else "4GiB"
    assert (f"{memory} memory" in page) == ("big" in profiles)


def test_a_link_chooses_in_the_form_once_and_starts_nothing(lab: RunningHub, ada: Person) -> None:
    fields = [("profile", "big"), ("environment", "A=<i>")]
    for server in ("", "fresh"):
        page = follow_link(lab, ada, fields, server)
        assert page.status_code == 200
        assert re.search(r'value="big"\s+checked', page.text)
        assert "A=&lt;i&gt;" in page.text
        assert "These choices came with a link" in page.text
        assert sentence_of(page) == ""
        again = ada.browser.get(f"/hub/spawn/ada/{server}".rstrip("/")).text
        assert "came with a link" not in again and "A=&lt;i&gt;" not in again
    assert lab.containers("ada") == []


def test_the_form_remembers_the_last_choice(lab: RunningHub) -> None:
    person = lab.new_person()
    lab.start_and_wait(person.name, {"profile": "big", "environment": {"A": "mine"}})
    lab.stop(person.name)
    page = person.browser.get("/hub/spawn").text
    assert re.search(r'value="big"\s+checked', page)
    assert "A=mine" in page


def test_a_refused_form_shows_again_what_was_typed(lab: RunningHub, ada: Person) -> None:
    refused = post_form(lab, ada, [("profile", "big"), ("environment", "GOOD=1\n1BAD=<b>\n")])
    assert refused.status_code == 400
    assert "GOOD=1\n1BAD=&lt;b&gt;" in refused.text
    assert re.search(r'value="big"\s+checked', refused.text)
