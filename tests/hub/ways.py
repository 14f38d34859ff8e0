"""The five ways in which somebody can ask for a start: form, link, and POST, PUT and PATCH of the REST API."""

import html
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote_from_bytes, urlencode

import requests

from tests.corpus import BAD_FIELDS, BAD_OPTIONS, RESERVED, Fields, as_fields
from tests.hub.harness import Person, RunningHub

# the templates spawn.html and not_running.html, and JupyterHub's error.html
_SENTENCE = re.compile(r'<p class="spawn-error-msg alert alert-danger">\s*Error: (.*?)</p>', re.DOTALL)
_FAILED_PAGE = re.compile(r'role="alert">\s*<p class="alert alert-danger">(.*?)</p>', re.DOTALL)
_ERROR_PAGE = re.compile(r'<div class="error">.*?<p>(.*?)</p>', re.DOTALL)

BAD_REQUESTS: list[tuple[str, object]] = [
    *((name, options) for name, options, _ in BAD_OPTIONS),
    *((f"environment with {name}", {"environment": {name: "x"}}) for name in RESERVED),
]


@dataclass(frozen=True, slots=True)
class Row:
    """One thing to ask for: `said` is options for REST, fields for a form; `wish` is what it came from."""

    name: str
    said: object
    wish: object = None


@dataclass(frozen=True, slots=True)
class Way:
    """One way of asking, and all that must be refused on it."""

    name: str
    ask: Callable[[RunningHub, Person, object], requests.Response]
    rows: Sequence[Row]


def post_form(hub: RunningHub, person: Person, fields: object, server: str = "") -> requests.Response:
    """Send the start form."""
    assert isinstance(fields, Sequence)
    path = f"/hub/spawn/{person.name}/{server}".rstrip("/")
    pairs = [("_xsrf", person.browser.xsrf), *fields]
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return person.browser.post(path, data=urlencode(pairs), headers=headers, allow_redirects=False)


def follow_link(hub: RunningHub, person: Person, fields: object, server: str = "") -> requests.Response:
    """Open a link to the start form that asks for something."""
    assert isinstance(fields, Sequence)
    path = f"/hub/spawn/{person.name}/{server}".rstrip("/")
    query = "&".join(f"opt-{_quoted(name)}={_quoted(value)}" for name, value in fields)
    return person.browser.get(f"{path}?{query}", allow_redirects=False)


def post(hub: RunningHub, person: Person, options: object) -> requests.Response:
    """Start the default server by REST."""
    return _send(hub, "POST", f"/users/{person.name}/server", options)


def put(hub: RunningHub, person: Person, options: object) -> requests.Response:
    """Make a named server by REST."""
    return _send(hub, "PUT", f"/users/{person.name}/servers/second", options)


def patch(hub: RunningHub, person: Person, options: object) -> requests.Response:
    """Change the default server by REST."""
    return _send(hub, "PATCH", f"/users/{person.name}/server", options)


def sentence_of(answer: requests.Response) -> str:
    """Give the sentence that a page or an answer of the REST API says; empty if there is none."""
    if answer.headers.get("Content-Type", "").startswith("application/json"):
        return str(answer.json()["message"])
    page = answer.content.decode()
    found = _SENTENCE.search(page) or _FAILED_PAGE.search(page) or _ERROR_PAGE.search(page)
    return html.unescape(found[1]).strip() if found else ""


def _send(hub: RunningHub, method: str, path: str, options: object) -> requests.Response:
    # NaN and half characters too: the strict body must refuse them
    body = json.dumps({"user_options": options})
    return hub.api(method, path, data=body, headers={"Content-Type": "application/json"})


def _quoted(text: str | bytes) -> str:
    return quote_from_bytes(text if isinstance(text, bytes) else text.encode(), safe="")


def _form_rows() -> list[Row]:
    said: list[tuple[str, Fields | None, object]] = [(name, as_fields(wish), wish) for name, wish in BAD_REQUESTS]
    rows = [Row(name, fields, wish) for name, fields, wish in said if fields is not None]
    return [*rows, *(Row(name, fields) for name, fields, _ in BAD_FIELDS)]


_REST_ROWS = [Row(name, options, options) for name, options in BAD_REQUESTS]
WAYS = [
    Way("the form", post_form, _form_rows()),
    Way("a link", follow_link, _form_rows()),
    Way("POST", post, _REST_ROWS),
    Way("PUT", put, _REST_ROWS),
    Way("PATCH", patch, _REST_ROWS),
]
