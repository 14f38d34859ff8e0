"""Which user, group, profile and server names exist, as patterns; it must not know who may take which name."""

import re
from typing import Final

# \A and \Z, because re.match with $ lets a trailing newline through
USER_NAME_PATTERN: Final = re.compile(r"\A[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?\Z")
USER_NAME_ALLOWED: Final = (
    "1 to 32 of a-z, 0-9, dot, hyphen and underscore, beginning and ending with a letter or digit, "
    "without two dots in a row"
)
INSTANCE_NAME_PATTERN: Final = re.compile(r"\A[a-z][a-z0-9-]{0,19}\Z")
# one pattern for groups, shared folders and data sets: each becomes a folder name or a part of one
GROUP_NAME_PATTERN: Final = re.compile(r"\A[a-z0-9][a-z0-9_-]{0,31}\Z")
PROFILE_ID_PATTERN: Final = re.compile(r"\A[a-z0-9][a-z0-9-]{0,31}\Z")

# paths and roles of JupyterHub and the usual system accounts; an admin may still be named so in hub.toml
RESERVED_USER_NAMES: Final = frozenset(
    """
    accounts admin administrator anonymous api daemon health home hub jovyan jupyter jupyterhub login logout
    metrics nobody none null oauth proxy public root security service services settings shared sign-in signin
    signup spawn static support system token tokens undefined user users workspace www
    """.split()
)


def is_user_name(text: str) -> bool:
    """Tell if a text has the form of a user name; reserved names have it too."""
    return USER_NAME_PATTERN.match(text) is not None and ".." not in text
