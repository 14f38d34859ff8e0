"""`./hub explain NAME`: one person's limits and profiles, and where each comes from."""

import argparse

from authenticators.usernames import check_user_name
from commands.errors import OK
from commands.hub_database import groups_of
from commands.place import Place
from settings.load import load
from settings.person import explain


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("name", metavar="NAME", help="the person's user name")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Print the table; somebody who is not in the hub has what everyone has."""
    settings = load(place.hub_toml)
    name = check_user_name(arguments.name, reserved_allowed=settings.sign_in.admins)
    print(explain(settings, name, groups_of(place.jupyterhub_database, name)).rstrip("\n"))
    return OK
