"""dockerspawner, mended: every call on the engine's threads, an honest poll, names from records.

It knows what upstream does wrong on one Docker engine (`dockerspawner` 14.0.0); it knows nothing of profiles,
limits or folders.
"""

from typing import Any

from docker.errors import APIError
from dockerspawner import DockerSpawner
from traitlets import default, observe

from engine.client import Engine
from engine.containers import remove_container


class MendedDockerSpawner(DockerSpawner):  # type: ignore[misc]  # dockerspawner has no types
    """A DockerSpawner whose calls do not wait for each other and whose "I do not know" is not "no"."""

    @property
    def engine(self) -> Engine:
        """The engine that all spawners of this hub share."""
        raise NotImplementedError

    @property
    def executor(self) -> Any:
        """The engine's threads; upstream has one thread for everybody (dockerspawner.py:126)."""
        return self.engine.executor

    @property
    def client(self) -> Any:
        """This thread's own client; docker-py does not promise that one may be shared (docker-py #3229)."""
        return self.engine.client

    async def docker(self, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call the engine; calls on one container run one after another."""
        return await self.engine.call(method, *args, key=self.object_name or None, **kwargs)

    @default("remove")
    def _remove_default(self) -> bool:
        # upstream keeps stopped containers, and with them the token: a deleted person's works again for the next
        # one of that name (`will_resume`)
        return True

    @default("use_internal_ip")
    def _default_use_ip(self) -> bool:
        # upstream would publish a port of the host for every workspace
        return True

    @default("object_name")
    def _object_name_default(self) -> str:
        # upstream makes it from the user's name; ours is known once records have said who the person is
        return ""

    @observe("image")
    def _image_changed(self, change: Any) -> None:
        """Keep the container's name; upstream makes it anew from the image."""

    async def pull_image(self, image: str) -> None:
        """Nothing: the start looks for the image itself and says what to do where it is missing."""

    async def get_command(self) -> list[str]:
        """Give the image's own command; an image may have only an entry point, on which upstream fails."""
        image = await self.docker("inspect_image", self.image)
        return [*(image["Config"].get("Cmd") or []), *self.get_args()]

    async def get_object(self) -> Any:
        """The container as Docker describes it, or None if Docker says that there is none.

        Upstream reads a 500 as "gone" (a Swarm work-around): one hiccup would end a live session.
        """
        if not self.object_name:
            return None
        try:
            found = await self.docker("inspect_container", self.object_name)
        except APIError as error:
            if error.response is None or error.response.status_code != 404:
                raise
            self.object_id = ""
            return None
        self.object_id = found["Id"]
        return found

    async def remove_object(self) -> None:
        """Remove the container, running or not, and return once it is gone; upstream swallows every 409."""
        await remove_container(self.engine, self.object_name, key=self.object_name)
        self.object_id = ""
