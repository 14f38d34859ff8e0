"""Somebody with a browser in front of the hub: cookies, forms and their XSRF tokens, no JavaScript."""

from typing import Any

import requests

LIMIT_SECONDS = 30.0


class Visitor(requests.Session):
    """A browser session; paths are relative to the hub's public URL."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request with a time limit; a path is completed to the hub's URL."""
        kwargs["timeout"] = kwargs.get("timeout") or LIMIT_SECONDS
        text = url if isinstance(url, str) else url.decode()
        return super().request(method, self.url + text if text.startswith("/") else text, *args, **kwargs)

    @property
    def xsrf(self) -> str:
        """The token that the hub's forms carry; looks at the sign-in page if there is none yet."""
        if self._xsrf() is None:
            self.get("/hub/login")
        return self._xsrf() or ""

    def submit(self, path: str, fields: dict[str, str], **kwargs: Any) -> requests.Response:
        """Send a form of the hub as a browser does: after looking at its page, with its token; no redirects."""
        self.get(path)
        kwargs.setdefault("allow_redirects", False)
        return self.post(path, data={"_xsrf": self.xsrf, **fields}, **kwargs)

    def call(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the REST API as the hub's own pages do: with the cookie and the token in a header."""
        headers = {"X-XSRFToken": self.xsrf, "Referer": f"{self.url}/hub/home"}
        return self.request(method, f"/hub/api{path}", headers=headers, **kwargs)

    def sign_in(self, name: str, password: str) -> requests.Response:
        """Send the sign-in form; 302 is a yes, 403 a no."""
        return self.submit("/hub/login", {"username": name, "password": password})

    def _xsrf(self) -> str | None:
        found = [cookie.value for cookie in self.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/"]
        return found[-1] if found else None
