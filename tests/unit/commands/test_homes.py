from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection

import pytest

from commands.__main__ import main
from commands.place import Place
from records.people import end_person, ensure_person
from records.store import Store
from records.volumes import ensure_home
from tests.unit.commands.places import environment_of, make_place

NOW = datetime(2030, 6, 1, tzinfo=UTC)


def add_home(place: Place, name: str, home: str) -> None:
    def add(records: Connection) -> None:
        person = ensure_person(records, name, first_uid=20000, now=NOW)
        ensure_home(records, person, kind="volume", new_name=home)

    with Store(place.records_database) as store:
        store.run_now(add)


def end(place: Place, name: str) -> None:
    with Store(place.records_database) as store:
        store.run_now(lambda records: end_person(records, name, NOW))


def homes_of(place: Place, capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    assert main(["homes", "list"], environment_of(place)) == 0
    return [line.split(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:]]


def test_homes_of_living_and_ended_people_are_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    add_home(place, "bob", "lab-home-bob-1")
    add_home(place, "carol", "lab-home-carol-2")
    end(place, "bob")
    assert homes_of(place, capsys) == [
        ["lab-home-bob-1", "volume", "bob", "person ended 2030-06-01"],
        ["lab-home-carol-2", "volume", "carol", "in use"],
    ]


def test_without_homes_the_list_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["homes", "list"], environment_of(make_place(tmp_path, has_data=True))) == 0
    assert capsys.readouterr().out == "There is no home yet.\n"


def test_an_ended_persons_home_is_given_to_somebody_living(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    add_home(place, "bob", "lab-home-bob-1")
    end(place, "bob")
    add_home(place, "carol", "lab-home-carol-2")
    assert main(["homes", "give", "lab-home-bob-1", "--to", "carol"], environment_of(place)) == 0
    assert "lab-home-bob-1 is the home of carol" in capsys.readouterr().out
    assert ["lab-home-bob-1", "volume", "carol", "in use"] in homes_of(place, capsys)


def test_a_person_of_the_same_name_does_not_get_the_home_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = make_place(tmp_path, has_data=True)
    add_home(place, "bob", "lab-home-bob-1")
    end(place, "bob")
    add_home(place, "bob", "lab-home-bob-2")
    assert [home[0] for home in homes_of(place, capsys) if home[3] == "in use"] == ["lab-home-bob-2"]


@pytest.mark.parametrize(
    ("home", "to"),
    [("lab-home-carol-2", "bob"), ("no-such-home", "bob"), ("lab-home-carol-2", "mallory"), ("x", "a b")],
    ids=["a living person's home", "no home", "to nobody", "to an impossible name"],
)
def test_what_cannot_be_given_ends_with_exit_1_and_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], home: str, to: str
) -> None:
    place = make_place(tmp_path, has_data=True)
    add_home(place, "bob", "lab-home-bob-1")
    add_home(place, "carol", "lab-home-carol-2")
    before = homes_of(place, capsys)
    assert main(["homes", "give", home, "--to", to], environment_of(place)) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert homes_of(place, capsys) == before
