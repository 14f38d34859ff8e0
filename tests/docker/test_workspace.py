"""What a started workspace is on a real engine: `docker inspect`, capabilities, limits that hold, secrets that end."""

import json
import subprocess
import threading
import time

import pytest
import requests

from tests.docker.site import Admin, Person, Site, docker

pytestmark = pytest.mark.engine

MIB = 1024**2
# CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7 (capabilities(7))
CAPABILITY_BOUND = 0b11101011


def test_one_person_works_from_sign_in_to_one_plus_one(ada: Person) -> None:
    ada.start()
    assert ada.get(f"/user/{ada.name}/lab").status_code == 200
    assert ada.run("1 + 1") == "2"


def test_docker_inspect_shows_what_hub_toml_says(site: Site, ada: Person) -> None:
    ada.start({"profile": "minimal", "environment": {"MINE": "{username} $HOME `id`"}})
    found = site.inspect(ada.name)
    host, config = found["HostConfig"], found["Config"]
    environment = dict(line.split("=", 1) for line in config["Env"])
    home = next(mount for mount in found["Mounts"] if mount["Destination"] == "/workspace")
    assert home["Type"] == "volume" and home["Name"].startswith(f"{site.name}-home-{ada.name}")
    assert host["ShmSize"] == 256 * MIB
    assert host["Memory"] == host["MemorySwap"] == 1024 * MIB
    assert (host["CpuQuota"], host["CpuPeriod"]) == (150_000, 100_000)
    assert host["PidsLimit"] == 256
    assert host["CapDrop"] == ["ALL"]
    assert sorted(host["CapAdd"]) == ["CHOWN", "DAC_OVERRIDE", "FOWNER", "KILL", "SETGID", "SETUID"]
    assert host["SecurityOpt"] == ["no-new-privileges"]
    assert host["RestartPolicy"]["Name"] == "no" and host["AutoRemove"] is False
    assert host["LogConfig"]["Config"] == {"max-size": "10m", "max-file": "3"}
    assert not host["PortBindings"] and not host["Privileged"] and not host["Devices"]
    assert not host["DeviceRequests"] and host["Runtime"] == "runc" and host["PidMode"] == ""
    address = found["NetworkSettings"]["Networks"][site.network]["IPAddress"]
    assert address.startswith(site.subnet.split(".0.0/")[0])
    assert list(found["NetworkSettings"]["Networks"]) == [site.network]
    labels = config["Labels"]
    assert labels["workspace-hub.instance"] == site.name
    assert labels["workspace-hub.kind"] == "workspace"
    assert labels["workspace-hub.user-name"] == ada.name
    assert labels["workspace-hub.generation"] == "1"
    assert {"workspace-hub.person", "workspace-hub.server", "workspace-hub.config"} <= set(labels)
    assert environment["NVIDIA_VISIBLE_DEVICES"] == "void"
    assert environment["OMP_NUM_THREADS"] == environment["MAX_NUM_THREADS"] == "1"
    assert environment["MINE"] == "{username} $HOME `id`"
    assert environment["LAB"] == "of the hub"


def test_a_profile_narrows_the_limits(site: Site, ada: Person) -> None:
    ada.start({"profile": "small"})
    host = site.inspect(ada.name)["HostConfig"]
    assert (host["Memory"], host["ShmSize"], host["CpuQuota"]) == (512 * MIB, 64 * MIB, 50_000)


def test_a_group_raises_the_limits_at_the_next_start(site: Site, admin: Admin) -> None:
    eve = admin.new_person("eve", groups=["vision"])
    eve.start()
    assert site.inspect(eve.name)["HostConfig"]["Memory"] == 2048 * MIB
    eve.stop()
    admin.remove_from_group("vision", eve.name)
    eve.start()
    assert site.inspect(eve.name)["HostConfig"]["Memory"] == 1024 * MIB
    eve.stop()


def test_s4_capabilities_end_at_nothing(site: Site, ada: Person) -> None:
    ada.start()
    status = dict(
        line.split(":\t", 1)
        for line in site.inside(ada.name, "cat", "/proc/1/status", user="0").splitlines()
        if ":\t" in line
    )
    assert int(status["CapBnd"], 16) == CAPABILITY_BOUND
    assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2"
    own = ada.run("print(open('/proc/self/status').read())")
    as_person = dict(line.split(":\t", 1) for line in own.splitlines() if ":\t" in line)
    assert int(as_person["CapEff"], 16) == int(as_person["CapPrm"], 16) == 0
    assert as_person["NoNewPrivs"].strip() == "1"
    for attempt in (
        ["mknod", "/tmp/disk", "b", "8", "0"],
        ["mount", "-t", "tmpfs", "x", "/mnt"],
        ["unshare", "-Ur", "true"],
    ):
        done = subprocess.run(
            ["docker", "exec", "--user", "0", site.workspace_of(ada.name), *attempt], capture_output=True, timeout=30
        )
        assert done.returncode != 0, attempt
    devices = site.inside(ada.name, "sh", "-c", "find /dev -type b -o -type c | sort", user="0").split()
    usual = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "console"}
    assert {name.removeprefix("/dev/") for name in devices if not name.startswith("/dev/pts/")} <= usual


def test_s5_a_fork_bomb_stays_inside(site: Site, admin: Admin, ada: Person) -> None:
    bob = admin.new_person("bob")
    ada.start()
    bob.start()
    bomb = ":(){ sleep 15 & :|:& }; :"
    running = subprocess.Popen(
        ["docker", "exec", "--user", "20001:20001", site.workspace_of(ada.name), "timeout", "15", "bash", "-c", bomb],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        time.sleep(3)
        times = []
        for _ in range(20):
            began = time.monotonic()
            assert bob.workspace("GET", "/api").status_code == 200
            times.append(time.monotonic() - began)
        began = time.monotonic()
        subprocess.run(["sh", "-c", "true"], check=True, timeout=10)
        shell_seconds = time.monotonic() - began
    finally:
        running.wait(60)
    assert shell_seconds < 2
    assert sorted(times)[18] < 1
    bob.stop()


def test_s6_memory_over_the_limit_ends_only_inside(site: Site, admin: Admin) -> None:
    hog, neighbour = admin.new_person("hog"), admin.new_person("nei")
    hog.start({"profile": "small"})
    neighbour.start()
    beats: list[float] = []
    ended = threading.Event()

    def beat() -> None:
        while not ended.is_set():
            if neighbour.workspace("GET", "/api").status_code == 200:
                beats.append(time.monotonic())
            time.sleep(0.2)

    thread = threading.Thread(target=beat)
    thread.start()
    done = subprocess.run(
        ["docker", "exec", site.workspace_of(hog.name), "python3", "-c", f"x = bytearray({600 * MIB});print('got it')"],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    ended.set()
    thread.join()
    assert done.returncode == 137 and "got it" not in done.stdout
    assert max(later - earlier for earlier, later in zip(beats, beats[1:], strict=False)) <= 2
    assert site.inspect(neighbour.name)["State"]["Running"]
    for person in (hog, neighbour):
        person.stop()


def test_s7_the_log_on_disk_is_bounded(site: Site, ada: Person, pytestconfig: pytest.Config) -> None:
    seconds = 300 if pytestconfig.getoption("--long") else 15
    ada.start()
    container = site.inspect(ada.name)
    docker(
        "exec",
        "--detach",
        "--user",
        "0",
        container["Id"],
        "timeout",
        str(seconds),
        "sh",
        "-c",
        "yes $(seq 200) > /proc/1/fd/1",
    )
    time.sleep(seconds)
    folder = container["LogPath"].rsplit("/", 1)[0]
    used = subprocess.run(["du", "-sm", folder], capture_output=True, text=True, timeout=60, check=True).stdout
    assert 5 < int(used.split()[0]) <= 31


def test_no_secret_is_valid_after_stop(site: Site, ada: Person) -> None:
    ada.start()
    environment = dict(line.split("=", 1) for line in site.inspect(ada.name)["Config"]["Env"])
    secrets = {name: value for name, value in environment.items() if name.endswith("TOKEN") and value}
    assert "JUPYTERHUB_API_TOKEN" in secrets
    for value in secrets.values():
        assert _asks_as(site, value) == 200
    ada.stop()
    for value in secrets.values():
        assert _asks_as(site, value) == 403
    assert site.workspaces_of(ada.name) == []


def _asks_as(site: Site, token: str) -> int:
    answer = requests.get(f"{site.url}/hub/api/user", headers={"Authorization": f"token {token}"}, timeout=30)
    return answer.status_code


def test_s12_a_route_never_reaches_somebody_else(site: Site, admin: Admin) -> None:
    alice, bob = admin.new_person("ali"), admin.new_person("bob")
    alice.start()
    alice_token = alice.token
    docker("kill", site.workspace_of(alice.name))
    bob.start()
    marker = f"/user/{bob.name}/"
    addresses = {each.name: site.inspect(each.name)["NetworkSettings"]["Networks"][site.network] for each in (bob,)}
    assert addresses[bob.name]["IPAddress"]
    wrong = 0
    for _ in range(1000):
        answer = requests.get(
            f"{site.url}/user/{alice.name}/api", headers={"Authorization": f"token {alice_token}"}, timeout=30,
            allow_redirects=False,
        )  # fmt: skip
        wrong += answer.status_code == 200 or marker in answer.text
    assert wrong == 0
    bob.stop()


def test_named_servers_share_the_files_and_are_limited(site: Site, ada: Person) -> None:
    ada.start()
    ada.start(server="two")
    names = site.workspaces_of(ada.name)
    assert len(names) == 2
    addresses = set()
    for name in names:
        found = json.loads(docker("inspect", name))[0]
        addresses.add(found["NetworkSettings"]["Networks"][site.network]["IPAddress"])
    assert len(addresses) == 2
    first = next(name for name in names if not name.endswith("two"))
    second = next(name for name in names if name != first)
    docker("exec", first, "touch", "/workspace/from-the-first")
    assert "from-the-first" in docker("exec", second, "ls", "/workspace")
    for name in ("three", "four"):
        assert ada.api("PUT", ada.server_path(name)).status_code == 201
    assert ada.api("POST", ada.server_path("five"), json={}).status_code == 400


def test_u11_changed_settings_are_in_effect_at_the_next_start(site: Site, ada: Person) -> None:
    before = site.extra
    ada.start()
    first = site.inspect(ada.name)
    try:
        site.write_settings(before.replace('shm = "256MiB"', 'shm = "300MiB"').replace("of the hub", "changed"))
        site.up()
        assert site.inspect(ada.name)["Id"] == first["Id"]
        assert site.inspect(ada.name)["State"]["StartedAt"] == first["State"]["StartedAt"]
        assert ada.run("6 * 7") == "42"
        ada.stop()
        ada.start()
        second = site.inspect(ada.name)
        assert second["HostConfig"]["ShmSize"] == 300 * MIB
        assert "LAB=changed" in second["Config"]["Env"]
        assert second["Config"]["Labels"]["workspace-hub.config"] != first["Config"]["Labels"]["workspace-hub.config"]
    finally:
        site.write_settings(before)
        site.up()


def test_a_docker_stacks_image_becomes_a_workspace(site: Site, ada: Person) -> None:
    """With a stand-in that follows the images' contract; the real ones were not run."""
    ada.start({"profile": "stacks"})
    assert ada.run("1 + 1") == "2"
    ada.run("open('/workspace/made-here', 'w').close()")
    uid = dict(line.split("=", 1) for line in site.inspect(ada.name)["Config"]["Env"])["NB_UID"]
    assert site.inside(ada.name, "stat", "-c", "%u", "/workspace/made-here", user="0") == uid
