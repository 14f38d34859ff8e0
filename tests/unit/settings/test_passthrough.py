"""Traits of JupyterHub's own classes."""

import re

import pytest

from settings.passthrough import known_classes, owned_traits, passthrough_problems


def messages(class_name: str, **traits: object) -> list[str]:
    return [problem.message for problem in passthrough_problems({class_name: traits})]


@pytest.mark.parametrize(
    ("class_name", "trait", "value"),
    [
        ("JupyterHub", "active_server_limit", 100),
        ("JupyterHub", "concurrent_spawn_limit", 20),
        ("JupyterHub", "log_level", 10),
        ("Spawner", "default_url", "/lab"),
        ("Spawner", "http_timeout", 60),
        ("Authenticator", "auth_refresh_age", 60),
        ("ConfigurableHTTPProxy", "concurrency", 20),
    ],
)
def test_a_real_trait_passes_through(class_name: str, trait: str, value: object) -> None:
    assert messages(class_name, **{trait: value}) == []


@pytest.mark.parametrize(
    ("class_name", "trait", "instead"),
    [
        ("Spawner", "mem_limit", "limits.memory"),
        ("Spawner", "cpu_limit", "limits.cpus"),
        ("Spawner", "environment", "[environment]"),
        ("Spawner", "start_timeout", "start_seconds"),
        ("JupyterHub", "cleanup_servers", "outlive the hub"),
        ("JupyterHub", "spawner_class", "the hub sets it itself"),
        ("JupyterHub", "authenticator_class", "sign_in.method"),
        ("JupyterHub", "admin_access", "admins do not enter"),
        ("JupyterHub", "hub_ip", "the hub sets it itself"),
        ("JupyterHub", "hub_connect_url", "the hub sets it itself"),
        ("JupyterHub", "bind_url", "site.listen"),
        ("JupyterHub", "named_server_limit_per_user", "limits.named_servers"),
        ("JupyterHub", "load_groups", "[groups.NAME]"),
        ("Authenticator", "admin_users", "sign_in.admins"),
        ("Authenticator", "allow_all", "sign_in"),
        ("ConfigurableHTTPProxy", "auth_token", "kept out of settings"),
    ],
)
def test_a_trait_of_ours_is_refused_with_what_to_use_instead(class_name: str, trait: str, instead: str) -> None:
    (message,) = messages(class_name, **{trait: "x"})
    assert f"{class_name}.{trait} cannot be set here" in message
    assert instead in message


@pytest.mark.parametrize("class_name", ["DockerSpawner", "WorkspaceSpawner", "LocalAccounts"])
def test_a_class_of_ours_is_refused_as_a_whole_and_once(class_name: str) -> None:
    (message,) = messages(class_name, image="x", volumes={})
    assert f"jupyterhub.{class_name} cannot be set here; use" in message


def test_an_unknown_class_or_trait_is_refused_with_the_nearest() -> None:
    assert messages("Spawnr", x=1) == ["unknown class `Spawnr`; did you mean `Spawner`?"]
    assert messages("Spawner", http_timout=1) == ["Spawner has no setting `http_timout`; did you mean `http_timeout`?"]


def test_a_value_of_a_wrong_type_is_refused() -> None:
    (message,) = messages("JupyterHub", active_server_limit="many")
    assert "jupyterhub.JupyterHub.active_server_limit has a value that JupyterHub refuses" in message


@pytest.mark.parametrize("row", owned_traits(), ids=lambda row: str(row[0]))
def test_every_refused_name_exists_in_jupyterhub(row: tuple[str, str]) -> None:
    """So that a renamed trait is noticed at an upgrade."""
    from settings.passthrough import _traits

    class_name, _, trait = row[0].partition(".")
    if not trait:
        return
    assert class_name in known_classes()
    traits = _traits(class_name)
    assert traits is not None
    assert any(re.fullmatch(trait.replace("*", ".*"), name) for name in traits), row[0]
