"""Strict JSON: a request's headers and body become plain values here, or are refused with one sentence.

JupyterHub reads bodies leniently: bad UTF-8 is replaced, NaN and Infinity are stored (and break the admin panel's
list), the last of duplicate keys wins, and only the web server's 100 MB bound the size.
It knows bytes and JSON and nothing of what a call means.
"""

import json
import math
import re
from collections.abc import Iterable
from typing import Final

from authenticators.errors import RequestRefused
from settings.errors import shown

SMALL_BYTES: Final = 16 * 1024
# where a call takes many names
LARGE_BYTES: Final = 256 * 1024
MOST_KEYS: Final = 2000
MOST_DEPTH: Final = 32
# what a 64-bit integer can have; PostgreSQL and SQLite take no more
MOST_DIGITS: Final = 18

_TOKENS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{\]}]')


def check_headers(content_type: str | None, content_encoding: str | None) -> None:
    """Refuse a body that does not say that it is JSON; one without any Content-Type may be."""
    if content_encoding is not None and content_encoding.strip().lower() not in {"", "identity"}:
        raise RequestRefused(
            f'Content-Encoding "{shown(content_encoding)}" is not accepted. Send the body uncompressed.'
        )
    if content_type is None:
        return
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    if media_type != "application/json" or not _say_utf8(parameters):
        raise RequestRefused(
            f'Content-Type "{shown(content_type)}" is not accepted. Send application/json in UTF-8.', status=415
        )


def parse_object(body: bytes, most_bytes: int = SMALL_BYTES) -> dict[str, object]:
    """Read a body that must be one JSON object; raise RequestRefused with status 400, or 413 where it is too large."""
    if len(body) > most_bytes:
        raise RequestRefused(f"The body has {len(body)} bytes; at most {most_bytes} are accepted.", status=413)
    value = _parse(_decoded(body))
    if not isinstance(value, dict):
        raise RequestRefused(f"The body {shown(json.dumps(value))} is not accepted. Send one JSON object, {{…}}.")
    return value


def _say_utf8(parameters: Iterable[str]) -> bool:
    charsets = (value for name, _, value in (parameter.partition("=") for parameter in parameters) if name == "charset")
    return all(charset.strip('"') in {"utf-8", "utf8"} for charset in charsets)


def _decoded(body: bytes) -> str:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestRefused(f"The body is not UTF-8 (byte {error.start}).") from None
    if text.startswith("\ufeff"):
        raise RequestRefused("The body begins with a byte order mark. Send plain UTF-8 without it.")
    return text


def _parse(text: str) -> object:
    _check_depth(text)
    reader = _Reader()
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=reader.read_object,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except json.JSONDecodeError as error:
        raise RequestRefused(f"The body is not JSON: {error.msg} at character {error.pos}.") from None
    _check_characters(value)
    return value


def _check_depth(text: str) -> None:
    # before json.loads, which ends in RecursionError
    depth = 0
    for token in _TOKENS.finditer(text):
        if token[0] in "[{":
            depth += 1
        elif token[0] in "]}":
            depth -= 1
        if depth > MOST_DEPTH:
            raise RequestRefused(f"The body is nested too deeply; at most {MOST_DEPTH} levels are accepted.")


def _check_characters(value: object) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        # "\ud800": JSON can write half a character, no database can store it
        raise RequestRefused("The body has half a character in it (a lone surrogate such as \\ud800).") from None


class _Reader:
    """Counts the keys of all objects of one body together."""

    def __init__(self) -> None:
        self._keys = 0

    def read_object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        self._keys += len(pairs)
        if self._keys > MOST_KEYS:
            raise RequestRefused(f"The body has too many keys; at most {MOST_KEYS} are accepted.")
        result = dict(pairs)
        if len(result) < len(pairs):
            twice = next(key for place, (key, _) in enumerate(pairs) if key in dict(pairs[:place]))
            raise RequestRefused(f'The body has the key "{shown(twice)}" twice. Say each thing once.')
        return result


def _refuse_constant(name: str) -> float:
    raise RequestRefused(f"The body has {name} in it, which is not JSON. Send a number.")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise RequestRefused(f"The body has the number {shown(text)} in it, which is too large.")
    return number


def _bounded(text: str) -> int:
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise RequestRefused(f"The body has the number {shown(text)} in it, which is too large.")
    return int(text)
