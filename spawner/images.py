"""Image contracts: what the hub must set so that an image becomes a workspace. Pure.

`jupyter`: our own images and jupyter/docker-stacks. They start as root on port 8888 and become the person's
own uid through NB_USER, NB_UID and NB_GID
(https://jupyter-docker-stacks.readthedocs.io/en/latest/using/common.html#docker-options).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

JUPYTER_PORT = 8888
WORKSPACE_FOLDER = "/workspace"

# What a start as root needs to become the person (chown the top of a home, edit passwd, setpriv, send SIGTERM);
# every other capability is dropped. DAC_OVERRIDE and FOWNER: root prepares files that are the person's.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID")


@dataclass(frozen=True, slots=True)
class Login:
    """Who the person is inside the container: a Unix name, ids and `gid:name` of the folders they share."""

    name: str
    uid: int
    gid: int
    groups: Sequence[tuple[int, str]] = ()


def login_name(user_name: str) -> str:
    """Make a Unix login that `useradd` accepts from a hub name; it need not be unique, a container has one."""
    safe = re.sub(r"[^a-z0-9_-]", "-", user_name.lower())[:31]
    return safe if re.match(r"[a-z_]", safe) else f"u{safe}"[:31]


def jupyter_environment(login: Login) -> dict[str, str]:
    """Environment of the `jupyter` contract. NB_GIDS is ours; docker-stacks images do not read it."""
    return {
        "NB_USER": login.name,
        "NB_UID": str(login.uid),
        "NB_GID": str(login.gid),
        "NB_GIDS": ",".join(f"{gid}:{name}" for gid, name in login.groups),
        "NB_UMASK": "0002",  # everyone has a group of their own; files in shared folders stay writable for members
        "CHOWN_HOME": "yes",  # docker-stacks: the home inside the image, never /workspace
        "CHOWN_HOME_OPTS": "-R",
    }
