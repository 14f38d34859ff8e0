"""Names in Docker: valid for any text, and no two people's meet."""

import random
import re
from collections.abc import Iterator
from ipaddress import IPv4Network
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import names

INSTANCE = "workspace-hub"
ADA = UUID("1fd66598-af9b-4bed-b2c3-d65e3981ffc9")
BOB = UUID("0a7d3c11-0000-4000-8000-000000000001")
# https://github.com/moby/moby/blob/v20.10.24/daemon/names/names.go, lower case only
DOCKER_NAME = re.compile(r"\A[a-z0-9][a-z0-9_.-]+\Z")
DNS_LABEL = re.compile(r"\A[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
PAIRS = 100_000

U21_NAMES = ["a.b", "a-b", "a_b", "a@b", "A.B", "müller", "李雷", "anna.maria.von-und-zu@" + "x" * 42]


def all_names(user_name: str, person_id: UUID, server: str = "") -> list[str]:
    return [
        names.container_name(INSTANCE, user_name, person_id, server),
        names.new_home_volume(INSTANCE, user_name, person_id),
        names.new_home_folder(INSTANCE, user_name, person_id),
    ]


def test_names_read_well() -> None:
    assert names.container_name(INSTANCE, "ada", ADA, "") == "workspace-hub-ada-1fd66598af9b"
    assert names.container_name(INSTANCE, "ada", ADA, "gpu") == "workspace-hub-ada-1fd66598af9b_gpu"
    assert names.new_home_volume(INSTANCE, "ada", ADA) == "workspace-hub-home-ada-1fd66598af9b"
    assert names.new_home_folder(INSTANCE, "ada", ADA) == "workspace-hub-ada-1fd66598af9b"
    assert names.shared_volume(INSTANCE, "vision") == "workspace-hub-shared_vision"
    assert names.host_name("ada.lovelace") == "ada-lovelace"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ada", "ada"),
        ("a.b", "a-b"),
        ("a_b", "a-b"),
        ("A.B", "a-b"),
        ("müller", "muller"),
        ("李雷", "x"),
        ("", "x"),
        ("..", "x"),
        ("-a--b-", "a-b"),
        ("ﬁx", "fix"),
        ("x" * 64, "x" * 20),
        ("aaaaaaaaaaaaaaaaaaa-b", "a" * 19),
        ("a\r\nb\0", "a-b"),
        ("\ud800", "x"),
    ],
    ids=ascii,
)
def test_a_slug_is_for_the_eye(text: str, expected: str) -> None:
    assert names.slug(text) == expected


@given(st.text(alphabet=st.characters(), max_size=100), st.text(alphabet=st.characters(), max_size=100))
def test_u21_any_text_gives_valid_names(user_name: str, server: str) -> None:
    for name in [*all_names(user_name, ADA, server), names.shared_volume(INSTANCE, user_name)]:
        assert DOCKER_NAME.match(name)
        assert len(name) <= 100
    assert DNS_LABEL.match(names.host_name(user_name))


@pytest.mark.parametrize("user_name", U21_NAMES, ids=ascii)
def test_u21_the_names_of_a_provider_give_valid_names(user_name: str) -> None:
    for name in all_names(user_name, ADA, user_name):
        assert DOCKER_NAME.match(name)
    assert DNS_LABEL.match(names.host_name(user_name))


def test_u21_names_with_one_slug_share_nothing() -> None:
    rng = random.Random(21)
    made = [name for user_name in U21_NAMES for name in set(all_names(user_name, UUID(int=rng.getrandbits(128))))]
    assert len({names.slug(name) for name in U21_NAMES[:5]}) == 1
    assert len(set(made)) == len(made)


def name_pairs(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Pairs of different names that are as alike as can be: most share their slug."""
    letters, separators = "ab0", ".-_@ /"
    for _ in range(PAIRS):
        one = "".join(rng.choice(letters + separators + "AÄ李") for _ in range(rng.randint(1, 8)))
        other = one
        while other == one:
            place = rng.randrange(len(one))
            other = one[:place] + rng.choice(separators + "aA") + one[place + rng.randint(0, 1) :]
        yield one, other


def test_s26_a_hundred_thousand_pairs_of_people_share_no_container_and_no_home() -> None:
    rng = random.Random(26)
    shared = alike = 0
    for one, other in name_pairs(rng):
        people = (UUID(int=rng.getrandbits(128)), UUID(int=rng.getrandbits(128)))
        shared += bool(set(all_names(one, people[0])) & set(all_names(other, people[1])))
        shared += bool(set(all_names(one, people[0], other)) & set(all_names(other, people[1], one)))
        alike += names.slug(one) == names.slug(other)
    assert shared == 0
    assert alike > PAIRS / 4, "most pairs must be ones that a slug alone would confuse"


def test_s26_a_hundred_thousand_pairs_of_servers_and_folders_share_no_container_and_no_volume() -> None:
    shared = 0
    for one, other in name_pairs(random.Random(27)):
        containers = {names.container_name(INSTANCE, "ada", ADA, server) for server in (one, other, "")}
        volumes = {names.shared_volume(INSTANCE, folder) for folder in (one, other)}
        shared += (len(containers) < 3) + (len(volumes) < 2)
    assert shared == 0


def test_nobody_can_choose_a_name_and_a_server_that_meet_anothers_container() -> None:
    # user "ada-<ada's short id>-x" with the short id of their own, against ada's server "x-<that short id>"
    thief = f"ada-{names.short(ADA)}-x"
    assert names.slug(thief) == thief
    mine = names.container_name(INSTANCE, thief, BOB, "")
    adas = names.container_name(INSTANCE, "ada", ADA, f"x-{names.short(BOB)}")
    assert mine != adas


def test_a_server_named_like_the_marked_form_of_another_keeps_its_own_container() -> None:
    marked = names.container_name(INSTANCE, "ada", ADA, "A.b")
    forged = marked.partition(f"{names.short(ADA)}_")[2]
    assert names.container_name(INSTANCE, "ada", ADA, forged) != marked


def test_no_workspace_has_the_name_of_a_part_of_the_hub() -> None:
    parts = {names.hub_name(INSTANCE), names.proxy_name(INSTANCE), names.netguard_name(INSTANCE)}
    for user_name in ("hub", "proxy", "netguard"):
        for server in ("", "hub", "proxy"):
            assert names.container_name(INSTANCE, user_name, ADA, server) not in parts


def test_no_home_or_shared_folder_has_the_name_of_a_volume_of_the_hub() -> None:
    own = {names.data_volume(INSTANCE), names.run_volume(INSTANCE), names.tls_volume(INSTANCE)}
    made = {names.new_home_volume(INSTANCE, name, ADA) for name in ("data", "run", "tls")}
    made |= {names.shared_volume(INSTANCE, name) for name in ("data", "run", "tls", "home-ada-1fd66598af9b")}
    assert not made & own
    assert names.new_home_volume(INSTANCE, "ada", ADA) not in made


def test_the_parts_of_an_instance_carry_its_name() -> None:
    assert [
        names.hub_name("lab"),
        names.proxy_name("lab"),
        names.netguard_name("lab"),
        names.network_name("lab"),
        names.front_network_name("lab"),
        names.data_volume("lab"),
        names.run_volume("lab"),
        names.tls_volume("lab"),
    ] == [
        "lab-hub",
        "lab-proxy",
        "lab-netguard",
        "lab-workspaces",
        "lab-0front",
        "lab-data",
        "lab-run",
        "lab-tls",
    ]


def test_the_front_network_sorts_before_the_workspaces_network() -> None:
    assert names.front_network_name("lab") < names.network_name("lab")


def test_a_bridge_device_fits_the_kernel_and_is_the_instances_own() -> None:
    assert names.bridge_device("workspace-hub") == "wshd4355d745b"
    assert len(names.bridge_device("x" * 20)) <= 15
    assert names.bridge_device("lab") != names.bridge_device("lab2")


@pytest.mark.parametrize("user_name", ["1234", "0x10", "7.7.7.7"])
def test_a_host_name_is_never_read_as_an_address(user_name: str) -> None:
    assert names.host_name(user_name).startswith("ws-")


def test_a_long_user_name_gives_a_host_name_that_dns_allows() -> None:
    assert len(names.host_name("x" * 500)) <= 63


def test_labels_live_under_one_prefix() -> None:
    labels = [value for key, value in vars(names).items() if key.startswith("LABEL_") and key != "LABEL_PREFIX"]
    assert len(labels) == len(set(labels)) == 7
    assert all(label.startswith("workspace-hub.") for label in labels)


@pytest.mark.parametrize("subnet", ["10.77.0.0/16", "192.168.5.64/26"])
def test_the_low_addresses_of_the_subnet_are_for_the_hubs_parts(subnet: str) -> None:
    network = IPv4Network(subnet)
    low = [
        names.gateway_address(network),
        names.hub_address(network),
        names.proxy_address(network),
        *names.probe_addresses(network),
    ]
    assert low == [network.network_address + offset for offset in range(1, 16)]
    assert names.first_workspace_offset(network) == 16
