"""A whole hub of the test's own, brought up by `./hub up`, and people who use it over HTTP."""

import html
import json
import random
import re
import secrets
import subprocess
import tempfile
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import connect

from tests.images.kernels import execute
from tests.images.workspaces import ROOT, docker, free_port

__all__ = ["ROOT", "Admin", "Person", "Site", "docker", "new_site"]

PASSWORD = "correct horse battery"
STEP_SECONDS = 60.0


def free_subnet() -> str:
    """A /16 of 10.0.0.0/8 that no Docker network has; `up` refuses a clash with a route."""
    networks = docker("network", "ls", "--quiet").split()
    taken = docker("network", "inspect", *networks, "--format", "{{range .IPAM.Config}}{{.Subnet}} {{end}}")
    choices = [f"10.{second}.0.0/16" for second in range(100, 200) if f"10.{second}." not in taken]
    return random.choice(choices)  # noqa: S311


@dataclass
class Site:
    """One instance: its folder with hub.toml, and what a person before the terminal can do with it."""

    folder: Path
    name: str
    port: int
    subnet: str
    extra: str = ""
    links: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def network(self) -> str:
        return f"{self.name}-workspaces"

    def write_settings(self, extra: str | None = None, site: str = "") -> None:
        """Write hub.toml: this instance's own names, and whatever else the test wants."""
        if extra is not None:
            self.extra = extra
        (self.folder / "hub.toml").write_text(
            f'[site]\nname = "{self.name}"\nurl = "{self.url}"\nlisten = "127.0.0.1:{self.port}"\n{site}\n'
            f'[network]\nsubnet = "{self.subnet}"\n{self.extra}\n'
        )

    def hub(
        self, *words: str, check: bool = True, timeout: float = 900, **kwargs: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run `./hub …` for this site without a terminal."""
        done = subprocess.run(
            [ROOT / "hub", "--site", self.folder, *words],
            capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL, **kwargs,
        )  # fmt: skip
        if check and done.returncode != 0:
            raise AssertionError(f"./hub {' '.join(words)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def up(self) -> str:
        """Bring it up; give what was printed."""
        return self.hub("up", "--yes").stdout

    def hub_log(self, lines: int = 60) -> str:
        done = subprocess.run(
            ["docker", "logs", "--tail", str(lines), f"{self.name}-hub"], capture_output=True, text=True, timeout=60
        )
        return done.stdout + done.stderr

    def containers(self, *filters: str) -> list[str]:
        """The names of this instance's containers, running or not."""
        words = [
            word for each in (f"label=workspace-hub.instance={self.name}", *filters) for word in ("--filter", each)
        ]
        return docker("ps", "--all", "--format", "{{.Names}}", *words).split()

    def workspaces_of(self, person: str) -> list[str]:
        return self.containers("label=workspace-hub.kind=workspace", f"label=workspace-hub.user-name={person}")

    def workspace_of(self, person: str) -> str:
        """The one workspace container of a person."""
        (name,) = self.workspaces_of(person)
        return name

    def inspect(self, person: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(docker("inspect", self.workspace_of(person)))[0]
        return found

    def inside(self, person: str, *command: str, check: bool = True, user: str | None = None) -> str:
        """Run a command in a person's workspace, as that person unless `user` says otherwise."""
        if user is None:
            environment = dict(line.split("=", 1) for line in self.inspect(person)["Config"]["Env"])
            user = f"{environment['NB_UID']}:{environment['NB_GID']}"
        words = ("--user", user, "--env", "HOME=/workspace", "--workdir", "/workspace")
        return docker("exec", *words, self.workspace_of(person), *command, check=check)

    def link_for(self, person: str) -> str:
        """A new one-time link, as `./hub accounts link` prints it."""
        return self.hub("accounts", "link", person).stdout.strip()

    def person(self, name: str, password: str = PASSWORD) -> "Person":
        """Somebody with a password who has signed in."""
        person = Person(self, name)
        person.open_link(self.link_for(name), password)
        return person

    def volumes(self) -> list[str]:
        return [name for name in docker("volume", "ls", "--quiet").split() if name.startswith(f"{self.name}-")]

    def destroy(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        self.hub("down", "--all", check=False)
        rows = docker("ps", "--all", "--quiet", "--filter", f"name=^{self.name}-").split()
        if rows:
            docker("rm", "--force", "--volumes", *rows, check=False)
        subprocess.run(
            [
                "docker", "run", "--rm", "--network", "host", "--cap-add", "NET_ADMIN", "--cap-add", "NET_RAW",
                "--user", "0",
                "--env", f"HUB_INSTANCE={self.name}", "--env", f"HUB_SUBNET={self.subnet}",
                "workspace-hub/hub:0.1.0", "python", "-P", "-m", "guard", "remove",
            ],
            capture_output=True, timeout=120,
        )  # fmt: skip
        for volume in self.volumes():
            docker("volume", "rm", "--force", volume, check=False)
        for network in (self.network, f"{self.name}-0front"):
            docker("network", "rm", network, check=False)

    def left_behind(self) -> list[str]:
        """What there is of this instance on the engine and in the packet rules."""
        rules = subprocess.run(["iptables-save"], capture_output=True, text=True, timeout=60).stdout
        bridge = docker("network", "ls", "--quiet", "--filter", f"name={self.name}-").split()
        mentions = [line for line in rules.splitlines() if self.name in line]
        return [*self.containers(), *self.volumes(), *bridge, *mentions]


def new_site(extra: str = "") -> Site:
    """A site in a folder of its own, written but not up."""
    folder = Path(tempfile.mkdtemp(prefix="workspace-hub-site-"))
    folder.chmod(0o755)
    site = Site(folder, f"wht{secrets.token_hex(3)}", free_port(), free_subnet())
    site.write_settings(extra)
    return site


class Person:
    """Somebody with a browser, as far as HTTP goes."""

    def __init__(self, site: Site, name: str) -> None:
        self.site = site
        self.name = name
        self.session = requests.Session()
        self._token = ""

    # ---- pages

    def get(self, path: str, **kwargs: Any) -> requests.Response:
        return self.session.get(self.site.url + path, timeout=STEP_SECONDS, **kwargs)

    def submit(self, page: str, path: str, fields: Mapping[str, str]) -> requests.Response:
        """Fill in the form on a page that was loaded, hidden fields included, and send it."""
        hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page, re.DOTALL))
        data = {name: html.unescape(value) for name, value in hidden.items()} | dict(fields)
        data.setdefault("_xsrf", self.xsrf())
        return self.session.post(self.site.url + path, data=data, timeout=STEP_SECONDS)

    def open_link(self, link: str, password: str = PASSWORD) -> requests.Response:
        """Open a one-time link and set a password; the answer is the page after it."""
        page = self.session.get(link, timeout=STEP_SECONDS)
        assert page.status_code == 200, page.text
        done = self.submit(page.text, "/hub/accounts/link", {"password": password, "repeated": password})
        assert done.status_code == 200 and "/hub/home" in done.url, done.text
        return done

    def sign_in(self, password: str = PASSWORD) -> requests.Response:
        self.session = requests.Session()
        self._token = ""
        page = self.get("/hub/login")
        return self.submit(page.text, "/hub/login?next=%2Fhub%2Fhome", {"username": self.name, "password": password})

    def xsrf(self) -> str:
        return next((cookie.value or "" for cookie in self.session.cookies if cookie.name == "_xsrf"), "")

    # ---- REST

    @property
    def token(self) -> str:
        """An API token of the person's own, made once."""
        if not self._token:
            made = self.api("POST", f"/users/{self.name}/tokens", json={"note": "test"})
            assert made.status_code == 201, made.text
            self._token = made.json()["token"]
        return self._token

    def api(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Ask the hub's REST API as the page's JavaScript does, with the cookie."""
        headers = {"X-XSRFToken": self.xsrf(), "Referer": f"{self.site.url}/hub/home", **kwargs.pop("headers", {})}
        return self.session.request(
            method, f"{self.site.url}/hub/api{path}", headers=headers, timeout=STEP_SECONDS, **kwargs
        )

    def server_path(self, server: str = "") -> str:
        return f"/users/{self.name}/servers/{server}" if server else f"/users/{self.name}/server"

    def start(self, options: Mapping[str, object] | None = None, *, server: str = "", wait: bool = True) -> None:
        """Start a workspace and wait until it is ready."""
        asked = self.api("POST", self.server_path(server), json=dict(options or {}))
        assert asked.status_code in (201, 202), f"{asked.status_code} {asked.text}\n{self.site.hub_log()}"
        if wait:
            self.wait_until_ready(server)

    def wait_until_ready(self, server: str = "", seconds: float = 90) -> None:
        deadline = time.monotonic() + seconds
        while not (model := self.server(server)).get("ready"):
            assert model, f"the start failed:\n{self.site.hub_log()}"
            assert time.monotonic() < deadline, f"not ready in {seconds} s: {model}\n{self.site.hub_log()}"
            time.sleep(0.2)

    def server(self, server: str = "") -> dict[str, Any]:
        model: dict[str, Any] = self.api("GET", f"/users/{self.name}").json()
        found: dict[str, Any] = model["servers"].get(server, {})
        return found

    def stop(self, server: str = "") -> None:
        asked = self.api("DELETE", self.server_path(server))
        assert asked.status_code in (202, 204), asked.text
        deadline = time.monotonic() + 60
        while self.server(server) and not self.server(server).get("stopped"):
            assert time.monotonic() < deadline, f"not stopped in 60 s:\n{self.site.hub_log()}"
            time.sleep(0.2)

    # ---- in the workspace

    def workspace(self, method: str, path: str, *, token: str | None = None, **kwargs: Any) -> requests.Response:
        """Ask the person's Jupyter server, through the proxy."""
        return requests.request(
            method,
            f"{self.site.url}/user/{self.name}{path}",
            headers={"Authorization": f"token {token or self.token}"},
            timeout=STEP_SECONDS,
            **kwargs,
        )

    def run(self, code: str, *, kernel: str = "python3") -> str:
        """Run code in a new kernel, through the proxy's websocket; give its output."""
        started = self.workspace("POST", "/api/kernels", json={"name": kernel})
        assert started.status_code == 201, started.text
        kernel_id = started.json()["id"]
        address = f"ws://127.0.0.1:{self.site.port}/user/{self.name}/api/kernels/{kernel_id}/channels"
        headers = {"Authorization": f"token {self.token}"}
        try:
            with connect(address, additional_headers=headers, open_timeout=STEP_SECONDS) as channel:
                return execute(channel, code)
        finally:
            self.workspace("DELETE", f"/api/kernels/{kernel_id}")

    def kernels(self) -> set[str]:
        return set(self.workspace("GET", "/api/kernelspecs").json()["kernelspecs"])


class Admin(Person):
    """The first admin, with what an admin does in the panel."""

    def add(self, *names: str) -> requests.Response:
        return self.api("POST", "/users", json={"usernames": list(names), "admin": False})

    def add_to_group(self, group: str, *names: str) -> None:
        done = self.api("POST", f"/groups/{group}/users", json={"users": list(names)})
        assert done.status_code == 200, done.text

    def remove_from_group(self, group: str, *names: str) -> None:
        done = self.api("DELETE", f"/groups/{group}/users", json={"users": list(names)})
        assert done.status_code == 200, done.text

    def new_person(self, prefix: str = "p", groups: Sequence[str] = ()) -> Person:
        """Somebody new with a name of their own, added, signed in with a password, in these groups."""
        name = f"{prefix}{uuid.uuid4().hex[:8]}"
        assert self.add(name).status_code == 201
        for group in groups:
            self.add_to_group(group, name)
        return self.site.person(name)
