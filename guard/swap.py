"""What separates the tables as they are from the rules that must hold, and the one input that ends it. Pure.

`iptables-restore --noflush` commits a table whole: a chain named with `:CHAIN` is emptied and filled again in the same
step in which the jumps to it move, in iptables-legacy by one replacement of the table, in iptables-nft by one
transaction. There is no moment with the old rules gone and the new ones not there.
https://manpages.debian.org/iptables-restore
"""

from collections.abc import Iterable, Sequence

from guard.rules import CHAIN_PREFIX, Chain
from guard.tables import Tables, is_same

# chains that the kernel makes with the table, whether iptables-save shows the table or not
BUILT_IN = frozenset({"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"})


def differences(chains: Iterable[Chain], tables: Tables) -> tuple[str, ...]:
    """Say in words what is not as it must be; nothing when all holds. A missing parent is not a difference."""
    return tuple(found for chain in chains for found in _differences(chain, tables))


def has_parent(chain: Chain, tables: Tables) -> bool:
    """Say whether the chain that has to jump to ours exists."""
    return chain.parent in BUILT_IN or tables.has(chain.table, chain.parent)


def restore_input(chains: Sequence[Chain], tables: Tables) -> str:
    """Give the input of `iptables-restore --noflush` that makes every table with a difference right again."""
    wrong = [chain for chain in chains if _differences(chain, tables)]
    return "".join(_table_input(table, wrong, tables) for table in dict.fromkeys(c.table for c in wrong))


def removal_input(chains: Sequence[Chain], tables: Tables) -> str:
    """Give the input that takes the chains and the jumps to them away; empty when there are none."""
    there = [chain for chain in chains if tables.has(chain.table, chain.name)]
    lines: list[str] = []
    for table in dict.fromkeys(chain.table for chain in there):
        of_table = [chain for chain in there if chain.table == table]
        lines += [f"*{table}"]
        for chain in of_table:
            lines += [f"-D {parent} -j {chain.name}" for parent in _jumping(chain, tables)]
        lines += [f"-F {chain.name}" for chain in of_table] + [f"-X {chain.name}" for chain in of_table]
        lines += ["COMMIT"]
    return "".join(f"{line}\n" for line in lines)


def _differences(chain: Chain, tables: Tables) -> list[str]:
    found = []
    if not tables.has(chain.table, chain.name):
        found.append(f"chain {chain.name} of {chain.family} {chain.table} was gone")
    elif not _is_filled_as_wanted(chain, tables):
        found.append(f"rules in {chain.name} of {chain.family} {chain.table} were changed")
    if has_parent(chain, tables) and not _is_jump_first(chain, tables):
        found.append(f"the jump from {chain.parent} of {chain.family} {chain.table} was not first")
    return found


def _is_filled_as_wanted(chain: Chain, tables: Tables) -> bool:
    lines = tables.rules(chain.table, chain.name)
    return len(lines) == len(chain.rules) and all(map(is_same, chain.rules, lines))


def _is_jump_first(chain: Chain, tables: Tables) -> bool:
    """Other instances' chains may stand before ours: they judge their own bridge only, and all want to be first."""
    lines = tables.rules(chain.table, chain.parent)
    wanted = _jump(chain)
    if lines.count(wanted) != 1:
        return False
    return all(line.startswith(f"-j {CHAIN_PREFIX}") for line in lines[: lines.index(wanted)])


def _jump(chain: Chain) -> str:
    return f"-j {chain.name}"


def _table_input(table: str, wrong: Sequence[Chain], tables: Tables) -> str:
    of_table = [chain for chain in wrong if chain.table == table]
    lines = [f"*{table}", *(f":{chain.name} - [0:0]" for chain in of_table)]
    for chain in of_table:
        lines += [" ".join(("-A", chain.name, *rule)) for rule in chain.rules]
        if has_parent(chain, tables):
            there = tables.rules(table, chain.parent).count(_jump(chain))
            lines += [f"-D {chain.parent} {_jump(chain)}"] * there
            lines += [f"-I {chain.parent} 1 {_jump(chain)}"]
    return "".join(f"{line}\n" for line in (*lines, "COMMIT"))


def _jumping(chain: Chain, tables: Tables) -> list[str]:
    return [
        parent
        for parent in tables.names(chain.table)
        for line in tables.rules(chain.table, parent)
        if line == _jump(chain)
    ]
