"""`./hub`, as a stranger with a terminal meets it, on a real engine."""

import json
import re
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
import requests

from tests.docker.site import PASSWORD, ROOT, Admin, Person, Site, docker, new_site
from tests.images.workspaces import free_port

pytestmark = pytest.mark.engine

LINK = re.compile(r"http\S+/hub/accounts/link\?token=\S+")


def test_u3_the_first_up_ends_with_the_address_and_a_link_that_works_once(
    first_up: tuple[Site, str], admin: Admin
) -> None:
    site, printed = first_up
    assert site.url in printed
    used = LINK.search(printed)
    assert used
    again = requests.get(used.group(), timeout=30)
    assert again.status_code in (404, 410)
    assert "used" in again.text
    # nobody can make the admin's account theirs: there is no sign-up, and no password is known
    assert requests.get(f"{site.url}/hub/signup", timeout=30).status_code in (403, 404)
    stranger = Person(site, "admin")
    assert "/hub/login" in stranger.sign_in("admin").url
    assert "/hub/login" in stranger.sign_in("").url


def test_a_second_up_is_quick_and_leaves_a_running_workspace_untouched(site: Site, ada: Person) -> None:
    ada.start()
    before = site.inspect(ada.name)
    services = {name: docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name) for name in parts(site)}
    began = time.monotonic()
    printed = site.up()
    seconds = time.monotonic() - began
    after = site.inspect(ada.name)
    assert (after["Id"], after["State"]["StartedAt"]) == (before["Id"], before["State"]["StartedAt"])
    assert {
        name: docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name) for name in parts(site)
    } == services
    assert ada.run("1 + 1") == "2"
    assert LINK.search(printed) is None, "an admin with a password gets no new link"
    assert seconds < 10


def test_down_and_up_bring_people_and_files_back_and_leave_workspaces_running(
    site: Site, admin: Admin, ada: Person
) -> None:
    ada.start()
    ada.run("open('/workspace/kept', 'w').write('yes')")
    container = site.inspect(ada.name)["Id"]
    site.hub("down")
    assert not set(parts(site)) & set(site.containers())
    assert site.inspect(ada.name)["State"]["Running"]
    assert docker("network", "ls", "--quiet", "--filter", f"name={site.network}")
    site.up()
    assert site.inspect(ada.name)["Id"] == container
    # the same cookie still opens the hub, the same container answers, with the same token
    assert ada.api("GET", f"/users/{ada.name}").status_code == 200
    ada.wait_until_ready()
    assert ada.run("print(open('/workspace/kept').read())").strip() == "yes"
    assert "/hub/home" in ada.sign_in().url or "/user/" in ada.sign_in().url


def test_r24_a_bad_file_is_refused_with_every_line_and_the_running_hub_goes_on(site: Site, admin: Admin) -> None:
    good = (site.folder / "hub.toml").read_text()
    hub = docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", f"{site.name}-hub")
    try:
        (site.folder / "hub.toml").write_text(
            good.replace("cpus = 1.5", 'cpus = "many"').replace("[limits]", "[limits]\nmemroy = 1")
        )
        for words in (["check"], ["up", "--yes"]):
            done = site.hub(*words, check=False)
            assert done.returncode == 78
            said = done.stdout + done.stderr
            assert re.search(r"hub\.toml:\d+: .*memroy.*memory", said), said
            assert re.search(r"hub\.toml:\d+: .*cpus", said), said
        as_json = json.loads(site.hub("check", "--json", check=False).stdout)
        assert len(json.dumps(as_json)) > 20
    finally:
        (site.folder / "hub.toml").write_text(good)
    assert docker("inspect", "--format", "{{.Id}} {{.State.StartedAt}}", f"{site.name}-hub") == hub
    assert requests.get(f"{site.url}/hub/health", timeout=30).status_code == 200
    assert site.hub("check").returncode == 0


def test_u2_a_file_without_any_admin_is_refused_by_name(site: Site) -> None:
    good = (site.folder / "hub.toml").read_text()
    try:
        (site.folder / "hub.toml").write_text(good + "\n[sign_in]\nadmins = []\n")
        done = site.hub("check", check=False)
    finally:
        (site.folder / "hub.toml").write_text(good)
    assert done.returncode == 78
    assert "sign_in.admins" in done.stdout + done.stderr


def test_u1_an_admin_adds_a_person_who_then_works(site: Site, admin: Admin) -> None:
    name = "grace"
    assert admin.add(name).status_code == 201
    page = admin.get("/hub/accounts")
    assert page.status_code == 200 and name in page.text
    made = admin.submit(page.text, "/hub/accounts", {"name": name})
    link = LINK.search(made.text.replace("&amp;", "&").replace('"', " ").replace("<", " "))
    assert link, made.text
    grace = Person(site, name)
    grace.open_link(link.group())
    grace.start()
    assert grace.run("1 + 1") == "2"
    grace.stop()
    assert "/hub/home" in grace.sign_in(PASSWORD).url
    # a refused sign-in says why, and a person is no admin
    refused = Person(site, name).sign_in("wrong password")
    assert refused.status_code == 403 and "one-time link" in refused.text
    assert grace.get("/hub/accounts").status_code == 403


def test_two_ups_at_once_do_not_disturb_each_other(site: Site, admin: Admin) -> None:
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: site.hub("up", "--yes", check=False), range(2)))
    codes = sorted(each.returncode for each in done)
    assert codes[0] == 0
    assert codes[1] == 0 or any("at work" in each.stderr for each in done)
    assert requests.get(f"{site.url}/hub/health", timeout=30).status_code == 200


def test_doctor_status_and_explain_say_how_things_stand(site: Site, admin: Admin) -> None:
    vera = admin.new_person("vera", groups=["vision"])
    doctor = site.hub("doctor", check=False)
    findings = json.loads(site.hub("doctor", "--json", check=False).stdout)
    bad = [each["what"] for each in findings if each["grade"] == "bad"]
    assert bad == ["profile missing: the image workspace-hub-test/missing:1 is missing"]
    assert doctor.returncode == 1 and "Build or pull" in doctor.stdout
    assert "a workspace reaches the hub's API" in doctor.stdout
    assert "a workspace reaches neither the proxy nor this machine" in doctor.stdout
    status = site.hub("status", check=False)
    assert all(part in status.stdout for part in ("hub", "proxy", "netguard"))
    explained = site.hub("explain", vera.name).stdout
    assert re.search(r"memory\s+2GiB\s+groups\.vision\.memory", explained), explained
    assert "hub" in site.hub("logs", "hub").stdout.lower()


def test_a_dead_netguard_is_seen_by_doctor_and_by_the_hubs_health(site: Site, admin: Admin) -> None:
    health = ("docker", "exec", f"{site.name}-hub", "python", "-P", "-m", "commands", "health", "hub")
    assert subprocess.run(health, capture_output=True, timeout=60).returncode == 0
    docker("pause", f"{site.name}-netguard")
    try:
        deadline = time.monotonic() + 60
        while (sick := subprocess.run(health, capture_output=True, text=True, timeout=60)).returncode == 0:
            assert time.monotonic() < deadline
            time.sleep(1)
        assert "netguard" in (sick.stdout + sick.stderr).lower()
        assert "logs netguard" in site.hub("doctor", check=False).stdout
    finally:
        docker("unpause", f"{site.name}-netguard")
    deadline = time.monotonic() + 30
    while subprocess.run(health, capture_output=True, timeout=60).returncode != 0:
        assert time.monotonic() < deadline
        time.sleep(1)


def test_a_dead_proxy_is_seen_by_the_hubs_health_and_comes_back_with_its_routes(site: Site, ada: Person) -> None:
    ada.start()
    docker("kill", f"{site.name}-proxy")
    health = ("docker", "exec", f"{site.name}-hub", "python", "-P", "-m", "commands", "health", "hub")
    sick = subprocess.run(health, capture_output=True, text=True, timeout=60)
    assert sick.returncode != 0 and "proxy" in sick.stdout + sick.stderr
    # a container that was killed by hand stays down whatever its restart policy says
    site.up()
    deadline = time.monotonic() + 30
    while True:
        try:
            if ada.workspace("GET", "/api").status_code == 200:
                break
        except requests.ConnectionError:
            pass
        assert time.monotonic() < deadline, site.hub_log()
        time.sleep(0.3)
    assert ada.run("1 + 1") == "2"


def test_s1_the_parts_run_with_little(site: Site) -> None:
    for part in ("hub", "proxy", "netguard"):
        found = json.loads(docker("inspect", f"{site.name}-{part}"))[0]
        host = found["HostConfig"]
        assert host["ReadonlyRootfs"] and host["CapDrop"] == ["ALL"] and host["PidsLimit"]
        assert any("no-new-privileges" in option for option in host["SecurityOpt"])
        assert not host["Privileged"]
        sockets = [m["Source"] for m in found["Mounts"] if "docker.sock" in m["Source"]]
        assert bool(sockets) == (part == "hub"), "only the hub talks to the engine, until there is a guard for it"
        uid = docker("exec", f"{site.name}-{part}", "id", "-u")
        assert (uid == "0") == (part == "netguard")
        environment = " ".join(found["Config"]["Env"])
        token = docker("exec", f"{site.name}-hub", "cat", "/run/workspace-hub/proxy/token")
        assert len(token) >= 32 and token not in environment


def test_the_hub_listens_on_loopback_only_by_default(site: Site) -> None:
    (binding,) = json.loads(docker("inspect", f"{site.name}-proxy"))[0]["HostConfig"]["PortBindings"].values()
    assert [each["HostIp"] for each in binding] == ["127.0.0.1"]


def test_u10_a_restarted_hub_keeps_workspaces_reachable_and_people_signed_in(site: Site, ada: Person) -> None:
    ada.start()
    token, missed = ada.token, []
    ended = threading.Event()

    def watch() -> None:
        while not ended.is_set():
            if ada.workspace("GET", "/api", token=token).status_code != 200:
                missed.append(datetime.now().astimezone())
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    docker("restart", "--time", "10", f"{site.name}-hub")
    deadline = time.monotonic() + 60
    while ada.get("/hub/api/").status_code != 200:
        assert time.monotonic() < deadline, site.hub_log()
        time.sleep(0.3)
    ada.wait_until_ready()
    ended.set()
    watcher.join()
    assert missed == []
    assert ada.api("GET", f"/users/{ada.name}").status_code == 200
    assert ada.run("1 + 1") == "2"


def test_own_certificate_tls_and_redirect() -> None:
    site = new_site()
    redirect = free_port()
    try:
        key, certificate = site.folder / "key.pem", site.folder / "cert.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "90", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", certificate],
            check=True, capture_output=True, timeout=60,
        )  # fmt: skip
        key.chmod(0o600)
        text = (site.folder / "hub.toml").read_text().replace("http://127.0.0.1", "https://127.0.0.1")
        tls = {"tls_certificate_file": certificate, "tls_key_file": key, "redirect_listen": f"127.0.0.1:{redirect}"}
        extra = "".join(f'{name} = "{value}"\n' for name, value in tls.items())
        (site.folder / "hub.toml").write_text(text.replace("\n[network]", f"{extra}\n[network]"))
        printed = site.up()
        assert f"https://127.0.0.1:{site.port}" in printed
        answer = requests.get(f"https://127.0.0.1:{site.port}/hub/health", verify=str(certificate), timeout=30)
        assert answer.status_code == 200
        moved = requests.get(f"http://127.0.0.1:{redirect}/hub/home", allow_redirects=False, timeout=30)
        assert moved.status_code in (301, 302, 307, 308)
        assert moved.headers["Location"].startswith(f"https://127.0.0.1:{site.port}/")
        page = requests.get(f"https://127.0.0.1:{site.port}/hub/login", verify=str(certificate), timeout=30)
        assert "secure" in page.headers["Set-Cookie"].lower()
    finally:
        site.destroy()
    assert site.left_behind() == []


def test_plain_http_on_every_address_is_refused_without_the_word_for_it() -> None:
    site = new_site()
    try:
        text = (site.folder / "hub.toml").read_text().replace('listen = "127.0.0.1', 'listen = "0.0.0.0')
        (site.folder / "hub.toml").write_text(text)
        done = site.hub("up", "--yes", check=False)
        assert done.returncode == 78 and "insecure_http" in done.stdout + done.stderr
    finally:
        site.destroy()
    assert site.left_behind() == []


def test_a_subnet_that_clashes_is_refused_by_name(site: Site) -> None:
    other = new_site()
    other.subnet = site.subnet
    other.write_settings()
    try:
        done = other.hub("up", "--yes", check=False)
        assert done.returncode != 0
        assert site.network in done.stderr or site.subnet in done.stderr
    finally:
        other.destroy()
    assert other.left_behind() == []


def test_help_and_unknown_words() -> None:
    done = subprocess.run([ROOT / "hub", "--help"], capture_output=True, text=True, timeout=60, check=True)
    for command in (
        "up",
        "down",
        "status",
        "logs",
        "test",
        "check",
        "explain",
        "accounts",
        "version",
        "doctor",
        "purge",
    ):
        assert re.search(rf"^  {command}\b", done.stdout, re.MULTILINE), command
    wrong = subprocess.run([ROOT / "hub", "upp"], capture_output=True, text=True, timeout=60)
    assert wrong.returncode == 2 and "--help" in wrong.stderr


def parts(site: Site) -> list[str]:
    return [f"{site.name}-{part}" for part in ("hub", "proxy", "netguard")]
