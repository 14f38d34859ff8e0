"""The root of every error that Workspace Hub raises on purpose, and how a stranger's value is shown in one.

HubError
 ├── SettingsError    (settings: hub.toml cannot be used; lists every problem of the file)
 ├── RecordsError     (records)
 ├── EngineError      (engine)
 ├── SpawnRefused     (spawner)
 └── AccountError     (authenticators)
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

SHOWN_CHARACTERS = 40
SHOWN_PROBLEMS = 100


class HubError(Exception):
    """An error with a sentence for the reader of the surface on which it appears."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with hub.toml: its line, its key (dotted, perhaps empty) and a sentence."""

    line: int | None
    key: str
    message: str


class SettingsError(HubError):
    """hub.toml cannot be used; ``problems`` has everything that is wrong with it, in the file's order."""

    def __init__(self, problems: Iterable[Problem], filename: str = "hub.toml") -> None:
        self.problems = tuple(problems)
        self.filename = filename
        lines = [_problem_line(problem, filename) for problem in self.problems[:SHOWN_PROBLEMS]]
        left_over = len(self.problems) - len(lines)
        super().__init__("\n".join([*lines, f"{filename}: and {left_over} more"] if left_over else lines))


def shown(value: object, limit: int = SHOWN_CHARACTERS) -> str:
    """Give a value from outside in a form that is safe in a sentence, a log line or a page.

    Cut to ``limit`` characters; everything that does not print by itself (control, format, bidi and
    surrogate characters, line separators) is escaped.
    """
    text = value if isinstance(value, str) else repr(value)
    cut = text[:limit]
    safe = "".join(_shown_character(character) for character in cut)
    return f"{safe}…" if len(text) > limit else safe


def _problem_line(problem: Problem, filename: str) -> str:
    where = f"{filename}:{problem.line}" if problem.line is not None else filename
    return f"{where}: {problem.message}"


def _shown_character(character: str) -> str:
    # Cc control, Cf format (bidi, joiners), Cs surrogate, Co private use, Zl/Zp line and paragraph separators
    if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
        return character.encode("unicode_escape", "backslashreplace").decode("ascii")
    return character
