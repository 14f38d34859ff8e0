"""What a body must be before anybody looks at what it says: bad-inputs §2 (last row), S16."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authenticators.errors import RequestRefused
from authenticators.strict_json import LARGE_BYTES, SMALL_BYTES, check_headers, parse_object

_NESTED = '{"a":' * 32 + "1" + "}" * 32


@pytest.mark.parametrize(
    ("body", "value"),
    [
        pytest.param(b"{}", {}, id="empty object"),
        pytest.param(b' {"a": [1, -2.5, "x", true, null]} \n', {"a": [1, -2.5, "x", True, None]}, id="every type"),
        pytest.param('{"ä": "李"}'.encode(), {"ä": "李"}, id="any script"),
        pytest.param(b'{"a": "\\ud83d\\ude00"}', {"a": "😀"}, id="an escaped pair of surrogates"),
        pytest.param(b'{"a": "NaN [[[ {{{ \\" ]"}', {"a": 'NaN [[[ {{{ " ]'}, id="brackets within a text"),
        pytest.param(_NESTED.encode(), json.loads(_NESTED), id="32 levels"),
        pytest.param(b'{"a": 999999999999999999}', {"a": 999999999999999999}, id="18 digits"),
        pytest.param(b'{"a": {"x": 1}, "b": {"x": 1}}', {"a": {"x": 1}, "b": {"x": 1}}, id="one key in two objects"),
    ],
)
def test_one_json_object_is_read(body: bytes, value: object) -> None:
    assert parse_object(body) == value


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(b"", "not JSON", id="empty"),
        pytest.param(b"   ", "not JSON", id="blanks"),
        pytest.param(b"{", "not JSON", id="cut off"),
        pytest.param(b"{} {}", "not JSON", id="two objects"),
        pytest.param(b"a=1&b=2", "not JSON", id="a form"),
        pytest.param(b"{'a': 1}", "not JSON", id="Python"),
        pytest.param(b"[1, 2]", "one JSON object", id="a list"),
        pytest.param(b'"x"', "one JSON object", id="a text"),
        pytest.param(b"5", "one JSON object", id="a number"),
        pytest.param(b"null", "one JSON object", id="null"),
        pytest.param(b"true", "one JSON object", id="true"),
        pytest.param(b'{"a": "\xff"}', "not UTF-8", id="bad UTF-8"),
        pytest.param('{"a": 1}'.encode("utf-16"), "not UTF-8", id="UTF-16"),
        pytest.param('{"a": 1}'.encode("utf-16-le"), "not JSON", id="UTF-16 without its mark"),
        pytest.param(b'\xef\xbb\xbf{"a": 1}', "byte order mark", id="BOM"),
        pytest.param(b'{"a": NaN}', "NaN", id="NaN"),
        pytest.param(b'{"a": [-Infinity]}', "-Infinity", id="-Infinity"),
        pytest.param(b'{"a": 1e999}', "too large", id="1e999"),
        pytest.param(b'{"a": 1000000000000000000}', "too large", id="19 digits"),
        pytest.param(b'{"a": -' + b"9" * 10_000 + b"}", "too large", id="10,000 digits"),
        pytest.param(b'{"a": 1, "a": 2}', 'key "a" twice', id="duplicate keys"),
        pytest.param(b'{"x": {"a": 1, "\\u0061": 2}}', 'key "a" twice', id="duplicate keys, one escaped"),
        pytest.param(b'{"a":' * 33 + b"1" + b"}" * 33, "too deeply", id="33 levels"),
        pytest.param(b"[" * 10_000 + b"]" * 10_000, "too deeply", id="10,000 levels"),
        pytest.param(b'{"a": "\\ud800"}', "half a character", id="lone surrogate"),
        pytest.param(b'{"\\udfff": 1}', "half a character", id="lone surrogate in a key"),
    ],
)
def test_everything_else_is_refused_with_400_and_a_sentence(body: bytes, sentence: str) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        parse_object(body, LARGE_BYTES)
    assert refused.value.status == 400
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_body_of_more_than_16_kib_is_413() -> None:
    fits = b'{"a": "' + b"x" * (SMALL_BYTES - 9) + b'"}'
    assert len(fits) == SMALL_BYTES
    parse_object(fits)
    with pytest.raises(RequestRefused, match="16385 bytes") as refused:
        parse_object(fits + b" ")
    assert refused.value.status == 413


def test_more_than_2000_keys_are_refused_wherever_they_stand() -> None:
    parse_object(json.dumps({str(key): 1 for key in range(2000)}).encode(), LARGE_BYTES)
    spread = {str(key): {"x": 1} for key in range(1001)}
    with pytest.raises(RequestRefused, match="too many keys"):
        parse_object(json.dumps(spread).encode(), LARGE_BYTES)


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.text(), _VALUES, max_size=5))
def test_what_json_dumps_writes_is_read_back(value: dict[str, object]) -> None:
    assert parse_object(json.dumps(value).encode(), LARGE_BYTES) == value


@given(st.binary(max_size=200) | st.text(alphabet='{}[]",:\\u0019deNaIfty -.e+', max_size=60).map(str.encode))
def test_no_bytes_end_in_anything_but_a_value_or_a_refusal(body: bytes) -> None:
    try:
        value = parse_object(body)
    except RequestRefused as refused:
        assert refused.status == 400
    else:
        assert json.loads(json.dumps(value, allow_nan=False)) == value


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/json;v=1",
    ],
)
def test_a_body_that_says_it_is_json_or_says_nothing_is_read(content_type: str | None) -> None:
    check_headers(content_type, None)
    check_headers(content_type, "identity")


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json; charset=utf-16",
        "x, application/json",
    ],
)
def test_a_body_that_says_it_is_something_else_is_415(content_type: str) -> None:
    with pytest.raises(RequestRefused, match="Content-Type") as refused:
        check_headers(content_type, None)
    assert refused.value.status == 415


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity, gzip"])
def test_a_compressed_body_is_400(encoding: str) -> None:
    with pytest.raises(RequestRefused, match="uncompressed") as refused:
        check_headers("application/json", encoding)
    assert refused.value.status == 400
