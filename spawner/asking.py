"""The half of the spawner that is about asking: form, link and REST options become a choice, or a refusal.

It starts nothing, and asks the engine only which images it has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from docker.errors import APIError
from traitlets import Instance, default

from engine.errors import EngineError
from engine.images import find_image
from settings.person import PersonLimits, effective_limits
from settings.schema import Settings
from spawner.choice import Chosen, choices_for, choose
from spawner.errors import RequestRefused, SpawnRefused
from spawner.form import render_form
from spawner.mended import MendedDockerSpawner
from spawner.request import WorkspaceRequest, options_from_form, parse_request
from spawner.shown import ShownError, ShownSpawnError

# for folders, create and start, beside the profile's own time for its image to answer
ENGINE_SECONDS = 90
LINK_MESSAGE = "These choices came with a link. Look at them, then press Start."


class AskingSpawner(MendedDockerSpawner):
    """A spawner that knows what its person asked for and may have."""

    settings = Instance(Settings, config=True, help="The hub's settings, read from hub.toml.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._refusal: SpawnRefused | None = None
        self._prefill: WorkspaceRequest | None = None

    @default("options_form")
    def _options_form_default(self) -> Callable[[Any], Any]:
        return lambda spawner: spawner.render_start_form()

    @default("options_from_form")
    def _options_from_form_default(self) -> Callable[[Any], dict[str, object]]:
        return self._read_form

    @default("apply_user_options")
    def _apply_user_options_default(self) -> Callable[[Any, Any], None]:
        return lambda spawner, options: spawner.take_options(options)

    def _read_form(self, form: dict[str, list[str]]) -> dict[str, object]:
        try:
            return options_from_form(form)
        except RequestRefused as refused:
            raise ShownError(refused.status, str(refused)) from None

    def options_from_query(self, query_data: dict[str, list[str]]) -> dict[str, object]:
        """Show the form with what the link asked for; a link never starts anything, a GET changes nothing.

        JupyterHub shows the form when this raises, with the status and message of what was raised.
        """
        self._prefill = parse_request(self._read_form(query_data))
        raise ShownError(200, "")

    def check_form(self, fields: dict[str, list[str]]) -> None:
        """Raise RequestRefused where this person may not have what the form asks for."""
        self.choose(options_from_form(fields))

    def fill_in(self, fields: dict[str, list[str]]) -> None:
        """Let the next form have chosen what a link asked for; raise RequestRefused where no start could have it."""
        self._prefill = parse_request(options_from_form(fields))

    def take_options(self, options: object) -> None:
        """Validate what JupyterHub stored; a refusal is kept and raised by the next step, without a traceback."""
        self._refusal = None
        try:
            chosen = self.choose(options)
        except SpawnRefused as refused:
            # JupyterHub has stored the options already, and would use them again at the next start; it commits
            # this when it cleans up after the refusal
            self.orm_spawner.user_options = {}
            self._refusal = refused
            return
        # JupyterHub's own limit is the last resort: ours, inside start(), ends with a sentence
        self.start_timeout = chosen.profile.start_seconds + ENGINE_SECONDS

    async def run_pre_spawn_hook(self) -> None:
        """Refuse what `take_options` refused, before anything is made."""
        await wait_for_hook(super().run_pre_spawn_hook())
        if self._refusal is not None:
            raise ShownSpawnError(self._refusal)

    async def render_start_form(self, typed: Mapping[str, Sequence[str]] | None = None) -> str:
        """Give the start form with what this person may use; their last choice is chosen.

        After a refusal it shows what was `typed` again, bad as it is.
        """
        person = self.person_limits()
        link, self._prefill = self._prefill, None
        asked = link or self._last_request()
        wanted, lines = asked.profile, "\n".join(f"{name}={value}" for name, value in asked.environment.items())
        if typed is not None:
            wanted, lines = _first(typed, "profile") or wanted, _first(typed, "environment")
        choices = choices_for(self.settings, person, wanted, await self._missing(person.profiles))
        return render_form(choices, environment=lines, notice=LINK_MESSAGE if link else "")

    async def _missing(self, profiles: Sequence[str]) -> set[str]:
        """Name the profiles whose image is not on the engine; none where the engine does not say."""
        refs = {self.settings.profiles[name].image for name in profiles}
        try:
            absent = {ref for ref in refs if await find_image(self.engine, ref) is None}
        except (EngineError, APIError):
            return set()
        return {name for name in profiles if self.settings.profiles[name].image in absent}

    def group_names(self) -> list[str]:
        """The hub groups that the person is in."""
        return [group.name for group in self.user.groups]

    def person_limits(self) -> PersonLimits:
        """What the person may have now, by hub.toml and their groups."""
        return effective_limits(self.settings, self.group_names())

    def _last_request(self) -> WorkspaceRequest:
        try:
            return parse_request(self.orm_spawner.user_options or {})
        except RequestRefused:
            return WorkspaceRequest()

    def choose(self, options: object) -> Chosen:
        """Give what the options come to for this person; raise RequestRefused where they may not have it."""
        return choose(self.settings, parse_request(options), self.person_limits())


def _first(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return next(iter(fields.get(name, [])), "")


async def wait_for_hook(result: Any) -> None:
    """Wait for a hook of JupyterHub, which may or may not be async."""
    if result is not None and hasattr(result, "__await__"):
        await result
