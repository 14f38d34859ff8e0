"""One door for JupyterHub's own REST API: each of its handlers again, with strict bodies, queries and names in front.

Who may do what, and what is done, stays JupyterHub's; nothing here changes its classes. Its handlers come after these
in the table of routes, see `LocalAccounts.get_handlers`.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final

from jupyterhub.apihandlers import groups, hub, proxy, services, shares, users
from jupyterhub.apihandlers.base import APIHandler
from jupyterhub.handlers.base import BaseHandler
from tornado import web

from authenticators import bodies
from authenticators.rest_people import StrictActivity, StrictPeople, StrictPerson, StrictToken, StrictTokens
from authenticators.strict_handler import StrictHandler
from authenticators.strict_json import LARGE_BYTES

# "sc_" and the digits of a 64-bit number
MOST_ID_CHARACTERS: Final = 21

Route = tuple[str, type[BaseHandler]]
CheckOptions = Callable[[object], None]


class StrictServer(users.UserServerAPIHandler, StrictHandler):  # type: ignore[misc]
    """/users/NAME/server and /users/NAME/servers/SERVER."""

    models = {"PATCH": bodies.ServerChange, "DELETE": bodies.ServerEnd}
    needs_body = frozenset({"PATCH"})
    # set by `strict_handlers`
    check_user_options: ClassVar[CheckOptions | None] = None

    def check_body(self, body: dict[str, object]) -> None:
        """Refuse options that the spawner would refuse, before JupyterHub stores them."""
        super().check_body(body)
        method = self.request.method
        if method not in {"POST", "PUT", "PATCH"}:
            return
        if method != "PATCH" and _names_its_parts(body):
            bodies.check_body(bodies.ServerStart, body)
        options = _user_options(method, body)
        check = type(self).check_user_options
        if check is not None and options is not None:
            check(options)


def _names_its_parts(body: dict[str, object]) -> bool:
    # else all of the body is the options, as before JupyterHub 6 (UserServerAPIHandler.get_server_json_body)
    return "display_name" in body or "user_options" in body


def _user_options(method: str, body: dict[str, object]) -> object:
    """Give what JupyterHub would take for the options, or None for none."""
    if method == "PATCH" or _names_its_parts(body):
        return body.get("user_options")
    return body or None


class StrictGroups(groups.GroupListAPIHandler, StrictHandler):  # type: ignore[misc]
    """/groups."""

    models = {"POST": bodies.NewGroups}
    needs_body = frozenset({"POST"})
    most_body_bytes = LARGE_BYTES


class StrictGroup(groups.GroupAPIHandler, StrictHandler):  # type: ignore[misc]
    """/groups/NAME."""

    models = {"POST": bodies.NewGroup}
    most_body_bytes = LARGE_BYTES

    async def post(self, group_name: str) -> None:
        """Make a group, of a name that a group can have."""
        self.check_name("group", group_name)
        await super().post(group_name)


class StrictGroupMembers(groups.GroupUsersAPIHandler, StrictHandler):  # type: ignore[misc]
    """/groups/NAME/users."""

    models = {"POST": bodies.GroupMembers, "DELETE": bodies.GroupMembers}
    needs_body = frozenset({"POST", "DELETE"})
    most_body_bytes = LARGE_BYTES


class StrictGroupProperties(groups.GroupPropertiesAPIHandler, StrictHandler):  # type: ignore[misc]
    """/groups/NAME/properties."""

    needs_body = frozenset({"PUT"})


class StrictShutdown(hub.ShutdownAPIHandler, StrictHandler):  # type: ignore[misc]
    """/shutdown."""

    models = {"POST": bodies.Shutdown}


class StrictProxy(proxy.ProxyAPIHandler, StrictHandler):  # type: ignore[misc]
    """/proxy."""

    async def patch(self) -> None:
        """Refuse: the proxy's place belongs to the installation, and the hub would send its secret wherever told."""
        raise web.HTTPError(400, "The proxy's address is part of this installation and cannot be changed here.")


class StrictService(services.ServiceAPIHandler, StrictHandler):  # type: ignore[misc]
    """/services/NAME."""

    models = {"POST": bodies.NewService}
    needs_body = frozenset({"POST"})

    async def post(self, service_name: str) -> None:
        """Make a service, of a name that a service can have."""
        self.check_name("service", service_name)
        await super().post(service_name)


class StrictShares(shares.ServerShareAPIHandler, StrictHandler):  # type: ignore[misc]
    """/shares/NAME/SERVER."""

    models = {"POST": bodies.ShareChange, "PATCH": bodies.ShareChange}


class StrictShareCodes(shares.ServerShareCodeAPIHandler, StrictHandler):  # type: ignore[misc]
    """/share-codes/NAME/SERVER."""

    models = {"POST": bodies.NewShareCode}

    def delete(self, user_name: str, server_name: str | None = None) -> None:
        """End a code; a number that the database has no room for is no code's, not an answer of 500."""
        if len(self.get_argument("id", "")) > MOST_ID_CHARACTERS:
            raise web.HTTPError(404, "No such code.")
        super().delete(user_name, server_name)


_OF_UPSTREAM: Final[dict[type[APIHandler], type[BaseHandler]]] = {
    users.UserListAPIHandler: StrictPeople,
    users.UserAPIHandler: StrictPerson,
    users.UserTokenListAPIHandler: StrictTokens,
    users.UserTokenAPIHandler: StrictToken,
    users.UserServerAPIHandler: StrictServer,
    users.ActivityAPIHandler: StrictActivity,
    groups.GroupListAPIHandler: StrictGroups,
    groups.GroupAPIHandler: StrictGroup,
    groups.GroupUsersAPIHandler: StrictGroupMembers,
    groups.GroupPropertiesAPIHandler: StrictGroupProperties,
    hub.ShutdownAPIHandler: StrictShutdown,
    proxy.ProxyAPIHandler: StrictProxy,
    services.ServiceAPIHandler: StrictService,
    shares.ServerShareAPIHandler: StrictShares,
    shares.ServerShareCodeAPIHandler: StrictShareCodes,
}

# not those of apihandlers.auth: OAuth speaks forms, not JSON, and oauthlib reads them
_MODULES: Final[tuple[Any, ...]] = (hub, proxy, users, groups, services, shares)


def strict_handlers(check_user_options: CheckOptions | None = None) -> list[Route]:
    """Give JupyterHub's REST routes with a strict handler each, to be put before its own.

    ``check_user_options`` is called with the options in the body of a server's POST, PUT and PATCH, if there are
    some, and raises web.HTTPError(400, sentence) to refuse them.
    """
    strict = {**_OF_UPSTREAM, users.UserServerAPIHandler: _checking_server(check_user_options)}
    routes = [route for module in _MODULES for route in module.default_handlers]
    return [(pattern, strict.get(upstream) or _generic(upstream)) for pattern, upstream in routes]


def _checking_server(check_user_options: CheckOptions | None) -> type[StrictServer]:
    if check_user_options is None:
        return StrictServer
    return type("StrictServer", (StrictServer,), {"check_user_options": staticmethod(check_user_options)})


def _generic(upstream: type[APIHandler]) -> type[BaseHandler]:
    return type(f"Strict{upstream.__name__}", (upstream, StrictHandler), {})
