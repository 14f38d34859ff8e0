"""What each REST call's body may say: bad-inputs §1 and §3, S16."""

import pytest

from authenticators import bodies
from authenticators.bodies import Body, check_body, check_name
from authenticators.errors import RequestRefused

Object = dict[str, object]


@pytest.mark.parametrize(
    ("model", "body"),
    [
        pytest.param(bodies.NewPeople, {"usernames": ["eve", "bob"], "admin": False}, id="the admin panel adds people"),
        pytest.param(bodies.PersonChange, {"name": "eve", "admin": True}, id="the admin panel edits a person"),
        pytest.param(bodies.NewToken, {"note": "", "expires_in": None}, id="the token page"),
        pytest.param(
            bodies.NewToken, {"note": "for CI — ✓", "scopes": ["read:users!user", "self"]}, id="a small token"
        ),
        pytest.param(bodies.NewToken, {"auth": {"username": "a", "password": "b"}}, id="a token by password"),
        pytest.param(bodies.ServerStart, {"display_name": "My server", "user_options": None}, id="a server"),
        pytest.param(bodies.ServerChange, {"user_options": {"profile": "minimal"}}, id="other options"),
        pytest.param(bodies.ServerEnd, {"remove": True}, id="the home page deletes a server"),
        pytest.param(
            bodies.Activity,
            {
                "servers": {"": {"last_activity": "2030-01-31T12:00:00.123456Z"}},
                "last_activity": "2030-01-31T12:00:00Z",
            },
            id="a server's report",
        ),
        pytest.param(bodies.NewGroups, {"groups": ["vision"], "users": ["eve"]}, id="groups"),
        pytest.param(bodies.GroupMembers, {"users": ["eve"]}, id="members"),
        pytest.param(bodies.Shutdown, {"proxy": False, "servers": False}, id="the admin panel's shutdown"),
        pytest.param(bodies.ShareChange, {"user": "eve"}, id="a share"),
        pytest.param(bodies.NewService, {"info": {"a": [1]}, "display": False}, id="a service"),
    ],
)
def test_what_jupyterhubs_own_pages_and_servers_send_is_accepted(model: type[Body], body: Object) -> None:
    check_body(model, body)


@pytest.mark.parametrize(
    ("model", "body", "sentence"),
    [
        pytest.param(bodies.NewPeople, {}, "usernames is missing", id="no names"),
        pytest.param(bodies.NewPeople, {"usernames": []}, "the list is too short", id="an empty list of names"),
        pytest.param(bodies.NewPeople, {"usernames": "eve"}, 'usernames "eve".*must be a list', id="a text of names"),
        pytest.param(bodies.NewPeople, {"usernames": [5]}, r'usernames\.0 "5".*must be a text', id="a number as name"),
        pytest.param(bodies.NewPeople, {"usernames": [None]}, r"usernames\.0", id="null as name"),
        pytest.param(bodies.NewPeople, {"usernames": ["a"] * 1001}, "too long", id="1001 names"),
        pytest.param(bodies.NewPeople, {"usernames": ["a"], "admin": "yes"}, "true or false", id="admin as a text"),
        pytest.param(bodies.NewPeople, {"usernames": ["a"], "admin": 1}, "true or false", id="admin as a number"),
        pytest.param(
            bodies.PersonChange, {"groups": ["x"]}, "groups is an unknown option.*name, admin", id="groups (500 now)"
        ),
        pytest.param(bodies.PersonChange, {"auth_state": {}}, "unknown option", id="auth_state (500 now)"),
        pytest.param(bodies.PersonChange, {"name": None}, "name", id="no new name"),
        pytest.param(bodies.NewToken, {"note": "x" * 201}, "too long", id="a note of 201 characters"),
        pytest.param(bodies.NewToken, {"note": "a\u202eb"}, r'"a\\u202eb".*print', id="a note with a bidi mark"),
        pytest.param(bodies.NewToken, {"note": "a\nb"}, "print", id="a note with a line break"),
        pytest.param(bodies.NewToken, {"note": "Server at /user/eve/"}, "for servers", id="a server's note"),
        pytest.param(bodies.NewToken, {"expires_in": 0}, "greater than", id="expired at once"),
        pytest.param(bodies.NewToken, {"expires_in": -1}, "greater than", id="expired before"),
        pytest.param(bodies.NewToken, {"expires_in": 10**17}, "less than", id="a billion years (500 now)"),
        pytest.param(bodies.NewToken, {"expires_in": True}, "whole number", id="a boolean of seconds"),
        pytest.param(bodies.NewToken, {"expires_in": 1.5}, "whole number", id="half a second"),
        pytest.param(bodies.NewToken, {"scopes": ["nope"]}, "no such scope", id="no such scope"),
        pytest.param(bodies.NewToken, {"scopes": ["read:users!x=y"]}, "no such scope", id="no such filter"),
        pytest.param(bodies.NewToken, {"roles": "admin"}, "must be a list", id="a text of roles"),
        pytest.param(bodies.ServerStart, {"display_name": "x" * 65}, "too long", id="a shown name of 65 characters"),
        pytest.param(bodies.ServerStart, {"display_name": "a\u202eb"}, "print", id="a shown name with a bidi mark"),
        pytest.param(bodies.ServerStart, {"display_name": None}, "text", id="no shown name"),
        pytest.param(bodies.ServerStart, {"user_options": []}, "object", id="options as a list"),
        pytest.param(bodies.ServerStart, {"user_options": {}, "privileged": True}, "unknown option", id="privileged"),
        pytest.param(bodies.ServerChange, {"name": 5}, "text", id="a number as server name (500 now)"),
        pytest.param(bodies.ServerChange, {"image": "x"}, "image is an unknown option", id="unknown field (500 now)"),
        pytest.param(bodies.ServerEnd, {"remove": "yes"}, "true or false", id="remove as a text"),
        pytest.param(bodies.Activity, {"last_activity": 5}, "text", id="a number as time"),
        pytest.param(bodies.Activity, {"last_activity": "yesterday"}, "must be a time", id="no time"),
        pytest.param(
            bodies.Activity, {"last_activity": "0001-01-01T00:00:00+14:00"}, "must be a time", id="year 1 (500 now)"
        ),
        pytest.param(bodies.Activity, {"servers": {"a": {}}}, "last_activity is missing", id="a server without time"),
        pytest.param(bodies.NewGroups, {"groups": ["A b"]}, "1 to 32", id="a group with a blank"),
        pytest.param(bodies.NewGroups, {"groups": ["g\n"]}, "1 to 32", id="a group with a line break"),
        pytest.param(bodies.NewGroups, {"groups": [5]}, "text", id="a number as group (stored now)"),
        pytest.param(bodies.GroupMembers, {"users": [["a"]]}, "text", id="a list as member (500 now)"),
        pytest.param(bodies.GroupMembers, {}, "users is missing", id="no members"),
        pytest.param(bodies.Shutdown, {"servers": []}, "true or false", id="a list instead of yes (500 now)"),
        pytest.param(
            bodies.ShareChange, {"user": "a", "group": "b"}, "either a user or a group", id="a share with two"
        ),
        pytest.param(
            bodies.ShareChange, {"user": "a", "scopes": ["x"]}, "no such scope", id="a share's scope (500 now)"
        ),
        pytest.param(
            bodies.NewService, {"oauth_client_allowed_scopes": ["x"]}, "no such scope", id="a service's scope (500 now)"
        ),
    ],
)
def test_what_a_call_does_not_know_is_refused_with_the_field_and_what_is_allowed(
    model: type[Body], body: Object, sentence: str
) -> None:
    with pytest.raises(RequestRefused, match=sentence) as refused:
        check_body(model, body)
    assert refused.value.status == 400
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("model", "body"),
    [
        pytest.param(bodies.NewToken, {"auth": "swordfish"}, id="a password as auth"),
        pytest.param(bodies.NewService, {"api_token": "swordfish"}, id="a short token of a service"),
    ],
)
def test_a_secret_is_not_repeated_in_a_refusal(model: type[Body], body: Object) -> None:
    with pytest.raises(RequestRefused) as refused:
        check_body(model, body)
    assert "swordfish" not in str(refused.value)


def test_a_long_value_is_cut_to_40_characters() -> None:
    with pytest.raises(RequestRefused, match=f'"{"x" * 40}…"'):
        check_body(bodies.NewToken, {"note": "x" * 5000})


@pytest.mark.parametrize("name", ["vision", "a", "0-_", "x" * 32])
def test_a_group_or_service_can_have_a_plain_name(name: str) -> None:
    check_name("group", name)


@pytest.mark.parametrize("name", ["", "Vision", "a b", "-a", "x" * 33, "a\n", "ä"])
def test_a_group_or_service_cannot_have_another_name(name: str) -> None:
    with pytest.raises(RequestRefused, match="group .* is not accepted"):
        check_name("group", name)
