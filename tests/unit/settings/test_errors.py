"""Values from outside in sentences, and the list of problems."""

import pytest

from settings.errors import SHOWN_PROBLEMS, HubError, Problem, SettingsError, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        ("a\r\nb", "a\\r\\nb"),
        ("\u202eadmin", "\\u202eadmin"),
        ("\ud800", "\\ud800"),
        ("x" * 50, "x" * 40 + "…"),
        (7, "7"),
        ("ü李", "ü李"),
    ],
)
def test_a_strange_value_is_cut_and_escaped(value: object, text: str) -> None:
    assert shown(value) == text


def test_each_problem_is_a_line_with_file_and_number() -> None:
    error = SettingsError([Problem(14, "limits.memory", "too small"), Problem(None, "", "no file")])
    assert str(error) == "hub.toml:14: too small\nhub.toml: no file"
    assert isinstance(error, HubError)


def test_a_flood_of_problems_is_cut_in_the_text_and_kept_in_the_list() -> None:
    problems = [Problem(line, "x", "wrong") for line in range(1, 151)]
    error = SettingsError(problems, "x.toml")
    assert len(str(error).splitlines()) == SHOWN_PROBLEMS + 1
    assert str(error).endswith("x.toml: and 50 more")
    assert len(error.problems) == 150
