"""What the bodies of JupyterHub's REST calls may say: one model per call, and the sentence for what they may not.

It follows the handlers of JupyterHub 6.1.1 (jupyterhub/apihandlers), but for fields that those read and then ignore
or fail on; these are refused. Who may make a call is JupyterHub's business.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Final, Self

from jupyterhub.scopes import scope_definitions
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from authenticators.errors import RequestRefused
from settings.errors import shown
from settings.names import GROUP_NAME_PATTERN

MOST_NAMES: Final = 1000
MOST_SCOPES: Final = 100
ONE_YEAR_SECONDS: Final = 365 * 24 * 3600
TEN_YEARS_SECONDS: Final = 10 * ONE_YEAR_SECONDS
NOTE_CHARACTERS: Final = 200
DISPLAY_NAME_CHARACTERS: Final = 64
# JupyterHub reads this in a note as "made by a server", and then counts its use as no activity of the person
SERVER_NOTE: Final = "Server at "

_SCOPE_FILTER: Final = re.compile(r"user|service|server|(?:user|service|group|server)=.+")

# pydantic says these in Python's words
_WORDS: Final = {
    "string_type": "it must be a text",
    "list_type": "it must be a list",
    "string_too_long": "the text is too long",
    "string_too_short": "the text is too short",
    "too_long": "the list is too long",
    "too_short": "the list is too short",
    "dict_type": "it must be an object",
    "model_type": "it must be an object",
    "bool_type": "it must be true or false",
    "int_type": "it must be a whole number",
}

# fields whose value is never repeated in an answer or a log line
_SECRETS: Final = frozenset({"auth", "api_token", "auth_token"})


def _printable(text: str) -> str:
    if not all(character == " " or _prints(character) for character in text):
        raise ValueError("only characters that print, and spaces, are allowed")
    return text


def _prints(character: str) -> bool:
    return unicodedata.category(character)[0] in "LMNPS"


def _not_a_servers_note(text: str) -> str:
    if text.startswith(SERVER_NOTE):
        raise ValueError(f"a note that begins with {SERVER_NOTE!r} is for servers")
    return text


def _group_name(text: str) -> str:
    if GROUP_NAME_PATTERN.match(text) is None:
        raise ValueError("the name has 1 to 32 of a-z, 0-9, hyphen and underscore and begins with a letter or digit")
    return text


def _known_scope(text: str) -> str:
    # JupyterHub looks scopes up where its KeyError becomes an answer of 500: inside a pydantic validator of its own
    # (apihandlers/shares.py, BaseShareRequest), and in apihandlers/services.py, ServiceAPIHandler._check_service_scopes
    name, mark, who = text.partition("!")
    if name not in scope_definitions or (mark and _SCOPE_FILTER.fullmatch(who) is None):
        raise ValueError("there is no such scope")
    return text


def _recent_moment(text: str) -> str:
    # dateutil also reads years that overflow when JupyterHub turns them into UTC
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or not 2000 <= moment.year < 2200:
        raise ValueError("it must be a time such as 2030-01-31T12:00:00Z")
    return text


Name = Annotated[str, Field(max_length=255)]
Names = Annotated[list[Name], Field(max_length=MOST_NAMES)]
GroupName = Annotated[str, AfterValidator(_group_name)]
DisplayName = Annotated[str, Field(max_length=DISPLAY_NAME_CHARACTERS), AfterValidator(_printable)]
Note = Annotated[
    str, Field(max_length=NOTE_CHARACTERS), AfterValidator(_printable), AfterValidator(_not_a_servers_note)
]
Roles = Annotated[list[Name], Field(max_length=MOST_SCOPES)]
Scopes = Annotated[list[Annotated[Name, AfterValidator(_known_scope)]], Field(max_length=MOST_SCOPES)]
Moment = Annotated[str, Field(max_length=40), AfterValidator(_recent_moment)]


class Body(BaseModel):
    """The body of one call: unknown fields are refused and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NewPeople(Body):
    """POST /users."""

    usernames: Annotated[list[str], Field(min_length=1, max_length=MOST_NAMES)]
    admin: bool = False


class NewPerson(Body):
    """POST /users/NAME."""

    admin: bool = False


class PersonChange(Body):
    """PATCH /users/NAME; groups, roles and auth_state end in an answer of 500 or change nothing."""

    name: str = ""
    admin: bool = False


class NewToken(Body):
    """POST /users/NAME/tokens."""

    auth: dict[str, object] | None = None
    note: Note | None = None
    expires_in: Annotated[int, Field(ge=1, le=TEN_YEARS_SECONDS)] | None = None
    roles: Roles | None = None
    scopes: Scopes | None = None


class ServerStart(Body):
    """POST and PUT of a server, where the body names one of the two fields; else all of it is the options."""

    display_name: DisplayName = ""
    user_options: dict[str, object] | None = None


class ServerChange(Body):
    """PATCH of a server."""

    name: Name | None = None
    display_name: DisplayName = ""
    user_options: dict[str, object] = {}


class ServerEnd(Body):
    """DELETE of a server."""

    remove: bool = False


class ServerActivity(Body):
    """What a server says of itself within Activity."""

    last_activity: Moment


class Activity(Body):
    """POST /users/NAME/activity."""

    last_activity: Moment | None = None
    servers: dict[Name, ServerActivity] | None = None


class NewGroups(Body):
    """POST /groups."""

    groups: Annotated[list[GroupName], Field(min_length=1, max_length=MOST_NAMES)]
    users: Names = []


class NewGroup(Body):
    """POST /groups/NAME."""

    users: Names = []


class GroupMembers(Body):
    """POST and DELETE of /groups/NAME/users."""

    users: Names


class NewService(Body):
    """POST /services/NAME."""

    name: Name = ""
    admin: bool = False
    url: Name = ""
    oauth_client_allowed_scopes: Scopes = []
    # JupyterHub fails on shorter ones only after it has made the service
    api_token: Annotated[str, Field(min_length=32, max_length=255)] = ""
    info: dict[str, object] = {}
    display: bool = True
    oauth_no_confirm: bool = False
    oauth_client_id: Name = ""
    oauth_redirect_uri: Name = ""


class Shutdown(Body):
    """POST /shutdown."""

    proxy: bool = False
    servers: bool = False


class ShareChange(Body):
    """POST and PATCH of /shares/NAME/SERVER."""

    scopes: Scopes | None = None
    user: Name | None = None
    group: Name | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if bool(self.user) == bool(self.group):
            raise ValueError("give either a user or a group")
        return self


class NewShareCode(Body):
    """POST /share-codes/NAME/SERVER."""

    scopes: Scopes | None = None
    expires_in: Annotated[int, Field(ge=60, le=ONE_YEAR_SECONDS)] = 86400


def check_body(model: type[Body], body: Mapping[str, object]) -> None:
    """Refuse a body that the model does not describe, with the first thing that is wrong in it."""
    try:
        model.model_validate(dict(body))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=True)[0]
        raise RequestRefused(_sentence(first, model.model_fields)) from None


def check_name(kind: str, name: str) -> None:
    """Refuse a name in an address that no new group or service can have."""
    try:
        _group_name(name)
    except ValueError as error:
        raise RequestRefused(f'{kind} "{shown(name)}" is not accepted: {error}.') from None


def _sentence(detail: ErrorDetails, allowed: Iterable[str]) -> str:
    field = ".".join(shown(part) for part in detail["loc"]) or "The body"
    if detail["type"] == "extra_forbidden":
        return f"{field} is an unknown option. Allowed are: {', '.join(allowed)}."
    if detail["type"] == "missing":
        return f"{field} is missing."
    reason = _WORDS.get(detail["type"]) or detail["msg"].removeprefix("Value error, ").replace("Input", "it", 1)
    if detail["loc"] and detail["loc"][0] in _SECRETS:
        return f"{field} is not accepted: {reason}."
    return f'{field} "{shown(detail["input"])}" is not accepted: {reason}.'
