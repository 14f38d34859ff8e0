"""Accounts on a real hub, from the first link to the deleted person: U1, U3, S15, S19, S21."""

import html
import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from sqlite3 import Connection

import pytest
import requests

from records.accounts import AccountRow, account_rows, make_link
from records.people import Person as Recorded
from records.people import find_person
from records.store import Store
from tests.hub.conftest import MakeHub
from tests.hub.harness import PASSWORD, Person, RunningHub
from tests.hub.visitor import Visitor

REFUSED = "Wrong user name or password. If you have a one-time link, open it first"


@pytest.fixture(scope="module")
def admin(shared_hub: RunningHub) -> Visitor:
    return shared_hub.admin()


@pytest.fixture
def store(hub: RunningHub) -> Iterator[Store]:
    with Store(hub.data / "records.sqlite") as opened:
        yield opened


def new_name() -> str:
    return f"p{secrets.token_hex(4)}"


def add_in_panel(admin: Visitor, name: str) -> None:
    answer = admin.call("POST", "/users", json={"usernames": [name], "admin": False})
    assert answer.status_code == 201, answer.text


def copy_link(admin: Visitor, name: str) -> str:
    """Press the button on the Accounts page; give the link's path."""
    answer = admin.submit("/hub/accounts", {"name": name})
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="new-link"[^>]*value="([^"]+)"', answer.text, re.DOTALL)
    assert found is not None
    url = html.unescape(found[1])
    assert url.startswith(f"{admin.url}/hub/accounts/link?token=")
    return url.removeprefix(admin.url)


def set_password(
    visitor: Visitor, link: str, password: str = PASSWORD, repeated: str | None = None
) -> requests.Response:
    visitor.get(link)
    fields = {
        "_xsrf": visitor.xsrf,
        "token": link.partition("token=")[2],
        "password": password,
        "repeated": password if repeated is None else repeated,
    }
    return visitor.post("/hub/accounts/link", data=fields, allow_redirects=False)


def row(admin: Visitor, name: str) -> str:
    """Give the words in a person's row of the Accounts page."""
    page = admin.get("/hub/accounts", params={"q": name}).text
    found = re.search(rf'<tr data-user="{re.escape(name)}">(.*?)</tr>', page, re.DOTALL)
    assert found is not None, page
    return " ".join(re.sub(r"<[^>]*>", " ", found[1]).split())


def alert(answer: requests.Response) -> str:
    found = re.search(r'role="alert">(.*?)</p>', answer.text, re.DOTALL)
    assert found is not None, answer.text
    return html.unescape(found[1])


def account(store: Store, name: str) -> AccountRow:
    return next(one for one in store.run_now(account_rows) if one.person.user_name == name)


def signed_in_as(visitor: Visitor) -> str | None:
    answer = visitor.call("GET", "/user")
    return answer.json()["name"] if answer.status_code == 200 else None


# ---- U1, U3: from a link to a signed-in person ---------------------------------------------------------


def test_u1_a_person_added_in_the_panel_gets_in_with_the_one_time_link(hub: RunningHub, admin: Visitor) -> None:
    name = new_name()
    add_in_panel(admin, name)
    assert row(admin, name).startswith(f"{name} not set none")
    link = copy_link(admin, name)
    assert re.search(r"not set open, (59|60) minutes left", row(admin, name))
    person = hub.visitor()
    form = person.get(link)
    assert f"Hello {name}, set your password" in form.text
    answer = set_password(person, link)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/hub/home")
    assert signed_in_as(person) == name
    assert row(admin, name).startswith(f"{name} set none")
    assert hub.visitor().sign_in(name, PASSWORD).status_code == 302


def test_u3_the_first_admin_gets_in_by_a_link_and_nobody_before_or_without_it(make_hub: MakeHub) -> None:
    hub = make_hub('[sign_in]\nadmins = ["grace"]')
    for name in ("grace", "admin", "root"):
        for password in ("", name, "admin", "password"):
            assert hub.visitor().sign_in(name, password).status_code == 403
    stranger = set_password(hub.visitor(), f"/hub/accounts/link?token={secrets.token_urlsafe(32)}")
    assert stranger.status_code == 404
    admin = hub.set_password_by_link("grace")
    assert admin.get("/hub/accounts").status_code == 200
    assert admin.get("/hub/admin").status_code == 200


def test_opening_a_link_does_not_spend_it(hub: RunningHub, admin: Visitor) -> None:
    name = new_name()
    add_in_panel(admin, name)
    link = copy_link(admin, name)
    for _ in range(3):
        assert hub.visitor().get(link).status_code == 200
    assert set_password(hub.visitor(), link).status_code == 302


def test_s19_a_link_works_once(hub: RunningHub, person: Person) -> None:
    link = hub.link_for(person.name)
    assert set_password(hub.visitor(), link, "the first password").status_code == 302
    again = set_password(hub.visitor(), link, "the second password")
    assert (again.status_code, alert(again)) == (
        410,
        "This link has been used already. Ask an admin for a new one.",
    )
    assert hub.visitor().get(link).status_code == 410
    assert hub.visitor().sign_in(person.name, "the second password").status_code == 403


def test_of_two_who_use_one_link_at_once_one_gets_in(hub: RunningHub, person: Person) -> None:
    link = hub.link_for(person.name)
    visitors = [hub.visitor() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda one: set_password(one, link, f"password {id(one)}"), visitors))
    assert sorted(answer.status_code for answer in answers) == [302, 410, 410, 410]


def test_a_newer_link_ends_the_older_one(hub: RunningHub, person: Person) -> None:
    older, newer = hub.link_for(person.name), hub.link_for(person.name)
    refused = hub.visitor().get(older)
    assert (refused.status_code, "has been replaced" in alert(refused)) == (410, True)
    assert set_password(hub.visitor(), newer).status_code == 302


def test_s19_a_link_dies_when_its_time_is_over(hub: RunningHub, person: Person, store: Store) -> None:
    recorded = account(store, person.name).person
    made_at = datetime.now(UTC) - timedelta(minutes=60, seconds=1)
    token = store.run_now(
        partial(make_link, person_id=recorded.person_id, now=made_at, valid=timedelta(minutes=60), made_by="tests")
    )
    for answer in (
        hub.visitor().get(f"/hub/accounts/link?token={token}"),
        set_password(hub.visitor(), f"/hub/accounts/link?token={token}"),
    ):
        assert answer.status_code == 410
        assert alert(answer) == "This link has expired. Ask an admin for a new one."


@pytest.mark.parametrize(
    "token", ["", "x", "a" * 900, "%00", "%ed%a0%80", "..%2f", "<script>alert(1)</script>"],
    ids=["empty", "short", "900 characters", "NUL", "surrogate", "path", "markup"],
)  # fmt: skip
def test_an_unknown_link_opens_nothing_and_says_so(hub: RunningHub, token: str) -> None:
    answer = hub.visitor().get(f"/hub/accounts/link?token={token}")
    assert answer.status_code in (400, 404)
    assert "Hello" not in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize(
    ("password", "repeated", "sentence"),
    [
        pytest.param("eight888", "eight889", "The two passwords differ", id="typed differently"),
        pytest.param("seven77", None, "at least 8 characters", id="too short"),
        pytest.param("", None, "at least 8 characters", id="empty"),
        pytest.param("x" * 1025, None, "at most 1024 bytes", id="too long"),
        pytest.param("nul\0inside!", None, "control character", id="NUL"),
    ],
)
def test_a_password_that_cannot_be_set_is_said_in_the_form_and_the_link_stays_open(
    hub: RunningHub, person: Person, password: str, repeated: str | None, sentence: str
) -> None:
    link = hub.link_for(person.name)
    refused = set_password(hub.visitor(), link, password, repeated)
    assert refused.status_code == 400
    assert sentence in alert(refused)
    assert 'type="password"' in refused.text
    assert not password or password not in refused.text
    assert set_password(hub.visitor(), link, "another password").status_code == 302


def test_a_password_keeps_its_blanks_and_letters(hub: RunningHub, person: Person) -> None:
    password = "  pässwort & <b>李雷</b>  "  # noqa: S105
    assert set_password(hub.visitor(), hub.link_for(person.name), password).status_code == 302
    assert hub.visitor().sign_in(person.name, password).status_code == 302
    assert hub.visitor().sign_in(person.name, password.strip()).status_code == 403


def test_a_form_without_its_token_sets_no_password(hub: RunningHub, person: Person) -> None:
    link = hub.link_for(person.name)
    fields = {"token": link.partition("token=")[2], "password": "another password", "repeated": "another password"}
    answer = hub.visitor().post("/hub/accounts/link", data=fields, allow_redirects=False)
    assert answer.status_code == 403
    assert "Open your one-time link again" in answer.text
    assert hub.visitor().sign_in(person.name, "another password").status_code == 403


def test_the_pages_with_links_leave_no_copies_and_no_referrers(hub: RunningHub, admin: Visitor, person: Person) -> None:
    link = hub.link_for(person.name)
    for answer in (admin.get("/hub/accounts"), admin.get(link), admin.get("/hub/accounts/link?token=x")):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_no_link_and_no_password_is_in_the_log(hub: RunningHub, admin: Visitor) -> None:
    name, password = new_name(), "swordfish-4711"
    add_in_panel(admin, name)
    link = copy_link(admin, name)
    set_password(hub.visitor(), link, password)
    hub.visitor().sign_in(name, f"wrong {password}")
    assert f"made a one-time link for {name}" in hub.log()
    assert link.partition("token=")[2] not in hub.log()
    assert password not in hub.log()


# ---- a new password and a person's sessions ----------------------------------------------------------------


def test_a_new_password_ends_the_old_one_and_every_older_session(hub: RunningHub, person: Person) -> None:
    token = person.browser.call("POST", f"/users/{person.name}/tokens", json={"note": "mine"}).json()["token"]
    assert signed_in_as(person.browser) == person.name
    fresh = hub.visitor()
    assert set_password(fresh, hub.link_for(person.name), "another password").status_code == 302
    assert signed_in_as(fresh) == person.name
    assert signed_in_as(person.browser) is None
    assert hub.visitor().sign_in(person.name, person.password).status_code == 403
    # what a person made for their programs goes on until they revoke it
    assert hub.api("GET", "/user", token=token).json()["name"] == person.name


def test_a_link_signs_in_its_person_where_somebody_else_was_signed_in(hub: RunningHub, person: Person) -> None:
    other = hub.new_person()
    assert set_password(other.browser, hub.link_for(person.name)).status_code == 302
    assert signed_in_as(other.browser) == person.name


def test_s21_a_deleted_person_has_no_link_no_password_and_leaves_nothing_to_their_name(
    hub: RunningHub, store: Store
) -> None:
    person = hub.new_person()
    token = person.browser.call("POST", f"/users/{person.name}/tokens", json={}).json()["token"]
    before = account(store, person.name).person
    link = hub.link_for(person.name)
    hub.expect(204, "DELETE", f"/users/{person.name}")
    assert hub.visitor().get(link).status_code == 404
    assert hub.visitor().sign_in(person.name, person.password).status_code == 403
    hub.add_person(person.name)
    after = account(store, person.name)
    assert (after.person.person_id != before.person_id, after.has_password) == (True, False)
    assert hub.visitor().get(link).status_code == 404
    assert hub.visitor().sign_in(person.name, person.password).status_code == 403
    assert signed_in_as(person.browser) is None
    assert hub.api("GET", "/user", token=token).status_code == 403


def test_a_renamed_person_stays_the_same_person(hub: RunningHub, store: Store) -> None:
    person, other = hub.new_person(), new_name()
    before = account(store, person.name).person
    hub.expect(200, "PATCH", f"/users/{person.name}", json={"name": other.upper()})
    assert account(store, other).person.person_id == before.person_id
    assert _find(store, person.name) is None
    assert hub.visitor().sign_in(other, person.password).status_code == 302
    assert hub.visitor().sign_in(person.name, person.password).status_code == 403


def test_the_same_name_again_is_no_new_name(hub: RunningHub, person: Person) -> None:
    # JupyterHub 6.1.1 alone empties the name here
    for name in (person.name, person.name.upper()):
        answer = hub.expect(200, "PATCH", f"/users/{person.name}", json={"name": name, "admin": False})
        assert answer.json()["name"] == person.name


def test_an_admin_of_the_file_keeps_their_name(hub: RunningHub) -> None:
    answer = hub.expect(400, "PATCH", "/users/admin", json={"name": "grace2"})
    assert "sign_in.admins" in answer.json()["message"]


def test_accounts_outlive_a_restart_of_the_hub(make_hub: MakeHub) -> None:
    hub = make_hub()
    person = hub.new_person()
    link = hub.link_for("admin")
    hub.restart()
    assert signed_in_as(person.browser) == person.name
    assert hub.visitor().sign_in(person.name, person.password).status_code == 302
    assert set_password(hub.visitor(), link).status_code == 302


# ---- signing in --------------------------------------------------------------------------------------------


def test_a_refused_sign_in_says_why_and_not_whether_the_account_exists(hub: RunningHub, person: Person) -> None:
    pages = {}
    for name in (person.name, "nobody2", "a b"):
        answer = hub.visitor().sign_in(name, "not the password")
        assert answer.status_code == 403
        assert REFUSED in html.unescape(answer.text)
        pages[name] = re.sub(r'name="_xsrf" value="[^"]*"|xsrf_token: "[^"]*"', "", answer.text).replace(name, "NAME")
    assert len(set(pages.values())) == 1


def test_the_sign_in_page_tells_of_one_time_links(hub: RunningHub) -> None:
    assert "one-time link" in hub.visitor().get("/hub/login").text


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("//evil.example", id="two slashes"),
        pytest.param("///evil.example", id="three slashes"),
        pytest.param(r"\\evil.example", id="backslashes"),
        pytest.param(r"/\evil.example", id="slash and backslash"),
        pytest.param("https://evil.example/", id="another site"),
        pytest.param("javascript:alert(1)", id="javascript"),
        pytest.param("/\r\nX-Evil: 1", id="line break (500 now)"),
        pytest.param("/\thome", id="tab"),
        pytest.param("/\x7f", id="DEL"),
    ],
)
@pytest.mark.parametrize("page", ["/hub/login", "/hub/"])
def test_next_stays_on_the_site(hub: RunningHub, person: Person, page: str, target: str) -> None:
    signed_out = hub.visitor()
    signed_out.get("/hub/login")
    fields = {"_xsrf": signed_out.xsrf, "username": person.name, "password": person.password}
    by_form = signed_out.post("/hub/login", params={"next": target}, data=fields, allow_redirects=False)
    by_page = person.browser.get(page, params={"next": target}, allow_redirects=False)
    for answer in (by_form, by_page):
        assert answer.status_code == 302
        assert re.match(r"/(?![/\\])", answer.headers["Location"])
        assert "X-Evil" not in answer.headers


# ---- the Accounts page -------------------------------------------------------------------------------------


def test_only_admins_see_accounts_and_make_links(hub: RunningHub, person: Person, store: Store) -> None:
    before = account(store, "admin").link_until
    assert person.browser.get("/hub/accounts").status_code == 403
    assert person.browser.submit("/hub/accounts", {"name": "admin"}).status_code == 403
    stranger = hub.visitor()
    assert "/hub/login" in stranger.get("/hub/accounts", allow_redirects=False).headers["Location"]
    assert stranger.submit("/hub/accounts", {"name": "admin"}).status_code in (302, 403)
    # pages take no tokens
    asked = requests.get(
        f"{hub.url}/hub/accounts",
        headers={"Authorization": f"token {hub.admin_token}"},
        allow_redirects=False,
        timeout=30,
    )
    assert asked.status_code in (302, 403)
    assert account(store, "admin").link_until == before


def test_a_button_pressed_from_another_site_makes_no_link(
    hub: RunningHub, admin: Visitor, person: Person, store: Store
) -> None:
    answer = admin.post("/hub/accounts", data={"name": person.name})
    assert answer.status_code == 403
    assert account(store, person.name).link_until is None


def test_a_link_is_shown_once(hub: RunningHub, admin: Visitor, person: Person) -> None:
    token = copy_link(admin, person.name).partition("token=")[2]
    assert token not in admin.get("/hub/accounts", params={"q": person.name}).text


@pytest.mark.parametrize("name", ["", "nobody2", "a\r\nb", "<b>x</b>"])
def test_there_is_no_link_for_nobody(admin: Visitor, name: str) -> None:
    answer = admin.submit("/hub/accounts", {"name": name})
    assert answer.status_code == 404
    assert "admin panel" in answer.text
    assert "<b>x</b>" not in answer.text


def test_names_are_searched_and_shown_as_text(hub: RunningHub, admin: Visitor, person: Person) -> None:
    other = hub.new_person()
    found = admin.get("/hub/accounts", params={"q": person.name.upper()}).text
    assert (f'data-user="{person.name}"' in found, f'data-user="{other.name}"' in found) == (True, False)
    nobody = admin.get("/hub/accounts", params={"q": "<script>alert(1)</script>"}).text
    assert "<script>alert(1)" not in nobody
    assert "Nobody has" in nobody


@pytest.mark.parametrize("page", ["0", "-1", "x", "1e9", "9" * 30, "１"])
def test_a_page_that_cannot_be_is_refused(admin: Visitor, page: str) -> None:
    assert admin.get("/hub/accounts", params={"page": page}).status_code == 400


def test_many_people_come_in_pages(make_hub: MakeHub) -> None:
    hub = make_hub()
    admin = hub.admin()
    names = [f"person{number:03}" for number in range(60)]
    hub.expect(201, "POST", "/users", json={"usernames": names})
    first, second = (admin.get("/hub/accounts", params={"page": page, "q": "person"}).text for page in (1, 2))
    assert re.findall(r'data-user="(\w+)"', first) == names[:50]
    assert re.findall(r'data-user="(\w+)"', second) == names[50:]
    assert 'aria-current="page"' in second


def test_s15_looking_at_the_pages_changes_nothing(
    hub: RunningHub, admin: Visitor, person: Person, store: Store
) -> None:
    link = hub.link_for(person.name)
    before = store.run_now(_everything)
    for path in ("/hub/accounts", f"/hub/accounts?name={person.name}", link, "/hub/login"):
        for visitor in (admin, person.browser, hub.visitor()):
            visitor.get(path)
    assert store.run_now(_everything) == before


def _everything(connection: Connection) -> list[str]:
    return list(connection.iterdump())


def _find(store: Store, name: str) -> Recorded | None:
    return store.run_now(partial(find_person, user_name=name))
