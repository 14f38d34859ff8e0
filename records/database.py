"""The records' file as SQLite sees it: made, checked, copied, migrated; it knows no threads or retries."""

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from records.errors import DatabaseDamaged, SchemaTooNew, StoreUnusable
from records.migrations import Migration

BUSY_SECONDS: Final = 0.25
APPLICATION_ID: Final = 0x57534852  # "WSHR" in the file's header, so that no other program's database is taken for ours

_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_UNUSABLE: Final = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
)
_CHECK_FOLDER: Final = "Check that its folder exists, that the hub's user may write there and that the disk is well."
_FREE_SPACE: Final = "Free some space on its disk; nothing was changed."


def is_busy(error: sqlite3.OperationalError) -> bool:
    """True if another process holds the lock."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def errors_explained(path: Path) -> Iterator[None]:
    """Turn SQLite's errors about the file itself into ours, which say what to do; others pass."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = _code(error)
        if code in _DAMAGED:
            raise DatabaseDamaged(path, str(error)) from error
        if code == sqlite3.SQLITE_FULL:
            raise StoreUnusable(path, "the disk is full", _FREE_SPACE) from error
        if code in _UNUSABLE:
            raise StoreUnusable(path, str(error), _CHECK_FOLDER) from error
        raise


@contextmanager
def disk_errors_explained(path: Path) -> Iterator[None]:
    """Turn the system's errors about the file or its folder into ours."""
    try:
        yield
    except OSError as error:
        raise StoreUnusable(path, error.strerror or str(error), _CHECK_FOLDER) from error


def ensure_file(path: Path, migrations: Sequence[Migration]) -> None:
    """Make the file with the newest schema if there is none.

    It appears whole or not at all: an empty file is therefore damage, not a beginning.
    """
    if path.exists():
        return
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    fresh = Path(name)
    try:
        _fill(fresh, migrations)
        _link(fresh, path)
    finally:
        fresh.unlink()


def connect(path: Path, migrations: Sequence[Migration]) -> Connection:
    """Open an existing file, check it whole, bring it to the newest schema; raises when it is not sound."""
    if path.stat().st_size == 0:
        raise DatabaseDamaged(path, "the file is empty")
    connection = _open(path)
    try:
        _check(connection, path, migrations)
        connection.execute("PRAGMA journal_mode = WAL")
        # FULL: an address or id that was given must still be given after a power cut
        connection.execute("PRAGMA synchronous = FULL")
        _migrate(connection, path, migrations)
        connection.execute("PRAGMA foreign_keys = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _open(path: Path) -> Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS, isolation_level=None)


def _fill(path: Path, migrations: Sequence[Migration]) -> None:
    with closing(_open(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        _apply(connection, migrations, 0)
        connection.execute("COMMIT")


def _link(fresh: Path, path: Path) -> None:
    """Give the finished file its name, unless another process was first."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check(connection: Connection, path: Path, migrations: Sequence[Migration]) -> None:
    if _pragma(connection, "application_id") != APPLICATION_ID:
        raise DatabaseDamaged(path, "it is not a file of Workspace Hub's records")
    if _pragma(connection, "user_version") > len(migrations):
        raise SchemaTooNew(path, _pragma(connection, "user_version"), len(migrations))
    (finding,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
    if finding != "ok":
        raise DatabaseDamaged(path, " ".join(str(finding).split()))


def _migrate(connection: Connection, path: Path, migrations: Sequence[Migration]) -> None:
    if _pragma(connection, "user_version") == len(migrations):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _pragma(connection, "user_version")  # again: another process may have been first
        if version < len(migrations):
            _copy(path, version)
            _apply(connection, migrations, version)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _apply(connection: Connection, migrations: Sequence[Migration], version: int) -> None:
    for migration in migrations[version:]:
        for statement in migration:
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {len(migrations)}")


def _copy(path: Path, version: int) -> None:
    """Copy the file as committed; the caller holds the write lock, so nothing can come in between."""
    copy = _unused(path.with_name(f"{path.name}.schema-{version}.copy"))
    part = copy.with_name(f"{copy.name}.part")
    part.unlink(missing_ok=True)
    part.touch(mode=0o600)
    # a second connection: SQLite does not copy from one that is in a write transaction
    with closing(_open(path)) as source, closing(_open(part)) as target:
        source.backup(target)
    part.rename(copy)


def _unused(copy: Path) -> Path:
    numbered = (copy.with_name(f"{copy.name}-{number}") for number in count(2))
    candidate = copy
    while candidate.exists():
        candidate = next(numbered)
    return candidate


def _pragma(connection: Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _code(error: sqlite3.DatabaseError) -> int:
    # the low byte is the error, the rest its kind: https://www.sqlite.org/rescode.html
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF
