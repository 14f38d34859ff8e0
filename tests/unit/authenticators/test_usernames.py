"""Which user names are possible here: bad-inputs section 1, U21 and S26."""

import pytest

from authenticators.usernames import BadUserName, check_user_name
from settings.errors import HubError
from settings.names import RESERVED_USER_NAMES

# S26: the 45 cases of names; each is refused with a sentence
REFUSED: list[tuple[str, object]] = [
    ("empty", ""),
    ("only blanks", "  "),
    ("blanks around", " eve "),
    ("upper case", "Eve"),
    ("upper case with a dot (U21)", "A.B"),
    ("slash", "a/b"),
    ("one dot", "."),
    ("two dots", ".."),
    ("backslash", "a\\b"),
    ("blank inside", "a b"),
    ("comma", "a,b"),
    ("semicolon", "a;b"),
    ("percent", "%s"),
    ("braces", "{0}"),
    ("template field", "{username}"),
    ("markup", "<script>"),
    ("quote", "'; DROP"),
    ("at sign (U21)", "a@b"),
    ("CR LF", "a\r\nb"),
    ("trailing newline", "eve\n"),
    ("NUL", "a\0b"),
    ("tab", "a\tb"),
    ("DEL", "a\x7fb"),
    ("next line", "a\x85b"),
    ("line separator", "a\u2028b"),
    ("right-to-left override", "\u202eadmin"),
    ("Cyrillic a", "аdmin"),
    ("ligature", "ﬁx"),
    ("dotted capital i", "İ"),
    ("zero-width joiner", "a\u200db"),
    ("combining mark", "u\u0308"),
    ("umlaut (U21)", "müller"),
    ("Chinese (U21)", "李雷"),
    ("full-width digit", "a１"),
    ("60 emoji", "😀" * 60),
    ("lone surrogate", "a\ud800"),
    ("33 characters", "x" * 33),
    ("64-character e-mail (U21)", "anna.maria.von-und-zu@" + "x" * 42),
    ("255 characters", "x" * 255),
    ("256 characters", "x" * 256),
    ("5000 characters", "x" * 5000),
    ("hyphen first", "-a"),
    ("only hyphens", "--"),
    ("hyphen last", "a-"),
    ("dot last", "a."),
    ("two dots inside", "a..b"),
    ("underscore first", "_a"),
    ("a number", 5),
    ("null", None),
    ("a list", ["a"]),
    ("an object", {}),
    ("true", True),
    ("bytes", b"eve"),
]

ALLOWED = ["a", "7", "eve", "anna.lee", "anna-lee", "anna_lee", "a--b", "a-b", "a.b", "a_b", "0x10", "x" * 32]


def refusal(name: object) -> str:
    with pytest.raises(BadUserName) as caught:
        check_user_name(name)
    return str(caught.value)


def test_s26_the_table_has_its_45_cases() -> None:
    assert len(REFUSED) + len(RESERVED_USER_NAMES & {"hub", "user", "admin", "root", "api"}) >= 45
    assert len({label for label, _ in REFUSED}) == len(REFUSED)


@pytest.mark.parametrize("name", [name for _, name in REFUSED], ids=[label for label, _ in REFUSED])
def test_s26_a_bad_name_is_refused_with_a_sentence_that_is_safe_to_show(name: object) -> None:
    sentence = refusal(name)
    assert sentence.startswith("The user name ")
    assert "1 to 32 of a-z, 0-9" in sentence
    assert len(sentence) < 400
    assert sentence.isprintable()
    assert "x" * 41 not in sentence


@pytest.mark.parametrize("name", ALLOWED)
def test_s26_a_good_name_is_given_back_as_it_is(name: str) -> None:
    assert check_user_name(name) == name


@pytest.mark.parametrize("name", ["hub", "user", "admin", "root", "api", "services", "static", "login", "www"])
def test_s26_a_reserved_name_is_refused_unless_the_settings_give_it(name: str) -> None:
    assert "is reserved" in refusal(name)
    assert check_user_name(name, reserved_allowed={name}) == name


def test_allowing_one_reserved_name_allows_no_other() -> None:
    with pytest.raises(BadUserName, match="is reserved"):
        check_user_name("root", reserved_allowed={"admin"})


def test_a_bad_name_stays_bad_when_it_is_allowed_as_a_reserved_one() -> None:
    with pytest.raises(BadUserName, match="not possible"):
        check_user_name("a/b", reserved_allowed={"a/b"})


def test_a_refusal_names_the_value_and_is_ours() -> None:
    assert refusal("a\r\nb").startswith('The user name "a\\r\\nb" is not possible. Allowed are 1 to 32')
    assert issubclass(BadUserName, HubError)
