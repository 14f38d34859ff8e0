"""The packet rules of one instance, as values. Pure: it knows what must hold, not how it gets into the kernel.

Who may talk to whom over the workspaces bridge:

* hub → any workspace, proxy → any workspace: TCP, and the answers
* workspace or proxy → hub: TCP port 8081, and the answers
* workspace → internet: left to Docker's own rules (RETURN, never ACCEPT, so that Docker still separates its networks)
* everything else is dropped: workspace → workspace, proxy, other ports of the hub, any address of the host (so also
  ports that other containers publish there), other container networks, and from anywhere into a workspace

Both the stateless table (raw) and the stateful one (filter) say all of this for traffic that stays on the bridge or
goes to the host: flushing either opens nothing. The filter rules let only *answers* of allowed connections pass
(`--ctdir REPLY`), not everything that is established: what slipped through while both tables were gone ends.

Nothing here ties a source address to a bridge port: workspaces have neither NET_ADMIN nor NET_RAW, so they cannot
choose their source address or their ARP answers. They must never get these: bridge port isolation (`guard.isolation`)
would still keep workspaces from each other, but hub and proxy would believe a forged ARP answer. Sources outside the
subnet and the host's own are dropped anyway. IPv6 is dropped whole: the network has none.

Rules are written in the form in which iptables-save shows them: https://manpages.debian.org/iptables-extensions
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from typing import Final

HUB_API_PORT: Final = 8081
CHAIN_PREFIX: Final = "WSH-"
# bridges of other container networks: Docker's default, those that it names itself, those of other instances
OTHER_BRIDGES: Final = ("docker+", "br-+", "wsh+")

IPV4: Final = "ipv4"
IPV6: Final = "ipv6"

Rule = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain of our own, and the chain of somebody else whose first rule must be the jump to it."""

    family: str
    table: str
    parent: str
    name: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """All chains of one instance; `bridge` is the device that they are about."""

    instance: str
    bridge: str
    chains: tuple[Chain, ...]

    def of(self, family: str) -> tuple[Chain, ...]:
        """Give the chains of one address family."""
        return tuple(chain for chain in self.chains if chain.family == family)


@dataclass(frozen=True, slots=True)
class _Bridge:
    """Words of rules about one bridge."""

    device: str

    @property
    def arriving(self) -> Rule:
        return ("-i", self.device)

    @property
    def leaving(self) -> Rule:
        return ("-o", self.device)

    @property
    def inside(self) -> Rule:
        return (*self.arriving, *self.leaving)


def desired_rules(
    instance: str,
    bridge: str,
    subnet: IPv4Network,
    gateway: IPv4Address,
    hub_address: IPv4Address,
    proxy_address: IPv4Address,
) -> Rules:
    """Give the rules that must hold for one instance."""
    device = _Bridge(bridge)
    hub, proxy = f"{hub_address}/32", f"{proxy_address}/32"
    stateless = _stateless(device, str(subnet), f"{gateway}/32", hub, proxy)
    chains = (
        Chain(IPV4, "raw", "PREROUTING", chain_name(instance, "P"), stateless),
        Chain(IPV4, "filter", "INPUT", chain_name(instance, "I"), (_drop(device.arriving),)),
        Chain(IPV4, "filter", "DOCKER-USER", chain_name(instance, "F"), _forwarded(device, hub, proxy)),
        Chain(IPV6, "raw", "PREROUTING", chain_name(instance, "P"), (_drop(device.arriving),)),
        Chain(IPV6, "filter", "INPUT", chain_name(instance, "I"), (_drop(device.arriving),)),
        Chain(
            IPV6,
            "filter",
            "FORWARD",
            chain_name(instance, "F"),
            (_drop(device.arriving), _drop(device.leaving)),
        ),
    )
    return Rules(instance, bridge, chains)


def chain_name(instance: str, letter: str) -> str:
    """Name a chain: P prerouting, I input, F forwarding. At most 26 characters; iptables allows 28."""
    return f"{CHAIN_PREFIX}{instance}-{letter}"


def _stateless(device: _Bridge, subnet: str, gateway: str, hub: str, proxy: str) -> tuple[Rule, ...]:
    """Judge every packet that comes from a port of the bridge, before connections are known."""
    arriving = device.arriving
    tcp: Rule = ("-p", "tcp")
    answers: Rule = (*tcp, "-m", "tcp", "!", "--tcp-flags", "FIN,SYN,RST,ACK", "SYN")
    return (
        _drop(("!", "-s", subnet, *arriving)),
        _drop(("-s", gateway, *arriving)),
        # every address of the host, not only the gateway's; before NAT, so published ports are meant too
        _drop((*arriving, "-m", "addrtype", "--dst-type", "LOCAL")),
        _drop((*arriving, "-m", "addrtype", "--dst-type", "BROADCAST,MULTICAST")),
        _return(("-d", hub, *arriving, *tcp, "-m", "tcp", "--dport", str(HUB_API_PORT))),
        _return(("-d", hub, *arriving, *answers)),
        _return(("-d", proxy, *arriving, *answers)),
        _return(("-s", hub, "!", "-d", proxy, *arriving, *tcp)),
        _return(("-s", proxy, "!", "-d", hub, *arriving, *tcp)),
        _drop(("-d", subnet, *arriving)),
    )


def _forwarded(device: _Bridge, hub: str, proxy: str) -> tuple[Rule, ...]:
    """Judge what is forwarded inside, into or out of the bridge, with connections known."""
    inside, tcp = device.inside, ("-p", "tcp")
    answers: Rule = ("-m", "conntrack", "--ctstate", "RELATED,ESTABLISHED", "--ctdir", "REPLY")
    return (
        _accept(("-d", hub, *inside, *tcp, "-m", "tcp", "--dport", str(HUB_API_PORT))),
        _accept(("-s", hub, "!", "-d", proxy, *inside, *tcp)),
        _accept(("-s", proxy, "!", "-d", hub, *inside, *tcp)),
        _accept(("-d", hub, *inside, *answers)),
        _accept(("-d", proxy, *inside, *answers)),
        _drop(inside),
        _return((*device.leaving, *answers)),
        _drop(device.leaving),
        *(_drop((*device.arriving, "-o", other)) for other in OTHER_BRIDGES),
    )


def _accept(match: Rule) -> Rule:
    return (*match, "-j", "ACCEPT")


def _return(match: Rule) -> Rule:
    return (*match, "-j", "RETURN")


def _drop(match: Rule) -> Rule:
    return (*match, "-j", "DROP")
