"""`launch-env`: what the launcher and Compose must know of hub.toml, as shell assignments; none of it is a secret."""

import argparse
import hashlib
import shlex
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from commands.errors import OK
from commands.place import Place
from commands.subnet import clash_sentence
from engine import names
from settings.load import load, warnings_for
from settings.places import split_endpoint
from settings.schema import Settings

PROXY_HTTP_PORT = "8000"
PROXY_TLS_PORT = "8443"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare that there are no arguments: the launcher's facts come by environment, they may be long."""


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Print the assignments; all problems of hub.toml instead, with exit 78."""
    settings = load(place.hub_toml)
    clash = clash_sentence(
        settings.network.subnet,
        place.environment.get("HOST_ROUTES", ""),
        place.environment.get("DOCKER_NETWORKS", ""),
    )
    print(in_shell({**assignments(settings), "SUBNET_CLASH": clash or ""}))
    return OK


def in_shell(values: Mapping[str, str]) -> str:
    """Spell the assignments so that a shell's `eval` gives exactly these values."""
    return "\n".join(f"{name}={shlex.quote(value)}" for name, value in values.items())


def assignments(settings: Settings) -> dict[str, str]:
    """Give every value by its variable's name."""
    return {
        **_names_of(settings.site.name),
        **_network(settings),
        **_public_side(settings),
        "WORKSPACE_IMAGES": " ".join(dict.fromkeys(profile.image for profile in settings.profiles.values())),
        "MIN_FREE_BYTES": str(settings.storage.min_free_bytes),
        "STORAGE_ROOT": settings.storage.root if settings.storage.kind == "folder" else "",
        "FIRST_ADMIN": settings.sign_in.admins[0],
        "LINK_MINUTES": str(settings.sign_in.link_minutes),
        "CONFIG_HASH": config_hash(settings),
        "WARNINGS": "\n".join(warnings_for(settings)),
    }


def config_hash(settings: Settings) -> str:
    """Give a hash that changes when, and only when, a value changes; comments and order of lines do not."""
    return hashlib.sha256(repr(settings).encode()).hexdigest()[:16]


def _names_of(instance: str) -> dict[str, str]:
    return {
        "HUB_NAME": instance,
        "HUB_NETWORK": names.network_name(instance),
        "HUB_BRIDGE": names.bridge_device(instance),
        "HUB_DATA_VOLUME": names.data_volume(instance),
        "HUB_RUN_VOLUME": names.run_volume(instance),
        "HUB_TLS_VOLUME": names.tls_volume(instance),
    }


def _network(settings: Settings) -> dict[str, str]:
    subnet = settings.network.subnet
    return {
        "HUB_SUBNET": str(subnet),
        "HUB_GATEWAY": str(subnet.network_address + 1),
        "HUB_ADDRESS": str(names.hub_address(subnet)),
        "PROXY_ADDRESS": str(names.proxy_address(subnet)),
        "PORT_ISOLATION": "1" if settings.network.port_isolation else "0",
    }


def _public_side(settings: Settings) -> dict[str, str]:
    site = settings.site
    redirect_host, redirect_port = split_endpoint(site.redirect_listen) if site.redirect_listen else ("", 0)
    return {
        "HUB_URL": site.url,
        "HUB_URL_PORT": str(urlsplit(site.url).port or (443 if site.url.startswith("https:") else 80)),
        "HUB_LISTEN_IP": _published(site.listen_host),
        "HUB_LISTEN_PORT": str(site.listen_port),
        "PROXY_PORT": PROXY_TLS_PORT if site.has_tls else PROXY_HTTP_PORT,
        "TLS_CERTIFICATE_FILE": site.tls_certificate_file if site.has_tls else "",
        "TLS_KEY_FILE": site.tls_key_file if site.has_tls else "",
        "REDIRECT_IP": _published(redirect_host) if redirect_host else "",
        "REDIRECT_PORT": str(redirect_port) if redirect_host else "",
    }


def _published(host: str) -> str:
    # Compose's short form of a port: an IPv6 address stands in brackets
    return f"[{host}]" if ip_address(host).version == 6 else host
