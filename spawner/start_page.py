"""The page with the start form: JupyterHub's, but looking at it makes nothing, and what is refused makes nothing.

JupyterHub 6.1.1 writes a new named server into its database when somebody only looks at the form for one, answers
bytes that are no UTF-8 with 500, and logs a traceback for every form that is refused.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from jupyterhub.handlers import BaseHandler
from jupyterhub.handlers.pages import SpawnHandler
from jupyterhub.scopes import needs_scope
from tornado import web

from settings.errors import shown
from spawner.errors import RequestRefused
from spawner.shown import ShownError
from spawner.spawner import WorkspaceSpawner

# fields of the address that are JupyterHub's, not options
NOT_OPTIONS = ("next", "display_name")


class StartPage(SpawnHandler):  # type: ignore[misc]  # JupyterHub has no types
    """GET and POST /hub/spawn, /hub/spawn/NAME and /hub/spawn/NAME/SERVER."""

    async def prepare(self) -> None:
        """Refuse fields that are not text, once it is known who asks."""
        await super().prepare()
        for name, values in self.request.arguments.items():
            if not all(_is_text(value) for value in values):
                raise ShownError(400, f"The value of the field {shown(name)} is not UTF-8 text.")

    @needs_scope("servers")  # type: ignore[untyped-decorator]
    async def _get(self, user_name: str, server_name: str, display_name: str) -> None:
        """Show the form where there is something to start; a running server's page is JupyterHub's."""
        user = self.find_user(user_name)
        if user is None or (server_name in user.spawners and user.spawners[server_name].active):
            await super()._get(user_name=user_name, server_name=server_name, display_name=display_name)
            return
        if server_name:
            await self._check_named_server_request(user, server_name, display_name)
        fields = _texts(self.request.query_arguments)
        options = self._get_user_options({name: fields[name] for name in fields if name not in NOT_OPTIONS})
        spawner = _spawner_for_form(user, server_name)
        try:
            if options:
                spawner.fill_in(options)
        except RequestRefused as refused:
            await self._show_form(user, spawner, refused.status, str(refused))
            return
        await self._show_form(user, spawner, 200, "")

    @needs_scope("servers")  # type: ignore[untyped-decorator]
    async def _post(self, user_name: str, server_name: str, display_name: str) -> None:
        """Refuse a form that this person's start cannot have before JupyterHub makes a server for it."""
        user = self.find_user(user_name)
        if user is None:
            raise web.HTTPError(404, f"No such user: {shown(user_name)}")
        if server_name:
            await self._check_named_server_request(user, server_name, display_name)
        spawner = _spawner_for_form(user, server_name)
        typed = _texts(self.request.body_arguments)
        try:
            spawner.check_form({**typed, **_uploads(self.request.files)})
        except RequestRefused as refused:
            await self._show_form(user, spawner, refused.status, str(refused), typed)
            return
        await super()._post(user_name=user_name, server_name=server_name, display_name=display_name)

    async def _show_form(
        self,
        user: Any,
        spawner: WorkspaceSpawner,
        status: int,
        message: str,
        typed: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.set_status(status)
        self.finish(await self._render_form(user, await spawner.render_start_form(typed), message))


def start_pages() -> list[tuple[str, type[BaseHandler]]]:
    """Give JupyterHub's routes of the start form with this page, to be put before its own."""
    return [(r"/spawn", StartPage), (r"/spawn/([^/]+)", StartPage), (r"/spawn/([^/]+)/([^/]+)", StartPage)]


def _spawner_for_form(user: Any, server_name: str) -> WorkspaceSpawner:
    # a new server has no spawner yet; what its owner may choose is the same for all of their servers
    spawner: WorkspaceSpawner = user.spawners[server_name] if server_name in user.orm_spawners else user.spawner
    return spawner


def _texts(fields: Mapping[str, Sequence[bytes]]) -> dict[str, list[str]]:
    return {name: [value.decode() for value in values] for name, values in fields.items()}


def _uploads(files: Mapping[str, object]) -> dict[str, list[str]]:
    # under the names that JupyterHub gives them; no option is a file
    return {f"{name}_file": ["a file"] for name in files}


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
