"""How much people's volumes hold: asked seldom, remembered, never waited for long."""

import asyncio
import time
from dataclasses import dataclass

from engine.client import Engine
from engine.errors import EngineError
from engine.volumes import volume_bytes

FRESH_SECONDS = 300.0
WAIT_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What one volume held `age_seconds` ago; None where the engine does not tell."""

    size_bytes: int | None
    age_seconds: float


class VolumeSizes:
    """The sizes of volumes on one engine; one measurement at a time for each volume."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, tuple[int | None, float]] = {}
        self._measuring: dict[str, asyncio.Task[None]] = {}

    async def size_of(self, name: str) -> Measured | None:
        """Give the last known size, measured anew when it is older than five minutes; None if not known yet.

        The engine walks through every volume for it, so after two seconds the page goes on without.
        """
        if self._age_of(name) > FRESH_SECONDS and name not in self._measuring:
            task = asyncio.create_task(self._measure(name), name=f"size of {name}")
            self._measuring[name] = task
            task.add_done_callback(lambda _: self._measuring.pop(name, None))
        if name in self._measuring:
            await asyncio.wait([self._measuring[name]], timeout=WAIT_SECONDS)
        if name not in self._known:
            return None
        return Measured(self._known[name][0], self._age_of(name))

    async def _measure(self, name: str) -> None:
        try:
            self._known[name] = (await volume_bytes(self._engine, name), time.monotonic())
        except EngineError:
            return  # the page says that the size is not known

    def _age_of(self, name: str) -> float:
        known = self._known.get(name)
        return float("inf") if known is None else time.monotonic() - known[1]
