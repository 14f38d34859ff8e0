"""`python -m guard` keeps the packet rules of one instance; `python -m guard remove` takes them away (uninstall).

Environment: HUB_INSTANCE, HUB_SUBNET, HUB_PORT_ISOLATION ("1" or "0"), HUB_RUN. Wants root with NET_ADMIN in the host's
network (for iptables-legacy NET_RAW and a writable /run too), no Docker socket. Exit code 78: the environment is wrong.
"""

import logging
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from typing import Final

from engine.names import bridge_device, gateway_address, hub_address, proxy_address
from guard.errors import BadGuardSetup, GuardError
from guard.events import Waiter
from guard.netfilter import Netfilter
from guard.netguard import Guarded, Netguard
from guard.rules import Rules, desired_rules
from guard.runner import run_command
from settings.errors import shown

BAD_SETUP: Final = 78  # EX_CONFIG of sysexits.h
INSTANCE: Final = re.compile(r"[a-z][a-z0-9-]{0,19}")
DEFAULT_INSTANCE: Final = "workspace-hub"
DEFAULT_SUBNET: Final = "10.77.0.0/16"
DEFAULT_RUN: Final = "/run/workspace-hub"


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Do what the arguments say; give the exit code."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        if list(arguments) == ["remove"]:
            return _remove(environment)
        if arguments:
            raise BadGuardSetup("Use `python -m guard` to keep the rules, `python -m guard remove` to remove them.")
        return _keep(environment)
    except BadGuardSetup as error:
        print(error, file=sys.stderr)
        return BAD_SETUP
    except GuardError as error:
        print(error, file=sys.stderr)
        return 1


def rules_from(environment: Mapping[str, str]) -> Rules:
    """Give the rules of the instance that the environment names; raise BadGuardSetup when it names none."""
    instance = environment.get("HUB_INSTANCE", DEFAULT_INSTANCE)
    if not INSTANCE.fullmatch(instance):
        raise BadGuardSetup(
            f"HUB_INSTANCE is `{shown(instance)}`; give a letter and up to 19 of a-z, 0-9 and `-`, as `site.name` says."
        )
    subnet = _subnet(environment.get("HUB_SUBNET", DEFAULT_SUBNET))
    return desired_rules(
        instance,
        bridge_device(instance),
        subnet,
        gateway_address(subnet),
        hub_address(subnet),
        proxy_address(subnet),
    )


def _subnet(text: str) -> IPv4Network:
    try:
        subnet = IPv4Network(text)
    except ValueError:
        subnet = None
    if subnet is None or not 16 <= subnet.prefixlen <= 26:
        raise BadGuardSetup(
            f"HUB_SUBNET is `{shown(text)}`; give an IPv4 network of /16 to /26, as `network.subnet` says."
        )
    return subnet


def _switch(environment: Mapping[str, str], name: str) -> bool:
    value = environment.get(name, "0")
    if value not in {"0", "1"}:
        raise BadGuardSetup(f'{name} is `{shown(value)}`; give "1" or "0".')
    return value == "1"


def _keep(environment: Mapping[str, str]) -> int:
    guarded = Guarded(
        rules=rules_from(environment),
        is_port_isolation=_switch(environment, "HUB_PORT_ISOLATION"),
        status_file=Path(environment.get("HUB_RUN", DEFAULT_RUN)) / "guard" / "status.json",
    )
    guard = Netguard(guarded, run=run_command, netfilter=_netfilter(), now=lambda: datetime.now(UTC))
    waiter = Waiter()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: waiter.stop())
    try:
        guard.keep(waiter)
    finally:
        waiter.close()
    return 0


def _remove(environment: Mapping[str, str]) -> int:
    removed = _netfilter().remove(rules_from(environment))
    print(f"Removed: {', '.join(removed)}" if removed else "There were no rules of this instance.")
    return 0


def _netfilter() -> Netfilter:
    return Netfilter(run_command, has_ipv6=Path("/proc/net/if_inet6").exists())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
