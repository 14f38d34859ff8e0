"""The accounts' own pages: everyone's accounts for admins, and the page behind a one-time link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from sqlite3 import Connection
from typing import TYPE_CHECKING, Any, Final

from jupyterhub import orm
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import new_token, url_path_join
from tornado import web

from authenticators.errors import BadPassword, PasswordsBusy
from authenticators.links import link_url, minutes_left
from authenticators.passwords import LEAST_CHARACTERS, check_new_password
from records.accounts import AccountRow, account_rows, check_link, make_link, use_link
from records.errors import LinkRefused, LinkUnknown, PersonUnknown
from records.people import Person, find_person
from settings.errors import shown

if TYPE_CHECKING:
    from authenticators.local import LocalAccounts

ROWS_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class AccountView:
    """One row of the Accounts page."""

    user_name: str
    is_admin: bool
    has_password: bool
    link_minutes: int


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that was made just now and is shown once."""

    user_name: str
    url: str
    minutes: int


class AccountPage(BaseHandler):  # type: ignore[misc]
    """What both pages share: nobody keeps a copy of them, and no address of theirs goes to another site."""

    def set_default_headers(self) -> None:
        """Also forbid copies and referrers."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")

    @property
    def accounts(self) -> "LocalAccounts":
        """The accounts that people sign in with."""
        accounts: LocalAccounts = self.authenticator
        return accounts


class AccountsPage(AccountPage):
    """/hub/accounts: who has a password or an open link; an admin makes links here."""

    @web.authenticated
    async def get(self) -> None:
        """Show everyone, or those whose name has the text looked for."""
        self._require_admin()
        await self._show(None)

    @web.authenticated
    async def post(self) -> None:
        """Make a one-time link for a person and show it, this once."""
        self._require_admin()
        user = self._find_target(self.get_body_argument("name", ""))
        await self._show(await self._make_link(user.name))

    def _require_admin(self) -> None:
        if not self.has_scope("admin:users"):
            raise web.HTTPError(403, "Only admins can see accounts.")

    def _find_target(self, user_name: str) -> Any:
        """Give JupyterHub's object of the person, or answer 404; the link of an admin is for admins to make.

        Else somebody who may only add people could become an admin by a link.
        """
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404, f'There is no person "{shown(user_name)}". Add them in the admin panel first.')
        if self.accounts.is_among_admins(user) and not self.accounts.is_among_admins(self.current_user):
            raise web.HTTPError(403, "Only an admin can make a link for an admin.")
        return user

    async def _make_link(self, user_name: str) -> NewLink:
        minutes = self.accounts.settings.sign_in.link_minutes
        try:
            token = await self.accounts.store.run(
                partial(
                    _make_link,
                    user_name=user_name,
                    now=self.accounts.clock(),
                    valid=timedelta(minutes=minutes),
                    made_by=self.current_user.name,
                )
            )
        except PersonUnknown as error:
            raise web.HTTPError(404, str(error)) from None
        self.log.info("%s made a one-time link for %s", self.current_user.name, user_name)
        return NewLink(user_name, link_url(self.accounts.settings, token), minutes)

    async def _show(self, new_link: NewLink | None) -> None:
        wanted = self.get_argument("q", "").strip().lower()
        views = [view for view in await self._views() if wanted in view.user_name]
        page, pages = self._page(len(views))
        html = await self.render_template(
            "accounts.html",
            accounts=views[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE],
            count=len(views),
            wanted=wanted,
            page=page,
            pages=pages,
            new_link=new_link,
        )
        self.finish(html)

    async def _views(self) -> Sequence[AccountView]:
        rows = await self.accounts.store.run(account_rows)
        # someone whom JupyterHub does not list cannot sign in, so a link would lead nowhere
        is_admin = {
            user.name: self.accounts.is_among_admins(user) for user in self.db.query(orm.User.name, orm.User.admin)
        }
        now = self.accounts.clock()
        return [_view(row, is_admin[row.person.user_name], now) for row in rows if row.person.user_name in is_admin]

    def _page(self, count: int) -> tuple[int, int]:
        """Give the page asked for, from 1, and how many there are."""
        pages = max(1, -(-count // ROWS_PER_PAGE))
        text = self.get_argument("page", "1")
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and 1 <= int(text)):
            raise web.HTTPError(400, f'There is no page "{shown(text)}".')
        return min(int(text), pages), pages


class LinkPage(AccountPage):
    """/hub/accounts/link: somebody with a one-time link sets their password and is signed in."""

    async def get(self) -> None:
        """Show the form; opening it changes nothing, so a mail program that looks at links spends none."""
        token = self.get_query_argument("token", "")
        await self._answer(token)

    async def post(self) -> None:
        """Set the password, spend the link, end older sessions and sign in."""
        token = self.get_body_argument("token", "", strip=False)
        try:
            password = check_new_password(self._typed("password"), self._typed("repeated"))
            hash_text = await self._hashed(token, password)
            person = await self._use(token, hash_text)
        except (BadPassword, PasswordsBusy) as refused:
            await self._answer(token, str(refused))
            return
        except LinkRefused as refused:
            await self._refuse(refused)
            return
        await self._sign_in(person, password)

    def check_xsrf_cookie(self) -> None:
        """Say in words what to do when the form is too old; its cookie lives one hour."""
        try:
            super().check_xsrf_cookie()
        except web.HTTPError as error:
            raise web.HTTPError(error.status_code, "This form is too old. Open your one-time link again.") from None

    def _typed(self, field: str) -> str:
        # not get_body_argument: it turns control characters into spaces, and so one password into another
        values = self.request.body_arguments.get(field, [b""])
        try:
            return bytes(values[-1]).decode("utf-8")
        except UnicodeDecodeError:
            raise BadPassword("The password is not readable text. Type it again.") from None

    async def _hashed(self, token: str, password: str) -> str:
        # first, so that nobody without a link makes the hub hash
        await self._check(token)
        return await self.accounts.passwords.hash(password)

    async def _check(self, token: str) -> Person:
        person = await self.accounts.store.run(partial(check_link, token=token, now=self.accounts.clock()))
        if self.find_user(person.user_name) is None:
            raise LinkUnknown
        return person

    async def _use(self, token: str, hash_text: str) -> Person:
        now = self.accounts.clock()
        person = await self.accounts.store.run(partial(use_link, token=token, hash_text=hash_text, now=now))
        self.log.info("%s set a password by a one-time link", person.user_name)
        return person

    async def _sign_in(self, person: Person, password: str) -> None:
        user = self.find_user(person.user_name)
        if user is not None:
            _end_sessions(self.db, user)
        # the same way in as everyone's, so that whatever else keeps people out holds here too
        signed_in = await self.login_user({"username": person.user_name, "password": password})
        self.redirect(url_path_join(self.hub.base_url, "home" if signed_in else "login"))

    async def _answer(self, token: str, problem: str = "") -> None:
        """Show the form with what was wrong with the last try, or why the link opens nothing."""
        try:
            person = await self._check(token)
        except LinkRefused as refused:
            await self._refuse(refused)
            return
        if problem:
            self.set_status(400)
        self.finish(
            await self.render_template(
                "accounts_link.html",
                user_name=person.user_name,
                token=token,
                problem=problem,
                least_characters=LEAST_CHARACTERS,
            )
        )

    async def _refuse(self, refused: LinkRefused) -> None:
        self.set_status(404 if isinstance(refused, LinkUnknown) else 410)
        self.finish(await self.render_template("accounts_link.html", user_name=None, problem=str(refused)))


def account_pages() -> list[tuple[str, type[BaseHandler]]]:
    """Give the routes of the accounts' pages."""
    return [("/accounts", AccountsPage), ("/accounts/link", LinkPage)]


def _view(row: AccountRow, is_admin: bool, now: datetime) -> AccountView:
    minutes = 0 if row.link_until is None else minutes_left(row.link_until, now)
    return AccountView(row.person.user_name, is_admin, row.has_password, minutes)


def _make_link(connection: Connection, *, user_name: str, now: datetime, valid: timedelta, made_by: str) -> str:
    person = find_person(connection, user_name)
    if person is None:
        raise PersonUnknown(user_name)
    return make_link(connection, person.person_id, now=now, valid=valid, made_by=made_by)


def _end_sessions(db: Any, user: Any) -> None:
    """End a person's sessions: the hub's cookie names the old id, and servers were opened with tokens of OAuth."""
    user.orm_user.cookie_id = new_token()
    for token in list(user.api_tokens):
        # tokens that the person made, and those of running servers, belong to the client "jupyterhub"
        if token.client_id != "jupyterhub":
            db.delete(token)
    db.commit()
