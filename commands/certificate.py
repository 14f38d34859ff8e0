"""The site's own certificate and key: whether TLS can be served with them, and the copy that only the proxy reads."""

import os
import ssl
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from commands.errors import CertificateRefused
from settings.errors import shown

WARN_BEFORE = timedelta(days=14)
LARGEST_BYTES = 1024 * 1024
KEY_MODE = 0o400
CERTIFICATE_NAME = "cert.pem"
KEY_NAME = "key.pem"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key: where they lie here, and what hub.toml calls them."""

    certificate: Path
    key: Path
    shown_certificate: str
    shown_key: str


def check_pair(pair: Pair, *, now: datetime) -> str | None:
    """Raise CertificateRefused if the proxy could not serve TLS with the pair; give a warning if it ends soon."""
    _check_key_is_private(pair)
    for path, name in ((pair.certificate, pair.shown_certificate), (pair.key, pair.shown_key)):
        _check_file(path, name)
    try:
        # an empty password: without one OpenSSL asks the terminal about an encrypted key
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(pair.certificate, pair.key, password="")
    except (ssl.SSLError, ValueError) as error:
        raise CertificateRefused(_mismatch(pair, error)) from None
    return _check_dates(pair, now)


def copy_pair(pair: Pair, folder: Path, *, uid: int, gid: int) -> str:
    """Copy certificate and key for the proxy's user and give a hash that changes with either."""
    digest = sha256()
    for source, name in ((pair.certificate, CERTIFICATE_NAME), (pair.key, KEY_NAME)):
        content = source.read_bytes()
        digest.update(sha256(content).digest())
        _write_for(folder / name, content, uid, gid)
    return digest.hexdigest()[:16]


def _check_key_is_private(pair: Pair) -> None:
    try:
        mode = stat.S_IMODE(pair.key.stat().st_mode)
    except OSError:
        return  # _check_file says it
    if mode & 0o007:
        raise CertificateRefused(
            f"The key {pair.shown_key} may be read by everybody (mode {mode:04o}). "
            f"Run `chmod 600 {pair.shown_key}`, then `./hub up` again."
        )


def _check_file(path: Path, name: str) -> None:
    try:
        size_bytes = path.stat().st_size
        with path.open("rb") as file:
            beginning = file.read(LARGEST_BYTES)
    except OSError as error:
        raise CertificateRefused(f"{name} cannot be read ({error.strerror}). Correct its path in hub.toml.") from None
    if size_bytes > LARGEST_BYTES or b"-----BEGIN " not in beginning:
        raise CertificateRefused(f"{name} is not a PEM file. Convert it with openssl, or correct its path in hub.toml.")


def _mismatch(pair: Pair, error: Exception) -> str:
    reason = getattr(error, "reason", None) or str(error)
    if reason == "KEY_VALUES_MISMATCH":
        return (
            f"The key {pair.shown_key} does not belong to the certificate {pair.shown_certificate}. "
            "Name the two that were made together in hub.toml."
        )
    return (
        f"The certificate {pair.shown_certificate} and the key {pair.shown_key} cannot be used "
        f"({shown(reason, limit=80)}). A PEM certificate chain and its PEM key without a password are needed."
    )


def _check_dates(pair: Pair, now: datetime) -> str | None:
    from cryptography import x509

    first = x509.load_pem_x509_certificates(pair.certificate.read_bytes())[0]
    begins, ends = first.not_valid_before_utc, first.not_valid_after_utc
    if now >= ends:
        raise CertificateRefused(
            f"The certificate {pair.shown_certificate} expired on {ends:%Y-%m-%d}. Renew it, then run `./hub up` again."
        )
    if now < begins:
        raise CertificateRefused(
            f"The certificate {pair.shown_certificate} is valid only from {begins:%Y-%m-%d %H:%M} UTC. "
            "Check this machine's clock, or wait until then."
        )
    if ends - now < WARN_BEFORE:
        return (
            f"The certificate {pair.shown_certificate} expires on {ends.astimezone(UTC):%Y-%m-%d}. "
            "Renew it, then run `./hub up` again."
        )
    return None


def _write_for(path: Path, content: bytes, uid: int, gid: int) -> None:
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(0o600, exist_ok=False)
    new.write_bytes(content)
    new.chmod(KEY_MODE)
    os.chown(new, uid, gid)
    new.rename(path)
