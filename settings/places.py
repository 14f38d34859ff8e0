"""The kinds of value that name a place: an address to listen on, a URL, a subnet, a file or folder of the host.

Only the text is judged here; whether the file exists or the port is free is the doctor's question.
"""

import ipaddress
import re
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import SplitResult, urlsplit

from settings.kinds import Kind, Refused, in_toml

LONGEST_PATH = 1024

# a bind mount of one of these, or of what lies below the first group, hands over the host
_FORBIDDEN_TREES: Final = (
    "/etc",
    "/proc",
    "/sys",
    "/dev",
    "/run",
    "/var/run",
    "/var/lib/docker",
    "/boot",
    "/root",
)
_FORBIDDEN_EXACTLY: Final = ("/", "/var", "/var/lib", "/usr", "/bin", "/sbin", "/lib", "/lib64", "/tmp")
_PRIVATE: Final = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8"))
_HOST_NAME: Final = re.compile(
    r"\A(?=.{1,253}\Z)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)
_PORT: Final = re.compile(r"\A[0-9]{1,5}\Z")


def split_endpoint(text: str) -> tuple[str, int]:
    """Split "127.0.0.1:8000" or "[::1]:8000" into an address and a port; raise ValueError for anything else."""
    host, colon, port = text.rpartition(":")
    if host.startswith("[") and host.endswith("]"):
        address: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.IPv6Address(host[1:-1])
    else:
        address = ipaddress.IPv4Address(host)
    if not colon or not _PORT.match(port) or not 1 <= int(port) <= 65535:
        raise ValueError("no port from 1 to 65535")
    return str(address), int(port)


def is_loopback(host: str) -> bool:
    """Tell if an address, or the name localhost, is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Endpoint(Kind):
    """An address and a port to listen on."""

    may_be_empty: bool = False

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        empty = ', or "" for none' if self.may_be_empty else ""
        return f'an IP address and a port such as "0.0.0.0:8000"{empty}'

    def check(self, value: object) -> str:
        """Accept the text if it splits into an address and a port."""
        if value == "" and self.may_be_empty:
            return ""
        if not isinstance(value, str):
            raise self.refused(value)
        try:
            split_endpoint(value)
        except ValueError:
            raise self.refused(value) from None
        return value

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "maxLength": 64}


@dataclass(frozen=True)
class Url(Kind):
    """The address that people type: scheme, host and perhaps a port; kept without a trailing slash."""

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return 'an address such as "https://hub.example.org", without a path'

    def check(self, value: object) -> str:
        """Accept http and https with a host name or an address."""
        if not isinstance(value, str) or not value.isascii() or len(value) > 300:
            raise self.refused(value)
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise self.refused(value) from None
        if not self._is_plain(value, parts) or port == 0:
            raise self.refused(value)
        return value.removesuffix("/")

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "pattern": "^https?://[^/?#@]+/?$"}

    @staticmethod
    def _is_plain(value: str, parts: SplitResult) -> bool:
        rest = "".join((parts.path.removeprefix("/"), parts.query, parts.fragment))
        written = f"{parts.scheme}://{parts.netloc}{parts.path}"
        host = parts.hostname or ""
        is_host = _HOST_NAME.match(host) is not None or _is_address(host)
        return (
            parts.scheme in {"http", "https"}
            and not rest
            and "@" not in parts.netloc
            and not parts.netloc.endswith(":")
            # urlsplit drops tabs and newlines without a word
            and written == value
            and is_host
        )


@dataclass(frozen=True)
class Subnet(Kind):
    """A private IPv4 network in which every workspace gets an address of its own."""

    longest_prefix: int = 26
    shortest_prefix: int = 16

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        return f'a private IPv4 network such as "10.77.0.0/16", /{self.shortest_prefix} to /{self.longest_prefix}'

    def check(self, value: object) -> IPv4Network:
        """Accept a network without host bits, inside the private ranges and neither too large nor too small."""
        if not isinstance(value, str) or "/" not in value:
            raise self.refused(value)
        try:
            network = IPv4Network(value, strict=False)
        except ValueError:
            raise self.refused(value) from None
        if value != str(network):
            raise Refused(f"must be a network, not an address in one: write {in_toml(str(network))}")
        if not self.shortest_prefix <= network.prefixlen <= self.longest_prefix:
            raise Refused(self._wrong_size(network))
        if not any(network.subnet_of(private) for private in _PRIVATE):
            raise Refused(
                "must lie in a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16); "
                f"{in_toml(value)} is public or special"
            )
        return network

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "format": "ipv4-network"}

    def _wrong_size(self, network: IPv4Network) -> str:
        what = "small" if network.prefixlen > self.longest_prefix else "large"
        return (
            f"is too {what}: /{network.prefixlen} holds {network.num_addresses} addresses; "
            f"/{self.shortest_prefix} to /{self.longest_prefix} are allowed"
        )


@dataclass(frozen=True)
class HostPath(Kind):
    """An absolute path on the machine that runs Docker; as a mount it must not hand over the host itself."""

    is_mount: bool
    may_be_empty: bool = False

    @property
    def allowed(self) -> str:
        """Complete the sentence "the key must be …"."""
        what = "an absolute folder of the host" if self.is_mount else "an absolute path of a file on the host"
        example = "/srv/data" if self.is_mount else "/etc/ssl/hub.pem"
        empty = ', or "" for none' if self.may_be_empty else ""
        return f'{what} such as "{example}"{empty}'

    def check(self, value: object) -> str:
        """Accept a plain absolute path; no "..", no braces, no colon, for a mount no folder that is the system's."""
        if value == "" and self.may_be_empty:
            return ""
        if not isinstance(value, str) or len(value) > LONGEST_PATH:
            raise self.refused(value)
        self._check_characters(value)
        if not value.startswith("/"):
            raise self.refused(value)
        path = _normal(value)
        if self.is_mount and (forbidden := _forbidden(path)):
            raise Refused(f"must not be {in_toml(value)}: {forbidden} belongs to the system")
        return path

    def schema(self) -> dict[str, object]:
        """Give the JSON schema."""
        return {"type": "string", "pattern": "^(/.*)?$" if self.may_be_empty else "^/"}

    @staticmethod
    def _check_characters(value: str) -> None:
        if ".." in value.split("/"):
            raise Refused(f'must not contain "..", but is {in_toml(value)}')
        # braces are templates to DockerSpawner, a colon or comma ends the source in a mount's short form
        bad = [character for character in value if character in "{}:,\\\"'`$*?" or not character.isprintable()]
        if bad:
            raise Refused(f"must not contain {in_toml(bad[0])}, but is {in_toml(value)}")


def _normal(value: str) -> str:
    # PurePosixPath keeps two leading slashes, which POSIX leaves undefined
    return str(PurePosixPath("/" + value.lstrip("/")))


def _forbidden(path: str) -> str | None:
    for tree in _FORBIDDEN_TREES:
        if path == tree or path.startswith(tree + "/"):
            return tree
    return path if path in _FORBIDDEN_EXACTLY else None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
