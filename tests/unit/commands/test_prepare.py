import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.__main__ import main
from commands.place import Place
from commands.prepare import HUB_UID, PROXY_UID, RUN_GID
from tests.unit.commands.certificates import write_pair
from tests.unit.commands.places import environment_of, make_place

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="gives files to other users, which only root may")
pytestmark = as_root


def prepare(place: Place, *words: str) -> int:
    return main(["prepare", *words], environment_of(place))


def owner_and_mode(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_uid, found.st_gid, found.st_mode & 0o7777


def everything_under(folder: Path) -> dict[str, tuple[tuple[int, int, int], bytes]]:
    return {
        str(path): (owner_and_mode(path), path.read_bytes() if path.is_file() else b"")
        for path in sorted(folder.rglob("*"))
    }


def test_folders_and_secrets_belong_to_those_who_need_them(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    assert prepare(place) == 0
    assert owner_and_mode(place.data) == (HUB_UID, HUB_UID, 0o700)
    assert owner_and_mode(place.cookie_secret) == (HUB_UID, HUB_UID, 0o600)
    assert owner_and_mode(place.run) == (0, 0, 0o755)
    assert owner_and_mode(place.proxy_socket.parent) == (PROXY_UID, RUN_GID, 0o2750)
    assert owner_and_mode(place.proxy_token) == (PROXY_UID, RUN_GID, 0o640)
    assert owner_and_mode(place.guard_status.parent) == (0, 0, 0o755)


def test_preparing_twice_changes_nothing(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    prepare(place)
    (place.data / "jupyterhub.sqlite").write_text("people")
    before = everything_under(tmp_path)
    assert prepare(place) == 0
    assert everything_under(tmp_path) == before


def test_an_owner_that_got_lost_is_given_back(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    prepare(place)
    for path in (place.data, place.cookie_secret, place.proxy_token, place.proxy_socket.parent):
        os.chown(path, 0, 0)
    prepare(place)
    assert owner_and_mode(place.cookie_secret)[:2] == (HUB_UID, HUB_UID)
    assert owner_and_mode(place.proxy_token) == (PROXY_UID, RUN_GID, 0o640)
    assert owner_and_mode(place.proxy_socket.parent) == (PROXY_UID, RUN_GID, 0o2750)


def test_what_lies_in_the_data_is_not_touched(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    prepare(place)
    database = place.data / "jupyterhub.sqlite"
    database.write_text("people")
    os.chown(database, 4242, 4242)
    prepare(place)
    assert owner_and_mode(database)[:2] == (4242, 4242)


@pytest.mark.parametrize("name", ["cookie_secret", "proxy_token"])
def test_a_secret_readable_by_everybody_ends_with_78_and_its_path_on_the_host(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    on_host = {"HUB_DATA_ON_HOST": "/volumes/lab-data/_data", "HUB_RUN_ON_HOST": "/volumes/lab-run/_data"}
    place = make_place(tmp_path, environment=on_host)
    prepare(place)
    getattr(place, name).chmod(0o644)
    before = everything_under(tmp_path)
    assert prepare(place) == 78
    said = capsys.readouterr().err
    assert "chmod 6" in said and "/volumes/lab-" in said
    assert everything_under(tmp_path) == before


def test_a_file_in_the_place_of_a_folder_ends_with_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path)
    place.run.mkdir()
    place.guard_status.parent.write_text("in the way")
    assert prepare(place) == 78
    assert "is not a folder" in capsys.readouterr().err


def tls_place(folder: Path, *, ends: datetime) -> tuple[Place, list[str]]:
    """A place with a certificate that the launcher has mounted, and prepare's arguments for it."""
    for name in ("source", "tls"):
        (folder / name).mkdir()
    write_pair(folder / "source", begins=datetime.now(UTC) - timedelta(days=30), ends=ends)
    paths = {"TLS_CERTIFICATE_FILE": "/srv/tls/hub.pem", "TLS_KEY_FILE": "/srv/tls/hub.key"}
    place = make_place(folder, environment=paths)
    return place, ["--tls-source", str(folder / "source"), "--tls", str(folder / "tls")]


def test_the_certificate_is_copied_for_the_proxy_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, words = tls_place(tmp_path, ends=datetime.now(UTC) + timedelta(days=60))
    assert prepare(place, *words) == 0
    assert owner_and_mode(tmp_path / "tls") == (PROXY_UID, RUN_GID, 0o500)
    assert owner_and_mode(tmp_path / "tls" / "key.pem") == (PROXY_UID, RUN_GID, 0o400)
    first = capsys.readouterr()
    assert first.out.startswith("TLS_HASH=") and len(first.out.strip()) == len("TLS_HASH=") + 16
    assert first.err == ""
    prepare(place, *words)
    assert capsys.readouterr().out == first.out


def test_a_certificate_that_ends_soon_is_warned_of_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place, words = tls_place(tmp_path, ends=datetime.now(UTC) + timedelta(days=5))
    assert prepare(place, *words) == 0
    assert "warning: The certificate /srv/tls/hub.pem expires" in capsys.readouterr().err


def test_a_refused_certificate_leaves_everything_as_it_was(tmp_path: Path) -> None:
    place, words = tls_place(tmp_path, ends=datetime.now(UTC) - timedelta(days=1))
    before = everything_under(tmp_path)
    assert prepare(place, *words) == 78
    assert everything_under(tmp_path) == before


def test_without_tls_the_hash_is_empty(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(make_place(tmp_path)) == 0
    assert capsys.readouterr().out == "TLS_HASH=''\n"
