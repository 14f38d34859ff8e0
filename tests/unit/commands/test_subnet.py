from ipaddress import IPv4Network

import pytest

from commands.subnet import clash_sentence

SUBNET = IPv4Network("10.77.0.0/16")
ROUTES = """\
default via 192.0.2.1 dev eth0
10.8.0.0/24 dev tun0 proto kernel scope link src 10.8.0.2
192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.5
local 127.0.0.0/8 dev lo table local proto kernel scope host src 127.0.0.1
broadcast 192.0.2.255 dev eth0 table local proto kernel scope link src 192.0.2.5
"""


def test_a_free_subnet_clashes_with_nothing() -> None:
    assert clash_sentence(SUBNET, ROUTES, "bridge 172.17.0.0/16\nhost\nnone\n") is None


@pytest.mark.parametrize(
    ("route", "device"),
    [
        pytest.param("10.77.3.0/24 via 10.8.0.1 dev tun0 table 52", "tun0", id="a smaller network behind a VPN"),
        pytest.param("10.0.0.0/8 dev wg0 scope link", "wg0", id="a larger network behind a VPN"),
        pytest.param("10.77.9.9 dev eth1 scope link", "eth1", id="one machine"),
        pytest.param("local 10.77.0.1 dev eth1 table local scope host", "eth1", id="this machine's own address"),
        pytest.param("unreachable 10.77.0.0/16 metric 1024", "10.77.0.0/16", id="a network routed to nowhere"),
        pytest.param("10.77.0.0/16 proto static nexthop via 192.0.2.9 dev", "10.77.0.0/16", id="a line cut short"),
    ],
)
def test_a_route_into_the_subnet_is_named(route: str, device: str) -> None:
    sentence = clash_sentence(SUBNET, ROUTES + route, "")
    assert sentence is not None
    assert device in sentence and "network.subnet" in sentence and "10.77.0.0/16" in sentence


@pytest.mark.parametrize(
    "route",
    [
        pytest.param("0.0.0.0/1 via 10.8.0.1 dev tun0", id="a VPN's first half of everything"),
        pytest.param("128.0.0.0/1 via 10.8.0.1 dev tun0", id="its second half"),
        pytest.param("broadcast 10.77.255.255 dev eth1 table local", id="a broadcast address"),
        pytest.param("this is no route", id="words"),
        pytest.param("", id="an empty line"),
    ],
)
def test_a_line_without_a_network_behind_it_clashes_with_nothing(route: str) -> None:
    assert clash_sentence(SUBNET, route, "") is None


def test_a_docker_network_is_named_rather_than_its_route() -> None:
    sentence = clash_sentence(SUBNET, "10.77.0.0/20 dev br-1 proto kernel", "other_default 10.77.0.0/20\n")
    assert sentence is not None and "other_default" in sentence


def test_of_a_docker_network_with_several_subnets_the_clashing_one_is_found() -> None:
    sentence = clash_sentence(SUBNET, "", "both fd00::/64 10.200.0.0/24 10.77.4.0/24\n")
    assert sentence is not None and "10.77.4.0/24" in sentence
