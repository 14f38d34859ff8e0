"""The loop, its status file and its log, with time and host passed in."""

import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from guard.netfilter import Netfilter
from guard.netguard import Guarded, Netguard
from tests.unit.guard.builders import bridge_link, make_rules, port_link
from tests.unit.guard.fake_host import FakeHost, fresh_tables

START = datetime(2030, 1, 1, tzinfo=UTC)


class Ticks:
    """Waits without waiting; does something before each next look."""

    def __init__(self, *between: Any) -> None:
        self.between = list(between)
        self.forgotten = 0

    def wait(self, seconds: float) -> bool:
        if not self.between:
            return False
        self.between.pop(0)()
        return True

    def forget(self) -> None:
        self.forgotten += 1


@pytest.fixture
def host() -> FakeHost:
    tables = {"iptables-nft": fresh_tables(docker=True), "ip6tables-nft": fresh_tables(docker=False)}
    return FakeHost(tables, links=[bridge_link(), port_link("vetha", 5)])


def make_guard(host: FakeHost, tmp_path: Path, *, isolation: bool = False) -> Netguard:
    times = (START + timedelta(seconds=tick) for tick in range(1000))
    guarded = Guarded(make_rules(), isolation, tmp_path / "guard" / "status.json", bridge_netfilter=tmp_path)
    netfilter = Netfilter(host, has_ipv6=True)
    return Netguard(guarded, run=host, netfilter=netfilter, now=lambda: next(times))


def status(tmp_path: Path) -> Any:
    return json.loads((tmp_path / "guard" / "status.json").read_text())


def test_the_status_says_that_all_is_well(host: FakeHost, tmp_path: Path) -> None:
    make_guard(host, tmp_path).look()
    assert status(tmp_path) == {
        "ok": True,
        "written_at": "2030-01-01T00:00:00.000+00:00",
        "problem": "",
        "repairs": 0,
    }
    assert (tmp_path / "guard" / "status.json").stat().st_mode & 0o777 == 0o644
    assert [file.name for file in (tmp_path / "guard").iterdir()] == ["status.json"]


def test_a_flush_is_repaired_at_the_next_look_counted_and_logged_once(
    host: FakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def flush() -> None:
        host.filters["iptables-nft"]["filter"]["DOCKER-USER"].clear()

    with caplog.at_level(logging.INFO):
        make_guard(host, tmp_path).keep(Ticks(lambda: None, flush, lambda: None))
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [
        "The packet rules were repaired: the jump from DOCKER-USER of ipv4 filter was not first",
    ]
    assert host.filters["iptables-nft"]["filter"]["DOCKER-USER"] == ["-j WSH-lab-F"]
    assert status(tmp_path)["repairs"] == 1
    assert status(tmp_path)["written_at"] == "2030-01-01T00:00:03.000+00:00"


def test_the_rules_stay_when_netguard_is_told_to_stop(host: FakeHost, tmp_path: Path) -> None:
    make_guard(host, tmp_path).keep(Ticks())
    assert host.filters["iptables-nft"]["filter"]["INPUT"] == ["-j WSH-lab-I"]
    assert host.filters["iptables-nft"]["filter"]["DOCKER-USER"][0] == "-j WSH-lab-F"
    assert not any(line.startswith(("-X", "-F")) for given in host.restored for line in given.splitlines())


def test_a_missing_bridge_is_said_and_the_rules_are_there_before_it(host: FakeHost, tmp_path: Path) -> None:
    host.links = []
    make_guard(host, tmp_path).look()
    assert status(tmp_path)["ok"] is False
    assert "The bridge wsh0 does not exist yet" in status(tmp_path)["problem"]
    assert host.filters["iptables-nft"]["raw"]["PREROUTING"] == ["-j WSH-lab-P"]


def test_a_problem_is_logged_once_and_its_end_too(
    host: FakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    links, host.links = host.links, []

    def appear() -> None:
        host.links = links

    with caplog.at_level(logging.INFO):
        make_guard(host, tmp_path).keep(Ticks(lambda: None, lambda: None, appear))
    messages = [record.getMessage() for record in caplog.records]
    assert sum("does not exist yet" in message for message in messages) == 1
    assert "The packet rules of lab hold again" in messages
    assert status(tmp_path)["ok"] is True


def test_a_refusing_filter_is_a_problem_that_is_tried_again(host: FakeHost, tmp_path: Path) -> None:
    host.refuse_restore = "Another app is currently holding the xtables lock"

    def relent() -> None:
        assert "xtables lock" in status(tmp_path)["problem"]
        host.refuse_restore = ""

    make_guard(host, tmp_path).keep(Ticks(relent))
    assert status(tmp_path)["ok"] is True
    assert status(tmp_path)["repairs"] == 0


def test_a_failing_filter_does_not_keep_the_ports_from_being_isolated(host: FakeHost, tmp_path: Path) -> None:
    host.refuse_restore = "no"
    make_guard(host, tmp_path, isolation=True).look()
    assert ("bridge", "link", "set", "dev", "vetha", "isolated", "on") in host.commands


def test_a_kernel_without_bridge_filtering_is_a_problem(host: FakeHost, tmp_path: Path) -> None:
    guarded = Guarded(make_rules(), False, tmp_path / "status.json", bridge_netfilter=tmp_path / "missing")
    guard = Netguard(guarded, run=host, netfilter=Netfilter(host, has_ipv6=False), now=lambda: START)
    assert "br_netfilter" in guard.look().problem


def test_an_unwritable_status_does_not_stop_the_loop(
    host: FakeHost, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "guard").write_text("a file where the folder should be")
    ticks = Ticks(lambda: None)
    make_guard(host, tmp_path).keep(ticks)
    assert ticks.forgotten == 2
    assert "This look at the packet rules failed" in caplog.text
    assert host.filters["iptables-nft"]["filter"]["INPUT"] == ["-j WSH-lab-I"]
