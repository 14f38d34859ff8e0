"""Which home belongs to whom: the name of a volume or folder is recorded once and never computed again.

It says what exists; nothing here makes or removes a volume.
"""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from sqlite3 import Connection
from typing import Final, Literal
from uuid import UUID

from records.errors import HomeNotGiven, HomeUnknown
from records.moments import moment_text, read_moment_or_none
from records.people import Person, get_living_person, get_person

HomeKind = Literal["volume", "folder"]

_SELECT: Final = (
    "SELECT homes.name, homes.kind, ids.person_id, homes.prepared_at, homes.removed_at "
    "FROM homes JOIN ids ON ids.id = homes.uid"
)


@dataclass(frozen=True, slots=True)
class Home:
    """One person's files: a named volume, or a folder under the configured root."""

    name: str
    kind: HomeKind
    person_id: UUID
    prepared_at: datetime | None
    removed_at: datetime | None


def ensure_home(connection: Connection, person: Person, *, kind: HomeKind, new_name: str) -> Home:
    """Give the person's recorded home, whatever its kind and name; record a new one if there is none.

    A name that was ever recorded is never recorded again: it gets a number behind it.
    """
    known = find_home(connection, person.person_id)
    if known is not None:
        return known
    uid = get_living_person(connection, person.person_id).uid
    name = _unused_name(connection, new_name)
    connection.execute("INSERT INTO homes (name, kind, uid) VALUES (?, ?, ?)", (name, kind, uid))
    return get_home(connection, name)


def find_home(connection: Connection, person_id: UUID) -> Home | None:
    """Give the home that a person, living or ended, has; None if there is none or it was removed."""
    row = connection.execute(
        f"{_SELECT} WHERE ids.person_id = ? AND homes.removed_at IS NULL", (str(person_id),)
    ).fetchone()
    return None if row is None else _home_from_row(row)


def get_home(connection: Connection, name: str) -> Home:
    """Give the home of this name, also one that was removed; raise HomeUnknown if none was ever recorded."""
    row = connection.execute(f"{_SELECT} WHERE homes.name = ?", (name,)).fetchone()
    if row is None:
        raise HomeUnknown(name)
    return _home_from_row(row)


def homes(connection: Connection, *, with_removed: bool = False) -> list[Home]:
    """Give all homes that are there, of living and ended people, by name; removed ones only if asked for."""
    where = "" if with_removed else "WHERE homes.removed_at IS NULL"
    return [_home_from_row(row) for row in connection.execute(f"{_SELECT} {where} ORDER BY homes.name")]


def mark_prepared(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that the home's own folder belongs to its person; the first time counts."""
    _update(connection, "UPDATE homes SET prepared_at = coalesce(prepared_at, ?) WHERE name = ?", name, now)


def mark_removed(connection: Connection, name: str, *, now: datetime) -> None:
    """Note that an admin removed the home for good; the first time counts, the name is never used again."""
    _update(connection, "UPDATE homes SET removed_at = coalesce(removed_at, ?) WHERE name = ?", name, now)


def give_home(connection: Connection, *, name: str, to_person: Person) -> Home:
    """Give a living person the home of an ended one, by an admin's choice.

    Files carry a user id, so the two people swap theirs: the given files are the new person's own without any
    being touched, and what the new person had until now is kept with the ended one. Both need to be stopped.
    """
    home = get_home(connection, name)
    if home.removed_at is not None:
        raise HomeUnknown(name)
    receiver = get_living_person(connection, to_person.person_id)
    giver = get_person(connection, home.person_id)
    if giver.person_id == receiver.person_id:
        return home
    _refuse_to_give(connection, name, giver, receiver)
    _swap_uids(connection, giver, receiver)
    return get_home(connection, name)


def _refuse_to_give(connection: Connection, name: str, giver: Person, receiver: Person) -> None:
    if not giver.is_ended:
        raise HomeNotGiven(name, f"it belongs to {giver.user_name}, who has not been deleted.")
    for person in (giver, receiver):
        if _has_open_start(connection, person):
            raise HomeNotGiven(name, f"a workspace of {person.user_name} runs. Stop it first.")


def _has_open_start(connection: Connection, person: Person) -> bool:
    return (
        connection.execute(
            "SELECT 1 FROM starts WHERE person_id = ? AND ended_at IS NULL", (str(person.person_id),)
        ).fetchone()
        is not None
    )


def _swap_uids(connection: Connection, one: Person, other: Person) -> None:
    set_holder = "UPDATE ids SET person_id = ? WHERE id = ?"
    connection.execute(set_holder, (None, one.uid))
    connection.execute(set_holder, (str(one.person_id), other.uid))
    connection.execute(set_holder, (str(other.person_id), one.uid))


def _unused_name(connection: Connection, wanted: str) -> str:
    numbered = (f"{wanted}-{number}" for number in count(2))
    name = wanted
    while connection.execute("SELECT 1 FROM homes WHERE name = ?", (name,)).fetchone() is not None:
        name = next(numbered)
    return name


def _update(connection: Connection, statement: str, name: str, now: datetime) -> None:
    if connection.execute(statement, (moment_text(now), name)).rowcount == 0:
        raise HomeUnknown(name)


def _home_from_row(row: tuple[str, HomeKind, str, str | None, str | None]) -> Home:
    name, kind, person_id, prepared_at, removed_at = row
    return Home(name, kind, UUID(person_id), read_moment_or_none(prepared_at), read_moment_or_none(removed_at))
