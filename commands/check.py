"""`./hub check`: judge hub.toml and say everything that is wrong with it at once."""

import argparse
import json

from commands.errors import BAD_SETTINGS, OK
from commands.place import Place
from settings.load import Problem, SettingsError, load, warnings_for


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of text")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Print what is wrong; exit 78 if there is anything, 0 if the hub can start with this file."""
    if arguments.json:
        return _run_json(place)
    settings = load(place.hub_toml)
    for warning in warnings_for(settings):
        print(f"warning: {warning}")
    print(f"{place.hub_toml.name} is good.")
    return OK


def _run_json(place: Place) -> int:
    problems: tuple[Problem, ...] = ()
    warnings: list[str] = []
    try:
        warnings = warnings_for(load(place.hub_toml))
    except SettingsError as error:
        problems = error.problems
    print(json.dumps(report(problems, warnings), ensure_ascii=False, indent=2))
    return BAD_SETTINGS if problems else OK


def report(problems: tuple[Problem, ...], warnings: list[str]) -> dict[str, object]:
    """Give what `--json` prints; `line` is null where a problem belongs to no line."""
    listed = [{"line": one.line, "key": one.key, "message": one.message} for one in problems]
    return {"ok": not problems, "problems": listed, "warnings": warnings}
