"""The network devices that matter to the workspaces bridge, as the kernel lists them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from guard.errors import LinksUnreadable
from guard.runner import Runner

LIST_COMMAND: Final = ("ip", "-json", "-details", "link", "show")


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the bridge; `is_trusted` when the container behind it also stands in another network."""

    device: str
    is_isolated: bool
    is_trusted: bool


@dataclass(frozen=True, slots=True)
class Bridge:
    """The workspaces bridge; `is_filtered` when it hands the packets that it forwards to iptables and ip6tables."""

    device: str
    is_filtered: bool
    ports: tuple[Port, ...]


def read_bridge(run: Runner, device: str) -> Bridge | None:
    """Read the bridge and its ports, or None when there is no such device."""
    done = run(LIST_COMMAND)
    if not done.is_good:
        raise LinksUnreadable(
            f"`{' '.join(LIST_COMMAND)}` failed: {done.complaint}. netguard's image must contain iproute2."
        )
    return bridge_of(json.loads(done.output or "[]"), device)


def bridge_of(links: Sequence[Mapping[str, Any]], device: str) -> Bridge | None:
    """Find the bridge in the list that `ip` prints."""
    found = next((link for link in links if link.get("ifname") == device), None)
    if found is None:
        return None
    data = found.get("linkinfo", {}).get("info_data", {})
    is_filtered = all(data.get(f"nf_call_{family}") == 1 for family in ("iptables", "ip6tables"))
    elsewhere = {link["link_netnsid"] for link in links if "link_netnsid" in link and link.get("master") != device}
    ports = tuple(_port(link, elsewhere) for link in links if link.get("master") == device)
    return Bridge(device, is_filtered, ports)


def _port(link: Mapping[str, Any], elsewhere: set[int]) -> Port:
    # Hub and proxy have a second leg in their front network, in the same network namespace; a workspace has one leg.
    # Not by address, neighbour and MAC: those a container could claim, a second leg only Docker can give it.
    data = link.get("linkinfo", {}).get("info_slave_data", {})
    return Port(
        device=str(link["ifname"]),
        is_isolated=bool(data.get("isolated")),
        is_trusted=link.get("link_netnsid") in elsewhere,
    )
