"""Certificates for tests: self-signed, of any age."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from commands.certificate import Pair

NOW = datetime(2030, 6, 1, 12, 0, tzinfo=UTC)


def make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def certificate_pem(key: ec.EllipticCurvePrivateKey, *, begins: datetime, ends: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub.example.org")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), begins, ends)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def write_pair(
    folder: Path, *, begins: datetime = NOW - timedelta(days=30), ends: datetime = NOW + timedelta(days=60)
) -> Pair:
    """Write a certificate that is good at NOW, or between the given moments, and its key."""
    key = make_key()
    pair = Pair(folder / "cert.pem", folder / "key.pem", "/srv/tls/hub.pem", "/srv/tls/hub.key")
    pair.certificate.write_bytes(certificate_pem(key, begins=begins, ends=ends))
    pair.key.write_bytes(key_pem(key))
    pair.key.chmod(0o600)
    return pair
