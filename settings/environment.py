"""What an environment of one's own may contain, in hub.toml and in a person's request alike."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from settings.errors import shown
from settings.kinds import Kind, Refused
from settings.reserved import reserved_environment_name
from settings.sizes import KIB

MAX_NAMES: Final = 64
MAX_NAME_CHARACTERS: Final = 128
MAX_VALUE_BYTES: Final = 4 * KIB
MAX_TOTAL_BYTES: Final = 32 * KIB

_NAME: Final = re.compile(r"\A[A-Za-z_][A-Za-z0-9_]*\Z")


def environment_problems(environment: Mapping[str, object]) -> list[str]:
    """List every problem of an environment, each as a sentence that names the variable."""
    problems = []
    for name, value in environment.items():
        sentences = (name_problem(name), value_problem(value))
        problems += [f"environment variable `{shown(name)}` {sentence}" for sentence in sentences if sentence]
    if whole := whole_problem(environment):
        problems.append(f"environment {whole}")
    return problems


def name_problem(name: str) -> str | None:
    """Complete a sentence that begins with the variable's name, or give None if the name is good."""
    if len(name) > MAX_NAME_CHARACTERS or _NAME.match(name) is None:
        return (
            f"is no variable name: 1 to {MAX_NAME_CHARACTERS} letters, digits and underscores are allowed, "
            "not beginning with a digit"
        )
    if reserved_environment_name(name):
        return "is reserved for the hub or the image; choose another name"
    return None


def value_problem(value: object) -> str | None:
    """Complete a sentence that begins with the variable's name; the value is never shown, it may be a secret."""
    if not isinstance(value, str):
        return 'must be text in quotes, such as "1"'
    if len(_encoded(value)) > MAX_VALUE_BYTES:
        return f"has {len(_encoded(value))} bytes; at most 4 KiB are allowed"
    if any(character in value for character in "\0\n\r"):
        return "must be one line without NUL characters"
    if any("\ud800" <= character <= "\udfff" for character in value):
        return "is not valid Unicode text"
    return None


def whole_problem(environment: Mapping[str, object]) -> str | None:
    """Say what is wrong with the environment as a whole: too many variables or too many bytes."""
    if len(environment) > MAX_NAMES:
        return f"has {len(environment)} variables; at most {MAX_NAMES} are allowed"
    total_bytes = sum(len(_encoded(name)) + len(_encoded(value)) for name, value in environment.items())
    if total_bytes > MAX_TOTAL_BYTES:
        return f"has {total_bytes} bytes of names and values; at most 32 KiB are allowed"
    return None


@dataclass(frozen=True)
class VariableName(Kind):
    """The name of a variable that is free to set."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return f"1 to {MAX_NAME_CHARACTERS} letters, digits and underscores, and not reserved"

    def check(self, value: object) -> str:
        """Accept a name that has the right form and is not reserved."""
        if sentence := name_problem(str(value)):
            raise Refused(sentence)
        return str(value)

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "maxLength": MAX_NAME_CHARACTERS}


@dataclass(frozen=True)
class VariableValue(Kind):
    """The value of a variable, taken literally."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return "one line of text in quotes, at most 4 KiB"

    def check(self, value: object) -> str:
        """Accept one line of text of a bounded size."""
        if sentence := value_problem(value):
            raise Refused(sentence)
        return str(value)

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "maxLength": MAX_VALUE_BYTES}


def _encoded(value: object) -> bytes:
    return value.encode("utf-8", "surrogatepass") if isinstance(value, str) else b""
