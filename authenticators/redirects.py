"""Where the `next` parameter of JupyterHub's pages may lead: never out of this site, and never into an error.

JupyterHub checks the site; a line break (`?next=/%0d%0aX`) passes that check, and then tornado refuses the header with
an answer of 500.
"""

import unicodedata
from collections.abc import Iterable
from typing import Any

from jupyterhub.handlers import login, pages
from jupyterhub.handlers.base import BaseHandler
from jupyterhub.utils import url_path_join

_PAGES = (
    *login.default_handlers,
    *(route for route in pages.default_handlers if route[1] in {pages.RootHandler, pages.SpawnHandler}),
)


class StaysOnSite(BaseHandler):  # type: ignore[misc]
    """Leads home where `next` cannot be followed; put it before JupyterHub's handler in the list of bases."""

    def get_next_url(self, user: Any = None, default: str | None = None) -> str:
        """Give where to go after this page."""
        next_url = str(super().get_next_url(user, default))
        if any(unicodedata.category(character) == "Cc" for character in next_url):
            return str(url_path_join(self.hub.base_url, "home"))
        return next_url


def pages_that_stay_on_site() -> list[tuple[str, type[BaseHandler]]]:
    """Give the routes of JupyterHub's pages that follow `next`, to be put before its own."""
    return stay_on_site(_PAGES)


def stay_on_site(routes: Iterable[tuple[str, type[BaseHandler]]]) -> list[tuple[str, type[BaseHandler]]]:
    """Give routes with handlers that follow `next` only within this site."""
    return [(pattern, _staying(upstream)) for pattern, upstream in routes]


def _staying(upstream: type[BaseHandler]) -> type[BaseHandler]:
    return type(upstream.__name__, (StaysOnSite, upstream), {})
