"""A fresh file of records for each test, and builders on it."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from sqlite3 import Connection

import pytest

from records import database
from records.migrations import MIGRATIONS
from records.people import Person, ensure_person
from records.store import Store


@pytest.fixture
def now() -> datetime:
    return datetime(2030, 5, 6, 12, 0, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store(path) as opened:
        yield opened


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    database.ensure_file(path, MIGRATIONS)
    opened = database.connect(path, MIGRATIONS)
    opened.execute("BEGIN IMMEDIATE")
    yield opened
    opened.close()


@pytest.fixture
def make_person(connection: Connection, now: datetime) -> Callable[[str], Person]:
    return lambda user_name: ensure_person(connection, user_name, first_uid=20000, now=now)


@pytest.fixture
def subnet() -> IPv4Network:
    return IPv4Network("10.77.0.0/16")
