"""Images that are built, volumes and containers that go away again, and a hub that only says its version."""

import secrets
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.images.hub_stub import HubStub
from tests.images.workspaces import LABEL, ROOT, Workspace, docker, start_workspace

StartWorkspace = Callable[..., Workspace]


def build(*names: str) -> None:
    done = subprocess.run([ROOT / "images" / "build", *names], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def minimal_image(real_engine_url: str) -> str:
    build("minimal")
    return "workspace-hub/minimal:0.1.0"


@pytest.fixture(scope="session")
def hub_image(real_engine_url: str) -> str:
    build("hub")
    return "workspace-hub/hub:0.1.0"


@pytest.fixture(scope="session")
def docker_stacks_image(minimal_image: str) -> Iterator[str]:
    tag = f"wsh-test-docker-stacks-standin:{secrets.token_hex(4)}"
    docker("build", "--quiet", "--tag", tag, str(ROOT / "tests" / "images" / "docker_stacks_standin"))
    yield tag
    docker("rmi", "--force", tag, check=False)


@pytest.fixture
def make_volume(real_engine_url: str) -> Iterator[Callable[[], str]]:
    names: list[str] = []

    def make() -> str:
        names.append(docker("volume", "create", "--label", LABEL, f"wsh-test-{secrets.token_hex(4)}"))
        return names[-1]

    yield make
    for name in names:
        docker("volume", "rm", "--force", name, check=False)


@pytest.fixture
def volume(make_volume: Callable[[], str]) -> str:
    return make_volume()


@pytest.fixture
def start(make_volume: Callable[[], str]) -> Iterator[StartWorkspace]:
    """Start workspaces that are removed afterwards; waits until the server answers unless `wait=False`."""
    started: list[Workspace] = []

    def start_one(image: str, *, wait: bool = True, wait_path: str = "/api", **options: object) -> Workspace:
        options.setdefault("volume", make_volume())
        started.append(start_workspace(image, **options))  # type: ignore[arg-type]
        if wait:
            started[-1].wait_until_it_answers(wait_path)
        return started[-1]

    yield start_one
    for workspace in started:
        workspace.remove()


@pytest.fixture
def hub_stub() -> Iterator[HubStub]:
    with HubStub() as hub:
        yield hub
