"""JupyterHub's REST API on a real hub meets what it must refuse: bad-inputs §§1–3, S16, S26."""

import contextlib
import json
import secrets
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from tests.hub.conftest import MakeHub
from tests.hub.harness import Person, RunningHub

BAD_NAMES = [
    pytest.param("", id="empty"),
    pytest.param("  ", id="blanks"),
    pytest.param(" eve ", id="blanks around"),
    pytest.param("a/b", id="slash"),
    pytest.param(".", id="dot"),
    pytest.param("..", id="two dots"),
    pytest.param("a\\b", id="backslash"),
    pytest.param("a b", id="blank inside"),
    pytest.param("a,b", id="comma"),
    pytest.param("a;b", id="semicolon"),
    pytest.param("%s", id="percent"),
    pytest.param("{0}", id="braces"),
    pytest.param("{username}", id="template field"),
    pytest.param("<script>", id="markup"),
    pytest.param("'; DROP", id="quote"),
    pytest.param("a\r\nb", id="CR LF"),
    pytest.param("eve2\n", id="trailing line break"),
    pytest.param("a\0b", id="NUL"),
    pytest.param("a\tb", id="tab"),
    pytest.param("a\x7fb", id="DEL"),
    pytest.param("a\x85b", id="next line"),
    pytest.param("a\u2028b", id="line separator"),
    pytest.param("\u202eadmin", id="right-to-left override"),
    pytest.param("\u0430dmin", id="Cyrillic a"),
    pytest.param("\ufb01x", id="ligature"),
    pytest.param("\u0130", id="dotted capital i"),
    pytest.param("\u212aim", id="Kelvin sign"),
    pytest.param("a\u200db", id="zero-width joiner"),
    pytest.param("u\u0308", id="combining mark"),
    pytest.param("x" * 33, id="33 characters"),
    pytest.param("x" * 255, id="255 characters"),
    pytest.param("x" * 256, id="256 characters"),
    pytest.param("x" * 5000, id="5000 characters"),
    pytest.param("😀" * 60, id="60 emoji"),
    pytest.param("-a", id="hyphen first"),
    pytest.param("--", id="hyphens"),
    pytest.param("a-", id="hyphen last"),
    pytest.param("a.", id="dot last"),
    pytest.param("a..b", id="two dots inside"),
    pytest.param("a@b", id="at sign"),
    *(pytest.param(name, id=f"reserved {name}") for name in "hub user root api services static login www".split()),
]
NO_TEXTS = [
    pytest.param(5, id="a number"),
    pytest.param(None, id="null"),
    pytest.param(["a"], id="a list"),
    pytest.param({}, id="an object"),
    pytest.param(True, id="true"),
]

# (how the body is sent, what is wrong); every call that takes a body must refuse each
BAD_BODIES = [
    pytest.param(b"[1, 2]", {}, 400, id="a list"),
    pytest.param(b'"x"', {}, 400, id="a text"),
    pytest.param(b"5", {}, 400, id="a number"),
    pytest.param(b"null", {}, 400, id="null"),
    pytest.param(b"not JSON", {}, 400, id="not JSON"),
    pytest.param(b'{"a": "\xff"}', {}, 400, id="bad UTF-8"),
    pytest.param(b" ", {}, 400, id="blank"),
    pytest.param(b'{"a": NaN}', {}, 400, id="NaN"),
    pytest.param(b'{"a": Infinity}', {}, 400, id="Infinity"),
    pytest.param(b'{"a": 1e999}', {}, 400, id="1e999"),
    pytest.param(b'{"a": 1, "a": 2}', {}, 400, id="duplicate keys"),
    pytest.param(b'{"a": "\\ud800"}', {}, 400, id="half a character"),
    pytest.param(b'{"a": ' + b"9" * 5000 + b"}", {}, 400, id="5000 digits"),
    pytest.param(b'{"a":' + b"[" * 7000 + b"]" * 7000 + b"}", {}, 400, id="7000 levels"),
    pytest.param(json.dumps(dict.fromkeys(map(str, range(100_000)))).encode(), {}, 413, id="100,000 keys"),
    pytest.param(b'{"a": "' + b"x" * 20_000_000 + b'"}', {}, 413, id="20 MB"),
    pytest.param(b'\xef\xbb\xbf{"a": 1}', {}, 400, id="byte order mark"),
    pytest.param('{"a": 1}'.encode("utf-16"), {}, 400, id="UTF-16"),
    pytest.param(b"{}", {"Content-Type": "text/plain"}, 415, id="text/plain"),
    pytest.param(b"a=1", {"Content-Type": "application/x-www-form-urlencoded"}, 415, id="a form"),
    pytest.param(b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415, id="charset utf-16"),
    pytest.param(b"\x1f\x8b" + b"\0" * 100, {"Content-Encoding": "gzip"}, 400, id="gzip"),
]
CALLS = [
    ("POST", "/users"),
    ("POST", "/users/NEW"),
    ("PATCH", "/users/PERSON"),
    ("POST", "/users/PERSON/tokens"),
    ("POST", "/users/PERSON/server"),
    ("POST", "/users/PERSON/servers/second"),
    ("PUT", "/users/PERSON/servers/second"),
    ("PATCH", "/users/PERSON/servers/second"),
    ("DELETE", "/users/PERSON/server"),
    ("POST", "/users/PERSON/activity"),
    ("POST", "/groups"),
    ("POST", "/groups/newgroup"),
    ("POST", "/groups/there/users"),
    ("DELETE", "/groups/there/users"),
    ("PUT", "/groups/there/properties"),
    ("POST", "/services/newservice"),
    ("POST", "/shutdown"),
    ("POST", "/proxy"),
    ("PATCH", "/proxy"),
]


@pytest.fixture(scope="module")
def person(shared_hub: RunningHub) -> Person:
    return shared_hub.new_person()


@pytest.fixture(scope="module", autouse=True)
def group(shared_hub: RunningHub) -> None:
    shared_hub.api("POST", "/groups/there")


@pytest.fixture(autouse=True)
def nothing_is_made(hub: RunningHub, person: Person, request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test of this module that says so leaves the hub's list of people, servers and groups as it was."""
    makes_nothing = request.node.get_closest_marker("parametrize") is not None
    before = _world(hub) if makes_nothing else None
    yield
    if makes_nothing:
        assert _world(hub) == before
        assert hub.containers(person.name) == []


def _world(hub: RunningHub) -> list[Any]:
    world: list[Any] = []
    for path in ("/users?include_stopped_servers=1&limit=10000", "/groups?limit=10000", "/services"):
        text = hub.expect(200, "GET", path).text
        world.append(json.loads(text, parse_constant=_not_strict))
    for one in world[0]:
        one.pop("last_activity")
    return world


def _not_strict(name: str) -> float:
    raise AssertionError(f"the admin list has {name} in it")


def refused(answer: requests.Response, *statuses: int) -> str:
    """Give the one sentence of a refusal, having looked that it is one."""
    assert answer.status_code in (statuses or (400,)), answer.text[:500]
    message = str(answer.json()["message"])
    assert message.isprintable()
    assert len(message) < 400
    assert "Traceback" not in message
    return message


def send(hub: RunningHub, method: str, path: str, body: object) -> requests.Response:
    return hub.api(method, path, json=body)


# ---- §1 names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BAD_NAMES)
def test_nobody_is_added_or_renamed_to_a_name_that_nobody_can_have(hub: RunningHub, person: Person, name: str) -> None:
    assert "user name" in refused(send(hub, "POST", "/users", {"usernames": ["fine1", name]}))
    assert "user name" in refused(send(hub, "PATCH", f"/users/{person.name}", {"name": name}))
    if quote(name, safe="") not in ("", ".", ".."):  # these are other addresses
        refused(send(hub, "POST", f"/users/{quote(name, safe='')}", {}))


@pytest.mark.parametrize("name", NO_TEXTS)
def test_a_name_that_is_no_text_is_400(hub: RunningHub, person: Person, name: object) -> None:
    assert "usernames.1" in refused(send(hub, "POST", "/users", {"usernames": ["fine1", name]}))
    assert "name" in refused(send(hub, "PATCH", f"/users/{person.name}", {"name": name}))
    assert "users.0" in refused(send(hub, "POST", "/groups/there/users", {"users": [name]}))
    assert "groups.0" in refused(send(hub, "POST", "/groups", {"groups": [name]}))


def test_a_name_in_capitals_is_the_same_person(hub: RunningHub) -> None:
    name = f"eve{secrets.token_hex(3)}"
    hub.expect(201, "POST", "/users", json={"usernames": [name.capitalize()]})
    hub.expect(409, "POST", "/users", json={"usernames": [name]})
    hub.expect(409, "POST", f"/users/{name.upper()}")
    assert hub.expect(200, "GET", f"/users/{name}").json()["name"] == name


def test_a_name_of_32_characters_and_dots_and_hyphens_are_different_people(hub: RunningHub) -> None:
    tail = secrets.token_hex(4)
    names = [f"anna.lee{tail}", f"anna-lee{tail}", f"anna_lee{tail}", f"{'x' * 24}{tail}"]
    made = hub.expect(201, "POST", "/users", json={"usernames": names}).json()
    assert [one["name"] for one in made] == names


@pytest.mark.parametrize("name", ["A_b", "a--b", "a\r\nb", "x" * 31, "a b", "\0", "\u202ea", "a/b", "é", "x" * 5000])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "GET"])
def test_a_server_of_a_bad_name_is_400_or_404(hub: RunningHub, person: Person, method: str, name: str) -> None:
    body = {"display_name": "fine"} if method == "PATCH" else None
    path = f"/users/{person.name}/servers/{quote(name, safe='')}"
    answer = hub.api(method, path, json=body) if body else hub.api(method, path)
    assert answer.status_code in (400, 404), answer.text


@pytest.mark.parametrize(
    "shown",
    [
        pytest.param("x" * 65, id="65 characters"),
        pytest.param("x" * 15_000, id="15,000 characters"),
        pytest.param("a\u202eb", id="bidi mark"),
        pytest.param("a\r\nb", id="line break"),
        pytest.param("a\0b", id="NUL"),
        *NO_TEXTS,
    ],
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_server_cannot_be_shown_by_a_bad_name(hub: RunningHub, person: Person, method: str, shown: object) -> None:
    path = f"/users/{person.name}/servers/second"
    assert "display_name" in refused(send(hub, method, path, {"display_name": shown}))


@pytest.mark.parametrize("name", ["A", "a b", "-a", "x" * 33, "a\n", "é", "<b>", "a.b", "%s"])
def test_a_group_or_service_of_a_bad_name_is_400(hub: RunningHub, name: str) -> None:
    refused(send(hub, "POST", "/groups", {"groups": ["finegroup", name]}))
    refused(send(hub, "POST", f"/groups/{quote(name, safe='')}", {}))
    refused(send(hub, "POST", f"/services/{quote(name, safe='')}", {"info": {}}))


# ---- §2 the whole body -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "headers", "status"), BAD_BODIES)
def test_a_bad_body_is_refused_by_every_call(
    hub: RunningHub, person: Person, body: bytes, headers: dict[str, str], status: int
) -> None:
    # a body of 20 MB once is enough
    calls = CALLS if len(body) < 5_000_000 else CALLS[4:5]
    for method, path in calls:
        place = path.replace("PERSON", person.name).replace("NEW", "newperson")
        answer = hub.api(method, place, data=body, headers={"Content-Type": "application/json", **headers})
        refused(answer, status)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/users"),
        ("PATCH", "/users/PERSON"),
        ("POST", "/groups"),
        ("POST", "/groups/there/users"),
        ("PATCH", "/users/PERSON/server"),
        ("PUT", "/groups/there/properties"),
        ("POST", "/users/PERSON/activity"),
    ],
)
def test_a_call_that_needs_a_body_says_so(hub: RunningHub, person: Person, method: str, path: str) -> None:
    assert "body is empty" in refused(hub.api(method, path.replace("PERSON", person.name)))


def test_a_large_list_of_names_is_no_large_body(hub: RunningHub) -> None:
    names = [f"b{secrets.token_hex(12)}" for _ in range(1000)]
    assert len(json.dumps({"usernames": names})) > 16 * 1024
    # one bad name at the end, so that none of them is made
    assert "root" in refused(send(hub, "POST", "/users", {"usernames": [*names[:-1], "root"]}))


# ---- what JupyterHub 6.1.1 answers with 500, or stores -----------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("PATCH", "/users/PERSON", {"groups": ["there"]}, id="groups of a person"),
        pytest.param("PATCH", "/users/PERSON", {"roles": ["admin"]}, id="roles of a person"),
        pytest.param("PATCH", "/users/PERSON", {"auth_state": {"a": 1}}, id="auth_state"),
        pytest.param("PATCH", "/users/PERSON", {"admin": "yes"}, id="admin as a text"),
        pytest.param("POST", "/users/newperson", {"groups": 5}, id="groups of a new person"),
        pytest.param("POST", "/users/PERSON/tokens", {"expires_in": 10**15}, id="a token for a billion years"),
        pytest.param("POST", "/users/PERSON/tokens", {"expires_in": 0}, id="a token that has ended"),
        pytest.param("POST", "/users/PERSON/tokens", {"expires_in": True}, id="a token of true seconds"),
        pytest.param("POST", "/users/PERSON/tokens", {"note": "x" * 201}, id="a note of 201 characters"),
        pytest.param("POST", "/users/PERSON/tokens", {"note": ["x"]}, id="a note as a list"),
        pytest.param("POST", "/users/PERSON/tokens", {"note": "Server at /user/x"}, id="a server's note"),
        pytest.param("POST", "/users/PERSON/tokens", {"scopes": ["nope"]}, id="an unknown scope"),
        pytest.param("POST", "/users/PERSON/tokens", {"roles": [5]}, id="a number as role"),
        pytest.param("PATCH", "/users/PERSON/server", {"image": "x"}, id="an unknown field of a server"),
        pytest.param("PATCH", "/users/PERSON/server", {"name": 5}, id="a number as server name"),
        pytest.param("PATCH", "/users/PERSON/server", {"name": "n", "display_name": None}, id="no shown name"),
        pytest.param("DELETE", "/users/PERSON/server", {"remove": "yes"}, id="remove as a text"),
        pytest.param("POST", "/users/PERSON/server", {"user_options": {}, "privileged": True}, id="beside the options"),
        pytest.param("POST", "/users/PERSON/activity", {"last_activity": "0001-01-01T00:00:00+14:00"}, id="the year 1"),
        pytest.param("POST", "/users/PERSON/activity", {"servers": {"": {"last_activity": []}}}, id="a list as time"),
        pytest.param("POST", "/groups", {"groups": ["g"], "users": "PERSON"}, id="a text of members"),
        pytest.param("POST", "/groups/newgroup", {"users": [["a"]]}, id="a list as member"),
        pytest.param("POST", "/groups/there/users", {"users": {"a": 1}}, id="an object of members"),
        pytest.param("DELETE", "/groups/there/users", {"users": [None]}, id="null as member"),
        pytest.param("POST", "/shutdown", {"servers": []}, id="a list instead of yes"),
        pytest.param("PATCH", "/proxy", {"api_url": "http://203.0.113.1"}, id="another proxy"),
        pytest.param("POST", "/services/new", {"oauth_client_allowed_scopes": ["nope"]}, id="a service's scope"),
        pytest.param("POST", "/services/new", {"api_token": "short"}, id="a service's short token"),
        pytest.param("POST", "/shares/PERSON/", {"user": "x", "scopes": ["nope"]}, id="a share's scope"),
        pytest.param("POST", "/share-codes/PERSON/", {"expires_in": 10**12}, id="a code for ever"),
    ],
)  # fmt: skip
def test_a_field_that_jupyterhub_would_fail_on_or_ignore_is_400(
    hub: RunningHub, person: Person, method: str, path: str, body: object
) -> None:
    refused(send(hub, method, path.replace("PERSON", person.name), body))


@pytest.mark.parametrize("token", ["a99999999999999999999", "a-1", "b1", "a1_0", "a" + "9" * 240, "a\uff11"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_token_that_cannot_be_is_404(hub: RunningHub, person: Person, method: str, token: str) -> None:
    refused(hub.api(method, f"/users/{person.name}/tokens/{quote(token)}"), 404)


@pytest.mark.parametrize("code", ["sc_999999999999999999999", "x"])
def test_a_share_code_that_cannot_be_is_404(hub: RunningHub, person: Person, code: str) -> None:
    refused(hub.api("DELETE", f"/share-codes/{person.name}/?id={code}"), 404)


# ---- §3 REST -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    ["offset=-1", "offset=-1&limit=1e9", "limit=1e9", "limit=1000000000", "limit=0", "limit=-5", "limit=x", "limit=",
     "offset=1.5", "offset=" + "9" * 30, "offset=%EF%BC%91", "limit=5%00"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/users", "/groups", "/proxy"])
def test_a_page_that_cannot_be_is_400(hub: RunningHub, path: str, query: str) -> None:
    refused(hub.api("GET", f"{path}?{query}"))


@pytest.mark.parametrize("query", ["name_filter=%00", "name_filter=" + "x" * 2000, "sort=x", "state=%0d%0a", "state=y"])
def test_a_question_that_cannot_be_is_400(hub: RunningHub, query: str) -> None:
    refused(hub.api("GET", f"/users?{query}"))


def test_pages_go_on_working(hub: RunningHub, person: Person) -> None:
    first = hub.expect(200, "GET", "/users?limit=1&offset=1").json()
    assert len(first) == 1
    assert hub.expect(200, "GET", f"/users?name_filter={person.name}&sort=-name&state=inactive").json() != []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("GET", "/users/nobody2", 404, id="no person"),
        pytest.param("DELETE", "/users/nobody2", 404, id="nobody to delete"),
        pytest.param("POST", "/users/nobody2/server", 404, id="nobody's server"),
        pytest.param("GET", "/users/PERSON/servers/none", 404, id="no server"),
        pytest.param("DELETE", "/users/PERSON/servers/none", 404, id="no server to stop"),
        pytest.param("GET", "/nothing", 404, id="no such call"),
        pytest.param("PUT", "/users", 405, id="wrong method of people"),
        pytest.param("DELETE", "/groups", 405, id="wrong method of groups"),
        pytest.param("PATCH", "/users/PERSON/tokens", 405, id="wrong method of tokens"),
    ],
)
def test_what_is_not_there_is_said_so(hub: RunningHub, person: Person, method: str, path: str, status: int) -> None:
    assert hub.api(method, path.replace("PERSON", person.name)).status_code == status


@pytest.mark.parametrize(("method", "path"), [("GET", "/users"), ("POST", "/users"), ("POST", "/users/PERSON/server")])
def test_no_token_or_a_wrong_one_or_one_in_the_address_is_403(
    hub: RunningHub, person: Person, method: str, path: str
) -> None:
    url = f"{hub.url}/hub/api{path.replace('PERSON', person.name)}"
    body = None if method == "GET" else {"usernames": ["newperson"]} if path == "/users" else {}
    for headers, query in (
        ({}, {}),
        ({"Authorization": f"token {'0' * 64}"}, {}),
        ({"Authorization": "token"}, {}),
        ({}, {"token": hub.admin_token}),
    ):
        answer = requests.request(method, url, json=body, headers=headers, params=query, timeout=30)
        assert answer.status_code == 403


def test_s16_a_revoked_token_is_403_and_nobody_has_more_than_50(hub: RunningHub) -> None:
    person = hub.new_person()
    path = f"/users/{person.name}/tokens"
    made = [person.browser.call("POST", path, json={"note": f"number {number}"}) for number in range(50)]
    assert {answer.status_code for answer in made} == {201}
    assert "50 tokens" in refused(person.browser.call("POST", path, json={}))
    by_password = {"auth": {"username": person.name, "password": person.password}}
    assert requests.post(f"{hub.url}/hub/api{path}", json=by_password, timeout=30).status_code == 403
    first = made[0].json()
    assert hub.api("GET", "/user", token=first["token"]).status_code == 200
    assert person.browser.call("DELETE", f"{path}/{first['id']}").status_code == 204
    assert hub.api("GET", "/user", token=first["token"]).status_code == 403
    assert person.browser.call("POST", path, json={}).status_code == 201


def test_a_token_by_password_needs_the_right_one(hub: RunningHub) -> None:
    person = hub.new_person()
    url = f"{hub.url}/hub/api/users/{person.name}/tokens"
    for password, status in ((person.password, 201), ("wrong password", 403), (5, 403), (None, 403)):
        answer = requests.post(url, json={"auth": {"username": person.name, "password": password}}, timeout=30)
        assert answer.status_code == status
    assert requests.post(url, json={"auth": None}, timeout=30).status_code == 403
    assert requests.post(url, json={}, timeout=30).status_code == 403


def test_s16_nobody_has_more_named_servers_than_allowed(make_hub: MakeHub) -> None:
    hub = make_hub("[limits]\nnamed_servers = 2")
    name = hub.new_person().name
    for server in ("one", "two"):
        hub.expect(201, "PUT", f"/users/{name}/servers/{server}", json={})
    for method in ("PUT", "POST"):
        refused(hub.api(method, f"/users/{name}/servers/three", json={}))


def test_a_person_with_running_servers_is_deleted_with_all_of_them(hub: RunningHub) -> None:
    # JupyterHub 6.1.1 alone answers 500 when a named server runs
    name = hub.new_person().name
    hub.start_and_wait(name)
    hub.start_and_wait(name, server="second")
    hub.expect(400, "PATCH", f"/users/{name}", json={"name": f"{name}x"})
    hub.expect(204, "DELETE", f"/users/{name}")
    assert hub.containers(name) == hub.containers(name, "second") == []
    hub.expect(404, "GET", f"/users/{name}")


def test_a_good_call_of_each_kind_still_works(hub: RunningHub) -> None:
    name = hub.new_person().name
    hub.expect(200, "PATCH", f"/users/{name}", json={"admin": False})
    hub.expect(201, "PUT", f"/users/{name}/servers/second", json={"display_name": "Zweiter Server ✓"})
    hub.expect(200, "PATCH", f"/users/{name}/servers/second", json={"display_name": "Second"})
    hub.expect(204, "DELETE", f"/users/{name}/servers/second", json={"remove": True})
    hub.expect(201, "POST", "/groups", json={"groups": [f"g{name}"], "users": [name]})
    hub.expect(200, "PUT", f"/groups/g{name}/properties", json={"lead": [name]})
    hub.expect(200, "DELETE", f"/groups/g{name}/users", json={"users": [name]})
    hub.expect(204, "DELETE", f"/groups/g{name}")
    moment = "2030-01-31T12:00:00.123456Z"
    hub.expect(400, "POST", f"/users/{name}/activity", json={"last_activity": moment})  # in the future
    hub.expect(200, "POST", f"/users/{name}/activity", json={"last_activity": moment.replace("2030", "2024")})
    hub.expect(200, "POST", "/proxy")


# ---- §3 the bytes below ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"POST /hub/api/users HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", id="negative length"),
        pytest.param(
            b"POST /hub/api/users HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 6\r\n\r\nxxxxxx", id="two lengths"
        ),
        pytest.param(
            b"POST /hub/api/ HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            id="length and chunks",
        ),
        pytest.param(
            b"GET /hub/api/ HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * 65_536 + b"\r\n\r\n", id="header of 64 KiB"
        ),
        pytest.param(b"GET /hub/api/ HTTP/1.1\r\nHost: x\r\n" + b"X-A: 1\r\n" * 10_000 + b"\r\n", id="10,000 headers"),
        pytest.param(b"GET /hub/api/\x00 HTTP/1.1\r\nHost: x\r\n\r\n", id="NUL in the address"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
    ],
)
@pytest.mark.parametrize("where", ["proxy", "hub"])
def test_bytes_that_are_no_request_are_refused_and_the_hub_goes_on(
    hub: RunningHub, where: str, request_bytes: bytes
) -> None:
    url = urlsplit(hub.url if where == "proxy" else hub.block.hub_url)
    with socket.create_connection((str(url.hostname), int(url.port or 0)), timeout=10) as connection:
        answer = _say(connection, request_bytes)
    assert answer == b"" or answer.split()[1][:1] == b"4", answer[:200]
    assert requests.get(f"{hub.url}/hub/health", timeout=5).status_code == 200


def _say(connection: socket.socket, request_bytes: bytes) -> bytes:
    """Send bytes and give the beginning of the answer; nothing where the other side hung up, also in mid-sentence."""
    with contextlib.suppress(OSError):
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
    with contextlib.suppress(ConnectionError):
        return connection.recv(4096)
    return b""
