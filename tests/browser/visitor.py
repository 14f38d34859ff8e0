"""Somebody before a browser: their window, pictures of what it shows, and what its console complained about."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Locator, Page, Response

from tests.docker.site import PASSWORD, Person, Site

PICTURES = Path(__file__).parents[1] / "reports" / "browser"
STEP_MS = 45_000
WIDE, NARROW = (1280, 800), (400, 800)
STATUS_LINE = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")


class Visitor:
    """One browser window of its own, with its own cookies."""

    def __init__(self, context: BrowserContext, site: Site) -> None:
        context.set_default_timeout(STEP_MS)
        self.context = context
        self.site = site
        self.page: Page = context.new_page()
        self._said: list[tuple[str, str]] = []
        self._documents: set[str] = set()
        self.page.on("console", self._hear)
        self.page.on("pageerror", self._hear_error)
        self.page.on("response", self._note_document)

    def open(self, path: str) -> Response | None:
        """Open an address of the hub, or a whole one such as a link."""
        return self.page.goto(path if path.startswith("http") else self.site.url + path)

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """Fill in the sign-in page and send it."""
        self.open("/hub/login")
        self.page.get_by_label("Username:").fill(name)
        self.page.get_by_label("Password:").fill(password)
        self.page.get_by_role("button", name="Sign in").click()

    def set_password(self, link: str, password: str = PASSWORD, repeated: str | None = None) -> None:
        """Open a one-time link and send its form."""
        self.open(link)
        self.send_passwords(password, password if repeated is None else repeated)

    def send_passwords(self, password: str, repeated: str) -> None:
        self.page.get_by_label("New password").fill(password)
        self.page.get_by_label("The same password again").fill(repeated)
        self.page.get_by_role("button", name="Set password and sign in").click()

    def heading(self, text: str) -> Locator:
        """The one first heading of a page."""
        return self.page.get_by_role("heading", level=1, name=text)

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page for people to look at."""
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True, animations="disabled")

    @property
    def focused(self) -> Locator:
        return self.page.locator(":focus")

    def complaints(self) -> list[str]:
        """The errors of the console on pages of the hub.

        One line is not ours: the browser writes an error for every page whose status is 4xx or 5xx, and pages that
        refuse something have one on purpose. A script or picture that is missing stays a complaint.
        """
        return [
            f"{url}: {text}"
            for text, url in self._said
            if not (STATUS_LINE.match(text) and url.partition("#")[0] in self._documents)
        ]

    def _hear(self, message: ConsoleMessage) -> None:
        # what JupyterLab writes is not ours
        if message.type == "error" and not urlsplit(self.page.url).path.startswith("/user/"):
            self._said.append((message.text, message.location["url"]))

    def _hear_error(self, error: Error) -> None:
        if not urlsplit(self.page.url).path.startswith("/user/"):
            self._said.append((str(error), self.page.url))

    def _note_document(self, response: Response) -> None:
        if response.request.is_navigation_request():
            self._documents.add(response.url)


class Visitors:
    """Opens windows for one test and closes them."""

    def __init__(self, browser: Browser, site: Site) -> None:
        self._browser = browser
        self._site = site
        self._open: list[Visitor] = []

    def stranger(self, size: tuple[int, int] = WIDE, *, is_dark: bool = False) -> Visitor:
        """A window of somebody whom the hub does not know."""
        context = self._browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if is_dark else "light",
            reduced_motion="reduce",
        )
        visitor = Visitor(context, self._site)
        self._open.append(visitor)
        return visitor

    def of(self, person: Person, size: tuple[int, int] = WIDE, *, is_dark: bool = False) -> Visitor:
        """A window in which a person is signed in already."""
        visitor = self.stranger(size, is_dark=is_dark)
        visitor.context.add_cookies(
            [
                {"name": cookie.name, "value": cookie.value or "", "domain": "127.0.0.1", "path": cookie.path}
                for cookie in person.session.cookies
            ]
        )
        return visitor

    def close(self) -> list[str]:
        """Close all windows; give what their consoles complained about."""
        complaints = [complaint for visitor in self._open for complaint in visitor.complaints()]
        for visitor in self._open:
            visitor.context.close()
        return complaints
