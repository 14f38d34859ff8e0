"""`./hub doctor`: look at everything that the hub stands on, and say of each finding what to do."""

import argparse
import asyncio
import json
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from docker.errors import APIError, ImageNotFound, NotFound

from commands.errors import FAILED, OK
from commands.health import guard_problem
from commands.hub_image import hub_image
from commands.place import Place
from engine.client import Engine
from engine.errors import EngineError
from engine.images import find_image
from engine.names import KIND_PROBE, hub_address, network_name, probe_addresses, proxy_address
from engine.oneshot import run_oneshot
from records.people import people as living_people
from records.store import Store
from settings.errors import SettingsError
from settings.load import load, warnings_for
from settings.schema import Settings
from settings.sizes import format_bytes

Grade = Literal["good", "look", "bad"]
MARKS: Final = {"good": "ok  ", "look": "look", "bad": "BAD "}
CLOCK_SECONDS: Final = 5.0
JUPYTERHUB_LABEL: Final = "workspace-hub.jupyterhub-version"

# run in a container of the workspaces network: what a workspace reaches of the hub, the proxy and the machine
PROBE: Final = """
import json, socket, sys
def reaches(host, port):
    try:
        socket.create_connection((host, port), 3).close()
        return True
    except OSError:
        return False
hub, proxy, gateway = sys.argv[1:4]
print(json.dumps({"hub": reaches(hub, 8081), "proxy": reaches(proxy, 8000) or reaches(proxy, 8443),
                  "machine": reaches(gateway, 22) or reaches(gateway, 8000)}))
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do about it."""

    grade: Grade
    what: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Look, print, and return 1 if something is bad."""
    findings = asyncio.run(look(place))
    if arguments.json:
        print(json.dumps([{"grade": each.grade, "what": each.what, "advice": each.advice} for each in findings]))
    else:
        print("\n".join(_line(each) for each in findings))
    return FAILED if any(each.grade == "bad" for each in findings) else OK


async def look(place: Place) -> Sequence[Finding]:
    """Look at everything; without good settings only at the engine."""
    engine = Engine(place.docker_url)
    try:
        findings = await _safely("engine", lambda: look_at_engine(engine))
        try:
            settings = load(place.hub_toml)
        except SettingsError as error:
            return [*findings, *(Finding("bad", line, "Correct hub.toml.") for line in str(error).splitlines())]
        looks: Sequence[tuple[str, Callable[[], Awaitable[Iterable[Finding]]]]] = (
            ("network", lambda: look_at_network(engine, settings)),
            ("reach", lambda: look_from_inside(engine, settings)),
            ("images", lambda: look_at_images(engine, settings)),
            ("memory", lambda: look_at_memory(engine, settings, place)),
        )
        for name, each in looks:
            findings += await _safely(name, each)
        return [*findings, *look_at_settings(settings), look_at_guard(place), look_at_disk(place, settings)]
    finally:
        engine.close()


async def _safely(name: str, look_at: Callable[[], Awaitable[Iterable[Finding]]]) -> list[Finding]:
    try:
        return list(await look_at())
    except (EngineError, APIError) as error:
        text = error.explanation if isinstance(error, APIError) else error
        return [Finding("bad", f"{name}: {text}", "Start the engine with ./hub up, then look again.")]


async def look_at_engine(engine: Engine) -> list[Finding]:
    """The engine's version, storage driver, cgroup version, live restore and clock."""
    info: dict[str, Any] = await engine.call("info")
    findings = [
        Finding(
            "good",
            f"engine {info['ServerVersion']}, storage {info['Driver']}, cgroup v{info.get('CgroupVersion', '1')}",
        ),
        _live_restore(bool(info.get("LiveRestoreEnabled"))),
        _clock(str(info.get("SystemTime", "")), time.time()),
    ]
    if not any("seccomp" in option for option in info.get("SecurityOptions") or []):
        advice = "Workspaces run without a system call filter. Use an engine with seccomp."
        findings.append(Finding("bad", "the engine has no seccomp profile", advice))
    return findings


def _live_restore(is_on: bool) -> Finding:
    if is_on:
        return Finding("good", "live-restore is on: workspaces outlive a restart of the engine")
    advice = 'Put "live-restore": true into /etc/docker/daemon.json and reload the engine.'
    return Finding("look", "live-restore is off: a restart of the engine ends every workspace", advice)


def _clock(system_time: str, now: float) -> Finding:
    try:
        # nanoseconds are more than fromisoformat reads
        engine_time = datetime.fromisoformat(re.sub(r"\.\d+", "", system_time)).timestamp()
    except ValueError:
        return Finding(
            "look", f"the engine's clock cannot be read ({system_time[:40]})", "Look at the machine's clock."
        )
    off_seconds = abs(engine_time - now)
    if off_seconds > CLOCK_SECONDS:
        advice = "Set the clock (for example with chrony): links and sign-ins expire by it."
        return Finding("bad", f"the engine's clock is {off_seconds:.0f} s away from the hub's", advice)
    return Finding("good", "the clocks of engine and hub agree")


async def look_at_network(engine: Engine, settings: Settings) -> list[Finding]:
    """The workspaces network is there, with the configured subnet and without traffic between containers."""
    name = network_name(settings.site.name)
    try:
        found = await engine.call("inspect_network", name)
    except NotFound:
        return [Finding("bad", f"the network {name} is missing", "Run ./hub up, which makes it.")]
    subnets = [entry.get("Subnet") for entry in found["IPAM"]["Config"]]
    if subnets != [str(settings.network.subnet)]:
        advice = "Stop every workspace and the hub, remove the network, then run ./hub up."
        return [Finding("bad", f"{name} has {subnets}, hub.toml says {settings.network.subnet}", advice)]
    if found["Options"].get("com.docker.network.bridge.enable_icc") != "false":
        advice = "Remove the network while nothing runs, then run ./hub up."
        return [Finding("bad", f"containers on {name} reach each other", advice)]
    return [Finding("good", f"network {name}, {settings.network.subnet}, no traffic between workspaces")]


async def look_from_inside(engine: Engine, settings: Settings) -> list[Finding]:
    """What a container at a workspace's place reaches: the hub's API, and nothing of proxy and machine."""
    subnet, instance = settings.network.subnet, settings.site.name
    try:
        result = await run_oneshot(
            engine,
            name=f"{instance}-doctor",
            image=hub_image(),
            command=[
                "/opt/hub/bin/python",
                "-c",
                PROBE,
                str(hub_address(subnet)),
                str(proxy_address(subnet)),
                str(subnet.network_address + 1),
            ],
            instance=instance,
            kind=KIND_PROBE,
            network=network_name(instance),
            address=probe_addresses(subnet)[0],
            user="990:990",
        )
    except ImageNotFound:
        return [Finding("bad", f"the hub's image {hub_image()} is missing", "Run ./hub up, which builds it.")]
    if result.exit_code:
        return [Finding("bad", f"the test container failed: {result.output.strip()[-200:]}", "Run ./hub up.")]
    return grade_reach(json.loads(result.output.strip().splitlines()[-1]))


def grade_reach(reached: dict[str, bool]) -> list[Finding]:
    """Judge what the probe reached."""
    findings = []
    if reached["hub"]:
        findings.append(Finding("good", "a workspace reaches the hub's API"))
    else:
        advice = "Look at ./hub status and ./hub logs netguard: without its rules no workspace can start."
        findings.append(Finding("bad", "a workspace does not reach the hub's API", advice))
    open_doors = [name for name in ("proxy", "machine") if reached[name]]
    if open_doors:
        advice = "The packet rules do not hold; look at ./hub logs netguard and restart it with ./hub up."
        findings.append(Finding("bad", f"a workspace reaches the {' and the '.join(open_doors)}", advice))
    else:
        findings.append(Finding("good", "a workspace reaches neither the proxy nor this machine"))
    return findings


async def look_at_images(engine: Engine, settings: Settings) -> list[Finding]:
    """Each profile's image is there, and its JupyterHub fits the hub's."""
    findings = []
    for profile_id, profile in settings.profiles.items():
        image = await find_image(engine, profile.image)
        if image is None:
            advice = f"Build or pull {profile.image}, or take the profile out of hub.toml."
            findings.append(Finding("bad", f"profile {profile_id}: the image {profile.image} is missing", advice))
        else:
            findings.append(grade_image(profile_id, profile.image, image.labels.get(JUPYTERHUB_LABEL)))
    return findings


def grade_image(profile_id: str, ref: str, its_version: str | None) -> Finding:
    """Judge an image by the version of JupyterHub in it; the same major version works together.

    https://jupyterhub.readthedocs.io/en/stable/howto/upgrading.html
    """
    from jupyterhub import __version__ as hub_version

    if not its_version:
        advice = f"An image of yours should say it in the label {JUPYTERHUB_LABEL}."
        return Finding("look", f"profile {profile_id}: {ref} does not say which JupyterHub it has", advice)
    if its_version.split(".")[0] != hub_version.split(".")[0]:
        advice = f"Install jupyterhub {hub_version} in the image."
        return Finding("bad", f"profile {profile_id}: JupyterHub {its_version} in {ref}, {hub_version} here", advice)
    return Finding("good", f"profile {profile_id}: {ref} with JupyterHub {its_version}")


async def look_at_memory(engine: Engine, settings: Settings, place: Place) -> list[Finding]:
    """The machine's memory beside what the limits promise to everybody at once."""
    machine_bytes = int((await engine.call("info"))["MemTotal"])
    return [grade_memory(machine_bytes, settings, _count_people(place))]


def grade_memory(machine_bytes: int, settings: Settings, people: int) -> Finding:
    """Judge the promise: one workspace must fit; all at once need not, but the admin should know."""
    largest = max([settings.limits.memory_bytes, *(each.memory_bytes or 0 for each in settings.groups.values())])
    machine, one = f"{machine_bytes / 2**30:.1f} GiB", format_bytes(largest)
    if largest > machine_bytes:
        advice = "Lower limits.memory, or the group's: one workspace could use up the whole machine."
        return Finding("look", f"one workspace may use {one} of memory, the machine has {machine}", advice)
    together = people * settings.limits.memory_bytes
    if together > machine_bytes:
        advice = "That is fine while not all work at once; a machine out of memory ends workspaces."
        what = f"{people} people may use {format_bytes(settings.limits.memory_bytes)} each, the machine has {machine}"
        return Finding("look", what, advice)
    return Finding("good", f"the machine's {machine} of memory are enough for {people} people at once")


def _count_people(place: Place) -> int:
    if not place.records_database.exists():
        return 0
    with Store(place.records_database) as store:
        return len(store.run_now(living_people))


def look_at_settings(settings: Settings) -> list[Finding]:
    """hub.toml loads; what it allows on purpose is said."""
    return [
        Finding("good", "hub.toml has no problem"),
        *(Finding("look", warning, "See docs/reference/settings.md.") for warning in warnings_for(settings)),
    ]


def look_at_guard(place: Place) -> Finding:
    """netguard looked at its rules a moment ago."""
    problem = guard_problem(place.guard_status, now=datetime.now(UTC))
    if problem is None:
        return Finding("good", "the packet rules stand")
    return Finding("bad", problem, "Run ./hub up; without the rules nothing passes between hub and workspaces.")


def look_at_disk(place: Place, settings: Settings) -> Finding:
    """The disk with the hub's data, which is the engine's, has room."""
    free_bytes = shutil.disk_usage(place.data if place.data.exists() else "/").free
    wanted = settings.storage.min_free_bytes
    if free_bytes < wanted:
        advice = "Remove old images (docker image prune) or files; ./hub homes list names people's homes."
        return Finding("bad", f"only {free_bytes // 2**20} MiB are free, {format_bytes(wanted)} wanted", advice)
    return Finding("good", f"{free_bytes // 2**30} GiB of disk are free")


def _line(finding: Finding) -> str:
    advice = f"\n       → {finding.advice}" if finding.advice and finding.grade != "good" else ""
    return f"[{MARKS[finding.grade]}] {finding.what}{advice}"
