"""Which user names a person can have here; it must not know who exists."""

from collections.abc import Collection

from settings.errors import HubError, shown
from settings.names import RESERVED_USER_NAMES, USER_NAME_ALLOWED, is_user_name


class BadUserName(HubError):
    """A name that nobody can have."""

    def __init__(self, name: object, reason: str) -> None:
        super().__init__(f'The user name "{shown(name)}" {reason}')
        self.name, self.reason = name, reason


def check_user_name(name: object, *, reserved_allowed: Collection[str] = ()) -> str:
    """Give the name back if a person can have it; raise BadUserName with one sentence otherwise.

    ``reserved_allowed`` are the reserved names that hub.toml itself gives to somebody, such as its admins.
    """
    if not isinstance(name, str) or not is_user_name(name):
        raise BadUserName(name, f"is not possible. Allowed are {USER_NAME_ALLOWED}.")
    if name in RESERVED_USER_NAMES and name not in reserved_allowed:
        raise BadUserName(
            name,
            "is reserved. Choose another one; an admin can only be called so by `sign_in.admins`.",
        )
    return name
