"""Waiting with an end: every failure carries what the hub said last."""

import time
from collections.abc import Callable
from typing import Protocol

LOG_LINES = 60


class HubFailure(AssertionError):
    """Something did not come true; the message ends with the hub's last log lines."""


class HasLog(Protocol):
    """What can tell what happened."""

    def log(self) -> str:
        """Give everything logged so far."""


def failure(hub: HasLog, what: str) -> HubFailure:
    """Make the error with the log's tail."""
    tail = "\n".join(hub.log().splitlines()[-LOG_LINES:])
    return HubFailure(f"{what}\n--- the hub's last words ---\n{tail}")


def wait_until(claim: Callable[[], bool], what: str, hub: HasLog, *, seconds: float = 30) -> None:
    """Ask again and again until the claim is true; raise HubFailure after the given time."""
    deadline = time.monotonic() + seconds
    while not claim():
        if time.monotonic() > deadline:
            raise failure(hub, f"{what}: not within {seconds:g} s")
        time.sleep(0.1)
