"""Folders: made once, handed over once, never replaced by empty ones; on the fake engine."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.client import Engine
from engine.names import LABEL_INSTANCE, LABEL_KIND, LABEL_PERSON
from records.people import Person, ensure_person
from records.store import Store
from records.volumes import find_home
from settings.schema import Settings
from spawner.errors import FolderNotReady
from spawner.plan import Mount
from spawner.volumes import Folders
from tests.fakes.engine import Call, FakeEngine

IMAGE = "hub/hub:1"


@pytest.fixture
def engine(fake: FakeEngine) -> Iterator[Engine]:
    fake.images.add(IMAGE)
    engine = Engine(fake.url, timeout_seconds=5, threads=2)
    yield engine
    engine.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "records.sqlite") as store:
        yield store


@pytest.fixture
def ada(store: Store) -> Person:
    return store.run_now(lambda records: ensure_person(records, "ada", first_uid=20000, now=datetime.now(UTC)))


def the_hub(tmp_path: Path, **tables: Any) -> Settings:
    return Settings.model_validate(
        {
            "site": {"name": "lab"},
            "groups": {"vision": {}, "audio": {}},
            "shared": {"vision": {"groups": ["vision"]}, "host": {"groups": ["vision"], "source": f"{tmp_path}/host"}},
            "datasets": {"open": {"source": "/srv/open"}, "own": {"source": "/srv/own", "groups": ["audio"]}},
            **tables,
        }
    )


@pytest.fixture
def folders(engine: Engine, store: Store, tmp_path: Path) -> Folders:
    return Folders(engine, store, the_hub(tmp_path), IMAGE)


def prepared(fake: FakeEngine) -> list[Call]:
    """The one-shot containers in which folders were handed over."""
    made = fake.calls_to("POST", "/containers/create$")
    return [call for call in made if call.body["Labels"].get(LABEL_KIND) == "prepare"]


async def test_a_home_is_made_labelled_and_handed_to_its_owner_once(
    fake: FakeEngine, folders: Folders, store: Store, ada: Person
) -> None:
    mount = await folders.home(ada)
    assert (mount.kind, mount.target, mount.read_only) == ("volume", "/workspace", False)
    assert fake.volumes[mount.source].labels == {
        LABEL_INSTANCE: "lab",
        LABEL_KIND: "home",
        LABEL_PERSON: str(ada.person_id),
    }
    assert await folders.home(ada) == mount
    [call] = prepared(fake)
    assert call.body["Cmd"][-3:] == ["/prepare", "20000:20000", "0700"]
    assert call.body["HostConfig"]["Mounts"][0]["Source"] == mount.source
    home = store.run_now(lambda records: find_home(records, ada.person_id))
    assert home is not None and home.prepared_at is not None


async def test_handing_over_has_no_network_and_only_the_capabilities_that_it_needs(
    fake: FakeEngine, folders: Folders, ada: Person
) -> None:
    await folders.home(ada)
    host = prepared(fake)[0].body["HostConfig"]
    assert host["CapDrop"] == ["ALL"]
    assert sorted(host["CapAdd"]) == ["CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID"]
    assert (host["NetworkMode"], host["ReadonlyRootfs"]) == ("none", True)


async def test_a_home_that_could_not_be_handed_over_is_tried_again_at_the_next_start(
    fake: FakeEngine, folders: Folders, ada: Person
) -> None:
    fake.answer_oneshots("prepare", exit_code=1, output="chown: Read-only file system\nbye")
    with pytest.raises(FolderNotReady, match="could not be made writable") as refused:
        await folders.home(ada)
    assert "\n" not in str(refused.value)
    fake.answer_oneshots("prepare")
    await folders.home(ada)
    assert len(prepared(fake)) == 2


async def test_a_lost_home_is_not_replaced_by_an_empty_one(fake: FakeEngine, folders: Folders, ada: Person) -> None:
    mount = await folders.home(ada)
    del fake.volumes[mount.source]
    with pytest.raises(FolderNotReady, match=f"The volume {mount.source} with your files is not on this server"):
        await folders.home(ada)
    assert mount.source not in fake.volumes


async def test_without_the_hubs_image_the_reader_learns_what_to_do(
    fake: FakeEngine, folders: Folders, ada: Person
) -> None:
    del fake.images[IMAGE]
    with pytest.raises(FolderNotReady, match="Ask an admin to run ./hub up"):
        await folders.home(ada)


async def test_a_host_folder_is_reached_through_its_parent_so_that_a_link_is_seen(
    fake: FakeEngine, engine: Engine, store: Store, ada: Person, tmp_path: Path
) -> None:
    settings = the_hub(tmp_path, storage={"kind": "folder", "root": str(tmp_path)})
    mount = await Folders(engine, store, settings, IMAGE).home(ada)
    assert mount.kind == "bind" and mount.source.startswith(f"{tmp_path}/lab-ada-")
    call = prepared(fake)[0]
    assert call.body["Cmd"][-3] == f"/prepare/{Path(mount.source).name}"
    assert call.body["HostConfig"]["Mounts"][0]["Source"] == str(tmp_path)


async def test_a_link_in_the_place_of_a_folder_is_refused(fake: FakeEngine, folders: Folders, ada: Person) -> None:
    fake.answer_oneshots("prepare", exit_code=3)
    with pytest.raises(FolderNotReady, match="is a link or a file, not a folder"):
        await folders.home(ada)


async def test_a_home_keeps_its_kind_when_the_hub_changes_to_another(
    engine: Engine, folders: Folders, store: Store, ada: Person, tmp_path: Path
) -> None:
    mount = await folders.home(ada)
    changed = the_hub(tmp_path, storage={"kind": "folder", "root": str(tmp_path)})
    assert await Folders(engine, store, changed, IMAGE).home(ada) == mount


async def test_a_home_folder_whose_root_is_gone_from_the_settings_is_not_guessed(
    engine: Engine, folders: Folders, store: Store, ada: Person, tmp_path: Path
) -> None:
    settings = the_hub(tmp_path, storage={"kind": "folder", "root": str(tmp_path)})
    await Folders(engine, store, settings, IMAGE).home(ada)
    with pytest.raises(FolderNotReady, match=r"storage\.root in hub\.toml is empty"):
        await folders.home(ada)


async def test_members_get_shared_folders_with_a_group_of_their_own_prepared_once(
    fake: FakeEngine, folders: Folders, tmp_path: Path
) -> None:
    (tmp_path / "host").mkdir()
    first, second = await folders.shared(["vision"]), await folders.shared(["vision"])
    assert first == second
    assert [(folder.name, folder.gid, folder.mount.kind, folder.mount.target) for folder in first] == [
        ("vision", 10000, "volume", "/workspace/shared/vision"),
        ("host", 10001, "bind", "/workspace/shared/host"),
    ]
    assert [call.body["Cmd"][-2:] for call in prepared(fake)] == [["0:10000", "2770"], ["0:10001", "2770"]]


async def test_others_get_no_shared_folder_and_nothing_is_made(fake: FakeEngine, folders: Folders) -> None:
    assert await folders.shared(["audio"]) == []
    assert fake.volumes == {} and prepared(fake) == []


def test_datasets_are_read_only_and_follow_the_groups(folders: Folders) -> None:
    everyones = Mount("bind", "/srv/open", "/workspace/datasets/open", read_only=True)
    assert folders.datasets([]) == [everyones]
    assert folders.datasets(["audio"]) == [
        everyones,
        Mount("bind", "/srv/own", "/workspace/datasets/own", read_only=True),
    ]
