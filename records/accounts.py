"""Local accounts: a person's password hash, and one-time links of which only a hash is kept.

It never sees a password; who hashes and who may make a link is decided elsewhere.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from sqlite3 import Connection
from typing import Final
from uuid import UUID

from records.errors import LinkExpired, LinkReplaced, LinkUnknown, LinkUsed
from records.moments import moment_text, read_moment, read_moment_or_none
from records.people import PERSON_COLUMNS, Person, get_living_person, person_from_row

TOKEN_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A living person's account; ``link_until`` is the end of their open link, which may lie behind us."""

    person: Person
    has_password: bool
    link_until: datetime | None


def set_password_hash(connection: Connection, person_id: UUID, hash_text: str, now: datetime) -> None:
    """Set or replace a living person's password hash; links that were still open end."""
    get_living_person(connection, person_id)
    connection.execute(
        "INSERT INTO passwords (person_id, hash, changed_at) VALUES (?, ?, ?) "
        "ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, changed_at = excluded.changed_at",
        (str(person_id), hash_text, moment_text(now)),
    )
    _end_open_links(connection, person_id, now)


def password_hash(connection: Connection, person_id: UUID) -> str | None:
    """Give a person's password hash, or None if they have no password."""
    row = connection.execute("SELECT hash FROM passwords WHERE person_id = ?", (str(person_id),)).fetchone()
    return None if row is None else str(row[0])


def make_link(connection: Connection, person_id: UUID, *, now: datetime, valid: timedelta, made_by: str) -> str:
    """Make a one-time link for a living person and give its token, which nobody can read again.

    Their older links end.
    """
    get_living_person(connection, person_id)
    _end_open_links(connection, person_id, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    connection.execute(
        "INSERT INTO links (token_sha256, person_id, made_at, made_by, valid_until) VALUES (?, ?, ?, ?, ?)",
        (_digest(token), str(person_id), moment_text(now), made_by, moment_text(now + valid)),
    )
    return token


def check_link(connection: Connection, token: str, now: datetime) -> Person:
    """Give the person whose open link this is; raise LinkUnknown, LinkUsed or LinkExpired otherwise."""
    row = connection.execute(
        "SELECT person_id, valid_until, used_at, replaced_at FROM links WHERE token_sha256 = ?",
        (_digest(token),),
    ).fetchone()
    if row is None:
        raise LinkUnknown
    person_id, valid_until, used_at, replaced_at = row
    if used_at is not None:
        raise LinkUsed
    if replaced_at is not None:
        raise LinkReplaced
    if read_moment(valid_until) <= now:
        raise LinkExpired
    return get_living_person(connection, UUID(person_id))


def use_link(connection: Connection, token: str, hash_text: str, now: datetime) -> Person:
    """Set the password of a link's person and spend the link, both or neither; raises as `check_link`."""
    person = check_link(connection, token, now)
    spent = connection.execute(
        "UPDATE links SET used_at = ? WHERE token_sha256 = ? AND used_at IS NULL",
        (moment_text(now), _digest(token)),
    )
    if spent.rowcount != 1:
        raise LinkUsed
    set_password_hash(connection, person.person_id, hash_text, now)
    return person


def account_rows(connection: Connection) -> list[AccountRow]:
    """Give the accounts of everyone living, by name."""
    rows = connection.execute(
        f"""
        SELECT {PERSON_COLUMNS}, passwords.person_id IS NOT NULL, open_links.valid_until
        FROM people JOIN ids ON ids.person_id = people.person_id
        LEFT JOIN passwords ON passwords.person_id = people.person_id
        LEFT JOIN (
          SELECT person_id, max(valid_until) AS valid_until FROM links
          WHERE used_at IS NULL AND replaced_at IS NULL GROUP BY person_id
        ) AS open_links ON open_links.person_id = people.person_id
        WHERE people.ended_at IS NULL ORDER BY people.user_name
        """  # noqa: S608
    )
    return [AccountRow(person_from_row(row[:5]), bool(row[5]), read_moment_or_none(row[6])) for row in rows]


def _end_open_links(connection: Connection, person_id: UUID, now: datetime) -> None:
    connection.execute(
        "UPDATE links SET replaced_at = ? WHERE person_id = ? AND used_at IS NULL AND replaced_at IS NULL",
        (moment_text(now), str(person_id)),
    )


def _digest(token: str) -> str:
    # plain SHA-256 is enough: the token has 256 random bits, so there is nothing to guess
    return sha256(token.encode("utf-8", "replace")).hexdigest()
