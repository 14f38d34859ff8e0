"""One hub and one Chromium for all tests of this folder; both are gone before the next folder's tests begin.

Scope package: while Playwright's loop runs in this thread, pytest-asyncio can run no test.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.visitor import STEP_MS, Visitors
from tests.docker.site import Admin, Person, Site, docker, new_site

NOTICE = "Friday from 18:00 the server is restarted. Save your work."
SETTINGS = """
[limits]
memory = "1GiB"
cpus = 1.5
pids = 256
shm = "256MiB"

[groups.vision]
memory = "2GiB"

[shared.vision]
groups = ["vision"]

[datasets.numbers]
source = "{dataset}"

[profiles.minimal]
title = "Minimal"
description = "JupyterLab, terminal, git and your own Python environments."
image = "workspace-hub/minimal:0.1.0"
default = true

[profiles.slow]
title = "Slow"
description = "The same, and it takes its time to start."
image = "{slow}"
memory = "512MiB"
shm = "64MiB"
cpus = 0.5

[profiles.vision]
title = "Vision"
image = "workspace-hub/minimal:0.1.0"
groups = ["vision"]

[profiles.missing]
title = "Missing"
image = "workspace-hub-test/missing:1"

[profiles.vanishing]
title = "Vanishing"
image = "{vanishing}"

[profiles.broken]
title = "Broken"
image = "{broken}"

[profiles.silent]
title = "Silent"
image = "{silent}"

[notice]
text = "{notice}"
"""
# each on top of the image that people use, so that they are made in a moment
IMAGES = {
    "slow": 'ENTRYPOINT ["sh", "-c", "sleep 3; exec \\"$0\\" \\"$@\\"", {entrypoint}]\nCMD {command}\n',
    "broken": 'ENTRYPOINT []\nCMD ["sh", "-c", "sleep 2; echo the licence server said no >&2; exit 3"]\n',
    "vanishing": "LABEL is-an-image-of-its-own=yes\n",
    "silent": 'ENTRYPOINT ["tini", "--"]\nCMD ["sleep", "600"]\n',
}
MINIMAL = "workspace-hub/minimal:0.1.0"
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",  # it will not run as root otherwise
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.engine)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed; install the package chromium")
    expect.set_options(timeout=STEP_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def test_images(real_engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Images that start slowly, break, never answer, or are there for a test to remove."""
    if not docker("images", "--quiet", MINIMAL):
        pytest.fail(f"{MINIMAL} is not built; run images/build all")
    start = "{{json .Config.Entrypoint}}\n{{json .Config.Cmd}}"
    entrypoint, command = docker("image", "inspect", "--format", start, MINIMAL).split("\n")
    tags = {}
    for name, lines in IMAGES.items():
        folder = tmp_path_factory.mktemp(name)
        filled = lines.replace("{entrypoint}", entrypoint.strip("[]")).replace("{command}", command)
        (folder / "Dockerfile").write_text(f"FROM {MINIMAL}\n{filled}")
        tags[name] = f"workspace-hub-test/browser-{name}:1"
        docker("build", "--quiet", "--tag", tags[name], str(folder))
    return tags


@pytest.fixture(scope="package")
def first_up(browser: Browser, test_images: dict[str, str]) -> Iterator[tuple[Site, str]]:
    """The site, and what the very first `./hub up --yes` of it printed."""
    site = new_site()
    dataset = site.folder / "numbers"
    dataset.mkdir(mode=0o755)
    site.write_settings(SETTINGS.format(dataset=dataset, notice=NOTICE, **test_images))
    try:
        yield site, site.up()
    finally:
        site.destroy()
        docker("image", "rm", "--force", *test_images.values(), check=False)
        left = site.left_behind()
        shutil.rmtree(site.folder)
    assert left == []


@pytest.fixture(scope="package")
def site(first_up: tuple[Site, str]) -> Site:
    return first_up[0]


@pytest.fixture(scope="package")
def first_link(first_up: tuple[Site, str]) -> str:
    """The first admin's one-time link, as `up` printed it; `test_first_hour` spends it."""
    match = re.search(r"http\S+/hub/accounts/link\?token=\S+", first_up[1])
    assert match, first_up[1]
    return match.group()


@pytest.fixture(scope="package")
def admin(site: Site) -> Admin:
    """The first admin, signed in, with the password that everyone has here."""
    admin = Admin(site, "admin")
    if "/hub/home" not in admin.sign_in().url:
        admin.open_link(site.link_for("admin"))
    return admin


@pytest.fixture
def ada(admin: Admin) -> Iterator[Person]:
    """Somebody new, signed in; their workspaces are stopped afterwards."""
    person = admin.new_person("ada")
    yield person
    remove_workspaces(admin, person.name)


@pytest.fixture
def visitors(browser: Browser, site: Site) -> Iterator[Visitors]:
    """Opens windows; after the test their consoles must hold no error of ours."""
    visitors = Visitors(browser, site)
    yield visitors
    assert visitors.close() == []


def remove_workspaces(admin: Admin, name: str) -> None:
    for server in admin.api("GET", f"/users/{name}").json().get("servers", {}):
        admin.api("DELETE", f"/users/{name}/servers/{server}" if server else f"/users/{name}/server")
    for container in admin.site.workspaces_of(name):
        docker("rm", "--force", container, check=False)
