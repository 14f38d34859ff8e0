"""The rules in this host's packet filter: looked at, put right, taken away.

A host can have two filters at once, `iptables-nft` and `iptables-legacy`; a packet passes both. The rules go to each in
which Docker keeps its chain DOCKER-USER, because only there they come before Docker's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guard.errors import FirewallUnusable
from guard.rules import IPV4, IPV6, Chain, Rules
from guard.runner import NOT_FOUND, Runner
from guard.swap import differences, removal_input, restore_input
from guard.tables import Tables, parse_tables

VARIANTS: Final = ("-nft", "-legacy")
PLAIN: Final = ""  # a host on which iptables is only called iptables
COMMANDS: Final = {IPV4: "iptables", IPV6: "ip6tables"}
LOCK_SECONDS: Final = "5"
DOCKER_USER: Final = "DOCKER-USER"
NO_IPTABLES: Final = "Neither iptables-nft nor iptables-legacy is here; netguard's image must contain iptables."
NO_DOCKER_USER: Final = (
    f"Docker's chain {DOCKER_USER} is missing, so nobody can reach a workspace. Restart Docker; "
    "if it runs with `iptables: false` or an nftables backend, let it manage iptables."
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one look at the filter found and left: `repaired` in words, `problem` a sentence or empty."""

    repaired: tuple[str, ...] = ()
    problem: str = ""


class Netfilter:
    """The packet filter of the network namespace in which `runner` runs commands."""

    def __init__(self, runner: Runner, *, has_ipv6: bool) -> None:
        self._run = runner
        self._has_ipv6 = has_ipv6

    def ensure(self, rules: Rules) -> Outcome:
        """Put right what is not as it must be; raise FirewallUnusable when a filter does not take it."""
        found, complaint = self._readable(IPV4)
        if not found:
            raise FirewallUnusable(complaint)
        in_use = {name: tables for name, tables in found.items() if tables.has("filter", DOCKER_USER)}
        variants = in_use or dict([next(iter(found.items()))])
        repaired: list[str] = []
        for variant, tables in variants.items():
            repaired += self._ensure_family(rules, IPV4, variant, tables)
            if self._has_ipv6:
                repaired += self._ensure_ipv6(rules, variant)
        return Outcome(tuple(repaired), _problem(in_use) if in_use else complaint or NO_DOCKER_USER)

    def remove(self, rules: Rules) -> tuple[str, ...]:
        """Take an instance's chains away from every filter of this host; give their names."""
        removed: list[str] = []
        families = (IPV4, IPV6) if self._has_ipv6 else (IPV4,)
        for family in families:
            chains = rules.of(family)
            for variant, tables in self._readable(family)[0].items():
                self._restore(family, variant, removal_input(chains, tables))
                removed += [chain.name for chain in chains if tables.has(chain.table, chain.name)]
        return tuple(removed)

    def _readable(self, family: str) -> tuple[dict[str, Tables], str]:
        """Read every filter of this host that can be read, with the last complaint about one that cannot.

        iptables-legacy cannot be read without NET_RAW; where Docker uses iptables-nft nobody needs it.
        """
        found: dict[str, Tables] = {}
        complaint = ""
        for variant in VARIANTS:
            try:
                tables = self._read(family, variant)
            except FirewallUnusable as error:
                complaint = str(error)
            else:
                found |= {} if tables is None else {variant: tables}
        if found or complaint:
            return found, complaint
        plain = self._read(family, PLAIN)
        return ({}, NO_IPTABLES) if plain is None else ({PLAIN: plain}, "")

    def _ensure_ipv6(self, rules: Rules, variant: str) -> list[str]:
        tables = self._read(IPV6, variant)
        return [] if tables is None else self._ensure_family(rules, IPV6, variant, tables)

    def _ensure_family(self, rules: Rules, family: str, variant: str, tables: Tables) -> list[str]:
        chains = rules.of(family)
        wrong = differences(chains, tables)
        if wrong:
            self._restore(family, variant, restore_input(chains, tables))
            self._confirm(family, variant, chains)
        return list(wrong)

    def _confirm(self, family: str, variant: str, chains: Sequence[Chain]) -> None:
        left = differences(chains, self._read(family, variant) or Tables())
        if left:
            raise FirewallUnusable(
                f"The packet rules were written, but {left[0]} at once. Another firewall program of this host "
                f"rewrites them; let it leave chains that begin with WSH- and the jumps to them alone."
            )

    def _read(self, family: str, variant: str) -> Tables | None:
        """Read all tables, or None when this host has no such command."""
        done = self._run([f"{COMMANDS[family]}{variant}-save"])
        if done.exit_code == NOT_FOUND:
            return None
        if not done.is_good:
            raise FirewallUnusable(
                f"{COMMANDS[family]}{variant}-save failed: {done.complaint}. netguard needs the capability NET_ADMIN"
                f"{' and NET_RAW' if variant == '-legacy' else ''}, and the host's network."
            )
        return parse_tables(done.output)

    def _restore(self, family: str, variant: str, given: str) -> None:
        if not given:
            return
        command = [f"{COMMANDS[family]}{variant}-restore", "--noflush", "-w", LOCK_SECONDS]
        done = self._run(command, given)
        if not done.is_good:
            raise FirewallUnusable(f"{command[0]} refused the packet rules: {done.complaint}. It is tried again.")


def _problem(in_use: dict[str, Tables]) -> str:
    """Say what of Docker's own is missing, so that our rules do not stand where they should."""
    for variant, tables in in_use.items():
        if f"-j {DOCKER_USER}" not in tables.rules("filter", "FORWARD"):
            return (
                f"The chain FORWARD of iptables{variant} does not jump to {DOCKER_USER}, so the rules there "
                "do nothing. Restart Docker, which puts the jump back."
            )
    return ""
