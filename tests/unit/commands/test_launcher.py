"""`./hub` with a docker command of the test's own: what it says and how it ends where something is not right."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from commands.__main__ import TABLE

ROOT = Path(__file__).parents[3]
HUB = ROOT / "hub"
NO_ENGINE = "#!/bin/sh\necho 'Cannot connect to the Docker daemon' >&2\nexit 1\n"
NOT_ALLOWED = "#!/bin/sh\necho 'permission denied while trying to connect' >&2\nexit 1\n"
# answers, and has no image, container, network or volume
EMPTY_ENGINE = """#!/bin/sh
case "$1 ${2:-}" in
"version --format") echo 20.10.24 ;;
"context inspect") echo unix:///var/run/docker.sock ;;
"compose version" | "image inspect" | "inspect "* | "volume inspect" | "network inspect") exit 1 ;;
esac
"""
# answers with an image whose python ends with 78
REFUSING_ENGINE = (
    EMPTY_ENGINE.replace("esac", '"run "*) echo "hub.toml:1: wrong" >&2; exit 78 ;;\nesac').replace(
        '"image inspect" | ', ""
    )
    + '[ "$1 $2" != "image inspect" ] || echo sha256:1\n'
)


def run(
    folder: Path, *words: str, docker: str = EMPTY_ENGINE, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the launcher without a terminal, with a docker command that is the given script."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    (tools / "docker").write_text(docker)
    (tools / "docker").chmod(0o755)
    known = {"PATH": f"{tools}:{os.environ['PATH']}", "TMPDIR": str(folder)}
    return subprocess.run(
        [str(HUB), *words],
        env={**known, **(environment or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def the_sentence(ran: subprocess.CompletedProcess[str]) -> str:
    """The last line of what it said, which every failure ends with."""
    assert ran.stderr, ran
    last = ran.stderr.splitlines()[-1]
    assert last.startswith("hub: ") and last.endswith(".")
    return last


def test_the_overview_has_every_command_in_one_line(tmp_path: Path) -> None:
    ran = run(tmp_path, "--help")
    lines = {line.split()[0]: line for line in ran.stdout.splitlines() if line.startswith("  ")}
    people = [name for name, entry in TABLE.items() if entry.for_people]
    assert ran.returncode == 0
    for name in ["up", "down", "status", "logs", "test", *people]:
        assert lines[name].endswith(".") and len(lines[name]) < 150


def test_the_launcher_and_the_table_say_the_same_of_a_command(tmp_path: Path) -> None:
    overview = run(tmp_path, "--help").stdout
    for name, entry in TABLE.items():
        if entry.for_people:
            assert entry.help in overview, name


def test_without_a_command_it_shows_the_overview(tmp_path: Path) -> None:
    assert run(tmp_path).stdout == run(tmp_path, "--help").stdout


@pytest.mark.parametrize(
    "name",
    ["up", "down", "status", "logs", "check", "explain", "accounts", "homes", "doctor", "purge", "version"],
)
def test_every_command_explains_itself_without_an_engine(tmp_path: Path, name: str) -> None:
    ran = run(tmp_path, name, "--help", docker=NO_ENGINE)
    assert ran.returncode == 0 and ran.stdout.startswith(f"usage: ./hub [--site DIR] {name}")
    assert len(ran.stdout.splitlines()) >= 3


def test_an_unknown_command_is_refused_with_the_way_to_the_list(tmp_path: Path) -> None:
    ran = run(tmp_path, "destroy")
    assert ran.returncode == 2 and "./hub --help" in the_sentence(ran)


@pytest.mark.parametrize(
    "words", [["up", "--force"], ["down", "everything"], ["logs", "database"], ["status", "all"]], ids=" ".join
)
def test_a_word_that_a_command_does_not_know_is_refused(tmp_path: Path, words: list[str]) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), *words)
    assert ran.returncode == 2
    the_sentence(ran)
    assert not (tmp_path / ".hub").exists()


@pytest.mark.parametrize("command", ["status", "check", "accounts", "down", "logs"])
def test_without_an_engine_it_ends_with_69_and_names_up(tmp_path: Path, command: str) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), command, docker=NO_ENGINE)
    assert ran.returncode == 69 and "./hub up" in the_sentence(ran)


def test_up_without_engine_terminal_and_yes_says_what_to_type(tmp_path: Path) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), "up", docker=NO_ENGINE)
    assert ran.returncode == 69 and "./hub up --yes" in the_sentence(ran)


def test_somebody_who_may_not_use_the_engine_is_told_so(tmp_path: Path) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), "up", "--yes", docker=NOT_ALLOWED)
    assert ran.returncode == 69 and "sudo" in the_sentence(ran)


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:2375", "ssh://root@gpu1", "npipe:////./pipe/docker"])
def test_an_engine_on_another_machine_is_refused(tmp_path: Path, address: str) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), "status", environment={"DOCKER_HOST": address})
    assert ran.returncode == 69 and address in the_sentence(ran)


def test_before_the_first_up_check_names_up(tmp_path: Path) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), "check")
    assert ran.returncode == 1 and "./hub up" in the_sentence(ran)


def test_without_a_hub_toml_check_ends_with_78(tmp_path: Path) -> None:
    ran = run(tmp_path, "--site", str(tmp_path), "check", docker=REFUSING_ENGINE)
    assert ran.returncode == 78 and str(tmp_path / "hub.toml") in the_sentence(ran)


def test_a_hub_toml_that_the_hub_could_not_read_is_refused_with_the_chmod(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").touch(0o600)
    ran = run(tmp_path, "--site", str(tmp_path), "check", docker=REFUSING_ENGINE)
    assert ran.returncode == 78 and f"chmod 644 {tmp_path}/hub.toml" in the_sentence(ran)


@pytest.mark.parametrize("words", [["accounts", "list"], ["explain", "bob"], ["purge", "bob"], ["down"]], ids=" ".join)
def test_bad_settings_end_every_command_that_needs_them_with_78(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "hub.toml").touch(0o644)
    ran = run(tmp_path, "--site", str(tmp_path), *words, docker=REFUSING_ENGINE)
    assert ran.returncode == 78 and "hub.toml:1: wrong" in ran.stderr
    assert "./hub check" in the_sentence(ran)


def test_a_second_up_of_a_site_is_refused_while_the_first_is_at_work(tmp_path: Path) -> None:
    (tmp_path / ".hub").mkdir()
    lock = tmp_path / ".hub" / "lock"
    lock.touch()
    with subprocess.Popen(["flock", str(lock), "sleep", "60"]) as holder:
        while subprocess.run(["flock", "--nonblock", str(lock), "true"]).returncode == 0:
            assert holder.poll() is None
        ran = run(tmp_path, "--site", str(tmp_path), "up", "--yes")
        holder.terminate()
    assert ran.returncode == 1 and "wait until it has ended" in the_sentence(ran)


@pytest.mark.parametrize("name", ["with:colon", "with,comma", 'with"quote', "with$dollar", "with\\backslash"])
def test_a_folder_that_docker_cannot_mount_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    ran = run(tmp_path, "--site", str(tmp_path / name), "status")
    assert ran.returncode == 2 and "cannot be used" in the_sentence(ran)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    ran = run(tmp_path, "--site", str(tmp_path / "nowhere"), "status")
    assert ran.returncode == 2 and "nowhere" in the_sentence(ran)


def test_the_site_may_be_named_in_three_ways(tmp_path: Path) -> None:
    ways: list[tuple[list[str], dict[str, str]]] = [
        (["--site", str(tmp_path), "check"], {}),
        ([f"--site={tmp_path}", "check"], {}),
        (["check"], {"HUB_SITE": str(tmp_path)}),
    ]
    for words, environment in ways:
        ran = run(tmp_path, *words, docker=REFUSING_ENGINE, environment=environment)
        assert str(tmp_path / "hub.toml") in the_sentence(ran)


def test_it_finds_its_checkout_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "hub").symlink_to(HUB)
    ran = subprocess.run([str(tmp_path / "hub"), "--help"], capture_output=True, text=True, check=True)
    assert "up [--yes]" in ran.stdout


def test_version_works_without_an_engine(tmp_path: Path) -> None:
    ran = run(tmp_path, "version", docker=NO_ENGINE)
    assert ran.returncode == 0 and ran.stdout.startswith("Workspace Hub 0.")
    assert "Docker engine: none answers" in ran.stdout


def test_too_little_disk_is_said_before_anything_is_built(tmp_path: Path) -> None:
    built = tmp_path / "built"
    engine = EMPTY_ENGINE.replace('"compose version" | ', "").replace(
        "esac", f'"info "*) echo {tmp_path} ;;\n"build "*) touch {built} ;;\nesac'
    )
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "df").write_text("#!/bin/sh\necho header\necho /dev/x 1000000 900000 102400 90% /\n")
    (tools / "df").chmod(0o755)
    site = tmp_path / "site"
    site.mkdir()
    ran = run(tmp_path, "--site", str(site), "up", "--yes", docker=engine)
    assert ran.returncode == 1
    assert "100 MiB are free" in the_sentence(ran) and "make room" in the_sentence(ran)
    assert not built.exists()
