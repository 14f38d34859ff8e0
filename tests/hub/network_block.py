"""A /16 of the loopback network for each hub under test, so that several run beside each other."""

import fcntl
import os
import socket
import tempfile
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

FIRST, LAST = 77, 250
HUB_PORT = 8081


class NetworkBlock:
    """127.N.0.0/16 for one hub; no other test process takes the same one while it is held."""

    def __init__(self) -> None:
        self.subnet, self._lock = _take_first_free()

    @property
    def hub_address(self) -> IPv4Address:
        """Where the hub's API listens, as in production: the second host after the network's address."""
        return self.subnet.network_address + 2

    @property
    def hub_url(self) -> str:
        """The hub's address for the proxy and for workspaces."""
        return f"http://{self.hub_address}:{HUB_PORT}"

    def release(self) -> None:
        """Let others have it."""
        os.close(self._lock)


def _take_first_free() -> tuple[IPv4Network, int]:
    for number in range(FIRST, LAST + 1):
        lock = os.open(Path(tempfile.gettempdir()) / f"hub-under-test-127.{number}.lock", os.O_CREAT | os.O_RDWR, 0o666)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        subnet = IPv4Network(f"127.{number}.0.0/16")
        if _is_free(str(subnet.network_address + 2), HUB_PORT):
            return subnet, lock
        os.close(lock)
    raise AssertionError(f"no free network between 127.{FIRST} and 127.{LAST}: too many hubs run on this machine")


def _is_free(address: str, port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Choose a port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
