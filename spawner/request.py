"""What a person may ask of a start, whichever way they ask: form, REST or query.

It knows the three options and their bounds; it does not know who asks or what they may have.
"""

import json
import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator

from settings.environment import environment_problems
from settings.errors import shown
from spawner.errors import RequestRefused

OPTIONS = ("profile", "gpus", "environment")
PROFILE_ID = re.compile(r"\A[a-z0-9](?:[a-z0-9-]{0,31})\Z")


class WorkspaceRequest(BaseModel):
    """One start as somebody asked for it; `profile` is None where they left the choice to the hub."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    profile: str | None = None
    gpus: int = 0
    environment: Mapping[str, str] = Field(default_factory=dict)

    @field_validator("profile", mode="before")
    @classmethod
    def _check_profile(cls, value: object) -> str | None:
        return _profile(value)

    @field_validator("gpus", mode="before")
    @classmethod
    def _check_gpus(cls, value: object) -> int:
        return _gpus(value)

    @field_validator("environment", mode="before")
    @classmethod
    def _check_environment(cls, value: object) -> dict[str, str]:
        return _environment(value)

    def as_options(self) -> dict[str, object]:
        """Give the request back in the form in which JupyterHub stores it."""
        options: dict[str, object] = {"gpus": self.gpus, "environment": dict(self.environment)}
        return options if self.profile is None else {"profile": self.profile, **options}


def parse_request(options: object) -> WorkspaceRequest:
    """Read `user_options` strictly; raise RequestRefused with the field, the value and what is allowed."""
    if options is None:
        return WorkspaceRequest()
    if not isinstance(options, Mapping):
        raise RequestRefused("user_options", f"The options must be an object with {_options()}, not {_kind(options)}.")
    for key in options:
        if key not in OPTIONS:
            raise RequestRefused(shown(key), f"Unknown option {shown(key)}; a start takes {_options()} and no more.")
    return WorkspaceRequest.model_validate(dict(options))


def options_from_form(form: Mapping[str, Sequence[str]]) -> dict[str, object]:
    """Turn the fields of the start form into options; every field at most once, blanks mean the default."""
    options: dict[str, object] = {}
    for name, values in form.items():
        if name == "_xsrf":  # JupyterHub's own field
            continue
        if len(values) != 1 or not isinstance(values[0], str):
            raise RequestRefused(shown(name), f"The field {shown(name)} must be given once, not {len(values)} times.")
        value = values[0].strip() if name != "environment" else values[0]
        if value or name not in OPTIONS:
            options[name] = _from_form(name, value)
    return parse_request(options).as_options()


def _from_form(name: str, value: str) -> object:
    if name == "gpus" and re.fullmatch(r"[0-9]{1,4}", value, re.ASCII):
        return int(value)
    if name == "environment":
        return _lines_to_environment(value)
    return value


def _lines_to_environment(text: str) -> dict[str, str]:
    environment: dict[str, str] = {}
    for line in text.replace("\r\n", "\n").split("\n"):
        if not line.strip():
            continue
        name, equals, value = line.partition("=")
        if not equals:
            raise RequestRefused("environment", f"Environment: the line {shown(line)} has no =; write NAME=value.")
        if name in environment:
            raise RequestRefused("environment", f"Environment: {shown(name)} is given twice.")
        environment[name] = value
    return environment


def _profile(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise RequestRefused("profile", f"Profile must be the name of a profile, not {_kind(value)}.")
    if not PROFILE_ID.match(value):
        raise RequestRefused("profile", f"Profile {shown(value)} is not one of this hub's profiles.")
    return value


def _gpus(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RequestRefused("gpus", f"GPUs must be a whole number from 0 up, not {shown(_json(value))}.")
    return value


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise RequestRefused("environment", f"Environment must be an object of names and texts, not {_kind(value)}.")
    if not all(isinstance(name, str) for name in value):
        raise RequestRefused("environment", "Environment: every name must be a text.")
    problems = environment_problems(value)
    if problems:
        raise RequestRefused("environment", f"{problems[0][0].upper()}{problems[0][1:]}.")
    return dict(value)


def _options() -> str:
    return f"{', '.join(OPTIONS[:-1])} and {OPTIONS[-1]}"


def _kind(value: object) -> str:
    names = {
        bool: "true or false",
        str: "a text",
        int: "a number",
        float: "a number",
        list: "a list",
        dict: "an object",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)


def _json(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return type(value).__name__
