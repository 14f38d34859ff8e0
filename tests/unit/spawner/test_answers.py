"""Whether a workspace answers: its server may say anything, and is believed nothing but that it is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from spawner.answers import Doorbell

HEAD = b"HTTP/1.1 %s X\r\nContent-Length: 2\r\n\r\nok"
Speak = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def a_server(speak: Speak) -> AsyncIterator[str]:
    """Serve on a free port of this machine; give the URL."""
    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        await speak(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/user/ada/api"
    finally:
        for writer in writers:
            writer.transport.abort()
        server.close()
        await asyncio.sleep(0)


def saying(answer: bytes, *, close: bool = True) -> Speak:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(answer)
        if close:
            writer.close()

    return speak


@pytest.mark.parametrize(
    ("answer", "counts"),
    [
        pytest.param(HEAD % b"200", True, id="200"),
        pytest.param(HEAD % b"403", True, id="403: it is there, and asks who comes"),
        pytest.param(HEAD % b"404", True, id="404"),
        pytest.param(b"HTTP/1.1 302 X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", True, id="302"),
        pytest.param(HEAD % b"500", False, id="500"),
        pytest.param(HEAD % b"503", False, id="503"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", False, id="another protocol"),
        pytest.param(b"", False, id="nothing"),
        pytest.param(b"\xff\xfe\x00\x00\r\n\r\n", False, id="noise"),
        pytest.param(b"HTTP/1.1 200 X\r\nContent-Length: 99999999\r\n\r\n", False, id="a body without an end"),
        pytest.param(b"HTTP/1.1 200 X\r\nX: " + b"x" * 200_000 + b"\r\n\r\n", False, id="a head of 200 KB"),
        pytest.param(b"HTTP/1.1 200 X\r\nContent-Length: -1\r\n\r\n", False, id="a length below zero"),
        pytest.param(b"HTTP/1.1 abc X\r\n\r\n", False, id="no number"),
        pytest.param(b"HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", False, id="a bad chunk"),
        pytest.param(b"HTTP/1.1 200 X\r\nTransfer-Encoding: gzip\r\n\r\n", False, id="an unknown encoding"),
        pytest.param(b"HTTP/1.1 200 X\r\n folded\r\n\r\n", False, id="a folded line first"),
        pytest.param(b"HTTP/1.1 200 X\r\nA\xff\x00: \xff\x00\r\n\r\n", False, id="bytes that are no header"),
        pytest.param(b"HTTP/1.1 200 X\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok", False, id="two lengths"),
    ],
)
async def test_an_answer_below_500_counts(answer: bytes, counts: bool) -> None:
    doorbell = Doorbell()
    async with a_server(saying(answer)) as url:
        assert await doorbell.answers(url) is counts
    doorbell.close()


async def test_silence_ends_the_ring_in_time() -> None:
    doorbell, loop = Doorbell(seconds=0.3), asyncio.get_running_loop()
    async with a_server(saying(b"HTTP/1.1 200 X\r\n", close=False)) as url:
        begin = loop.time()
        assert not await doorbell.answers(url)
        assert loop.time() - begin < 3
    doorbell.close()


async def test_nobody_there_is_no_answer() -> None:
    async with a_server(saying(b"")) as url:
        pass
    doorbell = Doorbell()
    assert not await doorbell.answers(url)
    doorbell.close()
