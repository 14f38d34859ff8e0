"""How a moment is written down: UTC text whose alphabetical order is the order in time."""

from datetime import UTC, datetime


def moment_text(moment: datetime) -> str:
    """Write an aware moment; a naive one is a bug of the caller and raises ValueError."""
    if moment.utcoffset() is None:
        raise ValueError("a moment needs a time zone")
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def read_moment(text: str) -> datetime:
    """Read what `moment_text` wrote."""
    return datetime.fromisoformat(text)


def read_moment_or_none(text: str | None) -> datetime | None:
    """Read a column that may be empty."""
    return None if text is None else datetime.fromisoformat(text)
