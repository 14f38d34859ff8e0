"""From file to settings."""

import time
from copy import deepcopy
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import ValidationError

from settings.load import MAX_BYTES, SettingsError, load, loads
from settings.schema import Settings
from settings.sizes import GIB
from tests.unit.settings.good import GOOD


def refusal(path: Path) -> str:
    with pytest.raises(SettingsError) as caught:
        load(path)
    return str(caught.value)


def test_an_empty_file_gives_the_defaults() -> None:
    settings = loads("")
    assert settings == Settings()
    assert (settings.site.name, settings.site.listen) == ("workspace-hub", "127.0.0.1:8000")
    assert settings.network.subnet == IPv4Network("10.77.0.0/16")
    assert settings.sign_in.admins == ("admin",)
    assert settings.limits.memory_bytes == 4 * GIB
    assert list(settings.profiles) == ["minimal"]
    assert settings.profiles["minimal"].image == "workspace-hub/minimal:0.1.0"
    assert settings.default_profile_id == "minimal"


def test_the_good_file_gives_typed_values() -> None:
    settings = loads(GOOD)
    assert settings.site.has_tls
    assert (settings.site.listen_host, settings.site.listen_port) == ("0.0.0.0", 443)
    assert settings.sign_in.admins == ("admin", "ada")
    assert settings.limits.shm_bytes == 2 * GIB
    assert settings.groups["vision"].memory_bytes == 16 * GIB
    assert settings.groups["robots"].cpus == 8.0
    assert settings.shared["vision"].groups == ("vision",)
    assert settings.profiles["ml"].memory_bytes == 8 * GIB
    assert settings.profiles["ml"].cpus is None
    assert settings.environment["TZ"] == "Europe/Berlin"
    assert settings.notice.text == "Maintenance on Friday.\nmemory = 3\n"
    assert settings.jupyterhub == {"JupyterHub": {"active_server_limit": 100}}


def test_profiles_of_the_file_replace_the_default_one_and_the_first_is_offered() -> None:
    settings = loads('[profiles.b]\nimage = "b"\n[profiles.a]\nimage = "a"\ntitle = "A"\n')
    assert list(settings.profiles) == ["b", "a"]
    assert settings.default_profile_id == "b"
    assert [settings.profile_title(profile_id) for profile_id in settings.profiles] == ["b", "A"]


def test_an_empty_table_of_profiles_is_like_none() -> None:
    assert list(loads("[profiles]\n").profiles) == ["minimal"]


def test_settings_cannot_be_changed() -> None:
    settings = loads("")
    with pytest.raises(ValidationError, match="frozen"):
        settings.site.name = "other"  # type: ignore[misc]


def test_settings_are_shared_and_not_copied_when_traitlets_copies_its_configuration() -> None:
    settings = loads("")
    assert deepcopy({"settings": settings})["settings"] is settings


def test_windows_line_ends_are_read_and_counted() -> None:
    assert loads(GOOD.replace("\n", "\r\n")) == loads(GOOD)
    with pytest.raises(SettingsError, match="hub.toml:3: unknown key"):
        loads("[limits]\r\n\r\nmemroy = 3\r\n")


def test_a_file_is_named_in_its_problems(tmp_path: Path) -> None:
    path = tmp_path / "lab.toml"
    path.write_text("[site]\nname = 3\n")
    assert refusal(path).startswith("lab.toml:2: site.name must be")


def test_a_good_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "hub.toml"
    path.write_text(GOOD)
    assert load(path) == loads(GOOD)


def test_a_missing_file_is_refused_with_what_to_do(tmp_path: Path) -> None:
    assert "does not exist; copy hub.example.toml there" in refusal(tmp_path / "hub.toml")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    assert "is not a file" in refusal(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(b"\xef\xbb\xbf[site]\n", "byte order mark", id="byte order mark"),
        pytest.param("[site]\n".encode("utf-16"), "byte order mark", id="UTF-16"),
        pytest.param(b'[site]\n\ntitle = "\xff"\n', "hub.toml:3: not UTF-8 text", id="not UTF-8"),
        pytest.param(b"[site]\nname = \0\n", "hub.toml:2: ", id="NUL"),
        pytest.param(b"#" * (MAX_BYTES + 1), "larger than 1000000 bytes", id="more than 1 MB"),
    ],
)
def test_a_file_that_is_no_text_of_ours_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "hub.toml"
    path.write_bytes(content)
    assert message in refusal(path)


def test_a_text_of_more_than_a_megabyte_is_refused() -> None:
    with pytest.raises(SettingsError, match="larger than"):
        loads("#" * (MAX_BYTES + 1))


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x = " + "[" * 100_000, id="brackets"),
        pytest.param("x = " + "{a=" * 50_000, id="inline tables"),
        pytest.param(".".join(["a"] * 100_000) + " = 1", id="a key of 100,000 parts"),
        pytest.param("x = {" + ".".join(["a"] * 100_000) + " = 1}", id="an inline key of 100,000 parts"),
        pytest.param("[" + ".".join(["a"] * 100_000) + "]", id="a header of 100,000 parts"),
        pytest.param("\n".join(f"key{number} = 1" for number in range(20_000)), id="20,000 unknown keys"),
        pytest.param("[environment]\n" + "\n".join(f"K{n} = 1" for n in range(20_000)), id="20,000 bad variables"),
        pytest.param("x = " + "9" * 900_000, id="a number of 900,000 digits"),
        pytest.param('x = """' + "a\n" * 300_000, id="a long text without an end"),
    ],
)
def test_a_hostile_file_is_refused_within_seconds(text: str) -> None:
    begin = time.monotonic()
    with pytest.raises(SettingsError) as caught:
        loads(text)
    assert len(str(caught.value)) < 50_000
    assert time.monotonic() - begin < 20


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    at=st.integers(0, len(GOOD)),
    length=st.integers(0, 30),
    new=st.text(alphabet="[]{}=\"'.,#\n ab1-\\\u202e\0", max_size=12),
)
def test_a_file_with_any_damage_is_read_or_refused_and_never_crashes(at: int, length: int, new: str) -> None:
    try:
        loads(GOOD[:at] + new + GOOD[at + length :])
    except SettingsError as error:
        assert error.problems
        assert all(problem.message for problem in error.problems)
