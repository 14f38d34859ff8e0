"""Who the hub knows: a person's id and user id, which nobody else ever gets; those who left leave a tombstone."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final
from uuid import UUID, uuid4

from records.errors import NameTaken, PersonUnknown
from records.moments import moment_text, read_moment, read_moment_or_none

# 65534 is nobody and nogroup, 65535 is -1 to old system calls
NOBODYS_IDS: Final = frozenset({65534, 65535})

PERSON_COLUMNS: Final = "people.person_id, people.user_name, ids.id, people.created_at, people.ended_at"
_SELECT: Final = f"SELECT {PERSON_COLUMNS} FROM people JOIN ids ON ids.person_id = people.person_id"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the hub knows or knew; ``uid`` is also the number of their group."""

    person_id: UUID
    user_name: str
    uid: int
    created_at: datetime
    ended_at: datetime | None

    @property
    def is_ended(self) -> bool:
        """True once they were deleted."""
        return self.ended_at is not None


def person_from_row(row: tuple[str, str, int, str, str | None]) -> Person:
    """Make a Person of a row of `PERSON_COLUMNS`."""
    person_id, user_name, uid, created_at, ended_at = row
    return Person(UUID(person_id), user_name, uid, read_moment(created_at), read_moment_or_none(ended_at))


def ensure_person(connection: Connection, user_name: str, *, first_uid: int, now: datetime) -> Person:
    """Give the living person of this name; make them, with ids that nobody ever had, if there is none."""
    known = find_person(connection, user_name)
    if known is not None:
        return known
    person_id = _new_person_id(connection)
    connection.execute(
        "INSERT INTO people (person_id, user_name, created_at) VALUES (?, ?, ?)",
        (str(person_id), user_name, moment_text(now)),
    )
    uid = _new_id(connection, first_uid, "person_id")
    connection.execute("INSERT INTO ids (id, person_id) VALUES (?, ?)", (uid, str(person_id)))
    return get_person(connection, person_id)


def find_person(connection: Connection, user_name: str) -> Person | None:
    """Give the living person of this name, or None if there is none."""
    if not _is_storable(user_name):
        return None
    row = connection.execute(
        f"{_SELECT} WHERE people.user_name = ? AND people.ended_at IS NULL", (user_name,)
    ).fetchone()
    return None if row is None else person_from_row(row)


def get_person(connection: Connection, person_id: UUID) -> Person:
    """Give the person with this id, living or ended; raise PersonUnknown if nobody ever had it."""
    row = connection.execute(f"{_SELECT} WHERE people.person_id = ?", (str(person_id),)).fetchone()
    if row is None:
        raise PersonUnknown(person_id)
    return person_from_row(row)


def get_living_person(connection: Connection, person_id: UUID) -> Person:
    """Give the person with this id; raise PersonUnknown if they were deleted or never were."""
    person = get_person(connection, person_id)
    if person.is_ended:
        raise PersonUnknown(person.user_name)
    return person


def end_person(connection: Connection, user_name: str, now: datetime) -> Person:
    """Mark a person as deleted: password and links go, ids, home and addresses stay theirs for ever."""
    person = find_person(connection, user_name)
    if person is None:
        raise PersonUnknown(user_name)
    key = (str(person.person_id),)
    connection.execute("DELETE FROM passwords WHERE person_id = ?", key)
    connection.execute("DELETE FROM links WHERE person_id = ?", key)
    connection.execute("UPDATE people SET ended_at = ? WHERE person_id = ?", (moment_text(now), *key))
    return get_person(connection, person.person_id)


def rename_person(connection: Connection, old_name: str, new_name: str) -> Person:
    """Give a living person another name; everything of theirs stays as it is, names of volumes too."""
    person = find_person(connection, old_name)
    if person is None:
        raise PersonUnknown(old_name)
    other = find_person(connection, new_name)
    if other is not None and other != person:
        raise NameTaken(new_name)
    connection.execute("UPDATE people SET user_name = ? WHERE person_id = ?", (new_name, str(person.person_id)))
    return get_person(connection, person.person_id)


def people(connection: Connection) -> list[Person]:
    """Give everyone living, by name."""
    rows = connection.execute(f"{_SELECT} WHERE people.ended_at IS NULL ORDER BY people.user_name")
    return [person_from_row(row) for row in rows]


def ended_people(connection: Connection) -> list[Person]:
    """Give everyone who was deleted, the last one first."""
    rows = connection.execute(
        f"{_SELECT} WHERE people.ended_at IS NOT NULL ORDER BY people.ended_at DESC, people.rowid DESC"
    )
    return [person_from_row(row) for row in rows]


def shared_gid(connection: Connection, folder: str, *, first_gid: int) -> int:
    """Give the group id of a shared folder; it is chosen once and no person or folder ever gets it again."""
    row = connection.execute("SELECT id FROM ids WHERE folder = ?", (folder,)).fetchone()
    if row is not None:
        return int(row[0])
    gid = _new_id(connection, first_gid, "folder")
    connection.execute("INSERT INTO ids (id, folder) VALUES (?, ?)", (gid, folder))
    return gid


def _new_id(connection: Connection, first: int, holder: str) -> int:
    """Choose the next number above all that this kind of holder ever had, past those of the other kind."""
    highest = connection.execute(f"SELECT max(id) FROM ids WHERE {holder} IS NOT NULL").fetchone()[0]  # noqa: S608
    candidate = first if highest is None else max(first, int(highest) + 1)
    while candidate in NOBODYS_IDS or _is_given(connection, candidate):
        candidate += 1
    return candidate


def _is_given(connection: Connection, number: int) -> bool:
    return connection.execute("SELECT 1 FROM ids WHERE id = ?", (number,)).fetchone() is not None


def _new_person_id(connection: Connection) -> UUID:
    """Make an id whose first 12 hex digits nobody has: they stand in the names of containers and volumes."""
    while True:
        person_id = uuid4()
        like = (str(person_id)[:13],)
        if connection.execute("SELECT 1 FROM people WHERE substr(person_id, 1, 13) = ?", like).fetchone() is None:
            return person_id


def _is_storable(text: str) -> bool:
    """False for lone surrogates, which JSON can carry and SQLite cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
