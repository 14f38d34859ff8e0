"""The journal of starts: what was wanted, before the engine is asked, and afterwards why it ended."""

from dataclasses import dataclass
from datetime import datetime
from sqlite3 import Connection
from typing import Final
from uuid import UUID

from records.errors import StartUnknown
from records.moments import moment_text, read_moment, read_moment_or_none
from records.people import get_living_person

KEPT_GENERATIONS: Final = 20

_SELECT: Final = (
    "SELECT person_id, server, generation, container_name, config_hash, begun_at, container_id, ready_at, "
    "ended_at, reason FROM starts"
)


@dataclass(frozen=True, slots=True)
class Start:
    """One attempt to run a server, from the wish to the reason for its end."""

    person_id: UUID
    server: str
    generation: int
    container_name: str
    config_hash: str
    begun_at: datetime
    container_id: str | None
    ready_at: datetime | None
    ended_at: datetime | None
    reason: str | None


def begin_start(
    connection: Connection,
    *,
    person_id: UUID,
    server: str,
    container_name: str,
    config_hash: str,
    now: datetime,
) -> int:
    """Write down that a server is wanted and give its generation, one more than ever before.

    An older start that is still open ends here; the last `KEPT_GENERATIONS` are kept.
    """
    get_living_person(connection, person_id)
    end_start(connection, person_id, server, reason="A newer start took its place.", now=now)
    last = last_start(connection, person_id, server)
    generation = 1 if last is None else last.generation + 1
    connection.execute(
        "INSERT INTO starts (person_id, server, generation, container_name, config_hash, begun_at) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (str(person_id), server, generation, container_name, config_hash, moment_text(now)),
    )
    connection.execute(
        "DELETE FROM starts WHERE person_id = ? AND server = ? AND generation <= ?",
        (str(person_id), server, generation - KEPT_GENERATIONS),
    )
    return generation


def mark_created(connection: Connection, person_id: UUID, server: str, generation: int, container_id: str) -> None:
    """Note which container the engine made for a start."""
    found = connection.execute(
        "UPDATE starts SET container_id = ? WHERE person_id = ? AND server = ? AND generation = ?",
        (container_id, str(person_id), server, generation),
    )
    if found.rowcount == 0:
        raise StartUnknown(server, generation)


def mark_ready(connection: Connection, person_id: UUID, server: str, generation: int, *, now: datetime) -> None:
    """Note when the server of a start first answered."""
    found = connection.execute(
        "UPDATE starts SET ready_at = coalesce(ready_at, ?) WHERE person_id = ? AND server = ? AND generation = ?",
        (moment_text(now), str(person_id), server, generation),
    )
    if found.rowcount == 0:
        raise StartUnknown(server, generation)


def end_start(
    connection: Connection,
    person_id: UUID,
    server: str,
    *,
    reason: str,
    now: datetime,
    generation: int | None = None,
) -> bool:
    """Note that a start ended and why, and tell if it was open; its first reason stays.

    Without a generation it is the last one. Name it where a newer start may have begun meanwhile.
    """
    if generation is None:
        last = last_start(connection, person_id, server)
        generation = 0 if last is None else last.generation
    ended = connection.execute(
        "UPDATE starts SET ended_at = ?, reason = ? "
        "WHERE person_id = ? AND server = ? AND generation = ? AND ended_at IS NULL",
        (moment_text(now), reason, str(person_id), server, generation),
    )
    return ended.rowcount == 1


def last_start(connection: Connection, person_id: UUID, server: str) -> Start | None:
    """Give the newest start of a server, open or ended; None if it was never started."""
    row = connection.execute(
        f"{_SELECT} WHERE person_id = ? AND server = ? ORDER BY generation DESC LIMIT 1",
        (str(person_id), server),
    ).fetchone()
    return None if row is None else _start_from_row(row)


def open_starts(connection: Connection) -> list[Start]:
    """Give every start that has not ended, the oldest first: what should be running now."""
    rows = connection.execute(f"{_SELECT} WHERE ended_at IS NULL ORDER BY begun_at, rowid")
    return [_start_from_row(row) for row in rows]


def _start_from_row(
    row: tuple[str, str, int, str, str, str, str | None, str | None, str | None, str | None],
) -> Start:
    person_id, server, generation, container_name, config_hash, begun, container_id, ready, ended, reason = row
    return Start(
        person_id=UUID(person_id),
        server=server,
        generation=generation,
        container_name=container_name,
        config_hash=config_hash,
        begun_at=read_moment(begun),
        container_id=container_id,
        ready_at=read_moment_or_none(ready),
        ended_at=read_moment_or_none(ended),
        reason=reason,
    )
