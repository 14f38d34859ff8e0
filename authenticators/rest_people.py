"""JupyterHub's REST calls about people and their tokens, strictly."""

import re
from typing import Final

from jupyterhub import orm
from jupyterhub.apihandlers import users
from jupyterhub.user import User
from jupyterhub.utils import utcnow
from tornado import web

from authenticators import bodies
from authenticators.strict_handler import StrictHandler
from authenticators.strict_json import LARGE_BYTES
from settings.errors import HubError, shown

MOST_TOKENS: Final = 50

_TOKEN_ID: Final = re.compile(r"a[0-9]{1,18}")


class StrictPeople(users.UserListAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users."""

    models = {"POST": bodies.NewPeople}
    needs_body = frozenset({"POST"})
    most_body_bytes = LARGE_BYTES

    def check_body(self, body: dict[str, object]) -> None:
        """Refuse names that nobody can have, all of them before the first is made."""
        super().check_body(body)
        if self.request.method == "POST":
            for name in bodies.NewPeople.model_validate(body).usernames:
                self.accounts.checked_name(name)


class StrictPerson(users.UserAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users/NAME."""

    models = {"POST": bodies.NewPerson, "PATCH": bodies.PersonChange}
    needs_body = frozenset({"PATCH"})

    async def post(self, user_name: str) -> None:
        """Make a person; JupyterHub would make the row of any name before it asks if there can be one."""
        await super().post(self.accounts.checked_name(user_name))

    async def patch(self, user_name: str) -> None:
        """Change a person; a new name goes into the records too, for which JupyterHub has no hook."""
        new_name = self._take_new_name(user_name)
        if new_name is None:
            await super().patch(user_name)
            return
        self._refuse_to_rename(user_name)
        await super().patch(user_name)
        await self._rename_in_records(user_name, new_name)

    async def delete(self, user_name: str) -> None:
        """Delete a person; their named servers end first, without which JupyterHub ends in an answer of 500."""
        user = self.find_user(user_name)
        may_delete = user is not None and self.has_scope(f"delete:users!user={user_name}")
        if may_delete and user_name != self.current_user.name:
            await self._stop_named_servers(user)
        await super().delete(user_name)

    def _take_new_name(self, user_name: str) -> str | None:
        """Give the new name, or None if there is none; the same name again must not reach JupyterHub.

        JupyterHub 6.1.1 sets the name to NULL then (apihandlers/users.py, UserAPIHandler.patch: new_name stays None).
        """
        body = self._body or {}
        if "name" not in body:
            return None
        new_name = self.accounts.checked_name(body["name"])
        if new_name == user_name:
            del body["name"]
            return None
        body["name"] = new_name
        return new_name

    def _refuse_to_rename(self, user_name: str) -> None:
        user = self.find_user(user_name)
        if user is None or not self.has_scope(f"admin:users!user={user_name}"):
            return
        if user_name in self.accounts.settings.sign_in.admins:
            raise web.HTTPError(400, f"{user_name} is called so in hub.toml. Change `sign_in.admins` there.")
        for spawner in user.spawners.values():
            if spawner.active:
                raise web.HTTPError(400, f"{user_name} has a running server and cannot be renamed. Stop it first.")

    async def _rename_in_records(self, old_name: str, new_name: str) -> None:
        try:
            await self.accounts.rename(old_name, new_name)
        except HubError as error:
            self.find_user(new_name).name = old_name
            self.db.commit()
            raise web.HTTPError(409, str(error)) from None

    async def _stop_named_servers(self, user: User) -> None:
        for spawner in user.spawners.values():
            if spawner.pending:
                raise web.HTTPError(400, f"{spawner._log_name} is pending {spawner.pending}. Try again after that.")
        for name, spawner in list(user.spawners.items()):
            if name and spawner.active:
                await self.stop_single_user(user, name)
                if spawner.active:
                    raise web.HTTPError(400, f"{spawner._log_name} is still stopping. Try again in a minute.")


class StrictTokens(users.UserTokenListAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users/NAME/tokens."""

    models = {"POST": bodies.NewToken}

    async def post(self, user_name: str) -> None:
        """Make a token unless there are too many."""
        self._user_name = user_name
        if self.current_user is not None and self.has_scope(f"tokens!user={user_name}"):
            self._refuse_one_more()
        await super().post(user_name)

    async def authenticate(self, data: object) -> object:
        """Sign in by the body; many may wait here at once, so the tokens are counted after it."""
        authenticated: object = await super().authenticate(data)
        self._refuse_one_more()
        return authenticated

    def _refuse_one_more(self) -> None:
        user = self.find_user(self._user_name)
        if user is not None and _count_of_tokens(user) >= MOST_TOKENS:
            raise web.HTTPError(
                400, f"{user.name} has {MOST_TOKENS} tokens, the most that one person may have. Revoke one first."
            )


class StrictToken(users.UserTokenAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users/NAME/tokens/ID."""

    def find_token_by_id(self, user: User, token_id: str) -> orm.APIToken:
        """Find a token; a number that the database has no room for is nobody's, not an answer of 500."""
        if _TOKEN_ID.fullmatch(token_id) is None:
            raise web.HTTPError(404, f"No such token {shown(token_id)} for user {user.name}")
        return super().find_token_by_id(user, token_id)


class StrictActivity(users.ActivityAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users/NAME/activity."""

    models = {"POST": bodies.Activity}
    needs_body = frozenset({"POST"})


def _count_of_tokens(user: User) -> int:
    """Count the tokens that somebody asked for and that still work; running servers have theirs beside them."""
    now = utcnow(with_tz=False)
    return sum(
        token.client_id == "jupyterhub"
        and not (token.note or "").startswith(bodies.SERVER_NOTE)
        and (token.expires_at is None or token.expires_at > now)
        for token in user.api_tokens
    )
