"""What is allowed in hub.toml but should be said at every start."""

from settings.schema import Group, Settings
from settings.sizes import format_bytes

ONE_DOMAIN = (
    "People's pages share one web address with the hub, so sharing of servers and admins' access to other people's "
    "workspaces are off."
)


def warnings_for(settings: Settings) -> list[str]:
    """List the warnings about a file that can be used, each a sentence for the admin."""
    return [
        *_plain_http(settings),
        ONE_DOMAIN,
        *_ineffective_groups(settings),
        *_profiles_out_of_reach(settings),
    ]


def _plain_http(settings: Settings) -> list[str]:
    site = settings.site
    if not site.insecure_http or site.url.startswith("https://"):
        return []
    return [
        f"site.insecure_http is on: passwords and work cross the network readable between browsers and {site.listen}."
    ]


def _ineffective_groups(settings: Settings) -> list[str]:
    return [
        f"groups.{name}.{key} is less than limits.{key}, so it has no effect: the most generous value wins."
        for name, group in settings.groups.items()
        for key in _below_everyone(settings, group)
    ]


def _below_everyone(settings: Settings, group: Group) -> list[str]:
    limits = settings.limits
    pairs = {
        "memory": (group.memory_bytes, limits.memory_bytes),
        "cpus": (group.cpus, limits.cpus),
        "pids": (group.pids, limits.pids),
        "named_servers": (group.named_servers, limits.named_servers),
    }
    return [key for key, (value, everyone) in pairs.items() if value is not None and value < everyone]


def _profiles_out_of_reach(settings: Settings) -> list[str]:
    memories = [group.memory_bytes or 0 for group in settings.groups.values()]
    most = max([settings.limits.memory_bytes, *memories])
    return [
        f"profiles.{profile_id}.memory is {format_bytes(profile.memory_bytes)}, more than anyone may have "
        f"({format_bytes(most)}); it is cut to the person's limit."
        for profile_id, profile in settings.profiles.items()
        if profile.memory_bytes is not None and profile.memory_bytes > most
    ]
