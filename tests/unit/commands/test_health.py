import http.server
import json
import socket
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands import health
from commands.__main__ import main
from commands.place import Place
from guard.status import Status, write_status
from tests.unit.commands.places import environment_of, make_place

NOW = datetime.now(UTC)


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers known paths with 200 and the rest with 404; the API's only with its token."""

    def do_GET(self) -> None:
        asked_with = self.headers.get("Authorization")
        statuses = {"/hub/health": 200, "/api/routes": 200 if asked_with == "token right" else 403}
        self.send_response(statuses.get(self.path, 404))
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass

    def address_string(self) -> str:
        return "unix"


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The proxy's API."""

    daemon_threads = True


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def healthy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mapping[str, ExitStack]]:
    """Hub, public side, API and guard, each of which a test can end; the place is under tmp_path."""
    with ExitStack() as all_parts:
        parts = {name: all_parts.enter_context(ExitStack()) for name in ("hub", "public", "api")}
        hub = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        public = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        place = make_place(tmp_path, environment={"PROXY_PORT": str(public.server_port)})
        place.proxy_socket.parent.mkdir(parents=True)
        place.proxy_token.write_text("right\n")
        write_status(place.guard_status, Status(True, datetime.now(UTC), "", 0))
        monkeypatch.setattr(health, "HUB_PORT", hub.server_port)
        parts["hub"].enter_context(serving(hub))
        parts["public"].enter_context(serving(public))
        parts["api"].enter_context(serving(UnixServer(str(place.proxy_socket), Answer)))
        (tmp_path / "environment.json").write_text(json.dumps(environment_of(place)))
        yield parts


def place_of(tmp_path: Path) -> dict[str, str]:
    found: dict[str, str] = json.loads((tmp_path / "environment.json").read_text())
    return found


@pytest.mark.parametrize("service", ["hub", "proxy", "netguard"])
def test_all_is_well(healthy: Mapping[str, ExitStack], tmp_path: Path, service: str) -> None:
    assert main(["health", service], place_of(tmp_path)) == 0


@pytest.mark.parametrize(
    ("service", "dead"),
    [("hub", "hub"), ("hub", "api"), ("proxy", "public"), ("proxy", "api")],
    ids=["a dead hub", "a dead API beside a live hub", "no way through the proxy", "a dead API beside a live proxy"],
)
def test_a_dead_neighbour_is_seen(
    healthy: Mapping[str, ExitStack], tmp_path: Path, capsys: pytest.CaptureFixture[str], service: str, dead: str
) -> None:
    healthy[dead].close()
    assert main(["health", service], place_of(tmp_path)) == 1
    assert capsys.readouterr().err.startswith("Nothing heard from")


def test_a_wrong_token_is_seen(
    healthy: Mapping[str, ExitStack], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run" / "proxy" / "token").write_text("wrong")
    assert main(["health", "proxy"], place_of(tmp_path)) == 1
    assert "Got 403" in capsys.readouterr().err


def test_a_left_over_socket_that_nobody_serves_is_seen(
    healthy: Mapping[str, ExitStack], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    healthy["api"].close()
    assert (tmp_path / "run" / "proxy" / "api.sock").exists()
    assert main(["health", "proxy"], place_of(tmp_path)) == 1
    assert "the proxy's API" in capsys.readouterr().err


@pytest.mark.parametrize("service", ["hub", "netguard"])
def test_missing_packet_rules_make_hub_and_netguard_unhealthy(
    healthy: Mapping[str, ExitStack], tmp_path: Path, capsys: pytest.CaptureFixture[str], service: str
) -> None:
    status = Status(False, datetime.now(UTC), "DOCKER-USER is missing", 3)
    write_status(tmp_path / "run" / "guard" / "status.json", status)
    assert main(["health", service], place_of(tmp_path)) == 1
    assert "DOCKER-USER is missing" in capsys.readouterr().err


def guard_file(folder: Path, *, age: timedelta) -> Path:
    file = make_place(folder).guard_status
    write_status(file, Status(True, NOW - age, "", 0))
    return file


@pytest.mark.parametrize("seconds", [0, 5, 14])
def test_a_fresh_word_of_netguard_is_good(tmp_path: Path, seconds: int) -> None:
    assert health.guard_problem(guard_file(tmp_path, age=timedelta(seconds=seconds)), now=NOW) is None


@pytest.mark.parametrize("seconds", [16, 86_400, -60], ids=["stale", "a day old", "from the future"])
def test_a_word_of_another_time_is_not(tmp_path: Path, seconds: int) -> None:
    problem = health.guard_problem(guard_file(tmp_path, age=timedelta(seconds=seconds)), now=NOW)
    assert problem is not None and "last looked at its rules" in problem


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"ok": true}', '{"ok": true, "written_at": 7}'], ids=repr)
def test_an_unreadable_word_is_not(tmp_path: Path, text: str) -> None:
    file = guard_file(tmp_path, age=timedelta())
    file.write_text(text)
    problem = health.guard_problem(file, now=NOW)
    assert problem is not None and "cannot be read" in problem


def test_no_word_is_not(tmp_path: Path) -> None:
    problem = health.guard_problem(tmp_path / "status.json", now=NOW)
    assert problem is not None and "nothing yet" in problem


def test_a_port_that_nobody_serves_is_named_in_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place: Place = make_place(tmp_path, environment={"PROXY_PORT": str(unused_port())})
    assert main(["health", "proxy"], environment_of(place)) == 1
    assert capsys.readouterr().err.count("\n") == 1
