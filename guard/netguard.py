"""The loop that keeps the packet rules of one instance: look, put right, say so, wait.

It never opens anything: when it stops, for whatever reason, the rules stay.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from guard.errors import GuardError
from guard.isolation import ensure_filtered, ensure_isolation
from guard.links import read_bridge
from guard.netfilter import Netfilter
from guard.rules import Rules
from guard.runner import Runner
from guard.status import Status, write_status

log = logging.getLogger(__name__)

TICK_SECONDS: Final = 1.0


class Waiting(Protocol):
    """What the loop needs between two looks; `guard.events.Waiter` is one."""

    def wait(self, seconds: float) -> bool:
        """Wait; return False when it is time to stop."""

    def forget(self) -> None:
        """Drop the reasons to look that were announced so far."""


@dataclass(frozen=True, slots=True)
class Guarded:
    """What to guard, and where to say so."""

    rules: Rules
    is_port_isolation: bool
    status_file: Path
    bridge_netfilter: Path = Path("/proc/sys/net/bridge")


class Netguard:
    """Keeps the rules of one instance. `now` gives the time in UTC."""

    def __init__(self, guarded: Guarded, *, run: Runner, netfilter: Netfilter, now: Callable[[], datetime]) -> None:
        self._guarded = guarded
        self._run = run
        self._netfilter = netfilter
        self._now = now
        self._is_set_up = False
        self._repairs = 0
        self._problem = ""

    def keep(self, waiting: Waiting) -> None:
        """Look again and again until told to stop; the rules stay in place afterwards."""
        while True:
            waiting.forget()
            self._look_and_survive()
            if not waiting.wait(TICK_SECONDS):
                log.info("netguard of %s stops; its rules stay in place", self._guarded.rules.instance)
                return

    def look(self) -> Status:
        """Look once, put right what is wrong, write the status and return it."""
        problems = [self._guard_packets(), self._guard_bridge()]
        problem = next(filter(None, problems), "")
        self._tell(problem)
        status = Status(not problem, self._now(), problem, self._repairs)
        write_status(self._guarded.status_file, status)
        return status

    def _look_and_survive(self) -> None:
        try:
            self.look()
        except Exception:
            log.exception("This look at the packet rules failed; the next one follows")

    def _guard_packets(self) -> str:
        try:
            outcome = self._netfilter.ensure(self._guarded.rules)
        except GuardError as error:
            return str(error)
        if not self._is_set_up:
            log.info("The packet rules of %s are in place", self._guarded.rules.instance)
        elif outcome.repaired:
            self._repairs += 1
            log.warning("The packet rules were repaired: %s", "; ".join(outcome.repaired))
        self._is_set_up = True
        return outcome.problem

    def _guard_bridge(self) -> str:
        guarded, device = self._guarded, self._guarded.rules.bridge
        try:
            bridge = read_bridge(self._run, device)
            if bridge is None:
                return f"The bridge {device} does not exist yet; `./hub up` makes the workspaces network."
            if ensure_filtered(self._run, bridge):
                log.info("The bridge %s hands its packets to iptables now", device)
            changed = ensure_isolation(self._run, bridge, is_wanted=guarded.is_port_isolation)
        except GuardError as error:
            return str(error)
        if changed:
            log.info("Port isolation changed on %s", ", ".join(changed))
        if not guarded.bridge_netfilter.is_dir():
            return "The kernel does not hand bridged packets to iptables; load the module br_netfilter."
        return ""

    def _tell(self, problem: str) -> None:
        if problem and problem != self._problem:
            log.error("%s", problem)
        elif self._problem and not problem:
            log.info("The packet rules of %s hold again", self._guarded.rules.instance)
        self._problem = problem
