import pytest

from commands.__main__ import main
from commands.version import versions


def test_our_version_stands_first(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version"], {}) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("workspace-hub ")
    assert [line.split()[0] for line in lines] == list(versions())


def test_jupyterhub_is_a_version_that_is_supported() -> None:
    assert versions()["jupyterhub"].split(".")[0] == "6"
