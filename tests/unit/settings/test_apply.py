"""From settings to JupyterHub's configuration."""

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jupyterhub.app import JupyterHub
from jupyterhub.auth import Authenticator
from jupyterhub.proxy import ConfigurableHTTPProxy
from jupyterhub.roles import get_default_roles
from jupyterhub.scopes import scope_definitions
from jupyterhub.spawner import Spawner
from traitlets import HasTraits
from traitlets.config import Config

from settings.apply import ADMIN_SCOPES, NamedServerLimit, apply
from settings.load import loads
from settings.passthrough import passthrough_problems
from settings.schema import Settings
from tests.unit.settings.good import GOOD

REAL_CLASSES: dict[str, type[HasTraits]] = {
    "JupyterHub": JupyterHub,
    "ConfigurableHTTPProxy": ConfigurableHTTPProxy,
    "Spawner": Spawner,
    "Authenticator": Authenticator,
}
# written in rooms that this one does not import
OUR_TRAITS = {
    "WorkspaceSpawner": {"settings", "data_dir", "docker_url"},
    "LocalAccounts": {"settings", "data_dir"},
}


def configuration(text: str = "", **addresses: str) -> Any:
    c = Config()
    apply(
        loads(text),
        c,
        data=Path("/data"),
        run=Path("/run/workspace-hub"),
        docker_url="unix:///var/run/docker.sock",
        **addresses,
    )
    return c


def set_traits(c: Any) -> Iterator[tuple[str, str, object]]:
    for class_name, traits in c.items():
        for trait, value in traits.items():
            yield class_name, trait, value


@pytest.mark.parametrize("text", ["", GOOD], ids=["defaults", "good file"])
def test_every_trait_that_is_set_exists_and_takes_the_value(text: str) -> None:
    for class_name, trait, value in set_traits(configuration(text, proxy_token="secret")):
        if class_name in OUR_TRAITS:
            assert trait in OUR_TRAITS[class_name]
        else:
            known = REAL_CLASSES[class_name].class_traits(config=True)
            assert trait in known, f"{class_name}.{trait}"
            if not trait.endswith("_class"):
                known[trait]._validate(HasTraits(), value)


def test_every_trait_that_is_set_is_refused_in_the_file_so_that_nothing_is_overwritten_silently() -> None:
    for class_name, trait, value in set_traits(configuration(GOOD, proxy_token="secret")):
        if (class_name, trait) == ("JupyterHub", "active_server_limit"):
            continue  # the good file passes it through
        (problem,) = passthrough_problems({class_name: {trait: value}})
        assert "cannot be set here" in problem.message


def test_running_work_outlives_the_hub() -> None:
    hub = configuration().JupyterHub
    assert (hub.cleanup_servers, hub.cleanup_proxy, hub.shutdown_on_logout) == (False, False, False)


def test_the_proxy_is_somebody_elses_and_spoken_to_on_a_unix_socket() -> None:
    c = configuration(proxy_token="secret")
    assert c.ConfigurableHTTPProxy.should_start is False
    assert c.ConfigurableHTTPProxy.api_url == "http+unix://%2Frun%2Fworkspace-hub%2Fproxy%2Fapi.sock"
    assert c.ConfigurableHTTPProxy.auth_token == "secret"


def test_a_restarted_proxy_has_its_routes_again_within_five_seconds() -> None:
    """I3: JupyterHub compares the proxy's routes with its servers whenever it reads the last activity."""
    assert configuration().JupyterHub.last_activity_interval == 5


def test_without_a_token_jupyterhub_reads_its_own_variable() -> None:
    assert "auth_token" not in configuration().ConfigurableHTTPProxy


def test_the_hub_has_its_fixed_address_in_the_workspaces_network() -> None:
    hub = configuration('[network]\nsubnet = "172.20.4.0/24"\n').JupyterHub
    assert hub.hub_bind_url == "http://0.0.0.0:8081"
    assert hub.hub_connect_url == "http://172.20.4.2:8081"


def test_a_caller_may_choose_the_hubs_addresses() -> None:
    hub = configuration(hub_bind_url="http://127.0.0.1:9", hub_connect_url="http://127.0.0.1:8").JupyterHub
    assert (hub.hub_bind_url, hub.hub_connect_url) == ("http://127.0.0.1:9", "http://127.0.0.1:8")


def test_data_lies_in_the_data_folder() -> None:
    c = configuration()
    assert c.JupyterHub.db_url == "sqlite:////data/jupyterhub.sqlite"
    assert c.JupyterHub.cookie_secret_file == "/data/jupyterhub_cookie_secret"
    assert c.LocalAccounts.data_dir == c.WorkspaceSpawner.data_dir == "/data"


def test_the_rooms_get_the_very_settings_even_through_a_copy() -> None:
    c = configuration(GOOD)
    assert isinstance(c.WorkspaceSpawner.settings, Settings)
    assert deepcopy(c).WorkspaceSpawner.settings is c.LocalAccounts.settings


def test_cookies_are_secure_where_the_url_is_https() -> None:
    assert configuration(GOOD).JupyterHub.tornado_settings["cookie_options"] == {"SameSite": "Lax", "secure": True}
    assert configuration().JupyterHub.tornado_settings["cookie_options"] == {"SameSite": "Lax"}


def test_a_sign_in_lasts_fourteen_days() -> None:
    hub = configuration().JupyterHub
    assert hub.cookie_max_age_days == 14
    assert hub.oauth_token_expires_in == 14 * 24 * 3600


def test_title_and_notice_reach_the_templates_as_plain_text() -> None:
    c = configuration('[site]\ntitle = "A <b>"\n[notice]\ntext = "<script>"\n')
    assert c.JupyterHub.template_vars == {"hub_title": "A <b>", "hub_notice": "<script>"}


def test_people_of_the_database_may_enter_and_nobody_else() -> None:
    authenticator = configuration().Authenticator
    assert authenticator.allow_existing_users is True
    assert authenticator.allow_all is False
    assert authenticator.any_allow_config is True


def test_admins_have_a_role_that_cannot_enter_other_peoples_servers() -> None:
    """S23"""
    c = configuration('[sign_in]\nadmins = ["ada", "bob"]\n')
    (role,) = c.JupyterHub.load_roles
    assert role["users"] == ["ada", "bob"]
    assert c.Authenticator.admin_users == set()
    reached: set[str] = set()
    waiting = list(role["scopes"])
    while waiting:
        scope = waiting.pop()
        reached.add(scope)
        waiting += scope_definitions[scope].get("subscopes", [])
    # a token of another person, or sharing, would open their server just as well
    assert not reached & {"access:servers", "shares", "tokens"}


def test_admins_have_everything_else_of_jupyterhubs_own_admins() -> None:
    (admin,) = [role for role in get_default_roles() if role["name"] == "admin"]
    assert set(admin["scopes"]) - set(ADMIN_SCOPES) == {"access:servers", "shares", "tokens"}


def test_people_cannot_share_their_servers() -> None:
    (user,) = [role for role in get_default_roles() if role["name"] == "user"]
    assert user["scopes"] == ["self"]
    assert "extra_user_scopes" not in configuration().JupyterHub


def test_the_files_groups_exist_in_the_panel() -> None:
    assert configuration(GOOD).JupyterHub.load_groups == {"vision": {}, "robots": {}}


def test_what_is_passed_through_is_set_and_ours_stays() -> None:
    c = configuration("[jupyterhub.JupyterHub]\nactive_server_limit = 7\n[jupyterhub.Spawner]\nhttp_timeout = 9\n")
    assert c.JupyterHub.active_server_limit == 7
    assert c.Spawner.http_timeout == 9
    assert c.JupyterHub.cleanup_servers is False


def person(*groups: str) -> Any:
    return SimpleNamespace(groups=[SimpleNamespace(name=name) for name in groups])


def handler(current: Any, *path: str, **people: Any) -> Any:
    return SimpleNamespace(current_user=current, path_args=list(path), find_user=people.get)


LIMIT = NamedServerLimit(loads("[limits]\nnamed_servers = 0\n[groups.a]\nnamed_servers = 2\n"))


def would_refuse(limit: int, servers: int) -> bool:
    """JupyterHub's own condition: handlers/base.py, _check_named_server_request."""
    return limit > 0 and limit <= servers


def test_named_servers_are_limited_by_the_persons_groups() -> None:
    assert LIMIT(handler(person("a"))) == 2
    assert not would_refuse(LIMIT(handler(person("a"))), 1)
    assert would_refuse(LIMIT(handler(person("a"))), 2)


def test_a_limit_of_zero_means_none_and_not_no_limit() -> None:
    limit = LIMIT(handler(person()))
    assert would_refuse(limit, 0)
    assert f"{limit}" == "0"


def test_for_an_admins_request_the_limit_of_the_servers_owner_counts() -> None:
    assert LIMIT(handler(person("a"), "bob", "x", bob=person())) == 0
    assert LIMIT(handler(person(), "bob", "x", bob=person("a"))) == 2


def test_a_service_without_groups_has_everyones_limit() -> None:
    assert NamedServerLimit(loads(""))(handler(SimpleNamespace(), "gone", "x")) == 3


def test_jupyterhub_takes_the_limit_as_a_callable() -> None:
    hub = configuration().JupyterHub
    assert hub.allow_named_servers is True
    limit = deepcopy(hub.named_server_limit_per_user)
    JupyterHub.class_traits()["named_server_limit_per_user"]._validate(HasTraits(), limit)
