"""docker-compose.yml and what is laid over it: valid for the Compose that is here, and hardened."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from commands.launch_env import assignments
from settings.load import loads

ROOT = Path(__file__).parents[3]
SITE = '[site]\nname = "lab"\nurl = "https://hub.example.org"\nlisten = "0.0.0.0:443"\nredirect_listen = "0.0.0.0:80"\n'
TLS = 'tls_certificate_file = "/srv/tls/hub.pem"\ntls_key_file = "/srv/tls/hub.key"\n'
FROM_THE_LAUNCHER = {
    "HUB_IMAGE": "workspace-hub/hub:0.1.0",
    "PROXY_IMAGE": "workspace-hub/proxy:0123456789abcdef",
    "DOCKER_GID": "991",
    "DOCKER_SOCKET": "/var/run/docker.sock",
    "HUB_TOML_FILE": "/srv/hub/hub.toml",
    "HUB_SITE_FOLDER": "/srv/hub",
    "TLS_HASH": "abc",
}


def compose_command() -> list[str] | None:
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


COMPOSE = compose_command()
needs_compose = pytest.mark.skipif(COMPOSE is None, reason="neither Compose v2 nor docker-compose is installed")


def config(*files: str) -> dict[str, Any]:
    """What Compose makes of the files with a real site's variables; a warning or error of its own fails the test."""
    assert COMPOSE is not None
    words = [word for file in files for word in ("--file", str(ROOT / file))]
    ran = subprocess.run(
        [*COMPOSE, "--project-name", "lab", *words, "config"],
        env={"PATH": os.environ["PATH"], **assignments(loads(SITE + TLS)), **FROM_THE_LAUNCHER},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0 and ran.stderr == "", ran.stderr
    found: dict[str, Any] = yaml.safe_load(ran.stdout)
    return found


def written() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return found


@needs_compose
@pytest.mark.parametrize(
    "files",
    [
        ["docker-compose.yml"],
        ["docker-compose.yml", "deploy/tls.yml"],
        ["docker-compose.yml", "deploy/tls.yml", "deploy/redirect.yml"],
    ],
    ids=["plain", "TLS", "TLS and redirect"],
)
def test_compose_accepts_the_files(files: list[str]) -> None:
    assert set(config(*files)["services"]) == {"hub", "proxy", "netguard"}


@needs_compose
def test_the_launchers_variables_are_all_that_the_files_use() -> None:
    assert "${" not in str(config("docker-compose.yml", "deploy/tls.yml", "deploy/redirect.yml"))


@pytest.mark.parametrize("name", ["hub", "proxy", "netguard"])
def test_every_service_is_hardened_and_comes_back_after_a_reboot(name: str) -> None:
    service = written()["services"][name]
    assert service["restart"] == "unless-stopped"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["pids_limit"] <= 256
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "3"}
    assert "privileged" not in service
    assert service["healthcheck"]["test"][-2:] == ["health", name]


def test_only_the_hub_has_the_docker_socket() -> None:
    holders = [
        name
        for name, service in written()["services"].items()
        if any("docker.sock" in volume for volume in service["volumes"])
    ]
    assert holders == ["hub"]


def test_only_netguard_has_capabilities_and_the_hosts_network() -> None:
    services = written()["services"]
    assert {name: service.get("cap_add") for name, service in services.items()} == {
        "hub": None,
        "proxy": None,
        "netguard": ["NET_ADMIN", "NET_RAW"],
    }
    assert [name for name, service in services.items() if "network_mode" in service] == ["netguard"]


def test_hub_and_proxy_are_not_root() -> None:
    services = written()["services"]
    assert (services["hub"]["user"], services["proxy"]["user"]) == ("990:990", "991:992")


def test_only_the_proxy_publishes_a_port() -> None:
    assert [name for name, service in written()["services"].items() if "ports" in service] == ["proxy"]


def test_down_could_not_remove_the_workspaces_network_nor_a_volume() -> None:
    file = written()
    assert file["networks"]["workspaces"]["external"] is True
    assert all(volume["external"] is True for volume in file["volumes"].values())


def test_the_network_that_publishes_a_port_sorts_first() -> None:
    values = assignments(loads(SITE + TLS))
    front = written()["networks"]["front"]["name"].replace("${HUB_NAME}", values["HUB_NAME"])
    assert front < values["HUB_NETWORK"]


@needs_compose
def test_with_tls_the_proxy_publishes_its_tls_port_and_the_redirect() -> None:
    proxy = config("docker-compose.yml", "deploy/tls.yml", "deploy/redirect.yml")["services"]["proxy"]
    published = {(str(port["published"]), port["target"]) for port in map(port_of, proxy["ports"])}
    assert published == {("443", 8443), ("80", 8080)}
    assert proxy["environment"]["PROXY_TLS"] == "1"
    assert proxy["environment"]["HUB_REDIRECT_TO"] == "443"


def port_of(port: object) -> dict[str, Any]:
    """A port as Compose v2 prints it; 1.29 prints "0.0.0.0:443:8443/tcp"."""
    if isinstance(port, dict):
        return port
    _, published, target = str(port).removesuffix("/tcp").rsplit(":", 2)
    return {"published": published, "target": int(target)}
