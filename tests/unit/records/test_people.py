"""People: their ids are theirs alone, also after they left."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from sqlite3 import Connection
from uuid import UUID

import pytest

from records import people as people_module
from records.accounts import make_link, password_hash, set_password_hash
from records.errors import NameTaken, PersonUnknown
from records.people import (
    Person,
    end_person,
    ended_people,
    ensure_person,
    find_person,
    get_person,
    people,
    rename_person,
    shared_gid,
)

MakePerson = Callable[[str], Person]


def test_asking_twice_for_a_living_person_gives_the_same(make_person: MakePerson) -> None:
    assert make_person("ada") == make_person("ada")


def test_people_get_user_ids_from_the_first_one_up(make_person: MakePerson) -> None:
    assert [make_person(name).uid for name in ("ada", "bob", "eve")] == [20000, 20001, 20002]


def test_a_first_uid_that_was_raised_or_lowered_gives_no_id_twice(connection: Connection, now: datetime) -> None:
    firsts = [20000, 30000, 25000, 20000, 30000]
    uids = [ensure_person(connection, f"p{n}", first_uid=first, now=now).uid for n, first in enumerate(firsts)]
    assert uids == [20000, 30000, 30001, 30002, 30003]


def test_the_ids_of_nobody_are_left_out(connection: Connection, now: datetime) -> None:
    uids = [ensure_person(connection, name, first_uid=65533, now=now).uid for name in ("ada", "bob")]
    assert uids == [65533, 65536]


def test_the_moment_of_creation_is_kept_in_utc(connection: Connection) -> None:
    local = datetime(2030, 5, 6, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    person = ensure_person(connection, "ada", first_uid=20000, now=local)
    assert person.created_at == datetime(2030, 5, 6, 12, 0, tzinfo=UTC)


def test_a_moment_without_a_time_zone_is_refused(connection: Connection) -> None:
    naive = datetime(2030, 5, 6)  # noqa: DTZ001
    with pytest.raises(ValueError, match="time zone"):
        ensure_person(connection, "ada", first_uid=20000, now=naive)


@pytest.mark.parametrize("name", ["a@b", "A.B", "müller", "李雷", "x" * 64, "", "'; DROP TABLE people", "a\0b", "😀"])
def test_u21_any_text_can_be_the_name_of_a_person(make_person: MakePerson, connection: Connection, name: str) -> None:
    assert make_person(name).user_name == name
    assert find_person(connection, name) == make_person(name)
    assert find_person(connection, name + "x") is None


def test_a_name_that_cannot_be_stored_belongs_to_nobody(connection: Connection) -> None:
    assert find_person(connection, "\ud800") is None


def test_an_ended_person_is_not_found_by_name_but_kept(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    ada = make_person("ada")
    end_person(connection, "ada", now)
    assert find_person(connection, "ada") is None
    assert people(connection) == []
    (ended,) = ended_people(connection)
    assert (ended.person_id, ended.uid, ended.ended_at) == (ada.person_id, ada.uid, now)
    assert get_person(connection, ada.person_id) == ended


def test_u22_a_new_person_of_an_ended_ones_name_is_somebody_else(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    first = make_person("ada")
    end_person(connection, "ada", now)
    second = make_person("ada")
    assert second.person_id != first.person_id
    assert second.uid != first.uid
    assert people(connection) == [second]


def test_ending_a_person_takes_password_and_links_away(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    ada = make_person("ada")
    set_password_hash(connection, ada.person_id, "hash", now)
    make_link(connection, ada.person_id, now=now, valid=timedelta(hours=1), made_by="admin")
    end_person(connection, "ada", now)
    assert password_hash(connection, ada.person_id) is None
    assert connection.execute("SELECT count(*) FROM links").fetchone() == (0,)


def test_nobody_can_be_ended_twice(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    make_person("ada")
    end_person(connection, "ada", now)
    with pytest.raises(PersonUnknown, match='no person "ada"'):
        end_person(connection, "ada", now)


def test_people_are_listed_by_name_and_ended_ones_from_the_last(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    for name in ("eve", "ada", "bob", "dan"):
        make_person(name)
    end_person(connection, "dan", now)
    end_person(connection, "eve", now + timedelta(days=1))
    assert [person.user_name for person in people(connection)] == ["ada", "bob"]
    assert [person.user_name for person in ended_people(connection)] == ["eve", "dan"]


def test_a_renamed_person_stays_the_same_person(make_person: MakePerson, connection: Connection) -> None:
    ada = make_person("ada")
    renamed = rename_person(connection, "ada", "lovelace")
    assert (renamed.person_id, renamed.uid, renamed.user_name) == (ada.person_id, ada.uid, "lovelace")
    assert find_person(connection, "ada") is None
    assert rename_person(connection, "lovelace", "lovelace") == renamed


def test_renaming_to_the_name_of_somebody_living_is_refused(make_person: MakePerson, connection: Connection) -> None:
    make_person("ada")
    make_person("bob")
    with pytest.raises(NameTaken, match="belongs to somebody else"):
        rename_person(connection, "ada", "bob")
    with pytest.raises(PersonUnknown):
        rename_person(connection, "nobody", "eve")


def test_renaming_to_the_name_of_an_ended_person_is_possible(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    make_person("bob")
    end_person(connection, "bob", now)
    ada = make_person("ada")
    assert rename_person(connection, "ada", "bob").person_id == ada.person_id


def test_a_shared_folder_keeps_its_group_id(connection: Connection) -> None:
    gids = [shared_gid(connection, folder, first_gid=10000) for folder in ("vision", "speech", "vision")]
    assert gids == [10000, 10001, 10000]


def test_no_person_gets_the_group_id_of_a_folder_nor_a_folder_that_of_a_person(
    connection: Connection, now: datetime
) -> None:
    numbers = []
    for index in range(10):
        numbers.append(shared_gid(connection, f"folder{index}", first_gid=20000))
        numbers.append(ensure_person(connection, f"person{index}", first_uid=20003, now=now).uid)
    assert len(set(numbers)) == 20


def test_no_two_people_share_the_short_id_that_stands_in_names(
    make_person: MakePerson, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [
        UUID("11111111-2222-4333-8444-555555555555"),
        UUID("11111111-2222-4999-8999-999999999999"),
        UUID("11111111-3333-4333-8444-555555555555"),
    ]
    drawn = iter(ids)
    monkeypatch.setattr(people_module, "uuid4", lambda: next(drawn))
    assert make_person("ada").person_id == ids[0]
    assert make_person("bob").person_id == ids[2]
