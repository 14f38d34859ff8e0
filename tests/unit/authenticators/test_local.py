"""Who may sign in, and what is recorded of people who come and go: U1, U3, S18, S19, S21."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch

import pytest
from argon2 import PasswordHasher
from tornado import web

from authenticators import TEMPLATES, LocalAccounts
from authenticators.local import REFUSED
from authenticators.passwords import Passwords, Verdict
from records.accounts import account_rows, make_link, password_hash, set_password_hash
from records.people import Person, find_person
from tests.unit.authenticators.conftest import Clock

PASSWORD = "correct horse"


@dataclass
class HubUser:
    """What JupyterHub hands over of a person."""

    name: str
    admin: bool = False


async def add(accounts: LocalAccounts, name: str, password: str | None = None) -> None:
    await accounts.add_user(HubUser(name))
    if password is not None:
        hash_text = await accounts.passwords.hash(password)
        person = await find(accounts, name)
        assert person is not None
        await accounts.store.run(
            partial(set_password_hash, person_id=person.person_id, hash_text=hash_text, now=accounts.clock())
        )


async def find(accounts: LocalAccounts, name: str) -> Person | None:
    return await accounts.store.run(partial(find_person, user_name=name))


async def sign_in(accounts: LocalAccounts, data: object) -> Any:
    return await accounts.get_authenticated_user(None, data)


async def refusal(accounts: LocalAccounts, data: object) -> web.HTTPError:
    with pytest.raises(web.HTTPError) as refused:
        await sign_in(accounts, data)
    return refused.value


@pytest.mark.parametrize("typed", ["eve", "Eve", "EVE"])
async def test_a_person_signs_in_with_their_password_in_any_case_of_the_name(
    accounts: LocalAccounts, typed: str
) -> None:
    await add(accounts, "eve", PASSWORD)
    assert (await sign_in(accounts, {"username": typed, "password": PASSWORD}))["name"] == "eve"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"username": "eve", "password": "wrong horse"}, id="wrong password"),
        pytest.param({"username": "eve", "password": ""}, id="empty password"),
        pytest.param({"username": "eve", "password": PASSWORD + "\0"}, id="password with NUL"),
        pytest.param({"username": "eve", "password": "x" * 2000}, id="password of 2000 characters"),
        pytest.param({"username": "new", "password": PASSWORD}, id="somebody without a password yet"),
        pytest.param({"username": "nobody2", "password": PASSWORD}, id="nobody"),
        pytest.param({"username": "", "password": PASSWORD}, id="no name"),
        pytest.param({"username": "a b\r\n", "password": PASSWORD}, id="no possible name"),
        pytest.param({"username": "\u212ave", "password": PASSWORD}, id="the Kelvin sign"),
        pytest.param({"username": "x" * 100_000, "password": PASSWORD}, id="100,000 characters"),
        pytest.param({"username": 5, "password": PASSWORD}, id="a number as name"),
        pytest.param({"username": "eve", "password": None}, id="no password"),
        pytest.param({"username": "eve"}, id="password left out"),
        pytest.param({}, id="nothing"),
        pytest.param(None, id="null"),
        pytest.param("eve", id="a text"),
        pytest.param(["eve", PASSWORD], id="a list"),
    ],
)
async def test_everything_else_gets_the_one_refusal_that_says_what_to_do(accounts: LocalAccounts, data: object) -> None:
    await add(accounts, "eve", PASSWORD)
    await add(accounts, "new")
    refused = await refusal(accounts, data)
    assert (refused.status_code, refused.log_message) == (403, REFUSED)
    assert "one-time link" in REFUSED


@pytest.mark.parametrize("name", ["eve", "new", "nobody2", "a b", ""])
async def test_every_refusal_costs_one_check_of_a_hash(accounts: LocalAccounts, name: str) -> None:
    await add(accounts, "eve", PASSWORD)
    await add(accounts, "new")
    with patch.object(Passwords, "verify", autospec=True, side_effect=Passwords.verify) as verify:
        await refusal(accounts, {"username": name, "password": "wrong horse"})
    assert verify.await_count == 1


async def test_the_right_password_of_someone_jupyterhub_does_not_list_is_refused_alike(accounts: LocalAccounts) -> None:
    await add(accounts, "eve", PASSWORD)
    accounts.allowed_users.discard("eve")
    refused = await refusal(accounts, {"username": "eve", "password": PASSWORD})
    assert (refused.status_code, refused.log_message) == (403, REFUSED)


async def test_an_admin_of_the_file_is_let_in_by_it_alone(accounts: LocalAccounts) -> None:
    await add(accounts, "grace", PASSWORD)
    accounts.allowed_users.discard("grace")
    assert (await sign_in(accounts, {"username": "grace", "password": PASSWORD}))["name"] == "grace"


async def test_a_fresh_installation_lets_nobody_in(accounts: LocalAccounts) -> None:
    await add(accounts, "admin")
    for password in ("", "admin", "password", "None"):
        assert (await refusal(accounts, {"username": "admin", "password": password})).status_code == 403


async def test_a_refusal_is_logged_without_what_may_be_a_password(
    accounts: LocalAccounts, caplog: pytest.LogCaptureFixture
) -> None:
    accounts.log.propagate = True
    with caplog.at_level(logging.INFO):
        await refusal(accounts, {"username": "My secret!\r\n", "password": "another secret"})
        await refusal(accounts, {"username": "eve", "password": "another secret"})
    assert "Sign-in refused for something that is no user name" in caplog.text
    assert "Sign-in refused for eve" in caplog.text
    assert "secret" not in caplog.text


async def test_too_many_sign_ins_at_once_are_answered_503(accounts: LocalAccounts) -> None:
    await add(accounts, "eve", PASSWORD)
    accounts.passwords.close()
    accounts.passwords = Passwords(most_waiting=0)
    assert (await refusal(accounts, {"username": "eve", "password": PASSWORD})).status_code == 503


async def test_a_hash_of_weaker_parameters_is_replaced_at_the_next_sign_in(accounts: LocalAccounts) -> None:
    await add(accounts, "eve")
    person = await find(accounts, "eve")
    assert person is not None
    weaker = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    await accounts.store.run(
        partial(set_password_hash, person_id=person.person_id, hash_text=weaker, now=accounts.clock())
    )
    await sign_in(accounts, {"username": "eve", "password": PASSWORD})
    stored = await accounts.store.run(partial(password_hash, person_id=person.person_id))
    assert stored is not None
    assert stored != weaker
    assert await accounts.passwords.verify(stored, PASSWORD) == Verdict(matches=True, needs_rehash=False)
    assert (await sign_in(accounts, {"username": "eve", "password": PASSWORD}))["name"] == "eve"


async def test_adding_a_person_again_keeps_their_ids(accounts: LocalAccounts) -> None:
    await add(accounts, "eve")
    before = await find(accounts, "eve")
    await add(accounts, "eve")
    assert before is not None
    assert await find(accounts, "eve") == before
    assert before.uid == accounts.settings.storage.first_uid


async def test_a_name_that_nobody_can_have_is_not_added(accounts: LocalAccounts) -> None:
    with pytest.raises(ValueError, match="Invalid username"):
        await accounts.add_user(HubUser("a b"))
    assert await find(accounts, "a b") is None


async def test_a_deleted_person_cannot_sign_in_and_a_new_one_of_that_name_gets_nothing_of_theirs(
    accounts: LocalAccounts,
) -> None:
    await add(accounts, "eve", PASSWORD)
    before = await find(accounts, "eve")
    await accounts.delete_user(HubUser("eve"))
    assert (await refusal(accounts, {"username": "eve", "password": PASSWORD})).status_code == 403
    await add(accounts, "eve")
    after = await find(accounts, "eve")
    assert before is not None
    assert after is not None
    assert (after.person_id, after.uid) != (before.person_id, before.uid)
    assert (await refusal(accounts, {"username": "eve", "password": PASSWORD})).status_code == 403


async def test_deleting_somebody_who_was_never_recorded_is_no_error(accounts: LocalAccounts) -> None:
    await accounts.delete_user(HubUser("eve"))


async def test_a_renamed_person_keeps_id_and_password(accounts: LocalAccounts) -> None:
    await add(accounts, "eve", PASSWORD)
    before = await find(accounts, "eve")
    await accounts.rename("eve", "eva")
    after = await find(accounts, "eva")
    assert before is not None
    assert after is not None
    assert after.person_id == before.person_id
    assert (await sign_in(accounts, {"username": "eva", "password": PASSWORD}))["name"] == "eva"
    assert (await refusal(accounts, {"username": "eve", "password": PASSWORD})).status_code == 403


async def test_records_outlive_the_process(make_accounts: Callable[[], LocalAccounts], clock: Clock) -> None:
    first = make_accounts()
    await add(first, "eve", PASSWORD)
    person = await find(first, "eve")
    assert person is not None
    await first.store.run(
        partial(make_link, person_id=person.person_id, now=clock(), valid=timedelta(minutes=60), made_by="admin")
    )
    second = make_accounts()
    (row,) = await second.store.run(account_rows)
    assert (row.person, row.has_password, row.link_until) == (person, True, clock() + timedelta(minutes=60))


@pytest.mark.parametrize("name", ["root", "hub", "a b", "", "\u202eeve", "x" * 33])
def test_jupyterhub_is_told_that_a_name_is_not_possible(accounts: LocalAccounts, name: str) -> None:
    assert not accounts.validate_username(name)


def test_a_reserved_name_is_possible_for_an_admin_of_the_file_only(accounts: LocalAccounts) -> None:
    assert accounts.validate_username("admin")
    assert not accounts.validate_username("administrator")


@pytest.mark.parametrize("name", [5, None, ["a"], {}, True])
def test_a_name_that_is_no_text_is_answered_400(accounts: LocalAccounts, name: object) -> None:
    with pytest.raises(web.HTTPError) as refused:
        accounts.normalize_username(name)
    assert refused.value.status_code == 400


def test_only_ascii_letters_are_made_small(accounts: LocalAccounts) -> None:
    assert accounts.normalize_username("EVE") == "eve"
    assert accounts.normalize_username("\u212aim") == "\u212aim"


def test_a_checked_name_is_the_kept_form_or_400_with_the_rule(accounts: LocalAccounts) -> None:
    assert accounts.checked_name("Eve") == "eve"
    with pytest.raises(web.HTTPError) as refused:
        accounts.checked_name("e\nve")
    assert refused.value.status_code == 400
    assert r'"e\nve"' in str(refused.value.log_message)


def test_first_handlers_come_before_all_others(accounts: LocalAccounts) -> None:
    accounts.first_handlers = [("/login", web.RequestHandler)]
    routes = accounts.get_handlers(None)
    assert routes[0] == ("/login", web.RequestHandler)
    assert {"/accounts", "/accounts/link", "/login"} <= {pattern for pattern, _ in routes}


def test_the_templates_are_where_the_room_says() -> None:
    assert {path.name for path in TEMPLATES.iterdir()} >= {"accounts.html", "accounts_link.html", "login.html"}
