"""The plan by equality: what the engine is asked for, whole."""

import dataclasses

import pytest

from spawner.plan import Mount
from tests.unit.spawner.builders import ADA, GIB, a_plan, a_workspace, some_limits


def test_the_host_config_is_exactly_this() -> None:
    assert a_plan().host_config == {
        "auto_remove": False,
        "network_mode": "hub-workspaces",
        "mem_limit": 4 * GIB,
        "memswap_limit": 4 * GIB,
        "cpu_period": 100_000,
        "cpu_quota": 250_000,
        "pids_limit": 2048,
        "shm_size": 2 * GIB,
        "cap_drop": ["ALL"],
        "cap_add": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"],
        "security_opt": ["no-new-privileges"],
        "restart_policy": {"Name": "no"},
        "log_config": {"type": "json-file", "config": {"max-size": "10m", "max-file": "3"}},
        "group_add": ["10000"],
    }


def test_the_labels_say_whose_it_is() -> None:
    plan = a_plan(workspace=a_workspace(server="big"))
    assert plan.of_generation(7).labels == {
        "workspace-hub.instance": "hub",
        "workspace-hub.kind": "workspace",
        "workspace-hub.person": str(ADA),
        "workspace-hub.server": "big",
        "workspace-hub.user-name": "ada",
        "workspace-hub.config": plan.config_hash,
        "workspace-hub.generation": "7",
    }


def test_the_address_is_fixed() -> None:
    assert a_plan().create_kwargs["networking_config"] == {
        "EndpointsConfig": {"hub-workspaces": {"IPAMConfig": {"IPv4Address": "10.77.0.16"}}}
    }


def test_nobody_sees_a_gpu() -> None:
    plan = a_plan()
    assert plan.environment["NVIDIA_VISIBLE_DEVICES"] == "void"
    assert not {"runtime", "device_requests", "devices", "privileged"} & set(plan.host_config)


def test_threads_follow_the_cpu_limit_and_are_never_none() -> None:
    assert a_plan().environment["OMP_NUM_THREADS"] == "2"
    assert a_plan(limits=some_limits(cpus=0.5)).environment["MAX_NUM_THREADS"] == "1"


def test_the_person_wins_over_hub_toml_and_the_contract_over_both() -> None:
    plan = a_plan(
        hub_environment={"A": "hub", "B": "hub", "NB_UID": "0"},
        person_environment={"A": "mine", "OMP_NUM_THREADS": "1", "NB_UID": "0", "NVIDIA_VISIBLE_DEVICES": "all"},
    )
    assert (plan.environment["A"], plan.environment["B"]) == ("mine", "hub")
    assert plan.environment["OMP_NUM_THREADS"] == "1"
    assert plan.environment["NB_UID"] == "20000"
    assert plan.environment["NVIDIA_VISIBLE_DEVICES"] == "void"


def test_the_contract_names_the_person() -> None:
    environment = a_plan().environment
    names = ("NB_USER", "NB_UID", "NB_GID", "NB_GIDS", "NB_UMASK")
    assert [environment[name] for name in names] == ["ada", "20000", "20000", "10000:vision", "0002"]
    assert a_plan().create_kwargs["user"] == "0"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"image": "other:1"}, id="image"),
        pytest.param({"hub_environment": {"A": "1"}}, id="environment of the hub"),
        pytest.param({"person_environment": {"A": "1"}}, id="environment of the person"),
        pytest.param({"limits": some_limits(memory_bytes=GIB, shm_bytes=GIB)}, id="memory"),
        pytest.param({"limits": some_limits(shm_bytes=GIB)}, id="shm"),
        pytest.param({"limits": some_limits(cpus=1)}, id="cpus"),
        pytest.param({"limits": some_limits(pids=100)}, id="pids"),
        pytest.param({"workspace": a_workspace(mounts=(Mount("bind", "/data", "/workspace"),))}, id="mounts"),
    ],
)
def test_the_config_hash_sees_every_change_of(change: dict[str, object]) -> None:
    assert a_plan(**change).config_hash != a_plan().config_hash


def test_the_config_hash_does_not_depend_on_the_generation() -> None:
    assert a_plan().of_generation(1).config_hash == a_plan().of_generation(2).config_hash


def test_a_plan_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        a_plan().image = "evil"  # type: ignore[misc]


def test_the_summary_has_no_environment() -> None:
    summary = a_plan(person_environment={"SECRET": "canary"}).summary()
    assert "canary" not in summary
    assert "10.77.0.16" in summary
