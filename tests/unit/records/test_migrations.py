"""From an older schema to a newer one: copied first, all or nothing, by one process only."""

import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from sqlite3 import Connection

import pytest

from records.migrations import MIGRATIONS, Migration
from records.people import ensure_person, people
from records.store import Store

SECOND: Migration = ("ALTER TABLE people ADD COLUMN nickname TEXT", "UPDATE people SET nickname = user_name")
BROKEN: Migration = ("ALTER TABLE people ADD COLUMN nickname TEXT", "INSERT INTO no_such_table VALUES (1)")


@pytest.fixture
def old_file(path: Path, now: datetime) -> Path:
    with Store(path) as store:
        store.run_now(lambda connection: ensure_person(connection, "ada", first_uid=20000, now=now))
    return path


def version_of(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def nicknames(connection: Connection) -> list[str]:
    return [row[0] for row in connection.execute("SELECT nickname FROM people")]


def copies(path: Path) -> list[str]:
    return sorted(file.name for file in path.parent.iterdir() if ".copy" in file.name)


def open_and_close(path: Path, migrations: Sequence[Migration]) -> None:
    Store(path, migrations=migrations).open().close()


def test_a_fresh_file_has_the_newest_schema_and_no_copy(path: Path) -> None:
    open_and_close(path, MIGRATIONS)
    assert version_of(path) == len(MIGRATIONS)
    assert copies(path) == []


def test_an_older_file_is_brought_to_the_newest_schema_with_its_content(old_file: Path) -> None:
    with Store(old_file, migrations=(*MIGRATIONS, SECOND)) as store:
        assert store.run_now(nicknames) == ["ada"]
    assert version_of(old_file) == len(MIGRATIONS) + 1


def test_the_file_is_copied_before_it_is_changed(old_file: Path) -> None:
    open_and_close(old_file, (*MIGRATIONS, SECOND))
    assert copies(old_file) == ["records.sqlite.schema-1.copy"]
    copy = old_file.with_name("records.sqlite.schema-1.copy")
    assert version_of(copy) == 1
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.replace(old_file)
    with Store(old_file) as store:
        assert [person.user_name for person in store.run_now(people)] == ["ada"]


def test_the_copy_holds_what_is_only_in_the_write_ahead_log_yet(path: Path, now: datetime) -> None:
    with Store(path) as still_open:
        still_open.run_now(lambda connection: ensure_person(connection, "ada", first_uid=20000, now=now))
        open_and_close(path, (*MIGRATIONS, SECOND))
    with closing(sqlite3.connect(path.with_name("records.sqlite.schema-1.copy"))) as copy:
        assert copy.execute("SELECT user_name FROM people").fetchall() == [("ada",)]


def test_an_earlier_copy_is_not_overwritten(old_file: Path) -> None:
    earlier = old_file.with_name("records.sqlite.schema-1.copy")
    earlier.write_bytes(b"earlier")
    open_and_close(old_file, (*MIGRATIONS, SECOND))
    assert earlier.read_bytes() == b"earlier"
    assert copies(old_file) == [earlier.name, f"{earlier.name}-2"]


def test_a_migration_that_fails_changes_nothing(old_file: Path) -> None:
    store = Store(old_file, migrations=(*MIGRATIONS, BROKEN))
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.open()
    store.close()
    assert version_of(old_file) == 1
    with closing(sqlite3.connect(old_file)) as connection:
        assert "nickname" not in [row[1] for row in connection.execute("PRAGMA table_info (people)")]


def test_a_file_of_the_newest_schema_is_not_copied_again(old_file: Path) -> None:
    open_and_close(old_file, (*MIGRATIONS, SECOND))
    open_and_close(old_file, (*MIGRATIONS, SECOND))
    assert len(copies(old_file)) == 1


def test_of_two_that_open_an_old_file_at_once_one_migrates(old_file: Path) -> None:
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(open_and_close, [old_file] * 2, [(*MIGRATIONS, SECOND)] * 2))
    assert version_of(old_file) == 2
    assert len(copies(old_file)) == 1
