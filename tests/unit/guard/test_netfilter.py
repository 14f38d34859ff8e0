"""Putting the rules into a filter, and keeping them there, against a host in memory."""

from collections.abc import Callable

import pytest

from guard.errors import FirewallUnusable
from guard.netfilter import Netfilter
from guard.rules import IPV4, Rules
from tests.unit.guard.builders import make_rules
from tests.unit.guard.fake_host import Chains, FakeHost, fresh_tables

NFT, LEGACY = "iptables-nft", "iptables-legacy"


def make_host(**filters: dict[str, Chains]) -> FakeHost:
    return FakeHost(filters={name.replace("_", "-"): tables for name, tables in filters.items()})


def docker_host() -> FakeHost:
    return make_host(
        iptables_nft=fresh_tables(docker=True),
        iptables_legacy=fresh_tables(docker=False),
        ip6tables_nft=fresh_tables(docker=False),
    )


def ensure(host: FakeHost, rules: Rules | None = None) -> tuple[tuple[str, ...], str]:
    outcome = Netfilter(host, has_ipv6=True).ensure(rules or make_rules())
    return outcome.repaired, outcome.problem


def test_a_fresh_host_gets_every_chain_with_its_jump_first() -> None:
    host = docker_host()
    repaired, problem = ensure(host)
    assert repaired
    assert problem == ""
    for chain in make_rules().of(IPV4):
        table = host.filters[NFT][chain.table]
        assert table[chain.parent][0] == f"-j {chain.name}"
        assert table[chain.name] == [" ".join(rule) for rule in chain.rules]
    assert host.filters["ip6tables-nft"]["filter"]["FORWARD"] == ["-j WSH-lab-F"]


def test_a_second_look_changes_nothing_and_writes_nothing() -> None:
    host = docker_host()
    ensure(host)
    host.restored.clear()
    assert ensure(host) == ((), "")
    assert host.restored == []


def test_rules_of_others_stay_as_they_are() -> None:
    host = docker_host()
    host.filters[NFT]["filter"]["INPUT"] = ["-p tcp -m tcp --dport 22 -j ACCEPT"]
    ensure(host)
    table = host.filters[NFT]["filter"]
    assert table["INPUT"] == ["-j WSH-lab-I", "-p tcp -m tcp --dport 22 -j ACCEPT"]
    assert table["DOCKER-USER"] == ["-j WSH-lab-F", "-j RETURN"]
    assert table["FORWARD"] == ["-j DOCKER-USER", "-i wsh0 -o wsh0 -j DROP"]


def test_every_table_is_changed_in_one_commit_that_never_takes_the_rules_away_first() -> None:
    host = docker_host()
    ensure(host)
    host.filters[NFT]["filter"]["WSH-lab-F"].pop()
    host.restored.clear()
    ensure(host)
    [given] = host.restored
    lines = given.splitlines()
    assert lines[0] == "*filter"
    assert lines.count("COMMIT") == 1
    assert lines[-1] == "COMMIT"
    # within the commit: the chain is declared and filled before the jump moves
    assert lines.index(":WSH-lab-F - [0:0]") < lines.index("-D DOCKER-USER -j WSH-lab-F")
    assert lines.index("-D DOCKER-USER -j WSH-lab-F") < lines.index("-I DOCKER-USER 1 -j WSH-lab-F")
    assert not any(line.startswith(("-F", "-X", "-P")) for line in lines)


def _flush_user(tables: dict[str, Chains]) -> None:
    tables["filter"]["DOCKER-USER"].clear()


def _drop_input_jump(tables: dict[str, Chains]) -> None:
    tables["filter"]["INPUT"].remove("-j WSH-lab-I")


def _push_behind(tables: dict[str, Chains]) -> None:
    tables["filter"]["DOCKER-USER"].insert(0, "-i wsh0 -j ACCEPT")


def _double_jump(tables: dict[str, Chains]) -> None:
    tables["filter"]["INPUT"].append("-j WSH-lab-I")


def _flush_raw(tables: dict[str, Chains]) -> None:
    for rules in tables["raw"].values():
        rules.clear()


def _delete_chain(tables: dict[str, Chains]) -> None:
    tables["raw"]["PREROUTING"].remove("-j WSH-lab-P")
    del tables["raw"]["WSH-lab-P"]


def _reorder(tables: dict[str, Chains]) -> None:
    tables["filter"]["WSH-lab-F"].reverse()


def _add_a_hole(tables: dict[str, Chains]) -> None:
    tables["filter"]["WSH-lab-F"].insert(0, "-i wsh0 -j ACCEPT")


@pytest.mark.parametrize(
    "harm",
    [_flush_user, _drop_input_jump, _push_behind, _double_jump, _flush_raw, _delete_chain, _reorder, _add_a_hole],
)
def test_harm_is_seen_and_repaired(harm: Callable[[dict[str, Chains]], None]) -> None:
    host = docker_host()
    ensure(host)
    harm(host.filters[NFT])
    repaired, problem = ensure(host)
    assert repaired
    assert problem == ""
    assert ensure(host) == ((), "")
    table = host.filters[NFT]["filter"]
    assert table["INPUT"].count("-j WSH-lab-I") == 1
    assert table["DOCKER-USER"][0] == "-j WSH-lab-F"


def test_two_instances_live_on_one_host_without_moving_each_other() -> None:
    host = docker_host()
    first, second = make_rules("one", "wsh1"), make_rules("two", "wsh2")
    ensure(host, first)
    ensure(host, second)
    assert ensure(host, first) == ((), "")
    assert ensure(host, second) == ((), "")


def test_the_rules_go_where_docker_keeps_its_chain() -> None:
    host = make_host(iptables_nft=fresh_tables(docker=False), iptables_legacy=fresh_tables(docker=True))
    ensure(host)
    assert "WSH-lab-F" in host.filters[LEGACY]["filter"]
    assert "WSH-lab-F" not in host.filters[NFT]["filter"]


def test_both_filters_get_the_rules_when_a_left_over_of_docker_is_in_one() -> None:
    host = make_host(iptables_nft=fresh_tables(docker=True), iptables_legacy=fresh_tables(docker=True))
    ensure(host)
    assert all(host.filters[name]["filter"]["DOCKER-USER"][0] == "-j WSH-lab-F" for name in (NFT, LEGACY))


def test_a_host_whose_iptables_has_one_name_only_is_served() -> None:
    host = make_host(iptables=fresh_tables(docker=True))
    assert ensure(host)[1] == ""
    assert "WSH-lab-F" in host.filters["iptables"]["filter"]


def test_without_docker_user_the_host_is_still_protected_and_the_problem_is_said() -> None:
    host = make_host(iptables_nft=fresh_tables(docker=False))
    _, problem = ensure(host)
    assert "DOCKER-USER is missing" in problem
    assert "Restart Docker" in problem
    assert host.filters[NFT]["filter"]["INPUT"] == ["-j WSH-lab-I"]
    assert host.filters[NFT]["raw"]["PREROUTING"] == ["-j WSH-lab-P"]
    host.filters[NFT]["filter"] |= {"DOCKER-USER": ["-j RETURN"], "FORWARD": ["-j DOCKER-USER"]}
    assert ensure(host)[1] == ""
    assert host.filters[NFT]["filter"]["DOCKER-USER"] == ["-j WSH-lab-F", "-j RETURN"]


def test_a_docker_user_that_nobody_jumps_to_is_a_problem() -> None:
    host = docker_host()
    host.filters[NFT]["filter"]["FORWARD"].clear()
    assert "does not jump to DOCKER-USER" in ensure(host)[1]


def test_a_host_without_iptables_is_told_what_is_missing() -> None:
    with pytest.raises(FirewallUnusable, match="must contain iptables"):
        ensure(make_host())


def test_a_refused_restore_is_an_error_and_changes_nothing() -> None:
    host = docker_host()
    host.refuse_restore = "Permission denied"
    with pytest.raises(FirewallUnusable, match="refused the packet rules: Permission denied"):
        ensure(host)
    assert host.filters[NFT] == fresh_tables(docker=True)


def test_rules_that_somebody_rewrites_at_once_are_an_error() -> None:
    host = docker_host()
    host.after_restore = lambda there: there.filters[NFT]["raw"]["PREROUTING"].clear()
    with pytest.raises(FirewallUnusable, match="Another firewall program"):
        ensure(host)


def test_without_ip6tables_the_rest_is_done() -> None:
    host = make_host(iptables_nft=fresh_tables(docker=True))
    assert ensure(host)[1] == ""


def test_removing_takes_away_what_was_made_and_nothing_else() -> None:
    host = docker_host()
    other = make_rules("other", "wsh9")
    ensure(host, other)
    before = {name: _copy(tables) for name, tables in host.filters.items()}
    ensure(host)
    removed = Netfilter(host, has_ipv6=True).remove(make_rules())
    assert set(removed) == {"WSH-lab-P", "WSH-lab-I", "WSH-lab-F"}
    assert host.filters == before
    assert Netfilter(host, has_ipv6=True).remove(make_rules()) == ()


def test_removing_half_made_rules_works_too() -> None:
    host = docker_host()
    host.filters[NFT]["filter"]["WSH-lab-I"] = ["-i wsh0 -j DROP"]
    assert Netfilter(host, has_ipv6=False).remove(make_rules()) == ("WSH-lab-I",)
    assert host.filters[NFT] == fresh_tables(docker=True)


def _copy(tables: dict[str, Chains]) -> dict[str, Chains]:
    return {table: {name: list(rules) for name, rules in chains.items()} for table, chains in tables.items()}


def test_a_filter_that_cannot_be_read_does_not_matter_when_docker_uses_the_other() -> None:
    host = docker_host()
    host.unreadable = frozenset({LEGACY})
    assert ensure(host)[1] == ""
    assert host.filters[NFT]["filter"]["DOCKER-USER"][0] == "-j WSH-lab-F"


def test_a_filter_that_cannot_be_read_and_may_be_dockers_is_an_error_that_names_the_capability() -> None:
    host = make_host(iptables_legacy=fresh_tables(docker=True))
    host.unreadable = frozenset({LEGACY})
    with pytest.raises(FirewallUnusable, match="NET_ADMIN and NET_RAW"):
        ensure(host)
