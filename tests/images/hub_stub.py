"""A hub that says its version and takes activity reports: what a single-user server needs to start."""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

from tests.images.workspaces import docker

JUPYTERHUB_VERSION = "6.1.1"
MODEL = {"name": "ada", "kind": "user", "admin": False, "groups": [], "scopes": ["access:servers!user=ada"]}


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(MODEL if self.path.endswith("/user") else {"version": JUPYTERHUB_VERSION})

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer({})

    def _answer(self, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-JupyterHub-Version", JUPYTERHUB_VERSION)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class HubStub:
    """Listens on the default bridge's gateway, so that containers there reach it."""

    def __enter__(self) -> Self:
        gateway = docker("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
        self._server = ThreadingHTTPServer((gateway or "172.17.0.1", 0), _Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)

    def environment(self) -> dict[str, str]:
        """What a spawner tells a single-user server."""
        host, port = self._server.server_address[:2]
        base = f"http://{str(host)}:{port}"
        return {
            "JUPYTERHUB_API_TOKEN": "stub",
            "JUPYTERHUB_API_URL": f"{base}/hub/api",
            "JUPYTERHUB_BASE_URL": "/",
            "JUPYTERHUB_CLIENT_ID": "jupyterhub-user-ada",
            "JUPYTERHUB_HOST": "",
            "JUPYTERHUB_OAUTH_CALLBACK_URL": "/user/ada/oauth_callback",
            "JUPYTERHUB_OAUTH_SCOPES": '["access:servers!user=ada"]',
            "JUPYTERHUB_OAUTH_ACCESS_SCOPES": '["access:servers!user=ada"]',
            "JUPYTERHUB_SERVICE_PREFIX": "/user/ada/",
            "JUPYTERHUB_SERVICE_URL": "http://0.0.0.0:8888/user/ada/",
            "JUPYTERHUB_USER": "ada",
            "JUPYTERHUB_SERVER_NAME": "",
            "JUPYTERHUB_ACTIVITY_URL": f"{base}/hub/api/users/ada/activity",
        }
