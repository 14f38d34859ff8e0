"""Whether the workspaces' subnet overlaps a network that is in use here; pure, the launcher brings the facts."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

# routes of one machine or of nobody: they say nothing about a network behind them
_NOT_NETWORKS = frozenset({"broadcast", "multicast", "anycast", "default"})
_ROUTE_TYPES = frozenset({"local", "unicast", "unreachable", "blackhole", "prohibit", "throw", "nat"})
# a default route, and the two halves by which VPN clients replace it: every subnet lies in them
_WIDEST_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Taken:
    """A network that is in use and what uses it."""

    network: IPv4Network
    by: str


def routes(text: str) -> Iterator[Taken]:
    """Read the lines of `ip -4 route show table all`; lines that name no network are passed over."""
    for line in text.splitlines():
        words = line.split()
        if not words or words[0] in _NOT_NETWORKS:
            continue
        target = words[1] if words[0] in _ROUTE_TYPES and len(words) > 1 else words[0]
        network = _network(target)
        if network is not None and network.prefixlen >= _WIDEST_PREFIX:
            device = words[words.index("dev") + 1] if "dev" in words[:-1] else ""
            yield Taken(network, f"this machine's route to {network}" + (f" on {device}" if device else ""))


def docker_networks(text: str) -> Iterator[Taken]:
    """Read lines of a Docker network's name and its subnets."""
    for line in text.splitlines():
        name, *subnets = line.split() or [""]
        for subnet in subnets:
            network = _network(subnet)
            if network is not None:
                yield Taken(network, f"the Docker network {name} ({network})")


def find_clash(subnet: IPv4Network, taken: Iterator[Taken]) -> Taken | None:
    """Give the first network in use that shares an address with the subnet, or None."""
    return next((one for one in taken if one.network.overlaps(subnet)), None)


def clash_sentence(subnet: IPv4Network, route_text: str, network_text: str) -> str | None:
    """Say which network is in the way and what to do, or None if the subnet is free."""
    # Docker's networks first: their routes are this machine's routes too, and their names say more
    taken = [*docker_networks(network_text), *routes(route_text)]
    clash = find_clash(subnet, iter(taken))
    if clash is None:
        return None
    return (
        f"The workspaces' subnet {subnet} overlaps {clash.by}. "
        "Choose a free private range as `network.subnet` in hub.toml, then run `./hub up` again."
    )


def _network(text: str) -> IPv4Network | None:
    try:
        return IPv4Network(text, strict=False)
    except ValueError:
        return None
