"""A laboratory for the packet rules: an engine of its own in a network namespace of its own, and people inside it.

The "host" of the laboratory is the namespace, so flushing its tables or restarting its engine harms nobody else on the
machine. `outside` is a second namespace behind a veth pair: a neighbour of that host, on documentation addresses
(RFC 5737). Traffic goes to addresses that the laboratory made itself and nowhere else.
"""

import contextlib
import functools
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Final

from engine.names import bridge_device, gateway_address, hub_address, proxy_address
from tests.docker import netprograms

REPOSITORY: Final = Path(__file__).resolve().parents[2]
BASE_IMAGE: Final = "workspace-hub/base:bookworm"
IMAGE: Final = "workspace-hub-test/net:latest"
DOCKERFILE: Final = f"""\
FROM {BASE_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends python3-minimal libpython3-stdlib iproute2 iptables \\
 && rm -rf /var/lib/apt/lists/*
"""
# design: what every workspace is started with
WORKSPACE_CAPABILITIES: Final = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "KILL")
HOST_ADDRESS: Final = "198.51.100.1"
OUTSIDE_ADDRESS: Final = "198.51.100.2"
START_SECONDS: Final = 60.0
RESIDENTS: Final = ("hub", "proxy", "alice", "bob", "carol")

Target = tuple[str, str, int]


def missing() -> str:
    """Say what this machine lacks for a laboratory; empty when it lacks nothing."""
    if os.geteuid() != 0:
        return "needs root: it makes network namespaces and an engine of its own"
    tools = [
        tool for tool in ("docker", "dockerd", "ip", "bridge", "nsenter", "iptables-nft") if not shutil.which(tool)
    ]
    if tools:
        return f"needs {', '.join(tools)} on this machine"
    if _run("docker", "image", "inspect", IMAGE, check=False).returncode == 0:
        return ""
    if _run("docker", "image", "inspect", BASE_IMAGE, check=False).returncode != 0:
        return f"needs the image {BASE_IMAGE}, which `./hub up` makes"
    return ""


def ensure_image() -> None:
    """Build the small image of the laboratory on the machine's engine, once."""
    if _run("docker", "image", "inspect", IMAGE, check=False).returncode == 0:
        return
    with tempfile.TemporaryDirectory() as context:
        (Path(context) / "Dockerfile").write_text(DOCKERFILE)
        _run("docker", "build", "--tag", IMAGE, context, seconds=300)


@dataclass(frozen=True, slots=True)
class Plan:
    """Names and addresses of one laboratory."""

    tag: str
    instance: str
    subnet: IPv4Network

    @property
    def bridge(self) -> str:
        return bridge_device(self.instance)

    @property
    def hub(self) -> str:
        return str(hub_address(self.subnet))

    @property
    def proxy(self) -> str:
        return str(proxy_address(self.subnet))

    @property
    def gateway(self) -> str:
        return str(gateway_address(self.subnet))

    def person(self, number: int) -> str:
        return str(self.subnet.network_address + 16 + number)


def random_plan() -> Plan:
    tag = secrets.token_hex(4)
    return Plan(tag, f"net{tag}", IPv4Network(f"10.{random.randrange(100, 200)}.0.0/20"))


class Lab:
    """One laboratory; made by `open_lab`, which also takes it away."""

    def __init__(self, plan: Plan, root: Path) -> None:
        self.plan = plan
        self.root = root
        self.namespace = f"wshlab-{plan.tag}"
        self.outside = f"wshout-{plan.tag}"
        self.run_folder = root / "run"
        self._dockerd: subprocess.Popen[bytes] | None = None

    # the laboratory itself

    def make_namespaces(self) -> None:
        for name in (self.namespace, self.outside):
            _run("ip", "netns", "add", name)
            _run("ip", "-n", name, "link", "set", "lo", "up")
        _run(
            "ip",
            "-n",
            self.namespace,
            "link",
            "add",
            "up0",
            "type",
            "veth",
            "peer",
            "name",
            "up0",
            "netns",
            self.outside,
        )
        for name, address in ((self.namespace, HOST_ADDRESS), (self.outside, OUTSIDE_ADDRESS)):
            _run("ip", "-n", name, "address", "add", f"{address}/30", "dev", "up0")
            _run("ip", "-n", name, "link", "set", "up0", "up")
        # a neighbour that knows the way to workspaces
        _run("ip", "-n", self.outside, "route", "add", str(self.plan.subnet), "via", HOST_ADDRESS)

    def start_engine(self) -> None:
        """Start the laboratory's engine; containers outlive its restart."""
        log = (self.root / "dockerd.log").open("ab")
        # nsenter, not `ip netns exec`: that one hides the host's cgroups
        command = [
            *("nsenter", f"--net=/run/netns/{self.namespace}", "dockerd", "--live-restore"),
            *("--data-root", str(self.root / "data"), "--exec-root", str(self.root / "exec")),
            *("--host", self.url, "--pidfile", str(self.root / "dockerd.pid")),
            *("--bip", "10.254.0.1/24", "--default-address-pool", "base=10.253.0.0/16,size=24"),
        ]
        self._dockerd = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        log.close()
        wait_until(lambda: self.docker("version", check=False).returncode == 0, "the laboratory's engine answers")

    def stop_engine(self, number: int = signal.SIGTERM) -> None:
        if self._dockerd is None:
            return
        self._dockerd.send_signal(number)
        self._dockerd.wait(START_SECONDS)
        self._dockerd = None
        if number == signal.SIGKILL:
            self._clear_after_kill()

    def _clear_after_kill(self) -> None:
        """Remove what a killed engine's containerd left; the engine waits in vain for one that has such files."""
        folder = self.root / "exec" / "containerd"
        pid = int((folder / "containerd.pid").read_text())
        wait_until(lambda: not _is_running(pid), "the killed engine's containerd is gone")
        for file in folder.glob("containerd*.*"):
            file.unlink()

    def load_image(self) -> None:
        archive = self.root / "image.tar"
        _run("docker", "save", "--output", str(archive), IMAGE, seconds=120)
        self.docker("load", "--input", str(archive), seconds=120)
        archive.unlink()

    def make_networks(self) -> None:
        """Make the two networks of an instance as `./hub up` and Compose do."""
        plan = self.plan
        self.docker("network", "create", f"{plan.instance}-0front")
        self.docker(
            *("network", "create", "--subnet", str(plan.subnet), "--gateway", plan.gateway),
            *("--opt", "com.docker.network.bridge.enable_icc=false"),
            *("--opt", f"com.docker.network.bridge.name={plan.bridge}"),
            f"{plan.instance}-workspaces",
        )

    def reboot_without_engine(self) -> None:
        """Leave of the host's network what a reboot leaves, with Docker not started yet."""
        self.docker("stop", "--time", "2", *RESIDENTS)
        self.stop_engine()
        for table in ("raw", "filter", "nat"):
            self.on_host("iptables-nft", "-t", table, "-F")
            self.on_host("iptables-nft", "-t", table, "-X")
        for link in json.loads(self.on_host("ip", "-json", "link", "show", "type", "bridge")):
            self.on_host("ip", "link", "delete", link["ifname"])

    def start_residents(self) -> None:
        """Start hub, proxy and the three people again."""
        self.docker("start", *RESIDENTS)
        self.wait_for_residents()

    def wait_for_residents(self) -> None:
        for name in RESIDENTS:
            wait_until(functools.partial(self._is_listening, name), f"{name} listens")

    def _is_listening(self, name: str) -> bool:
        return len(self.listening(name)) > 2

    def close(self) -> None:
        """Take everything away: containers, engine, mounts, namespaces, files."""
        containers = self.docker("ps", "--all", "--quiet", check=False).stdout.split()
        if containers:
            self.docker("rm", "--force", *containers, check=False)
        self.stop_engine()
        _end_all([str(self.root)])
        _unmount_below(self.root)
        for name in (self.namespace, self.outside):
            _run("ip", "netns", "delete", name, check=False)
        shutil.rmtree(self.root, ignore_errors=True)

    def forget_neighbours(self) -> None:
        """Let everybody ask anew for hardware addresses; needed after somebody lied about theirs."""
        for name in RESIDENTS:
            self.in_network_of(name, "ip", "neigh", "flush", "all")

    # people and machines

    @property
    def url(self) -> str:
        return f"unix://{self.root}/docker.sock"

    def docker(self, *words: str, check: bool = True, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        return _run("docker", "--host", self.url, *words, check=check, seconds=seconds)

    def on_host(self, *words: str, check: bool = True) -> str:
        """Run a command on the laboratory's host; give what it printed."""
        return _run("nsenter", f"--net=/run/netns/{self.namespace}", *words, check=check).stdout

    def start_container(
        self,
        name: str,
        address: str,
        *,
        tcp: Sequence[int] = (),
        udp: Sequence[int] = (),
        capabilities: Sequence[str] = WORKSPACE_CAPABILITIES,
        options: Sequence[str] = (),
    ) -> None:
        """Start somebody in the workspaces network who answers on some ports, with the capabilities of a workspace."""
        added = [word for capability in capabilities for word in ("--cap-add", capability)]
        self.docker(
            *("run", "--detach", "--init", "--name", name, "--cap-drop", "ALL", *added),
            *("--security-opt", "no-new-privileges"),
            *("--network", f"{self.plan.instance}-workspaces", "--ip", address, *options),
            *(IMAGE, "python3", "-c", netprograms.LISTEN, json.dumps({"tcp": tcp, "udp": udp})),
        )

    def start_service(self, name: str, address: str, *, tcp: Sequence[int]) -> None:
        """Start hub or proxy: as a workspace, and with a second leg in the front network."""
        self.start_container(name, address, tcp=tcp, udp=(5353,))
        self.docker("network", "connect", f"{self.plan.instance}-0front", name)

    def inside(self, name: str, program: str, *arguments: str, seconds: float = 60) -> Any:
        """Run a program of `netprograms` in a container; give what it printed, read as JSON."""
        return json.loads(self.docker("exec", name, "python3", "-c", program, *arguments, seconds=seconds).stdout)

    def pid(self, name: str) -> str:
        return self.docker("inspect", "--format", "{{.State.Pid}}", name).stdout.strip()

    def in_network_of(self, name: str, *words: str) -> str:
        """Run a command with all of root's rights in a container's network."""
        return _run("nsenter", f"--target={self.pid(name)}", "--net", *words).stdout

    def probe(self, name: str, targets: Sequence[Target]) -> dict[Target, str]:
        """Try every target from a container: open, refused (reached, nobody listens), silent or unreachable."""
        answers = self.inside(name, netprograms.PROBE, json.dumps(list(targets)))
        return dict(zip(targets, answers, strict=True))

    def probe_from_outside(self, targets: Sequence[Target]) -> dict[Target, str]:
        words = (
            "ip",
            "netns",
            "exec",
            self.outside,
            sys.executable,
            "-c",
            netprograms.PROBE,
            json.dumps(list(targets)),
        )
        return dict(zip(targets, json.loads(_run(*words).stdout), strict=True))

    def listening(self, name: str) -> set[tuple[str, int]]:
        """Give what a container listens on, by its own kernel's word."""
        rows = self.docker("exec", name, "ss", "-Hlntu").stdout.splitlines()
        return {(row.split()[0], int(row.split()[4].rpartition(":")[2])) for row in rows}

    def address_in(self, name: str, network: str) -> str:
        networks = json.loads(self.docker("inspect", name).stdout)[0]["NetworkSettings"]["Networks"]
        return str(networks[network]["IPAddress"])

    @contextlib.contextmanager
    def listener(self, where: str, program: str, *arguments: str) -> Iterator[None]:
        """Let a program of `netprograms` listen on the host or outside for a while."""
        words = ["nsenter", f"--net=/run/netns/{where}", sys.executable, "-c", program, *arguments]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "listening\n"
            yield
        finally:
            process.kill()
            process.communicate(timeout=10)

    @contextlib.contextmanager
    def watch(self, name: str, targets: Sequence[Target], seconds: float) -> Iterator[list[Any]]:
        """Send to every target from a container without pause; afterwards the list holds what answered."""
        answers: list[Any] = []
        # in the container's network only, so that it goes on while the engine restarts
        order = json.dumps({"targets": list(targets), "seconds": seconds})
        command = ["nsenter", f"--target={self.pid(name)}", "--net", sys.executable, "-c", netprograms.WATCH, order]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "watching\n"
            yield answers
            output, _ = process.communicate(timeout=seconds + 30)
            answers.append(json.loads(output))
        finally:
            process.kill()
            process.wait(10)

    # netguard

    def guard_environment(self, *, isolation: bool = False) -> dict[str, str]:
        return {
            "HUB_INSTANCE": self.plan.instance,
            "HUB_SUBNET": str(self.plan.subnet),
            "HUB_PORT_ISOLATION": "1" if isolation else "0",
            "HUB_RUN": str(self.run_folder),
        }

    @contextlib.contextmanager
    def netguard(self, *, isolation: bool = False) -> Iterator[None]:
        """Let netguard run on the laboratory's host until the end of the block; its rules stay."""
        with self.starting_netguard(isolation=isolation):
            wait_until(lambda: self.status().get("ok") is True, "netguard says that its rules hold")
            yield

    @contextlib.contextmanager
    def starting_netguard(self, *, isolation: bool = False) -> Iterator[subprocess.Popen[str]]:
        """Start netguard without waiting for its rules; at the end of the block it must end well if it still runs."""
        self.status_file.unlink(missing_ok=True)
        process = self._guard([], self.guard_environment(isolation=isolation))
        try:
            yield process
            if process.poll() is None:
                process.terminate()
                process.wait(10)
                assert process.returncode == 0
        finally:
            process.kill()
            process.communicate(timeout=10)

    def remove_rules(self) -> None:
        process = self._guard(["remove"], self.guard_environment())
        output, complaint = process.communicate(timeout=20)
        assert process.returncode == 0, output + complaint

    @property
    def status_file(self) -> Path:
        return self.run_folder / "guard" / "status.json"

    def status(self) -> Mapping[str, Any]:
        if not self.status_file.exists():
            return {}
        read: Mapping[str, Any] = json.loads(self.status_file.read_text())
        return read

    def our_rules(self) -> list[str]:
        """Give every line of our chains and of jumps to them, of both address families."""
        saved = self.on_host("iptables-nft-save") + self.on_host("ip6tables-nft-save")
        return [line for line in saved.splitlines() if f"WSH-{self.plan.instance}-" in line and line.startswith("-A")]

    def _guard(self, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[str]:
        command = ["nsenter", f"--net=/run/netns/{self.namespace}", sys.executable, "-m", "guard", *words]
        clean = {"PATH": os.environ["PATH"], **environment}
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=clean, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )


@contextlib.contextmanager
def open_lab() -> Iterator[Lab]:
    """Make a laboratory with hub, proxy, alice, bob and carol, without any packet rules of ours."""
    ensure_image()
    plan = random_plan()
    lab = Lab(plan, Path(tempfile.mkdtemp(prefix=f"wshlab-{plan.tag}-", dir="/var/tmp")))
    try:
        lab.make_namespaces()
        lab.start_engine()
        lab.load_image()
        lab.make_networks()
        lab.start_service("hub", plan.hub, tcp=(8081, 8001, 9999))
        lab.start_service("proxy", plan.proxy, tcp=(8000, 8001, 8443))
        for number, name in enumerate(("alice", "bob", "carol")):
            lab.start_container(name, plan.person(number), tcp=(22, 5901, 8888), udp=(5353, 6000))
        lab.wait_for_residents()
        yield lab
    finally:
        lab.close()


def wait_until(is_true: Any, what: str, *, seconds: float = START_SECONDS) -> float:
    """Wait until something holds; give how long it took."""
    begin = time.monotonic()
    while not is_true():
        if time.monotonic() - begin > seconds:
            raise AssertionError(f"waited {seconds:.0f} s in vain until {what}")
        time.sleep(0.02)
    return time.monotonic() - begin


def _run(*words: str, check: bool = True, seconds: float = 60) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(words)} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done


def _is_running(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def _end_all(words: Sequence[str]) -> None:
    """End what a broken engine left running: processes whose command line names this laboratory's folder."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError, ValueError):
            pid = int(entry.parent.name)
            line = entry.read_bytes().decode(errors="replace")
            if pid != os.getpid() and any(word in line for word in words):
                os.kill(pid, signal.SIGKILL)


def _unmount_below(folder: Path) -> None:
    mounted = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in sorted((place for place in mounted if place.startswith(f"{folder}/")), reverse=True):
        _run("umount", "--lazy", place, check=False)
