"""Waiting between two looks: until some time has passed, the kernel tells of a change, or somebody says stop.

The kernel announces every change of nftables (so also of iptables-nft) and of network devices on netlink sockets; a
flush is seen within milliseconds, not at the next tick. iptables-legacy announces nothing; there the tick has to do.
ref: netlink(7), rtnetlink(7), include/uapi/linux/netfilter/nfnetlink.h
"""

import logging
import select
import socket
import time
from typing import Final

log = logging.getLogger(__name__)

NETLINK_ROUTE: Final = 0
NETLINK_NETFILTER: Final = 12
RTMGRP_LINK: Final = 1 << 0
NFNLGRP_NFTABLES: Final = 1 << (7 - 1)
RECEIVE_BYTES: Final = 65536
MOST_MESSAGES: Final = 10_000  # a wait that follows ends at once when more are left
# the first change is answered at once; of a burst (Docker starts a container) the rest together
BETWEEN_CHANGES_SECONDS: Final = 0.05


class Waiter:
    """Waits for ticks, changes and the word to stop; owns its sockets until `close`."""

    def __init__(self) -> None:
        self._stop_receiver, self._stop_sender = socket.socketpair()
        self._is_stopped = False
        self._last = 0.0
        groups = ((NETLINK_NETFILTER, NFNLGRP_NFTABLES), (NETLINK_ROUTE, RTMGRP_LINK))
        opened = (_listen(protocol, group) for protocol, group in groups)
        self._changes = [listener for listener in opened if listener is not None]

    def wait(self, seconds: float) -> bool:
        """Wait for the next reason to look; return False when it is time to stop."""
        ready, _, _ = select.select([self._stop_receiver, *self._changes], [], [], seconds)
        if any(listener in ready for listener in self._changes):
            time.sleep(max(0.0, self._last + BETWEEN_CHANGES_SECONDS - time.monotonic()))
        self._last = time.monotonic()
        return not self._is_stopped

    def forget(self) -> None:
        """Drop what was announced so far; called right before a look, which sees all of it."""
        for listener in self._changes:
            _drain(listener)

    def stop(self) -> None:
        """End the present wait and all later ones; safe in a signal handler."""
        self._is_stopped = True
        self._stop_sender.send(b"x")

    def close(self) -> None:
        """Give the sockets back."""
        for listener in (self._stop_receiver, self._stop_sender, *self._changes):
            listener.close()


def _listen(protocol: int, group: int) -> socket.socket | None:
    listener = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol)
    try:
        listener.bind((0, group))
    except OSError as error:
        listener.close()
        log.warning("The kernel does not announce changes (%s); netguard looks once per tick only", error)
        return None
    listener.setblocking(False)
    return listener


def _drain(listener: socket.socket) -> None:
    for _ in range(MOST_MESSAGES):
        try:
            listener.recv(RECEIVE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            # ENOBUFS, more happened than fits: all the same to us, the next look sees everything
            continue
