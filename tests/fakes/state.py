"""The fake engine's world and what may be done in it; refusals have Docker Engine 20.10's codes and words."""

import asyncio
import ipaddress
import re
import signal
import time
from pathlib import Path

from tests.fakes.containers import FakeContainer, free_address
from tests.fakes.objects import FakeImages, FakeNetwork, FakeVolume, Json, now
from tests.fakes.processes import OneshotAnswer, command_for, finish, launch, send_signal

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")


class Refused(Exception):
    """The engine's refusal: status and message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


class World:
    """Everything that the fake engine has."""

    def __init__(self) -> None:
        self.images = FakeImages()
        self.volumes: dict[str, FakeVolume] = {}
        self.networks = {"bridge": FakeNetwork("bridge", "172.17.0.0/16")}
        self.containers: dict[str, FakeContainer] = {}
        self.oneshots: dict[str, OneshotAnswer] = {}
        self.events: list[Json] = []
        self._news = asyncio.Event()
        self._watchers: dict[str, asyncio.Task[None]] = {}

    def container(self, reference: str) -> FakeContainer:
        """Find a container by name, id or the beginning of its id."""
        found = self.containers.get(reference.removeprefix("/"))
        if found is None:
            by_id = [one for one in self.containers.values() if one.id.startswith(reference)]
            if len(by_id) != 1:
                raise Refused(404, f"No such container: {reference}")
            found = by_id[0]
        return found

    def create(self, name: str, body: Json) -> FakeContainer:
        """Make a container and the volumes that it names."""
        if not _NAME.fullmatch(name):
            raise Refused(400, f"Invalid container name ({name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed")
        image = self.images.find(str(body.get("Image", "")))
        if image is None:
            raise Refused(404, f"No such image: {body.get('Image')}")
        if name in self.containers:
            raise Refused(409, _name_conflict(name, self.containers[name].id))
        container = FakeContainer(name, body, image)
        self._take_mounts(container)
        self.containers[name] = container
        self.tell(container, "create")
        return container

    async def start(self, container: FakeContainer) -> bool:
        """Start a container; False if it runs already."""
        if container.running:
            return False
        try:
            container.address = self._address_for(container)
            container.status = "running"  # before the first await: a second start finds it running
            answer = self.oneshots.get(container.kind, OneshotAnswer())
            await launch(container, command_for(container, answer))
        except OSError as error:
            raise self._cannot_start(container, 400, 127, f"OCI runtime create failed: {error}") from None
        except Refused as refusal:
            raise self._cannot_start(container, refusal.status, 128, refusal.message) from None
        container.started, container.error = now(), ""
        container.ended.clear()
        self._watchers[container.id] = asyncio.create_task(self._watch(container))
        self.tell(container, "start")
        return True

    async def stop(self, container: FakeContainer, grace_seconds: float) -> bool:
        """Ask its process to end, and end it after the grace; False if it does not run."""
        if not container.running:
            return False
        self.signal(container, signal.SIGTERM)
        send_signal(container, signal.SIGCONT)
        try:
            async with asyncio.timeout(grace_seconds):
                await container.ended.wait()
        except TimeoutError:
            self.signal(container, signal.SIGKILL)
            await container.ended.wait()
        self.tell(container, "stop")
        return True

    def signal(self, container: FakeContainer, number: int) -> None:
        """Send a signal to its process."""
        if not container.running:
            what = f"Container {container.id} is not running"
            raise Refused(409, f"Cannot kill container: {container.id}: {what}")
        send_signal(container, number)
        self.tell(container, "kill", signal=str(int(number)))

    def pause(self, container: FakeContainer, paused: bool) -> None:
        """Freeze or thaw its process."""
        if paused and container.status != "running":
            why = "is already paused" if container.status == "paused" else "is not running"
            raise Refused(409, f"Container {container.id} {why}")
        if not paused and container.status != "paused":
            raise Refused(500, f"Container {container.id} is not paused")
        send_signal(container, signal.SIGSTOP if paused else signal.SIGCONT)
        container.status = "paused" if paused else "running"
        self.tell(container, "pause" if paused else "unpause")

    async def remove(self, container: FakeContainer, *, force: bool) -> None:
        """Remove a container; a running one only with force."""
        if container.running:
            if not force:
                how = "Stop the container before attempting removal or force remove"
                raise Refused(409, f"You cannot remove a running container {container.id}. {how}")
            self.signal(container, signal.SIGKILL)
            await container.ended.wait()
        self._forget(container)

    def remove_volume(self, name: str) -> None:
        """Remove a volume that no container holds."""
        if name not in self.volumes:
            raise Refused(404, f"get {name}: no such volume")
        users = [one.id for one in self.containers.values() if name in one.volumes]
        if users:
            raise Refused(409, f"remove {name}: volume is in use - [{', '.join(users)}]")
        del self.volumes[name]

    def tell(self, container: FakeContainer, action: str, **attributes: str) -> None:
        """Add a line to the stream of events."""
        moment = time.time_ns()
        actor = {**container.labels, "image": container.body["Image"], "name": container.name, **attributes}
        self.events.append({
            "status": action, "id": container.id, "from": container.body["Image"], "Type": "container",
            "Action": action, "Actor": {"ID": container.id, "Attributes": actor}, "scope": "local",
            "time": moment // 10**9, "timeNano": moment,
        })  # fmt: skip
        self._news.set()
        self._news = asyncio.Event()

    async def next_event(self) -> None:
        """Wait until something is told."""
        await self._news.wait()

    async def end(self) -> None:
        """End every process."""
        for container in list(self.containers.values()):
            send_signal(container, signal.SIGKILL)
        await asyncio.gather(*self._watchers.values())

    async def _watch(self, container: FakeContainer) -> None:
        container.exit_code = await finish(container)
        container.status, container.finished, container.address = "exited", now(), ""
        self.tell(container, "die", exitCode=str(container.exit_code))
        container.ended.set()
        if container.host_config.get("AutoRemove"):
            self._forget(container)

    def _forget(self, container: FakeContainer) -> None:
        if self.containers.pop(container.name, None) is not None:
            self.tell(container, "destroy")

    def _cannot_start(self, container: FakeContainer, status: int, code: int, why: str) -> Refused:
        container.status, container.error, container.exit_code = "created", why, code
        return Refused(status, why)

    def _address_for(self, container: FakeContainer) -> str:
        if container.network in ("none", "host"):
            return ""
        network = self.networks.get(container.network)
        if network is None:
            raise Refused(404, f"network {container.network} not found")
        taken = {one.address for one in self.containers.values() if one.running}
        wanted = container.wanted_address
        if not wanted:
            return free_address(network.subnet, taken)
        if ipaddress.ip_address(wanted) not in ipaddress.ip_network(network.subnet):
            where = "It does not belong to any of this network's subnets"
            raise Refused(500, f"Invalid address {wanted}: {where}")
        if wanted in taken:
            raise Refused(403, "Address already in use")
        return wanted

    def _take_mounts(self, container: FakeContainer) -> None:
        for mount in container.host_config.get("Mounts") or []:
            if mount["Type"] == "bind" and not Path(mount["Source"]).exists():
                what = f"bind source path does not exist: {mount['Source']}"
                raise Refused(400, f'invalid mount config for type "bind": {what}')
        for name in container.volumes:
            self.volumes.setdefault(name, FakeVolume(name))


def _name_conflict(name: str, holder: str) -> str:
    return (
        f'Conflict. The container name "/{name}" is already in use by container "{holder}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )
