"""The bridge, its ports and their isolation."""

from typing import Any

import pytest

from guard.errors import LinksUnreadable
from guard.isolation import ensure_filtered, ensure_isolation
from guard.links import Bridge, bridge_of, read_bridge
from guard.runner import Completed
from tests.unit.guard.builders import bridge_link, port_link
from tests.unit.guard.fake_host import FakeHost

FRONT = [port_link("vethhub1", 3, master="br-front"), port_link("vethproxy1", 4, master="br-front")]
PORTS = [port_link("vethhub0", 3), port_link("vethproxy0", 4), port_link("vetha", 5), port_link("vethb", 6)]


def a_bridge(links: list[dict[str, Any]]) -> Bridge:
    found = bridge_of(links, "wsh0")
    assert found is not None
    return found


def test_a_port_is_trusted_when_its_container_stands_in_a_second_network() -> None:
    trusted = {port.device: port.is_trusted for port in a_bridge([bridge_link(), *PORTS, *FRONT]).ports}
    assert trusted == {"vethhub0": True, "vethproxy0": True, "vetha": False, "vethb": False}


def test_two_ports_of_one_container_on_the_same_bridge_are_not_trusted() -> None:
    ports = a_bridge([bridge_link(), port_link("vetha", 5), port_link("vetha2", 5)]).ports
    assert not any(port.is_trusted for port in ports)


def test_a_device_without_a_namespace_is_not_trusted() -> None:
    stray = port_link("tap0", 1)
    del stray["link_netnsid"]
    assert not a_bridge([bridge_link(), stray, {"ifname": "lo"}]).ports[0].is_trusted


def test_a_missing_bridge_is_none() -> None:
    assert read_bridge(FakeHost({}, links=[{"ifname": "lo"}]), "wsh0") is None


def test_without_iproute2_the_error_says_so() -> None:
    with pytest.raises(LinksUnreadable, match="iproute2"):
        read_bridge(lambda command, given="": Completed(127, complaint="no ip"), "wsh0")


def test_isolation_closes_the_ports_of_workspaces_only() -> None:
    host = FakeHost({})
    changed = ensure_isolation(host, a_bridge([bridge_link(), *PORTS, *FRONT]), is_wanted=True)
    assert changed == ("vetha", "vethb")
    assert host.commands == [
        ("bridge", "link", "set", "dev", "vetha", "isolated", "on"),
        ("bridge", "link", "set", "dev", "vethb", "isolated", "on"),
    ]


def test_isolation_that_holds_is_left_alone() -> None:
    host = FakeHost({})
    links = [bridge_link(), port_link("vethhub0", 3), *FRONT, port_link("vetha", 5, isolated=True)]
    assert ensure_isolation(host, a_bridge(links), is_wanted=True) == ()
    assert host.commands == []


def test_a_port_of_the_hub_that_was_isolated_before_its_second_leg_came_is_opened_again() -> None:
    links = [bridge_link(), port_link("vethhub0", 3, isolated=True), *FRONT]
    host = FakeHost({})
    assert ensure_isolation(host, a_bridge(links), is_wanted=True) == ("vethhub0",)
    assert host.commands[0][-1] == "off"


def test_without_the_option_isolation_is_taken_back() -> None:
    links = [bridge_link(), port_link("vetha", 5, isolated=True)]
    host = FakeHost({})
    assert ensure_isolation(host, a_bridge(links), is_wanted=False) == ("vetha",)
    assert host.commands[0][-1] == "off"


def test_a_bridge_that_does_not_hand_its_packets_over_is_told_to() -> None:
    host = FakeHost({})
    assert ensure_filtered(host, a_bridge([bridge_link(filtered=0)]))
    assert host.commands == [
        ("ip", "link", "set", "dev", "wsh0", "type", "bridge", "nf_call_iptables", "1", "nf_call_ip6tables", "1")
    ]
    assert not ensure_filtered(host, a_bridge([bridge_link(filtered=1)]))


def test_a_bridge_that_cannot_be_told_is_an_error_that_names_the_module() -> None:
    with pytest.raises(LinksUnreadable, match="br_netfilter"):
        ensure_filtered(lambda command, given="": Completed(2, complaint="no"), a_bridge([bridge_link(filtered=0)]))
