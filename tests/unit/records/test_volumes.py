"""Homes: recorded once, kept after their person, given to another only by an admin's choice."""

from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv4Network
from sqlite3 import Connection

import pytest

from records.addresses import ensure_address, find_address
from records.errors import HomeNotGiven, HomeUnknown, PersonUnknown
from records.people import Person, end_person, get_person, rename_person
from records.starts import begin_start, end_start
from records.volumes import (
    Home,
    ensure_home,
    find_home,
    get_home,
    give_home,
    homes,
    mark_prepared,
    mark_removed,
)

MakePerson = Callable[[str], Person]


def make_home(connection: Connection, person: Person) -> Home:
    new_name = f"home-{person.user_name}-{person.person_id.hex[:12]}"
    return ensure_home(connection, person, kind="volume", new_name=new_name)


def test_the_recorded_name_and_kind_are_given_ever_after(make_person: MakePerson, connection: Connection) -> None:
    ada = make_person("ada")
    home = ensure_home(connection, ada, kind="volume", new_name="home-ada")
    assert home == Home("home-ada", "volume", ada.person_id, None, None)
    assert ensure_home(connection, ada, kind="folder", new_name="another-rule-of-naming") == home
    assert find_home(connection, ada.person_id) == home


def test_a_renamed_person_keeps_their_home(make_person: MakePerson, connection: Connection) -> None:
    home = make_home(connection, make_person("ada"))
    assert make_home(connection, rename_person(connection, "ada", "lovelace")) == home


def test_u22_ending_a_person_keeps_home_and_address(
    make_person: MakePerson, connection: Connection, now: datetime, subnet: IPv4Network
) -> None:
    ada = make_person("ada")
    home = make_home(connection, ada)
    address = ensure_address(connection, ada.person_id, "", subnet)
    end_person(connection, "ada", now)
    assert homes(connection) == [home]
    assert find_home(connection, ada.person_id) == home
    assert find_address(connection, ada.person_id, "", subnet) == address


def test_u22_a_new_person_of_an_ended_ones_name_gets_another_home(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    old = make_home(connection, make_person("ada"))
    end_person(connection, "ada", now)
    new = make_home(connection, make_person("ada"))
    assert new.name != old.name
    assert new.person_id != old.person_id


def test_u22_even_a_naming_rule_without_ids_gives_no_home_twice(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    names = []
    for _ in range(3):
        names.append(ensure_home(connection, make_person("ada"), kind="volume", new_name="home-ada").name)
        end_person(connection, "ada", now)
    assert names == ["home-ada", "home-ada-2", "home-ada-3"]


def test_an_ended_person_gets_no_new_home(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    ada = make_person("ada")
    end_person(connection, "ada", now)
    with pytest.raises(PersonUnknown):
        make_home(connection, ada)


def test_u22_give_home_hands_an_ended_persons_home_and_uid_to_the_chosen_one(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    old = make_person("ada")
    old_home = make_home(connection, old)
    end_person(connection, "ada", now)
    new = make_person("ada")
    new_home = make_home(connection, new)

    given = give_home(connection, name=old_home.name, to_person=new)

    assert given.person_id == new.person_id
    assert find_home(connection, new.person_id) == given
    assert ensure_home(connection, new, kind="volume", new_name="other").name == old_home.name
    assert get_person(connection, new.person_id).uid == old.uid
    assert get_person(connection, old.person_id).uid == new.uid
    kept = find_home(connection, old.person_id)
    assert kept is not None
    assert kept.name == new_home.name


def test_a_home_can_be_given_to_somebody_who_has_none_yet(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    old = make_person("ada")
    home = make_home(connection, old)
    end_person(connection, "ada", now)
    new = make_person("bob")
    give_home(connection, name=home.name, to_person=new)
    assert find_home(connection, old.person_id) is None
    assert get_person(connection, new.person_id).uid == old.uid


def test_giving_homes_to_and_fro_never_gives_one_uid_to_two_people(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    old = make_person("ada")
    old_home = make_home(connection, old)
    end_person(connection, "ada", now)
    new = make_person("ada")
    new_home = make_home(connection, new)
    give_home(connection, name=old_home.name, to_person=new)
    give_home(connection, name=old_home.name, to_person=new)
    assert get_person(connection, new.person_id).uid == old.uid
    give_home(connection, name=new_home.name, to_person=new)
    assert get_person(connection, new.person_id).uid == new.uid
    assert make_person("eve").uid == max(old.uid, new.uid) + 1


def test_the_home_of_somebody_living_is_not_given(make_person: MakePerson, connection: Connection) -> None:
    home = make_home(connection, make_person("ada"))
    with pytest.raises(HomeNotGiven, match="belongs to ada, who has not been deleted"):
        give_home(connection, name=home.name, to_person=make_person("bob"))


def test_a_home_is_not_given_to_somebody_ended(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    home = make_home(connection, make_person("ada"))
    bob = make_person("bob")
    end_person(connection, "ada", now)
    end_person(connection, "bob", now)
    with pytest.raises(PersonUnknown):
        give_home(connection, name=home.name, to_person=bob)


def test_a_home_is_not_given_while_the_workspace_of_either_runs(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    home = make_home(connection, make_person("ada"))
    end_person(connection, "ada", now)
    bob = make_person("bob")
    begin_start(connection, person_id=bob.person_id, server="", container_name="c", config_hash="h", now=now)
    with pytest.raises(HomeNotGiven, match="a workspace of bob runs. Stop it first"):
        give_home(connection, name=home.name, to_person=bob)
    end_start(connection, bob.person_id, "", reason="stopped", now=now)
    assert give_home(connection, name=home.name, to_person=bob).person_id == bob.person_id


def test_a_home_that_is_not_there_is_not_given(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    home = make_home(connection, make_person("ada"))
    end_person(connection, "ada", now)
    mark_removed(connection, home.name, now=now)
    for name in (home.name, "nothing"):
        with pytest.raises(HomeUnknown, match="homes list"):
            give_home(connection, name=name, to_person=make_person("bob"))


def test_marks_keep_their_first_moment(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    name = make_home(connection, make_person("ada")).name
    for moment in (now, now + timedelta(days=1)):
        mark_prepared(connection, name, now=moment)
        mark_removed(connection, name, now=moment)
    assert (get_home(connection, name).prepared_at, get_home(connection, name).removed_at) == (now, now)


def test_marks_of_an_unknown_home_are_refused(connection: Connection, now: datetime) -> None:
    with pytest.raises(HomeUnknown):
        mark_prepared(connection, "nothing", now=now)
    with pytest.raises(HomeUnknown):
        mark_removed(connection, "nothing", now=now)


def test_a_removed_home_is_listed_only_when_asked_for_and_its_name_is_spent(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    ada = make_person("ada")
    first = ensure_home(connection, ada, kind="volume", new_name="home-ada")
    mark_removed(connection, first.name, now=now)
    assert homes(connection) == []
    assert find_home(connection, ada.person_id) is None
    assert [home.name for home in homes(connection, with_removed=True)] == ["home-ada"]
    assert ensure_home(connection, ada, kind="volume", new_name="home-ada").name == "home-ada-2"
