"""One hub for all tests of this folder, brought up by `./hub up` and taken down to nothing; built images are shared."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docker.site import Admin, Person, Site, docker, new_site

SETTINGS = """
[limits]
memory = "1GiB"
cpus = 1.5
pids = 256
shm = "256MiB"

[groups.vision]
memory = "2GiB"

[groups.closed]

[shared.vision]
groups = ["vision"]

[datasets.numbers]
source = "{dataset}"

[profiles.minimal]
title = "Minimal"
image = "workspace-hub/minimal:0.1.0"
default = true

[profiles.small]
title = "Small"
image = "workspace-hub/minimal:0.1.0"
memory = "512MiB"
shm = "64MiB"
cpus = 0.5

[profiles.vision]
title = "Vision"
image = "workspace-hub/minimal:0.1.0"
groups = ["vision"]

[profiles.missing]
title = "Missing image"
image = "workspace-hub-test/missing:1"

[profiles.broken]
title = "Broken image"
image = "{broken}"
start_seconds = 20

[profiles.silent]
title = "Silent image"
image = "{silent}"
start_seconds = 10

[profiles.stacks]
title = "docker-stacks stand-in"
image = "{stacks}"

[environment]
LAB = "of the hub"
"""


@dataclass(frozen=True)
class Images:
    """Images that only tests need."""

    broken: str
    silent: str
    stacks: str


def _build(tag: str, dockerfile: str, folder: Path) -> str:
    (folder / "Dockerfile").write_text(dockerfile)
    docker("build", "--quiet", "--tag", tag, str(folder))
    return tag


@pytest.fixture(scope="session")
def test_images(real_engine_url: str, tmp_path_factory: pytest.TempPathFactory) -> Images:
    if not docker("images", "--quiet", "workspace-hub/minimal:0.1.0"):
        pytest.fail("workspace-hub/minimal:0.1.0 is not built; run images/build all")
    base = "FROM workspace-hub/minimal:0.1.0\nENTRYPOINT []\n"
    stand_in = Path(__file__).parents[1] / "images" / "docker_stacks_standin"
    docker("build", "--quiet", "--tag", "workspace-hub-test/stacks:1", str(stand_in))
    return Images(
        broken=_build(
            "workspace-hub-test/broken:1",
            base + 'CMD ["sh", "-c", "echo the licence server said no >&2; exit 3"]\n',
            tmp_path_factory.mktemp("broken"),
        ),
        silent=_build(
            "workspace-hub-test/silent:1", base + 'CMD ["sleep", "600"]\n', tmp_path_factory.mktemp("silent")
        ),
        stacks="workspace-hub-test/stacks:1",
    )


@pytest.fixture(scope="session")
def first_up(test_images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, str]]:
    """The site, and what the very first `./hub up --yes` of it printed."""
    dataset = tmp_path_factory.mktemp("numbers")
    dataset.chmod(0o755)
    (dataset / "one.txt").write_text("1\n")
    (dataset / "one.txt").chmod(0o644)
    for parent in dataset.parents:
        if parent != Path("/tmp") and str(parent).startswith("/tmp/"):  # noqa: S108
            parent.chmod(0o755)
    site = new_site(SETTINGS.format(dataset=dataset, **vars(test_images)))
    try:
        yield site, site.up()
    finally:
        site.destroy()
        left = site.left_behind()
        shutil.rmtree(site.folder)
    assert left == []


@pytest.fixture(scope="session")
def site(first_up: tuple[Site, str]) -> Site:
    return first_up[0]


@pytest.fixture(scope="session")
def admin(first_up: tuple[Site, str]) -> Admin:
    """The first admin, who came in with the link that `up` printed."""
    site, printed = first_up
    match = re.search(r"http\S+/hub/accounts/link\?token=\S+", printed)
    assert match, printed
    admin = Admin(site, "admin")
    admin.open_link(match.group())
    return admin


@pytest.fixture
def ada(admin: Admin) -> Iterator[Person]:
    """Somebody new; their workspaces are stopped afterwards."""
    person = admin.new_person("ada")
    yield person
    stop_all(admin, person)


def stop_all(admin: Admin, *people: Person) -> None:
    for person in people:
        for name in admin.api("GET", f"/users/{person.name}").json().get("servers", {}):
            admin.api("DELETE", person.server_path(name))
        for container in admin.site.workspaces_of(person.name):
            docker("rm", "--force", container, check=False)
