"""A stand-in for a single-user server, started by the fake engine as a real process; standard library only.

It answers `<prefix>api` as JupyterHub asks for it, shows a page with the person's name, echoes its environment
at `<prefix>fake/env` and ends on a POST to `<prefix>fake/exit?code=N`. It is open to everyone: it shows who is
routed where, it does not stand for a server that asks who comes.
"""

import json
import os
import sys
import threading
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

JUPYTERHUB_VERSION = "6.1.1"


class Workspace(BaseHTTPRequestHandler):
    """One request to the workspace."""

    protocol_version = "HTTP/1.1"
    prefix = "/"

    def do_GET(self) -> None:
        """Answer the probe, the environment or the page."""
        path = urlsplit(self.path).path
        if not path.startswith(self.prefix):
            self._answer(404, "text/plain", f"{path} is not under {self.prefix}\n")
        elif path == f"{self.prefix}api":
            self._answer(200, "application/json", json.dumps({"version": "2.0.0"}))
        elif path == f"{self.prefix}fake/env":
            self._answer(200, "application/json", json.dumps(dict(os.environ)))
        else:
            self._answer(200, "text/html; charset=utf-8", marker_page(os.environ))

    def do_POST(self) -> None:
        """End the server with the wished exit code."""
        parts = urlsplit(self.path)
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if parts.path != f"{self.prefix}fake/exit":
            self._answer(404, "text/plain", "no such page\n")
            return
        self._answer(200, "text/plain", "goodbye\n")
        self.wfile.flush()
        os._exit(int(parse_qs(parts.query).get("code", ["0"])[0]))

    def _answer(self, status: int, content_type: str, text: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-JupyterHub-Version", JUPYTERHUB_VERSION)
        self.end_headers()
        self.wfile.write(body)


def marker_page(environment: "os._Environ[str] | dict[str, str]") -> str:
    """Give the page by which a test knows whose workspace it reached."""
    person, server = environment.get("JUPYTERHUB_USER", ""), environment.get("JUPYTERHUB_SERVER_NAME", "")
    return (
        "<!doctype html><title>fake workspace</title>"
        f"<p>workspace of <b id='person'>{escape(person)}</b> server <b id='server'>{escape(server)}</b></p>\n"
    )


def end_with_the_engine() -> None:
    """End when the fake engine is gone without a goodbye: it holds the other end of our standard input."""
    sys.stdin.buffer.read()
    os._exit(137)


def main(address: str, port: str, late_seconds: str) -> None:
    """Listen on the container's address, after a wait where the image says so."""
    threading.Thread(target=end_with_the_engine, daemon=True).start()
    sys.stderr.write(f"fake workspace starts on {address}:{port}\n")
    time.sleep(float(late_seconds))
    Workspace.prefix = os.environ.get("JUPYTERHUB_SERVICE_PREFIX") or "/"
    ThreadingHTTPServer.daemon_threads = True
    server = ThreadingHTTPServer((address, int(port)), Workspace)
    sys.stderr.write("fake workspace listens\n")
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
