"""The journal of starts."""

from collections.abc import Callable
from datetime import datetime, timedelta
from sqlite3 import Connection

import pytest

from records.errors import PersonUnknown, StartUnknown
from records.people import Person, end_person
from records.starts import (
    KEPT_GENERATIONS,
    begin_start,
    end_start,
    last_start,
    mark_created,
    mark_ready,
    open_starts,
)

MakePerson = Callable[[str], Person]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def begin(connection: Connection, now: datetime) -> Callable[..., int]:
    def begin_one(person: Person, server: str = "", at: datetime = now) -> int:
        return begin_start(
            connection,
            person_id=person.person_id,
            server=server,
            container_name=f"c-{person.user_name}",
            config_hash="hash",
            now=at,
        )

    return begin_one


def test_a_start_is_written_down_before_anything_exists(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    ada = make_person("ada")
    assert last_start(connection, ada.person_id, "") is None
    assert begin(ada) == 1
    start = last_start(connection, ada.person_id, "")
    assert start is not None
    assert (start.generation, start.container_name, start.config_hash, start.begun_at) == (1, "c-ada", "hash", now)
    assert (start.container_id, start.ready_at, start.ended_at, start.reason) == (None, None, None, None)
    assert open_starts(connection) == [start]


def test_generations_grow_per_person_and_server(make_person: MakePerson, begin: Callable[..., int]) -> None:
    ada, bob = make_person("ada"), make_person("bob")
    assert [begin(ada), begin(ada), begin(ada, "gpu"), begin(bob), begin(ada)] == [1, 2, 1, 1, 3]


def test_what_became_of_a_start_is_noted(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    ada = make_person("ada")
    generation = begin(ada)
    mark_created(connection, ada.person_id, "", generation, "abc")
    mark_ready(connection, ada.person_id, "", generation, now=now + MINUTE)
    mark_ready(connection, ada.person_id, "", generation, now=now + 2 * MINUTE)
    assert end_start(connection, ada.person_id, "", reason="You stopped it.", now=now + 3 * MINUTE)
    start = last_start(connection, ada.person_id, "")
    assert start is not None
    assert (start.container_id, start.ready_at) == ("abc", now + MINUTE)
    assert (start.ended_at, start.reason) == (now + 3 * MINUTE, "You stopped it.")
    assert open_starts(connection) == []


def test_the_first_reason_of_an_end_stays(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    ada = make_person("ada")
    begin(ada)
    assert end_start(connection, ada.person_id, "", reason="out of memory", now=now)
    assert not end_start(connection, ada.person_id, "", reason="stopped", now=now + MINUTE)
    start = last_start(connection, ada.person_id, "")
    assert start is not None
    assert (start.reason, start.ended_at) == ("out of memory", now)


def test_the_late_end_of_an_older_start_leaves_the_newer_one_open(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    ada = make_person("ada")
    older = begin(ada)
    newer = begin(ada)
    assert not end_start(connection, ada.person_id, "", reason="late", now=now, generation=older)
    assert [start.generation for start in open_starts(connection)] == [newer]


def test_a_newer_start_ends_the_one_that_was_left_open(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int]
) -> None:
    ada = make_person("ada")
    begin(ada)
    begin(ada)
    reasons = connection.execute("SELECT generation, reason FROM starts ORDER BY generation").fetchall()
    assert reasons == [(1, "A newer start took its place."), (2, None)]


def test_ending_what_was_never_started_changes_nothing(
    make_person: MakePerson, connection: Connection, now: datetime
) -> None:
    assert not end_start(connection, make_person("ada").person_id, "", reason="x", now=now)


def test_marks_of_an_unknown_start_are_refused(make_person: MakePerson, connection: Connection, now: datetime) -> None:
    ada = make_person("ada")
    with pytest.raises(StartUnknown, match='no start 4 of the server "gpu"'):
        mark_created(connection, ada.person_id, "gpu", 4, "abc")
    with pytest.raises(StartUnknown):
        mark_ready(connection, ada.person_id, "gpu", 4, now=now)


def test_an_ended_person_starts_nothing(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    ada = make_person("ada")
    end_person(connection, "ada", now)
    with pytest.raises(PersonUnknown):
        begin(ada)


def test_the_journal_keeps_the_last_starts_of_each_server_only(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int]
) -> None:
    ada, bob = make_person("ada"), make_person("bob")
    begin(bob)
    generations = [begin(ada) for _ in range(KEPT_GENERATIONS + 15)]
    assert generations[-1] == KEPT_GENERATIONS + 15
    kept = connection.execute(
        "SELECT generation FROM starts WHERE person_id = ? ORDER BY generation", (str(ada.person_id),)
    ).fetchall()
    assert [row[0] for row in kept] == generations[-KEPT_GENERATIONS:]
    assert last_start(connection, bob.person_id, "") is not None


def test_open_starts_come_from_the_oldest(
    make_person: MakePerson, connection: Connection, begin: Callable[..., int], now: datetime
) -> None:
    begin(make_person("bob"), at=now + MINUTE)
    begin(make_person("ada"), at=now)
    assert [start.container_name for start in open_starts(connection)] == ["c-ada", "c-bob"]
