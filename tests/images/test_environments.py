"""Python environments of people's own: made in a terminal, seen as kernels, still there after stop and start."""

from collections.abc import Callable

import pytest

from tests.images.conftest import StartWorkspace
from tests.images.kernels import kernel_names, run_code
from tests.images.workspaces import Workspace

pytestmark = pytest.mark.engine

SAYS_VERSION = "import six, sys; print(six.__version__, sys.prefix)"


def _replace(workspace: Workspace, image: str, start: StartWorkspace, volume: str) -> Workspace:
    """Stop and remove the container, as the hub does, and start another on the same volume."""
    workspace.remove()
    return start(image, volume=volume)


def test_an_environment_outlives_its_container_with_kernel_packages_and_export(
    minimal_image: str, volume: str, start: StartWorkspace
) -> None:
    first = start(minimal_image, volume=volume)
    first.terminal("echo six==1.16.0 >/workspace/requirements.txt")
    said = first.terminal("env-new paper && . .environments/paper/bin/activate && pip install -q -r requirements.txt")
    assert 'Environment "paper" is ready' in said
    exported = first.terminal(". .environments/paper/bin/activate && pip list --format=freeze")
    assert "six==1.16.0" in exported.splitlines()

    second = _replace(first, minimal_image, start, volume)
    assert kernel_names(second) == {"python3", "paper"}
    assert run_code(second, "1 + 1", kernel="paper") == "2"
    assert run_code(second, SAYS_VERSION, kernel="paper") == "1.16.0 /workspace/.environments/paper\n"
    assert second.terminal(". .environments/paper/bin/activate && pip list --format=freeze") == exported


def test_a_plain_venv_registered_by_hand_persists_too(minimal_image: str, volume: str, start: StartWorkspace) -> None:
    first = start(minimal_image, volume=volume)
    first.terminal("python -m venv plain && plain/bin/pip install -q ipykernel")
    first.terminal("plain/bin/python -m ipykernel install --user --name plain")
    second = _replace(first, minimal_image, start, volume)
    assert run_code(second, "import sys; print(sys.prefix)", kernel="plain") == "/workspace/plain\n"


def test_packages_can_be_named_when_an_environment_is_made(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    workspace.terminal("env-new tiny six==1.16.0")
    assert run_code(workspace, SAYS_VERSION, kernel="tiny") == "1.16.0 /workspace/.environments/tiny\n"


def test_pip_inside_a_notebook_of_an_environment_installs_into_it(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    workspace.terminal("env-new tiny")
    run_code(workspace, "%pip install -q six==1.16.0", kernel="tiny")
    assert run_code(workspace, SAYS_VERSION, kernel="tiny").startswith("1.16.0 ")


def test_pip_of_the_images_own_python_says_what_to_do(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    assert "env-new NAME PACKAGE" in run_code(workspace, "%pip install six")
    assert "env-new NAME PACKAGE" in workspace.terminal("pip install six")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param("env-new", "Usage: env-new NAME", id="no name"),
        pytest.param("env-new ../x", '"../x" is no name', id="a path"),
        pytest.param("env-new Paper", '"Paper" is no name', id="a capital letter"),
        pytest.param("env-new python3", "is the image's own kernel", id="the image's kernel"),
        pytest.param("env-new " + "x" * 41, "40 are allowed", id="too long"),
        pytest.param("env-new --again gone", 'There is no environment "gone"', id="to be made again, not there"),
        pytest.param("env-remove gone", 'There is no environment "gone"', id="to be removed, not there"),
        pytest.param("env-remove ..", "Usage: env-remove NAME", id="to be removed, a path"),
    ],
)
def test_a_wrong_use_is_answered_with_a_sentence_and_makes_nothing(
    minimal_image: str, start: StartWorkspace, line: str, said: str
) -> None:
    workspace = start(minimal_image)
    assert said in workspace.terminal(line)
    assert workspace.root("sh", "-c", "ls -A /workspace/.environments 2>/dev/null || true") == ""


def test_a_package_that_cannot_be_installed_leaves_no_half_environment(
    minimal_image: str, start: StartWorkspace
) -> None:
    workspace = start(minimal_image)
    said = workspace.terminal("env-new broken 'six==0.0.0.1'")
    assert "The environment was not made; the reason is above." in said
    assert kernel_names(workspace) == {"python3"}
    assert workspace.root("ls", "-A", "/workspace/.environments") == ""


def test_removing_an_environment_removes_its_kernel_and_nobody_elses(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    workspace.terminal("env-new one; env-new two; env-remove one")
    assert kernel_names(workspace) == {"python3", "two"}


def test_an_environment_whose_python_is_gone_says_so_in_the_notebook_and_can_be_made_again(
    minimal_image: str, volume: str, start: StartWorkspace, make_volume: Callable[[], str]
) -> None:
    workspace = start(minimal_image, volume=volume)
    workspace.terminal("env-new paper six==1.16.0")
    # as after an image with another Python: the link to the old one leads nowhere
    workspace.terminal("ln -sfn /usr/bin/python3.9 .environments/paper/bin/python")

    said = run_code(workspace, "1 + 1", kernel="paper")
    assert 'The environment "paper" was made with Python 3.11.2, which this image no longer has.' in said
    assert "env-new --again paper" in said
    assert 'Environment "paper" is ready' in workspace.terminal("env-new --again paper")
    assert run_code(workspace, SAYS_VERSION, kernel="paper") == "1.16.0 /workspace/.environments/paper\n"


def test_an_environment_outside_of_the_volume_brings_no_warning(minimal_image: str, start: StartWorkspace) -> None:
    said = start(minimal_image).terminal("cd /tmp && uv venv t && . t/bin/activate && uv pip install six")
    assert "warning" not in said.lower()
