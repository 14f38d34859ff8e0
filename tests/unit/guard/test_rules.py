"""The rules, word by word, and what they say about packets (judged by a small model of the filter)."""

import shlex
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network

import pytest

from guard.rules import IPV4, IPV6, Chain, chain_name
from tests.unit.guard.builders import make_rules

GOLDEN = {
    ("ipv4", "raw", "PREROUTING", "WSH-lab-P"): """
        ! -s 10.77.0.0/16 -i wsh0 -j DROP
        -s 10.77.0.1/32 -i wsh0 -j DROP
        -i wsh0 -m addrtype --dst-type LOCAL -j DROP
        -i wsh0 -m addrtype --dst-type BROADCAST,MULTICAST -j DROP
        -d 10.77.0.2/32 -i wsh0 -p tcp -m tcp --dport 8081 -j RETURN
        -d 10.77.0.2/32 -i wsh0 -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j RETURN
        -d 10.77.0.3/32 -i wsh0 -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -j RETURN
        -s 10.77.0.2/32 ! -d 10.77.0.3/32 -i wsh0 -p tcp -j RETURN
        -s 10.77.0.3/32 ! -d 10.77.0.2/32 -i wsh0 -p tcp -j RETURN
        -d 10.77.0.0/16 -i wsh0 -j DROP
    """,
    ("ipv4", "filter", "INPUT", "WSH-lab-I"): """
        -i wsh0 -j DROP
    """,
    ("ipv4", "filter", "DOCKER-USER", "WSH-lab-F"): """
        -d 10.77.0.2/32 -i wsh0 -o wsh0 -p tcp -m tcp --dport 8081 -j ACCEPT
        -s 10.77.0.2/32 ! -d 10.77.0.3/32 -i wsh0 -o wsh0 -p tcp -j ACCEPT
        -s 10.77.0.3/32 ! -d 10.77.0.2/32 -i wsh0 -o wsh0 -p tcp -j ACCEPT
        -d 10.77.0.2/32 -i wsh0 -o wsh0 -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j ACCEPT
        -d 10.77.0.3/32 -i wsh0 -o wsh0 -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j ACCEPT
        -i wsh0 -o wsh0 -j DROP
        -o wsh0 -m conntrack --ctstate RELATED,ESTABLISHED --ctdir REPLY -j RETURN
        -o wsh0 -j DROP
        -i wsh0 -o docker+ -j DROP
        -i wsh0 -o br-+ -j DROP
        -i wsh0 -o wsh+ -j DROP
    """,
    ("ipv6", "raw", "PREROUTING", "WSH-lab-P"): """
        -i wsh0 -j DROP
    """,
    ("ipv6", "filter", "INPUT", "WSH-lab-I"): """
        -i wsh0 -j DROP
    """,
    ("ipv6", "filter", "FORWARD", "WSH-lab-F"): """
        -i wsh0 -j DROP
        -o wsh0 -j DROP
    """,
}

HUB, PROXY, ALICE, BOB, HOST = "10.77.0.2", "10.77.0.3", "10.77.0.16", "10.77.0.17", "10.77.0.1"
INTERNET = "198.51.100.7"


def test_the_rules_are_exactly_the_documented_ones() -> None:
    shown = {
        (chain.family, chain.table, chain.parent, chain.name): [" ".join(rule) for rule in chain.rules]
        for chain in make_rules().chains
    }
    assert shown == {key: [line.strip() for line in text.strip().splitlines()] for key, text in GOLDEN.items()}


def test_every_rule_names_the_bridge_so_that_other_networks_are_not_touched() -> None:
    for chain in make_rules(bridge="wsh12").chains:
        for rule in chain.rules:
            assert "wsh12" in rule


def test_a_chain_name_fits_for_the_longest_instance() -> None:
    assert len(chain_name("a" * 20, "P")) <= 28


def test_two_instances_share_no_chain() -> None:
    names = [{chain.name for chain in make_rules(instance).chains} for instance in ("lab", "lab-p", "lab-f")]
    assert sum(map(len, names)) == len(set.union(*names))


def test_nothing_that_leaves_for_the_internet_is_accepted_before_docker_has_its_say() -> None:
    chains = make_rules().of(IPV4)
    assert _verdict(chains, "raw", _packet(ALICE, INTERNET)) == "RETURN"
    assert _verdict(chains, "filter", _packet(ALICE, INTERNET, outgoing="eth0")) == "RETURN"


@pytest.mark.parametrize(
    ("source", "destination", "port", "is_allowed"),
    [
        pytest.param(HUB, ALICE, 8888, True, id="hub to a workspace"),
        pytest.param(PROXY, ALICE, 8888, True, id="proxy to a workspace"),
        pytest.param(ALICE, HUB, 8081, True, id="workspace to the hub's API"),
        pytest.param(PROXY, HUB, 8081, True, id="proxy to the hub's API"),
        pytest.param(ALICE, HUB, 8001, False, id="workspace to another port of the hub"),
        pytest.param(ALICE, HUB, 22, False, id="workspace to a low port of the hub"),
        pytest.param(PROXY, HUB, 8001, False, id="proxy to another port of the hub"),
        pytest.param(HUB, PROXY, 8001, False, id="hub to a port of the proxy"),
        pytest.param(ALICE, PROXY, 8000, False, id="workspace to the proxy's public port"),
        pytest.param(ALICE, PROXY, 8081, False, id="workspace to the hub's port number on the proxy"),
        pytest.param(ALICE, BOB, 8888, False, id="workspace to workspace"),
        pytest.param(ALICE, BOB, 8081, False, id="workspace to the hub's port number on a workspace"),
        pytest.param(INTERNET, BOB, 8888, False, id="a forged source from outside the subnet"),
        pytest.param(HOST, BOB, 8888, False, id="a forged source of the host"),
    ],
)
@pytest.mark.parametrize("table", ["raw", "filter"])
def test_each_table_alone_decides_who_may_open_a_connection(
    table: str, source: str, destination: str, port: int, is_allowed: bool
) -> None:
    verdict = _verdict(make_rules().of(IPV4), table, _packet(source, destination, port=port))
    assert (verdict != "DROP") is is_allowed


@pytest.mark.parametrize("protocol", ["udp", "icmp", "sctp"])
@pytest.mark.parametrize("table", ["raw", "filter"])
@pytest.mark.parametrize("destination", [HUB, PROXY, BOB])
def test_a_workspace_can_send_nothing_but_tcp(table: str, protocol: str, destination: str) -> None:
    packet = _packet(ALICE, destination, port=8081, protocol=protocol)
    assert _verdict(make_rules().of(IPV4), table, packet) == "DROP"


@pytest.mark.parametrize(("source", "destination"), [(ALICE, HUB), (ALICE, PROXY), (HUB, PROXY)])
def test_an_answer_passes_but_the_rest_of_an_established_connection_from_a_workspace_does_not(
    source: str, destination: str
) -> None:
    chains = make_rules().of(IPV4)
    answer = _packet(source, destination, port=40000, direction="REPLY")
    assert _verdict(chains, "filter", answer) == "ACCEPT"
    assert _verdict(chains, "raw", answer) == "RETURN"
    slipped_in = _packet(source, destination, port=40000, direction="ORIGINAL", state="ESTABLISHED")
    assert _verdict(chains, "filter", slipped_in) == "DROP"


def test_nobody_outside_the_bridge_opens_a_connection_into_a_workspace() -> None:
    chains = make_rules().of(IPV4)
    inbound = _packet(INTERNET, ALICE, incoming="eth0", outgoing="wsh0")
    assert _verdict(chains, "filter", inbound) == "DROP"
    answer = _packet(INTERNET, ALICE, incoming="eth0", outgoing="wsh0", direction="REPLY")
    assert _verdict(chains, "filter", answer) == "RETURN"


@pytest.mark.parametrize("device", ["docker0", "br-8147a91ee646", "wshother00000"])
def test_a_workspace_reaches_no_other_container_network(device: str) -> None:
    packet = _packet(ALICE, "172.20.0.9", outgoing=device)
    assert _verdict(make_rules().of(IPV4), "filter", packet) == "DROP"


@pytest.mark.parametrize("kind", ["LOCAL", "BROADCAST", "MULTICAST"])
@pytest.mark.parametrize("source", [ALICE, HUB, PROXY])
def test_no_address_of_the_host_is_reachable_from_the_bridge(kind: str, source: str) -> None:
    packet = _packet(source, HOST, kind=kind)
    assert _verdict(make_rules().of(IPV4), "raw", packet) == "DROP"


def test_ipv6_is_dropped_whole_in_every_table() -> None:
    for chain in make_rules().of(IPV6):
        assert all(rule[-2:] == ("-j", "DROP") for rule in chain.rules)


Packet = Mapping[str, str]


def _packet(
    source: str,
    destination: str,
    *,
    port: int = 8888,
    protocol: str = "tcp",
    incoming: str = "wsh0",
    outgoing: str = "wsh0",
    direction: str = "ORIGINAL",
    state: str = "",
    kind: str = "UNICAST",
) -> Packet:
    return {
        "-s": source,
        "-d": destination,
        "-p": protocol,
        "-i": incoming,
        "-o": outgoing,
        "--dport": str(port),
        "--ctdir": direction,
        "--ctstate": state or ("ESTABLISHED" if direction == "REPLY" else "NEW"),
        "--tcp-flags": "SYN" if direction == "ORIGINAL" and not state else "ACK",
        "--dst-type": kind,
    }


def _verdict(chains: tuple[Chain, ...], table: str, packet: Packet) -> str:
    """Walk the chain that a packet of the bridge meets in a table; RETURN at its end."""
    chain = next(c for c in chains if c.table == table and c.parent != "INPUT")
    for rule in chain.rules:
        if all(_matches(option, negated, value, packet) for option, negated, value in _options(rule)):
            return rule[-1]
    return "RETURN"


def _options(rule: tuple[str, ...]) -> list[tuple[str, bool, str]]:
    words = shlex.split(" ".join(rule[:-2]))
    found, index, negated = [], 0, False
    while index < len(words):
        if words[index] == "!":
            negated, index = True, index + 1
            continue
        option = words[index]
        length = 3 if option == "--tcp-flags" else 2
        if option != "-m":
            found.append((option, negated, words[index + length - 1]))
        negated, index = False, index + length
    return found


def _matches(option: str, negated: bool, value: str, packet: Packet) -> bool:
    has = packet[option]
    if option in {"-s", "-d"}:
        return (IPv4Address(has) in IPv4Network(value)) is not negated
    if value.endswith("+"):
        return has.startswith(value[:-1]) is not negated
    return (has in value.split(",")) is not negated
