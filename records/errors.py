"""What can go wrong with the records.

RecordsError (HubError)
 ├── StoreBusy             another process holds the file for longer than we wait
 ├── StoreUnusable         the disk is full, the file cannot be read or written
 ├── SchemaTooNew          a newer Workspace Hub wrote it
 ├── DatabaseDamaged       its content is not what was written
 ├── PersonUnknown         nobody living has this name or id
 ├── NameTaken             somebody living has it
 ├── HomeUnknown           no home of this name is there
 ├── HomeNotGiven          a home cannot change hands like this
 ├── PoolFull              every workspace address is given
 ├── TooManyServerNames    one person has used up their share of the addresses
 ├── StartUnknown          no such start in the journal
 └── LinkRefused
      ├── LinkUnknown
      ├── LinkUsed
      └── LinkExpired
           └── LinkReplaced
"""

from ipaddress import IPv4Network
from pathlib import Path

from settings.errors import HubError, shown


class RecordsError(HubError):
    """The root of everything that this room raises on purpose."""


class StoreBusy(RecordsError):
    """Another process holds the records for longer than we wait."""

    def __init__(self, path: Path, waited_seconds: float) -> None:
        super().__init__(
            f"The records in {path} have been in use by another process for {waited_seconds:.0f} seconds. "
            "Try again; if it stays so, look for a backup or a command that still runs on this file."
        )
        self.path, self.waited_seconds = path, waited_seconds


class StoreUnusable(RecordsError):
    """The file cannot be opened, read or written; its content is not in doubt."""

    def __init__(self, path: Path, detail: str, advice: str) -> None:
        super().__init__(f"The records in {path} cannot be used ({detail}). {advice}")
        self.path, self.detail = path, detail


class SchemaTooNew(RecordsError):
    """The file was written by a newer version than this one."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"The records in {path} were written by a newer Workspace Hub "
            f"(schema {found}; this one knows {known}). Start the newer version again, or stop the hub and "
            f"put back the copy that lies beside the file as {path.name}.schema-N.copy."
        )
        self.path, self.found, self.known = path, found, known


class DatabaseDamaged(RecordsError):
    """The content of the file is not what was written; nothing may be decided from it."""

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            f"The records in {path} are damaged ({detail}). Stop the hub, keep the file under another name "
            "and put your newest good copy of it in its place: it says which home, user id and address "
            "belongs to whom. Homes and running workspaces are not touched."
        )
        self.path, self.detail = path, detail


class PersonUnknown(RecordsError):
    """Nobody living has this name or id."""

    def __init__(self, who: object) -> None:
        super().__init__(f'There is no person "{shown(str(who))}". The admin panel lists everyone and adds people.')
        self.who = str(who)


class NameTaken(RecordsError):
    """Somebody living has the name."""

    def __init__(self, user_name: str) -> None:
        super().__init__(f'The name "{shown(user_name)}" belongs to somebody else. Choose another one.')
        self.user_name = user_name


class HomeUnknown(RecordsError):
    """No home of this name is there (any more)."""

    def __init__(self, name: str) -> None:
        super().__init__(f'There is no home "{shown(name)}". `./hub homes list` names them all.')
        self.name = name


class HomeNotGiven(RecordsError):
    """A home cannot change hands like this; nothing was changed."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f'The home "{shown(name)}" was not given: {reason}')
        self.name, self.reason = name, reason


class PoolFull(RecordsError):
    """Every workspace address of the network is given."""

    def __init__(self, subnet: IPv4Network, *, living: int, ended: int) -> None:
        super().__init__(
            f"All {living + ended} workspace addresses of {subnet} are given ({living} to workspaces of "
            f"people, {ended} to those of people who were deleted; an address never changes hands). "
            "An admin has to choose a larger `network.subnet` in hub.toml."
        )
        self.subnet, self.living, self.ended = subnet, living, ended


class TooManyServerNames(RecordsError):
    """One person has used up their share of the addresses with ever new server names."""

    def __init__(self, most: int) -> None:
        super().__init__(
            f"You have used {most} different server names, the most that one person may have over time. "
            "Use one of your earlier server names again."
        )
        self.most = most


class StartUnknown(RecordsError):
    """The journal has no such start."""

    def __init__(self, server: str, generation: int) -> None:
        super().__init__(f'The journal has no start {generation} of the server "{shown(server)}". Start it again.')
        self.server, self.generation = server, generation


class LinkRefused(RecordsError):
    """A one-time link does not open anything."""


class LinkUnknown(LinkRefused):
    """Nobody was given this link."""

    def __init__(self) -> None:
        super().__init__("This link is not known. Copy the whole link, or ask an admin for a new one.")


class LinkUsed(LinkRefused):
    """The link has set a password already."""

    def __init__(self) -> None:
        super().__init__("This link has been used already. Ask an admin for a new one.")


class LinkExpired(LinkRefused):
    """The link's time is over."""

    def __init__(self, sentence: str = "This link has expired. Ask an admin for a new one.") -> None:
        super().__init__(sentence)


class LinkReplaced(LinkExpired):
    """The link ended before its time, because of a newer one or a new password."""

    def __init__(self) -> None:
        super().__init__("This link has been replaced. Use the newest one, or ask an admin for a new one.")
