"""Passwords and one-time links."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection

import pytest

import records
from records.accounts import (
    account_rows,
    check_link,
    make_link,
    password_hash,
    set_password_hash,
    use_link,
)
from records.errors import LinkExpired, LinkRefused, LinkReplaced, LinkUnknown, LinkUsed, PersonUnknown
from records.people import Person, end_person, ensure_person, find_person
from records.store import Store

MakePerson = Callable[[str], Person]
MakeLink = Callable[..., str]
HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)

USER = """
import sys
from datetime import datetime
from pathlib import Path
from records.accounts import use_link
from records.errors import LinkUsed
from records.store import Store

path, token, hash_text, now = Path(sys.argv[1]), sys.argv[2], sys.argv[3], datetime.fromisoformat(sys.argv[4])
with Store(path) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        store.run_now(lambda connection: use_link(connection, token, hash_text, now))
        print("set", hash_text)
    except LinkUsed:
        print("used")
"""


@pytest.fixture
def link_for(connection: Connection, now: datetime) -> MakeLink:
    def make(person: Person, at: datetime = now, valid: timedelta = HOUR) -> str:
        return make_link(connection, person.person_id, now=at, valid=valid, made_by="admin")

    return make


def test_a_password_hash_is_kept_and_replaced(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    ada = make_person("ada")
    assert password_hash(connection, ada.person_id) is None
    for hash_text in ("first", "second"):
        set_password_hash(connection, ada.person_id, hash_text, now)
        assert password_hash(connection, ada.person_id) == hash_text


def test_an_ended_person_gets_neither_password_nor_link(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    ada = make_person("ada")
    end_person(connection, "ada", now)
    with pytest.raises(PersonUnknown):
        set_password_hash(connection, ada.person_id, "hash", now)
    with pytest.raises(PersonUnknown):
        link_for(ada)


def test_a_link_sets_the_password_of_its_person(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    ada = make_person("ada")
    token = link_for(ada)
    assert check_link(connection, token, now) == ada
    assert use_link(connection, token, "hash", now + HOUR - SECOND) == ada
    assert password_hash(connection, ada.person_id) == "hash"


def test_a_link_works_once(make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime) -> None:
    ada = make_person("ada")
    token = link_for(ada)
    use_link(connection, token, "hash", now)
    with pytest.raises(LinkUsed, match="used already"):
        use_link(connection, token, "another", now)
    with pytest.raises(LinkUsed):
        check_link(connection, token, now)
    assert password_hash(connection, ada.person_id) == "hash"


@pytest.mark.parametrize("late", [timedelta(0), SECOND, timedelta(days=400)], ids=["in time", "a second", "a year"])
def test_a_link_ends_with_its_time(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime, late: timedelta
) -> None:
    ada = make_person("ada")
    token = link_for(ada)
    assert check_link(connection, token, now + HOUR - timedelta(microseconds=1)) == ada
    with pytest.raises(LinkExpired, match="has expired. Ask an admin"):
        use_link(connection, token, "hash", now + HOUR + late)
    assert password_hash(connection, ada.person_id) is None


def test_a_new_link_ends_the_older_ones_of_that_person_only(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    ada, bob = make_person("ada"), make_person("bob")
    older, bobs, newest = link_for(ada), link_for(bob), link_for(ada)
    with pytest.raises(LinkReplaced, match="Use the newest one"):
        use_link(connection, older, "hash", now)
    assert check_link(connection, bobs, now) == bob
    assert check_link(connection, newest, now) == ada


def test_a_password_that_was_set_otherwise_ends_an_open_link(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    ada = make_person("ada")
    token = link_for(ada)
    set_password_hash(connection, ada.person_id, "hash", now)
    with pytest.raises(LinkReplaced):
        use_link(connection, token, "another", now)


@pytest.mark.parametrize("change", ["", "x", "cut", "lower", "other person's half", "\ud800", "\0", "1 MB"])
def test_a_wrong_token_is_unknown(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime, change: str
) -> None:
    token, other = link_for(make_person("ada")), link_for(make_person("bob"))
    wrong = {
        "": "",
        "x": token + "x",
        "cut": token[:-1],
        "lower": token.lower(),
        "other person's half": token[:20] + other[20:],
        "1 MB": "a" * 1_000_000,
    }.get(change, change)
    with pytest.raises(LinkUnknown, match="not known"):
        use_link(connection, wrong, "hash", now)


def test_the_link_of_an_ended_person_is_unknown_also_to_a_new_one_of_the_name(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    token = link_for(make_person("ada"))
    end_person(connection, "ada", now)
    again = make_person("ada")
    with pytest.raises(LinkUnknown):
        use_link(connection, token, "hash", now)
    assert password_hash(connection, again.person_id) is None


def test_a_token_has_256_bits_and_is_not_in_the_file(path: Path, now: datetime) -> None:
    with Store(path) as store:
        ada = store.run_now(lambda connection: ensure_person(connection, "ada", first_uid=20000, now=now))
        tokens = [
            store.run_now(lambda connection: make_link(connection, ada.person_id, now=now, valid=HOUR, made_by="admin"))
            for _ in range(3)
        ]
    assert len(set(tokens)) == 3
    assert all(len(token) == 43 and token.isascii() for token in tokens)
    assert not any(token.encode() in path.read_bytes() for token in tokens)


def test_of_many_threads_that_use_one_link_at_once_exactly_one_wins(path: Path, now: datetime) -> None:
    stores = [Store(path).open() for _ in range(4)]
    person_id, token = stores[0].run_now(lambda connection: person_with_link(connection, now))

    def use(number: int) -> str | None:
        try:
            stores[number].run_now(lambda connection: use_link(connection, token, f"hash-{number}", now))
        except LinkUsed:
            return None
        return f"hash-{number}"

    with ThreadPoolExecutor(4) as threads:
        winners = [hash_text for hash_text in threads.map(use, range(4)) if hash_text is not None]
    kept = stores[0].run_now(lambda connection: password_hash(connection, person_id))
    for store in stores:
        store.close()
    assert winners == [kept]


def test_of_two_processes_that_use_one_link_at_once_exactly_one_wins(path: Path, now: datetime) -> None:
    with Store(path) as store:
        person_id, token = store.run_now(lambda connection: person_with_link(connection, now))
        users = [
            subprocess.Popen(
                [sys.executable, "-c", USER, str(path), token, f"hash-{number}", now.isoformat()],
                cwd=Path(records.__file__).parents[1],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for number in range(2)
        ]
        for user in users:
            assert user.stdout is not None
            assert user.stdout.readline() == "ready\n"
        for user in users:
            assert user.stdin is not None
            user.stdin.write("go\n")
            user.stdin.flush()
        said = sorted(user.communicate(timeout=60)[0].strip() for user in users)
        kept = store.run_now(lambda connection: password_hash(connection, person_id))
    assert said == [f"set {kept}", "used"]


def person_with_link(connection: Connection, now: datetime) -> tuple:  # type: ignore[type-arg]
    person = ensure_person(connection, "ada", first_uid=20000, now=now)
    return person.person_id, make_link(connection, person.person_id, now=now, valid=HOUR, made_by="admin")


def test_a_refused_use_changes_nothing_even_in_one_transaction_with_other_things(path: Path, now: datetime) -> None:
    def add_and_use(connection: Connection) -> None:
        ensure_person(connection, "eve", first_uid=20000, now=now)
        use_link(connection, "wrong", "hash", now)

    with Store(path) as store:
        with pytest.raises(LinkRefused):
            store.run_now(add_and_use)
        assert store.run_now(lambda connection: find_person(connection, "eve")) is None


def test_the_list_of_accounts_tells_who_has_a_password_and_until_when_a_link(
    make_person: MakePerson, connection: Connection, link_for: MakeLink, now: datetime
) -> None:
    eve, bob, ada, dan = (make_person(name) for name in ("eve", "bob", "ada", "dan"))
    set_password_hash(connection, ada.person_id, "hash", now)
    link_for(ada, valid=2 * HOUR)
    link_for(bob, valid=3 * HOUR)
    link_for(bob)
    use_link(connection, link_for(eve), "hash", now)
    end_person(connection, "dan", now)
    assert [(row.person, row.has_password, row.link_until) for row in account_rows(connection)] == [
        (ada, True, now + 2 * HOUR),
        (bob, False, now + HOUR),
        (eve, True, None),
    ]
    assert dan.user_name == "dan"
