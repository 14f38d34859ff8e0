"""The steps of one start, told to everyone who waits for it."""

import asyncio
from collections.abc import AsyncGenerator


class Progress:
    """A list of steps that readers follow from its beginning until the start is over."""

    def __init__(self) -> None:
        self._steps: list[tuple[int, str]] = []
        self._changed = asyncio.Condition()

    async def tell(self, percent: int, message: str) -> None:
        """Add a step: how far the start is, and what happens now."""
        async with self._changed:
            self._steps.append((percent, message))
            self._changed.notify_all()

    async def follow(self) -> AsyncGenerator[dict[str, object], None]:
        """Yield every step in JupyterHub's form; the reader ends this (it does so when the start is over)."""
        told = 0
        while True:
            async with self._changed:
                while told >= len(self._steps):
                    await self._changed.wait()
            while told < len(self._steps):
                percent, message = self._steps[told]
                told += 1
                yield {"progress": percent, "message": message}
