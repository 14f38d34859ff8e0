"""What may be asked of a start (bad-inputs, part 2): the table that form and REST are held to."""

import json

import pytest

from spawner.errors import RequestRefused
from spawner.request import WorkspaceRequest, options_from_form, parse_request
from tests.corpus import BAD_OPTIONS, RESERVED


@pytest.mark.parametrize("name", RESERVED)
def test_s13_reserved_names_are_refused_by_name(name: str) -> None:
    assert len(set(RESERVED)) >= 40
    with pytest.raises(RequestRefused) as refused:
        parse_request({"environment": {name: "x"}})
    assert refused.value.field == "environment"
    assert name in str(refused.value)


@pytest.mark.parametrize(("options", "field"), [row[1:] for row in BAD_OPTIONS], ids=[row[0] for row in BAD_OPTIONS])
def test_a_bad_option_is_refused_with_one_sentence(options: object, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_request(options)
    sentence = str(refused.value)
    assert refused.value.field == field
    assert sentence.endswith(".") and "\n" not in sentence and "\0" not in sentence
    assert len(sentence) < 400


def test_the_corpus_is_large_enough_for_s14() -> None:
    assert len(BAD_OPTIONS) + len(RESERVED) >= 150


def test_the_value_in_the_sentence_is_cut_and_escaped() -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_request({"x\u202e\n" + "y" * 100: 1})
    assert "\u202e" not in str(refused.value)
    assert "\\u202e" in str(refused.value)
    assert "y" * 41 not in str(refused.value)


@pytest.mark.parametrize("options", [None, {}, {"gpus": 0}, {"environment": {}}, {"profile": None}])
def test_asking_for_nothing_means_the_default(options: object) -> None:
    assert parse_request(options) == WorkspaceRequest()


def test_values_stay_literal() -> None:
    literal = {"A": "{username}", "B": "$HOME", "C": "`id`", "D": "%s {x:>200000000}", "E": "=", "F": ""}
    assert parse_request({"environment": literal}).environment == literal


def test_a_request_survives_the_database() -> None:
    request = parse_request({"profile": "minimal", "gpus": 0, "environment": {"A": "1"}})
    assert parse_request(json.loads(json.dumps(request.as_options()))) == request


def test_the_form_reads_lines_and_blanks() -> None:
    options = options_from_form(
        {"profile": ["minimal"], "gpus": ["0"], "environment": ["A=1\r\n\r\nB=x=y\r\n"], "_xsrf": ["t"]}
    )
    assert options == {"profile": "minimal", "gpus": 0, "environment": {"A": "1", "B": "x=y"}}


def test_an_empty_form_means_the_default() -> None:
    assert options_from_form({"profile": [""], "environment": [""]}) == {"gpus": 0, "environment": {}}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        pytest.param({"profile": ["a", "b"]}, "profile", id="a field given twice"),
        pytest.param({"profile": []}, "profile", id="a field without a value"),
        pytest.param({"image": ["evil"]}, "image", id="a field of another hub"),
        pytest.param({"image": [""]}, "image", id="an empty field of another hub"),
        pytest.param({"environment": ["A"]}, "environment", id="a line without ="),
        pytest.param({"environment": ["A=1\nA=2"]}, "environment", id="a variable given twice"),
        pytest.param({"environment": ["PATH=/evil"]}, "environment", id="a reserved variable"),
        pytest.param({"gpus": ["-1"]}, "gpus", id="a negative number"),
        pytest.param({"gpus": ["1_0"]}, "gpus", id="a number with an underscore"),
        pytest.param({"gpus": ["٣"]}, "gpus", id="digits of another script"),
        pytest.param({"evil_file": [b"x"]}, "evil_file", id="an upload"),
    ],
)
def test_the_form_is_as_strict_as_rest(form: dict[str, list[str]], field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        options_from_form(form)
    assert refused.value.field == field
