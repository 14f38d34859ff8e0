"""What all tests share: the option `--long`, a fake engine, and whether a real one answers."""

from collections.abc import Iterator

import docker
import pytest
from docker.errors import DockerException

from tests.fakes.engine import FakeEngine

REAL_ENGINE_URL = "unix:///var/run/docker.sock"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the full counts of soak and crash tests")


def pytest_configure(config: pytest.Config) -> None:
    # docker-py drops the socket of a connect that failed without closing it (docker/transport/unixconn.py);
    # a socket that was ever connected has an address in this message and stays an error
    never_connected = r"unclosed <socket.socket fd=\d+, family=1, type=1, proto=0>"
    config.addinivalue_line("filterwarnings", f"ignore:{never_connected}:ResourceWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        # the marker itself: keywords also hold the ids of parametrised cases
        if item.get_closest_marker("long") is not None:
            item.add_marker(pytest.mark.skip(reason="full counts run only with --long"))


@pytest.fixture
def fake() -> Iterator[FakeEngine]:
    """A fake engine of this test's own."""
    with FakeEngine() as engine:
        yield engine


@pytest.fixture(scope="session")
def real_engine_url() -> str:
    """The URL of the real engine; skips with the reason when none answers."""
    try:
        client = docker.APIClient(base_url=REAL_ENGINE_URL, version="auto", timeout=10)
    except DockerException as error:
        pytest.skip(f"no Docker engine answers at {REAL_ENGINE_URL}: {error}")
    client.close()
    return REAL_ENGINE_URL
