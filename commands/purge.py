"""`./hub purge NAME`: remove one person's files for ever; the only way in the product to the removal of a home."""

import argparse
import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from sqlite3 import Connection
from uuid import uuid4

from docker.errors import APIError

from commands.errors import FAILED, OK, CommandError
from commands.hub_image import hub_image
from commands.links import open_records
from commands.place import Place
from engine.client import Engine
from engine.containers import list_workspaces
from engine.names import KIND_PREPARE, LABEL_PERSON, short
from engine.oneshot import Mount, OneshotResult, run_oneshot
from engine.volumes import remove_volume, volume_bytes
from records.people import Person, get_person
from records.store import Store
from records.volumes import Home, homes, mark_removed
from settings.errors import shown
from settings.load import load
from settings.schema import Settings

# what a root without privileges needs to remove files of another owner
REMOVE_CAPABILITIES = ("DAC_OVERRIDE", "FOWNER")
# a link is removed, not followed
REMOVE_SCRIPT = 'rm -rf -- "$1" && [ ! -e "$1" ]'
REMOVE_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Found:
    """One home and whose it is."""

    home: Home
    person: Person

    @property
    def line(self) -> str:
        """The home as a line for people."""
        whose = f"of {self.person.user_name}"
        ended = f", deleted {self.person.ended_at:%Y-%m-%d}" if self.person.ended_at else ""
        return f"{self.home.kind} {self.home.name} {whose}{ended}"


class NothingToPurge(CommandError):
    """There is no home of that name or person."""


class NotPurged(CommandError):
    """The home was left as it is."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="NAME", help="a user name, or a home's name from `./hub homes list`")
    parser.add_argument("--dry-run", action="store_true", help="say what would be removed and remove nothing")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Find the home, ask, remove."""
    settings = load(place.hub_toml)
    with open_records(place) as store:
        found = store.run_now(partial(find_one, name=arguments.name))
        return asyncio.run(_purge(arguments, place, settings, found, store))


def find_one(records: Connection, *, name: str) -> Found:
    """Give the one home that the name means; raise NothingToPurge if there is none, or more than one."""
    rows = [Found(home, get_person(records, home.person_id)) for home in homes(records)]
    meant = [row for row in rows if row.home.name == name] or [row for row in rows if row.person.user_name == name]
    if not meant:
        raise NothingToPurge(f"{shown(name)} has no files here. `./hub homes list` names every home.")
    if len(meant) > 1:
        lines = "; ".join(row.line for row in meant)
        raise NothingToPurge(f"{shown(name)} means more than one home ({lines}). Name the home itself.")
    return meant[0]


async def _purge(arguments: argparse.Namespace, place: Place, settings: Settings, found: Found, store: Store) -> int:
    engine = Engine(place.docker_url)
    try:
        await _refuse_while_it_runs(engine, settings, found)
        print(f"{found.line}: {await _size(engine, found.home)}")
        if arguments.dry_run:
            print("Nothing was removed (--dry-run).")
            return OK
        if not arguments.yes and not _confirmed(found):
            print("Nothing was removed.")
            return FAILED
        await _remove(engine, settings, found.home)
    finally:
        engine.close()
    store.run_now(partial(mark_removed, name=found.home.name, now=datetime.now(UTC)))
    print(f"Removed {found.home.name} for ever.")
    return OK


async def _refuse_while_it_runs(engine: Engine, settings: Settings, found: Found) -> None:
    workspaces = await list_workspaces(engine, settings.site.name)
    person_id = str(found.person.person_id)
    using = [each.name for each in workspaces if each.labels.get(LABEL_PERSON) == person_id]
    if using:
        raise NotPurged(f"{using[0]} still uses {found.home.name}. Stop it in the admin panel, then try again.")


async def _size(engine: Engine, home: Home) -> str:
    size_bytes = await volume_bytes(engine, home.name) if home.kind == "volume" else None
    return "size not known" if size_bytes is None else f"{size_bytes:,} bytes"


def _confirmed(found: Found) -> bool:
    """Ask for the home's name to be typed; nobody to ask means no."""
    if not sys.stdin.isatty():
        raise NotPurged("Nobody can be asked without a terminal. Look with --dry-run, then say --yes.")
    return input(f"This cannot be undone. Type {found.home.name} to remove it: ").strip() == found.home.name


async def _remove(engine: Engine, settings: Settings, home: Home) -> None:
    if home.kind == "volume":
        await remove_volume(engine, home.name)
        return
    if not settings.storage.root:
        raise NotPurged(f"{home.name} is a host folder, but storage.root in hub.toml is empty. Set it, then try again.")
    try:
        result = await _remove_folder(engine, settings, home)
    except APIError as error:
        raise NotPurged(f"{home.name} was not removed: {error.explanation}. Look at storage.root.") from None
    if result.exit_code:
        raise NotPurged(f"{home.name} could not be removed whole ({result.output.strip()[-200:]}). Try again.")


async def _remove_folder(engine: Engine, settings: Settings, home: Home) -> OneshotResult:
    return await run_oneshot(
        engine,
        name=f"{settings.site.name}-purge-{short(uuid4())}",
        image=hub_image(),
        command=["/bin/sh", "-c", REMOVE_SCRIPT, "purge", f"/root-folder/{PurePosixPath(home.name).name}"],
        mounts=[Mount(settings.storage.root, "/root-folder", "bind")],
        instance=settings.site.name,
        kind=KIND_PREPARE,
        capabilities=REMOVE_CAPABILITIES,
        timeout_seconds=REMOVE_SECONDS,
    )
