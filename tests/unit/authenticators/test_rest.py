"""The table of strict routes; what they answer is shown on a real hub in tests/hub/test_strict_api.py."""

import pytest
from jupyterhub import apihandlers
from jupyterhub.apihandlers import auth, users

from authenticators.rest import strict_handlers
from authenticators.strict_handler import StrictHandler


def test_every_json_route_of_jupyterhub_has_a_strict_one() -> None:
    oauth = {pattern for pattern, _ in auth.default_handlers}
    upstream = {pattern: handler for pattern, handler in apihandlers.default_handlers if pattern not in oauth}
    strict = dict(strict_handlers())
    assert strict.keys() == upstream.keys()
    for pattern, handler in strict.items():
        assert issubclass(handler, StrictHandler), pattern
        assert issubclass(handler, upstream[pattern]), pattern


def test_jupyterhubs_own_super_calls_reach_the_strict_body() -> None:
    for _, handler in strict_handlers():
        bases = handler.mro()
        assert bases.index(StrictHandler) < bases.index(apihandlers.base.APIHandler)
        # each method of ours is found before JupyterHub's
        assert handler.get_json_body is StrictHandler.get_json_body
        assert handler.get_api_pagination is StrictHandler.get_api_pagination
        assert handler.prepare is StrictHandler.prepare


def test_jupyterhubs_classes_stay_as_they_are() -> None:
    before = dict(vars(users.UserServerAPIHandler))
    strict_handlers(lambda options: None)
    assert dict(vars(users.UserServerAPIHandler)) == before


@pytest.mark.parametrize("pattern", [r"/api/users/([^/]+)/server", r"/api/users/([^/]+)/servers/([^/]*)"])
def test_the_check_of_options_is_this_tables_own(pattern: str) -> None:
    with_check = dict(strict_handlers(lambda options: None))[pattern]
    without = dict(strict_handlers())[pattern]
    assert with_check.check_user_options is not None
    assert without.check_user_options is None
