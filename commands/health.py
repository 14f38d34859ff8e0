"""`health hub|proxy|netguard`: health checks that see a dead neighbour, not only their own loopback.

Runs every few seconds in each container: it imports the standard library only, and of that little.
"""

import argparse
import http.client
import json
import socket
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from commands.errors import OK, NotHealthy
from commands.place import Place

TIMEOUT_SECONDS: Final = 3.0
GUARD_FRESH_SECONDS: Final = 15.0
HUB_PORT: Final = 8081
HEALTH_PATH: Final = "/hub/health"
LOOK_AT_GUARD: Final = "Look at `./hub logs netguard`."


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket, which `http.client` does not know."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=TIMEOUT_SECONDS)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket's file instead of a host and port."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(TIMEOUT_SECONDS)
        self.sock.connect(str(self._path))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("service", choices=sorted(CHECKS))


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Return 0 if the service and its neighbours answer; raise NotHealthy about the first that does not."""
    CHECKS[arguments.service](place)
    return OK


def check_hub(place: Place) -> None:
    """The hub answers, can tell the proxy its routes, and the packet rules are in place."""
    ask(http.client.HTTPConnection("127.0.0.1", HUB_PORT, timeout=TIMEOUT_SECONDS), "the hub", HEALTH_PATH)
    check_proxy_api(place)
    check_guard(place)


def check_proxy(place: Place) -> None:
    """The proxy reaches the hub for a browser, and its API answers the hub."""
    ask(public_connection(place.environment), "the hub through the proxy", HEALTH_PATH)
    check_proxy_api(place)


def check_guard(place: Place) -> None:
    """Netguard looked at its rules a moment ago and found or put them right."""
    sentence = guard_problem(place.guard_status, now=datetime.now(UTC))
    if sentence:
        raise NotHealthy(sentence)


def check_proxy_api(place: Place) -> None:
    """The proxy's REST API takes the hub's token."""
    try:
        token = place.proxy_token.read_text().strip()
    except OSError as error:
        raise NotHealthy(f"The proxy's token cannot be read ({error.strerror}). Run `./hub up` again.") from None
    ask(UnixConnection(place.proxy_socket), "the proxy's API", "/api/routes", {"Authorization": f"token {token}"})


def public_connection(environment: Mapping[str, str]) -> http.client.HTTPConnection:
    """Give a connection to the proxy's public port from inside its own container."""
    port = int(environment.get("PROXY_PORT", "8000"))
    if environment.get("PROXY_TLS", "") != "1":
        return http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    import ssl

    # loopback inside one container: the certificate is for the public name, prepare has judged it
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS, context=context)


def ask(connection: http.client.HTTPConnection, who: str, path: str, headers: Mapping[str, str] | None = None) -> None:
    """Ask once and raise NotHealthy for silence or any answer but 200."""
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise NotHealthy(f"Nothing heard from {who} ({error}). Look at `./hub logs`.") from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise NotHealthy(f"Got {status} from {who}. Look at `./hub logs`.")


def guard_problem(status_file: Path, *, now: datetime) -> str | None:
    """Say what is wrong with netguard's last word (`guard/status.py` writes it), or None."""
    try:
        said = json.loads(status_file.read_bytes())
        age_seconds = (now - datetime.fromisoformat(said["written_at"])).total_seconds()
        is_ok, problem = said["ok"] is True, str(said.get("problem", ""))
    except OSError as error:
        return f"Netguard has said nothing yet ({error.strerror}). {LOOK_AT_GUARD}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return f"Netguard's status cannot be read. {LOOK_AT_GUARD}"
    # an age below zero is a clock that was set back since: not fresh either
    if not -1 <= age_seconds <= GUARD_FRESH_SECONDS:
        return f"Netguard last looked at its rules {age_seconds:.0f} s ago. {LOOK_AT_GUARD}"
    return None if is_ok else f"The packet rules do not stand ({problem or 'no reason given'}). {LOOK_AT_GUARD}"


CHECKS: Final[Mapping[str, Callable[[Place], None]]] = {
    "hub": check_hub,
    "proxy": check_proxy,
    "netguard": check_guard,
}
