"""What iptables-save printed, as values that can be compared. Pure.

Two rules are the same when they match and do the same: the order of options, the order inside a list of states and a
module that is named twice do not count.
"""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Options = frozenset[tuple[bool, str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Tables:
    """The chains of each table with their rules, as lines without the `-A CHAIN` in front."""

    chains: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)

    def has(self, table: str, chain: str) -> bool:
        """Say whether there is such a chain."""
        return chain in self.chains.get(table, {})

    def rules(self, table: str, chain: str) -> tuple[str, ...]:
        """Give the rules of a chain; none when there is no such chain."""
        return self.chains.get(table, {}).get(chain, ())

    def names(self, table: str) -> tuple[str, ...]:
        """Give the names of a table's chains."""
        return tuple(self.chains.get(table, {}))


def parse_tables(saved: str) -> Tables:
    """Read the output of iptables-save."""
    chains: dict[str, dict[str, list[str]]] = {}
    table: dict[str, list[str]] = {}
    for line in saved.splitlines():
        if line.startswith("*"):
            table = chains.setdefault(line[1:].strip(), {})
        elif line.startswith(":"):
            table.setdefault(line[1:].split(" ", 1)[0], [])
        elif line.startswith("-A "):
            _, chain, rule = (line + " ").split(" ", 2)
            table.setdefault(chain, []).append(rule.strip())
    return Tables({name: {chain: tuple(rules) for chain, rules in of.items()} for name, of in chains.items()})


def options(words: Iterable[str]) -> Options:
    """Give a rule as the set of what it asks for and does."""
    found: set[tuple[bool, str, tuple[str, ...]]] = set()
    negated, is_next_negated, option = False, False, ""
    values: list[str] = []
    for word in (*words, "-"):
        if word == "!":
            is_next_negated = True
        elif word.startswith("-"):
            if option and option not in {"-m", "--match"}:
                found.add((negated, option, tuple(values)))
            negated, is_next_negated, option, values = is_next_negated, False, word, []
        else:
            values.append(_ordered(word))
    return frozenset(found)


def is_same(rule: Iterable[str], line: str) -> bool:
    """Say whether a line of iptables-save is this rule."""
    return options(rule) == options(shlex.split(line))


def _ordered(value: str) -> str:
    return ",".join(sorted(value.split(",")))
