"""Whose workspace it is: the person, uid, address, folders and the journal of starts, from records.

It knows records and folders; it does not know the engine's containers or what was asked.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from ipaddress import IPv4Address
from sqlite3 import Connection

from engine.names import container_name, network_name
from records.addresses import ensure_address
from records.people import Person, ensure_person, find_person
from records.starts import Start, begin_start, end_start, last_start, mark_created, mark_ready
from records.store import Store
from settings.schema import Settings
from spawner.images import Login, login_name
from spawner.plan import Workspace
from spawner.volumes import Folders


class Identities:
    """The records of one hub, as the spawner needs them."""

    def __init__(self, store: Store, folders: Folders, settings: Settings) -> None:
        self.store = store
        self.folders = folders
        self.settings = settings

    async def person(self, user_name: str) -> Person | None:
        """Give the living person of that name, or None if nobody was recorded under it."""
        return await self.store.run(lambda connection: find_person(connection, user_name))

    async def last_start(self, user_name: str, server: str) -> Start | None:
        """Give the latest start of that server, or None if it was never started."""

        def look(connection: Connection) -> Start | None:
            person = find_person(connection, user_name)
            return None if person is None else last_start(connection, person.person_id, server)

        return await self.store.run(look)

    async def workspace(self, user_name: str, server: str, groups: Iterable[str]) -> tuple[Workspace, Person]:
        """Give the workspace of a person's server: address recorded, folders prepared.

        Raises PoolFull, FolderNotReady and engine errors.
        """
        person, address = await self._person_and_address(user_name, server)
        groups = list(groups)
        home = await self.folders.home(person)
        shared = await self.folders.shared(groups)
        instance = self.settings.site.name
        workspace = Workspace(
            instance=instance,
            person_id=person.person_id,
            user_name=person.user_name,
            server=server,
            container_name=container_name(instance, person.user_name, person.person_id, server),
            address=address,
            network=network_name(instance),
            login=Login(
                name=login_name(person.user_name),
                uid=person.uid,
                gid=person.uid,
                groups=tuple((folder.gid, folder.name) for folder in shared),
            ),
            mounts=(home, *(folder.mount for folder in shared), *self.folders.datasets(groups)),
        )
        return workspace, person

    async def _person_and_address(self, user_name: str, server: str) -> tuple[Person, IPv4Address]:
        settings, now = self.settings, datetime.now(UTC)

        def ensure(connection: Connection) -> tuple[Person, IPv4Address]:
            person = ensure_person(connection, user_name, first_uid=settings.storage.first_uid, now=now)
            return person, ensure_address(connection, person.person_id, server, settings.network.subnet)

        return await self.store.run(ensure)

    async def begin_start(self, workspace: Workspace, config_hash: str) -> int:
        """Write down that a start is wanted, before the engine is asked; give its generation."""
        now = datetime.now(UTC)
        return await self.store.run(
            lambda connection: begin_start(
                connection,
                person_id=workspace.person_id,
                server=workspace.server,
                container_name=workspace.container_name,
                config_hash=config_hash,
                now=now,
            )
        )

    async def note_created(self, workspace: Workspace, generation: int, container_id: str) -> None:
        """Write down which container a start made."""
        who = (workspace.person_id, workspace.server, generation)
        await self.store.run(lambda connection: mark_created(connection, *who, container_id))

    async def note_ready(self, workspace: Workspace, generation: int) -> None:
        """Write down that a start answers."""
        who, now = (workspace.person_id, workspace.server, generation), datetime.now(UTC)
        await self.store.run(lambda connection: mark_ready(connection, *who, now=now))

    async def end(self, user_name: str, server: str, reason: str) -> Person | None:
        """Write down why the latest start ended, unless a reason is known; give the person, None if unknown."""
        now = datetime.now(UTC)

        def note(connection: Connection) -> Person | None:
            person = find_person(connection, user_name)
            if person is not None:
                end_start(connection, person.person_id, server, reason=reason, now=now)
            return person

        return await self.store.run(note)
