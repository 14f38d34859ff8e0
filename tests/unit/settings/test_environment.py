"""One's own variables."""

import pytest

from settings.environment import environment_problems


@pytest.mark.parametrize("value", ["", "{username}", "$HOME", "`id`", "münchen", "a=b", " x ", "\t"])
def test_values_are_taken_literally(value: str) -> None:
    assert environment_problems({"NAME": value}) == []


@pytest.mark.parametrize(
    ("environment", "part"),
    [
        pytest.param({"": "x"}, "is no variable name", id="empty name"),
        pytest.param({"A B": "x"}, "is no variable name", id="space in the name"),
        pytest.param({"A=B": "x"}, "is no variable name", id="equals sign in the name"),
        pytest.param({"1A": "x"}, "is no variable name", id="digit first"),
        pytest.param({"A\n": "x"}, "is no variable name", id="newline at the end of the name"),
        pytest.param({"Ä": "x"}, "is no variable name", id="umlaut"),
        pytest.param({"A" * 1024: "x"}, "is no variable name", id="name of 1 KiB"),
        pytest.param({"LD_PRELOAD": "x"}, "`LD_PRELOAD` is reserved", id="reserved"),
        pytest.param({"A": 1}, "must be text in quotes", id="number"),
        pytest.param({"A": None}, "must be text in quotes", id="nothing"),
        pytest.param({"A": "a\nb"}, "must be one line", id="newline"),
        pytest.param({"A": "a\0b"}, "must be one line", id="NUL"),
        pytest.param({"A": "\ud800"}, "is not valid Unicode", id="half a surrogate pair"),
        pytest.param({"A": "ü" * 2049}, "has 4098 bytes", id="too long in bytes"),
        pytest.param({f"A{n}": "" for n in range(65)}, "has 65 variables", id="too many"),
        pytest.param({f"A{n}": "x" * 4096 for n in range(8)}, "at most 32 KiB", id="too much together"),
    ],
)
def test_a_bad_environment_is_refused_with_a_sentence(environment: dict[str, object], part: str) -> None:
    (problem,) = environment_problems(environment)
    assert part in problem


def test_the_largest_allowed_environment_is_accepted() -> None:
    assert environment_problems({f"A{number:02}": "x" * 500 for number in range(64)}) == []
    assert environment_problems({"A": "x" * 4096}) == []


def test_every_problem_is_listed() -> None:
    assert len(environment_problems({"PATH": 1, "A B": "x", "C": "a\nb"})) == 4


def test_a_value_is_never_shown_because_it_may_be_a_secret() -> None:
    assert not any("s3cret" in problem for problem in environment_problems({"A B": "s3cret\n", "C": "s3cret\0"}))
