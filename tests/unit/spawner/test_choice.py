"""What a request comes to for one person: profile and limits, by a table."""

import pytest

from settings.person import effective_limits
from settings.schema import Settings
from settings.sizes import parse_bytes
from spawner.choice import choices_for, choose, default_profile
from spawner.errors import RequestRefused
from spawner.form import render_form
from spawner.request import WorkspaceRequest, parse_request

GIB = 1024**3


def the_hub() -> Settings:
    return Settings.model_validate(
        {
            "limits": {"memory": "4GiB", "cpus": 2.0, "shm": "2GiB"},
            "groups": {"vision": {"memory": "16GiB", "cpus": 8.0}, "guests": {"block": ["big"]}},
            "profiles": {
                "small": {"title": "Small", "image": "hub/small:1", "memory": "1GiB", "cpus": 1.0, "shm": "512MiB"},
                "big": {"title": "Big <b>", "image": "hub/big:1", "memory": "64GiB", "shm": "8GiB"},
                "secret": {"title": "Secret", "image": "hub/secret:1", "groups": ["vision"]},
            },
        }
    )


@pytest.mark.parametrize(
    ("profile", "groups", "memory", "cpus", "shm"),
    [
        pytest.param(None, [], "1GiB", 1.0, "512MiB", id="nothing chosen is the first profile"),
        pytest.param("small", ["vision"], "1GiB", 1.0, "512MiB", id="a small profile stays small for a rich group"),
        pytest.param("big", [], "4GiB", 2.0, "4GiB", id="a big profile is held to the person's limit"),
        pytest.param("big", ["vision"], "16GiB", 8.0, "8GiB", id="a group raises the limit"),
        pytest.param("secret", ["vision"], "16GiB", 8.0, "2GiB", id="a profile without figures takes the person's"),
    ],
)
def test_limits_are_the_profiles_within_the_persons(
    profile: str | None, groups: list[str], memory: str, cpus: float, shm: str
) -> None:
    hub = the_hub()
    limits = choose(hub, WorkspaceRequest(profile=profile), effective_limits(hub, groups)).limits
    assert limits.memory_bytes == parse_bytes(memory)
    assert limits.shm_bytes == parse_bytes(shm)
    assert limits.cpus == cpus


@pytest.mark.parametrize(
    ("options", "groups", "sentence"),
    [
        pytest.param({"profile": "secret"}, [], "not open to you; open to you: small, big", id="of another group"),
        pytest.param({"profile": "nothere"}, [], "Profile nothere is not open to you", id="unknown"),
        pytest.param({"profile": "big"}, ["guests"], "not open to you", id="taken away by a block"),
        pytest.param({"gpus": 1}, [], "GPUs: 1 asked; this hub gives out none", id="a GPU where there is none"),
        pytest.param({"gpus": 99}, ["vision"], "GPUs: 99 asked", id="99 GPUs"),
    ],
)
def test_what_the_person_may_not_have_is_refused(options: object, groups: list[str], sentence: str) -> None:
    hub = the_hub()
    with pytest.raises(RequestRefused, match=sentence):
        choose(hub, parse_request(options), effective_limits(hub, groups))


def test_the_form_shows_what_is_open_and_escapes_it() -> None:
    hub = the_hub()
    person = effective_limits(hub, [])
    html = render_form(choices_for(hub, person, default_profile(hub, person)), environment="A=<script>")
    assert 'value="small" checked' in " ".join(html.split())
    assert 'value="big"' in html and 'value="secret"' not in html
    assert "<script>" not in html and "Big <b>" not in html and "Big &lt;b&gt;" in html


def test_a_profile_whose_image_is_missing_is_shown_and_cannot_be_chosen() -> None:
    hub = the_hub()
    small, big = choices_for(hub, effective_limits(hub, []), "small", missing={"small"})
    assert (small.is_missing, small.is_chosen) == (True, False)
    assert (big.is_missing, big.is_chosen) == (False, True)
    html = " ".join(render_form([small, big]).split())
    assert 'value="small" disabled' in html and "Its image is not on this server" in html


def test_a_person_without_any_profile_is_told_so() -> None:
    hub = Settings.model_validate(
        {"groups": {"vision": {}}, "profiles": {"only": {"image": "a:1", "groups": ["vision"]}}}
    )
    person = effective_limits(hub, [])
    assert default_profile(hub, person) is None
    assert "Ask an admin" in render_form(choices_for(hub, person, None))
    with pytest.raises(RequestRefused, match="No profile is open to you"):
        choose(hub, WorkspaceRequest(), person)
