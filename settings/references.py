"""What the tables of hub.toml say about each other: references, contradictions and places that overlap."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from settings.errors import shown
from settings.lines import Path
from settings.places import is_loopback, split_endpoint
from settings.schema import Settings, Site
from settings.sizes import format_bytes

# people's ids grow upwards from first_uid, folders' from first_group_gid; so much room each needs at least
ROOM_FOR_FOLDERS = 1000
ROOM_FOR_PEOPLE = 10_000


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Keys that do not fit together; ``path`` is where to look, ``others`` are the further keys it rests on."""

    path: Path
    message: str
    others: tuple[Path, ...] = ()


def contradictions(settings: Settings) -> list[Contradiction]:
    """List everything in which the tables of a file contradict each other."""
    return [
        *_site(settings.site),
        *_unknown_groups(settings),
        *_unknown_profiles(settings),
        *_defaults(settings),
        *_storage(settings),
        *_overlaps(settings),
        *_shared_memory(settings),
    ]


def _site(site: Site) -> Iterator[Contradiction]:
    certificate, key = ("site", "tls_certificate_file"), ("site", "tls_key_file")
    if site.tls_certificate_file and not site.tls_key_file:
        yield Contradiction(certificate, "site.tls_certificate_file needs site.tls_key_file beside it", (key,))
    if site.tls_key_file and not site.tls_certificate_file:
        yield Contradiction(key, "site.tls_key_file needs site.tls_certificate_file beside it", (certificate,))
    if site.redirect_listen:
        yield from _redirect(site)
    yield from _scheme(site)


def _redirect(site: Site) -> Iterator[Contradiction]:
    path, listen = ("site", "redirect_listen"), ("site", "listen")
    tls = (("site", "tls_certificate_file"), ("site", "tls_key_file"))
    if not site.tls_certificate_file and not site.tls_key_file:
        message = "site.redirect_listen is only for a hub with TLS; set the TLS files too or remove it"
        yield Contradiction(path, message, tls)
    if split_endpoint(site.redirect_listen)[1] == site.listen_port:
        message = f"site.redirect_listen and site.listen must not share the port {site.listen_port}"
        yield Contradiction(path, message, (listen,))


def _scheme(site: Site) -> Iterator[Contradiction]:
    url, listen, insecure = ("site", "url"), ("site", "listen"), ("site", "insecure_http")
    tls = (("site", "tls_certificate_file"), ("site", "tls_key_file"))
    is_https = site.url.startswith("https://")
    wants_tls = bool(site.tls_certificate_file or site.tls_key_file)
    if wants_tls and not is_https:
        yield Contradiction(url, "site.url must begin with https:// where TLS files are set", tls)
    elif is_https and not wants_tls and not is_loopback(site.listen_host):
        message = (
            "site.url is https, but nothing serves TLS: set site.tls_certificate_file and site.tls_key_file, "
            'or put a TLS proxy in front and let site.listen be loopback, such as "127.0.0.1:8000"'
        )
        yield Contradiction(url, message, (listen, *tls))
    elif not is_https and not site.insecure_http and not wants_tls:
        yield from _plain_http(site, (url, listen, insecure, *tls))


def _plain_http(site: Site, others: tuple[Path, ...]) -> Iterator[Contradiction]:
    advice = (
        "set site.tls_certificate_file and site.tls_key_file, or site.insecure_http = true "
        "if passwords may cross the network readable"
    )
    if not is_loopback(site.listen_host):
        message = f'site.listen = "{site.listen}" is open to the network without TLS; {advice}'
        yield Contradiction(("site", "listen"), message, others)
    elif not is_loopback(urlsplit(site.url).hostname or ""):
        message = f'site.url = "{shown(site.url)}" is plain http for other machines; use https, or {advice}'
        yield Contradiction(("site", "url"), message, others)


def _unknown_groups(settings: Settings) -> Iterator[Contradiction]:
    references = [
        *((("shared", name, "groups"), folder.groups) for name, folder in settings.shared.items()),
        *((("datasets", name, "groups"), dataset.groups) for name, dataset in settings.datasets.items()),
        *((("profiles", name, "groups"), profile.groups) for name, profile in settings.profiles.items()),
    ]
    for path, groups in references:
        for group in (name for name in groups if name not in settings.groups):
            hint = _nearest(group, settings.groups) or f"add a table [groups.{group}]"
            message = f"{'.'.join(path)} names the unknown group `{group}`; {hint}"
            yield Contradiction(path, message, (("groups", group),))


def _unknown_profiles(settings: Settings) -> Iterator[Contradiction]:
    for name, group in settings.groups.items():
        for profile_id in group.block:
            if profile_id not in settings.profiles:
                path = ("groups", name, "block")
                hint = _nearest(profile_id, settings.profiles) or f"known are {', '.join(settings.profiles)}"
                message = f"{'.'.join(path)} names the unknown profile `{profile_id}`; {hint}"
                yield Contradiction(path, message, (("profiles", profile_id),))


def _nearest(name: str, known: Iterable[str]) -> str | None:
    nearest = get_close_matches(name, list(known), n=1)
    return f"did you mean `{nearest[0]}`?" if nearest else None


def _defaults(settings: Settings) -> Iterator[Contradiction]:
    first, *more = [profile_id for profile_id, profile in settings.profiles.items() if profile.default] or [""]
    for profile_id in more:
        path = ("profiles", profile_id, "default")
        message = f"{'.'.join(path)}: only one profile may be the default, and profiles.{first} is it already"
        yield Contradiction(path, message, (("profiles", first, "default"),))


def _storage(settings: Settings) -> Iterator[Contradiction]:
    storage = settings.storage
    root, uid, gid = ("storage", "root"), ("storage", "first_uid"), ("storage", "first_group_gid")
    if storage.kind == "folder" and not storage.root:
        message = 'storage.root is needed with kind = "folder"; name an absolute host folder such as "/srv/hub/homes"'
        yield Contradiction(root, message, (("storage", "kind"),))
    room = storage.first_uid - storage.first_group_gid
    if -ROOM_FOR_PEOPLE < room < ROOM_FOR_FOLDERS:
        message = (
            f"storage.first_group_gid must lie {ROOM_FOR_FOLDERS} or more below storage.first_uid "
            f"({storage.first_uid}), or {ROOM_FOR_PEOPLE} or more above it, so that the ids never meet"
        )
        yield Contradiction(gid, message, (uid,))


def _overlaps(settings: Settings) -> Iterator[Contradiction]:
    root = settings.storage.root
    shared = {("shared", name, "source"): folder.source for name, folder in settings.shared.items()}
    datasets = {("datasets", name, "source"): dataset.source for name, dataset in settings.datasets.items()}
    for path, source in (shared | datasets).items():
        if root and _overlap(root, source):
            message = f"{'.'.join(path)} overlaps storage.root, where people's own files are; use another folder"
            yield Contradiction(path, message, (("storage", "root"),))
    seen: dict[Path, str] = {}
    for path, source in shared.items():
        for other, other_source in seen.items():
            if _overlap(source, other_source):
                message = f"{'.'.join(path)} overlaps {'.'.join(other)}; each shared folder needs a place of its own"
                yield Contradiction(path, message, (other,))
        seen[path] = source


def _overlap(first: str, second: str) -> bool:
    if not first or not second:
        return False
    one, other = PurePosixPath(first), PurePosixPath(second)
    return one.is_relative_to(other) or other.is_relative_to(one)


def _shared_memory(settings: Settings) -> Iterator[Contradiction]:
    # only where the file says it: a small memory alone makes the default /dev/shm smaller, silently and rightly
    limits = settings.limits
    if "shm_bytes" in limits.model_fields_set and limits.shm_bytes > limits.memory_bytes:
        message = f"limits.shm must not be more than limits.memory ({format_bytes(limits.memory_bytes)})"
        yield Contradiction(("limits", "shm"), message, (("limits", "memory"),))
    for profile_id, profile in settings.profiles.items():
        if profile.shm_bytes and profile.memory_bytes and profile.shm_bytes > profile.memory_bytes:
            path = ("profiles", profile_id, "shm")
            memory = format_bytes(profile.memory_bytes)
            message = f"{'.'.join(path)} must not be more than the profile's memory ({memory})"
            yield Contradiction(path, message, (("profiles", profile_id, "memory"),))
