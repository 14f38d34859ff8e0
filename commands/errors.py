"""What a command can refuse, and the exit code by which the launcher tells refusals apart.

HubError
 └── CommandError
      ├── BadSetup                exit 78: something that an admin has to put right first
      │    ├── SecretRefused
      │    ├── CertificateRefused
      │    └── DirectoryRefused
      ├── NotSetUpYet             the hub's data is not there; `./hub up` makes it
      ├── HubDatabaseUnreadable   JupyterHub's database does not answer (in hub_database)
      └── NotHealthy              a health check found a dead neighbour
"""

from typing import Final

from settings.errors import HubError, SettingsError

OK: Final = 0
FAILED: Final = 1
ENGINE_UNAVAILABLE: Final = 69  # EX_UNAVAILABLE of sysexits.h
BAD_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h


class CommandError(HubError):
    """A command that could not do what it was asked for."""


class BadSetup(CommandError):
    """Something outside hub.toml that an admin has to put right before the hub can start."""


class SecretRefused(BadSetup):
    """A secret that others can read, or that is too short or a placeholder."""


class CertificateRefused(BadSetup):
    """A certificate and key with which the proxy could not serve TLS."""


class DirectoryRefused(BadSetup):
    """A place that is not the directory that the hub needs there."""


class NotSetUpYet(CommandError):
    """The hub's data does not exist yet."""


class NotHealthy(CommandError):
    """A part of the hub, or a neighbour that it needs, does not work."""


def exit_code_for(error: HubError) -> int:
    """Give the exit code of an error; the rooms that define them are imported only now, health checks stay light."""
    if isinstance(error, BadSetup | SettingsError):
        return BAD_SETTINGS
    if isinstance(error, CommandError):
        return FAILED
    from engine.errors import EngineUnreachable

    return ENGINE_UNAVAILABLE if isinstance(error, EngineUnreachable) else FAILED
