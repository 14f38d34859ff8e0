"""What a value may be, in words, as a check and as a schema."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from settings.kinds import Kind, Number, Refused, Size, Text, WholeNumber, YesNo, in_toml
from settings.sizes import GIB, MIB
from settings.tables import tables

KINDS = [key.kind for table in tables().values() for key in table.keys.values()]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
def test_every_kind_says_what_it_allows_and_has_a_schema(kind: Kind) -> None:
    assert kind.allowed
    assert {"type", "enum"} & kind.schema().keys()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: type(kind).__name__)
@pytest.mark.parametrize("value", [None, object(), {"a": 1}, {}, [1], [[]], 3 + 4j, b"x"], ids=repr)
def test_no_kind_accepts_or_chokes_on_a_value_of_a_strange_type(kind: Kind, value: object) -> None:
    with pytest.raises(Refused):
        kind.check(value)


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [(WholeNumber(1, 5), 1, 5), (Number(0.5, 2), 0.5, 2), (Size(MIB, GIB), "1MiB", "1GiB"), (Text(3, 1), "a", "abc")],
    ids=["whole number", "number", "size", "text"],
)
def test_both_bounds_are_allowed(kind: Kind, low: object, high: object) -> None:
    kind.check(low)
    kind.check(high)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (WholeNumber(1, 5), 0),
        (WholeNumber(1, 5), 6),
        (WholeNumber(1, 5), 2.0),
        (WholeNumber(0, 5), False),
        (Number(0.5, 2), 0.4),
        (Number(0.5, 2), 1e999),
        (Number(0.5, 2), float("nan")),
        (Number(0, 2), True),
        (Size(MIB, GIB), "2GiB"),
        (Text(3, 1), ""),
        (Text(3), "abcd"),
        (Text(3), "a\n"),
        (YesNo(), 1),
        (YesNo(), "true"),
    ],
)
def test_what_lies_outside_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(Refused, match="must "):
        kind.check(value)


def test_a_text_of_several_lines_may_have_newlines_and_nothing_else() -> None:
    assert Text(10, lines=True).check("a\nb") == "a\nb"
    with pytest.raises(Refused, match="control characters"):
        Text(10, lines=True).check("a\tb")


def test_pydantic_reports_a_refusal_with_its_sentence() -> None:
    adapter = TypeAdapter(Annotated[int, WholeNumber(1, 5)])
    assert adapter.validate_python(3) == 3
    with pytest.raises(ValidationError, match="must be a whole number from 1 to 5, not 9"):
        adapter.validate_python(9)


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "true"), ("a\nb", '"a\\nb"'), ({}, "a table"), ([1], "a list"), (1.5, "1.5"), ("x" * 99, f'"{"x" * 40}…"')],
)
def test_a_found_value_is_shown_as_the_file_spells_it(value: object, text: str) -> None:
    assert in_toml(value) == text
