"""The one file in which the records live: opened, migrated, locked and run here, on a thread of its own.

It knows nothing of what is recorded. Several processes may use the file at once; each has its own Store.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from sqlite3 import Connection
from types import TracebackType
from typing import Final, Self, TypeVar

from records import database
from records.errors import StoreBusy
from records.migrations import MIGRATIONS, Migration

PATIENCE_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.02

T = TypeVar("T")


class Store:
    """The records of one hub.

    Everything happens on one thread of its own, so the caller's event loop never waits for a disk or a lock.
    """

    def __init__(
        self,
        path: Path,
        *,
        migrations: Sequence[Migration] = MIGRATIONS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        self.path = path
        self._migrations = migrations
        self._patience_seconds = patience_seconds
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="records")
        self._connection: Connection | None = None
        self._is_closed = False

    def open(self) -> Self:
        """Make, check and migrate the file; without it the first use does so.

        Raises DatabaseDamaged, SchemaTooNew, StoreUnusable or StoreBusy. Before a migration the file is
        copied to ``<name>.schema-<old version>.copy`` beside it.
        """
        self._thread.submit(self._opened).result()
        return self

    async def run(self, act: Callable[[Connection], T]) -> T:
        """Run a function of the connection in one transaction: all of it, or nothing if it raises."""
        return await asyncio.wrap_future(self._thread.submit(self._in_transaction, act))

    def run_now(self, act: Callable[[Connection], T]) -> T:
        """Do what `run` does for a caller without an event loop, and wait for it."""
        return self._thread.submit(self._in_transaction, act).result()

    def close(self) -> None:
        """Finish what was asked for and close the file; a closed store cannot be used again."""
        if not self._is_closed:
            self._is_closed = True
            self._thread.submit(self._closed).result()
            self._thread.shutdown()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> Connection:
        if self._connection is None:
            with database.disk_errors_explained(self.path), database.errors_explained(self.path):
                self._patiently(lambda: database.ensure_file(self.path, self._migrations))
                self._connection = self._patiently(lambda: database.connect(self.path, self._migrations))
        return self._connection

    def _closed(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _in_transaction(self, act: Callable[[Connection], T]) -> T:
        connection = self._opened()
        with database.errors_explained(self.path):
            self._patiently(lambda: connection.execute("BEGIN IMMEDIATE"))
            try:
                result = act(connection)
                connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself where the disk was full or the file could not be read
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

    def _patiently(self, step: Callable[[], T]) -> T:
        """Repeat a step that did nothing because another process holds the lock, for a limited time."""
        deadline = time.monotonic() + self._patience_seconds
        while True:
            try:
                return step()
            except sqlite3.OperationalError as error:
                if not database.is_busy(error):
                    raise
            if time.monotonic() >= deadline:
                raise StoreBusy(self.path, self._patience_seconds)
            time.sleep(PAUSE_SECONDS)
