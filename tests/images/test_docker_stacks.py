"""Our side of the contract of jupyter/docker-stacks, with a stand-in that is no evidence about the real images."""

import pytest

from tests.images.conftest import StartWorkspace
from tests.images.hub_stub import HubStub
from tests.images.kernels import run_code
from tests.images.workspaces import UID

pytestmark = pytest.mark.engine

CONTRACT = {"CHOWN_EXTRA": "/workspace", "NB_UMASK": "0002", "NOTEBOOK_ARGS": "--ServerApp.root_dir=/workspace"}


def test_it_becomes_the_person_with_our_capabilities_and_without_new_privileges(
    docker_stacks_image: str, start: StartWorkspace
) -> None:
    workspace = start(docker_stacks_image, environment=CONTRACT)
    status = workspace.terminal("grep -E '^(Uid|CapEff|CapPrm|NoNewPrivs)' /proc/self/status")
    assert status.split() == (
        f"Uid: {UID} {UID} {UID} {UID} CapPrm: {'0' * 16} CapEff: {'0' * 16} NoNewPrivs: 1".split()
    )


def test_files_in_the_volume_are_the_persons(docker_stacks_image: str, start: StartWorkspace) -> None:
    workspace = start(docker_stacks_image, environment=CONTRACT)
    assert workspace.terminal("touch new; pwd").strip() == "/workspace"
    assert workspace.root("stat", "-c", "%u:%g %a", "/workspace/new") == f"{UID}:{UID} 664"


def test_one_plus_one_is_two_there_too(docker_stacks_image: str, start: StartWorkspace) -> None:
    assert run_code(start(docker_stacks_image, environment=CONTRACT), "1 + 1") == "2"


def test_under_a_hub_it_serves_below_its_prefix(
    docker_stacks_image: str, start: StartWorkspace, hub_stub: HubStub
) -> None:
    workspace = start(docker_stacks_image, environment=CONTRACT | hub_stub.environment(), wait_path="/user/ada/api")
    assert "Traceback" not in workspace.logs()
