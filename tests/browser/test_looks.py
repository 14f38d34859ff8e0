"""How the pages look: wide and narrow, light and dark; names, headings and contrast are judged, and pictures kept."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import NOTICE
from tests.browser.judge import problems_of
from tests.browser.visitor import NARROW, WIDE, Visitor, Visitors
from tests.docker.site import Admin, Person

LOOKS = pytest.mark.parametrize(
    ("look", "size", "is_dark"),
    [
        pytest.param("wide-light", WIDE, False, id="wide and light"),
        pytest.param("wide-dark", WIDE, True, id="wide and dark"),
        pytest.param("narrow-light", NARROW, False, id="narrow and light"),
        pytest.param("narrow-dark", NARROW, True, id="narrow and dark"),
    ],
)


def test_the_judge_finds_what_is_wrong(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 400, "height": 400})
    page.set_content(
        """<html><body style="background: #222"><h1>A</h1><h3 style="color: #444">B</h3><input id="x"><i id="x"></i>
        <img src="data:,"><a href="/"></a><table><tr><th>C</th></tr></table><p style="width: 900px">D</p></body>"""
    )
    found = " ".join(problems_of(page))
    page.close()
    for problem in (
        "no title",
        "does not say its language",
        "headings skip: 1,3",
        "contrast 1.",
        "no name: <input",
        "no name: <a",
        "id twice: x",
        "no text instead",
        "a heading cell of nothing",
        "in a window of 400",
    ):
        assert problem in found


@LOOKS
def test_what_a_stranger_sees_is_readable(
    admin: Admin, visitors: Visitors, look: str, size: tuple[int, int], is_dark: bool
) -> None:
    stranger = visitors.stranger(size, is_dark=is_dark)
    found: dict[str, list[str]] = {}
    stranger.open("/hub/login")
    found["sign-in"] = judge(stranger, f"{look}-sign-in")
    stranger.sign_in("admin", "wrong")
    found["refused"] = judge(stranger, f"{look}-sign-in-refused")
    stranger.open("/hub/accounts/link?token=none")
    found["link without use"] = judge(stranger, f"{look}-link-unknown")
    stranger.open(admin.site.link_for("admin"))
    found["link"] = judge(stranger, f"{look}-link")
    stranger.send_passwords("one horse battery", "two horse battery")
    found["link again"] = judge(stranger, f"{look}-link-mismatch")
    assert found == dict.fromkeys(found, [])


@LOOKS
def test_what_an_admin_sees_is_readable(
    admin: Admin, visitors: Visitors, look: str, size: tuple[int, int], is_dark: bool
) -> None:
    visitor = visitors.of(admin, size, is_dark=is_dark)
    found: dict[str, list[str]] = {}
    pages = {
        "my-workspace": "/hub/workspace",
        "start-form": "/hub/spawn?opt-profile=slow&opt-environment=A%3D1",
        "start-form-refused": "/hub/spawn?opt-environment=LD_PRELOAD%3D1",
        "accounts": "/hub/accounts",
        "accounts-nobody": "/hub/accounts?q=nobody",
        "not-found": "/hub/no-such-page",
        "refused": "/hub/accounts?page=x",
    }
    for name, path in pages.items():
        visitor.open(path)
        found[name] = judge(visitor, f"{look}-{name}")
    visitor.open("/hub/accounts?q=admin")
    visitor.page.get_by_role("button", name="Copy one-time link for admin").click()
    expect(visitor.page.locator("#new-link")).to_be_visible()
    found["accounts-link"] = judge(visitor, f"{look}-accounts-link")
    visitor.open("/user/admin/lab")
    expect(visitor.heading("Your workspace is not running")).to_be_visible()
    found["not-running"] = judge(visitor, f"{look}-not-running")
    assert found == dict.fromkeys(found, [])


def test_an_address_without_a_page_says_so_once(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/no-such-page")
    expect(visitor.heading("Not found")).to_be_visible()
    expect(visitor.page.get_by_text("There is nothing at this address.")).to_be_visible()
    visitor.page.get_by_role("link", name="Home").last.click()
    expect(visitor.page.get_by_role("button", name="Start My Server")).to_be_visible()


def test_the_theme_that_was_chosen_stays(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/workspace")
    root = visitor.page.locator("html")
    expect(root).to_have_attribute("data-bs-theme", "light")
    visitor.page.get_by_role("button", name="Toggle dark mode").click()
    expect(root).to_have_attribute("data-bs-theme", "dark")
    visitor.open("/hub/spawn")
    expect(root).to_have_attribute("data-bs-theme", "dark")
    assert problems_of(visitor.page) == []
    visitor.picture("theme-chosen")


def test_a_narrow_window_has_the_whole_menu(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada, NARROW)
    visitor.open("/hub/home")
    link = visitor.page.get_by_role("link", name="My workspace")
    expect(link).to_be_hidden()
    visitor.page.get_by_role("button", name="Toggle navigation").click()
    expect(visitor.page.get_by_role("button", name="Logout")).to_be_visible()
    visitor.picture("menu-narrow")
    link.click()
    expect(visitor.heading("My workspace")).to_be_visible()


def test_every_page_has_the_hubs_title_and_notice(admin: Admin, visitors: Visitors) -> None:
    visitor = visitors.of(admin)
    for path in ("/hub/home", "/hub/workspace", "/hub/accounts", "/hub/spawn", "/hub/admin", "/hub/token"):
        visitor.open(path)
        expect(visitor.page.get_by_role("status").filter(has_text=NOTICE)).to_be_visible()
        expect(visitor.page.locator("nav .hub-title")).to_have_text("Workspace Hub")
        assert visitor.page.title().endswith("Workspace Hub")


def judge(visitor: Visitor, picture: str) -> list[str]:
    visitor.picture(picture)
    return problems_of(visitor.page)
