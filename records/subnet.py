"""Which addresses of the network are for workspaces; pure, so that `engine.names` can use it too."""

from ipaddress import IPv4Address, IPv4Network
from typing import Final

FIRST_WORKSPACE: Final = 16  # below it: gateway, hub, proxy and the addresses of probes


def workspace_range(subnet: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """Give the first and the last address that a workspace can have; the last of all is for broadcasts."""
    return subnet.network_address + FIRST_WORKSPACE, subnet.broadcast_address - 1
