"""The store: its thread, its transactions, its locks, and the files that it refuses."""

import asyncio
import random
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from ipaddress import IPv4Network
from pathlib import Path
from sqlite3 import Connection

import pytest

import records
from records.addresses import addresses, ensure_address
from records.errors import DatabaseDamaged, SchemaTooNew, StoreBusy, StoreUnusable
from records.people import ensure_person, find_person, people
from records.store import Store

REPOSITORY = Path(records.__file__).parents[1]
PAGE_BYTES = 4096

# one hub process's worth of writing: new people, one more server for everyone there is, one shared folder
WRITER = """
import sys
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from records.addresses import ensure_address
from records.people import ensure_person, people, shared_gid
from records.store import Store

path, who, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
subnet = IPv4Network("10.77.0.0/16")
with Store(path) as store:
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(rounds):
        def add(connection):
            for user_name in (f"{who}-{number}", f"common-{number}"):
                person = ensure_person(connection, user_name, first_uid=20000, now=datetime.now(UTC))
                ensure_address(connection, person.person_id, "", subnet)
                ensure_address(connection, person.person_id, f"gpu-{number}", subnet)
            shared_gid(connection, f"folder-{number}", first_gid=20005)
        store.run_now(add)
"""


def add_person(store: Store, user_name: str, now: datetime) -> None:
    store.run_now(lambda connection: ensure_person(connection, user_name, first_uid=20000, now=now))


def user_names(store: Store) -> list[str]:
    return [person.user_name for person in store.run_now(people)]


def fill(path: Path, now: datetime, *, number: int = 200) -> None:
    def add(connection: Connection) -> None:
        for index in range(number):
            person = ensure_person(connection, f"person-{index}", first_uid=20000, now=now)
            ensure_address(connection, person.person_id, "", IPv4Network("10.77.0.0/16"))

    with Store(path) as store:
        store.run_now(add)


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(content)


async def test_a_function_runs_on_the_stores_own_thread_and_always_on_the_same(store: Store) -> None:
    def ask(connection: Connection) -> threading.Thread:
        return threading.current_thread()

    asked = [await store.run(ask), await store.run(ask), store.run_now(ask)]
    assert threading.current_thread() not in asked
    assert len(set(asked)) == 1


async def test_opening_does_not_touch_the_file_on_the_callers_thread(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[threading.Thread] = []
    connect = sqlite3.connect

    def noting_connect(*args: object, **kwargs: object) -> object:
        used.append(threading.current_thread())
        return connect(*args, **kwargs)  # type: ignore[call-overload]

    monkeypatch.setattr(sqlite3, "connect", noting_connect)
    store = Store(path)
    assert await store.run(people) == []
    store.close()
    assert used
    assert threading.current_thread() not in used


async def test_the_event_loop_turns_while_the_store_works(store: Store) -> None:
    working = asyncio.ensure_future(store.run(lambda connection: time.sleep(0.5)))
    turns = 0
    while not working.done():
        await asyncio.sleep(0.01)
        turns += 1
    assert turns >= 10


async def test_calls_run_one_after_the_other_in_the_order_asked(store: Store) -> None:
    order: list[int] = []
    await asyncio.gather(*(store.run(lambda connection, n=n: order.append(n)) for n in range(20)))  # type: ignore[misc]
    assert order == list(range(20))


def test_what_a_function_did_is_kept_when_it_returns(path: Path, now: datetime) -> None:
    with Store(path) as store:
        add_person(store, "ada", now)
    with Store(path) as store:
        assert user_names(store) == ["ada"]


async def test_an_exception_in_the_function_undoes_everything_and_reaches_the_caller(
    store: Store, now: datetime
) -> None:
    def add_and_fail(connection: Connection) -> None:
        ensure_person(connection, "ada", first_uid=20000, now=now)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        await store.run(add_and_fail)
    assert await store.run(people) == []
    await store.run(lambda connection: ensure_person(connection, "bob", first_uid=20000, now=now))
    assert [person.uid for person in await store.run(people)] == [20000]


def test_the_file_is_for_its_owner_only(store: Store, path: Path, now: datetime) -> None:
    add_person(store, "ada", now)
    assert {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()} == {0o600}


def test_making_the_file_leaves_nothing_else_behind(path: Path) -> None:
    Store(path).open().close()
    assert list(path.parent.iterdir()) == [path]


def test_a_store_can_be_closed_twice(path: Path) -> None:
    store = Store(path).open()
    store.close()
    store.close()


def test_a_store_that_was_never_opened_makes_no_file(path: Path) -> None:
    Store(path).close()
    assert not path.exists()


def test_several_processes_add_people_and_addresses_without_a_duplicate(path: Path) -> None:
    rounds, names = 25, ["a", "b", "c"]
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), name, str(rounds)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=120)
    assert [writer.returncode for writer in writers] == [0, 0, 0]

    with Store(path) as store:
        everyone, given = store.run_now(people), store.run_now(addresses)
        numbers = store.run_now(lambda connection: connection.execute("SELECT id, person_id FROM ids").fetchall())
    assert len(everyone) == rounds * (len(names) + 1)
    assert len({person.uid for person in everyone}) == len(everyone)
    assert len(numbers) == len(everyone) + rounds, "each person and each folder has one number"
    assert len(given) == len({row.address for row in given}) == len(everyone) * 2
    assert len({(row.person_id, row.server) for row in given}) == len(given)


def test_two_stores_that_make_the_file_at_once_agree_on_one(path: Path, now: datetime) -> None:
    for attempt in range(20):
        one_path = path.with_name(f"{attempt}.sqlite")
        stores = [Store(one_path), Store(one_path)]
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(add_person, stores, ["ada", "bob"], [now, now]))
        assert user_names(stores[0]) == user_names(stores[1]) == ["ada", "bob"]
        for store in stores:
            store.close()


def test_a_held_lock_is_waited_for(store: Store, path: Path, now: datetime) -> None:
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    release = threading.Timer(1.0, lambda: holder.execute("COMMIT"))
    release.start()
    add_person(store, "ada", now)
    release.join()
    holder.close()
    assert user_names(store) == ["ada"]


def test_a_lock_that_is_never_released_ends_in_a_sentence(path: Path, now: datetime) -> None:
    Store(path).open().close()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with Store(path, patience_seconds=0.4) as store:
        began = time.monotonic()
        with pytest.raises(StoreBusy, match="in use by another process"):
            add_person(store, "ada", now)
        assert time.monotonic() - began < 3
        holder.close()
        add_person(store, "ada", now)
        assert user_names(store) == ["ada"]


def test_a_newer_schema_is_refused_and_the_file_stays_as_it_is(path: Path, now: datetime) -> None:
    fill(path, now, number=3)
    with sqlite3.connect(path) as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    before = path.read_bytes()
    store = Store(path)
    with pytest.raises(SchemaTooNew, match=r"schema 99; this one knows 1\).*Start the newer version") as refusal:
        store.open()
    store.close()
    assert (refusal.value.found, refusal.value.known) == (99, 1)
    assert path.read_bytes() == before


def assert_refused_as_damaged(path: Path) -> None:
    before = path.read_bytes()
    store = Store(path)
    with pytest.raises(DatabaseDamaged, match="Stop the hub, keep the file under another name and put your newest"):
        store.open()
    with pytest.raises(DatabaseDamaged):
        store.run_now(people)
    store.close()
    assert path.read_bytes() == before, "a damaged file is evidence"


@pytest.mark.parametrize(
    "header",
    [bytes(100), b"\xff" * 100, random.Random(1).randbytes(100), b"SQLite format 3\0" + bytes(84)],
    ids=["zeros", "ones", "random", "zeros behind the magic"],
)
def test_a_file_with_an_overwritten_header_is_damaged(path: Path, now: datetime, header: bytes) -> None:
    fill(path, now)
    overwrite(path, 0, header)
    assert_refused_as_damaged(path)


@pytest.mark.parametrize("content", ["random", "zeros"])
def test_a_file_with_any_one_page_overwritten_is_damaged(path: Path, now: datetime, content: str) -> None:
    fill(path, now)
    sound, numbers = path.read_bytes(), random.Random(2)
    pages = len(sound) // PAGE_BYTES
    assert pages > 20
    for page in range(pages):
        path.write_bytes(sound)
        overwrite(path, page * PAGE_BYTES, numbers.randbytes(PAGE_BYTES) if content == "random" else bytes(PAGE_BYTES))
        assert_refused_as_damaged(path)


def test_a_file_that_lost_its_end_is_damaged(path: Path, now: datetime) -> None:
    fill(path, now)
    path.write_bytes(path.read_bytes()[: -3 * PAGE_BYTES])
    assert_refused_as_damaged(path)


def test_an_emptied_file_is_damaged_and_no_new_beginning(path: Path, now: datetime) -> None:
    fill(path, now)
    path.write_bytes(b"")
    assert_refused_as_damaged(path)
    store = Store(path)
    with pytest.raises(DatabaseDamaged, match="the file is empty"):
        store.open()
    store.close()


def test_another_programs_database_is_not_taken_for_the_records(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
    other.close()
    assert_refused_as_damaged(path)


def test_damage_that_happens_while_the_store_is_open_is_told_too(path: Path, now: datetime) -> None:
    fill(path, now)
    numbers = random.Random(3)
    with Store(path) as store:
        pages = path.stat().st_size // PAGE_BYTES
        overwrite(path, PAGE_BYTES, numbers.randbytes((pages - 1) * PAGE_BYTES))
        store.run_now(lambda connection: connection.execute("PRAGMA shrink_memory"))  # forget the pages read
        with pytest.raises(DatabaseDamaged, match="Stop the hub"):
            store.run_now(lambda connection: find_person(connection, "person-7"))


def test_a_full_disk_is_told_and_changes_nothing(store: Store, now: datetime) -> None:
    add_person(store, "ada", now)

    def fill_the_disk(connection: Connection) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        for index in range(1000):
            ensure_person(connection, f"person-{index}", first_uid=20000, now=now)

    with pytest.raises(StoreUnusable, match="the disk is full.*Free some space"):
        store.run_now(fill_the_disk)
    assert user_names(store) == ["ada"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    store = Store(tmp_path / "nowhere" / "records.sqlite")
    with pytest.raises(StoreUnusable, match="No such file or directory.*Check that its folder exists"):
        store.open()
    store.close()


def test_a_folder_in_the_place_of_the_file_is_told(path: Path) -> None:
    path.mkdir()
    store = Store(path)
    with pytest.raises(StoreUnusable, match="unable to open database file"):
        store.open()
    store.close()


def test_other_errors_of_sqlite_reach_the_caller_as_they_are(store: Store) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        store.run_now(lambda connection: connection.execute("SELECT * FROM no_such_table"))


def test_rows_that_point_nowhere_are_refused(store: Store) -> None:
    def point_nowhere(connection: Connection) -> None:
        connection.execute("INSERT INTO addresses (address, person_id, server) VALUES (1, 'nobody', '')")

    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
        store.run_now(point_nowhere)
