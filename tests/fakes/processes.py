"""The processes behind the fake engine's containers: real ones of this machine, in sessions of their own."""

import asyncio
import contextlib
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.fakes.containers import FakeContainer

SERVER = Path(__file__).with_name("workspace_server.py")
FOR_EVER_SECONDS = 10.0**8
FAILING = "echo 'fake: reading settings' >&2; echo 'fake: no module named lab'; echo 'fake: giving up'; exit 1"


@dataclass(frozen=True, slots=True)
class OneshotAnswer:
    """What a one-shot container of the product says and ends with."""

    exit_code: int = 0
    output: str = ""
    seconds: float = 0


def command_for(container: FakeContainer, answer: OneshotAnswer) -> list[str]:
    """Choose the process that stands for what the image would have run."""
    if container.kind in ("prepare", "probe"):
        # never the real command: it changes owners of folders, as root
        script = 'printf %s "$1"; sleep "$2"; exit "$3"'
        return ["/bin/sh", "-c", script, "sh", answer.output, str(answer.seconds), str(answer.exit_code)]
    match container.image.behaviour:
        case "shell":
            return container.argv
        case "exit1":
            return ["/bin/sh", "-c", FAILING]
        case "never":
            return _server(container, FOR_EVER_SECONDS)
        case "serve":
            return _server(container, container.image.late_seconds)


def _server(container: FakeContainer, late_seconds: float) -> list[str]:
    address = container.address or "127.0.0.1"
    # isolated and without site: 40 ms instead of 200, and nothing of the container's environment counts
    return [sys.executable, "-I", "-S", str(SERVER), address, str(container.port), str(late_seconds)]


async def launch(container: FakeContainer, command: list[str]) -> None:
    """Start the container's process; its output goes to the container's log."""
    container.process = await asyncio.create_subprocess_exec(
        *command,
        env=container.env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
        limit=2**22,
    )


async def finish(container: FakeContainer) -> int:
    """Collect the output until the process has ended; give its exit code as Docker counts them."""
    process = container.process
    assert process is not None and process.stdout is not None and process.stderr is not None
    await asyncio.gather(_pump(process.stdout, 1, container), _pump(process.stderr, 2, container))
    code = await process.wait()
    if process.stdin is not None:
        process.stdin.close()
    return 128 - code if code < 0 else code


async def _pump(reader: asyncio.StreamReader, stream: int, container: FakeContainer) -> None:
    while line := await reader.readline():
        container.log.append((stream, line))


def send_signal(container: FakeContainer, number: int) -> None:
    """Signal the container's process and its children."""
    if container.process is not None and container.process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(container.process.pid, number)


def signal_number(name: str) -> int:
    """Read a signal as the API spells it: `SIGTERM`, `TERM` or `15`."""
    if name.isdigit():
        return int(name)
    return signal.Signals[name if name.startswith("SIG") else f"SIG{name}"].value
