from pathlib import Path

import pytest

from commands.__main__ import main
from commands.hub_database import groups_of, is_known
from tests.unit.commands.hub_databases import write_hub_database
from tests.unit.commands.places import environment_of, make_place


def test_a_persons_groups_come_from_jupyterhubs_database(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    write_hub_database(place.jupyterhub_database, {"bob": ["vision"], "eve": []})
    assert main(["explain", "bob"], environment_of(place)) == 0
    assert "groups.vision.memory" in capsys.readouterr().out
    assert main(["explain", "eve"], environment_of(place)) == 0
    assert "groups.vision.memory" not in capsys.readouterr().out


def test_without_a_database_nobody_has_groups(tmp_path: Path) -> None:
    assert groups_of(tmp_path / "jupyterhub.sqlite", "bob") == ()
    assert not (tmp_path / "jupyterhub.sqlite").exists()


def test_the_database_is_only_read(tmp_path: Path) -> None:
    file = tmp_path / "hub ?mode=rwc.sqlite"
    write_hub_database(tmp_path / "made", {"bob": ["b", "a"]})
    (tmp_path / "made").rename(file)
    before = file.read_bytes()
    assert groups_of(file, "bob") == ("a", "b")
    assert is_known(file, "bob") and not is_known(file, "eve")
    assert file.read_bytes() == before


def test_a_name_with_sql_in_it_finds_nobody(tmp_path: Path) -> None:
    file = tmp_path / "jupyterhub.sqlite"
    write_hub_database(file, {"bob": ["vision"]})
    assert groups_of(file, "' OR 1=1 --") == ()


def test_a_damaged_database_is_said_to_be_unreadable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    place.jupyterhub_database.write_bytes(b"not a database" * 100)
    assert main(["explain", "bob"], environment_of(place)) == 1
    assert "could not be read" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["", "a b", "..", "root", "\u202eadmin", "a\nb"])
def test_an_impossible_name_is_refused_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main(["explain", name], environment_of(make_place(tmp_path))) == 1
    said = capsys.readouterr().err
    assert said.startswith("The user name") and "\u202e" not in said and said.count("\n") == 1
