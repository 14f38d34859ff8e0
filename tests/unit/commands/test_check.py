import json
from pathlib import Path

import pytest

from commands.__main__ import main
from tests.unit.commands.places import HUB_TOML, environment_of, make_place


def test_a_good_file_is_said_to_be_good(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check"], environment_of(make_place(tmp_path))) == 0
    assert "hub.toml is good." in capsys.readouterr().out


def test_plain_http_for_everyone_is_warned_of_at_every_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = '[site]\nurl = "http://hub.example.org"\nlisten = "0.0.0.0:80"\ninsecure_http = true\n'
    assert main(["check"], environment_of(make_place(tmp_path, site))) == 0
    assert "warning: " in capsys.readouterr().out


def test_json_gives_line_key_and_message_of_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, '[limits]\nmemroy = "4GiB"\ncpus = "two"\n')
    assert main(["check", "--json"], environment_of(place)) == 78
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is False
    assert [problem["line"] for problem in report["problems"]] == [2, 3]
    assert all(set(problem) == {"line", "key", "message"} for problem in report["problems"])
    assert "memory" in report["problems"][0]["message"]


def test_json_of_a_good_file_has_no_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json"], environment_of(make_place(tmp_path, HUB_TOML))) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["ok"] is True and report["problems"] == []


def test_a_missing_file_is_a_problem_like_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path)
    place.hub_toml.unlink()
    assert main(["check", "--json"], environment_of(place)) == 78
    assert json.loads(capsys.readouterr().out)["problems"][0]["line"] is None
