"""What a request comes to for one person: the profile and its limits, or why not. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from settings.person import PersonLimits
from settings.schema import Profile, Settings
from spawner.errors import RequestRefused
from spawner.form import Choice
from spawner.limits import Limits, limits_for
from spawner.request import WorkspaceRequest


@dataclass(frozen=True, slots=True)
class Chosen:
    """A request that this person may have."""

    request: WorkspaceRequest
    title: str
    profile: Profile
    limits: Limits


def choose(settings: Settings, request: WorkspaceRequest, person: PersonLimits) -> Chosen:
    """Find the profile and limits that the request comes to; raise RequestRefused if the person may not."""
    if request.gpus:
        raise RequestRefused("gpus", f"GPUs: {request.gpus} asked; this hub gives out none, so it must be 0.")
    name = request.profile or default_profile(settings, person)
    if name is None:
        raise RequestRefused("profile", "No profile is open to you; ask an admin to add you to a group that has one.")
    if name not in person.profiles:
        open_to = ", ".join(person.profiles) or "none"
        raise RequestRefused("profile", f"Profile {name} is not open to you; open to you: {open_to}.")
    profile = settings.profiles[name]
    return Chosen(request, settings.profile_title(name), profile, limits_for(profile, person))


def default_profile(settings: Settings, person: PersonLimits) -> str | None:
    """Give the profile that this person gets without choosing: the hub's default, else their first; None if none."""
    if settings.default_profile_id in person.profiles:
        return settings.default_profile_id
    return next(iter(person.profiles), None)


def choices_for(
    settings: Settings, person: PersonLimits, wanted: str | None, missing: Collection[str] = ()
) -> Sequence[Choice]:
    """List the profiles open to the person, in the order of hub.toml; those in `missing` have no image here.

    Chosen is what they want, else the default, else the first: the first of these that can be started.
    """
    order = [wanted, default_profile(settings, person), *person.profiles]
    chosen = next((name for name in order if name in person.profiles and name not in missing), None)
    return [
        Choice(
            profile=name,
            title=settings.profile_title(name),
            description=settings.profiles[name].description,
            limits=limits_for(settings.profiles[name], person),
            is_chosen=name == chosen,
            is_missing=name in missing,
        )
        for name in person.profiles
    ]
