"""`./hub version`: which versions this image holds."""

import argparse
import platform
from importlib.metadata import PackageNotFoundError, version

from commands.errors import OK
from commands.place import Place

DISTRIBUTIONS = ("workspace-hub", "jupyterhub", "dockerspawner", "docker", "pydantic")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare that there are no arguments."""


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Print one line per distribution, ours first."""
    for name, found in versions().items():
        print(f"{name} {found}")
    return OK


def versions() -> dict[str, str]:
    """Give the installed versions by name; a distribution that is not installed says so."""
    return {**{name: _version(name) for name in DISTRIBUTIONS}, "python": platform.python_version()}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"
