"""Where in a TOML text each key stands, also in a text with mistakes; it must not judge the values.

The standard library's tomllib gives values without their lines, and nothing at all for a broken file. This
scanner knows just enough of https://toml.io/en/v1.0.0 to find statements: headers, keys, strings, brackets.
"""

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Path = tuple[str, ...]

# no key of hub.toml lies deeper than three; what a hostile file nests below is never looked up
DEEPEST = 6

_ENDS_BARE_KEY = frozenset(" \t\n.=:,[]{}\"'#")
# a line that cannot go on with a list: a header or a key; so a list that was never closed ends before it
_NEXT_STATEMENT = re.compile(r"[ \t]*(?:[A-Za-z_][\w.-]*[ \t]*=|\[\[?(?!true|false|inf|nan)[A-Za-z_][^\],\"'\n]*\]\]?)")


@dataclass(frozen=True, slots=True)
class Statement:
    """A header or a key with its value.

    ``path`` is absolute, ``inner`` has the keys of inline tables; ``is_open`` if a bracket was never closed.
    """

    path: Path
    is_header: bool
    first_line: int
    last_line: int
    raw_value: str = ""
    inner: tuple[tuple[Path, int], ...] = ()
    is_open: bool = False


def find_statements(text: str) -> list[Statement]:
    """Split a text whose line ends are \\n into its statements, in order."""
    return _Scanner(text).statements()


def lines_of(statements: Iterable[Statement]) -> dict[Path, int]:
    """Map the path of every table and key, and of the tables that they imply, to its first line."""
    lines: dict[Path, int] = {}
    for statement in statements:
        for path, line in ((statement.path, statement.first_line), *statement.inner):
            for length in range(1, min(len(path), DEEPEST) + 1):
                lines.setdefault(path[:length], line)
    return lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """Give the line of a key or, if the key is not in the file, of the nearest table around it that is."""
    return next(
        (lines[path[:length]] for length in range(min(len(path), DEEPEST), 0, -1) if path[:length] in lines), None
    )


class _Scanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [0, *(index + 1 for index, character in enumerate(text) if character == "\n")]
        self._inner: list[tuple[Path, int]] = []

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        table: Path = ()
        while self._skip_to_statement():
            statement = self._header() if self._text[self._at] == "[" else self._key_and_value(table)
            table = statement.path if statement.is_header else table
            found.append(statement)
        return found

    def _skip_to_statement(self) -> bool:
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._to_line_end()
            elif self._text[self._at] in " \t\n\r":
                self._at += 1
            else:
                return True
        return False

    def _header(self) -> Statement:
        line = self._line()
        while self._here() == "[":
            self._at += 1
        path = self._key()
        self._to_line_end()
        return Statement(path, True, line, line)

    def _key_and_value(self, table: Path) -> Statement:
        line, begin = self._line(), self._at
        path = table + self._key()
        self._inner = []
        raw_value, is_open = "", False
        if self._here() == "=":
            self._at += 1
            value_at = self._at
            is_open = self._value(path)
            raw_value = self._text[value_at : self._at].strip()
        else:
            self._to_line_end()
        self._at = max(self._at, begin + 1)
        return Statement(path, False, line, self._line(self._at - 1), raw_value, tuple(self._inner), is_open)

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            self._blanks()
            before = self._at
            part = self._quoted() if self._here() in "\"'" and self._here() else self._bare()
            if self._at > before:
                parts.append(part)
            self._blanks()
            if self._here() != ".":
                return tuple(parts)
            self._at += 1

    def _bare(self) -> str:
        begin = self._at
        while self._here() and self._here() not in _ENDS_BARE_KEY:
            self._at += 1
        return self._text[begin : self._at]

    def _quoted(self) -> str:
        begin = self._at
        self._string()
        quoted = self._text[begin : self._at]
        try:
            return str(tomllib.loads(f"key = {quoted}")["key"])
        except tomllib.TOMLDecodeError:
            return quoted

    def _value(self, path: Path) -> bool:
        brackets: list[str] = []
        while character := self._here():
            if character == "\n" and (not brackets or _NEXT_STATEMENT.match(self._text, self._at + 1)):
                return bool(brackets)
            if character in "\"'":
                self._string()
            elif character == "#":
                self._to_line_end()
            else:
                self._at += 1
                self._bracket(character, brackets, path)
        return bool(brackets)

    def _bracket(self, character: str, brackets: list[str], path: Path) -> None:
        if character in "[{":
            brackets.append(character)
        elif character in "]}" and brackets:
            brackets.pop()
        if brackets and brackets[-1] == "{" and character in "{,":
            # approximate: a table inside a table inside an inline table is given the outer path
            self._blanks()
            line, key = self._line(), self._key()
            if key and self._here() == "=":
                self._inner.append((path + key, line))

    def _string(self) -> None:
        quote = self._text[self._at]
        many = self._text.startswith(quote * 3, self._at)
        end = quote * 3 if many else quote
        self._at += len(end)
        while self._at < len(self._text) and not self._text.startswith(end, self._at):
            if self._here() == "\n" and not many:
                return
            escapes = quote == '"' and self._here() == "\\" and self._text[self._at + 1 : self._at + 2] != "\n"
            self._at += 2 if escapes else 1
        self._at = min(self._at + len(end), len(self._text))

    def _blanks(self) -> None:
        while self._here() in (" ", "\t"):
            self._at += 1

    def _to_line_end(self) -> None:
        end = self._text.find("\n", self._at)
        self._at = len(self._text) if end < 0 else end

    def _here(self) -> str:
        return self._text[self._at] if self._at < len(self._text) else ""

    def _line(self, at: int | None = None) -> int:
        return bisect_right(self._starts, self._at if at is None else at)
