"""What one workspace may use: the person's limits, narrowed by the chosen profile. Pure."""

from dataclasses import dataclass

from settings.person import PersonLimits
from settings.schema import Profile


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one container: bytes, cores, processes."""

    memory_bytes: int
    cpus: float
    pids: int
    shm_bytes: int

    @property
    def threads(self) -> int:
        """How many threads a numeric library should start: the cores, rounded down, at least one."""
        return max(1, int(self.cpus))


def limits_for(profile: Profile, person: PersonLimits) -> Limits:
    """Choose the limits: the profile's figure where it has one, never above the person's own.

    Shared memory counts into the container's memory, so it is never more than that.
    """
    memory_bytes = min(profile.memory_bytes or person.memory_bytes, person.memory_bytes)
    return Limits(
        memory_bytes=memory_bytes,
        cpus=min(profile.cpus or person.cpus, person.cpus),
        pids=person.pids,
        shm_bytes=min(profile.shm_bytes or person.shm_bytes, memory_bytes),
    )
