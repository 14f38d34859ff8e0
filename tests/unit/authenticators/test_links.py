"""What is said of a one-time link."""

from datetime import UTC, datetime, timedelta

import pytest

from authenticators.links import link_url, minutes_left
from settings.schema import Settings

NOW = datetime(2030, 5, 6, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize("url", ["https://hub.example.org", "http://127.0.0.1:8000"])
def test_a_link_leads_to_the_address_that_people_type(url: str) -> None:
    settings = Settings.model_validate({"site": {"url": url}})
    assert link_url(settings, "a_b-c") == f"{url}/hub/accounts/link?token=a_b-c"


@pytest.mark.parametrize(("seconds", "minutes"), [(3600, 60), (59, 0), (60, 1), (0, 0), (-300, 0)])
def test_only_full_minutes_are_promised(seconds: int, minutes: int) -> None:
    assert minutes_left(NOW + timedelta(seconds=seconds), NOW) == minutes
