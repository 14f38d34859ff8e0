from datetime import timedelta
from pathlib import Path

import pytest

from commands.certificate import check_pair, copy_pair
from commands.errors import CertificateRefused
from tests.unit.commands.certificates import NOW, key_pem, make_key, write_pair


def test_a_good_pair_is_accepted_without_a_word(tmp_path: Path) -> None:
    assert check_pair(write_pair(tmp_path), now=NOW) is None


def test_a_certificate_that_ends_within_14_days_is_warned_of(tmp_path: Path) -> None:
    warning = check_pair(write_pair(tmp_path, ends=NOW + timedelta(days=13)), now=NOW)
    assert warning is not None and "/srv/tls/hub.pem" in warning and "2030-06-14" in warning


def test_an_expired_certificate_is_refused_with_its_date(tmp_path: Path) -> None:
    with pytest.raises(CertificateRefused, match="expired on 2030-05-31"):
        check_pair(write_pair(tmp_path, ends=NOW - timedelta(days=1)), now=NOW)


def test_a_certificate_of_the_future_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CertificateRefused, match="valid only from"):
        check_pair(write_pair(tmp_path, begins=NOW + timedelta(hours=1)), now=NOW)


def test_a_key_of_another_certificate_is_refused_and_both_are_named(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.key.write_bytes(key_pem(make_key()))
    with pytest.raises(CertificateRefused, match="does not belong to") as refused:
        check_pair(pair, now=NOW)
    assert "/srv/tls/hub.pem" in str(refused.value) and "/srv/tls/hub.key" in str(refused.value)


def test_a_key_that_everybody_may_read_is_refused_with_the_chmod(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.key.chmod(0o644)
    with pytest.raises(CertificateRefused, match="chmod 600 /srv/tls/hub.key"):
        check_pair(pair, now=NOW)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.key.write_bytes(key_pem(make_key(), b"secret"))
    with pytest.raises(CertificateRefused, match="without a password"):
        check_pair(pair, now=NOW)


@pytest.mark.parametrize("name", ["cert.pem", "key.pem"])
@pytest.mark.parametrize("content", [b"", b"\x30\x82\x01", b"x" * 2_000_000], ids=["empty", "DER", "far too large"])
def test_a_file_that_is_no_pem_is_refused_by_its_own_name(tmp_path: Path, name: str, content: bytes) -> None:
    pair = write_pair(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CertificateRefused, match="/srv/tls/hub" + (".pem" if name == "cert.pem" else ".key")):
        check_pair(pair, now=NOW)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.certificate.unlink()
    with pytest.raises(CertificateRefused, match="cannot be read"):
        check_pair(pair, now=NOW)


def test_garbage_inside_pem_lines_is_refused_with_a_sentence(tmp_path: Path) -> None:
    pair = write_pair(tmp_path)
    pair.certificate.write_bytes(b"-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    with pytest.raises(CertificateRefused, match="cannot be used"):
        check_pair(pair, now=NOW)


def test_the_copy_is_for_its_owner_only_and_its_hash_changes_with_the_certificate(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    owner = folder.stat()
    first = copy_pair(write_pair(tmp_path), folder, uid=owner.st_uid, gid=owner.st_gid)
    assert (folder / "key.pem").read_bytes() == (tmp_path / "key.pem").read_bytes()
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "cert.pem": 0o400,
        "key.pem": 0o400,
    }
    assert copy_pair(write_pair(tmp_path), folder, uid=owner.st_uid, gid=owner.st_gid) != first
