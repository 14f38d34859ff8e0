"""Who gets in and who does not, as the pages say it; with the keyboard alone, and out again."""

import pytest
from playwright.sync_api import expect

from tests.browser.visitor import Visitors
from tests.docker.site import PASSWORD, Admin, Person, Site

REFUSED = "Wrong user name or password. If you have a one-time link, open it first to set your password"


def test_u3_a_one_time_link_opens_nothing_the_second_time_and_says_why(
    site: Site, ada: Person, visitors: Visitors
) -> None:
    link = site.link_for(ada.name)
    first, second = visitors.stranger(), visitors.stranger()
    first.set_password(link)
    first.page.wait_for_url("**/hub/home")
    second.open(link)
    expect(second.heading("This link opens nothing")).to_be_visible()
    expect(second.page.get_by_role("alert")).to_contain_text("This link has been used already. Ask an admin")
    expect(second.page.locator("input:visible")).to_have_count(0)
    second.picture("link-used")
    second.page.get_by_role("link", name="sign in").click()
    expect(second.heading("Sign in")).to_be_visible()


@pytest.mark.parametrize("path", ["/hub/signup", "/hub/accounts/link", "/hub/accounts/link?token=admin"])
def test_u3_a_stranger_cannot_claim_the_admins_account(admin: Admin, visitors: Visitors, path: str) -> None:
    stranger = visitors.stranger()
    answer = stranger.open(path)
    assert answer is not None and answer.status == 404
    expect(stranger.page.locator("input:visible")).to_have_count(0)


def test_u3_a_stranger_is_led_to_the_sign_in_page_where_nobody_can_sign_up(admin: Admin, visitors: Visitors) -> None:
    stranger = visitors.stranger()
    stranger.open("/hub/accounts")
    expect(stranger.heading("Sign in")).to_be_visible()
    words = stranger.page.locator("body").inner_text().lower()
    assert "sign up" not in words and "register" not in words and "create" not in words
    stranger.sign_in("admin", "")
    expect(stranger.page.get_by_role("alert")).to_contain_text(REFUSED)
    stranger.sign_in("mallory")
    expect(stranger.page.get_by_role("alert")).to_contain_text(REFUSED)


def test_a_wrong_password_is_refused_with_a_sentence_and_the_right_one_gets_in(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.stranger()
    visitor.sign_in(ada.name, "wrong horse battery")
    expect(visitor.page.get_by_role("alert")).to_contain_text(REFUSED)
    expect(visitor.page.get_by_label("Username:")).to_have_value(ada.name)
    expect(visitor.page.get_by_label("Password:")).to_have_value("")
    visitor.picture("sign-in-refused")
    visitor.page.get_by_label("Password:").fill(PASSWORD)
    visitor.page.get_by_role("button", name="Sign in").click()
    expect(visitor.heading("Start a workspace")).to_be_visible()


def test_signing_in_needs_only_the_keyboard(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.stranger()
    visitor.open("/hub/login")
    keyboard = visitor.page.keyboard
    expect(visitor.page.get_by_label("Username:")).to_be_focused()
    keyboard.type(ada.name)
    keyboard.press("Tab")
    expect(visitor.page.get_by_label("Password:")).to_be_focused()
    keyboard.type(PASSWORD)
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name="Sign in")).to_be_focused()
    keyboard.press("Enter")
    expect(visitor.heading("Start a workspace")).to_be_visible()


def test_a_one_time_link_needs_only_the_keyboard(site: Site, ada: Person, visitors: Visitors) -> None:
    visitor = visitors.stranger()
    visitor.open(site.link_for(ada.name))
    keyboard = visitor.page.keyboard
    expect(visitor.page.get_by_label("New password")).to_be_focused()
    keyboard.type("another horse battery")
    keyboard.press("Tab")
    expect(visitor.page.get_by_label("The same password again")).to_be_focused()
    keyboard.type("another horse battery")
    keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name="Set password and sign in")).to_be_focused()
    keyboard.press("Space")
    visitor.page.wait_for_url("**/hub/home")


def test_the_accounts_page_needs_only_the_keyboard(admin: Admin, ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(admin)
    visitor.open(f"/hub/accounts?q={ada.name}")
    visitor.page.get_by_role("searchbox", name="Part of a user name").focus()
    for _ in range(2):
        visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name=f"Copy one-time link for {ada.name}")).to_be_focused()
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.get_by_role("textbox", name=f"One-time link for {ada.name}")).to_be_focused()
    visitor.page.keyboard.press("Tab")
    expect(visitor.page.get_by_role("button", name="Copy", exact=True)).to_be_focused()


def test_who_signs_out_is_out(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.stranger()
    visitor.sign_in(ada.name)
    expect(visitor.heading("Start a workspace")).to_be_visible()
    visitor.page.get_by_role("button", name="Logout").click()
    expect(visitor.heading("Sign in")).to_be_visible()
    visitor.picture("signed-out")
    visitor.open("/hub/workspace")
    expect(visitor.heading("Sign in")).to_be_visible()


def test_who_is_no_admin_sees_no_accounts(ada: Person, visitors: Visitors) -> None:
    visitor = visitors.of(ada)
    visitor.open("/hub/home")
    expect(visitor.page.get_by_role("link", name="My workspace")).to_be_visible()
    expect(visitor.page.get_by_role("link", name="Accounts")).to_have_count(0)
    answer = visitor.open("/hub/accounts")
    assert answer is not None and answer.status == 403
    expect(visitor.heading("Not allowed")).to_be_visible()
    expect(visitor.page.get_by_text("Only admins can see accounts.")).to_have_count(1)
    visitor.picture("accounts-refused")
