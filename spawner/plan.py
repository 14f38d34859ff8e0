"""From a request to a container, as values: no I/O, nothing that depends on what was there before.

The spawner carries a plan out. Figures are bytes, cores and microseconds as in Docker's API
(https://docs.docker.com/reference/api/engine/version/v1.41/#tag/Container/operation/ContainerCreate).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from uuid import UUID

from engine.names import (
    KIND_WORKSPACE,
    LABEL_CONFIG,
    LABEL_GENERATION,
    LABEL_INSTANCE,
    LABEL_KIND,
    LABEL_PERSON,
    LABEL_SERVER,
    LABEL_USER_NAME,
    host_name,
)
from spawner.images import CAPABILITIES, JUPYTER_PORT, Login, jupyter_environment
from spawner.limits import Limits

CPU_PERIOD_US = 100_000
# numeric libraries that would otherwise start a thread for every core of the host
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "MAX_NUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Mount:
    """One folder in the workspace: `kind` is Docker's, `volume` or `bind`."""

    kind: str
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whose workspace it is and where it belongs; all of it recorded before the plan is made."""

    instance: str
    person_id: UUID
    user_name: str
    server: str
    container_name: str
    address: IPv4Address
    network: str
    login: Login
    mounts: Sequence[Mount]


@dataclass(frozen=True, slots=True)
class WorkspacePlan:
    """Everything that the engine is asked for, whole."""

    image: str
    port: int
    container_name: str
    address: IPv4Address
    environment: Mapping[str, str]
    mounts: Sequence[Mount]
    labels: Mapping[str, str]
    create_kwargs: Mapping[str, object]
    host_config: Mapping[str, object]
    config_hash: str

    def of_generation(self, generation: int) -> "WorkspacePlan":
        """The same plan with the journal's number of this start on the container."""
        return replace(self, labels={**self.labels, LABEL_GENERATION: str(generation)})

    def summary(self) -> str:
        """One line for the log: no environment, nothing secret."""
        host = self.host_config
        return (
            f"image {self.image}, address {self.address}, memory {host['mem_limit']} bytes, "
            f"cpu quota {host['cpu_quota']} us, shm {host['shm_size']} bytes, config {self.config_hash}"
        )


def make_plan(
    *,
    image: str,
    workspace: Workspace,
    limits: Limits,
    hub_environment: Mapping[str, str],
    person_environment: Mapping[str, str],
) -> WorkspacePlan:
    """Make the plan of one start. Later environments win: threads, hub.toml, the person's, the contract's."""
    environment = {
        **{name: str(limits.threads) for name in THREAD_VARIABLES},
        **hub_environment,
        **person_environment,
        **jupyter_environment(workspace.login),
        # without a lease nobody sees a GPU, whatever the image says
        # https://docs.nvidia.com/datacenter/cloud-native/container-toolkit/latest/docker-specialized.html
        "NVIDIA_VISIBLE_DEVICES": "void",
    }
    host_config = _host_config(workspace, limits)
    config_hash = _hash(image, environment, host_config, workspace.mounts)
    return WorkspacePlan(
        image=image,
        port=JUPYTER_PORT,
        container_name=workspace.container_name,
        address=workspace.address,
        environment=environment,
        mounts=tuple(workspace.mounts),
        labels=_labels(workspace, config_hash),
        create_kwargs={
            "user": "0",  # the contract starts as root and drops; docker-stacks images name another user
            "hostname": host_name(workspace.user_name),
            "networking_config": {
                "EndpointsConfig": {workspace.network: {"IPAMConfig": {"IPv4Address": str(workspace.address)}}}
            },
        },
        host_config=host_config,
        config_hash=config_hash,
    )


def _host_config(workspace: Workspace, limits: Limits) -> dict[str, object]:
    """HostConfig in docker-py's words; memory-swap equals memory, or a limit would let it swap as much again."""
    return {
        "auto_remove": False,  # why it ended is read from the container before it is removed
        "network_mode": workspace.network,
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,
        "cpu_period": CPU_PERIOD_US,
        "cpu_quota": int(limits.cpus * CPU_PERIOD_US),
        "pids_limit": limits.pids,
        "shm_size": limits.shm_bytes,
        "cap_drop": ["ALL"],
        "cap_add": list(CAPABILITIES),
        "security_opt": ["no-new-privileges"],
        "restart_policy": {"Name": "no"},
        "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
        "group_add": [str(gid) for gid, _ in workspace.login.groups],
    }


def _labels(workspace: Workspace, config_hash: str) -> dict[str, str]:
    return {
        LABEL_INSTANCE: workspace.instance,
        LABEL_KIND: KIND_WORKSPACE,
        LABEL_PERSON: str(workspace.person_id),
        LABEL_SERVER: workspace.server,
        LABEL_CONFIG: config_hash,
        # names are checked when a person is added; the braces of a template can still not get through
        LABEL_USER_NAME: workspace.user_name.replace("{", "").replace("}", ""),
    }


def _hash(image: str, environment: Mapping[str, str], host: Mapping[str, object], mounts: Sequence[Mount]) -> str:
    what = [image, dict(environment), dict(host), [[m.kind, m.source, m.target, m.read_only] for m in mounts]]
    return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:16]
