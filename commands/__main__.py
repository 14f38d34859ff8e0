"""`python -m commands NAME …`: the table of commands; a command's module is imported only when it is asked for.

A command is a module with `add_arguments(parser)` and `run(arguments, place) -> exit code`. It prints its result to
standard output and raises a HubError, whose text is the one sentence that says what to do, when it cannot do its work.
"""

import argparse
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, cast

from commands.errors import exit_code_for
from commands.place import Place, place_from
from settings.errors import HubError, shown

USAGE_ERROR: Final = 2  # as argparse does


class Command(Protocol):
    """What the table expects of a command's module."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's own arguments."""

    def run(self, arguments: argparse.Namespace, place: Place) -> int:
        """Do it and return the exit code."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the table."""

    module: str
    help: str
    for_people: bool = True


TABLE: Final[Mapping[str, Entry]] = {
    "check": Entry("commands.check", "Judge hub.toml: every problem with its line; exit 78 if there is one."),
    "explain": Entry("commands.explain", "Show one person's limits and profiles and where each comes from."),
    "accounts": Entry(
        "commands.accounts", "List accounts, or make a one-time link with which somebody sets a password."
    ),
    "homes": Entry("commands.homes", "List people's homes, or give an ended person's home to somebody living."),
    "doctor": Entry("commands.doctor", "Look at engine, network, images, disk and clock; say what to do."),
    "purge": Entry("commands.purge", "Remove one person's files for ever; asks first."),
    "version": Entry("commands.version", "Print the versions of Workspace Hub and of what it is built on."),
    "launch-env": Entry("commands.launch_env", "Print shell assignments for the launcher.", for_people=False),
    "prepare": Entry(
        "commands.prepare", "Make volumes, secrets and the certificate copy ready, as root.", for_people=False
    ),
    "first-link": Entry(
        "commands.first_link", "Print the first admin's one-time link, if still needed.", for_people=False
    ),
    "health": Entry("commands.health", "Health check of one container.", for_people=False),
}


def overview() -> str:
    """Give every command in one line each."""
    lines = [f"  {name:<11} {entry.help}" for name, entry in TABLE.items()]
    return "\n".join(["usage: python -m commands COMMAND …", "", *lines])


def find_command(name: str) -> Command:
    """Import a command's module."""
    return cast(Command, importlib.import_module(TABLE[name].module))


def parser_for(name: str, command: Command) -> argparse.ArgumentParser:
    """Give the argument parser of one command."""
    program = f"./hub {name}" if TABLE[name].for_people else f"python -m commands {name}"
    parser = argparse.ArgumentParser(prog=program, description=TABLE[name].help, allow_abbrev=False)
    command.add_arguments(parser)
    return parser


def main(words: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run one command and return its exit code."""
    if not words or words[0] in {"-h", "--help"}:
        print(overview())
        return 0
    name, *rest = words
    if name not in TABLE:
        print(f"There is no command {shown(name)}; `./hub --help` lists them all.", file=sys.stderr)
        return USAGE_ERROR
    command = find_command(name)
    arguments = parser_for(name, command).parse_args(rest)
    try:
        return command.run(arguments, place_from(environment))
    except HubError as error:
        print(error, file=sys.stderr)
        return exit_code_for(error)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
