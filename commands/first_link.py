"""`first-link`: the one-time link of the first admin, as long as nobody could get in otherwise."""

import argparse
from datetime import UTC, datetime
from sqlite3 import Connection

from commands.errors import OK
from commands.links import link_for, open_records
from commands.place import Place
from records.accounts import password_hash
from records.people import ensure_person
from settings.load import load
from settings.schema import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare that there are no arguments."""


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Print the link, or nothing if the first admin has a password."""
    settings = load(place.hub_toml)
    with open_records(place) as store:
        link = store.run_now(lambda records: first_link(records, settings, now=datetime.now(UTC)))
    if link:
        print(link)
    return OK


def first_link(records: Connection, settings: Settings, *, now: datetime) -> str | None:
    """Make the first admin's link unless they have a password; links printed before end."""
    name = settings.sign_in.admins[0]
    person = ensure_person(records, name, first_uid=settings.storage.first_uid, now=now)
    if password_hash(records, person.person_id) is not None:
        return None
    return link_for(records, settings, person, now=now)
