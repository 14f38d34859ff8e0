"""The entry point: what it takes from the environment, and what it refuses."""

import os
import signal
import threading
from collections.abc import Mapping

import pytest

from guard.__main__ import main, rules_from
from guard.events import Waiter
from guard.runner import NOT_FOUND, run_command


def test_the_environment_gives_instance_bridge_and_addresses() -> None:
    rules = rules_from({"HUB_INSTANCE": "physics", "HUB_SUBNET": "10.9.0.0/20"})
    assert rules.instance == "physics"
    assert rules.bridge.startswith("wsh")
    words = {word for chain in rules.chains for rule in chain.rules for word in rule}
    assert {"10.9.0.0/20", "10.9.0.1/32", "10.9.0.2/32", "10.9.0.3/32"} <= words


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({"HUB_INSTANCE": "Lab"}, "HUB_INSTANCE is `Lab`; give a letter"),
        ({"HUB_INSTANCE": "a" * 21}, "HUB_INSTANCE is"),
        ({"HUB_INSTANCE": "x\n-A"}, r"`x\\n-A`"),
        ({"HUB_SUBNET": "10.77.0.1/16"}, "HUB_SUBNET is `10.77.0.1/16`; give an IPv4 network of /16 to /26"),
        ({"HUB_SUBNET": "10.0.0.0/8"}, "HUB_SUBNET is"),
        ({"HUB_SUBNET": "fd00::/64"}, "HUB_SUBNET is"),
        ({"HUB_PORT_ISOLATION": "yes"}, 'HUB_PORT_ISOLATION is `yes`; give "1" or "0"'),
    ],
)
def test_a_wrong_environment_ends_with_78_and_a_sentence(
    environment: Mapping[str, str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([], environment) == 78
    assert sentence.replace("\\\\", "\\") in capsys.readouterr().err


def test_an_unknown_argument_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["flush"], {}) == 78
    assert "python -m guard remove" in capsys.readouterr().err


def test_a_missing_command_is_an_answer_not_an_exception() -> None:
    assert run_command(["/nonexistent/iptables-save"]).exit_code == NOT_FOUND


def test_a_command_gets_its_input_and_gives_its_output() -> None:
    done = run_command(["cat"], "words")
    assert done.is_good
    assert done.output == "words"


def test_stopping_ends_a_wait_at_once() -> None:
    waiter = Waiter()
    previous = signal.signal(signal.SIGTERM, lambda *_: waiter.stop())
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
    try:
        timer.start()
        while waiter.wait(20):
            waiter.forget()
        assert not waiter.wait(20)
    finally:
        timer.join()
        signal.signal(signal.SIGTERM, previous)
        waiter.close()
