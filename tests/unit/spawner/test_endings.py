"""Why a workspace ended, in words."""

import pytest

from spawner.endings import ending_of
from spawner.images import login_name

GIB = 1024**3


@pytest.mark.parametrize(
    ("state", "words"),
    [
        pytest.param({"OOMKilled": True, "ExitCode": 137}, "ran out of memory (limit 4GiB)", id="out of memory"),
        pytest.param({"ExitCode": 137}, "killed from outside", id="docker kill"),
        pytest.param({"ExitCode": 143}, "engine or the machine restarted", id="SIGTERM"),
        pytest.param({"ExitCode": 0}, "by itself", id="exit 0"),
        pytest.param({"Status": "created", "ExitCode": 0}, "never started", id="made and not started"),
        pytest.param({"ExitCode": 3}, "exit code 3", id="exit 3"),
        pytest.param({"ExitCode": 127, "Error": "no such file"}, "no such file", id="never ran"),
    ],
)
def test_the_reason_is_one_sentence(state: dict[str, object], words: str) -> None:
    assert words in ending_of(state, 4 * GIB)


@pytest.mark.parametrize(
    ("user_name", "login"),
    [("ada", "ada"), ("a.b", "a-b"), ("0day", "u0day"), ("9" * 32, "u" + "9" * 30), ("a_b-c", "a_b-c")],
)
def test_a_login_is_one_that_useradd_takes(user_name: str, login: str) -> None:
    assert login_name(user_name) == login
