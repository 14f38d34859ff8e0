"""How netguard runs the host's network commands; the one seam at which tests put a fake host."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

TIMEOUT_SECONDS: Final = 15.0
NOT_FOUND: Final = 127
TIMED_OUT: Final = 124


@dataclass(frozen=True, slots=True)
class Completed:
    """What a command ended with; exit code 127 when there is no such command, 124 when it took too long."""

    exit_code: int
    output: str = ""
    complaint: str = ""

    @property
    def is_good(self) -> bool:
        """Say whether it did what it was asked for."""
        return self.exit_code == 0


class Runner(Protocol):
    """Run a command with a text on its standard input."""

    def __call__(self, command: Sequence[str], given: str = "") -> Completed:
        """Return once it ended; never raise for a command that fails or is missing."""


def run_command(command: Sequence[str], given: str = "") -> Completed:
    """Run a command of this host."""
    try:
        done = subprocess.run(
            command, input=given, capture_output=True, text=True, timeout=TIMEOUT_SECONDS, check=False
        )
    except (FileNotFoundError, PermissionError) as error:
        return Completed(NOT_FOUND, complaint=str(error))
    except subprocess.TimeoutExpired:
        return Completed(TIMED_OUT, complaint=f"{command[0]} took longer than {TIMEOUT_SECONDS:.0f} s")
    return Completed(done.returncode, done.stdout, done.stderr.strip())
