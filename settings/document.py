"""The TOML text of hub.toml as plain values with the line of each key, and all of its mistakes of spelling."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field

from settings.errors import Problem, shown
from settings.lines import DEEPEST, Path, Statement, find_statements, lines_of

MAX_REPAIRS = 50
MAX_PARTS = 20
MAX_REPAIRED_CHARACTERS = 100_000

_POSITION = re.compile(r"(?P<what>.*?) \(at (?:line (?P<line>[0-9]+), column [0-9]+|end of document)\)", re.DOTALL)
_YES_NO_WORDS = {"yes": "true", "on": "true", "no": "false", "off": "false", "true": "true", "false": "false"}
_BARE_WORD = re.compile(r"\A[A-Za-z0-9_./:@-]{1,200}\Z")
_AMOUNT = re.compile(r"\A[0-9.]{1,20} ?[A-Za-z]{1,20}\Z")
_BARE_KEY = re.compile(r"\A[A-Za-z0-9_-]+\Z")


@dataclass(frozen=True)
class Document:
    """What the text says; ``broken`` has the paths of statements that were left out because of a mistake."""

    values: Mapping[str, object]
    lines: Mapping[Path, int]
    problems: tuple[Problem, ...] = ()
    broken: frozenset[Path] = frozenset()


@dataclass
class _Reading:
    text: str
    statements: list[Statement]
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    left_out: set[int] = field(default_factory=set)


def read_document(text: str) -> Document:
    """Read a TOML text; every statement with a mistake becomes a problem and is left out of the values."""
    text = text.replace("\r\n", "\n")
    reading = _Reading(text, find_statements(text))
    values: Mapping[str, object] = {}
    too_long = next((each for each in reading.statements if _longest(each) > MAX_PARTS), None)
    if too_long is not None:
        # tomllib remembers every beginning of a key: 100,000 parts would take 40 GB
        problem = Problem(too_long.first_line, "", "this key has too many parts; no setting needs more than three")
        return Document({}, {}, (problem,), frozenset({()}))
    for _ in range(MAX_REPAIRS):
        try:
            values = tomllib.loads(reading.text)
            break
        except tomllib.TOMLDecodeError as error:
            if not _leave_out(reading, error):
                break
        except RecursionError:
            _give_up(reading, "brackets are nested too deeply; no setting needs more than two levels")
            break
        except ValueError:
            # int() refuses more than 4,300 digits: https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
            _give_up(reading, "contains a number with thousands of digits")
            break
    lines = lines_of(reading.statements)
    return Document(values, lines, tuple(reading.problems), frozenset(reading.broken))


def dotted(path: Path) -> str:
    """Spell a path as the file would: parts joined by dots, quoted where TOML wants quotes."""
    parts = [shown(part) if _BARE_KEY.match(part) else f'"{shown(part)}"' for part in path[:DEEPEST]]
    return ".".join(parts) + ("…" if len(path) > DEEPEST else "")


def _longest(statement: Statement) -> int:
    return max(len(statement.path), *(len(path) for path, _ in statement.inner), 0)


def _leave_out(reading: _Reading, error: tomllib.TOMLDecodeError) -> bool:
    """Note the mistake and blank its statement out, so that the rest can be read; tell if that is possible."""
    what, line = _what_and_line(error, reading.text)
    statement = _statement_at(reading, line)
    if statement is None:
        reading.problems.append(Problem(line, "", f"not valid TOML: {what}"))
        reading.broken.add(())
        return False
    message = _message(what, statement, reading.statements)
    if statement.is_open:
        line = statement.first_line
    reading.problems.append(Problem(line, dotted(statement.path), message))
    if not _is_repeat(what) or statement.is_header:
        # of a key that is set twice the first value stays and is judged
        reading.broken.add(statement.path)
    last_line = _section_end(reading.statements, statement) if statement.is_header else statement.last_line
    blanked = _without_lines(reading.text, statement.first_line, last_line)
    if blanked == reading.text or len(blanked) > MAX_REPAIRED_CHARACTERS:
        return False
    reading.text = blanked
    reading.left_out.add(statement.first_line)
    return True


def _give_up(reading: _Reading, message: str) -> None:
    reading.problems.append(Problem(None, "", message))
    reading.broken.add(())


def _what_and_line(error: tomllib.TOMLDecodeError, text: str) -> tuple[str, int]:
    match = _POSITION.search(str(error))
    last_line = text.rstrip("\n").count("\n") + 1
    if match is None:
        return shown(str(error), 200), last_line
    what = match["what"][:1].lower() + match["what"][1:]
    return shown(what, 200), min(int(match["line"]), last_line) if match["line"] else last_line


def _statement_at(reading: _Reading, line: int) -> Statement | None:
    before = [item for item in reading.statements if item.first_line <= line]
    # a bracket that was never closed is noticed only in the next statement, or at the end of the file
    is_late = len(before) > 1 and before[-2].is_open and before[-2].first_line not in reading.left_out
    found = before[-2] if is_late else before[-1] if before else None
    return found if found is not None and (line <= found.last_line or found.is_open) else None


def _section_end(statements: list[Statement], header: Statement) -> int:
    after = [item for item in statements if item.first_line > header.first_line]
    inside = []
    for item in after:
        if item.is_header:
            break
        inside.append(item)
    return inside[-1].last_line if inside else header.last_line


def _without_lines(text: str, first: int, last: int) -> str:
    lines = text.split("\n")
    return "\n".join("" if first <= number <= last else line for number, line in enumerate(lines, start=1))


def _message(what: str, statement: Statement, statements: list[Statement]) -> str:
    key = dotted(statement.path)
    earlier = _earlier_line(statement, statements)
    if _is_repeat(what) and statement.is_header and earlier is not None:
        return f"table [{key}] stands twice, first in line {earlier}; write its keys under one header"
    if _is_repeat(what) and earlier is not None:
        return f"{key} is set twice, first in line {earlier}; keep one of the two"
    if statement.is_header:
        return f'not a table header such as "[limits]": {what}; this table is not read'
    return _value_message(what, key, statement.raw_value)


def _is_repeat(what: str) -> bool:
    return what.startswith(("cannot declare", "cannot overwrite"))


def _earlier_line(statement: Statement, statements: list[Statement]) -> int | None:
    before = [item for item in statements if item.first_line < statement.first_line]
    return lines_of(before).get(statement.path)


def _value_message(what: str, key: str, raw: str) -> str:
    if raw.lower() in _YES_NO_WORDS:
        return f"{key} must be written {_YES_NO_WORDS[raw.lower()]}, not {raw}"
    if raw == "":
        return f"{key or 'this line'} has no value; write it as key = value"
    if _AMOUNT.match(raw):
        return f'{key} needs quotes, and a size is written "16GiB"; found {shown(raw)}'
    if _BARE_WORD.match(raw) and not raw[0].isdigit():
        return f'{key} needs quotes: write "{shown(raw)}"'
    return f"{key or 'this line'} is not valid TOML: {what}"
