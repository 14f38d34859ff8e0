"""Local accounts on fresh records, without a hub."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authenticators import LocalAccounts
from settings.schema import Settings

START = datetime(2030, 5, 6, 12, 0, tzinfo=UTC)


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def pass_minutes(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def make_accounts(tmp_path: Path, clock: Clock) -> Iterator[Callable[[], LocalAccounts]]:
    made: list[LocalAccounts] = []

    def make() -> LocalAccounts:
        settings = Settings.model_validate({"sign_in": {"admins": ["admin", "grace"]}})
        made.append(LocalAccounts(settings=settings, data_dir=str(tmp_path), clock=clock, allow_existing_users=True))
        return made[-1]

    yield make
    for accounts in made:
        accounts.store.close()
        accounts.passwords.close()


@pytest.fixture
def accounts(make_accounts: Callable[[], LocalAccounts]) -> LocalAccounts:
    return make_accounts()
