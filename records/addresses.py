"""Which address each workspace has: fixed for a (person, server) for ever, never given to another.

So a route that outlived its container reaches nobody else's; after a crash in mid-start the address is known.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from sqlite3 import Connection
from typing import Final
from uuid import UUID

from records.errors import PoolFull, TooManyServerNames
from records.people import get_living_person
from records.subnet import workspace_range

# server names are free text, so without it one person could take the whole pool
MOST_PER_PERSON: Final = 64

_GIVEN: Final = "SELECT 1 FROM addresses AS given WHERE given.address = candidate"


@dataclass(frozen=True, slots=True)
class AddressRow:
    """One address and whose it is."""

    address: IPv4Address
    person_id: UUID
    server: str


def ensure_address(
    connection: Connection,
    person_id: UUID,
    server: str,
    subnet: IPv4Network,
    *,
    most_per_person: int = MOST_PER_PERSON,
) -> IPv4Address:
    """Give the recorded address of a person's server; record one that nobody ever had if none is there.

    Raises PoolFull when none is left and TooManyServerNames when the person had too many. After a change of
    the subnet a server has one address in each, and each stays its own.
    """
    known = find_address(connection, person_id, server, subnet)
    if known is not None:
        return known
    get_living_person(connection, person_id)
    if _count_of_person(connection, person_id, subnet) >= most_per_person:
        raise TooManyServerNames(most_per_person)
    address = _lowest_free(connection, subnet)
    connection.execute(
        "INSERT INTO addresses (address, person_id, server) VALUES (?, ?, ?)",
        (int(address), str(person_id), server),
    )
    return address


def find_address(connection: Connection, person_id: UUID, server: str, subnet: IPv4Network) -> IPv4Address | None:
    """Give the recorded address of a server in this subnet, or None if it has none yet."""
    row = connection.execute(
        "SELECT min(address) FROM addresses WHERE person_id = ? AND server = ? AND address BETWEEN ? AND ?",
        (str(person_id), server, *_numbers(subnet)),
    ).fetchone()
    return None if row[0] is None else IPv4Address(row[0])


def addresses(connection: Connection) -> list[AddressRow]:
    """Give every address ever given, of living and ended people."""
    rows = connection.execute("SELECT address, person_id, server FROM addresses ORDER BY address")
    return [AddressRow(IPv4Address(address), UUID(person_id), server) for address, person_id, server in rows]


def _numbers(subnet: IPv4Network) -> tuple[int, int]:
    first, last = workspace_range(subnet)
    return int(first), int(last)


def _count_of_person(connection: Connection, person_id: UUID, subnet: IPv4Network) -> int:
    row = connection.execute(
        "SELECT count(*) FROM addresses WHERE person_id = ? AND address BETWEEN ? AND ?",
        (str(person_id), *_numbers(subnet)),
    ).fetchone()
    return int(row[0])


def _lowest_free(connection: Connection, subnet: IPv4Network) -> IPv4Address:
    first, last = _numbers(subnet)
    # the lowest free one is the first of all or follows a given one
    row = connection.execute(
        f"""
        SELECT min(candidate) FROM (
          SELECT ? AS candidate UNION ALL SELECT address + 1 FROM addresses WHERE address BETWEEN ? AND ?
        ) WHERE candidate <= ? AND NOT EXISTS ({_GIVEN})
        """,  # noqa: S608
        (first, first, last, last),
    ).fetchone()
    if row[0] is None:
        raise _pool_full(connection, subnet)
    return IPv4Address(row[0])


def _pool_full(connection: Connection, subnet: IPv4Network) -> PoolFull:
    living, ended = connection.execute(
        "SELECT count(*) FILTER (WHERE ended_at IS NULL), count(*) FILTER (WHERE ended_at IS NOT NULL) "
        "FROM addresses JOIN people USING (person_id) WHERE address BETWEEN ? AND ?",
        _numbers(subnet),
    ).fetchone()
    return PoolFull(subnet, living=living, ended=ended)
