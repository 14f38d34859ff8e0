"""What is said at every start."""

from settings.advice import ONE_DOMAIN, warnings_for
from settings.load import loads


def further_warnings(text: str) -> list[str]:
    return [warning for warning in warnings_for(loads(text)) if warning != ONE_DOMAIN]


def test_one_domain_for_all_is_said_at_every_start() -> None:
    """S23"""
    assert warnings_for(loads("")) == [ONE_DOMAIN]
    assert "sharing of servers and admins' access" in ONE_DOMAIN


def test_plain_http_on_the_network_is_said_at_every_start() -> None:
    (warning,) = further_warnings('[site]\nlisten = "0.0.0.0:8000"\ninsecure_http = true\n')
    assert warning.startswith("site.insecure_http is on: passwords")


def test_plain_http_behind_tls_is_not_warned_about() -> None:
    assert further_warnings('[site]\nurl = "https://hub.example.org"\ninsecure_http = true\n') == []


def test_a_group_that_changes_nothing_is_said() -> None:
    (warning,) = further_warnings('[groups.a]\nmemory = "1GiB"\ncpus = 2\n')
    assert warning.startswith("groups.a.memory is less than limits.memory")


def test_a_profile_that_nobody_can_have_in_full_is_said() -> None:
    (warning,) = further_warnings('[profiles.a]\nimage = "a"\nmemory = "64GiB"\n[groups.b]\nmemory = "16GiB"\n')
    assert warning.startswith("profiles.a.memory is 64GiB, more than anyone may have (16GiB)")
