"""A Docker engine for tests: its API on a unix socket, real processes as workspaces, and ill on purpose.

    with FakeEngine() as fake:
        fake.add_network("lab-workspaces", "127.77.0.0/16")
        fake.images.add("workspace-hub/minimal:0.1.0")
        fake.ill(method="POST", path=r"/start$", how="500-after", times=1)

It runs in a thread of the test's process. `tests/engine` holds it to what a real engine answers.
"""

import asyncio
import re
import shutil
import signal
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.fakes.api import Api
from tests.fakes.containers import FakeContainer
from tests.fakes.illness import Delay, How, Ill, Illness
from tests.fakes.objects import FakeImages, FakeNetwork, FakeVolume, Json
from tests.fakes.processes import OneshotAnswer, send_signal
from tests.fakes.state import World

_VERSION = re.compile(r"\A/v\d+\.\d+(?=/)")
_LIMIT_SECONDS = 20.0
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One call that came, its path without the version."""

    method: str
    path: str
    query: dict[str, str]
    body: Json


class FakeEngine:
    """The fake engine; a context manager that ends every process it started."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fake-engine-"))
        self.socket = self._folder / "docker.sock"
        self.url = f"unix://{self.socket}"
        self.calls: list[Call] = []
        self.world = World()
        self._illness = Illness()
        self._runner: web.AppRunner | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fake engine", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.up()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def containers(self) -> dict[str, FakeContainer]:
        """The containers by name."""
        return self.world.containers

    @property
    def volumes(self) -> dict[str, FakeVolume]:
        """The volumes by name."""
        return self.world.volumes

    @property
    def networks(self) -> dict[str, FakeNetwork]:
        """The networks by name."""
        return self.world.networks

    @property
    def images(self) -> FakeImages:
        """The images by name; `images.add(...)` makes one present, `del` takes it away."""
        return self.world.images

    def workspaces(self) -> list[FakeContainer]:
        """Give the containers of kind `workspace`."""
        return [one for one in self.containers.values() if one.kind == "workspace"]

    def calls_to(self, method: str, path: str) -> list[Call]:
        """Give the calls with that method whose path contains the pattern."""
        return [call for call in self.calls if call.method == method and re.search(path, call.path)]

    def ill(
        self, *, method: str | None = None, path: str = "", how: How = "500-before", times: int | None = None
    ) -> Ill:
        """Let calls fail: before or after their effect, by silence until `well()`, by a cut connection, …

        ``path`` is searched in the path without version; `times=None` means always.
        """
        fault = Ill(method, re.compile(path), how, times)
        self._illness.faults.append(fault)
        return fault

    def delay(self, path: str, seconds: float, *, method: str | None = None) -> None:
        """Let calls wait in front of their effect, until `well()`."""
        self._illness.delays.append(Delay(method, re.compile(path), seconds))

    def well(self) -> None:
        """End every illness and delay; calls that hang are answered with 500."""
        self._do(self._illness.heal())

    @contextmanager
    def while_down(self) -> Iterator[None]:
        """Be away for the time of a with-block."""
        self.down()
        try:
            yield
        finally:
            self.up()

    def down(self) -> None:
        """Stop answering and cut every connection, as a dead dockerd; the containers run on."""
        self._do(self._close_server())

    def up(self) -> None:
        """Answer again."""
        self._do(self._open_server())

    def answer_oneshots(self, kind: str, *, exit_code: int = 0, output: str = "", seconds: float = 0) -> None:
        """Choose what one-shot containers of a kind (`prepare`, `probe`) say from now on, and how slowly."""
        self.world.oneshots[kind] = OneshotAnswer(exit_code, output, seconds)

    def add_network(self, name: str, subnet: str) -> FakeNetwork:
        """Make a network, as the launcher does."""
        return self.networks.setdefault(name, FakeNetwork(name, subnet))

    def add_container(
        self, name: str, *, image: str = "fake/never", labels: dict[str, str] | None = None, running: bool = True
    ) -> FakeContainer:
        """Make a container that the hub did not make: a left-over or a stranger's."""
        body = {"Image": image, "Labels": labels or {}, "HostConfig": {"NetworkMode": "none"}}
        return self._do(self._add(name, body, running))

    def kill(self, container: FakeContainer | str, *, oom: bool = False) -> None:
        """Let a container die from outside, as `docker kill` or the kernel for memory; wait until it has."""
        found = self._find(container)
        found.oom_killed = oom
        self._do(self._kill(found))

    def remove(self, container: FakeContainer | str) -> None:
        """Remove a container from outside, as `docker rm -f`."""
        self._do(self.world.remove(self._find(container), force=True))

    def close(self) -> None:
        """End everything."""
        self.well()
        self.down()
        self._do(self.world.end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_LIMIT_SECONDS)
        self._loop.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _find(self, container: FakeContainer | str) -> FakeContainer:
        return self.world.container(container) if isinstance(container, str) else container

    async def _add(self, name: str, body: Json, running: bool) -> FakeContainer:
        made = self.world.create(name, body)
        if running:
            await self.world.start(made)
        return made

    async def _kill(self, container: FakeContainer) -> None:
        send_signal(container, signal.SIGKILL)
        await container.ended.wait()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT_SECONDS)

    async def _open_server(self) -> None:
        if self._runner is not None:
            return
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.05, access_log=None)
        await self._runner.setup()
        self.socket.unlink(missing_ok=True)
        await web.UnixSite(self._runner, str(self.socket)).start()
        self.socket.chmod(0o666)

    async def _close_server(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self.socket.unlink(missing_ok=True)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        path = _VERSION.sub("", request.rel_url.raw_path)
        body: Json = await request.json() if request.can_read_body and request.content_length else {}
        self.calls.append(Call(request.method, path, dict(request.query), body or {}))
        api = Api(self.world)
        return await self._illness.treat(request, path, lambda: api.answer(request, path, body or {}))
