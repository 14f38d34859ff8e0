"""The form of user names."""

import pytest

from settings.names import RESERVED_USER_NAMES, is_user_name


@pytest.mark.parametrize("name", ["a", "5", "ada", "anna.lee", "anna-lee", "anna_lee", "a" * 32, "admin"])
def test_a_user_name_is_small_letters_digits_and_a_few_marks(name: str) -> None:
    assert is_user_name(name)


@pytest.mark.parametrize(
    "name",
    ["", " ", " eve ", "Eve", "a/b", ".", "..", "a\\b", "a b", "a,b", "a;b", "%s", "{0}", "{username}", "<script>"]
    + ["'; DROP", "a\r\nb", "a\n", "a\0b", "a\tb", "a\x7f", "a\x85", "a\u2028", "\u202eadmin", "\u0430dmin", "\ufb01x"]
    + ["\u0130", "a\u200db", "e\u0301", "a" * 33, "a" * 5000, "-a", "--", "a-", "a.", "a..b", "_a", "a_", "１"],
)
def test_nothing_else_is_a_user_name(name: str) -> None:
    assert not is_user_name(name)


@pytest.mark.parametrize("name", ["hub", "user", "admin", "root", "api", "services", "static", "login", "www"])
def test_the_names_of_paths_and_system_accounts_are_reserved(name: str) -> None:
    assert name in RESERVED_USER_NAMES


def test_every_reserved_name_has_the_form_of_a_user_name() -> None:
    assert all(is_user_name(name) for name in RESERVED_USER_NAMES)
