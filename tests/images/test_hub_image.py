"""The hub's image: users, folders, and how its entry scripts start the proxy and wait for the guard."""

import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.images.workspaces import LABEL, docker, free_port

pytestmark = pytest.mark.engine

TOKEN = "0123456789abcdef0123456789abcdef"


class Proxy:
    """A container that runs the image's proxy as the compose file does: its own user, nothing else writable."""

    def __init__(self, image: str, folder: Path, *options: str) -> None:
        self.name = f"wsh-test-{secrets.token_hex(4)}"
        self.image = image
        self.run = folder
        docker(
            *("run", "--detach", "--name", self.name, "--label", LABEL, "--user", "proxy-hub", "--read-only"),
            *("--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
            *("--volume", f"{folder}:/run/workspace-hub", "--env", "HUB_TARGET=http://127.0.0.1:8081"),
            *options,
            *(image, "run-proxy"),
        )

    def logs(self) -> str:
        return docker("logs", self.name)

    def wait_for(self, words: str) -> None:
        deadline = time.monotonic() + 20
        while words not in self.logs():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def routes_seen_by(self, user: str) -> str:
        """What a process of that user in another container gets from the proxy's API."""
        code = (
            "import asyncio, aiohttp\n"
            "async def main():\n"
            "    socket = aiohttp.UnixConnector('/run/workspace-hub/proxy/api.sock')\n"
            f"    headers = {{'Authorization': 'token {TOKEN}'}}\n"
            "    async with aiohttp.ClientSession(connector=socket, headers=headers) as s:\n"
            "        async with s.get('http://proxy/api/routes') as r:\n"
            "            print(r.status, await r.text())\n"
            "asyncio.run(main())\n"
        )
        mount = f"{self.run}:/run/workspace-hub"
        return docker("run", "--rm", "--user", user, "--volume", mount, self.image, "python", "-c", code, check=False)

    def remove(self) -> None:
        docker("rm", "--force", self.name, check=False)


@pytest.fixture
def run_folder(hub_image: str, tmp_path: Path) -> Path:
    """The folder that proxy, hub and guard share, with a proxy token, as `./hub up` prepares it."""
    # in the system's own folder and open to all: the containers' users have other ids
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "proxy").mkdir()
    (folder / "tls").mkdir()
    (folder / "guard").mkdir()
    (folder / "proxy" / "token").write_text(TOKEN)
    prepare = "chown -R 991:992 /r/proxy && chmod 2750 /r/proxy && chmod 640 /r/proxy/token && chown 991 /r/tls"
    docker("run", "--rm", "--user", "0", "--volume", f"{folder}:/r", hub_image, "sh", "-c", prepare)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(0o755)
    return folder


@pytest.fixture
def proxies(run_folder: Path) -> Iterator[list[Proxy]]:
    started: list[Proxy] = []
    yield started
    for proxy in started:
        proxy.remove()


def _run(image: str, *command: str) -> str:
    return docker("run", "--rm", "--user", "0", image, *command)


def test_its_users_have_the_ids_that_the_volumes_are_owned_by(hub_image: str) -> None:
    assert _run(hub_image, "id", "hub") == "uid=990(hub) gid=990(hub) groups=990(hub),992(hubrun)"
    assert _run(hub_image, "id", "proxy-hub").startswith("uid=991(proxy-hub) gid=991(proxy-hub) groups=")
    assert docker("image", "inspect", "--format", "{{.Config.User}}", hub_image) == "hub"


def test_a_fresh_volume_takes_over_the_folders_owners(hub_image: str) -> None:
    said = _run(hub_image, "stat", "-c", "%n %U:%G %a", "/data", "/run/workspace-hub/proxy")
    assert said.splitlines() == ["/data hub:hub 700", "/run/workspace-hub/proxy proxy-hub:hubrun 2750"]


def test_our_packages_and_both_kinds_of_iptables_are_inside(hub_image: str) -> None:
    code = "import importlib.metadata as m, settings, records, engine; print(m.version('workspace-hub'))"
    assert _run(hub_image, "python", "-c", code) == "0.1.0"
    assert "nf_tables" in _run(hub_image, "iptables-nft", "--version")
    assert "legacy" in _run(hub_image, "iptables-legacy", "--version")


def test_nobody_but_root_can_change_the_code(hub_image: str) -> None:
    assert _run(hub_image, "find", "/opt", "!", "-user", "root", "-o", "-perm", "-o+w", "!", "-type", "l") == ""


def test_the_hub_may_use_the_proxys_socket_and_others_may_not(
    hub_image: str, run_folder: Path, proxies: list[Proxy]
) -> None:
    proxy = Proxy(hub_image, run_folder)
    proxies.append(proxy)
    proxy.wait_for("Proxy API at")
    assert proxy.routes_seen_by("hub").startswith("200 ")
    assert "PermissionError" in proxy.routes_seen_by("20001")


def test_a_socket_left_over_from_a_killed_proxy_does_not_matter(
    hub_image: str, run_folder: Path, proxies: list[Proxy]
) -> None:
    first = Proxy(hub_image, run_folder)
    proxies.append(first)
    first.wait_for("Proxy API at")
    docker("kill", first.name)
    assert (run_folder / "proxy" / "api.sock").exists()

    second = Proxy(hub_image, run_folder)
    proxies.append(second)
    second.wait_for("Proxy API at")
    assert second.routes_seen_by("hub").startswith("200 ")


def test_a_stop_ends_the_proxy_well_within_dockers_patience(
    hub_image: str, run_folder: Path, proxies: list[Proxy]
) -> None:
    proxy = Proxy(hub_image, run_folder)
    proxies.append(proxy)
    proxy.wait_for("Proxy API at")
    began = time.monotonic()
    docker("stop", "--time", "10", proxy.name)
    assert time.monotonic() - began < 9


def test_without_a_token_the_proxy_says_what_to_do(hub_image: str, run_folder: Path, proxies: list[Proxy]) -> None:
    (run_folder / "proxy" / "token").unlink()
    proxy = Proxy(hub_image, run_folder)
    proxies.append(proxy)
    assert docker("wait", proxy.name) == "78"
    assert proxy.logs() == (
        "proxy: /run/workspace-hub/proxy/token is missing, empty or not readable. Run ./hub up, which makes it."
    )


def test_with_a_certificate_it_serves_tls_and_redirects_plain_http(
    hub_image: str, run_folder: Path, proxies: list[Proxy]
) -> None:
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1")
    files = ("-keyout", run_folder / "tls" / "key.pem", "-out", run_folder / "tls" / "cert.pem")
    make = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *names, *files)
    subprocess.run(make, check=True, capture_output=True)
    (run_folder / "tls" / "key.pem").chmod(0o644)
    tls, plain = free_port(), free_port()
    ports = ("--publish", f"127.0.0.1:{tls}:8443", "--publish", f"127.0.0.1:{plain}:8080")
    proxy = Proxy(hub_image, run_folder, *ports, "--env", f"HUB_REDIRECT_TO={tls}")
    proxies.append(proxy)
    proxy.wait_for("Added HTTP to HTTPS redirection")

    certificate = str(run_folder / "tls" / "cert.pem")
    # no hub is there, so 503; what counts is that the proxy itself answers on TLS
    assert requests.get(f"https://127.0.0.1:{tls}/hub", verify=certificate, timeout=10).status_code == 503
    redirect = requests.get(f"http://127.0.0.1:{plain}/hub/x?y=1", allow_redirects=False, timeout=10)
    assert redirect.status_code == 301
    assert redirect.headers["Location"] == f"https://127.0.0.1:{tls}/hub/x?y=1"


def _write_status(folder: Path, **said: object) -> None:
    status = {"ok": True, "written_at": datetime.now(UTC).isoformat(), "problem": "", "repairs": 0}
    (folder / "guard" / "status.json").write_text(json.dumps(status | said))


def _start_waiting(image: str, folder: Path, wait_seconds: int) -> "subprocess.Popen[str]":
    command = ("docker", "run", "--rm", "--label", LABEL, "--volume", f"{folder}:/run/workspace-hub")
    limit = ("--env", f"HUB_GUARD_WAIT_SECONDS={wait_seconds}")
    return subprocess.Popen([*command, *limit, image, "wait-for-guard"], stderr=subprocess.PIPE, text=True)


OLD = (datetime.now(UTC) - timedelta(hours=1)).isoformat()


@pytest.mark.parametrize(
    "status",
    [
        pytest.param(None, id="no status"),
        pytest.param({"written_at": OLD}, id="an old status"),
        pytest.param({"ok": False, "problem": "there is no bridge"}, id="a problem"),
    ],
)
def test_the_hub_does_not_wait_for_ever_and_says_why(
    hub_image: str, run_folder: Path, status: dict[str, object] | None
) -> None:
    if status is not None:
        _write_status(run_folder, **status)
    with _start_waiting(hub_image, run_folder, 1) as waiting:
        said = waiting.communicate(timeout=60)[1]
    assert waiting.returncode == 1
    assert said.startswith("hub: after 1 s: ")
    assert "./hub logs netguard" in said


def test_the_hub_waits_until_the_guard_stands(hub_image: str, run_folder: Path) -> None:
    with _start_waiting(hub_image, run_folder, 50) as waiting:
        time.sleep(3)
        assert waiting.poll() is None
        _write_status(run_folder)
        said = waiting.communicate(timeout=40)[1]
    assert (waiting.returncode, said) == (0, "")
