"""The way to the Docker engine: a docker-py client per thread, a limit on every call, a lock per container.

Knows threads, locks and limits; must not know what is asked or why.
"""

import asyncio
import logging
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException

from engine.errors import EngineTimeout, EngineUnreachable

log = logging.getLogger(__name__)

# beside the limit of the call itself: the wait for a free thread and for the container's lock
QUEUE_SECONDS = 30.0


class Engine:
    """One Docker engine, asked from the hub's loop without ever blocking it.

    Nothing is asked before the first call. docker-py does not promise that a client may be shared between
    threads (https://github.com/docker/docker-py/issues/3229), so each thread has its own.
    """

    def __init__(self, url: str, *, timeout_seconds: float = 30, threads: int = 16) -> None:
        self.url = url
        self.timeout_seconds = timeout_seconds
        self.executor = ThreadPoolExecutor(threads, thread_name_prefix="engine")
        self._local = threading.local()
        self._guard = threading.Lock()
        self._api_version: str | None = None
        self._clients: list[docker.APIClient] = []
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()
        self._running: set[asyncio.Task[Any]] = set()

    @property
    def client(self) -> docker.APIClient:
        """This thread's client; its first use asks for the API version. Raises EngineUnreachable."""
        client = getattr(self._local, "client", None)
        if client is None or client.api_version != self._api_version:
            client = self._local.client = self._make_client()
        return client

    async def call(self, method: str, *args: Any, key: str | None = None, **kwargs: Any) -> Any:
        """Run docker-py's ``APIClient.<method>`` on a thread and give its result.

        Calls with the same ``key`` (a container's name) run one after another, and the next one waits for the
        end of the one before even when nobody waits for that any more. docker-py's own errors come through;
        EngineUnreachable and EngineTimeout mean that nothing is known.
        """
        limit_seconds = self.timeout_seconds + float(kwargs.get("timeout") or 0) + QUEUE_SECONDS
        work = _Work(lambda: self._ask(method, args, kwargs))
        task = asyncio.create_task(self._run(work, key), name=f"engine {method} {key or ''}")
        self._running.add(task)
        task.add_done_callback(self._forget)
        try:
            async with asyncio.timeout(limit_seconds):
                return await asyncio.shield(task)
        except TimeoutError:
            raise EngineTimeout(self.url, method, limit_seconds) from None
        finally:
            work.give_up(task)

    def close(self) -> None:
        """Close every connection; calls that still run end with an error of their own."""
        self.executor.shutdown(wait=False, cancel_futures=True)
        with self._guard:
            clients, self._clients = self._clients, []
        for client in clients:
            client.close()

    async def _run(self, work: "_Work", key: str | None) -> Any:
        if key is None:
            return await work.on(self.executor)
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            return await work.on(self.executor)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        # read, so that a call nobody waits for any more does not end as "exception was never retrieved"
        if not task.cancelled():
            task.exception()

    def _ask(self, method: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            return getattr(self.client, method)(*args, **kwargs)
        except APIError as error:
            self._renegotiate_after(error)
            raise
        except (requests.exceptions.RequestException, OSError) as error:
            # requests has two names for it: ReadTimeout before the answer's head, ConnectionError in its body
            if isinstance(error, requests.exceptions.Timeout) or isinstance(_root(error), TimeoutError):
                limit_seconds = kwargs.get("timeout") or self.timeout_seconds
                raise EngineTimeout(self.url, method, limit_seconds) from error
            raise EngineUnreachable(self.url, _cause(error)) from error

    def _renegotiate_after(self, error: APIError) -> None:
        # an engine that was upgraded under us may refuse the version that we agreed on with the old one
        if error.status_code == 400 and "client version" in str(error.explanation):
            self._api_version = None

    def _make_client(self) -> docker.APIClient:
        client = self._connect()
        with self._guard:
            self._clients.append(client)
        return client

    def _connect(self) -> docker.APIClient:
        # pinned after one negotiation: a further client then costs no call
        try:
            # docker-py hands the number on as it is; its stubs say int
            client = docker.APIClient(
                base_url=self.url,
                version=self._api_version or "auto",
                timeout=self.timeout_seconds,  # type: ignore[arg-type]
            )
        except DockerException as error:
            raise EngineUnreachable(self.url, _cause(error)) from error
        self._api_version = client.api_version
        return client


class _Work:
    """One call on its way: it can be given up as long as no thread has begun it."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._future: Future[Any] | None = None

    async def on(self, executor: ThreadPoolExecutor) -> Any:
        self._future = executor.submit(self._ask)
        return await asyncio.wrap_future(self._future)

    def give_up(self, task: asyncio.Task[Any]) -> None:
        # a thread that has begun cannot be stopped: the task then goes on and holds the container's lock
        if self._future is None or self._future.cancel():
            task.cancel()


def _cause(error: BaseException) -> str:
    root = _root(error)
    if isinstance(root, OSError) and root.strerror:
        return root.strerror
    return (str(root) or type(root).__name__)[:200]


def _root(error: BaseException) -> BaseException:
    """Give the innermost cause; requests and urllib3 wrap it in several layers."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error
