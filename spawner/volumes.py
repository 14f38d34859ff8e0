"""The folders of a workspace: found or made, handed to the person once, and never removed here.

The hub is not root: a one-shot container with the hub's own image hands a new folder to its owner. Only the
folder itself is touched, never what is in it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from uuid import uuid4

from docker.errors import APIError, ImageNotFound

from engine.client import Engine
from engine.names import (
    KIND_HOME,
    KIND_PREPARE,
    KIND_SHARED,
    LABEL_INSTANCE,
    LABEL_KIND,
    LABEL_PERSON,
    new_home_folder,
    new_home_volume,
    shared_volume,
    short,
)
from engine.oneshot import Mount as OneshotMount
from engine.oneshot import run_oneshot
from engine.volumes import ensure_volume, find_volume
from records.people import Person, shared_gid
from records.store import Store
from records.volumes import Home, ensure_home, mark_prepared
from settings.errors import shown
from settings.person import datasets_for, shared_folders_for
from settings.schema import Settings
from spawner.errors import FolderNotReady
from spawner.images import WORKSPACE_FOLDER
from spawner.plan import Mount

# FSETID: without it the kernel drops the set-group-id bit of a folder whose group is not root's, chmod(2)
PREPARE_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID")
NOT_A_FOLDER = 3
# $1 folder, $2 owner, $3 mode. A symbolic link could lead anywhere on the host, so it is refused; -h and the
# check of the parent keep it so. setgid survives because chmod comes after chown.
PREPARE_SCRIPT = (
    'if [ -L "$1" ] || { [ -e "$1" ] && [ ! -d "$1" ]; }; then exit 3; fi; '
    'mkdir -p -- "$1" && chown -h -- "$2" "$1" && chmod -- "$3" "$1"'
)


@dataclass(frozen=True, slots=True)
class Folder:
    """A shared folder of a person's workspace: its Docker mount and the group that may write to it."""

    name: str
    gid: int
    mount: Mount


class Folders:
    """Finds and prepares the folders of one hub; `image` is the hub's own, `settings` say where folders are."""

    def __init__(self, engine: Engine, store: Store, settings: Settings, image: str) -> None:
        self._engine = engine
        self._store = store
        self._settings = settings
        self._image = image
        self._prepared: set[str] = set()

    async def home(self, person: Person) -> Mount:
        """Give the person's own folder at /workspace; it is theirs and writable. Raises FolderNotReady."""
        home = await self._store.run(
            lambda connection: ensure_home(
                connection, person, kind=self._settings.storage.kind, new_name=self._new_name(person)
            )
        )
        mount = self._home_mount(home)
        if home.prepared_at is None:
            await self._prepare_home(home, person, mount)
        elif home.kind == "volume" and await find_volume(self._engine, home.name) is None:
            # never an empty one in its place: the person would believe that everything is lost
            raise FolderNotReady(
                f"The volume {home.name} with your files is not on this server. "
                "Ask an admin to bring it back (restore it under that name), then start again."
            )
        return mount

    async def shared(self, groups: Iterable[str]) -> list[Folder]:
        """Give the folders that members of these groups share, each writable for its members."""
        return [
            await self._shared_folder(name, self._settings.shared[name].source)
            for name in shared_folders_for(self._settings, groups)
        ]

    def datasets(self, groups: Iterable[str]) -> list[Mount]:
        """Give the read-only datasets that members of these groups see; one without groups is for everyone."""
        sources = self._settings.datasets
        return [
            Mount("bind", sources[name].source, f"{WORKSPACE_FOLDER}/datasets/{name}", read_only=True)
            for name in datasets_for(self._settings, groups)
        ]

    def _new_name(self, person: Person) -> str:
        make = new_home_volume if self._settings.storage.kind == "volume" else new_home_folder
        return str(make(self._settings.site.name, person.user_name, person.person_id))

    def _home_mount(self, home: Home) -> Mount:
        if home.kind == "volume":
            return Mount("volume", home.name, WORKSPACE_FOLDER)
        if not self._settings.storage.root:
            raise FolderNotReady(
                f"Your files are in the host folder {home.name}, but storage.root in hub.toml is empty. "
                "Ask an admin to set it to the folder that holds it."
            )
        return Mount("bind", str(PurePosixPath(self._settings.storage.root) / home.name), WORKSPACE_FOLDER)

    async def _prepare_home(self, home: Home, person: Person, mount: Mount) -> None:
        labels = {
            LABEL_INSTANCE: self._settings.site.name,
            LABEL_KIND: KIND_HOME,
            LABEL_PERSON: str(person.person_id),
        }
        if home.kind == "volume":
            await ensure_volume(self._engine, home.name, labels)
        await self._prepare(mount, f"{person.uid}:{person.uid}", "0700")
        await self._store.run(lambda connection: mark_prepared(connection, home.name, now=datetime.now(UTC)))

    async def _shared_folder(self, name: str, source: str) -> Folder:
        settings = self._settings
        gid = await self._store.run(
            lambda connection: shared_gid(connection, name, first_gid=settings.storage.first_group_gid)
        )
        target = f"{WORKSPACE_FOLDER}/shared/{name}"
        volume = shared_volume(settings.site.name, name)
        mount = Mount("bind", source, target) if source else Mount("volume", volume, target)
        if mount.source not in self._prepared:
            if not source:
                labels = {LABEL_INSTANCE: settings.site.name, LABEL_KIND: KIND_SHARED}
                await ensure_volume(self._engine, volume, labels)
            await self._prepare(mount, f"0:{gid}", "2770")
            self._prepared.add(mount.source)
        return Folder(name, gid, mount)

    async def _prepare(self, mount: Mount, owner: str, mode: str) -> None:
        """Hand a volume or host folder to `owner`; a host folder is reached through its parent, to see links."""
        source = mount.source if mount.kind == "volume" else str(PurePosixPath(mount.source).parent)
        path = "/prepare" if mount.kind == "volume" else f"/prepare/{PurePosixPath(mount.source).name}"
        try:
            result = await run_oneshot(
                self._engine,
                name=f"{self._settings.site.name}-prepare-{short(uuid4())}",
                image=self._image,
                command=["/bin/sh", "-c", PREPARE_SCRIPT, "prepare", path, owner, mode],
                mounts=[OneshotMount(source, "/prepare", "volume" if mount.kind == "volume" else "bind")],
                instance=self._settings.site.name,
                kind=KIND_PREPARE,
                capabilities=PREPARE_CAPABILITIES,
            )
        except ImageNotFound:
            raise FolderNotReady(
                f"The hub's own image {self._image} is not on this server, so no folder can be prepared. "
                "Ask an admin to run ./hub up."
            ) from None
        except APIError as error:
            raise FolderNotReady(
                f"The folder {mount.source} cannot be used: {shown(str(error.explanation), 300)}. "
                "Ask an admin to look at [storage], [shared] and [datasets] in hub.toml."
            ) from error
        if result.exit_code == NOT_A_FOLDER:
            raise FolderNotReady(f"{mount.source} is a link or a file, not a folder. Ask an admin to replace it.")
        if result.exit_code:
            raise FolderNotReady(
                f"The folder {mount.source} could not be made writable ({shown(result.output.strip()[-200:], 200)}). "
                "Ask an admin to look at its file system."
            )
