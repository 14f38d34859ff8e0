"""What commands read from JupyterHub's own SQLite file: who is in it and in which groups. Nothing writes to it here."""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from commands.errors import CommandError

LOCK_SECONDS = 0.5

# the tables of JupyterHub 6, jupyterhub/orm.py: User, Group and user_group_map
_GROUPS_OF = """
    SELECT groups.name FROM groups
    JOIN user_group_map ON user_group_map.group_id = groups.id
    JOIN users ON users.id = user_group_map.user_id
    WHERE users.name = ? ORDER BY groups.name
"""
_USER_NAMED = "SELECT users.name FROM users WHERE users.name = ?"


class HubDatabaseUnreadable(CommandError):
    """JupyterHub's database does not answer."""

    def __init__(self, database: Path, cause: object) -> None:
        super().__init__(
            f"JupyterHub's database {database} could not be read ({cause}). "
            "Try again; if it stays so, look at `./hub logs hub`."
        )


def groups_of(database: Path, user_name: str) -> tuple[str, ...]:
    """Give a person's groups; a database that is not there yet knows none."""
    return _names(database, _GROUPS_OF, user_name)


def is_known(database: Path, user_name: str) -> bool:
    """Tell if somebody of this name was added to the hub."""
    return bool(_names(database, _USER_NAMED, user_name))


def _names(database: Path, query: str, user_name: str) -> tuple[str, ...]:
    if not database.exists():
        return ()
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True, timeout=LOCK_SECONDS)) as hub:
            return tuple(str(name) for (name,) in hub.execute(query, (user_name,)))
    except sqlite3.Error as error:
        raise HubDatabaseUnreadable(database, error) from None
