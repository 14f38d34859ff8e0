"""`./hub homes list` and `./hub homes give HOME --to NAME`: whose files lie where; nothing here removes any."""

import argparse
from sqlite3 import Connection

from authenticators.usernames import check_user_name
from commands.errors import OK
from commands.links import open_records
from commands.place import Place
from commands.table import in_columns
from records.errors import PersonUnknown
from records.people import find_person, get_person
from records.store import Store
from records.volumes import Home, give_home, homes
from settings.load import load

KEPT_ASIDE = "What {name} had until now stays in the home that was theirs, with the ended person."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|give")
    actions.add_parser("list", help="list all homes and whose they are")
    give = actions.add_parser("give", help="give an ended person's home to somebody living")
    give.add_argument("home", metavar="HOME", help="the home's name, as `./hub homes list` shows it")
    give.add_argument("--to", metavar="NAME", required=True, dest="name", help="who gets it")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """List, or give."""
    settings = load(place.hub_toml)
    with open_records(place) as store:
        if arguments.action == "list":
            print(store.run_now(listed))
        else:
            name = check_user_name(arguments.name, reserved_allowed=settings.sign_in.admins)
            home = _given(store, arguments.home, name)
            print(f"{home.name} is the home of {name} from the next start on. {KEPT_ASIDE.format(name=name)}")
    return OK


def _given(store: Store, home: str, name: str) -> Home:
    return store.run_now(lambda records: given(records, home, name))


def given(records: Connection, home: str, name: str) -> Home:
    """Give the home to the living person of that name; raise PersonUnknown, HomeUnknown or HomeNotGiven."""
    person = find_person(records, name)
    if person is None:
        raise PersonUnknown(name)
    return give_home(records, name=home, to_person=person)


def listed(records: Connection) -> str:
    """Give a table of homes, or a sentence if there is none."""
    rows = [_row(records, home) for home in homes(records)]
    return in_columns(("home", "kind", "person", "state"), rows) if rows else "There is no home yet."


def _row(records: Connection, home: Home) -> tuple[str, str, str, str]:
    person = get_person(records, home.person_id)
    state = f"person ended {person.ended_at:%Y-%m-%d}" if person.ended_at else "in use"
    return home.name, home.kind, person.user_name, state
