"""The stand-in base: what images on machines without a registry stand on."""

import subprocess
import time
from pathlib import Path

import pytest

from tests.images.conftest import build
from tests.images.workspaces import ROOT, docker

pytestmark = pytest.mark.engine

IMAGE = "workspace-hub/base:bookworm"


@pytest.fixture(scope="module")
def base_image(real_engine_url: str) -> str:
    build("base")
    return IMAGE


def _run(*command: str) -> str:
    return docker("run", "--rm", IMAGE, *command)


def test_it_is_debian_12_without_documents_and_package_lists(base_image: str) -> None:
    assert "VERSION_CODENAME=bookworm" in _run("cat", "/etc/os-release")
    assert _run("sh", "-c", "ls -A /var/lib/apt/lists /usr/share/man /usr/share/locale | grep -v ':$' || true") == ""


def test_it_holds_nothing_of_the_machine_that_made_it_but_its_authorities(base_image: str) -> None:
    # docker itself mounts names and resolvers over these files, so the image's own are looked at
    created = docker("create", IMAGE)
    try:
        export = subprocess.run(["docker", "export", created], capture_output=True, check=True, timeout=120)
        listing = subprocess.run(["tar", "-tv"], input=export.stdout, capture_output=True, text=False, check=True)
    finally:
        docker("rm", created)
    sizes = {line.split()[-1]: line.split()[2] for line in listing.stdout.decode(errors="replace").splitlines()}
    for path in ("etc/machine-id", "etc/hostname", "etc/resolv.conf"):
        assert sizes.get(path, "0") == "0", path


def test_no_service_starts_while_an_image_is_built(base_image: str) -> None:
    assert _run("sh", "-c", "/usr/sbin/policy-rc.d || echo $?") == "101"


def test_it_is_not_made_twice(base_image: str) -> None:
    before = docker("image", "inspect", "--format", "{{.Id}}", IMAGE)
    began = time.monotonic()
    subprocess.run([ROOT / "images" / "base" / "build"], check=True, timeout=60)
    assert time.monotonic() - began < 5
    assert docker("image", "inspect", "--format", "{{.Id}}", IMAGE) == before


def test_the_private_authorities_of_the_machine_are_trusted_inside(base_image: str) -> None:
    # the name of a file of this machine's, if it has any
    local = sorted(p.name for p in Path("/usr/local/share/ca-certificates").glob("*.crt"))
    inside = _run("sh", "-c", "ls /usr/local/share/ca-certificates").split()
    assert inside == local
