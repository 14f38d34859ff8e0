"""The one parametrised `engine` fixture: every test of this folder runs on the fake engine and on a real one."""

import asyncio
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

import docker
import pytest
from docker.errors import APIError

from engine import names
from engine.client import Engine
from tests.fakes.engine import FakeEngine

SHELL_IMAGES = ("workspace-hub/minimal:0.1.0", "workspace-hub/base:bookworm")


@dataclass(frozen=True)
class Place:
    """Where a test runs: an engine's URL, an image with a shell, and an instance name of the test's own."""

    url: str
    image: str
    instance: str
    fake: FakeEngine | None
    client: docker.APIClient

    def labels(self, kind: str = "workspace") -> dict[str, str]:
        return {names.LABEL_INSTANCE: self.instance, names.LABEL_KIND: kind}

    def name(self, what: str = "box") -> str:
        return f"{self.instance}-{what}"

    def make(
        self,
        script: str = "exec sleep 60",
        *,
        what: str = "box",
        kind: str = "workspace",
        network: str = "none",
        address: IPv4Address | None = None,
        volume: str = "",
        start: bool = True,
        auto_remove: bool = False,
    ) -> str:
        """Make a container that runs a shell script; give its id."""
        endpoint = {network: {"IPAMConfig": {"IPv4Address": str(address)}}} if address else {}
        binds = [f"{volume}:/workspace"] if volume else []
        made = self.client.create_container(
            self.image,
            name=self.name(what),
            entrypoint=["/bin/sh", "-c"],
            command=[script],
            labels=self.labels(kind),
            host_config={"NetworkMode": network, "Binds": binds, "AutoRemove": auto_remove},
            networking_config={"EndpointsConfig": endpoint},
        )
        if start:
            self.client.start(made["Id"])
        return str(made["Id"])

    async def end_of(self, container_id: str) -> None:
        """Wait for a container's end."""
        await asyncio.to_thread(self.client.wait, container_id, timeout=20)


@pytest.fixture(params=["fake", pytest.param("real", marks=pytest.mark.engine)])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The fake engine, then the real one; what a test made there is removed by its label."""
    instance = f"t{secrets.token_hex(4)}"
    if request.param == "fake":
        fake: FakeEngine | None = request.getfixturevalue("fake")
        assert fake is not None
        url, image = fake.url, fake.images.add("test/shell:1", behaviour="shell").ref
    else:
        fake, url = None, request.getfixturevalue("real_engine_url")
    client = docker.APIClient(base_url=url, version="auto", timeout=30)
    try:
        if fake is None:
            image = _shell_image(client)
        place = Place(url, image, instance, fake, client)
        yield place
        _remove_all(place)
    finally:
        client.close()


@pytest.fixture
def engine(place: Place) -> Iterator[Engine]:
    """The engine under test."""
    engine = Engine(place.url, timeout_seconds=20, threads=4)
    yield engine
    engine.close()


@pytest.fixture
def subnet(place: Place) -> Iterator[IPv4Network]:
    """A network named after the instance, on a small subnet that nobody else has."""
    for _ in range(20):
        subnet = IPv4Network(f"10.{random.randint(200, 250)}.{random.randint(0, 255)}.0/27")  # noqa: S311
        config = {"Config": [{"Subnet": str(subnet)}]}
        try:
            place.client.create_network(place.name("net"), ipam=config, labels=place.labels())  # type: ignore[arg-type]
            break
        except APIError as error:
            if "overlap" not in str(error.explanation):
                raise
    yield subnet
    _remove_containers(place)
    place.client.remove_network(place.name("net"))


def _shell_image(client: docker.APIClient) -> str:
    for image in SHELL_IMAGES:
        if client.images(image):
            return image
    pytest.skip(f"none of the images {', '.join(SHELL_IMAGES)} is on the engine; build them first")


def _remove_containers(place: Place) -> None:
    for row in place.client.containers(all=True, filters={"name": place.instance}):
        place.client.remove_container(row["Id"], force=True)


def _remove_all(place: Place) -> None:
    _remove_containers(place)
    for volume in place.client.volumes(filters={"name": place.instance})["Volumes"] or []:
        place.client.remove_volume(volume["Name"])
