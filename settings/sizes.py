"""Sizes in bytes and their one spelling in hub.toml, "16GiB"; no other spelling is known here."""

import re
from typing import Final

KIB: Final = 1024
MIB: Final = 1024**2
GIB: Final = 1024**3
TIB: Final = 1024**4

SIZE_ALLOWED: Final = 'a size such as "16GiB" (MiB, GiB or TiB)'

_UNITS: Final = {"TiB": TIB, "GiB": GIB, "MiB": MIB}
# ASCII digits by name: \d also matches full-width digits; ten digits end any attempt at a giant number
_SIZE: Final = re.compile(r"\A([0-9]{1,10})(MiB|GiB|TiB)\Z")


def parse_bytes(text: str) -> int:
    """Give the number of bytes that a text such as "16GiB" means; raise ValueError for any other spelling."""
    match = _SIZE.match(text)
    if match is None:
        raise ValueError(f"not {SIZE_ALLOWED}")
    return int(match[1]) * _UNITS[match[2]]


def format_bytes(size_bytes: int) -> str:
    """Spell a size in the largest unit that gives a whole number, below 1 MiB and for odd sizes in bytes."""
    for unit, unit_bytes in _UNITS.items():
        if size_bytes and size_bytes % unit_bytes == 0:
            return f"{size_bytes // unit_bytes}{unit}"
    return f"{size_bytes} bytes"
