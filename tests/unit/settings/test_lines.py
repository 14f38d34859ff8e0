"""Where keys stand."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settings.lines import Path, find_statements, line_of, lines_of
from tests.unit.settings.good import GOOD

TEXT = '''\
top = 1   # comment = 2
[a]
x = "# no comment [b]"
"quoted key" = 1
b.c = 2
d = { e = 1, "f g" = { h = 2 }, i = [1, 2] }
list = [
  1,  # ] not the end
  "]",
]
many = """
fake = 1
[fake]
\\""" still = 1
"""
other = \'\'\'
fake = 2 \'\'\'
[a.z."p.q"]
last = 1
[[rows]]
n = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 1),
        (("a",), 2),
        (("a", "x"), 3),
        (("a", "quoted key"), 4),
        (("a", "b"), 5),
        (("a", "b", "c"), 5),
        (("a", "d", "e"), 6),
        (("a", "d", "f g"), 6),
        (("a", "d", "i"), 6),
        (("a", "list"), 7),
        (("a", "many"), 11),
        (("a", "other"), 16),
        (("a", "z", "p.q"), 18),
        (("a", "z", "p.q", "last"), 19),
        (("rows", "n"), 21),
    ],
)
def test_the_line_of_a_key_is_where_it_is_written(path: Path, line: int) -> None:
    assert lines_of(find_statements(TEXT))[path] == line


def test_text_in_strings_and_comments_is_no_key() -> None:
    paths = lines_of(find_statements(TEXT))
    assert not any("fake" in path or "still" in path or "comment" in path for path in paths)


def test_a_missing_key_has_the_line_of_the_table_around_it() -> None:
    lines = lines_of(find_statements("[a]\nx = 1\n"))
    assert line_of(("a", "y", "z"), lines) == 1
    assert line_of(("b",), lines) is None


def test_every_table_and_key_of_the_good_file_is_found() -> None:
    lines = lines_of(find_statements(GOOD))

    def paths(table: dict[str, object], above: Path = ()) -> set[Path]:
        own = {(*above, key) for key in table}
        return own.union(*(paths(value, (*above, key)) for key, value in table.items() if isinstance(value, dict)))

    assert paths(tomllib.loads(GOOD)) == set(lines)


@given(st.text(alphabet="ab =.[]{}\"'\\#\n,\t", max_size=200))
def test_no_text_confuses_the_scanner(text: str) -> None:
    statements = find_statements(text)
    last_line = text.count("\n") + 1
    assert all(1 <= statement.first_line <= statement.last_line <= last_line for statement in statements)
