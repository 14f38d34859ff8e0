"""What one person may have, from hub.toml and their groups; pure, and it must not know who the person is."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from settings.schema import Group, Limits, Settings
from settings.sizes import format_bytes

# key in hub.toml → (value for everyone, value of a group)
_GENEROUS: Mapping[str, tuple[Callable[[Limits], float], Callable[[Group], float | None]]] = {
    "memory": (lambda limits: limits.memory_bytes, lambda group: group.memory_bytes),
    "cpus": (lambda limits: limits.cpus, lambda group: group.cpus),
    "pids": (lambda limits: limits.pids, lambda group: group.pids),
    "named_servers": (lambda limits: limits.named_servers, lambda group: group.named_servers),
}
_FIELD_OF_KEY = {"memory": "memory_bytes", "shm": "shm_bytes"}


@dataclass(frozen=True, slots=True)
class PersonLimits:
    """The effective values of one person and, per key of hub.toml, where each came from.

    ``origins`` has the keys memory, cpus, pids, shm and named_servers; a value is "default" (hub.toml says
    nothing), "limits.memory" or "groups.vision.memory".
    """

    memory_bytes: int
    cpus: float
    pids: int
    shm_bytes: int
    named_servers: int
    profiles: tuple[str, ...]
    origins: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ProfileAccess:
    """Whether a person may use a profile, and the reason in words."""

    profile_id: str
    is_allowed: bool
    reason: str


def effective_limits(settings: Settings, groups: Iterable[str]) -> PersonLimits:
    """Give what a person in these groups may have; groups that hub.toml does not know count for nothing."""
    members = _known_groups(settings, groups)
    chosen = {key: _most_generous(settings, members, key) for key in _GENEROUS}
    origins = {key: origin for key, (_, origin) in chosen.items()}
    return PersonLimits(
        memory_bytes=int(chosen["memory"][0]),
        cpus=float(chosen["cpus"][0]),
        pids=int(chosen["pids"][0]),
        shm_bytes=settings.limits.shm_bytes,
        named_servers=int(chosen["named_servers"][0]),
        profiles=tuple(access.profile_id for access in profile_access(settings, members) if access.is_allowed),
        origins=origins | {"shm": _origin_for_everyone(settings, "shm")},
    )


def profile_access(settings: Settings, groups: Iterable[str]) -> tuple[ProfileAccess, ...]:
    """Tell for every profile, in the file's order, whether members of these groups may use it and why."""
    members = _known_groups(settings, groups)
    return tuple(_access(settings, members, profile_id) for profile_id in settings.profiles)


def shared_folders_for(settings: Settings, groups: Iterable[str]) -> tuple[str, ...]:
    """Name the shared folders that members of these groups see, in the file's order."""
    members = set(groups)
    return tuple(name for name, folder in settings.shared.items() if members.intersection(folder.groups))


def datasets_for(settings: Settings, groups: Iterable[str]) -> tuple[str, ...]:
    """Name the data sets that members of these groups see, in the file's order."""
    members = set(groups)
    return tuple(
        name
        for name, dataset in settings.datasets.items()
        if not dataset.groups or members.intersection(dataset.groups)
    )


def explain(settings: Settings, user_name: str, groups: Iterable[str]) -> str:
    """Write a table of what a person may have and where each value comes from, as text for a terminal."""
    members = sorted(set(groups))
    limits = effective_limits(settings, members)
    values = {
        "memory": format_bytes(limits.memory_bytes),
        "cpus": f"{limits.cpus:g}",
        "pids": str(limits.pids),
        "shm": format_bytes(limits.shm_bytes),
        "named_servers": str(limits.named_servers),
    }
    parts = [
        f"{user_name}\n  groups: {_groups_line(settings, members)}",
        _table("limit", "value", "from", [(key, values[key], limits.origins[key]) for key in values]),
        _table("profile", "allowed", "because", _profile_rows(settings, members)),
        _table("folder", "access", "because", _folder_rows(settings, members)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _known_groups(settings: Settings, groups: Iterable[str]) -> list[str]:
    return sorted(set(groups).intersection(settings.groups))


def _origin_for_everyone(settings: Settings, key: str) -> str:
    field = _FIELD_OF_KEY.get(key, key)
    return f"limits.{key}" if field in settings.limits.model_fields_set else "default"


def _most_generous(settings: Settings, members: list[str], key: str) -> tuple[float, str]:
    of_everyone, of_group = _GENEROUS[key]
    best, origin = of_everyone(settings.limits), _origin_for_everyone(settings, key)
    for name in members:
        value = of_group(settings.groups[name])
        if value is not None and value > best:
            best, origin = value, f"groups.{name}.{key}"
    return best, origin


def _access(settings: Settings, members: list[str], profile_id: str) -> ProfileAccess:
    blocking = [name for name in members if profile_id in settings.groups[name].block]
    if blocking:
        return ProfileAccess(profile_id, False, f"taken away by groups.{blocking[0]}.block")
    wanted = settings.profiles[profile_id].groups
    if not wanted:
        return ProfileAccess(profile_id, True, "for everyone")
    shared = [name for name in wanted if name in members]
    if shared:
        return ProfileAccess(profile_id, True, f"member of {shared[0]}")
    return ProfileAccess(profile_id, False, f"only for members of {', '.join(wanted)}")


def _groups_line(settings: Settings, members: list[str]) -> str:
    named = (name if name in settings.groups else f"{name} (not in hub.toml)" for name in members)
    return ", ".join(named) or "none"


def _profile_rows(settings: Settings, members: list[str]) -> list[tuple[str, str, str]]:
    return [
        (access.profile_id, "yes" if access.is_allowed else "no", access.reason)
        for access in profile_access(settings, members)
    ]


def _folder_rows(settings: Settings, members: list[str]) -> list[tuple[str, str, str]]:
    shared = [
        (f"/workspace/shared/{name}", "read and write", _because(settings.shared[name].groups, members))
        for name in shared_folders_for(settings, members)
    ]
    datasets = [
        (f"/workspace/datasets/{name}", "read only", _because(settings.datasets[name].groups, members))
        for name in datasets_for(settings, members)
    ]
    return shared + datasets


def _because(wanted: tuple[str, ...], members: list[str]) -> str:
    return next((f"member of {name}" for name in wanted if name in members), "for everyone")


def _table(first: str, second: str, third: str, rows: list[tuple[str, str, str]]) -> str:
    if not rows:
        return ""
    lines = [(first, second, third), *rows]
    first_width, second_width = (max(len(line[column]) for line in lines) for column in (0, 1))
    return "\n".join(f"  {a:<{first_width}}  {b:<{second_width}}  {c}" for a, b, c in lines)
