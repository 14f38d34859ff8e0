"""`scripts/ensure-engine` where an engine runs, where none does, after one was killed, and where none is installed.

Engines are harmed here, so each is one of the test's own, beside the machine's: own socket, data, pid file, no bridge.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.images.workspaces import ROOT, docker

SCRIPT = ROOT / "scripts" / "ensure-engine"
UNAVAILABLE = 69
# what the script calls beside docker, apt and sudo
TOOLS = "sh awk cat date df env grep head id kill mkdir mktemp mount rm setsid sleep tail tee timeout".split()


def run_script(
    environment: Mapping[str, str], *arguments: str, before: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    """Run the script without a terminal."""
    return subprocess.run(
        [*before, SCRIPT, *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=200,
    )


def _is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _end(pid: int, how: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, how)
    deadline = time.monotonic() + 30
    while _is_alive(pid) and time.monotonic() < deadline:
        time.sleep(0.1)


@dataclass(frozen=True, slots=True)
class OwnEngine:
    """A Docker engine of the test's own, as the script's environment describes it."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "ENSURE_ENGINE_SOCKET": str(self.folder / "docker.sock"),
            "ENSURE_ENGINE_DATA_ROOT": str(self.folder / "data"),
            "ENSURE_ENGINE_EXEC_ROOT": str(self.folder / "exec"),
            "ENSURE_ENGINE_PIDFILE": str(self.folder / "docker.pid"),
            "ENSURE_ENGINE_LOG": str(self.folder / "log"),
            "ENSURE_ENGINE_SETTINGS": str(self.folder / "daemon.json"),
            "ENSURE_ENGINE_ARGS": "--bridge=none --iptables=false --ip6tables=false --ip-forward=false",
        }

    def ensure(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # in a network namespace of its own: a dockerd with --bridge=none deletes the host's docker0, whose ever it is
        return run_script(self.environment, *arguments, before=("unshare", "--net"))

    def docker(self, *arguments: str) -> str:
        return docker("-H", f"unix://{self.folder}/docker.sock", *arguments)

    def pid(self, program: str) -> int | None:
        """The process of `dockerd` or of its `containerd`, if its pid file names one that lives."""
        files = {
            "dockerd": self.folder / "docker.pid",
            "containerd": self.folder / "exec" / "containerd" / "containerd.pid",
        }
        try:
            pid = int(files[program].read_text())
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except (FileNotFoundError, ValueError):
            return None
        return pid if name == program and _is_alive(pid) else None

    def kill(self, program: str) -> None:
        pid = self.pid(program)
        assert pid is not None, f"{program} does not run"
        _end(pid, signal.SIGKILL)

    def start_container(self) -> tuple[str, int]:
        """Run a sleeping container; return its id and its process."""
        saved = subprocess.run(["docker", "save", "workspace-hub/base:bookworm"], capture_output=True, check=True)
        load = ("docker", "-H", f"unix://{self.folder}/docker.sock", "load", "--quiet")
        subprocess.run(load, input=saved.stdout, capture_output=True, check=True)
        made = self.docker("run", "--detach", "--network", "none", "workspace-hub/base:bookworm", "sleep", "600")
        return made, int(self.docker("inspect", "--format", "{{.State.Pid}}", made))

    def remove(self) -> None:
        """End everything of this engine, by the ids that it wrote down itself, and its files."""
        if self.pid("dockerd") is not None:
            for container in self.docker("ps", "--all", "--quiet").split():
                self.docker("rm", "--force", container)
        for program in ("dockerd", "containerd"):
            pid = self.pid(program)
            if pid is not None:
                _end(pid, signal.SIGTERM)
        for shim in _processes_naming(self.folder):
            for process in (*_children(shim), shim):
                _end(process, signal.SIGKILL)
        for mount in _mounts_below(self.folder):
            subprocess.run(["umount", "--lazy", mount], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)


def _processes_naming(folder: Path) -> list[int]:
    """The processes with this engine's folder on their command line: what a killed one left over."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{folder}/".encode() in (process / "cmdline").read_bytes():
                found.append(int(process.name))
    return found


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _mounts_below(folder: Path) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((point for point in points if point.startswith(f"{folder}/")), reverse=True)


@pytest.fixture
def engine(real_engine_url: str) -> Iterator[OwnEngine]:
    if os.geteuid() != 0:
        pytest.skip("starting an engine of one's own needs root")
    if shutil.which("dockerd") is None:
        pytest.skip("dockerd is not installed here")
    # not pytest's folder: the path of a unix socket has at most 107 characters
    own = OwnEngine(Path(tempfile.mkdtemp(prefix="wsh-engine-", dir="/tmp")))  # noqa: S108
    yield own
    own.remove()


@pytest.mark.engine
def test_where_an_engine_answers_it_says_nothing_and_ends_at_once(real_engine_url: str) -> None:
    began = time.monotonic()
    done = run_script(os.environ, "--min-free", "0")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - began < 5


@pytest.mark.engine
def test_low_disk_is_said_with_what_to_do(real_engine_url: str) -> None:
    done = run_script(os.environ, "--check", "--min-free", "99999")
    assert done.returncode == 0
    assert "building the images wants 99999 GiB. Free some, e.g. with: docker image prune" in done.stderr


@pytest.mark.engine
def test_a_check_starts_nothing(engine: OwnEngine) -> None:
    done = engine.ensure("--check")
    assert done.returncode == UNAVAILABLE
    assert "No Docker engine answers. Run scripts/ensure-engine to have one." in done.stderr
    assert list(engine.folder.iterdir()) == []


@pytest.mark.engine
def test_it_starts_an_engine_that_outlives_it_and_starts_no_second_one(engine: OwnEngine) -> None:
    first = engine.ensure("--yes", "--min-free", "0")
    assert first.returncode == 0, first.stderr
    pid = engine.pid("dockerd")
    assert pid is not None
    assert os.getsid(pid) == pid
    second = engine.ensure("--yes", "--min-free", "0")
    assert (second.returncode, second.stderr) == (0, "")
    assert engine.pid("dockerd") == pid


@pytest.mark.engine
def test_after_kill_9_it_starts_again_over_left_over_containers(engine: OwnEngine) -> None:
    assert engine.ensure("--yes").returncode == 0
    container, process = engine.start_container()
    engine.kill("dockerd")
    assert _is_alive(process), "the container should be left over"

    done = engine.ensure("--yes")
    assert done.returncode == 0, done.stderr
    assert engine.docker("ps", "--all", "--quiet", "--no-trunc") == container
    engine.docker("rm", "--force", container)
    assert not _is_alive(process)


@pytest.mark.engine
def test_pid_files_that_name_living_strangers_do_not_stop_it(engine: OwnEngine) -> None:
    assert engine.ensure("--yes").returncode == 0
    container, process = engine.start_container()
    # its containerd ends with it
    engine.kill("dockerd")
    # after a reboot of a machine the ids are somebody else's
    with subprocess.Popen(["sleep", "300"]) as stranger:
        try:
            (engine.folder / "docker.pid").write_text(str(stranger.pid))
            (engine.folder / "exec" / "containerd" / "containerd.pid").write_text(str(stranger.pid))
            done = engine.ensure("--yes")
            assert done.returncode == 0, done.stderr
            assert "docker.pid, left over from an engine that is gone" in done.stderr
            assert stranger.poll() is None
        finally:
            stranger.kill()
    assert engine.docker("ps", "--all", "--quiet", "--no-trunc") == container
    engine.docker("rm", "--force", container)
    assert not _is_alive(process)


@pytest.mark.engine
def test_an_engine_that_does_not_start_is_said_with_its_last_words_and_soon(engine: OwnEngine) -> None:
    began = time.monotonic()
    done = run_script(engine.environment | {"ENSURE_ENGINE_ARGS": "--no-such-option"}, "--yes")
    assert done.returncode == UNAVAILABLE
    assert "unknown flag: --no-such-option" in done.stderr
    assert "its last words are above" in done.stderr.splitlines()[-1]
    assert time.monotonic() - began < 30


@dataclass(frozen=True, slots=True)
class BareMachine:
    """A machine without Docker, as far as PATH goes: apt is a stand-in that installs programs which are stand-ins."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        own = OwnEngine(self.folder).environment
        return own | {"PATH": str(self.folder / "bin"), "ENSURE_ENGINE_WAIT_SECONDS": "10"}

    def add(self, name: str, script: str) -> None:
        program = self.folder / "bin" / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    def file(self, name: str) -> str:
        try:
            return (self.folder / name).read_text()
        except FileNotFoundError:
            return ""


@pytest.fixture
def bare_machine(tmp_path: Path) -> BareMachine:
    machine = BareMachine(tmp_path)
    (tmp_path / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        if found is not None:
            (tmp_path / "bin" / tool).symlink_to(found)
    return machine


def _add_apt(machine: BareMachine) -> None:
    """An apt whose packages are one program that answers once the other has run."""
    folder = machine.folder
    programs = folder / "programs"
    programs.mkdir()
    (programs / "dockerd").write_text(f"#!/bin/sh\ntouch {folder}/started\n")
    (programs / "docker").write_text(f"#!/bin/sh\n[ -e {folder}/started ] && echo 99.0\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    for tool in ("cp", "touch"):
        (folder / "bin" / tool).symlink_to(str(shutil.which(tool)))
    machine.add("apt-cache", 'case $3 in docker-compose-v2) exit 100 ;; *) echo "Package: $3" ;; esac')
    install = f"install) cp {programs}/* {folder}/bin/ ;;"
    machine.add("apt-get", f'echo "$*" >>{folder}/apt.log\ncase $1 in {install} esac')


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a user without root would be asked for a password")


@needs_root
def test_where_none_is_installed_and_nobody_can_be_asked_it_names_the_option(bare_machine: BareMachine) -> None:
    _add_apt(bare_machine)
    done = run_script(bare_machine.environment)
    assert done.returncode == UNAVAILABLE
    assert "Run it with --yes to install one." in done.stderr
    assert bare_machine.file("apt.log") == ""


@needs_root
def test_with_yes_it_installs_the_distributions_packages_and_starts_the_engine(bare_machine: BareMachine) -> None:
    _add_apt(bare_machine)
    done = run_script(bare_machine.environment, "--yes")
    assert done.returncode == 0, done.stderr
    installed = bare_machine.file("apt.log").splitlines()[-1].split()
    assert {"docker.io", "docker-cli", "iptables", "debootstrap", "docker-compose"} <= set(installed)
    assert "docker-compose-v2" not in installed
    assert bare_machine.file("daemon.json") == '{"live-restore": true}\n'


@needs_root
def test_an_admins_own_settings_of_the_engine_are_left_alone(bare_machine: BareMachine) -> None:
    _add_apt(bare_machine)
    (bare_machine.folder / "daemon.json").write_text("{}")
    assert run_script(bare_machine.environment, "--yes").returncode == 0
    assert bare_machine.file("daemon.json") == "{}"


@needs_root
def test_on_another_distribution_it_says_what_to_do(bare_machine: BareMachine) -> None:
    done = run_script(bare_machine.environment, "--yes")
    assert done.returncode == UNAVAILABLE
    assert "this script can install one on Debian and Ubuntu only" in done.stderr


def test_somebody_elses_engine_that_does_not_answer_is_not_replaced() -> None:
    done = run_script(os.environ | {"DOCKER_HOST": "tcp://127.0.0.1:9"}, "--yes")
    assert done.returncode == UNAVAILABLE
    assert "DOCKER_HOST is tcp://127.0.0.1:9 and no engine answers there." in done.stderr


@pytest.mark.parametrize("arguments", [("--force",), ("--min-free",), ("--min-free", "6GiB")])
def test_a_wrong_command_line_is_refused(arguments: tuple[str, ...]) -> None:
    assert run_script(os.environ, *arguments).returncode == 64
