"""Purge: the one way to the removal of a home, by explicit name and word, on a fake engine (U22, R22)."""

from datetime import UTC, datetime
from pathlib import Path
from sqlite3 import Connection
from typing import Literal

import pytest

from commands.__main__ import main
from commands.hub_image import hub_image
from engine.names import LABEL_INSTANCE, LABEL_KIND, LABEL_PERSON
from records.people import Person, end_person, ensure_person
from records.store import Store
from records.volumes import ensure_home, homes, mark_prepared
from tests.fakes.engine import FakeEngine
from tests.fakes.objects import FakeVolume
from tests.unit.commands.places import HUB_TOML, environment_of, make_place

NOW = datetime(2030, 6, 1, tzinfo=UTC)
HOME = "lab-home-bob-1"


class Lab:
    """An instance with people and homes."""

    def __init__(self, folder: Path, fake: FakeEngine, extra: str = "") -> None:
        self.place = make_place(folder, HUB_TOML + extra, has_data=True, environment={"HUB_DOCKER": fake.url})
        self.fake = fake
        fake.images.add(hub_image())

    def add(self, name: str, home: str, kind: Literal["volume", "folder"] = "volume") -> Person:
        def record(records: Connection) -> Person:
            person = ensure_person(records, name, first_uid=20000, now=NOW)
            ensure_home(records, person, kind=kind, new_name=home)
            mark_prepared(records, home, now=NOW)
            return person

        if kind == "volume":
            self.fake.volumes[home] = FakeVolume(home, size_bytes=4096)
        with Store(self.place.records_database) as store:
            return store.run_now(record)

    def end(self, name: str) -> None:
        with Store(self.place.records_database) as store:
            store.run_now(lambda records: end_person(records, name, NOW))

    def homes(self) -> list[str]:
        with Store(self.place.records_database) as store:
            return [home.name for home in store.run_now(homes)]

    def purge(self, *words: str) -> int:
        return main(["purge", *words], environment_of(self.place))


@pytest.fixture
def lab(tmp_path: Path, fake: FakeEngine) -> Lab:
    lab = Lab(tmp_path, fake)
    lab.add("bob", HOME)
    lab.add("carol", "lab-home-carol-2")
    return lab


def test_u22_with_the_word_only_the_named_home_goes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.purge("bob", "--yes") == 0
    assert set(lab.fake.volumes) == {"lab-home-carol-2"}
    assert lab.homes() == ["lab-home-carol-2"]
    assert f"Removed {HOME}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["bob", "--dry-run"], ["bob", "--dry-run", "--yes"]])
def test_u22_a_dry_run_says_and_removes_nothing(words: list[str], lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.purge(*words) == 0
    said = capsys.readouterr().out
    assert HOME in said and "4,096 bytes" in said and "--dry-run" in said
    assert HOME in lab.fake.volumes and HOME in lab.homes()


def test_u22_without_a_terminal_and_the_word_nothing_goes(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.purge("bob") == 1
    assert "--yes" in capsys.readouterr().err
    assert HOME in lab.fake.volumes and HOME in lab.homes()


@pytest.mark.parametrize(("typed", "is_removed"), [(HOME, True), ("bob", False), ("yes", False), ("", False)])
def test_u22_the_homes_name_has_to_be_typed(
    typed: str, is_removed: bool, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: typed)
    assert lab.purge("bob") == (0 if is_removed else 1)
    assert (HOME not in lab.fake.volumes) == is_removed


def test_a_home_in_use_stays(lab: Lab, fake: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    person = lab.add("bob", HOME)
    labels = {LABEL_INSTANCE: "lab", LABEL_KIND: "workspace", LABEL_PERSON: str(person.person_id)}
    fake.add_container("lab-bob-1", labels=labels)
    assert lab.purge("bob", "--yes") == 1
    assert "Stop it" in capsys.readouterr().err
    assert HOME in fake.volumes


def test_a_deleted_persons_home_is_found_by_name(lab: Lab) -> None:
    lab.end("bob")
    assert HOME in lab.fake.volumes
    assert lab.purge("bob", "--yes") == 0
    assert HOME not in lab.fake.volumes


def test_two_people_of_one_name_must_be_told_apart(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    lab.end("bob")
    lab.add("bob", "lab-home-bob-3")
    assert lab.purge("bob", "--yes") == 1
    said = capsys.readouterr().err
    assert HOME in said and "lab-home-bob-3" in said and "Name the home itself" in said
    assert lab.purge(HOME, "--yes") == 0
    assert "lab-home-bob-3" in lab.fake.volumes and HOME not in lab.fake.volumes


def test_an_unknown_name_removes_nothing(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab.purge("nobody\u202e", "--yes") == 1
    said = capsys.readouterr().err
    assert "homes list" in said and "\u202e" not in said
    assert len(lab.fake.volumes) == 2


def test_an_engine_that_does_not_answer_changes_nothing(lab: Lab) -> None:
    with lab.fake.while_down():
        assert lab.purge("bob", "--yes") == 69
    assert HOME in lab.homes() and HOME in lab.fake.volumes


def test_a_host_folder_is_removed_by_a_one_shot_container(tmp_path: Path, fake: FakeEngine) -> None:
    lab = Lab(tmp_path, fake, '\n[storage]\nkind = "folder"\nroot = "/srv"\n')
    lab.add("dora", "lab-dora-4", kind="folder")
    assert lab.purge("dora", "--yes") == 0
    (made,) = fake.calls_to("POST", r"/containers/create")
    assert made.body["Cmd"][-1] == "/root-folder/lab-dora-4"
    assert made.body["HostConfig"]["Mounts"][0]["Source"] == "/srv"
    assert lab.homes() == []


def test_a_folder_that_could_not_be_removed_whole_stays_on_record(
    tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(tmp_path, fake, '\n[storage]\nkind = "folder"\nroot = "/srv"\n')
    lab.add("dora", "lab-dora-4", kind="folder")
    fake.answer_oneshots("prepare", exit_code=1, output="Read-only file system")
    assert lab.purge("dora", "--yes") == 1
    assert "Read-only file system" in capsys.readouterr().err
    assert lab.homes() == ["lab-dora-4"]


def test_a_missing_root_is_said_and_the_home_stays_on_record(
    tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    lab = Lab(tmp_path, fake, '\n[storage]\nkind = "folder"\nroot = "/srv/not-there"\n')
    lab.add("dora", "lab-dora-4", kind="folder")
    assert lab.purge("dora", "--yes") == 1
    assert "storage.root" in capsys.readouterr().err
    assert lab.homes() == ["lab-dora-4"]
