"""The page "My workspace": what runs, why it stopped, what the person may use and where their files are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jupyterhub.handlers import BaseHandler
from tornado import web

from records.errors import RecordsError
from records.starts import Start
from records.volumes import find_home
from settings.person import PersonLimits, datasets_for, profile_access, shared_folders_for
from settings.sizes import format_bytes
from spawner.errors import RequestRefused
from spawner.request import parse_request
from spawner.shown import ShownError
from spawner.spawner import WorkspaceSpawner
from spawner.start_page import start_pages
from spawner.usage import VolumeSizes


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One server of the person as the page shows it."""

    name: str
    state: str
    url: str
    why: str
    when: datetime | None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit: what, how much, and the key of hub.toml that says so."""

    what: str
    value: str
    origin: str


class WorkspacePage(BaseHandler):  # type: ignore[misc]  # JupyterHub has no types
    """GET /hub/workspace: shows, changes nothing."""

    sizes: dict[int, VolumeSizes] = {}

    @web.authenticated
    async def get(self) -> None:
        """Render the page of whoever is signed in."""
        user = self.current_user
        for running in [each for each in user.spawners.values() if each.ready]:
            await running.poll_and_notify()  # as JupyterHub's home page does: one that died is shown as it is
        spawner: WorkspaceSpawner = user.spawner
        groups, limits = spawner.group_names(), spawner.person_limits()
        html = await self.render_template(
            "workspace.html",
            servers=[await server_row(user, each) for each in _spawners(user)],
            limits=limit_rows(limits),
            profiles=profile_access(spawner.settings, groups),
            profile_title=spawner.settings.profile_title,
            groups=groups,
            home=await self._home(spawner),
            shared=shared_folders_for(spawner.settings, groups),
            datasets=datasets_for(spawner.settings, groups),
        )
        self.finish(html)

    async def _home(self, spawner: WorkspaceSpawner) -> dict[str, str]:
        person = await spawner.identities.person(spawner.user.name)
        if person is None:
            return {}
        home = await spawner.identities.store.run(lambda connection: find_home(connection, person.person_id))
        if home is None:
            return {}
        about = {"name": home.name, "kind": home.kind, "uid": str(person.uid), "size": ""}
        if home.kind == "volume":
            sizes = self.sizes.setdefault(id(spawner.engine), VolumeSizes(spawner.engine))
            measured = await sizes.size_of(home.name)
            if measured is not None and measured.size_bytes is not None:
                minutes = int(measured.age_seconds // 60)
                about["size"] = (
                    f"{readable(measured.size_bytes)}, measured {minutes} min ago"
                    if minutes
                    else readable(measured.size_bytes)
                )
        return about


def handlers() -> list[tuple[str, type[BaseHandler]]]:
    """The pages of this room, for JupyterHub's table of handlers."""
    return [("/workspace", WorkspacePage), *start_pages()]


def check_user_options(options: object) -> None:
    """Refuse `user_options` of a REST body that no start could have; raise HTTP 400 with the sentence."""
    try:
        parse_request(options)
    except RequestRefused as refused:
        raise ShownError(refused.status, str(refused)) from None


async def server_row(user: Any, spawner: WorkspaceSpawner) -> ServerRow:
    """Say of one server what it does, and of a stopped one why."""
    state = _state(spawner)
    last = None if state != "stopped" else await _last_start(spawner)
    return ServerRow(
        name=spawner.name,
        state=state,
        url=user.server_url(spawner.name),
        why=(last.reason or "") if last is not None else "",
        when=last.ended_at.astimezone(UTC) if last is not None and last.ended_at is not None else None,
    )


def limit_rows(limits: PersonLimits) -> Sequence[LimitRow]:
    """List the person's limits with the place that each comes from."""
    values = {
        "memory": ("Memory", format_bytes(limits.memory_bytes)),
        "cpus": ("CPU cores", f"{limits.cpus:g}"),
        "shm": ("Shared memory (/dev/shm)", format_bytes(limits.shm_bytes)),
        "pids": ("Processes and threads", str(limits.pids)),
        "named_servers": ("Named servers", str(limits.named_servers)),
    }
    return [LimitRow(what, value, origin_words(limits.origins[key])) for key, (what, value) in values.items()]


def origin_words(origin: str) -> str:
    """Say whose limit it is, and name the key for whoever edits hub.toml."""
    table, _, rest = origin.partition(".")
    whose = {"limits": "everyone's limit", "groups": f"your group {rest.split('.')[0]}"}
    return f"{whose[table]} ({origin})" if table in whose else "the hub's default"


def readable(size_bytes: int) -> str:
    """Give a size for reading, rounded: "1.4GiB"; `format_bytes` is exact and refuses odd sizes."""
    size = float(size_bytes)
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f}{unit}"
        size /= 1024
    return f"{size:.1f}TiB"


def _spawners(user: Any) -> list[WorkspaceSpawner]:
    named = [user.get_spawner(each.name) for each in user.orm_user._orm_spawners if each.name]
    return [user.spawner, *sorted(named, key=lambda spawner: str(spawner.name))]


def _state(spawner: WorkspaceSpawner) -> str:
    if spawner.ready:
        return "running"
    pending = {"spawn": "starting", "stop": "stopping", "check": "being checked"}
    return pending.get(spawner.pending or "", "stopped") if spawner.pending else "stopped"


async def _last_start(spawner: WorkspaceSpawner) -> Start | None:
    try:
        return await spawner.identities.last_start(spawner.user.name, spawner.name)
    except RecordsError:
        return None
