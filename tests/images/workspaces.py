"""Starts containers of an image as the spawner does, and looks into them from outside."""

import secrets
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import requests

ROOT = Path(__file__).parents[2]
LABEL = "workspace-hub-test=images"
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL")
UID = 20001
GIVEN_SECONDS = 30.0


def docker(*arguments: str, check: bool = True) -> str:
    """Run the docker client and return what it says on both outputs."""
    done = subprocess.run(
        ["docker", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )
    if check and done.returncode != 0:
        raise AssertionError(f"docker {' '.join(arguments)} failed:\n{done.stdout}")
    return done.stdout.strip()


def free_port() -> int:
    """A loopback port that nobody uses now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Workspace:
    """A running container of an image that keeps the `jupyter` contract."""

    name: str
    port: int
    token: str
    uid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def root(self, *command: str, check: bool = True) -> str:
        """Run a command as the container's root."""
        return docker("exec", "--user", "0", self.name, *command, check=check)

    def person(self, *command: str, check: bool = True) -> str:
        """Run a command as the person, in a login shell's environment."""
        line = 'exec "$@"'
        identity = ("--user", f"{self.uid}:{self.uid}", "--env", "HOME=/workspace", "--workdir", "/workspace")
        return docker("exec", *identity, self.name, "bash", "-lc", line, "bash", *command, check=check)

    def terminal(self, line: str) -> str:
        """Run a line in the kernel of the image, so with exactly what a person's own processes have."""
        from tests.images.kernels import run_code  # it needs a workspace to talk to

        code = f"import subprocess; print(subprocess.run({line!r}, shell=True, text=True, "
        code += "stdout=subprocess.PIPE, stderr=subprocess.STDOUT, executable='/bin/bash').stdout, end='')"
        return run_code(self, code)

    def logs(self) -> str:
        return docker("logs", self.name)

    def get(self, path: str) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        return requests.get(self.url + path, headers=headers, timeout=10)

    def wait_until_it_answers(self, path: str = "/api") -> None:
        deadline = time.monotonic() + GIVEN_SECONDS
        while time.monotonic() < deadline:
            try:
                if requests.get(self.url + path, timeout=5).status_code == 200:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
        raise AssertionError(f"{self.name} did not answer at {path}:\n{self.logs()}")

    def remove(self) -> None:
        docker("rm", "--force", self.name, check=False)


def start_workspace(
    image: str,
    *,
    volume: str,
    uid: int = UID,
    environment: dict[str, str] | None = None,
    options: Sequence[str] = (),
    command: Sequence[str] = (),
) -> Workspace:
    """Start a container with the capabilities and flags that the spawner gives; does not wait for the server."""
    token = secrets.token_hex(8)
    port = free_port()
    name = f"wsh-test-{secrets.token_hex(4)}"
    variables = {"NB_USER": "ada", "NB_UID": str(uid), "NB_GID": str(uid), "JUPYTER_TOKEN": token}
    variables |= environment or {}
    docker(
        *("run", "--detach", "--name", name, "--label", LABEL, "--user", "0", "--cap-drop", "ALL"),
        *(word for capability in CAPABILITIES for word in ("--cap-add", capability)),
        *("--security-opt", "no-new-privileges", "--publish", f"127.0.0.1:{port}:8888"),
        *("--volume", f"{volume}:/workspace"),
        *(word for key, value in variables.items() for word in ("--env", f"{key}={value}")),
        *(*options, image, *command),
    )
    return Workspace(name, port, token, uid)
