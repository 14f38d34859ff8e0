"""Why a workspace is not running any more, in one sentence for its owner. Pure."""

from collections.abc import Mapping

from settings.sizes import format_bytes

STOPPED = "It was stopped from the hub."
REMOVED = "Its container was removed from outside the hub."
# 128 + signal number, as shells and Docker report it: signal(7)
SIGKILL_EXIT = 137
SIGTERM_EXIT = 143


def ending_of(state: Mapping[str, object], memory_bytes: int = 0) -> str:
    """Say why, from Docker's `State` of a container that does not run."""
    code = state.get("ExitCode")
    if state.get("OOMKilled"):
        limit = f" (limit {format_bytes(memory_bytes)})" if memory_bytes else ""
        return f"It ran out of memory{limit} and was ended by the kernel."
    if state.get("Error"):
        return f"The engine could not run it: {str(state['Error'])[:200]}"
    if state.get("Status") == "created":
        return "It was never started, because the start was interrupted."
    if code == SIGKILL_EXIT:
        return "It was killed from outside the hub (SIGKILL)."
    if code == SIGTERM_EXIT:
        return "It was ended from outside the hub (SIGTERM), for example when the engine or the machine restarted."
    if code == 0:
        return "It ended by itself (exit code 0)."
    return f"It ended with an error (exit code {code})."
