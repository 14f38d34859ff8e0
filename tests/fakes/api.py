"""The Docker Engine API over HTTP, as far as the hub uses it: paths and JSON in front of the fake's world."""

import contextlib
import json
import re
import struct
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from tests.fakes.containers import FakeContainer
from tests.fakes.objects import FakeNetwork, FakeVolume, Json
from tests.fakes.processes import signal_number
from tests.fakes.state import Refused, World

API_VERSION = "1.41"
SERVER_VERSION = "20.10.24"
Answer = Callable[..., Awaitable[web.StreamResponse]]


class Api:
    """Finds the operation for a call and shows its result."""

    def __init__(self, world: World) -> None:
        self.world = world
        container, volume, network = r"/containers/([^/]+)", r"/volumes/([^/]+)", r"/networks/([^/]+)"
        table: list[tuple[str, str, Answer]] = [
            ("GET|HEAD", r"/_ping", self.ping),
            ("GET", r"/version", self.version),
            ("GET", r"/info", self.info),
            ("GET", r"/events", self.events),
            ("GET", r"/system/df", self.disk_usage),
            ("GET", r"/images/json", self.images),
            ("GET", r"/images/(.+)/json", self.image),
            ("POST", r"/images/create", self.pull),
            ("GET", r"/containers/json", self.containers),
            ("POST", r"/containers/create", self.create),
            ("GET", rf"{container}/json", self.inspect),
            ("GET", rf"{container}/logs", self.logs),
            ("POST", rf"{container}/(start|stop|kill|pause|unpause|wait)", self.act),
            ("DELETE", container, self.remove),
            ("GET", r"/volumes", self.volumes),
            ("POST", r"/volumes/create", self.create_volume),
            ("GET", volume, self.volume),
            ("DELETE", volume, self.remove_volume),
            ("GET", r"/networks", self.networks),
            ("POST", r"/networks/create", self.create_network),
            ("GET", network, self.network),
            ("DELETE", network, self.remove_network),
            ("POST", rf"{network}/connect", self.connect),
        ]
        self._table = [(methods.split("|"), re.compile(path), answer) for methods, path, answer in table]

    async def answer(self, request: web.Request, path: str, body: Json) -> web.StreamResponse:
        """Answer one call whose path has lost its version."""
        for methods, pattern, answer in self._table:
            match = pattern.fullmatch(path)
            if match and request.method in methods:
                words = [unquote(word) for word in match.groups()]
                try:
                    return await answer(request, body, *words)
                except Refused as refusal:
                    return web.json_response({"message": refusal.message}, status=refusal.status)
        return web.json_response({"message": "page not found"}, status=404)

    async def ping(self, request: web.Request, body: Json) -> web.StreamResponse:
        return web.Response(text="OK", headers={"API-Version": API_VERSION})

    async def version(self, request: web.Request, body: Json) -> web.StreamResponse:
        names = {"Version": SERVER_VERSION, "ApiVersion": API_VERSION, "MinAPIVersion": "1.12"}
        return web.json_response({**names, "Os": "linux", "Arch": "amd64", "KernelVersion": "6.1.0"})

    async def info(self, request: web.Request, body: Json) -> web.StreamResponse:
        running = sum(one.running for one in self.world.containers.values())
        return web.json_response({
            "ServerVersion": SERVER_VERSION, "Driver": "overlay2", "NCPU": 2, "MemTotal": 8 * 1024**3,
            "DockerRootDir": "/var/lib/docker", "OperatingSystem": "Fake Linux", "CgroupVersion": "2",
            "CgroupDriver": "cgroupfs", "LiveRestoreEnabled": False, "Runtimes": {"runc": {"path": "runc"}},
            "SecurityOptions": ["name=seccomp,profile=default"], "Containers": len(self.world.containers),
            "ContainersRunning": running, "Images": len(self.world.images), "Warnings": None,
        })  # fmt: skip

    async def events(self, request: web.Request, body: Json) -> web.StreamResponse:
        wanted, until = _filters(request), float(request.query.get("until") or "inf")
        position = 0 if "since" in request.query else len(self.world.events)
        since = float(request.query.get("since") or 0)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionError):  # the caller goes when it has seen enough
            while True:
                for event in self.world.events[position:]:
                    if since <= event["timeNano"] / 1e9 <= until and _event_meets(event, wanted):
                        await response.write(json.dumps(event).encode() + b"\n")
                position = len(self.world.events)
                if until != float("inf"):
                    break
                await self.world.next_event()
        return response

    async def disk_usage(self, request: web.Request, body: Json) -> web.StreamResponse:
        rows = []
        for volume in self.world.volumes.values():
            used_by = sum(volume.name in one.volumes for one in self.world.containers.values())
            rows.append({**volume.as_json(), "UsageData": {"RefCount": used_by, "Size": volume.size_bytes}})
        return web.json_response({"LayersSize": 0, "Images": [], "Containers": [], "Volumes": rows or None})

    async def images(self, request: web.Request, body: Json) -> web.StreamResponse:
        shown = ("Id", "RepoTags", "Size")
        rows = [image.as_json() for image in self.world.images.values()]
        return web.json_response([{key: row[key] for key in shown} for row in rows])

    async def image(self, request: web.Request, body: Json, ref: str) -> web.StreamResponse:
        found = self.world.images.find(ref)
        if found is None:
            raise Refused(404, f"no such image: {ref}: No such image: {ref}")
        return web.json_response(found.as_json())

    async def pull(self, request: web.Request, body: Json) -> web.StreamResponse:
        raise Refused(500, 'Get "https://registry.example/v2/": dial tcp: lookup: no such host')

    async def containers(self, request: web.Request, body: Json) -> web.StreamResponse:
        every, wanted = request.query.get("all") in ("1", "true", "True"), _filters(request)
        found = [one for one in self.world.containers.values() if every or one.running]
        return web.json_response([one.as_row() for one in found if _meets(one, wanted)])

    async def create(self, request: web.Request, body: Json) -> web.StreamResponse:
        made = self.world.create(request.query.get("name", ""), body)
        return web.json_response({"Id": made.id, "Warnings": []}, status=201)

    async def inspect(self, request: web.Request, body: Json, ref: str) -> web.StreamResponse:
        return web.json_response(self.world.container(ref).as_json())

    async def logs(self, request: web.Request, body: Json, ref: str) -> web.StreamResponse:
        container, tail = self.world.container(ref), request.query.get("tail", "all")
        asked = {1: request.query.get("stdout"), 2: request.query.get("stderr")}
        lines = [(stream, line) for stream, line in container.log if asked[stream] in ("1", "true", "True")]
        lines = lines[max(0, len(lines) - int(tail)) :] if tail.isdigit() else lines
        packed = b"".join(struct.pack(">BxxxL", stream, len(line)) + line for stream, line in lines)
        return web.Response(body=packed, content_type="application/vnd.docker.raw-stream")

    async def act(self, request: web.Request, body: Json, ref: str, verb: str) -> web.StreamResponse:
        container, changed = self.world.container(ref), True
        match verb:
            case "wait":
                return await _wait(request, container)
            case "start":
                changed = await self.world.start(container)
            case "stop":
                changed = await self.world.stop(container, float(request.query.get("t", "10")))
            case "kill":
                self.world.signal(container, signal_number(request.query.get("signal", "KILL")))
            case "pause" | "unpause":
                self.world.pause(container, verb == "pause")
        return web.Response(status=204 if changed else 304)

    async def remove(self, request: web.Request, body: Json, ref: str) -> web.StreamResponse:
        force = request.query.get("force") in ("1", "true", "True")
        await self.world.remove(self.world.container(ref), force=force)
        return web.Response(status=204)

    async def volumes(self, request: web.Request, body: Json) -> web.StreamResponse:
        labels = _filters(request).get("label", [])
        found = [one for one in self.world.volumes.values() if _labels_meet(one.labels, labels)]
        return web.json_response({"Volumes": [volume.as_json() for volume in found], "Warnings": None})

    async def create_volume(self, request: web.Request, body: Json) -> web.StreamResponse:
        name = body.get("Name") or ""
        if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+", name):
            allowed = '"[a-zA-Z0-9][a-zA-Z0-9_.-]"'
            raise Refused(400, f'create {name}: "{name}" includes invalid characters, only {allowed} are allowed')
        made = self.world.volumes.setdefault(name, FakeVolume(name, body.get("Labels") or {}))
        return web.json_response(made.as_json(), status=201)

    async def volume(self, request: web.Request, body: Json, name: str) -> web.StreamResponse:
        if name not in self.world.volumes:
            raise Refused(404, f"get {name}: no such volume")
        return web.json_response(self.world.volumes[name].as_json())

    async def remove_volume(self, request: web.Request, body: Json, name: str) -> web.StreamResponse:
        self.world.remove_volume(name)
        return web.Response(status=204)

    async def networks(self, request: web.Request, body: Json) -> web.StreamResponse:
        names = _filters(request).get("name", [])
        found = [net for net in self.world.networks.values() if _name_meets(net.name, names)]
        return web.json_response([net.as_json() for net in found])

    async def create_network(self, request: web.Request, body: Json) -> web.StreamResponse:
        name, configs = body["Name"], (body.get("IPAM") or {}).get("Config") or []
        if name in self.world.networks:
            raise Refused(409, f"network with name {name} already exists")
        subnet = configs[0]["Subnet"] if configs else "172.30.0.0/16"
        made = FakeNetwork(name, subnet, body.get("Labels") or {}, body.get("Options") or {})
        self.world.networks[name] = made
        return web.json_response({"Id": made.id, "Warning": ""}, status=201)

    async def network(self, request: web.Request, body: Json, name: str) -> web.StreamResponse:
        found = self._network(name)
        members = [one for one in self.world.containers.values() if one.network == found.name and one.running]
        rows = {one.id: {"Name": one.name, "IPv4Address": f"{one.address}/16"} for one in members}
        return web.json_response(found.as_json(rows))

    async def remove_network(self, request: web.Request, body: Json, name: str) -> web.StreamResponse:
        del self.world.networks[self._network(name).name]
        return web.Response(status=204)

    async def connect(self, request: web.Request, body: Json, name: str) -> web.StreamResponse:
        self._network(name)
        self.world.container(body["Container"])
        return web.Response(status=200)

    def _network(self, name: str) -> FakeNetwork:
        by_id = (net for net in self.world.networks.values() if net.id == name)
        found = self.world.networks.get(name) or next(by_id, None)
        if found is None:
            raise Refused(404, f"network {name} not found")
        return found


async def _wait(request: web.Request, container: FakeContainer) -> web.StreamResponse:
    # like the real one: the head at once, the body at the container's end
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while container.running:
        await container.ended.wait()
    with contextlib.suppress(ConnectionError):  # the caller may have gone meanwhile
        await response.write(json.dumps({"StatusCode": container.exit_code, "Error": None}).encode())
    return response


def _filters(request: web.Request) -> dict[str, list[str]]:
    """Read `filters`: both the old form (lists) and the new one (maps of true) are in use."""
    found: dict[str, Any] = json.loads(request.query.get("filters") or "{}")
    return {name: [str(value) for value in values] for name, values in found.items()}


def _meets(container: FakeContainer, wanted: dict[str, list[str]]) -> bool:
    names, ids, states = wanted.get("name", []), wanted.get("id", []), wanted.get("status", [])
    return (
        _labels_meet(container.labels, wanted.get("label", []))
        and _name_meets(f"/{container.name}", names)
        and (not ids or any(container.id.startswith(one) for one in ids))
        and (not states or container.status in states)
    )


def _labels_meet(labels: dict[str, str], wanted: list[str]) -> bool:
    for text in wanted:
        name, equals, value = text.partition("=")
        if name not in labels or (equals and labels[name] != value):
            return False
    return True


def _name_meets(name: str, patterns: list[str]) -> bool:
    return not patterns or any(re.search(pattern, name) for pattern in patterns)


def _event_meets(event: Json, wanted: dict[str, list[str]]) -> bool:
    actions, types = wanted.get("event", []), wanted.get("type", [])
    return (
        _labels_meet(event["Actor"]["Attributes"], wanted.get("label", []))
        and (not actions or event["Action"] in actions)
        and (not types or event["Type"] in types)
    )
