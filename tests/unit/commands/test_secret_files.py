from pathlib import Path

import pytest

from commands.errors import SecretRefused
from commands.secret_files import SecretFile, ensure_secret, weakness

GOOD = "0123456789abcdef" * 4


def make_secret(folder: Path, content: str | None = None, mode: int = 0o600) -> SecretFile:
    owner = folder.stat()
    file = folder / "secret"
    if content is not None:
        file.write_text(content)
        file.chmod(mode)
    return SecretFile(file, Path("/on/host/secret"), owner.st_uid, owner.st_gid, 0o600)


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    secret = make_secret(tmp_path)
    ensure_secret(secret)
    made = secret.path.read_text()
    assert weakness(made.encode()) is None
    assert secret.path.stat().st_mode & 0o777 == 0o600
    ensure_secret(secret)
    assert secret.path.read_text() == made
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_two_secrets_differ(tmp_path: Path) -> None:
    contents = set()
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        secret = make_secret(tmp_path / name)
        ensure_secret(secret)
        contents.add(secret.path.read_text())
    assert len(contents) == 2


def test_a_half_made_secret_of_a_crash_is_not_used(tmp_path: Path) -> None:
    (tmp_path / ".secret.new").write_text("changeme")
    secret = make_secret(tmp_path)
    ensure_secret(secret)
    assert weakness(secret.path.read_bytes()) is None


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o666, 0o700], ids=oct)
def test_a_secret_that_others_may_use_is_refused_with_the_chmod(tmp_path: Path, mode: int) -> None:
    secret = make_secret(tmp_path, GOOD, mode)
    with pytest.raises(SecretRefused, match="chmod 600 /on/host/secret"):
        ensure_secret(secret)
    assert secret.path.stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", "is empty", id="nothing"),
        pytest.param(" \n", "is empty", id="white space"),
        pytest.param("changeme", "too short", id="a placeholder"),
        pytest.param("a1" * 31, "too short", id="31 bytes"),
        pytest.param("0" * 64, "placeholder", id="zeros"),
        pytest.param("deadbeef" * 8, "placeholder", id="a word repeated"),
        pytest.param("z" * 64, "not in hex", id="no hex digits"),
        pytest.param(GOOD + "00", "too long", id="33 bytes"),
        pytest.param("ümläut" * 11, "not in hex", id="not ASCII"),
    ],
)
def test_a_worthless_secret_is_refused_and_left_as_it_is(tmp_path: Path, content: str, words: str) -> None:
    secret = make_secret(tmp_path, content)
    with pytest.raises(SecretRefused, match=words) as refused:
        ensure_secret(secret)
    assert "/on/host/secret" in str(refused.value) and "./hub up" in str(refused.value)
    assert secret.path.read_text() == content


def test_a_link_in_the_place_of_a_secret_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(GOOD)
    secret = make_secret(tmp_path)
    for target in (elsewhere, tmp_path / "nowhere"):
        secret.path.unlink(missing_ok=True)
        secret.path.symlink_to(target)
        with pytest.raises(SecretRefused, match="not a plain file"):
            ensure_secret(secret)
