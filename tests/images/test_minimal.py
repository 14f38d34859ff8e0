"""The minimal workspace: who runs in it, whose its files are, and what it says at its start."""

import re
import time
from collections.abc import Callable

import pytest

from tests.images.conftest import StartWorkspace
from tests.images.hub_stub import JUPYTERHUB_VERSION, HubStub
from tests.images.kernels import kernel_names, run_code
from tests.images.workspaces import CAPABILITIES, UID, Workspace, docker

pytestmark = pytest.mark.engine

# https://github.com/torvalds/linux/blob/master/include/uapi/linux/capability.h
CAPABILITY_BITS = {"CHOWN": 0, "DAC_OVERRIDE": 1, "FOWNER": 3, "KILL": 5, "SETGID": 6, "SETUID": 7}
BAD_LOG = re.compile(r"Traceback|\[[EC] |ERROR|Error:|[Dd]eprecat")


def _status(workspace: Workspace) -> dict[str, str]:
    """The lines of the server process's /proc status."""
    server = workspace.root("pgrep", "-o", "-u", str(workspace.uid))
    lines = workspace.root("cat", f"/proc/{server}/status").splitlines()
    return {key: " ".join(value.split()) for key, _, value in (line.partition(":") for line in lines)}


def test_the_server_runs_as_the_person_with_no_capability_left(minimal_image: str, start: StartWorkspace) -> None:
    status = _status(start(minimal_image))
    assert status["Uid"] == " ".join([str(UID)] * 4)
    assert status["Gid"] == " ".join([str(UID)] * 4)
    for kind in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    assert status["NoNewPrivs"] == "1"


def test_the_bounding_set_is_the_documented_one(minimal_image: str, start: StartWorkspace) -> None:
    documented = sum(1 << CAPABILITY_BITS[name] for name in CAPABILITIES)
    assert int(_status(start(minimal_image))["CapBnd"], 16) == documented


def test_a_fresh_volume_becomes_the_persons_and_new_files_are_theirs(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    workspace.terminal("touch /workspace/new")
    assert workspace.root("stat", "-c", "%u:%g", "/workspace") == f"{UID}:{UID}"
    assert workspace.root("stat", "-c", "%u:%g %a", "/workspace/new") == f"{UID}:{UID} 664"


def test_existing_content_is_never_chowned(
    minimal_image: str, make_volume: Callable[[], str], start: StartWorkspace
) -> None:
    volume = make_volume()
    mount = ("run", "--rm", "--volume", f"{volume}:/workspace", "--entrypoint", "sh", minimal_image, "-c")
    docker(*mount, "mkdir /workspace/old && touch /workspace/old/file && chown -R 4711:4712 /workspace/old")
    workspace = start(minimal_image, volume=volume)
    assert workspace.root("stat", "-c", "%u:%g", "/workspace") == f"{UID}:{UID}"
    assert workspace.root("stat", "-c", "%u:%g", "/workspace/old", "/workspace/old/file").split() == ["4711:4712"] * 2


def test_a_home_of_somebody_else_is_refused_with_a_sentence_and_left_alone(
    minimal_image: str, make_volume: Callable[[], str], start: StartWorkspace
) -> None:
    volume = make_volume()
    mount = ("run", "--rm", "--volume", f"{volume}:/workspace", "--entrypoint", "sh", minimal_image, "-c")
    docker(*mount, "touch /workspace/file && chown -R 4711:4711 /workspace")
    workspace = start(minimal_image, volume=volume, wait=False)
    assert docker("wait", workspace.name) == "64"
    assert f"belongs to user 4711 and user {UID} cannot write in it" in workspace.logs()
    assert docker(*mount, "stat -c %u /workspace") == "4711"


def test_group_members_can_change_each_others_new_files(
    minimal_image: str, make_volume: Callable[[], str], start: StartWorkspace
) -> None:
    shared = make_volume()
    docker(
        *("run", "--rm", "--volume", f"{shared}:/shared", "--entrypoint", "sh", minimal_image, "-c"),
        "chgrp 10001 /shared && chmod 2770 /shared",
    )
    options = ("--volume", f"{shared}:/workspace/shared/vision")
    ada = start(minimal_image, options=options, environment={"NB_GIDS": "10001:vision"})
    bob = start(minimal_image, uid=20002, options=options, environment={"NB_USER": "bob", "NB_GIDS": "10001"})
    eve = start(minimal_image, uid=20003, options=options, environment={"NB_USER": "eve"})
    file = "/workspace/shared/vision/notes"

    ada.terminal(f"mkdir -p /workspace/shared/vision/folder; echo from ada >{file}")
    assert bob.terminal(f"echo from bob >>{file} && touch /workspace/shared/vision/folder/x && cat {file}") == (
        "from ada\nfrom bob\n"
    )
    assert bob.root("stat", "-c", "%g %A", file) == "10001 -rw-rw-r--"
    assert "Permission denied" in eve.terminal(f"cat {file}")


def test_the_groups_of_the_person_have_names(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image, environment={"NB_GIDS": "10001:vision,10002"})
    assert workspace.terminal("id").strip() == (
        f"uid={UID}(ada) gid={UID}(ada) groups={UID}(ada),10001(vision),10002(group10002)"
    )


@pytest.mark.parametrize("name", ["mail", "www-data", "staff", "nobody", "a.b-c_d", "0", "x" * 32])
def test_every_name_that_a_person_may_have_starts(minimal_image: str, start: StartWorkspace, name: str) -> None:
    workspace = start(minimal_image, environment={"NB_USER": name})
    assert workspace.root("id", "-un", str(UID)) == name
    assert _status(workspace)["Uid"].split()[0] == str(UID)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        pytest.param("NB_UID", "0", id="root's id"),
        pytest.param("NB_UID", "00", id="root's id in disguise"),
        pytest.param("NB_UID", "-1", id="negative"),
        pytest.param("NB_UID", "20001x", id="not a number"),
        pytest.param("NB_UID", "4294967295", id="no id"),
        pytest.param("NB_UID", "18446744073709551616", id="wraps around"),
        pytest.param("NB_GID", "0", id="root's group"),
        pytest.param("NB_GIDS", "10001,0", id="root's group among others"),
        pytest.param("NB_GIDS", "10001:a:b", id="two names"),
        pytest.param("NB_GIDS", "10001:root", id="root's name"),
        pytest.param("NB_USER", "root", id="root's own name"),
        pytest.param("NB_USER", "a:b", id="a second field"),
        pytest.param("NB_USER", "a\nb", id="a second line"),
    ],
)
def test_a_bad_identity_is_refused_with_a_sentence_that_names_it(
    minimal_image: str, start: StartWorkspace, variable: str, value: str
) -> None:
    workspace = start(minimal_image, wait=False, environment={variable: value})
    assert docker("wait", workspace.name) == "64"
    assert f"start-workspace: {variable} is " in workspace.logs()


def test_a_start_without_root_is_refused_with_a_sentence(minimal_image: str) -> None:
    said = docker("run", "--rm", "--user", "20001", minimal_image, check=False)
    assert said.endswith("Start the container without --user.")


def test_by_hand_it_prints_its_token_and_serves(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image, environment={"JUPYTER_TOKEN": ""}, options=("--env", "NB_UID=1000"))
    assert re.search(r"http://127\.0\.0\.1:8888/lab\?token=[0-9a-f]{48}", workspace.logs())


def test_under_a_hub_it_serves_below_its_prefix_and_its_log_is_clean(
    minimal_image: str, start: StartWorkspace, hub_stub: HubStub
) -> None:
    workspace = start(minimal_image, environment=hub_stub.environment(), wait_path="/user/ada/api")
    assert "JupyterHub" in workspace.logs()
    assert not BAD_LOG.search(workspace.logs()), workspace.logs()


def test_its_log_is_clean_by_hand_too(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    before_the_address = workspace.logs().split("To access the server")[0]
    # the notice with the address is logged at the level of a critical error
    noticed = re.sub(r"\[C [^\]]*\]\s*$", "", before_the_address)
    assert not BAD_LOG.search(noticed), noticed


def test_one_plus_one_is_two_in_a_kernel(minimal_image: str, start: StartWorkspace) -> None:
    assert run_code(start(minimal_image), "1 + 1") == "2"


def test_a_login_shell_has_the_images_programs_and_the_groups_umask(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    assert workspace.person("env", "-i", "bash", "-lc", "command -v jupyter") == "/opt/venv/bin/jupyter"
    # without a terminal an interactive shell complains on the other output, before or after its answer
    interactive = workspace.person("sh", "-c", "env -i bash -ic 'command -v jupyter' 2>/dev/null")
    assert interactive == "/opt/venv/bin/jupyter"
    assert workspace.person("env", "-i", "bash", "-lc", "umask") == "0002"


def test_the_runtime_files_lie_outside_of_the_volume(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    assert workspace.terminal("ls $JUPYTER_RUNTIME_DIR | grep -c kernel-").strip() == "1"
    assert workspace.root("find", "/workspace", "-name", "kernel-*.json") == ""


def test_a_stop_ends_it_well_within_dockers_patience(minimal_image: str, start: StartWorkspace) -> None:
    workspace = start(minimal_image)
    began = time.monotonic()
    docker("stop", "--time", "10", workspace.name)
    assert time.monotonic() - began < 9
    assert docker("inspect", "--format", "{{.State.ExitCode}}", workspace.name) == "0"


def test_its_labels_tell_the_contract_and_the_version_that_is_inside(minimal_image: str, start: StartWorkspace) -> None:
    label = '{{index .Config.Labels "workspace-hub.%s"}}'
    assert docker("image", "inspect", "--format", label % "contract", minimal_image) == "jupyter"
    assert docker("image", "inspect", "--format", label % "jupyterhub-version", minimal_image) == JUPYTERHUB_VERSION
    assert start(minimal_image).person("jupyterhub-singleuser", "--version") == JUPYTERHUB_VERSION


def test_only_the_images_own_kernel_is_there_at_first(minimal_image: str, start: StartWorkspace) -> None:
    assert kernel_names(start(minimal_image)) == {"python3"}
