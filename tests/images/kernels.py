"""Runs code in a workspace's kernel the way JupyterLab does: REST to start it, a websocket to talk to it."""

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import requests
from websockets.sync.client import ClientConnection, connect

if TYPE_CHECKING:
    from tests.images.workspaces import Workspace

GIVEN_SECONDS = 60.0


def kernel_names(workspace: "Workspace") -> set[str]:
    """The kernels that JupyterLab offers."""
    answer = workspace.get("/api/kernelspecs")
    answer.raise_for_status()
    return set(answer.json()["kernelspecs"])


def run_code(workspace: "Workspace", code: str, *, kernel: str = "python3") -> str:
    """Run the code in a fresh kernel and return its output: printed text, result or error."""
    headers = {"Authorization": f"token {workspace.token}"}
    started = requests.post(
        f"{workspace.url}/api/kernels", json={"name": kernel, "path": ""}, headers=headers, timeout=GIVEN_SECONDS
    )
    started.raise_for_status()
    kernel_id = started.json()["id"]
    address = f"ws://127.0.0.1:{workspace.port}/api/kernels/{kernel_id}/channels"
    try:
        with connect(address, additional_headers=headers, open_timeout=GIVEN_SECONDS) as channel:
            return execute(channel, code)
    finally:
        requests.delete(f"{workspace.url}/api/kernels/{kernel_id}", headers=headers, timeout=GIVEN_SECONDS)


def execute(channel: ClientConnection, code: str) -> str:
    message_id = uuid.uuid4().hex
    channel.send(json.dumps(_execute_request(message_id, code)))
    output: list[str] = []
    deadline = time.monotonic() + GIVEN_SECONDS
    while time.monotonic() < deadline:
        message: dict[str, Any] = json.loads(channel.recv(timeout=GIVEN_SECONDS))
        if message["parent_header"].get("msg_id") != message_id:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            output.append(content["text"])
        elif kind == "execute_result":
            output.append(content["data"]["text/plain"])
        elif kind == "error":
            output.append("\n".join(content["traceback"]))
        elif kind == "status" and content["execution_state"] == "idle":
            return "".join(output)
    raise AssertionError(f"the kernel did not finish in {GIVEN_SECONDS} s; so far: {output}")


def _execute_request(message_id: str, code: str) -> dict[str, Any]:
    return {
        "header": {
            "msg_id": message_id,
            "msg_type": "execute_request",
            "username": "test",
            "session": uuid.uuid4().hex,
            "date": "",
            "version": "5.3",
        },
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": False, "user_expressions": {}},
        "channel": "shell",
        "buffers": [],
    }
