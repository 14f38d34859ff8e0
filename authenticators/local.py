"""Local accounts: who may sign in with a password of this hub, and what JupyterHub tells us of people coming and going.

Passwords and links lie in the records; which names there can be is decided by `usernames`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final
from uuid import UUID

from jupyterhub.auth import Authenticator
from jupyterhub.handlers.base import BaseHandler
from tornado import web
from traitlets import Callable, Instance, List, Unicode

from authenticators.errors import PasswordsBusy
from authenticators.pages import account_pages
from authenticators.passwords import Passwords
from authenticators.redirects import pages_that_stay_on_site
from authenticators.usernames import BadUserName, check_user_name
from records import FILE_NAME
from records.accounts import password_hash, set_password_hash
from records.people import end_person, ensure_person, find_person, rename_person
from records.store import Store
from settings.errors import shown
from settings.schema import Settings

REFUSED: Final = (
    "Wrong user name or password. If you have a one-time link, open it first to set your password; "
    "an admin can give you a new one."
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed to sign in."""

    user_name: str
    password: str


@dataclass(frozen=True, slots=True)
class Account:
    """What is recorded of the one who wants to sign in; both are None where there is nobody or no password."""

    person_id: UUID | None = None
    hash_text: str | None = None


def utc_now() -> datetime:
    """Give the time."""
    return datetime.now(UTC)


class LocalAccounts(Authenticator):  # type: ignore[misc]
    """Sign-in with a user name and a password that each person sets by a one-time link from an admin."""

    settings: Instance[Settings] = Instance(
        Settings,
        config=True,
        help="""What hub.toml says.

        There is no default: `settings.apply` sets it.

        .. versionadded:: 0.1
        """,
    )
    data_dir: Unicode[str, str | bytes] = Unicode(
        "/data",
        config=True,
        help="""The folder in which records.sqlite lies.

        Default: /data, the hub container's data volume.

        .. versionadded:: 0.1
        """,
    )
    first_handlers: List[Any] = List(
        config=True,
        help="""Routes that come before JupyterHub's own, as pairs of a pattern and a handler class.

        Default: none. JupyterHub itself only has `extra_handlers`, which come after its own.

        .. versionadded:: 0.1
        """,
    )
    clock = Callable(utc_now, help="Gives the time, in UTC; tests set another one.")

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.passwords = Passwords()
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """The records; opened at the first use, once in this process."""
        if self._store is None:
            self._store = Store(Path(self.data_dir) / FILE_NAME)
        return self._store

    def get_handlers(self, app: object) -> Sequence[tuple[str, type[BaseHandler]]]:
        """Give the routes that come before JupyterHub's own."""
        return [*self.first_handlers, *account_pages(), *pages_that_stay_on_site(), *super().get_handlers(app)]

    # Names

    def normalize_username(self, username: object) -> str:
        """Give the form in which a name is kept: `Eve` is `eve`."""
        if not isinstance(username, str):
            raise web.HTTPError(400, f'The user name "{shown(username)}" is not a text.')
        # only ASCII: str.lower() turns the Kelvin sign into k, and so one name into somebody else's
        return str(super().normalize_username(username)) if username.isascii() else username

    def validate_username(self, username: object) -> bool:
        """Tell if a person can have this name."""
        try:
            check_user_name(username, reserved_allowed=self.settings.sign_in.admins)
        except BadUserName:
            return False
        return True

    def checked_name(self, name: object) -> str:
        """Give the form in which a name is kept, or answer 400 with what is wrong with it."""
        try:
            return check_user_name(self.normalize_username(name), reserved_allowed=self.settings.sign_in.admins)
        except BadUserName as error:
            raise web.HTTPError(400, str(error)) from None

    def is_among_admins(self, user: Any) -> bool:
        """Tell if hub.toml or JupyterHub's list makes somebody an admin."""
        return user.name in self.settings.sign_in.admins or bool(user.admin)

    # Signing in

    async def authenticate(self, handler: BaseHandler, data: object) -> str:
        """Give the name of the one whose password this is; all others get the same answer after the same time."""
        attempt = self._attempt(data)
        account = await self.store.run(partial(_find_account, user_name=attempt.user_name))
        try:
            verdict = await self.passwords.verify(account.hash_text, attempt.password)
        except PasswordsBusy as error:
            raise web.HTTPError(503, str(error)) from None
        if not verdict.matches:
            # nothing that is no user name is logged: people type their password into the wrong field
            self.log.warning("Sign-in refused for %s", attempt.user_name or "something that is no user name")
            raise web.HTTPError(403, REFUSED)
        if verdict.needs_rehash:
            await self._rehash(account, attempt.password)
        return attempt.user_name

    def check_allowed(self, username: str, authentication: object = None) -> bool:
        """Tell if somebody with the right password may enter; where not, the answer is that of a wrong one."""
        if username in self.settings.sign_in.admins or super().check_allowed(username, authentication):
            return True
        self.log.warning("Sign-in refused for %s, who is not in JupyterHub's list of people", username)
        raise web.HTTPError(403, REFUSED)

    def _attempt(self, data: object) -> Attempt:
        """Read the form, or the `auth` field of a request for a token; what cannot be right becomes empty."""
        fields = data if isinstance(data, Mapping) else {}
        name, password = fields.get("username"), fields.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            return Attempt("", "")
        user_name = self.normalize_username(name)
        return Attempt(user_name if self.validate_username(user_name) else "", password)

    async def _rehash(self, account: Account, password: str) -> None:
        fresh = await self.passwords.hash(password)
        await self.store.run(partial(_replace_hash, account=account, fresh=fresh, now=self.clock()))

    # People coming and going, as JupyterHub tells

    async def add_user(self, user: Any) -> None:
        """Let a person of JupyterHub's list enter and give them their ids; it is called at every start for everyone."""
        super().add_user(user)
        first_uid = self.settings.storage.first_uid
        await self.store.run(partial(ensure_person, user_name=user.name, first_uid=first_uid, now=self.clock()))

    async def delete_user(self, user: Any) -> None:
        """End a person: password and links go, their home stays until an admin purges it."""
        super().delete_user(user)
        await self.store.run(partial(_end_person_if_any, user_name=user.name, now=self.clock()))

    async def rename(self, old_name: str, new_name: str) -> None:
        """Follow a change of name in JupyterHub's list; raises PersonUnknown and NameTaken."""
        await self.store.run(partial(rename_person, old_name=old_name, new_name=new_name))
        self.allowed_users.discard(old_name)
        self.allowed_users.add(new_name)
        self.log.info("%s is now called %s", old_name, new_name)


def _find_account(connection: Connection, *, user_name: str) -> Account:
    person = find_person(connection, user_name)
    if person is None:
        return Account()
    return Account(person.person_id, password_hash(connection, person.person_id))


def _replace_hash(connection: Connection, *, account: Account, fresh: str, now: datetime) -> None:
    # somebody may have set another password since
    if account.person_id is not None and password_hash(connection, account.person_id) == account.hash_text:
        set_password_hash(connection, account.person_id, fresh, now)


def _end_person_if_any(connection: Connection, *, user_name: str, now: datetime) -> None:
    if find_person(connection, user_name) is not None:
        end_person(connection, user_name, now)
