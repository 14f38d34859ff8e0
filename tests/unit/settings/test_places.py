"""Addresses, URLs, networks and paths."""

from ipaddress import IPv4Network

import pytest

from settings.kinds import Kind, Refused
from settings.places import Endpoint, HostPath, Subnet, Url, is_loopback, split_endpoint

MOUNT = HostPath(is_mount=True)
FILE = HostPath(is_mount=False, may_be_empty=True)


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        (Endpoint(), "127.0.0.1:8000", "127.0.0.1:8000"),
        (Endpoint(), "[::1]:443", "[::1]:443"),
        (Endpoint(may_be_empty=True), "", ""),
        (Url(), "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        (Url(), "https://hub.example.org/", "https://hub.example.org"),
        (Url(), "http://[::1]:8000", "http://[::1]:8000"),
        (Subnet(), "10.77.0.0/16", IPv4Network("10.77.0.0/16")),
        (Subnet(), "172.31.255.192/26", IPv4Network("172.31.255.192/26")),
        (Subnet(), "127.99.0.0/24", IPv4Network("127.99.0.0/24")),
        (MOUNT, "/srv/data", "/srv/data"),
        (MOUNT, "/srv//data/./x/", "/srv/data/x"),
        (MOUNT, "/etcetera", "/etcetera"),
        (MOUNT, "/home/ada/Meine Daten", "/home/ada/Meine Daten"),
        (FILE, "/etc/ssl/hub.pem", "/etc/ssl/hub.pem"),
        (FILE, "", ""),
    ],
)
def test_a_plain_place_is_accepted_in_one_form(kind: Kind, value: str, kept: object) -> None:
    assert kind.check(value) == kept


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((Endpoint(), value) for value in ("", ":8000", "8000", "localhost:80", "1.2.3.4:0", "1.2.3.4:65536")),
        *((Endpoint(), value) for value in ("1.2.3.4:٣", "1.2.3.4:8 ", "::1:80", "[::1:80", "1.2.3:80", 8000, None)),
        *((Url(), value) for value in ("", "hub", "//hub", "http://", "http://hub/x", "http://hub?x", "http://hub#x")),
        *(
            (Url(), value)
            for value in ("http://a@hub", "http://hub:0", "http://hub:99999", "http://hub:", "http://h h")
        ),
        *((Url(), value) for value in ("http://h\nub", "http://hub\t", "javascript:x", "http://müller", "HTTP://hub")),
        *((Url(), value) for value in ("http://-hub", "http://[::1", "http://" + "a" * 400, 3)),
        *((Subnet(), value) for value in ("10.0.0.0", "10.0.0.0/33", "10.0.0.0/27", "10.0.0.0/15", "10.0.0.5/16")),
        *(
            (Subnet(), value)
            for value in ("8.8.0.0/16", "169.254.0.0/16", "100.64.0.0/16", "224.0.0.0/16", "0.0.0.0/16")
        ),
        *((Subnet(), value) for value in ("10.0.0.0/255.255.0.0", "fd00::/64", "x/16", 10, "172.32.0.0/16")),
        *(
            (MOUNT, value)
            for value in ("", "data", "./data", "~/data", "../bob", "/srv/../etc", "/", "//", "/.", "/etc")
        ),
        *((MOUNT, value) for value in ("/etc/", "/etc/ssl", "/proc", "/proc/1", "/sys", "/dev", "/dev/sda", "/run")),
        *((MOUNT, value) for value in ("/run/docker.sock", "/var/run", "/var/run/docker.sock", "/var//run/x", "/boot")),
        *((MOUNT, value) for value in ("/var/lib/docker", "/var/lib/docker/volumes/x", "/var/lib", "/var", "/root/x")),
        *(
            (MOUNT, value)
            for value in ("/usr", "/srv/{username}", "/srv/{x:>200000000}", "/a:/x:rw,z", "/a,b", "/a\nb")
        ),
        *((MOUNT, value) for value in ("/a\0b", "/a\u202eb", "/$HOME", "/`id`", "/srv/*", "/" + "a" * 2000, 3, ["/a"])),
        *((FILE, value) for value in ("hub.pem", "/etc/../x", "/a\nb", 3)),
    ],
)
def test_any_other_place_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(Refused) as caught:
        kind.check(value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_an_endpoint_splits_into_address_and_port() -> None:
    assert split_endpoint("0.0.0.0:443") == ("0.0.0.0", 443)
    assert split_endpoint("[::1]:8000") == ("::1", 8000)


@pytest.mark.parametrize(
    ("host", "answer"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False)]
    + [("::", False), ("10.0.0.1", False), ("hub.example.org", False), ("", False)],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
