"""Which traits of JupyterHub's own classes hub.toml may pass through, and which are ours with a key of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from settings.errors import shown

_HUB_ONLY: Final = "the hub sets it itself"

# trait → what to do instead; a name that ends in * stands for all that begin so
_OWNED: Final[Mapping[str, Mapping[str, str]]] = {
    "JupyterHub": {
        "admin_access": "admins do not enter other people's workspaces on a hub without subdomains",
        "admin_users": "use sign_in.admins",
        "allow_named_servers": "use limits.named_servers",
        "answer_yes": _HUB_ONLY,
        "api_tokens": "tokens belong in no settings file; make one on the hub's token page",
        "authenticator*": "use sign_in.method",
        "base_url": "the hub is at the top of site.url",
        "bind_url": "use site.listen",
        "cleanup_*": "running workspaces outlive the hub",
        "config_file": _HUB_ONLY,
        "cookie_max_age_days": _HUB_ONLY,
        "cookie_secret*": "the secret is made once and kept in the hub's data volume",
        "data_files_path": _HUB_ONLY,
        "db_*": "the database is in the hub's data volume",
        "default_server_name": _HUB_ONLY,
        "extra_handlers": _HUB_ONLY,
        "hub_*": _HUB_ONLY,
        "internal_*": _HUB_ONLY,
        "ip": "use site.listen",
        "last_activity_interval": _HUB_ONLY,
        "load_groups": "use the [groups.NAME] tables",
        "load_roles": _HUB_ONLY,
        "named_server_limit_per_user": "use limits.named_servers or groups.NAME.named_servers",
        "oauth_token_expires_in": _HUB_ONLY,
        "pid_file": _HUB_ONLY,
        "port": "use site.listen",
        "proxy_*": _HUB_ONLY,
        "public_url": "use site.url",
        "reset_db": "it would forget everybody",
        "service_tokens": "tokens belong in no settings file",
        "shutdown_on_logout": "signing out does not stop work",
        "spawner_class": _HUB_ONLY,
        "ssl_*": "use site.tls_certificate_file and site.tls_key_file",
        "subdomain_*": "subdomains are not supported yet",
        "template_*": "use site.title and notice.text",
        "tornado_settings": _HUB_ONLY,
        "trusted_downstream_ips": _HUB_ONLY,
        "upgrade_db": _HUB_ONLY,
    },
    "ConfigurableHTTPProxy": {
        "api_url": _HUB_ONLY,
        "auth_token": "the token is made once and kept out of settings",
        "check_running_interval": _HUB_ONLY,
        "command*": "the proxy runs in a container of its own",
        "should_start": "the proxy runs in a container of its own",
    },
    "Spawner": {
        "args": "use profiles.NAME.image",
        "apply_user_options": _HUB_ONLY,
        "cmd": "use profiles.NAME.image",
        "cpu_*": "use limits.cpus, groups.NAME.cpus or profiles.NAME.cpus",
        "env_keep": "use the [environment] table",
        "environment": "use the [environment] table",
        "group_overrides": "use the [groups.NAME] tables",
        "hub_connect_url": _HUB_ONLY,
        "ip": "each workspace has a recorded address in network.subnet",
        "mem_*": "use limits.memory, groups.NAME.memory or profiles.NAME.memory",
        "notebook_dir": "everyone's files are at /workspace",
        "oauth_*": _HUB_ONLY,
        "options_*": "use the [profiles.NAME] tables",
        "port": _HUB_ONLY,
        "server_token_scopes": _HUB_ONLY,
        "ssl_*": _HUB_ONLY,
        "start_timeout": "use profiles.NAME.start_seconds",
    },
    "Authenticator": {
        "admin_users": "use sign_in.admins",
        "allow*": "use sign_in; people are added in the admin panel",
        "any_allow_config": _HUB_ONLY,
        "delete_invalid_users": "nobody is deleted because a name is not accepted",
        "enable_auth_state": _HUB_ONLY,
        "manage_*": "groups are kept in the admin panel",
        "username_*": "names are checked by the hub itself",
        "whitelist": "use sign_in; people are added in the admin panel",
    },
    "Proxy": {"should_start": "the proxy runs in a container of its own"},
}
_WHOLE_CLASSES: Final = {
    "DockerSpawner": "use limits, groups, storage, shared, datasets, profiles and environment",
    "LocalAccounts": "use sign_in",
    "WorkspaceSpawner": "use limits, groups, storage, shared, datasets, profiles and environment",
}


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A table or key under [jupyterhub] that cannot be passed through, and the sentence that says why."""

    path: tuple[str, ...]
    message: str


def passthrough_problems(tables: Mapping[str, Mapping[str, object]]) -> list[Misplaced]:
    """List what cannot be passed through: unknown classes and traits, traits of ours, values of a wrong type."""
    found: list[Misplaced] = []
    for class_name, traits in tables.items():
        if message := _class_problem(class_name):
            found.append(Misplaced((class_name,), message))
            continue
        for trait_name, value in traits.items():
            if message := _trait_problem(class_name, trait_name, value):
                found.append(Misplaced((class_name, trait_name), message))
    return found


def known_classes() -> tuple[str, ...]:
    """Name the classes whose traits can be passed through."""
    return tuple(_OWNED)


def owned_traits() -> list[tuple[str, str]]:
    """List what is refused, as Class.trait or Class alone, with what to do instead."""
    rows = [(name, instead) for name, instead in _WHOLE_CLASSES.items()]
    for class_name, traits in _OWNED.items():
        rows += [(f"{class_name}.{trait}", instead) for trait, instead in traits.items()]
    return rows


def _class_problem(class_name: str) -> str | None:
    if class_name in _WHOLE_CLASSES:
        return f"jupyterhub.{class_name} cannot be set here; {_WHOLE_CLASSES[class_name]}"
    if class_name not in _OWNED:
        nearest = get_close_matches(class_name, _OWNED, n=1)
        hint = f"did you mean `{nearest[0]}`?" if nearest else f"known are {', '.join(_OWNED)}"
        return f"unknown class `{shown(class_name)}`; {hint}"
    return None


def _trait_problem(class_name: str, trait_name: str, value: object) -> str | None:
    instead = _instead(class_name, trait_name)
    if instead:
        return f"jupyterhub.{class_name}.{shown(trait_name)} cannot be set here; {instead}"
    traits = _traits(class_name)
    if traits is None:
        return None
    if trait_name not in traits:
        nearest = get_close_matches(trait_name, traits, n=1)
        hint = f"; did you mean `{nearest[0]}`?" if nearest else ""
        return f"{class_name} has no setting `{shown(trait_name)}`{hint}"
    return _value_problem(class_name, trait_name, traits[trait_name], value)


def _instead(class_name: str, trait_name: str) -> str | None:
    for pattern, instead in _OWNED[class_name].items():
        if trait_name == pattern or (pattern.endswith("*") and trait_name.startswith(pattern[:-1])):
            return instead
    return None


def _value_problem(class_name: str, trait_name: str, trait: Any, value: object) -> str | None:
    from traitlets import HasTraits, TraitError

    try:
        # any object will do: the class's own would read files and open a database
        trait.validate(HasTraits(), value)
    except TraitError as error:
        reason = shown(str(error).replace(" of a HasTraits instance", ""), 200)
        return f"jupyterhub.{class_name}.{trait_name} has a value that JupyterHub refuses: {reason}"
    except Exception:  # noqa: BLE001
        # a trait that can only judge for a living object; JupyterHub itself judges it at its start
        return None
    return None


@cache
def _traits(class_name: str) -> Mapping[str, Any] | None:
    """Give the configurable traits of a class by name, or None where JupyterHub is not installed."""
    # imported here: the launcher's own checks and most tests need no JupyterHub, and its import takes a second
    try:
        from jupyterhub import app, auth, proxy, spawner
    except ImportError:
        return None
    classes = {
        "JupyterHub": app.JupyterHub,
        "ConfigurableHTTPProxy": proxy.ConfigurableHTTPProxy,
        "Spawner": spawner.Spawner,
        "Authenticator": auth.Authenticator,
        "Proxy": proxy.Proxy,
    }
    return dict(classes[class_name].class_traits(config=True))
