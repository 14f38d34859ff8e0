"""S8 and S9 on a real engine: who reaches whom over the workspaces network, with and without netguard.

Everything happens in a laboratory of its own (`netlab`). "silent" means that no packet came back at all; "refused"
would already mean that one got through.
"""

import json
import random
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from ipaddress import IPv4Address, IPv4Network
from itertools import permutations
from pathlib import Path

import pytest

from guard.netfilter import Netfilter
from guard.rules import Rules, desired_rules
from guard.runner import Completed, run_command
from tests.docker import netlab, netprograms
from tests.docker.netlab import HOST_ADDRESS, OUTSIDE_ADDRESS, REPOSITORY, Lab, Target, wait_until

pytestmark = pytest.mark.engine

PEOPLE = ("alice", "bob", "carol")
CLOSED_SAMPLE = 12
SEED = 8081
REPAIR_SECONDS = 5.0  # on a machine that does other work too; the median is printed


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    reason = netlab.missing()
    if reason:
        pytest.skip(reason)
    with netlab.open_lab() as opened:
        yield opened


@pytest.fixture(autouse=True)
def no_rules_before(lab: Lab) -> None:
    lab.remove_rules()
    assert lab.our_rules() == []


def address(lab: Lab, name: str) -> str:
    places = {"hub": lab.plan.hub, "proxy": lab.plan.proxy}
    return places.get(name) or lab.plan.person(PEOPLE.index(name))


def ports_of(lab: Lab, name: str) -> list[Target]:
    """Give what somebody listens on, and a seeded sample of what nobody does."""
    listening = lab.listening(name)
    assert {("tcp", 8888), ("udp", 5353)} <= listening or name not in PEOPLE
    chosen = random.Random(f"{SEED} {name}").sample(range(1, 65536), CLOSED_SAMPLE)
    sample = {(kind, port) for kind in ("tcp", "udp") for port in chosen}
    return [(kind, address(lab, name), port) for kind, port in sorted(listening | sample)]


def host_targets(lab: Lab) -> list[Target]:
    places = (lab.plan.gateway, HOST_ADDRESS, "10.254.0.1")
    return [(kind, place, 7070) for place in places for kind in ("tcp", "udp")]


def forbidden(lab: Lab) -> list[Target]:
    """Give some of everything that a workspace must not reach; somebody listens on each."""
    plan = lab.plan
    people = [(kind, plan.person(1), port) for kind, port in (("tcp", 8888), ("tcp", 22), ("udp", 5353))]
    hub = [("tcp", plan.hub, 8001), ("tcp", plan.hub, 9999), ("udp", plan.hub, 5353)]
    proxy = [("tcp", plan.proxy, 8000), ("tcp", plan.proxy, 8001), ("udp", plan.proxy, 5353)]
    return [*people, *hub, *proxy, *host_targets(lab)]


@pytest.fixture
def host_listener(lab: Lab) -> Iterator[None]:
    """Listen on every address of the host."""
    with lab.listener(lab.namespace, netprograms.LISTEN, json.dumps({"tcp": [7070], "udp": [7070]})):
        yield


def the_allowed_ways_work(lab: Lab) -> None:
    api = ("tcp", lab.plan.hub, 8081)
    for name in PEOPLE:
        assert lab.probe(name, [api]) == {api: "open"}
    for service in ("hub", "proxy"):
        targets = [("tcp", address(lab, name), 8888) for name in PEOPLE]
        assert set(lab.probe(service, targets).values()) == {"open"}
    assert lab.probe("proxy", [api]) == {api: "open"}


# fail closed


def test_without_netguard_hub_proxy_and_workspaces_cannot_talk(lab: Lab) -> None:
    names = ("hub", "proxy", *PEOPLE)
    for source in names:
        targets = [
            (kind, address(lab, name), port) for name in names if name != source for kind, port in WELL_KNOWN[name]
        ]
        assert set(lab.probe(source, targets).values()) == {"silent"}


WELL_KNOWN = {
    "hub": [("tcp", 8081), ("tcp", 9999), ("udp", 5353)],
    "proxy": [("tcp", 8000), ("udp", 5353)],
    **{name: [("tcp", 8888), ("tcp", 22), ("udp", 5353)] for name in PEOPLE},
}


def test_what_is_probed_does_listen(lab: Lab) -> None:
    for name, ports in WELL_KNOWN.items():
        targets = [(kind, address(lab, name), port) for kind, port in ports]
        assert set(lab.probe(name, targets).values()) == {"open"}


# S8


def test_s8_no_workspace_reaches_any_port_of_another(lab: Lab) -> None:
    with lab.netguard():
        for source, other in permutations(PEOPLE, 2):
            targets = ports_of(lab, other)
            assert len(targets) >= 2 * CLOSED_SAMPLE + 5
            assert set(lab.probe(source, targets).values()) == {"silent"}


def test_s8_the_capabilities_of_a_workspace_open_no_raw_socket(lab: Lab) -> None:
    given = lab.inside("alice", netprograms.RAW_SOCKETS)
    assert given == {"ip": "refused", "icmp": "refused", "packet": "refused"}


def test_s8_with_port_isolation_not_even_arp_is_answered(lab: Lab) -> None:
    with raw_container(lab, "mallory", 7), lab.netguard(isolation=True):
        wait_until(lambda: isolated_ports(lab) == 4, "the ports of four workspaces are isolated")
        ask = ("mallory", netprograms.ASK_ARP, lab.plan.person(7))
        assert lab.inside(*ask, lab.plan.person(1)) == []
        assert len(lab.inside(*ask, lab.plan.hub)) == 1
        lab.docker("exec", "mallory", "ip", "address", "add", f"{lab.plan.hub}/20", "dev", "eth0")
        assert lab.inside("mallory", netprograms.CONNECT_AS, lab.plan.hub, lab.plan.person(1), "8888") == "closed"
        lab.docker("exec", "mallory", "ip", "address", "del", f"{lab.plan.hub}/20", "dev", "eth0")
        # hub and proxy believed mallory's ARP, which is why no workspace gets NET_RAW or NET_ADMIN
        lab.forget_neighbours()
        known = neighbours_of_a_newcomer(lab, [lab.plan.person(1), lab.plan.person(2), lab.plan.hub])
        assert known == {lab.plan.person(1): False, lab.plan.person(2): False, lab.plan.hub: True}
        the_allowed_ways_work(lab)
    with lab.netguard():
        wait_until(lambda: isolated_ports(lab) == 0, "isolation is taken back without the option")


def test_s8_a_workspace_that_starts_later_is_isolated_within_seconds(lab: Lab) -> None:
    with lab.netguard(isolation=True):
        wait_until(lambda: isolated_ports(lab) == 3, "the ports of three workspaces are isolated")
        with raw_container(lab, "dora", 8):
            assert wait_until(lambda: isolated_ports(lab) == 4, "the fourth is isolated") < REPAIR_SECONDS


def neighbours_of_a_newcomer(lab: Lab, places: list[str]) -> dict[str, bool]:
    """Start an ordinary workspace, let it try to connect, and give whose hardware address its kernel learnt."""
    lab.start_container("newcomer", lab.plan.person(6), tcp=(8888,))
    try:
        wait_until(lambda: isolated_ports(lab) == 5, "the newcomer's port is isolated")
        lab.probe("newcomer", [("tcp", place, 8888) for place in places])
        known: dict[str, bool] = lab.inside("newcomer", netprograms.ARP_TABLE)
        return {place: known[place] for place in places}
    finally:
        lab.docker("rm", "--force", "newcomer")


class raw_container:  # noqa: N801
    """Somebody who may open raw sockets and change addresses, which no workspace may, for a while."""

    def __init__(self, lab: Lab, name: str, number: int) -> None:
        self.lab, self.name, self.number = lab, name, number

    def __enter__(self) -> None:
        place = self.lab.plan.person(self.number)
        self.lab.start_container(self.name, place, tcp=(8888,), capabilities=("NET_RAW", "NET_ADMIN"))

    def __exit__(self, *_: object) -> None:
        self.lab.docker("rm", "--force", self.name)


def isolated_ports(lab: Lab) -> int:
    links = json.loads(lab.on_host("ip", "-json", "-details", "link", "show", "master", lab.plan.bridge))
    return sum(bool(link["linkinfo"]["info_slave_data"]["isolated"]) for link in links)


def test_s8_ipv6_between_workspaces_is_dropped_even_where_a_container_has_it(lab: Lab) -> None:
    names = {"six": 9, "seven": 10}
    try:
        for name, number in names.items():
            option = (
                "--sysctl",
                "net.ipv6.conf.all.disable_ipv6=0",
                "--sysctl",
                "net.ipv6.conf.default.disable_ipv6=0",
            )
            place = lab.plan.person(number)
            lab.start_container(name, place, tcp=(8888,), capabilities=("NET_RAW", "NET_ADMIN"), options=option)
            lab.docker("exec", name, "ip", "address", "add", f"fd00:77::{number}/64", "dev", "eth0", "nodad")
        target = ("tcp", "fd00:77::10", 8888)
        assert lab.probe("six", [target])[target] in {"open", "refused"}  # Docker's ICC switch is for IPv4 only
        with lab.netguard():
            assert lab.probe("six", [target])[target] in {"silent", "unreachable"}
    finally:
        lab.docker("rm", "--force", *names)


# S9


def test_s9_a_workspace_reaches_only_the_hubs_api(lab: Lab, host_listener: None) -> None:
    with lab.netguard():
        reached = reachable_from(lab, "alice", [*ports_of(lab, "hub"), *ports_of(lab, "proxy"), *forbidden(lab)])
        assert reached == {("tcp", lab.plan.hub, 8081)}
        the_allowed_ways_work(lab)


def reachable_from(lab: Lab, name: str, targets: list[Target]) -> set[Target]:
    answers = lab.probe(name, list(dict.fromkeys(targets)))
    return {target for target, answer in answers.items() if answer != "silent"}


def test_s9_a_database_in_another_network_is_out_of_reach_also_by_its_published_port(lab: Lab) -> None:
    lab.docker(
        *("run", "--detach", "--init", "--name", "database", "--publish", "5432:5432", netlab.IMAGE),
        *("python3", "-c", netprograms.LISTEN, json.dumps({"tcp": [5432], "udp": []})),
    )
    try:
        inner = ("tcp", lab.address_in("database", "bridge"), 5432)
        published: list[Target] = [("tcp", place, 5432) for place in (lab.plan.gateway, HOST_ADDRESS, "10.254.0.1")]
        wait_until(
            lambda: lab.probe_from_outside([("tcp", HOST_ADDRESS, 5432)])["tcp", HOST_ADDRESS, 5432] == "open",
            "the database's published port answers a neighbour of the host",
        )
        assert reachable_from(lab, "alice", published) == set(published)
        with lab.netguard():
            assert reachable_from(lab, "alice", [inner, *published]) == set()
            assert lab.probe_from_outside([("tcp", HOST_ADDRESS, 5432)])["tcp", HOST_ADDRESS, 5432] == "open"
    finally:
        lab.docker("rm", "--force", "database")


def test_s9_the_second_leg_of_hub_and_proxy_is_out_of_reach(lab: Lab) -> None:
    front = f"{lab.plan.instance}-0front"
    targets: list[Target] = [
        ("tcp", lab.address_in(name, front), port) for name, port in (("hub", 8081), ("hub", 9999), ("proxy", 8000))
    ]
    assert set(lab.probe("hub", targets).values()) == {"open"}
    with lab.netguard():
        assert reachable_from(lab, "alice", targets) == set()


def _flush_docker_user(lab: Lab) -> None:
    lab.on_host("iptables-nft", "-F", "DOCKER-USER")


def _delete_input_jump(lab: Lab) -> None:
    lab.on_host("iptables-nft", "-D", "INPUT", "-j", f"WSH-{lab.plan.instance}-I")


def _flush_raw(lab: Lab) -> None:
    lab.on_host("iptables-nft", "-t", "raw", "-F")


def _empty_our_chain(lab: Lab) -> None:
    lab.on_host("iptables-nft", "-F", f"WSH-{lab.plan.instance}-F")


def _accept_everything_first(lab: Lab) -> None:
    lab.on_host("iptables-nft", "-I", "DOCKER-USER", "1", "-j", "ACCEPT")


FLUSHES = [_flush_docker_user, _delete_input_jump, _flush_raw, _empty_our_chain, _accept_everything_first]


@pytest.mark.parametrize("flush", FLUSHES)
def test_s9_a_flush_opens_nothing_and_is_repaired(lab: Lab, host_listener: None, flush: Callable[[Lab], None]) -> None:
    with lab.netguard():
        rules = lab.our_rules()
        with lab.watch("alice", forbidden(lab), 3.0) as seen:
            for _ in range(4):
                time.sleep(0.25)
                flush(lab)
                assert wait_until(lambda: lab.our_rules() == rules, "the rules are back") < REPAIR_SECONDS
        assert seen[0]["sent"] > 200
        assert seen[0]["answers"] == []
        repairs = lab.status()["repairs"]
        assert repairs >= 1
        assert reachable_from(lab, "alice", [("tcp", lab.plan.hub, 8081), *forbidden(lab)]) == {
            ("tcp", lab.plan.hub, 8081)
        }
        the_allowed_ways_work(lab)
        _remove_accept(lab)


def _remove_accept(lab: Lab) -> None:
    while "-A DOCKER-USER -j ACCEPT" in lab.on_host("iptables-nft", "-S", "DOCKER-USER"):
        lab.on_host("iptables-nft", "-D", "DOCKER-USER", "-j", "ACCEPT")


def test_s9_the_watcher_would_have_seen_an_opening(lab: Lab) -> None:
    """What the tests above rely on: an open port, and one that opens for a moment only, are noticed."""
    with lab.netguard():
        with lab.watch("alice", [("tcp", lab.plan.hub, 8081)], 0.5) as seen:
            pass
        assert seen[0]["count"] > 5
    chain = f"WSH-{lab.plan.instance}-P"
    opening = f"*raw\n-I {chain} 1 -j ACCEPT\nCOMMIT\n*filter\n-I WSH-{lab.plan.instance}-F 1 -j ACCEPT\nCOMMIT\n"
    with lab.watch("alice", [("udp", lab.plan.person(1), 5353)], 1.0) as seen:
        restore(lab, opening)
        time.sleep(0.05)
        restore(lab, opening.replace("-I ", "-D ").replace(" 1 -j", " -j"))
    assert seen[0]["count"] > 0


def restore(lab: Lab, given: str) -> None:
    words = ["nsenter", f"--net=/run/netns/{lab.namespace}", "iptables-nft-restore", "--noflush"]
    subprocess.run(words, input=given, text=True, check=True, timeout=20)


def test_s9_a_flush_of_both_tables_at_once_is_repaired_and_what_slipped_through_ends(
    lab: Lab, host_listener: None
) -> None:
    empty = f"*raw\n-F PREROUTING\nCOMMIT\n*filter\n-F INPUT\n-F DOCKER-USER\n-F WSH-{lab.plan.instance}-F\nCOMMIT\n"
    with lab.netguard():
        rules = lab.our_rules()
        took = []
        for _ in range(10):
            restore(lab, empty)
            took.append(wait_until(lambda: lab.our_rules() == rules, "the rules are back", seconds=REPAIR_SECONDS))
        sys.stdout.write(
            f"\nrules back after a flush: median {statistics.median(took):.3f} s, most {max(took):.3f} s\n"
        )
        assert reachable_from(lab, "alice", forbidden(lab)) == set()


# the internet


def test_outbound_traffic_is_left_to_docker_and_comes_back(lab: Lab) -> None:
    target = ("tcp", OUTSIDE_ADDRESS, 7070)
    with lab.listener(lab.outside, netprograms.LISTEN, json.dumps({"tcp": [7070], "udp": [7070]})), lab.netguard():
        assert lab.probe("alice", [target, ("udp", OUTSIDE_ADDRESS, 7070)]) == {
            target: "open",
            ("udp", OUTSIDE_ADDRESS, 7070): "open",
        }
        # "left to Docker": when Docker's own rule refuses, ours does not allow
        lab.on_host("iptables-nft", "-A", "DOCKER-USER", "-d", OUTSIDE_ADDRESS, "-j", "DROP")
        assert lab.probe("alice", [target]) == {target: "silent"}
        lab.on_host("iptables-nft", "-D", "DOCKER-USER", "-d", OUTSIDE_ADDRESS, "-j", "DROP")


def test_a_neighbour_of_the_host_opens_no_connection_into_the_network(lab: Lab) -> None:
    targets: list[Target] = [("tcp", address(lab, name), port) for name, port in (("alice", 8888), ("hub", 8081))]
    with lab.netguard():
        assert set(lab.probe_from_outside(targets).values()) == {"silent"}


def test_names_are_resolved_by_the_resolver_of_the_host(lab: Lab) -> None:
    lab.start_container("eve", lab.plan.person(11), tcp=(8888,), options=("--dns", OUTSIDE_ADDRESS))
    try:
        with lab.listener(lab.outside, netprograms.NAME_SERVER, OUTSIDE_ADDRESS), lab.netguard():
            assert lab.inside("eve", netprograms.RESOLVE, "workspace-hub.test") == "198.51.100.77"
    finally:
        lab.docker("rm", "--force", "eve")


# stopping, restarting


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_the_rules_stay_when_netguard_ends(lab: Lab, host_listener: None, number: int) -> None:
    with lab.starting_netguard() as process:
        wait_until(lambda: lab.status().get("ok") is True, "netguard says that its rules hold")
        rules = lab.our_rules()
        process.send_signal(number)
        process.wait(10)
        assert process.returncode == (0 if number == signal.SIGTERM else -signal.SIGKILL)
    assert lab.our_rules() == rules
    assert reachable_from(lab, "alice", forbidden(lab)) == set()
    the_allowed_ways_work(lab)


def test_removing_leaves_nothing_of_the_instance(lab: Lab) -> None:
    before = lab.on_host("iptables-nft", "-S")
    with lab.netguard():
        assert lab.our_rules() != []
    lab.remove_rules()
    assert lab.our_rules() == []
    assert lab.on_host("iptables-nft", "-S") == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_an_engine_restart_under_running_workspaces_opens_nothing(lab: Lab, host_listener: None, number: int) -> None:
    with lab.netguard():
        rules = lab.our_rules()
        with lab.watch("alice", forbidden(lab), 4.0) as seen:
            lab.stop_engine(number)
            _flush_docker_user(lab)
            lab.start_engine()
        assert seen[0]["sent"] > 200
        assert seen[0]["answers"] == []
        wait_until(lambda: lab.status()["ok"] is True and lab.our_rules() == rules, "the rules hold again")
        the_allowed_ways_work(lab)


def test_after_a_reboot_the_rules_hold_as_soon_as_docker_is_there(lab: Lab, host_listener: None) -> None:
    lab.reboot_without_engine()
    with lab.starting_netguard():
        wait_until(lambda: "DOCKER-USER is missing" in lab.status().get("problem", ""), "netguard waits for Docker")
        lab.start_engine()
        wait_until(lambda: lab.status().get("ok") is True, "the rules hold before anybody starts")
        lab.start_residents()
        the_allowed_ways_work(lab)
        assert reachable_from(lab, "alice", forbidden(lab)) == set()
        user_chain = lab.on_host("iptables-nft", "-S", "DOCKER-USER").splitlines()
        assert user_chain[1] == f"-A DOCKER-USER -j WSH-{lab.plan.instance}-F"


def test_when_docker_no_longer_jumps_to_its_own_chain_netguard_says_so_and_nothing_opens(
    lab: Lab, host_listener: None
) -> None:
    with lab.netguard():
        with lab.watch("alice", forbidden(lab), 1.5) as seen:
            lab.on_host("iptables-nft", "-D", "FORWARD", "-j", "DOCKER-USER")
            wait_until(
                lambda: "does not jump to DOCKER-USER" in lab.status()["problem"], "netguard says what is missing"
            )
            assert lab.status()["ok"] is False
        lab.on_host("iptables-nft", "-I", "FORWARD", "-j", "DOCKER-USER")
        wait_until(lambda: lab.status()["ok"] is True, "all is well again")
        assert seen[0]["answers"] == []


# as it is deployed


def test_in_a_container_with_one_capability_netguard_keeps_the_rules(lab: Lab) -> None:
    packages = [word for name in ("guard", "engine", "records", "settings") for word in _mounted(name)]
    environment = [
        word for key, value in lab.guard_environment(isolation=True).items() for word in ("--env", f"{key}={value}")
    ]
    lab.run_folder.mkdir(exist_ok=True)
    lab.status_file.unlink(missing_ok=True)
    lab.docker(
        *("run", "--detach", "--init", "--name", "netguard", "--network", "host", "--read-only"),
        *("--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges"),
        *("--volume", f"{lab.run_folder}:{lab.run_folder}", *packages, *environment, "--workdir", "/app"),
        *(netlab.IMAGE, "python3", "-B", "-m", "guard"),
    )
    try:
        wait_until(
            lambda: lab.status().get("ok") is True, "netguard in a container says that its rules hold", seconds=20
        )
        the_allowed_ways_work(lab)
        wait_until(lambda: isolated_ports(lab) == 3, "it isolates ports")
        _flush_docker_user(lab)
        wait_until(lambda: lab.status()["repairs"] == 1, "it repairs")
        assert reachable_from(lab, "alice", [("tcp", lab.plan.person(1), 8888)]) == set()
    finally:
        sys.stdout.write(lab.docker("logs", "netguard", check=False).stderr)
        lab.docker("rm", "--force", "netguard")
    with lab.netguard():
        wait_until(lambda: isolated_ports(lab) == 0, "isolation is taken back")


def _mounted(package: str) -> tuple[str, str]:
    return ("--volume", f"{REPOSITORY / package}:/app/{package}:ro")


# both kinds of iptables


@pytest.mark.parametrize("variant", ["nft", "legacy"])
def test_real_iptables_of_either_kind_takes_keeps_and_gives_back_the_rules(lab: Lab, variant: str) -> None:
    namespace = f"wshkind-{lab.plan.tag}"
    inside = ("nsenter", f"--net=/run/netns/{namespace}")
    tool = f"iptables-{variant}"

    def run(command: Sequence[str], given: str = "") -> Completed:
        return run_command([*inside, *command], given)

    assert run_command(["ip", "netns", "add", namespace]).is_good
    try:
        for words in (
            ["-N", "DOCKER-USER"],
            ["-A", "DOCKER-USER", "-j", "RETURN"],
            ["-I", "FORWARD", "-j", "DOCKER-USER"],
        ):
            assert run([tool, *words]).is_good
        before = run([tool, "-S"]).output
        netfilter = Netfilter(run, has_ipv6=True)
        assert netfilter.ensure(_some_rules()).repaired
        assert netfilter.ensure(_some_rules()) == netfilter.ensure(_some_rules())
        assert netfilter.ensure(_some_rules()).repaired == ()
        assert run([tool, "-S", "DOCKER-USER"]).output.splitlines()[1] == "-A DOCKER-USER -j WSH-kind-F"
        assert run([tool, "-F"]).is_good
        assert run([tool, "-I", "FORWARD", "-j", "DOCKER-USER"]).is_good
        assert len(netfilter.ensure(_some_rules()).repaired) == 4
        assert netfilter.ensure(_some_rules()).repaired == ()
        assert netfilter.remove(_some_rules())
        assert run([tool, "-A", "DOCKER-USER", "-j", "RETURN"]).is_good
        assert run([tool, "-S"]).output == before
        assert "WSH" not in run([f"{tool}-save"]).output + run([f"ip6{tool[2:]}-save"]).output
    finally:
        run_command(["ip", "netns", "delete", namespace])


def _some_rules() -> Rules:
    subnet = IPv4Network("10.77.0.0/16")
    hosts = [IPv4Address(f"10.77.0.{last}") for last in (1, 2, 3)]
    return desired_rules("kind", "wshkind0", subnet, *hosts)


def test_the_shared_engines_tables_hold_nothing_of_the_laboratory(lab: Lab) -> None:
    saved = run_command(["iptables-nft-save"]).output
    assert lab.plan.instance not in saved
    assert not Path(f"/sys/class/net/{lab.plan.bridge}").exists()
