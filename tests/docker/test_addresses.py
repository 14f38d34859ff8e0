"""S11 and U21 on a real engine: who has which address and name."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from ipaddress import IPv4Network
from pathlib import Path
from uuid import uuid4

import pytest

from engine.names import container_name
from records.addresses import ensure_address
from records.people import end_person, ensure_person
from records.store import Store
from tests.docker.site import Admin, Site, docker, free_subnet

pytestmark = pytest.mark.engine

PEOPLE = 300


def test_s11_300_workspaces_keep_their_addresses_on_the_engine(tmp_path: Path, real_engine_url: str) -> None:
    """Three hundred containers made and removed, then made again: the engine takes each recorded address, twice."""
    subnet, network = IPv4Network(free_subnet()), f"wht-{uuid4().hex[:8]}"
    docker("network", "create", "--subnet", str(subnet), network)
    names: list[str] = []
    with Store(tmp_path / "records.sqlite") as store:

        def make(user_name: str) -> tuple[str, str]:
            now = datetime.now(UTC)
            person = store.run_now(lambda connection: ensure_person(connection, user_name, first_uid=20000, now=now))
            address = store.run_now(lambda connection: ensure_address(connection, person.person_id, "", subnet))
            name = container_name(network, user_name, person.person_id, "")
            names.append(name)
            docker(
                "create",
                "--name",
                name,
                "--network",
                network,
                "--ip",
                str(address),
                "workspace-hub/minimal:0.1.0",
                "true",
            )
            seen = docker(
                "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}}{{end}}", name
            )
            docker("rm", "--force", name)
            return user_name, seen

        try:
            with ThreadPoolExecutor(4) as pool:
                first = dict(pool.map(make, [f"p{number}" for number in range(PEOPLE)]))
                again = dict(pool.map(make, [f"p{number}" for number in range(0, PEOPLE, 3)]))
            assert len(set(first.values())) == PEOPLE
            assert again == {name: first[name] for name in again}
            store.run_now(lambda connection: end_person(connection, "p0", datetime.now(UTC)))
            assert make("p0")[1] not in set(first.values())
        finally:
            for name in set(names):
                docker("rm", "--force", name, check=False)
            docker("network", "rm", network)


def test_u21_similar_names_are_different_people(site: Site, admin: Admin) -> None:
    people = []
    for name in ("a.b", "a-b", "a_b"):
        assert admin.add(name).status_code in (201, 409)
        people.append(site.person(name))
    for person in people:
        person.start()
    found = [site.inspect(person.name) for person in people]
    volumes = {next(m["Name"] for m in each["Mounts"] if m["Destination"] == "/workspace") for each in found}
    addresses = {each["NetworkSettings"]["Networks"][site.network]["IPAddress"] for each in found}
    assert len({each["Name"] for each in found}) == len(volumes) == len(addresses) == 3
    for person in people:
        person.stop()
    for name in ("a@b", "müller", "李雷", "a..b", "x" * 64, "admin\u202e", "root"):
        assert admin.add(name).status_code == 400, name
