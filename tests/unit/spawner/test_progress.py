"""The steps of a start, told to everyone who waits."""

import asyncio
from contextlib import aclosing

from spawner.progress import Progress

Step = dict[str, object]


async def take(progress: Progress, number: int) -> list[Step]:
    steps: list[Step] = []
    async with aclosing(progress.follow()) as follow:
        async for step in follow:
            steps.append(step)
            if len(steps) == number:
                break
    return steps


async def test_who_comes_late_hears_every_step_from_the_beginning() -> None:
    progress = Progress()
    await progress.tell(5, "Looking")
    await progress.tell(15, "Preparing")
    assert await take(progress, 2) == [{"progress": 5, "message": "Looking"}, {"progress": 15, "message": "Preparing"}]


async def test_several_who_wait_hear_the_same_as_it_happens() -> None:
    progress = Progress()
    readers = [asyncio.create_task(take(progress, 2)) for _ in range(3)]
    await asyncio.sleep(0)
    await progress.tell(1, "one")
    await progress.tell(2, "two")
    async with asyncio.timeout(5):
        heard = await asyncio.gather(*readers)
    assert [[step["message"] for step in steps] for steps in heard] == [["one", "two"]] * 3


async def test_who_goes_away_leaves_the_others_and_the_teller_alone() -> None:
    progress = Progress()
    gone = asyncio.create_task(take(progress, 1))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    async with asyncio.timeout(5):
        await progress.tell(1, "one")
        assert len(await take(progress, 1)) == 1
