"""How the fake engine is ill on purpose: which calls fail, how and how often."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

How = Literal["500-before", "500-after", "hang", "reset", "409-removing", "too-old", "no-space"]
Handler = Callable[[], Awaitable[web.StreamResponse]]

SICK = "fake engine: ill on purpose"
ANSWERS = {
    "409-removing": (409, "removal of container is already in progress"),
    "too-old": (400, "client version 1.41 is too old. Minimum supported API version is 1.44"),
    "no-space": (500, "mkdir /var/lib/docker/overlay2/0f3c-init: no space left on device"),
}


@dataclass(slots=True)
class Ill:
    """One fault: the calls it meets, and how many of them it has met."""

    method: str | None
    path: re.Pattern[str]
    how: How
    times: int | None
    hits: int = 0
    healed: asyncio.Event = field(default_factory=asyncio.Event)

    def meets(self, method: str, path: str) -> bool:
        """Tell whether this call is to fail."""
        spent = self.times is not None and self.hits >= self.times
        return not spent and self.method in (None, method) and self.path.search(path) is not None


@dataclass(slots=True)
class Delay:
    """A wait in front of calls; the call itself then succeeds."""

    method: str | None
    path: re.Pattern[str]
    seconds: float

    def meets(self, method: str, path: str) -> bool:
        """Tell whether this call is to wait."""
        return self.method in (None, method) and self.path.search(path) is not None


@dataclass(slots=True)
class Illness:
    """All faults that are in force."""

    faults: list[Ill] = field(default_factory=list)
    delays: list[Delay] = field(default_factory=list)

    async def heal(self) -> None:
        """End everything; calls that hang are answered with 500."""
        for fault in self.faults:
            fault.healed.set()
        self.faults.clear()
        self.delays.clear()

    async def treat(self, request: web.Request, path: str, handler: Handler) -> web.StreamResponse:
        """Answer a call as ill as it is wished, or as the handler does."""
        for delay in self.delays:
            if delay.meets(request.method, path):
                await asyncio.sleep(delay.seconds)
        fault = next((fault for fault in self.faults if fault.meets(request.method, path)), None)
        if fault is None:
            return await handler()
        fault.hits += 1
        return await self._fail(fault, request, handler)

    async def _fail(self, fault: Ill, request: web.Request, handler: Handler) -> web.StreamResponse:
        cut = fault.how == "reset"
        if fault.how == "500-after":
            cut = (await handler()).prepared  # its head is out; all that can still go wrong is the rest
        if cut:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if fault.how == "hang":
            await fault.healed.wait()
        status, message = ANSWERS.get(fault.how, (500, SICK))
        return web.json_response({"message": message}, status=status)
