"""Builders with sensible defaults for the spawner's values."""

from ipaddress import IPv4Address
from typing import Any
from uuid import UUID

from spawner.images import Login
from spawner.limits import Limits
from spawner.plan import Mount, Workspace, WorkspacePlan, make_plan

GIB = 1024**3
ADA = UUID("0f0e0d0c-0b0a-4908-8706-050403020100")


def a_workspace(**changes: Any) -> Workspace:
    values: dict[str, Any] = {
        "instance": "hub",
        "person_id": ADA,
        "user_name": "ada",
        "server": "",
        "container_name": "hub-ada-0f0e0d0c0b0a",
        "address": IPv4Address("10.77.0.16"),
        "network": "hub-workspaces",
        "login": Login("ada", 20000, 20000, ((10000, "vision"),)),
        "mounts": (Mount("volume", "hub-home-ada", "/workspace"),),
    }
    return Workspace(**{**values, **changes})


def some_limits(**changes: Any) -> Limits:
    values: dict[str, Any] = {"memory_bytes": 4 * GIB, "cpus": 2.5, "pids": 2048, "shm_bytes": 2 * GIB}
    return Limits(**{**values, **changes})


def a_plan(**changes: Any) -> WorkspacePlan:
    values: dict[str, Any] = {
        "image": "workspace-hub/minimal:0.1.0",
        "workspace": a_workspace(),
        "limits": some_limits(),
        "hub_environment": {},
        "person_environment": {},
    }
    return make_plan(**{**values, **changes})
