"""The spawner: JupyterHub's hooks around one person's workspace. It carries plans out and decides nothing."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from docker.errors import APIError
from traitlets import Unicode

from engine.client import Engine
from engine.containers import find_container, last_log_lines, remove_container
from engine.errors import EngineError
from engine.images import find_image
from engine.names import LABEL_INSTANCE, LABEL_PERSON, container_name
from records import FILE_NAME
from records.errors import RecordsError, TooManyServerNames
from records.people import Person
from records.store import Store
from settings.errors import shown
from spawner.answers import Doorbell
from spawner.asking import AskingSpawner, wait_for_hook
from spawner.endings import REMOVED, STOPPED, ending_of
from spawner.errors import (
    HubBusy,
    ImageMissing,
    NameTaken,
    SpawnRefused,
    WorkspaceDidNotStart,
)
from spawner.identity import Identities
from spawner.images import JUPYTER_PORT, WORKSPACE_FOLDER
from spawner.plan import Mount, WorkspacePlan, make_plan
from spawner.progress import Progress
from spawner.shown import ShownSpawnError
from spawner.tokens import end_tokens_of_server
from spawner.volumes import Folders

LOG_LINES_SHOWN = 12
LOG_CHARACTERS_SHOWN = 200
DETAIL_CHARACTERS = 1000


class WorkspaceSpawner(AskingSpawner):
    """One person's workspace on one Docker engine."""

    data_dir = Unicode("/data", config=True, help="The folder that holds the hub's records.")
    docker_url = Unicode("unix:///var/run/docker.sock", config=True, help="Where the Docker engine listens.")
    prepare_image = Unicode("workspace-hub/hub:0.1.0", config=True, help="The hub's own image; it prepares folders.")

    _engines: ClassVar[dict[str, Engine]] = {}
    _identities: ClassVar[dict[str, Identities]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._progress = Progress()
        self._plan: WorkspacePlan | None = None
        self._is_starting = False

    @property
    def engine(self) -> Engine:
        """The engine that all spawners of this hub share."""
        if self.docker_url not in self._engines:
            self._engines[self.docker_url] = Engine(self.docker_url)
        return self._engines[self.docker_url]

    @property
    def identities(self) -> Identities:
        """Who people are on the engine and where their files lie; shared by all spawners of this hub."""
        if self.data_dir not in self._identities:
            store = Store(Path(self.data_dir) / FILE_NAME)
            folders = Folders(self.engine, store, self.settings, self.prepare_image)
            self._identities[self.data_dir] = Identities(store, folders, self.settings)
        return self._identities[self.data_dir]

    # ---- start -------------------------------------------------------------------------------------

    async def start(self) -> tuple[str, int]:
        """Start the workspace and return (address, port) once it answers; leave nothing behind if it does not."""
        self._is_starting = True
        try:
            return await self._start()
        except (SpawnRefused, EngineError, RecordsError, APIError) as failure:
            refused = _as_refusal(failure)
            if refused is not failure:
                self.log.error("Starting %s failed: %s", self._log_name, shown(str(failure), DETAIL_CHARACTERS))
            await self._discard(str(refused))
            raise ShownSpawnError(refused) from failure
        finally:
            self._is_starting = False

    async def _start(self) -> tuple[str, int]:
        # chosen again, for callers that come here without take_options
        chosen = self.choose(self.user_options)
        await self._progress.tell(5, "Looking for the image")
        if await find_image(self.engine, chosen.profile.image) is None:
            raise ImageMissing(chosen.profile.image, chosen.title)
        await self._progress.tell(15, "Preparing your files")
        workspace, person = await self.identities.workspace(self.user.name, self.name, self.group_names())
        self.object_name = workspace.container_name
        await self._clear_the_way(person)
        plan = make_plan(
            image=chosen.profile.image,
            workspace=workspace,
            limits=chosen.limits,
            hub_environment=self.settings.environment,
            person_environment=chosen.request.environment,
        )
        generation = await self.identities.begin_start(workspace, plan.config_hash)
        self._use(plan.of_generation(generation))
        self.log.info("Starting %s's workspace %s: %s", person.user_name, plan.container_name, plan.summary())
        await self._progress.tell(40, "Starting the container")
        where: tuple[str, int] = await super().start()
        await self.identities.note_created(workspace, generation, self.object_id)
        await self._progress.tell(60, "Waiting until your workspace answers")
        await self._wait_until_it_answers(where, chosen.profile.start_seconds)
        await self.identities.note_ready(workspace, generation)
        await self._progress.tell(90, "Your workspace answers")
        return where

    def _use(self, plan: WorkspacePlan) -> None:
        """Assign the plan whole; what was there before does not matter."""
        self._plan = plan
        self.image = plan.image
        self.port = plan.port
        self.mounts = [_as_docker_mount(mount) for mount in plan.mounts]
        self.volumes: dict[str, object] = {}
        self.extra_create_kwargs = {**plan.create_kwargs, "labels": dict(plan.labels)}
        self.extra_host_config = dict(plan.host_config)
        self.notebook_dir = WORKSPACE_FOLDER

    def get_env(self) -> dict[str, str]:
        """The hub's environment for the container, and over it the plan's; no value is a template."""
        planned = dict(self._plan.environment) if self._plan is not None else {}
        return {**super().get_env(), **planned}

    async def get_ip_and_port(self) -> tuple[str, int]:
        """The recorded address: known before the engine was asked, never looked up after it."""
        assert self._plan is not None
        return str(self._plan.address), self._plan.port

    async def _clear_the_way(self, person: Person) -> None:
        """Remove a left-over container of this very workspace; never touch one that is not ours."""
        found = await find_container(self.engine, self.object_name, key=self.object_name)
        if found is None:
            return
        if not self._is_ours(found.labels, person):
            raise NameTaken(self.object_name, found.id)
        self.log.info("Removing the left-over container %s (%s)", self.object_name, found.id[:12])
        await remove_container(self.engine, found.id, key=self.object_name)

    async def _wait_until_it_answers(self, where: tuple[str, int], seconds: float) -> None:
        """Ring until it answers; raise WorkspaceDidNotStart when the container ends or time is up."""
        doorbell, loop = Doorbell(), asyncio.get_running_loop()
        url = f"http://{where[0]}:{where[1]}{self.server.base_url}api"
        deadline, next_look = loop.time() + seconds, loop.time() + 1.0
        try:
            while not await doorbell.answers(url):
                if loop.time() > deadline:
                    words = await self._last_words()
                    raise WorkspaceDidNotStart(f"The workspace did not answer within {seconds:.0f} seconds.{words}")
                if loop.time() > next_look:
                    next_look = loop.time() + 1.0
                    await self._check_it_still_runs()
                await asyncio.sleep(0.1)
        finally:
            doorbell.close()

    async def _check_it_still_runs(self) -> None:
        found = await self.get_object()
        if found is None:
            raise WorkspaceDidNotStart(f"The workspace did not start. {REMOVED}")
        if not found["State"]["Running"]:
            ending = ending_of(found["State"], _memory_bytes(found))
            raise WorkspaceDidNotStart(f"The workspace did not start. {ending}{await self._last_words()}")

    async def _last_words(self) -> str:
        lines = await last_log_lines(self.engine, self.object_id, LOG_LINES_SHOWN)
        # its log is its own, but a token in it would be shown to an admin who starts it for somebody; and a line of
        # it is no line of the hub's log
        clean = (shown(line.replace(self.api_token or "\0", "…").strip(), LOG_CHARACTERS_SHOWN) for line in lines)
        text = " | ".join(line for line in clean if line)
        return f" Its last lines: {text}" if text else " It wrote nothing to its log."

    async def _discard(self, reason: str) -> None:
        """Record why it ended, and remove the container if it is ours."""
        try:
            person = await self.identities.end(self.user.name, self.name, reason)
            if person is not None and self.object_name:
                await self._clear_the_way(person)
        except NameTaken:
            return
        except (EngineError, RecordsError, APIError) as error:
            self.log.warning("The container %s may be left over: %s", self.object_name, error)

    # ---- running, stopping -------------------------------------------------------------------------

    async def get_object(self) -> Any:
        """The container of this very workspace; None also where another one has its name.

        JupyterHub asks after a refused start, too, and stops what it is told of: a stranger's container.
        """
        person = await self.identities.person(self.user.name)
        if person is None:
            return None
        if not self.object_name:
            # a hub that was killed in mid-start has no state for the workspace, but the name follows from records
            instance = self.settings.site.name
            self.object_name = container_name(instance, person.user_name, person.person_id, self.name)
        found = await super().get_object()
        return found if found is not None and self._is_ours(found["Config"].get("Labels") or {}, person) else None

    def _is_ours(self, labels: Mapping[str, str], person: Person) -> bool:
        owner = (labels.get(LABEL_INSTANCE), labels.get(LABEL_PERSON))
        return owner == (self.settings.site.name, str(person.person_id))

    async def poll(self) -> str | int | None:
        """None while it runs or nobody knows; otherwise why it ended, which is put on record."""
        try:
            found = await self.get_object()
        except (APIError, EngineError, RecordsError) as unknown:
            # JupyterHub reads an exception here as "not running" when it starts (app.py, init_spawners)
            self.log.warning("Nobody knows whether %s runs; assuming it does: %s", self.object_name, unknown)
            return None
        if found is None:
            if not self._is_starting:
                await self._end(REMOVED)
            return 0
        if found["State"]["Running"]:
            return None
        ending = ending_of(found["State"], _memory_bytes(found))
        await self._end(ending)
        return ending

    async def get_url(self) -> str:
        """Where it runs, as Docker says; after a crash in mid-start JupyterHub knows only a port that it made up.

        JupyterHub asks at its start, and stops a workspace that it does not find there.
        """
        known = str(self.server.url)
        try:
            found = await find_container(self.engine, self.object_name, key=self.object_name)
        except (APIError, EngineError):
            return known
        if found is None or found.address is None:
            return known
        return f"http://{found.address}:{JUPYTER_PORT}{self.server.base_url}"

    async def stop(self, now: bool = False) -> None:
        """Stop and remove the container, also in mid-start; the files stay."""
        if await self.get_object() is not None:
            if not self._is_starting:  # in mid-start there is nothing yet that wants time to save itself
                await self.stop_object()
            await self.remove_object()
            self.log.info("Stopped %s's workspace %s", self.user.name, self.object_name)
        await self._end(STOPPED)
        self.clear_state()

    async def stop_object(self) -> None:
        """Ask the container to end: SIGTERM, and after 10 seconds SIGKILL. Upstream asks by id, lost in mid-start."""
        try:
            await self.docker("stop", self.object_name)
        except APIError as error:
            if error.status_code != 404:
                raise

    async def run_post_stop_hook(self) -> None:
        """After a workspace that ended, also by itself: its tokens and its container go, the reason is on record."""
        await wait_for_hook(super().run_post_stop_hook())
        end_tokens_of_server(self.user, self.name)
        await self._discard(STOPPED)

    async def progress(self) -> AsyncIterator[dict[str, object]]:
        """Tell the waiting person what happens."""
        async for step in self._progress.follow():
            yield step

    async def _end(self, reason: str) -> None:
        try:
            await self.identities.end(self.user.name, self.name, reason)
        except RecordsError as error:
            self.log.warning("Why %s ended is not on record: %s", self.object_name, error)


def _as_refusal(failure: Exception) -> SpawnRefused:
    if isinstance(failure, SpawnRefused):
        return failure
    if isinstance(failure, TooManyServerNames):
        return SpawnRefused(str(failure))
    if not isinstance(failure, APIError):
        return HubBusy(str(failure))
    text = str(failure.explanation or failure)
    if "no space left" in text.lower():
        return HubBusy("The server's disk is full, so the workspace could not be made. Ask an admin to free space.")
    return WorkspaceDidNotStart(
        f"The Docker engine refused the workspace: {shown(text, 300)}. An admin finds more with ./hub logs hub."
    )


def _as_docker_mount(mount: Mount) -> dict[str, object]:
    arguments: dict[str, object] = {
        "type": mount.kind,
        "source": mount.source,
        "target": mount.target,
        "read_only": mount.read_only,
    }
    # an empty volume would otherwise take files and the owner of the image's own folder
    return {**arguments, "no_copy": True} if mount.kind == "volume" else arguments


def _memory_bytes(found: Any) -> int:
    return int(found.get("HostConfig", {}).get("Memory") or 0)
