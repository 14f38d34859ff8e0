"""U1: from the link that `./hub up` printed to a second person's notebook, with clicks only.

It comes first in its folder: the other tests sign the first admin in with the password that is set here.
"""

import re
from urllib.parse import urlsplit

from playwright.sync_api import expect

from tests.browser.conftest import NOTICE, remove_workspaces
from tests.browser.visitor import NARROW, Visitor, Visitors
from tests.docker.site import PASSWORD, Admin, Site

CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_u1_the_first_admin_sets_a_password_with_the_link_that_up_printed(first_link: str, visitors: Visitors) -> None:
    admin = visitors.stranger()
    admin.open(first_link)
    expect(admin.heading("Hello admin, set your password")).to_be_visible()
    expect(admin.page.get_by_role("status").filter(has_text=NOTICE)).to_be_visible()
    admin.picture("link-form")
    admin.send_passwords(PASSWORD, PASSWORD + "!")
    expect(admin.page.get_by_role("alert")).to_have_text("The two passwords differ. Type the same password twice.")
    expect(admin.page.get_by_label("New password")).to_have_value("")
    admin.picture("link-form-mismatch")
    # a browser would not send it; somebody without the check does
    admin.page.locator("form").evaluate("form => { form.noValidate = true }")
    admin.send_passwords("short", "short")
    expect(admin.page.get_by_role("alert")).to_contain_text("8 characters")
    admin.picture("link-form-too-short")
    admin.send_passwords(PASSWORD, PASSWORD)
    admin.page.wait_for_url("**/hub/home")
    expect(admin.page.get_by_role("button", name="Logout")).to_be_visible()
    expect(admin.page.get_by_role("link", name="Accounts")).to_be_visible()
    admin.picture("home-of-the-first-admin")


def test_a_browser_sends_no_password_that_is_too_short(admin: Admin, visitors: Visitors) -> None:
    person = visitors.stranger(NARROW)
    person.set_password(admin.site.link_for("admin"), "short")
    expect(person.page.locator("#password:invalid")).to_be_focused()


def test_u1_a_person_added_in_the_panel_comes_to_a_notebook_that_counts(
    site: Site, admin: Admin, visitors: Visitors
) -> None:
    at_the_panel = visitors.of(admin)
    add_in_the_panel(at_the_panel, "grace")
    link = make_link(at_the_panel, "grace")
    grace = visitors.stranger()
    grace.set_password(link)
    grace.page.wait_for_url("**/hub/home")
    try:
        start(grace, "Slow")
        grace.page.wait_for_url("**/user/grace/lab**")
        assert count_in_a_notebook(grace) == "2"
        grace.picture("notebook")
        assert site.inspect("grace")["Config"]["Image"] == "workspace-hub-test/browser-slow:1"
    finally:
        remove_workspaces(admin, "grace")


def add_in_the_panel(admin: Visitor, name: str) -> None:
    admin.open("/hub/home")
    admin.page.get_by_role("link", name="Admin", exact=True).click()
    admin.page.get_by_role("button", name="Add Users").click()
    admin.page.get_by_placeholder("usernames separated by line").fill(name)
    admin.page.get_by_role("button", name="Add Users").click()
    expect(admin.page.get_by_test_id(f"user-row-{name}")).to_be_visible()
    admin.picture("admin-panel")


def make_link(admin: Visitor, name: str) -> str:
    """Make the one-time link on the Accounts page, where it is shown once and copied."""
    admin.context.grant_permissions(CLIPBOARD)
    admin.page.get_by_role("link", name="open Accounts").click()
    row = admin.page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("not set")
    admin.picture("accounts")
    row.get_by_role("button", name=f"Copy one-time link for {name}").click()
    link = admin.page.get_by_role("textbox", name=f"One-time link for {name}")
    expect(link).to_be_focused()
    expect(row).to_contain_text(re.compile(r"open, \d+ minutes left"))
    url = link.input_value()
    assert admin.page.evaluate("navigator.clipboard.readText()") == url
    admin.page.evaluate("navigator.clipboard.writeText('')")
    admin.page.get_by_role("button", name="Copy", exact=True).click()
    expect(admin.page.get_by_text("Copied.")).to_be_visible()
    assert admin.page.evaluate("navigator.clipboard.readText()") == url
    admin.picture("accounts-with-the-link")
    admin.page.get_by_role("link", name="Accounts", exact=True).click()
    expect(admin.page.get_by_role("table")).to_be_visible()
    expect(admin.page.locator("#new-link")).to_have_count(0)
    assert urlsplit(url).query not in admin.page.content()
    return url


def start(person: Visitor, profile: str) -> None:
    """Choose a profile in the start form, and see on the progress page what happens."""
    person.page.get_by_role("button", name=re.compile("My Server")).click()
    expect(person.heading("Start a workspace")).to_be_visible()
    person.page.get_by_role("radio", name=re.compile(profile)).check()
    person.picture("start-form")
    person.page.get_by_role("button", name="Start").click()
    expect(person.heading("Your workspace is starting")).to_be_visible()
    expect(person.page.get_by_role("status").filter(has_text="Waiting until your workspace answers")).to_be_visible()
    expect(person.page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "60")
    person.page.get_by_text("Steps so far").click()
    expect(person.page.get_by_role("listitem").filter(has_text="Preparing your files")).to_be_visible()
    person.picture("progress")


def count_in_a_notebook(person: Visitor) -> str:
    """Open a notebook from JupyterLab's launcher, run 1 + 1 in it and give what appears."""
    person.page.locator('.jp-LauncherCard[data-category="Notebook"]').first.click()
    # what is typed before the kernel is there is not always run
    expect(person.page.get_by_role("button", name=re.compile(r"\| Idle"))).to_be_visible()
    cell = person.page.locator(".jp-Notebook .jp-Cell .cm-content").first
    cell.click()
    person.page.keyboard.type("1 + 1")
    expect(cell).to_have_text("1 + 1")
    person.page.keyboard.press("Shift+Enter")
    output = person.page.locator(".jp-Notebook .jp-OutputArea-output").first
    expect(output).to_be_visible()
    return output.inner_text().strip()
