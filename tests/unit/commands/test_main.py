import subprocess
import sys
from pathlib import Path

import pytest

from commands.__main__ import TABLE, main, overview
from tests.unit.commands.places import environment_of, make_place

ROOT = Path(__file__).parents[3]


def test_the_overview_has_every_command_in_one_line() -> None:
    lines = overview().splitlines()
    assert all(any(line.split()[:1] == [name] for line in lines) for name in TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([name, "--help"], {})
    assert end.value.code == 0
    assert TABLE[name].help.split(";")[0].split(":")[0][:30] in capsys.readouterr().out.replace("\n", " ")


def test_an_unknown_command_is_named_with_its_control_characters_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["che\x1bck"], {}) == 2
    assert "che\\x1bck" in capsys.readouterr().err


def test_bad_settings_end_with_exit_78_and_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, '[site]\nnam = "x"\n[network]\nsubnet = "8.8.8.0/24"\n')
    assert main(["launch-env"], environment_of(place)) == 78
    said = capsys.readouterr()
    assert said.out == ""
    assert "hub.toml:2" in said.err and "hub.toml:4" in said.err


def test_an_unknown_person_ends_with_exit_1_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_place(tmp_path, has_data=True)
    assert main(["accounts", "link", "nobody.here"], environment_of(place)) == 1
    assert "nobody.here" in capsys.readouterr().err


def test_an_engine_that_does_not_answer_ends_with_exit_69(tmp_path: Path) -> None:
    from commands.errors import exit_code_for
    from engine.errors import EngineUnreachable

    assert exit_code_for(EngineUnreachable("unix:///nowhere", "no such file")) == 69


def test_a_health_check_imports_neither_pydantic_nor_jupyterhub_nor_docker() -> None:
    program = (
        "import sys; sys.argv = ['commands', 'health', 'netguard']\n"
        "from commands.__main__ import main; main(['health', 'netguard'], {'HUB_RUN': '/nowhere'})\n"
        "print([name for name in ('pydantic', 'jupyterhub', 'docker', 'sqlite3', 'asyncio') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_making_the_first_link_does_not_import_jupyterhub() -> None:
    program = "import sys, commands.first_link; print('jupyterhub' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
