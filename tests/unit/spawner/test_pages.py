"""What "My workspace" says of limits and sizes, and the check that the REST door asks."""

import pytest

from settings.person import effective_limits
from settings.schema import Settings
from spawner.pages import check_user_options, handlers, limit_rows, readable
from spawner.shown import ShownError
from tests.corpus import BAD_OPTIONS


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0KiB"), (1536 * 1024**2, "1.5GiB"), (3 * 1024**4, "3.0TiB"),
     (5000 * 1024**4, "5000.0TiB")],
)  # fmt: skip
def test_a_size_is_rounded_for_reading(size_bytes: int, text: str) -> None:
    assert readable(size_bytes) == text


def test_every_limit_is_shown_with_the_place_it_comes_from() -> None:
    hub = Settings.model_validate(
        {"limits": {"memory": "8GiB"}, "groups": {"vision": {"cpus": 6.5}}, "profiles": {"a": {"image": "a:1"}}}
    )
    rows = limit_rows(effective_limits(hub, ["vision"]))
    assert [(row.what, row.value, row.origin) for row in rows] == [
        ("Memory", "8GiB", "everyone's limit (limits.memory)"),
        ("CPU cores", "6.5", "your group vision (groups.vision.cpus)"),
        ("Shared memory (/dev/shm)", "2GiB", "the hub's default"),
        ("Processes and threads", "2048", "the hub's default"),
        ("Named servers", "3", "the hub's default"),
    ]


@pytest.mark.parametrize(("options", "field"), [row[1:] for row in BAD_OPTIONS], ids=[row[0] for row in BAD_OPTIONS])
def test_s14_the_rest_door_refuses_with_the_sentence_of_the_form(options: object, field: str) -> None:
    with pytest.raises(ShownError) as refused:
        check_user_options(options)
    assert refused.value.status_code == 400
    assert refused.value.jupyterhub_message.endswith(".")


def test_good_options_pass_the_rest_door() -> None:
    check_user_options({"profile": "none-of-my-business", "environment": {"A": "1"}})
    check_user_options(None)


def test_the_rooms_pages_cover_every_route_of_the_start_form() -> None:
    assert [pattern for pattern, _ in handlers()] == [
        "/workspace",
        "/spawn",
        "/spawn/([^/]+)",
        "/spawn/([^/]+)/([^/]+)",
    ]
