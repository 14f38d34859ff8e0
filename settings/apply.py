"""From Settings to JupyterHub's configuration; it imports no class of ours and starts nothing."""

from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from settings.person import effective_limits
from settings.schema import Settings

COOKIE_DAYS: Final = 14
HUB_PORT: Final = 8081
PROXY_PORT: Final = 8000
ADMIN_ROLE: Final = "hub-admin"

# JupyterHub's own admin role without access:servers, shares (which contains it) and tokens (a token of another
# person would have it). The role "admin" itself cannot be narrowed: jupyterhub/roles.py, create_role.
# https://jupyterhub.readthedocs.io/en/stable/rbac/scopes.html
ADMIN_SCOPES: Final = (
    "access:services",
    "admin-ui",
    "admin:groups",
    "admin:servers",
    "admin:services",
    "admin:users",
    "list:services",
    "proxy",
    "read:hub",
    "read:metrics",
    "read:roles",
    "read:services",
    "read:tokens",
    "shutdown",
)


def apply(
    settings: Settings,
    c: Any,
    *,
    data: Path,
    run: Path,
    docker_url: str,
    proxy_token: str = "",
    hub_bind_url: str | None = None,
    hub_connect_url: str | None = None,
) -> None:
    """Write what the settings mean into the traitlets configuration ``c``; ours wins over what is passed through.

    ``data`` and ``run`` are the hub's folders; ``proxy_token`` is the secret that hub and proxy share;
    left empty, JupyterHub takes it from CONFIGPROXY_AUTH_TOKEN.
    """
    update_passthrough(c, settings)
    update_site(c, settings)
    update_addresses(c, settings, bind_url=hub_bind_url, connect_url=hub_connect_url)
    update_proxy(c, run=run, token=proxy_token)
    update_data(c, data=data)
    update_running_work(c)
    update_sign_in(c, settings, data=data)
    update_groups(c, settings)
    update_limits(c, settings)
    update_workspaces(c, settings, data=data, docker_url=docker_url)


def update_passthrough(c: Any, settings: Settings) -> None:
    """Pass the tables [jupyterhub.ClassName] on as they are; load has checked their names."""
    for class_name, traits in settings.jupyterhub.items():
        c[class_name].update(traits)


def update_site(c: Any, settings: Settings) -> None:
    """Set what people see and how their browsers keep the sign-in."""
    is_https = settings.site.url.startswith("https://")
    c.JupyterHub.bind_url = f"http://:{PROXY_PORT}"
    # the address that people type, so that nothing is guessed from a request's headers
    c.JupyterHub.public_url = f"{settings.site.url}/"
    c.JupyterHub.template_vars = {"hub_title": settings.site.title, "hub_notice": settings.notice.text}
    c.JupyterHub.cookie_max_age_days = COOKIE_DAYS
    # not shorter than the cookie: an open notebook would be cut off in the middle of the week. People who are
    # deleted or disabled lose their tokens at once all the same.
    c.JupyterHub.oauth_token_expires_in = COOKIE_DAYS * 24 * 3600
    c.JupyterHub.tornado_settings = {
        "cookie_options": {"SameSite": "Lax"} | ({"secure": True} if is_https else {}),
        "headers": {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin"},
    }


def update_addresses(c: Any, settings: Settings, *, bind_url: str | None, connect_url: str | None) -> None:
    """Set where the hub listens, and where workspaces and the proxy find it."""
    # the second host after the gateway is the hub's in every installation
    address = settings.network.subnet.network_address + 2
    c.JupyterHub.hub_bind_url = bind_url or f"http://0.0.0.0:{HUB_PORT}"
    c.JupyterHub.hub_connect_url = connect_url or f"http://{address}:{HUB_PORT}"


def update_proxy(c: Any, *, run: Path, token: str) -> None:
    """Use a proxy that somebody else runs, through its API on a unix socket, and look after its routes."""
    c.JupyterHub.proxy_class = "configurable-http-proxy"
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = f"http+unix://{quote(str(run / 'proxy' / 'api.sock'), safe='')}"
    if token:
        c.ConfigurableHTTPProxy.auth_token = token


def update_data(c: Any, *, data: Path) -> None:
    """Set where the hub keeps its database and its cookie secret."""
    c.JupyterHub.db_url = f"sqlite:///{data / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(data / "jupyterhub_cookie_secret")


def update_running_work(c: Any) -> None:
    """Let running workspaces outlive the hub, and notice soon what they do."""
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cleanup_proxy = False
    # it also gives a restarted proxy its routes again (app.py, update_last_activity → proxy.check_routes):
    # 5 s without a workspace instead of 300 s
    c.JupyterHub.last_activity_interval = 5
    c.JupyterHub.shutdown_on_logout = False


def update_sign_in(c: Any, settings: Settings, *, data: Path) -> None:
    """Let in whom the database knows; make the named people admins who cannot enter others' workspaces.

    Admins are members of a role of ours instead of JupyterHub's "admin", which cannot be narrowed. The role's
    members are exactly those of the file: a name taken out of it is no admin after the next start.
    """
    c.JupyterHub.authenticator_class = "authenticators.LocalAccounts"
    c.LocalAccounts.settings = settings
    c.LocalAccounts.data_dir = str(data)
    c.Authenticator.allow_existing_users = True
    c.Authenticator.allow_all = False
    c.Authenticator.any_allow_config = True
    c.Authenticator.admin_users = set()
    c.JupyterHub.load_roles = [
        {
            "name": ADMIN_ROLE,
            "description": "Everything but entering other people's workspaces",
            "scopes": list(ADMIN_SCOPES),
            "users": list(settings.sign_in.admins),
        }
    ]


def update_groups(c: Any, settings: Settings) -> None:
    """Make the groups of the file exist, so that the admin panel offers them; members are kept there."""
    c.JupyterHub.load_groups = {name: {} for name in settings.groups}


def update_limits(c: Any, settings: Settings) -> None:
    """Limit how many named servers each person may have."""
    c.JupyterHub.allow_named_servers = True
    c.JupyterHub.named_server_limit_per_user = NamedServerLimit(settings)


def update_workspaces(c: Any, settings: Settings, *, data: Path, docker_url: str) -> None:
    """Set who starts workspaces and give it the settings."""
    c.JupyterHub.spawner_class = "spawner.WorkspaceSpawner"
    c.WorkspaceSpawner.settings = settings
    c.WorkspaceSpawner.data_dir = str(data)
    c.WorkspaceSpawner.docker_url = docker_url


class NamedServerLimit:
    """How many named servers a person may have; JupyterHub asks with the handler of the request."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self, handler: Any) -> int:
        """Give the limit of the person whose server is concerned, for an admin's request as for their own."""
        limits = effective_limits(self._settings, _groups_of(_concerned_person(handler)))
        return limits.named_servers or NoNamedServers()

    def __deepcopy__(self, memo: object) -> "NamedServerLimit":
        return self


class NoNamedServers(int):
    """A limit of zero that JupyterHub keeps; its own zero means "no limit".

    JupyterHub refuses when ``limit > 0 and limit <= number of servers`` (handlers/base.py,
    ``_check_named_server_request``): both are true of this one, for every number. It prints as 0.
    """

    def __new__(cls) -> "NoNamedServers":
        """Make the only value there is."""
        return super().__new__(cls, 0)

    def __gt__(self, other: int) -> bool:
        return True

    def __le__(self, other: int) -> bool:
        return True


def _concerned_person(handler: Any) -> Any:
    # the routes that check the limit all begin with the person's name: /users/NAME/servers/…, /spawn/NAME/…
    names = getattr(handler, "path_args", None) or [None]
    person = handler.find_user(names[0]) if names[0] else None
    return person or handler.current_user


def _groups_of(person: Any) -> list[str]:
    # a service has no groups
    return [group.name for group in getattr(person, "groups", None) or []]
