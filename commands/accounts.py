"""`./hub accounts list` and `./hub accounts link NAME`: also while the hub is stopped."""

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from sqlite3 import Connection

from authenticators.usernames import check_user_name
from commands.errors import OK
from commands.hub_database import is_known
from commands.links import link_for, open_records
from commands.place import Place
from commands.table import in_columns
from records.accounts import AccountRow, account_rows
from records.errors import PersonUnknown
from records.people import ensure_person, find_person
from settings.load import load
from settings.schema import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|link")
    actions.add_parser("list", help="list everyone with an account and whether it has a password")
    link = actions.add_parser("link", help="print a one-time link with which NAME sets a password")
    link.add_argument("name", metavar="NAME", help="the person's user name")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """List, or make a link."""
    settings = load(place.hub_toml)
    now = datetime.now(UTC)
    with open_records(place) as store:
        if arguments.action == "list":
            print(listed(store.run_now(account_rows), now))
        else:
            name = check_user_name(arguments.name, reserved_allowed=settings.sign_in.admins)
            may_be_made = name in settings.sign_in.admins or is_known(place.jupyterhub_database, name)
            print(store.run_now(lambda records: new_link(records, settings, name, may_be_made=may_be_made, now=now)))
    return OK


def new_link(records: Connection, settings: Settings, name: str, *, may_be_made: bool, now: datetime) -> str:
    """Make a link for somebody the hub knows; its older links end."""
    person = find_person(records, name)
    if person is None and may_be_made:
        person = ensure_person(records, name, first_uid=settings.storage.first_uid, now=now)
    if person is None:
        raise PersonUnknown(name)
    return link_for(records, settings, person, now=now)


def listed(rows: Sequence[AccountRow], now: datetime) -> str:
    """Give a table of accounts, or a sentence if there is none."""
    if not rows:
        return "There is no account yet."
    lines = [(row.person.user_name, "yes" if row.has_password else "no", _open_link(row, now)) for row in rows]
    return in_columns(("name", "password", "one-time link"), lines)


def _open_link(row: AccountRow, now: datetime) -> str:
    if row.link_until is None:
        return "none"
    if row.link_until <= now:
        return "expired"
    return f"open until {row.link_until:%Y-%m-%d %H:%M} UTC"
