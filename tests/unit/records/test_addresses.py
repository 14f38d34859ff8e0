"""Addresses: fixed for a person's server for ever, never given to another."""

from collections.abc import Callable
from datetime import datetime
from ipaddress import IPv4Address, IPv4Network
from sqlite3 import Connection
from uuid import uuid4

import pytest

from records.addresses import addresses, ensure_address, find_address
from records.errors import PersonUnknown, PoolFull, TooManyServerNames
from records.people import Person, end_person
from records.subnet import workspace_range

MakePerson = Callable[[str], Person]
SMALL = IPv4Network("10.9.8.0/26")


def test_the_first_address_is_the_sixteenth(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network
) -> None:
    ada = make_person("ada")
    given = [ensure_address(connection, ada.person_id, server, subnet) for server in ("", "gpu", "")]
    assert [str(address) for address in given] == ["10.77.0.16", "10.77.0.17", "10.77.0.16"]


def test_s11_three_hundred_addresses_stay_with_their_owners_and_none_is_given_twice(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network, now: datetime
) -> None:
    given: dict[tuple[str, str], IPv4Address] = {}
    owners: dict[IPv4Address, tuple[str, str]] = {}

    def make(user_name: str) -> None:
        person = make_person(user_name)
        for server in ("", "gpu", "Ünï/.."):
            address = ensure_address(connection, person.person_id, server, subnet)
            key = (str(person.person_id), server)
            assert owners.setdefault(address, key) == key
            assert given.setdefault(key, address) == address

    for round_number in range(5):
        for number in range(20):
            make(f"person-{number}")
        for number in range(20):
            make(f"person-{number}")
            end_person(connection, f"person-{number}", now)
        assert len(given) == len(owners) == (round_number + 1) * 60
    assert len(given) == 300
    for row in addresses(connection):
        assert find_address(connection, row.person_id, row.server, subnet) == row.address
        assert owners[row.address] == (str(row.person_id), row.server)


def test_s11_a_full_pool_is_refused_with_a_sentence_and_those_who_have_one_keep_it(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    size = 64 - 16 - 1
    everyone = [make_person(f"person-{number}") for number in range(size)]
    given = [ensure_address(connection, person.person_id, "", SMALL) for person in everyone]
    assert given == [IPv4Address("10.9.8.16") + number for number in range(size)]
    for person in everyone[:10]:
        end_person(connection, person.user_name, now)
    with pytest.raises(PoolFull) as refusal:
        ensure_address(connection, make_person("late").person_id, "", SMALL)
    assert str(refusal.value) == (
        "All 47 workspace addresses of 10.9.8.0/26 are given (37 to workspaces of people, 10 to those of people "
        "who were deleted; an address never changes hands). An admin has to choose a larger "
        "`network.subnet` in hub.toml."
    )
    assert (refusal.value.living, refusal.value.ended) == (37, 10)
    assert [ensure_address(connection, person.person_id, "", SMALL) for person in everyone] == given


def test_neither_the_infrastructures_addresses_nor_the_broadcast_address_are_given() -> None:
    first, last = workspace_range(SMALL)
    assert (str(first), str(last)) == ("10.9.8.16", "10.9.8.62")


def test_one_person_cannot_take_the_pool_with_ever_new_server_names(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network
) -> None:
    ada = make_person("ada")
    given = [ensure_address(connection, ada.person_id, f"server-{number}", subnet) for number in range(64)]
    with pytest.raises(TooManyServerNames, match="You have used 64 different server names.*earlier"):
        ensure_address(connection, ada.person_id, "one-more", subnet)
    assert ensure_address(connection, ada.person_id, "server-5", subnet) == given[5]
    assert ensure_address(connection, make_person("bob").person_id, "one-more", subnet)


def test_an_ended_person_and_a_stranger_get_no_address(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network, now: datetime
) -> None:
    ada = make_person("ada")
    end_person(connection, "ada", now)
    for person_id in (ada.person_id, uuid4()):
        with pytest.raises(PersonUnknown):
            ensure_address(connection, person_id, "", subnet)


def test_another_subnet_gives_another_address_and_the_first_one_comes_back_with_the_first_subnet(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network
) -> None:
    ada, bob = make_person("ada"), make_person("bob")
    first = ensure_address(connection, ada.person_id, "", subnet)
    assert str(ensure_address(connection, ada.person_id, "", SMALL)) == "10.9.8.16"
    assert str(ensure_address(connection, bob.person_id, "", subnet)) == "10.77.0.17"
    assert ensure_address(connection, ada.person_id, "", subnet) == first


def test_in_a_larger_subnet_around_the_old_one_no_address_is_given_twice(
    make_person: MakePerson, connection: Connection
) -> None:
    inner, outer = IPv4Network("10.77.0.64/26"), IPv4Network("10.77.0.0/24")
    people = [make_person(f"person-{number}") for number in range(150)]
    old = [ensure_address(connection, person.person_id, "", inner) for person in people[:40]]
    new = [ensure_address(connection, person.person_id, "", outer) for person in people]
    assert new[:40] == old
    assert len(set(new)) == 150


def test_an_address_that_a_smaller_subnet_keeps_for_the_hub_is_not_used_there(
    make_person: MakePerson, connection: Connection
) -> None:
    outer, inner = IPv4Network("10.77.0.0/24"), IPv4Network("10.77.0.64/26")
    people = [make_person(f"person-{number}") for number in range(60)]
    old = [ensure_address(connection, person.person_id, "", outer) for person in people]
    hub = IPv4Address("10.77.0.66")
    owner = people[old.index(hub)]
    moved = ensure_address(connection, owner.person_id, "", inner)
    assert moved not in old
    assert moved >= IPv4Address("10.77.0.80")


def test_the_twentieth_thousand_address_is_found_quickly(
    make_person: MakePerson, connection: Connection, subnet: IPv4Network
) -> None:
    ada = str(make_person("ada").person_id)
    first = int(workspace_range(subnet)[0])
    connection.executemany(
        "INSERT INTO addresses (address, person_id, server) VALUES (?, ?, ?)",
        [(first + number, ada, f"server-{number}") for number in range(20000)],
    )
    steps = 0

    def count() -> None:
        nonlocal steps
        steps += 1

    connection.set_progress_handler(count, 1_000_000)  # virtual-machine steps, not seconds: the same everywhere
    ensure_address(connection, make_person("bob").person_id, "", subnet)
    assert steps <= 1
