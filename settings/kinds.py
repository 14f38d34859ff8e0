"""The kinds of value that hub.toml has; each says in words what it allows, checks it and gives its JSON schema.

One place for the three, so that a refusal, the reference page and an editor's help cannot disagree.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from settings.errors import shown
from settings.sizes import SIZE_ALLOWED, format_bytes, parse_bytes

REFUSED = "refused"


class Refused(ValueError):
    """A value that its kind does not allow; the text completes a sentence that begins with the key."""


@dataclass(frozen=True)
class Kind:
    """What one value may be; used as the metadata of ``Annotated``."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        raise NotImplementedError

    def check(self, value: object) -> object:
        """Give the value in the form that the model keeps; raise Refused if it is not allowed."""
        raise NotImplementedError

    def schema(self) -> dict[str, object]:
        """Give the JSON schema of the value as it stands in the file."""
        raise NotImplementedError

    def refused(self, value: object) -> Refused:
        """Make the refusal that says what is allowed and what was found."""
        return Refused(f"must be {self.allowed}, not {in_toml(value)}")

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self._check_for_pydantic)

    def _check_for_pydantic(self, value: Any) -> object:
        try:
            return self.check(value)
        except Refused as refusal:
            raise PydanticCustomError(REFUSED, "{sentence}", {"sentence": str(refusal)}) from None


def in_toml(value: object) -> str:
    """Show a value roughly as the file spells it, cut and escaped."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{shown(value)}"'
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, list):
        return "a list"
    return shown(value if isinstance(value, int | float) else str(value))


@dataclass(frozen=True)
class YesNo(Kind):
    """true or false."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return "true or false, without quotes"

    def check(self, value: object) -> bool:
        """Accept a boolean only."""
        if not isinstance(value, bool):
            raise self.refused(value)
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class WholeNumber(Kind):
    """A whole number between two bounds, both allowed."""

    low: int
    high: int

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return f"a whole number from {self.low} to {self.high}"

    def check(self, value: object) -> int:
        """Accept an integer, not a boolean and not a float."""
        if isinstance(value, bool) or not isinstance(value, int) or not self.low <= value <= self.high:
            raise self.refused(value)
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Number(Kind):
    """A number, whole or not, between two bounds, both allowed."""

    low: float
    high: float

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return f"a number from {self.low:g} to {self.high:g}"

    def check(self, value: object) -> float:
        """Accept a finite number, not a boolean."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._with_hint(value)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            raise self.refused(value)
        return float(value)

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "number", "minimum": self.low, "maximum": self.high}

    def _with_hint(self, value: object) -> Refused:
        plain = self.refused(value)
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}[.,][0-9]{1,6}|[0-9]{1,6}", value):
            return Refused(f"{plain}; write {value.replace(',', '.')} without quotes")
        return plain


@dataclass(frozen=True)
class Size(Kind):
    """A size such as "16GiB" between two bounds, both allowed; kept as a number of bytes."""

    low_bytes: int
    high_bytes: int

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return f"{SIZE_ALLOWED} from {format_bytes(self.low_bytes)} to {format_bytes(self.high_bytes)}"

    def check(self, value: object) -> int:
        """Accept the one spelling; a wrong spelling and a wrong size are refused with different words."""
        if not isinstance(value, str):
            raise Refused(f"must be {SIZE_ALLOWED}, not {in_toml(value)}")
        try:
            size_bytes = parse_bytes(value)
        except ValueError:
            raise Refused(f"must be {SIZE_ALLOWED}, not {in_toml(value)}") from None
        if not self.low_bytes <= size_bytes <= self.high_bytes:
            low, high = format_bytes(self.low_bytes), format_bytes(self.high_bytes)
            raise Refused(f"must be {low} to {high}, not {in_toml(value)}")
        return size_bytes

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "pattern": "^[0-9]{1,10}(MiB|GiB|TiB)$"}


@dataclass(frozen=True)
class Text(Kind):
    """One line of text; with ``lines`` several lines."""

    longest: int
    shortest: int = 0
    lines: bool = False

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        shape = "text in quotes" if self.lines else "one line of text in quotes"
        least = f"{self.shortest} to " if self.shortest else "at most "
        return f"{shape}, {least}{self.longest} characters"

    def check(self, value: object) -> str:
        """Accept text without control or surrogate characters; newlines only with ``lines``."""
        if not isinstance(value, str) or not self.shortest <= len(value) <= self.longest:
            raise self.refused(value)
        visible = value.replace("\n", "") if self.lines else value
        # bidi and other format characters are escaped by shown(); a title or notice needs none of them
        if shown(visible, limit=self.longest) != visible:
            raise Refused(f"must not contain control characters, but is {in_toml(value)}")
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "minLength": self.shortest, "maxLength": self.longest}


@dataclass(frozen=True)
class Matching(Kind):
    """Text of a given form, said in words."""

    pattern: re.Pattern[str]
    words: str
    banned: str | None = None

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return self.words

    def check(self, value: object) -> str:
        """Accept text that matches the pattern and does not contain the banned text."""
        if not isinstance(value, str) or self.pattern.match(value) is None:
            raise self.refused(value)
        if self.banned is not None and self.banned in value:
            raise self.refused(value)
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "pattern": self.pattern.pattern.replace(r"\A", "^").replace(r"\Z", "$")}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return " or ".join(f'"{word}"' for word in self.words)

    def check(self, value: object) -> str:
        """Accept one of the words."""
        if not isinstance(value, str) or value not in self.words:
            raise self.refused(value)
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Names(Kind):
    """A list of names without repeats; kept as a tuple."""

    each: Matching
    example: str = field(default='["vision"]')
    least: int = 0

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        some = "not empty" if self.least else "may be empty"
        return f"a list of names such as {self.example}, {some}; each {self.each.allowed}"

    def check(self, value: object) -> tuple[str, ...]:
        """Accept a list of matching names; every bad name is listed, not only the first."""
        if not isinstance(value, list):
            raise Refused(f"must be a list of names such as {self.example}, not {in_toml(value)}")
        if len(value) < self.least:
            raise Refused(f"must not be empty; write for example {self.example}")
        refusals = [refusal for name in value if (refusal := self._refusal(name))]
        if not refusals and len(set(value)) < len(value):
            twice = next(name for name in value if value.count(name) > 1)
            refusals = [f"names {in_toml(twice)} twice"]
        if refusals:
            raise Refused("; ".join(refusals[:5]))
        return tuple(value)

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "array", "items": self.each.schema(), "minItems": self.least, "uniqueItems": True}

    def _refusal(self, name: object) -> str | None:
        try:
            self.each.check(name)
        except Refused:
            return f"must not contain {in_toml(name)}: each name is {self.each.allowed}"
        return None
