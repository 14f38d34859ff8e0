"""What the tests of this room start from."""

from ipaddress import IPv4Address, IPv4Network
from typing import Any

from guard.rules import Rules, desired_rules


def make_rules(instance: str = "lab", bridge: str = "wsh0") -> Rules:
    return desired_rules(
        instance,
        bridge,
        IPv4Network("10.77.0.0/16"),
        IPv4Address("10.77.0.1"),
        IPv4Address("10.77.0.2"),
        IPv4Address("10.77.0.3"),
    )


def bridge_link(*, filtered: int = 1, name: str = "wsh0") -> dict[str, Any]:
    data = {"nf_call_iptables": filtered, "nf_call_ip6tables": filtered}
    return {"ifname": name, "linkinfo": {"info_kind": "bridge", "info_data": data}}


def port_link(name: str, namespace: int, *, isolated: bool = False, master: str = "wsh0") -> dict[str, Any]:
    return {
        "ifname": name,
        "master": master,
        "link_netnsid": namespace,
        "linkinfo": {"info_kind": "veth", "info_slave_kind": "bridge", "info_slave_data": {"isolated": isolated}},
    }
