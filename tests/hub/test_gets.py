"""A GET never starts, stops or changes anything (S15): every route of the running hub, asked by three kinds of people.

What is left out, and why:
* /hub/logout: signing out is a GET in JupyterHub; it ends a browser's session and nothing else, as a test here shows.
* /hub/api/oauth2/authorize with a real client: the hop by which a browser enters a workspace; it stores a code for it.
* /hub/home and /hub/workspace look whether a server still runs; one that died by itself is then written down as
  stopped, as at the next poll.
* columns of activity, which record that somebody was there; tokens and codes of the walkers' own sign-ins.
"""

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.hub.conftest import MakeHub
from tests.hub.harness import MINIMAL_IMAGE, Person, RunningHub
from tests.hub.visitor import Visitor
from tests.hub.waiting import wait_until

EXTRA = """
from tornado.web import RequestHandler
class Routes(RequestHandler):
    def get(self):
        found = []
        def walk(router):
            for rule in router.rules:
                if isinstance(rule.target, type):
                    found.append((rule.matcher.regex.pattern, rule.target.__module__ + "." + rule.target.__name__))
                elif hasattr(rule.target, "rules"):
                    walk(rule.target)
        walk(self.application.default_router)
        self.write({"routes": found})
c.JupyterHub.extra_handlers = [("/test/routes", Routes)]
"""
TOML = f"""
[groups.vision]
[profiles.minimal]
image = "{MINIMAL_IMAGE}"
"""
# what stands for a group of a pattern, by the part of the path before it
AFTER = {
    "users": "ada", "spawn": "ada", "spawn-pending": "ada", "user": "ada", "shares": "ada", "share-codes": "ada",
    "groups": "vision", "services": "tests", "tokens": "TOKEN", "servers": "SERVER", "ada": "SERVER",
    "shared": "ada", "error": "503", "cookie": "x", "token": "x", "static": "js/home.js", "user-redirect": "lab",
    "api": "nothing",
}  # fmt: skip
OTHER_PATHS = {
    r"/(robots\.txt)$": "/robots.txt", r"/(favicon\.ico)$": "/favicon.ico",
    "(?!/hub/).*$": "/ada/lab", "(.*)$": "/hub/nothing/here",
}  # fmt: skip
# one that runs, one that is stopped, one that is not there
SERVERS = ["running", "stopped", "new"]
PAGE_QUERIES = [
    "", "opt-profile=minimal", "profile=minimal", "opt-gpus=0&next=/hub/home", "opt-gpus=-1", "display_name=x",
    "next=/hub/home", "code=x", "client_id=x&response_type=code&redirect_uri=/x",
]  # fmt: skip
API_QUERIES = ["", "remove=true&method=DELETE", "limit=1&offset=1&state=active&include_stopped_servers=1", "token=x"]
LEFT_OUT = re.compile(r"/hub/logout")
SAY_500 = {
    "/hub/error/503",  # the page of the proxy's errors, asked for that one
    "/hub/api/authorizations/token",  # a call for POST; JupyterHub 6.1.1 forgot that its handler has a GET, too
}
ACTIVITY = {"last_activity"}


@dataclass(frozen=True, slots=True)
class Route:
    """One row of the hub's table: its pattern and its handler."""

    pattern: str
    handler: str


@pytest.fixture(scope="module")
def lab(make_hub: MakeHub) -> Iterator[RunningHub]:
    """A hub in which ada has two servers that run and one that is stopped."""
    hub = make_hub(TOML, extra_config=EXTRA)
    hub.new_person("ada", groups=("vision",))
    for server in ("", "running", "stopped"):
        hub.start_and_wait("ada", server=server)
    hub.stop("ada", "stopped")
    yield hub


@pytest.fixture(scope="module")
def ada(lab: RunningHub) -> Person:
    """The person whose servers they are."""
    return Person("ada", "", lab.session("ada"))


@pytest.fixture(scope="module")
def routes(lab: RunningHub) -> list[Route]:
    """The table of the running hub, ours and JupyterHub's."""
    rows = lab.visitor().get("/hub/test/routes").json()["routes"]
    return [Route(*row) for row in rows]


def paths_of(route: Route, token: str) -> list[str]:
    """Fill a pattern with sensible values; an empty list where it is left out."""
    paths = [_filled(route.pattern, server).replace("TOKEN", token) for server in SERVERS]
    for path in paths:
        assert re.fullmatch(r"[\w/.\-]*", path), f"{route} cannot be filled: {path}; add a value to AFTER"
        assert re.fullmatch(route.pattern, path), f"{route} does not match {path}"
    return [path for path in dict.fromkeys(paths) if not LEFT_OUT.fullmatch(path)]


def _filled(pattern: str, server: str) -> str:
    if pattern in OTHER_PATHS:
        return OTHER_PATHS[pattern]
    text = pattern.removesuffix("$").replace("/?", "/").replace("(?:/([^/]+))?", "").replace("(user|services)", "user")
    text = text.replace("(?P<user_path>/.*)?", f"/{server}/lab")
    while found := re.search(r"\((?:\?P<\w+>)?[^()]*\)\??", text):
        before = text[: found.start()].rstrip("/").rpartition("/")[2]
        text = text[: found.start()] + AFTER.get(before, "(no value)").replace("SERVER", server) + text[found.end() :]
    return text


def snapshot(hub: RunningHub) -> dict[str, Any]:
    """Give everything that a GET must leave as it is."""
    hub_tables = _tables(hub.data / "jupyterhub.sqlite")
    calls = [(call.method, call.path) for call in hub.fake.calls if call.method not in ("GET", "HEAD")]
    running = sorted((one.name, one.id, one.status) for one in hub.fake.containers.values())
    return {"hub": hub_tables, "records": _tables(hub.data / "records.sqlite"), "calls": calls, "running": running}


def _tables(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: _content(connection, name) for name in names}


def _content(connection: sqlite3.Connection, table: str) -> str:
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")') if row[1] not in ACTIVITY]
    chosen = ", ".join(f'"{column}"' for column in columns)
    rows = sorted(repr(row) for row in connection.execute(f'SELECT {chosen} FROM "{table}"'))  # noqa: S608
    return f"{len(rows)} rows, {hashlib.sha256(json.dumps(rows).encode()).hexdigest()[:16]}"


def walk(hub: RunningHub, visitor: Visitor, paths: list[str], headers: dict[str, str]) -> list[str]:
    """GET every path with every query; give those that ended in an answer of 500 and up."""
    broken = []
    for path in paths:
        for query in API_QUERIES if path.startswith("/hub/api/") else PAGE_QUERIES:
            answer = visitor.get(f"{path}?{query}", headers=headers, allow_redirects=False)
            if answer.status_code >= 500 and path not in SAY_500:
                broken.append(f"{path}?{query}: {answer.status_code}")
    return broken


def test_s15_the_walk_knows_every_route_of_the_hub(lab: RunningHub, routes: list[Route]) -> None:
    patterns = {route.pattern for route in routes}
    assert {"/hub/home$", "/hub/spawn/([^/]+)/([^/]+)$", "/hub/workspace$", "/hub/accounts$"} <= patterns
    assert r"/hub/api/users/([^/]+)/servers/([^/]*)$" in patterns
    assert len(patterns) > 60
    assert sum(bool(paths_of(route, "x")) for route in routes) >= len(routes) - 2


@pytest.mark.parametrize("who", ["nobody", "a person", "an admin", "an admin's token"])
def test_s15_a_get_changes_nothing_asked_by(who: str, lab: RunningHub, ada: Person, routes: list[Route]) -> None:
    token = ada.browser.call("POST", "/users/ada/tokens", json={"note": who}).json()["id"]
    visitor = {"nobody": lab.visitor, "a person": lambda: ada.browser, "an admin": lab.admin}.get(who, lab.visitor)()
    headers = {"Authorization": f"token {lab.admin_token}"} if who == "an admin's token" else {}
    xsrf = {"X-XSRFToken": visitor.xsrf, "Referer": f"{lab.url}/hub/home"} if who != "an admin's token" else {}
    paths = sorted({path for route in routes for path in paths_of(route, token)})
    visitor.get("/hub/home")
    before = snapshot(lab)
    assert walk(lab, visitor, paths, headers | xsrf) == []
    assert snapshot(lab) == before


def test_s15_looking_at_the_form_of_a_new_named_server_makes_none(lab: RunningHub, ada: Person) -> None:
    before = snapshot(lab)
    page = ada.browser.get("/hub/spawn/ada/another?display_name=Another")
    assert (page.status_code, 'id="spawn_form"' in page.text) == (200, True)
    assert snapshot(lab) == before


def test_s15_signing_out_ends_no_server_and_changes_nobody_else(lab: RunningHub, ada: Person) -> None:
    browser = lab.session("ada")
    before = snapshot(lab)
    browser.get("/hub/logout")
    assert browser.get("/hub/home", allow_redirects=False).status_code == 302
    after = snapshot(lab)
    assert {name for name in before["hub"] if before["hub"][name] != after["hub"][name]} <= {"api_tokens"}
    assert {**after, "hub": 0} == {**before, "hub": 0}
    assert ada.browser.get("/hub/home", allow_redirects=False).status_code == 200
    lab.wait_ready("ada")


def test_s15_the_snapshot_sees_a_start(lab: RunningHub) -> None:
    before = snapshot(lab)
    lab.start_and_wait("ada", server="stopped")
    after = snapshot(lab)
    assert {name for name in before if before[name] != after[name]} == {"hub", "records", "calls", "running"}
    lab.stop("ada", "stopped")
    wait_until(lambda: len(snapshot(lab)["running"]) == 2, "two containers are left", lab)
