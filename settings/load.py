"""From the text of hub.toml to Settings, or to every problem of the file at once, each with its line."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Final, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from settings.advice import warnings_for
from settings.document import Document, dotted, read_document
from settings.errors import Problem, SettingsError, shown
from settings.kinds import REFUSED, in_toml
from settings.lines import DEEPEST, Path, line_of
from settings.passthrough import passthrough_problems
from settings.references import contradictions
from settings.schema import Settings
from settings.tables import keys_at, tables

__all__ = ["Problem", "SettingsError", "load", "loads", "warnings_for"]

MAX_BYTES: Final = 1_000_000
MAX_GUESSES: Final = 200


class _LeftOut:
    """The paths whose values were refused, for asking if a key lies in one of them or around one of them."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._around: set[Path] = set()

    def add(self, path: Path) -> None:
        """Remember a refused value."""
        self._paths.add(path)
        self._around.update(path[:length] for length in range(min(len(path), DEEPEST) + 1))

    def concerns(self, path: Path) -> bool:
        """Tell if a key is refused, or lies inside or around something that is."""
        return path in self._around or any(path[:length] in self._paths for length in range(len(path) + 1))


def load(path: FilePath) -> Settings:
    """Read hub.toml; raise SettingsError with every problem, also when the file cannot be read at all."""
    try:
        if not path.is_file():
            raise SettingsError([_no_file(path)], path.name)
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}; check its owner and mode"
        raise SettingsError([Problem(None, "", message)], path.name) from None
    return loads(_decoded(content, path.name), path.name)


def loads(text: str, filename: str = "hub.toml") -> Settings:
    """Give the settings that a text means; raise SettingsError with every problem of it."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise SettingsError([_too_large()], filename)
    document = read_document(text)
    settings, problems = _validated(document)
    if problems or settings is None:
        raise SettingsError(sorted(set(problems), key=_in_file_order), filename)
    return settings


def _no_file(path: FilePath) -> Problem:
    what = "is not a file" if path.exists() else "does not exist"
    return Problem(None, "", f"{path} {what}; copy hub.example.toml there and adapt it")


def _too_large() -> Problem:
    return Problem(None, "", f"the file is larger than {MAX_BYTES} bytes; a hub.toml has a few thousand")


def _decoded(content: bytes, filename: str) -> str:
    if len(content) > MAX_BYTES:
        raise SettingsError([_too_large()], filename)
    if content.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        problem = Problem(1, "", "the file begins with a byte order mark; save it as UTF-8 without one")
        raise SettingsError([problem], filename)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError([Problem(line, "", "not UTF-8 text; save the file as UTF-8")], filename) from None


def _in_file_order(problem: Problem) -> tuple[int, str, str]:
    return (problem.line or 0, problem.key, problem.message)


def _validated(document: Document) -> tuple[Settings | None, list[Problem]]:
    """Check the values; what is refused is taken out, so that the rest can be checked against each other."""
    problems = list(document.problems)
    left_out = _LeftOut()
    for broken in document.broken:
        left_out.add(broken)
    values = _copied(document.values)
    settings: Settings | None = None
    # taking a value out can only reveal a missing table around it, so a few rounds are always enough
    for _ in range(4):
        try:
            settings = Settings.model_validate(values)
            break
        except ValidationError as error:
            for details in error.errors(include_url=False, include_input=True, include_context=True):
                path = _path_of(details)
                if not left_out.concerns(path) or details["type"] == "extra_forbidden":
                    problems.append(_problem(document, path, details, len(problems)))
                left_out.add(path)
                _take_out(values, path)
    if settings is not None:
        problems += _problems_between(settings, document, left_out)
    return settings, problems


def _problems_between(settings: Settings, document: Document, left_out: _LeftOut) -> list[Problem]:
    found = [
        (("jupyterhub", *misplaced.path), misplaced.message) for misplaced in passthrough_problems(settings.jupyterhub)
    ]
    # a contradiction that rests on a value which was refused itself may vanish with it
    found += [
        (each.path, each.message)
        for each in contradictions(settings)
        if not any(left_out.concerns(path) for path in (each.path, *each.others))
    ]
    return [Problem(line_of(path, document.lines), dotted(path), message) for path, message in found]


def _path_of(details: ErrorDetails) -> Path:
    # pydantic marks an error of a mapping's key by the part "[key]"; list positions have no line of their own
    return tuple(part for part in details["loc"] if isinstance(part, str) and part != "[key]")


def _problem(document: Document, path: Path, details: ErrorDetails, how_many: int) -> Problem:
    key = dotted(path)
    line = line_of(path, document.lines)
    if details["type"] == "extra_forbidden":
        return Problem(line, key, _unknown_key(path, details["input"], guess=how_many < MAX_GUESSES))
    if details["type"] == "missing":
        return Problem(line, key, f"{dotted(path[:-1])} needs the key `{path[-1]}`{_missing_hint(path)}")
    if details["type"] == REFUSED:
        return Problem(line, key, f"{key} {details['msg']}")
    if isinstance(details["input"], Mapping):
        return Problem(line, key, f"{key} must not be a table")
    return Problem(line, key, f"{key} must be a table such as [{key}], not {in_toml(details['input'])}")


def _missing_hint(path: Path) -> str:
    meaning = keys_at(path[:-1]).get(path[-1], "")
    return f": {meaning[:1].lower()}{meaning[1:]}" if meaning else ""


def _unknown_key(path: Path, value: object, *, guess: bool) -> str:
    name = path[-1]
    known = keys_at(path[:-1])
    what = "table" if isinstance(value, Mapping) and len(path) == 1 else "key"
    where = f" in [{dotted(path[:-1])}]" if len(path) > 1 else ""
    message = f"unknown {what} `{shown(name)}`{where}"
    if not guess:
        return message
    nearest = get_close_matches(name, known, n=1)
    if nearest:
        return f"{message}; did you mean `{nearest[0]}`?"
    elsewhere = [table.header for table in tables().values() if name in table.keys]
    if elsewhere:
        return f"{message}; did you mean `{elsewhere[0]}.{name}`?"
    return f"{message}; known are {', '.join(known)}"


def _copied(values: Mapping[str, object], depth: int = 4) -> dict[str, object]:
    return {
        key: _copied(value, depth - 1) if depth and isinstance(value, dict) else value for key, value in values.items()
    }


def _take_out(values: dict[str, object], path: Path) -> None:
    """Remove what stands at the path; a path that ends in a missing key removes the table around it."""
    *parents, last = path
    table = values
    for parent in parents:
        inner = table.get(parent)
        if not isinstance(inner, dict):
            table.pop(parent, None)
            return
        table = cast("dict[str, object]", inner)
    if last in table:
        del table[last]
    elif parents:
        _take_out(values, path[:-1])
