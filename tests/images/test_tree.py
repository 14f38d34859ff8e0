"""The list of images and the pinned packages agree with what they are made from."""

import re
import tomllib

import pytest

from tests.images.hub_stub import JUPYTERHUB_VERSION
from tests.images.workspaces import ROOT

TREE: dict[str, dict[str, str]] = tomllib.loads((ROOT / "images" / "tree.toml").read_text())
PINS = [
    "images/hub/requirements.txt",
    "images/hub/build-requirements.txt",
    "images/workspace/minimal/requirements.txt",
]


def _pins(path: str) -> dict[str, str]:
    lines = re.findall(r"^([a-z0-9._-]+)==([^ ]+)", (ROOT / path).read_text(), re.MULTILINE)
    return dict(lines)


def test_parents_stand_before_their_children() -> None:
    seen = {""}
    for key, image in TREE.items():
        assert image["parent"] in seen, key
        seen.add(key)


def test_each_image_has_its_folder_with_what_builds_it() -> None:
    for key, image in TREE.items():
        folder = ROOT / image["folder"]
        assert (folder / ("build" if key == "base" else "Dockerfile")).is_file(), key


def test_the_tags_are_the_distributions_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {image["tag"] for key, image in TREE.items() if key != "base"} == {project["version"]}


@pytest.mark.parametrize("path", PINS)
def test_every_pinned_package_has_hashes_and_no_registry_is_named(path: str) -> None:
    text = (ROOT / path).read_text()
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert entries
    for entry in entries:
        if "sys_platform == 'never'" not in entry.splitlines()[0]:
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), entry.splitlines()[0]
    assert "://" not in text
    assert "--index-url" not in text


def test_the_proxys_lock_has_hashes_and_names_no_registry() -> None:
    text = (ROOT / "images" / "hub" / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert text.count('"integrity": "sha512-') > 10


def test_hub_and_workspace_have_the_same_jupyterhub_and_the_label_says_it() -> None:
    hub, workspace = _pins(PINS[0]), _pins(PINS[2])
    assert hub["jupyterhub"] == workspace["jupyterhub"] == JUPYTERHUB_VERSION
    dockerfile = (ROOT / "images" / "workspace" / "minimal" / "Dockerfile").read_text()
    assert f"workspace-hub.jupyterhub-version={JUPYTERHUB_VERSION}\n" in dockerfile


def test_what_the_project_depends_on_is_pinned_for_the_hub() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[<>=!~ ]", dependency)[0] for dependency in project["dependencies"]}
    assert wanted <= set(_pins(PINS[0]))
