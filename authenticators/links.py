"""The address of a one-time link, and what a page or a command says of it."""

from datetime import datetime
from urllib.parse import quote

from settings.schema import Settings


def link_url(settings: Settings, token: str) -> str:
    """Give the address that a person opens to set their password.

    JupyterHub's access log hides the value of a parameter called `token`.
    """
    return f"{settings.site.url.rstrip('/')}/hub/accounts/link?token={quote(token, safe='')}"


def minutes_left(until: datetime, now: datetime) -> int:
    """Give the full minutes for which a link still works; 0 where it has ended."""
    return max(0, int((until - now).total_seconds() // 60))
