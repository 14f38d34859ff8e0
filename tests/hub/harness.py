"""A hub under test: real JupyterHub, real proxy, fake engine; and the words in which tests speak about it."""

import json
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from commands.hub_image import hub_image
from engine.names import LABEL_SERVER, LABEL_USER_NAME, network_name
from records.accounts import make_link
from records.people import ensure_person, find_person
from records.store import Store
from settings.load import loads
from tests.fakes.containers import FakeContainer
from tests.fakes.engine import FakeEngine
from tests.hub.network_block import NetworkBlock, free_port
from tests.hub.processes import ROOT, Process, hub_process, proxy_process
from tests.hub.visitor import LIMIT_SECONDS, Visitor
from tests.hub.waiting import failure, wait_until

MINIMAL_IMAGE = "workspace-hub/minimal:0.1.0"

PASSWORD = "a long enough password"  # noqa: S105 - every person's in these tests
BOOT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an account and an open browser."""

    name: str
    password: str
    browser: Visitor


class RunningHub:
    """One hub with its proxy and its fake engine.

    ``toml`` follows the lines that give this hub its own name, URL and network; what it adds to the tables
    `site` and `network` must be dotted keys in front of its first table, e.g. ``site.title = "Lab"``.
    """

    def __init__(self, toml: str = "", *, extra_config: str = "") -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hub-"))
        self.data, self.run = self.folder / "data", self.folder / "run"
        self.block = NetworkBlock()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.instance = f"t{secrets.token_hex(4)}"
        self.admin_token, self._proxy_token = secrets.token_hex(32), secrets.token_hex(32)
        self._extra_config = extra_config
        self._visitors: list[Visitor] = []
        self.fake = FakeEngine().__enter__()
        self._set_up()
        self.write_toml(toml)
        self.proxy = self._make_proxy()
        self.process = self._make_process()

    # ---- its life ----------------------------------------------------------------------------------

    def boot(self, *, seconds: float = BOOT_SECONDS) -> None:
        """Start what does not run of proxy and hub, and return when the hub answers through the proxy."""
        for process in (self.proxy, self.process):
            if not process.running:
                process.start()
        wait_until(self._answers_or_ended, "the hub answers", self, seconds=seconds)
        if not self.process.running:
            raise failure(self, f"the hub ended with exit code {self.process.exit_code()}")

    def restart(self) -> None:
        """Stop the hub as an administrator does and start it again; the proxy runs on."""
        self.process.stop()
        self.boot()

    def kill(self) -> None:
        """Kill the hub in mid-work (SIGKILL); `boot` brings it back."""
        self.process.kill()

    def restart_proxy(self) -> None:
        """Kill the proxy and start a new one, which has no routes."""
        self.proxy.kill()
        self.proxy.start()

    def close(self) -> None:
        """End everything and remove the folders."""
        for visitor in self._visitors:
            visitor.close()
        self.process.stop()
        self.proxy.stop()
        self.fake.close()
        self.block.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """Give everything that the hub has logged."""
        return self.process.text()

    def write_toml(self, toml: str) -> None:
        """Write hub.toml; in effect after the next start of the hub."""
        own = {
            "site.name": self.instance,
            "site.url": self.url,
            "site.listen": f"127.0.0.1:{self.port}",
            "network.subnet": str(self.block.subnet),
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in own.items()]
        self.toml.write_text("\n".join([*lines, toml]), "utf-8")

    @property
    def toml(self) -> Path:
        """The hub's settings file."""
        return self.folder / "hub.toml"

    # ---- people ------------------------------------------------------------------------------------

    def add_person(self, name: str) -> None:
        """Add a person as the admin panel does."""
        self.expect(201, "POST", f"/users/{name}", json={})

    def link_for(self, name: str) -> str:
        """Make a one-time link, as `./hub accounts link NAME` does; give its path with the token."""
        settings, now = loads(self.toml.read_text("utf-8")), datetime.now(UTC)
        with Store(self.data / "records.sqlite") as store:
            person = store.run_now(
                lambda records: (
                    find_person(records, name)
                    or ensure_person(records, name, first_uid=settings.storage.first_uid, now=now)
                )
            )
            token = store.run_now(
                lambda records: make_link(
                    records, person.person_id, now=now, valid=timedelta(minutes=60), made_by="tests"
                )
            )
        return f"/hub/accounts/link?token={token}"

    def set_password_by_link(self, name: str, password: str = PASSWORD) -> Visitor:
        """Make a link and set the password with it; give the browser, which is then signed in."""
        visitor, path = self.visitor(), self.link_for(name)
        fields = {"token": path.partition("token=")[2], "password": password, "repeated": password}
        visitor.get(path)
        answer = visitor.post("/hub/accounts/link", data={"_xsrf": visitor.xsrf, **fields}, allow_redirects=False)
        if answer.status_code != 302:
            raise failure(self, f"{name} could not set a password: {answer.status_code} {answer.text[:2000]}")
        return visitor

    def new_person(self, name: str = "", *, groups: tuple[str, ...] = ()) -> Person:
        """Add a person with a password, in the given groups; they are signed in."""
        name = name or f"p{secrets.token_hex(4)}"
        self.add_person(name)
        for group in groups:
            self.expect(200, "POST", f"/groups/{group}/users", json={"users": [name]})
        return Person(name, PASSWORD, self.set_password_by_link(name))

    def admin(self) -> Visitor:
        """Give a signed-in browser of the first admin, who is called `admin` unless the TOML says otherwise."""
        name = loads(self.toml.read_text("utf-8")).sign_in.admins[0]
        return self.set_password_by_link(name)

    def visitor(self) -> Visitor:
        """Give a browser that is not signed in."""
        visitor = Visitor(self.url)
        self._visitors.append(visitor)
        return visitor

    def session(self, name: str, password: str = PASSWORD) -> Visitor:
        """Give a browser that has signed in with a password."""
        visitor = self.visitor()
        answer = visitor.sign_in(name, password)
        if answer.status_code != 302:
            raise failure(self, f"{name} could not sign in: {answer.status_code}")
        return visitor

    # ---- the REST API ------------------------------------------------------------------------------

    def api(self, method: str, path: str, *, token: str | None = None, **kwargs: Any) -> requests.Response:
        """Call JupyterHub's REST API, with the admin's token or another."""
        headers = {"Authorization": f"token {token or self.admin_token}", **kwargs.pop("headers", {})}
        kwargs.setdefault("timeout", LIMIT_SECONDS)
        return requests.request(method, f"{self.url}/hub/api{path}", headers=headers, **kwargs)  # noqa: S113

    def expect(self, status: int, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Call the REST API and raise HubFailure when the answer has another status."""
        answer = self.api(method, path, **kwargs)
        if answer.status_code != status:
            raise failure(self, f"{method} {path}: {answer.status_code} instead of {status}: {answer.text[:500]}")
        return answer

    def routes(self) -> dict[str, Any]:
        """Give the proxy's routes, by path."""
        found: dict[str, Any] = self.expect(200, "GET", "/proxy").json()
        return found

    # ---- workspaces --------------------------------------------------------------------------------

    def start(
        self, name: str, options: dict[str, Any] | None = None, *, server: str = "", token: str | None = None
    ) -> requests.Response:
        """Ask for a person's server by REST; the answer is 201 (ready), 202 (on its way) or a refusal."""
        return self.api("POST", _server_path(name, server), json=options or {}, token=token)

    def start_and_wait(self, name: str, options: dict[str, Any] | None = None, *, server: str = "") -> FakeContainer:
        """Start a person's server and return its container when it is ready."""
        answer = self.start(name, options, server=server)
        if answer.status_code not in (201, 202):
            raise failure(self, f"starting {name!r}: {answer.status_code} {answer.text[:500]}")
        self.wait_ready(name, server)
        return self.container(name, server)

    def stop(self, name: str, server: str = "", *, wait: bool = True) -> None:
        """Stop a person's server and wait until the hub says so."""
        answer = self.api("DELETE", _server_path(name, server))
        if answer.status_code not in (202, 204):
            raise failure(self, f"stopping {name!r}: {answer.status_code} {answer.text[:500]}")
        if wait:
            self.wait_stopped(name, server)

    def stop_all(self, name: str) -> None:
        """Stop whatever a person has running; no error if they are gone."""
        answer = self.api("GET", f"/users/{name}")
        for server in answer.json()["servers"] if answer.status_code == 200 else ():
            self.api("DELETE", _server_path(name, server))
            self.wait_stopped(name, server)

    def server(self, name: str, server: str = "") -> dict[str, Any] | None:
        """Give what the hub says about a server that starts, runs or stops, or None if it does not."""
        servers = self.expect(200, "GET", f"/users/{name}").json()["servers"]
        found: dict[str, Any] | None = servers.get(server)
        return found if found is not None and (found["ready"] or found["pending"]) else None

    def wait_ready(self, name: str, server: str = "", *, seconds: float = 30) -> None:
        """Return when a server is ready; raise HubFailure when it fails or takes too long."""

        def is_decided() -> bool:
            found = self.server(name, server)
            return found is None or (bool(found["ready"]) and not found["pending"])

        wait_until(is_decided, f"{name!r}'s workspace {server!r} is ready", self, seconds=seconds)
        if self.server(name, server) is None:
            raise failure(self, f"{name!r}'s workspace {server!r} did not start")

    def wait_stopped(self, name: str, server: str = "", *, seconds: float = 30) -> None:
        """Return when a server neither runs nor starts nor stops."""
        what = f"{name!r}'s workspace {server!r} is stopped"
        wait_until(lambda: self.server(name, server) is None, what, self, seconds=seconds)

    def containers(self, name: str, server: str = "") -> list[FakeContainer]:
        """Give the containers that carry a person's and server's labels."""
        wanted = {LABEL_USER_NAME: name, LABEL_SERVER: server}
        return [one for one in self.fake.workspaces() if wanted.items() <= one.labels.items()]

    def container(self, name: str, server: str = "") -> FakeContainer:
        """Give the one container of a person's server."""
        found = self.containers(name, server)
        if len(found) != 1:
            raise failure(self, f"{name!r} has {len(found)} containers for {server!r} instead of one")
        return found[0]

    def page(self, name: str, server: str = "", *, browser: Visitor | None = None) -> requests.Response:
        """Look at a workspace through the proxy; the fake's page names the person whose it is."""
        return (browser or self.visitor()).get(f"{workspace_path(name, server)}lab")

    def environment_of(self, name: str, server: str = "") -> dict[str, str]:
        """Give the environment inside a workspace."""
        found: dict[str, str] = self.visitor().get(f"{workspace_path(name, server)}fake/env").json()
        return found

    # ---- the parts ---------------------------------------------------------------------------------

    def _set_up(self) -> None:
        for folder in (self.data, self.run / "proxy"):
            folder.mkdir(parents=True)
        (self.run / "proxy" / "token").write_text(self._proxy_token)
        self.fake.add_network(network_name(self.instance), str(self.block.subnet))
        self.fake.images.add(MINIMAL_IMAGE)
        self.fake.images.add(hub_image())

    def _make_proxy(self) -> Process:
        socket = self.run / "proxy" / "api.sock"
        return proxy_process(
            self.folder, port=self.port, api_socket=socket, hub_url=self.block.hub_url, token=self._proxy_token
        )

    def _make_process(self) -> Process:
        environment = {
            "HUB_TOML": str(self.toml), "HUB_DATA": str(self.data), "HUB_RUN": str(self.run),
            "HUB_DOCKER": self.fake.url, "HUB_BIND_URL": self.block.hub_url,
            "HUB_CONNECT_URL": self.block.hub_url, "HUB_CONFIG": str(ROOT / "jupyterhub_config.py"),
            "HUB_TEST_TOKEN": self.admin_token, "HUB_EXTRA_CONFIG": self._extra_config,
        }  # fmt: skip
        return hub_process(self.folder, Path(__file__).with_name("extended_config.py"), environment)

    def _answers_or_ended(self) -> bool:
        if not self.process.running:
            return True
        try:
            return requests.get(f"{self.url}/hub/health", timeout=5).status_code == 200
        except requests.RequestException:
            return False


def workspace_path(name: str, server: str = "") -> str:
    """Give the path of a workspace behind the proxy."""
    return f"/user/{name}/{server}/" if server else f"/user/{name}/"


def _server_path(name: str, server: str) -> str:
    return f"/users/{name}/servers/{server}" if server else f"/users/{name}/server"
