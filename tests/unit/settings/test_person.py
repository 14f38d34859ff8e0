"""What one person may have."""

import pytest

from settings.load import loads
from settings.person import datasets_for, effective_limits, explain, profile_access, shared_folders_for
from settings.sizes import GIB

SETTINGS = loads("""\
[limits]
memory = "4GiB"
cpus = 2.0
named_servers = 0

[groups.vision]
memory = "16GiB"
named_servers = 2
block = ["small"]
[groups.robots]
memory = "8GiB"
cpus = 6
pids = 4096
[groups.guests]
memory = "1GiB"
block = ["ml"]

[shared.vision]
groups = ["vision"]
[shared.all]
groups = ["vision", "robots"]

[datasets.public]
source = "/srv/data/public"
[datasets.scans]
source = "/srv/data/scans"
groups = ["robots"]

[profiles.small]
image = "small"
[profiles.ml]
image = "ml"
groups = ["vision", "guests"]
""")


@pytest.mark.parametrize(
    ("groups", "memory", "origin"),
    [
        pytest.param([], 4 * GIB, "limits.memory", id="no group"),
        pytest.param(["vision"], 16 * GIB, "groups.vision.memory", id="one group"),
        pytest.param(["robots", "vision"], 16 * GIB, "groups.vision.memory", id="the more generous of two groups"),
        pytest.param(["guests"], 4 * GIB, "limits.memory", id="a group that gives less than everyone has"),
        pytest.param(["unknown", "JupyterHub's own"], 4 * GIB, "limits.memory", id="unknown groups"),
        pytest.param(["vision", "vision"], 16 * GIB, "groups.vision.memory", id="a group twice"),
    ],
)
def test_the_most_generous_memory_wins(groups: list[str], memory: int, origin: str) -> None:
    limits = effective_limits(SETTINGS, groups)
    assert (limits.memory_bytes, limits.origins["memory"]) == (memory, origin)


def test_each_value_wins_for_itself() -> None:
    limits = effective_limits(SETTINGS, ["vision", "robots"])
    assert (limits.cpus, limits.pids, limits.named_servers) == (6.0, 4096, 2)
    assert limits.origins == {
        "memory": "groups.vision.memory",
        "cpus": "groups.robots.cpus",
        "pids": "groups.robots.pids",
        "shm": "default",
        "named_servers": "groups.vision.named_servers",
    }


def test_what_the_file_does_not_say_comes_from_the_default() -> None:
    limits = effective_limits(loads(""), [])
    assert set(limits.origins.values()) == {"default"}
    assert effective_limits(SETTINGS, []).origins["pids"] == "default"


@pytest.mark.parametrize(
    ("groups", "profiles"),
    [
        pytest.param([], ("small",), id="no group"),
        pytest.param(["robots"], ("small",), id="a group without the profile"),
        pytest.param(["vision"], ("ml",), id="one given, one taken away"),
        pytest.param(["guests"], ("small",), id="given and taken away by one group"),
        pytest.param(["vision", "guests"], (), id="a block wins over another group"),
    ],
)
def test_profiles_are_given_by_groups_and_taken_by_blocks(groups: list[str], profiles: tuple[str, ...]) -> None:
    assert effective_limits(SETTINGS, groups).profiles == profiles


def test_each_profile_has_a_reason() -> None:
    access = {each.profile_id: (each.is_allowed, each.reason) for each in profile_access(SETTINGS, ["vision"])}
    assert access == {
        "small": (False, "taken away by groups.vision.block"),
        "ml": (True, "member of vision"),
    }
    (_, ml) = profile_access(SETTINGS, [])
    assert ml.reason == "only for members of vision, guests"


def test_shared_folders_are_seen_by_members_only() -> None:
    assert shared_folders_for(SETTINGS, []) == ()
    assert shared_folders_for(SETTINGS, ["robots"]) == ("all",)
    assert shared_folders_for(SETTINGS, ["vision", "robots"]) == ("vision", "all")


def test_data_sets_without_groups_are_for_everyone() -> None:
    assert datasets_for(SETTINGS, []) == ("public",)
    assert datasets_for(SETTINGS, ["robots"]) == ("public", "scans")


def test_explain_shows_values_origins_profiles_and_folders() -> None:
    assert (
        explain(SETTINGS, "ada", ["vision", "chess"])
        == """\
ada
  groups: chess (not in hub.toml), vision

  limit          value  from
  memory         16GiB  groups.vision.memory
  cpus           2      limits.cpus
  pids           2048   default
  shm            2GiB   default
  named_servers  2      groups.vision.named_servers

  profile  allowed  because
  small    no       taken away by groups.vision.block
  ml       yes      member of vision

  folder                      access          because
  /workspace/shared/vision    read and write  member of vision
  /workspace/shared/all       read and write  member of vision
  /workspace/datasets/public  read only       for everyone
"""
    )


def test_explain_leaves_out_folders_where_there_are_none() -> None:
    text = explain(loads(""), "bob", [])
    assert "groups: none" in text
    assert "folder" not in text
