"""The two real processes of a hub under test: JupyterHub and configurable-http-proxy."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HUB_IMAGE = ROOT / "images" / "hub"


class Process:
    """A child process with its log in a file; it can be started again."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = list(command), dict(environment), log
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self._child is not None and self._child.poll() is None

    @property
    def pid(self) -> int:
        """The id of the running process."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start it; its log goes on in the same file."""
        assert not self.running, "it runs already"
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(  # noqa: S603 - a fixed command of ours
                self._command, env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self._log.parent, start_new_session=True,
            )  # fmt: skip

    def stop(self, seconds: float = 20) -> int:
        """End it as an administrator does (SIGTERM), by force after the given time; give its exit code."""
        return self._end(signal.SIGTERM, seconds)

    def kill(self) -> int:
        """End it without a warning (SIGKILL)."""
        return self._end(signal.SIGKILL, 10)

    def exit_code(self, seconds: float = 30) -> int:
        """Wait for its end and give its exit code; raise subprocess.TimeoutExpired if it stays."""
        assert self._child is not None
        return self._child.wait(seconds)

    def text(self) -> str:
        """Give everything that it has said."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    def _end(self, number: int, seconds: float) -> int:
        if self._child is None:
            return 0
        if self.running:
            os.kill(self._child.pid, number)
        try:
            return self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            return self._child.wait(10)


def hub_process(folder: Path, config: Path, environment: Mapping[str, str]) -> Process:
    """Make the JupyterHub process of this Python."""
    base = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "jupyterhub", "-f", str(config)]
    return Process(command, base | dict(environment), folder / "hub.log")


def proxy_process(folder: Path, *, port: int, api_socket: Path, hub_url: str, token: str) -> Process:
    """Make the proxy process, with the arguments that `images/hub/run-proxy` gives it."""
    command = [
        find_proxy(), "--ip", "127.0.0.1", "--port", str(port), "--api-socket", str(api_socket),
        "--default-target", hub_url, "--error-target", f"{hub_url}/hub/error",
    ]  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "CONFIGPROXY_AUTH_TOKEN": token}
    # a socket that a killed proxy left behind would keep the new one's API from listening
    script = 'rm -f "$0"; exec "$@"'
    return Process(["/bin/sh", "-c", script, str(api_socket), *command], environment, folder / "proxy.log")


def find_proxy() -> str:
    """Give configurable-http-proxy: from CHP, the checkout's node_modules, or installed into a cache folder."""
    name = "configurable-http-proxy"
    local = ROOT / "node_modules" / ".bin" / name
    found = os.environ.get("CHP") or (str(local) if local.exists() else shutil.which(name))
    return found or _installed_proxy(name)


def _installed_proxy(name: str) -> str:
    lock = (HUB_IMAGE / "package-lock.json").read_bytes()
    cache = Path.home() / ".cache" / "workspace-hub-tests" / hashlib.sha256(lock).hexdigest()[:16]
    binary = cache / "node_modules" / ".bin" / name
    if not binary.exists():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"no {name}: set CHP to its path, or install npm")
        cache.mkdir(parents=True, exist_ok=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(HUB_IMAGE / file, cache)
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=cache, check=True, timeout=300)  # noqa: S603
    return str(binary)
