"""Hubs for tests: one that all modules share, and a factory for those that need settings of their own."""

import contextlib
from collections.abc import Callable, Generator, Iterator

import pytest

from tests.hub.harness import Person, RunningHub

LIVE_HUBS: list[RunningHub] = []
MakeHub = Callable[..., RunningHub]


@pytest.fixture(scope="module")
def make_hub() -> Iterator[MakeHub]:
    """Make hubs with settings of their own: `make_hub(toml, extra_config=…, boot=False)`.

    They run until the end of the module, so share one among tests where you can.
    """
    with contextlib.ExitStack() as stack:

        def make(toml: str = "", *, extra_config: str = "", boot: bool = True) -> RunningHub:
            hub = stack.enter_context(_kept(RunningHub(toml, extra_config=extra_config)))
            if boot:
                hub.boot()
            return hub

        yield make


@pytest.fixture(scope="session")
def shared_hub() -> Iterator[RunningHub]:
    """The hub with default settings that all modules share; use `hub`."""
    with _kept(RunningHub()) as hub:
        hub.boot()
        yield hub


@pytest.fixture
def hub(shared_hub: RunningHub) -> Iterator[RunningHub]:
    """A running hub with default settings; people in it are other tests' too, so make your own."""
    shared_hub.boot()
    yield shared_hub
    shared_hub.fake.well()
    shared_hub.fake.up()


@pytest.fixture
def person(hub: RunningHub) -> Iterator[Person]:
    """A signed-in person of this test's own in the shared hub; their workspaces end with the test."""
    person = hub.new_person()
    yield person
    if hub.process.running:
        hub.stop_all(person.name)


@contextlib.contextmanager
def _kept(hub: RunningHub) -> Iterator[RunningHub]:
    LIVE_HUBS.append(hub)
    try:
        yield hub
    finally:
        LIVE_HUBS.remove(hub)
        hub.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the last log lines of the hubs that run under a test that failed."""
    report = yield
    if report.failed:
        for hub in LIVE_HUBS:
            report.sections.append((f"log of hub {hub.instance}", "\n".join(hub.log().splitlines()[-60:])))
    return report
