"""Whose files are whose, and that they stay: volumes, host folders, shared folders, datasets, environments, purge."""

import subprocess
import uuid
from pathlib import Path

import pytest

from tests.docker.site import Admin, Person, Site, docker

pytestmark = pytest.mark.engine


def uid_of(site: Site, person: Person) -> str:
    environment: dict[str, str] = dict(line.split("=", 1) for line in site.inspect(person.name)["Config"]["Env"])
    return environment["NB_UID"]


def home_of(site: Site, person: Person) -> str:
    """The volume at /workspace."""
    return next(
        str(mount["Name"]) for mount in site.inspect(person.name)["Mounts"] if mount["Destination"] == "/workspace"
    )


def test_u19_a_new_person_may_write_and_owns_what_they_write(site: Site, ada: Person) -> None:
    ada.start()
    assert ada.run("open('/workspace/note', 'w').write('mine'); import os; print(os.getuid())").strip() == uid_of(
        site, ada
    )
    assert (
        site.inside(ada.name, "stat", "-c", "%u:%g %a", "/workspace/note")
        == f"{uid_of(site, ada)}:{uid_of(site, ada)} 664"
    )
    assert site.inside(ada.name, "stat", "-c", "%u %a", "/workspace") == f"{uid_of(site, ada)} 700"


def test_u19_what_is_there_is_never_chowned(site: Site, ada: Person) -> None:
    ada.start()
    site.inside(
        ada.name,
        "sh",
        "-c",
        "mkdir /workspace/old && touch /workspace/old/file && chown -R 4242:4242 /workspace/old",
        user="0",
    )
    ada.stop()
    ada.start()
    assert site.inside(ada.name, "stat", "-c", "%u:%g", "/workspace/old/file", user="0") == "4242:4242"


def test_two_people_have_different_uids_and_cannot_read_each_other(site: Site, admin: Admin) -> None:
    one, two = admin.new_person("one"), admin.new_person("two")
    one.start()
    two.start()
    assert uid_of(site, one) != uid_of(site, two)
    volumes = {home_of(site, each) for each in (one, two)}
    assert len(volumes) == 2
    one.stop()
    two.stop()


def test_u20_members_share_a_folder_and_others_do_not(site: Site, admin: Admin) -> None:
    one, two, other = (
        admin.new_person(each, groups=groups) for each, groups in (("m1", ["vision"]), ("m2", ["vision"]), ("x", []))
    )
    for person in (one, two, other):
        person.start()
    one.run("open('/workspace/shared/vision/plan', 'w').write('one')")
    assert (
        two.run(
            "name = '/workspace/shared/vision/plan'\nopen(name, 'a').write(' and two')\nprint(open(name).read())"
        ).strip()
        == "one and two"
    )
    two.run(
        "import os\nos.makedirs('/workspace/shared/vision/deep/er')\n"
        "open('/workspace/shared/vision/deep/er/x', 'w').write('2')"
    )
    assert (
        one.run(
            "name = '/workspace/shared/vision/deep/er/x'\nopen(name, 'a').write('1')\nprint(open(name).read())"
        ).strip()
        == "21"
    )
    assert [m for m in site.inspect(other.name)["Mounts"] if "shared" in m["Destination"]] == []
    admin.remove_from_group("vision", two.name)
    two.stop()
    two.start()
    assert [m for m in site.inspect(two.name)["Mounts"] if "shared" in m["Destination"]] == []
    assert "plan" not in two.run("import os; print([files for _, _, files in os.walk('/workspace/shared')])")
    for person in (one, two, other):
        person.stop()


def test_a_dataset_is_seen_and_cannot_be_changed(site: Site, ada: Person) -> None:
    ada.start()
    assert ada.run("print(open('/workspace/datasets/numbers/one.txt').read())").strip() == "1"
    assert "Read-only file system" in ada.run("open('/workspace/datasets/numbers/two', 'w')")
    assert "Read-only" in site.inside(
        ada.name, "sh", "-c", "touch /workspace/datasets/numbers/two 2>&1 || true", user="0"
    )


def test_an_environment_of_ones_own_survives_a_new_container_and_a_new_image(site: Site, ada: Person) -> None:
    ada.start()
    site.inside(ada.name, "bash", "-lc", "env-new research")
    site.inside(ada.name, "bash", "-lc", "echo six==1.16.0 > /workspace/requirements.txt")
    site.inside(ada.name, "bash", "-lc", "~/.environments/research/bin/pip install -q -r requirements.txt")
    frozen = site.inside(ada.name, "bash", "-lc", "~/.environments/research/bin/pip list --format=freeze")
    assert "six==1.16.0" in frozen.splitlines()
    kernel = next(name for name in ada.kernels() if "research" in name)
    assert ada.run("import six; print(six.__version__, 1 + 1)", kernel=kernel).strip() == "1.16.0 2"
    ada.stop()
    label = f"workspace-hub-test/rebuilt:{uuid.uuid4().hex[:8]}"
    dockerfile = "FROM workspace-hub/minimal:0.1.0\nRUN echo rebuilt > /etc/rebuilt\n"
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", label, "-"],
        input=dockerfile,
        text=True,
        check=True,
        capture_output=True,
        timeout=120,
    )
    before = site.extra
    try:
        site.write_settings(
            before.replace(
                'image = "workspace-hub/minimal:0.1.0"\ndefault = true', f'image = "{label}"\ndefault = true'
            )
        )
        site.up()
        ada.start()
        assert site.inside(ada.name, "cat", "/etc/rebuilt") == "rebuilt"
        assert kernel in ada.kernels()
        assert ada.run("import six; print(six.__version__, 1 + 1)", kernel=kernel).strip() == "1.16.0 2"
        assert site.inside(ada.name, "bash", "-lc", "~/.environments/research/bin/pip list --format=freeze") == frozen
        ada.stop()
    finally:
        site.write_settings(before)
        site.up()
        docker("rmi", "--force", label, check=False)


def test_u22_deleting_a_person_keeps_the_volume_and_a_new_one_starts_empty(site: Site, admin: Admin) -> None:
    gone = admin.new_person("gone")
    gone.start()
    gone.run("open('/workspace/thesis', 'w').write('months')")
    volume, uid = home_of(site, gone), uid_of(site, gone)
    old_token = gone.token
    gone.stop()
    assert admin.api("DELETE", f"/users/{gone.name}").status_code == 204
    assert volume in site.volumes()
    admin.add(gone.name)
    again = site.person(gone.name)
    again.start()
    assert home_of(site, gone) != volume
    assert uid_of(site, again) != uid
    assert again.run("import os; print(os.path.exists('/workspace/thesis'))").strip() == "False"
    assert again.workspace("GET", "/api/status", token=old_token).status_code == 403
    again.stop()
    # an admin's choice gives the old files back, and they are the person's own
    site.hub("homes", "give", volume, "--to", gone.name)
    again.start()
    assert home_of(site, gone) == volume
    assert (
        again.run("open('/workspace/thesis', 'a').write('!'); print(open('/workspace/thesis').read())").strip()
        == "months!"
    )
    again.stop()


def test_u22_purge_asks_says_and_removes_only_what_it_names(site: Site, admin: Admin) -> None:
    person, bystander = admin.new_person("purge"), admin.new_person("stay")
    for each in (person, bystander):
        each.start()
    volume = home_of(site, person)
    running = site.hub("purge", person.name, "--yes", check=False)
    assert running.returncode != 0 and "Stop it" in running.stderr and volume in site.volumes()
    for each in (person, bystander):
        each.stop()
    before = set(site.volumes())
    dry = site.hub("purge", person.name, "--dry-run")
    assert volume in dry.stdout and set(site.volumes()) == before
    unasked = site.hub("purge", person.name, check=False)
    assert unasked.returncode != 0 and "--yes" in unasked.stderr and set(site.volumes()) == before
    site.hub("purge", person.name, "--yes")
    assert before - set(site.volumes()) == {volume}
    unknown = site.hub("purge", "nobody-at-all", "--yes", check=False)
    assert unknown.returncode != 0 and "homes list" in unknown.stderr
    # a new, empty home under a new name
    person.start()
    assert home_of(site, person) != volume
    person.stop()


def test_a_missing_volume_is_said_and_never_replaced_by_an_empty_one(site: Site, admin: Admin) -> None:
    person = admin.new_person("lost")
    person.start()
    volume = home_of(site, person)
    person.stop()
    docker("volume", "rm", volume)
    refused = person.api("POST", person.server_path(), json={})
    assert refused.status_code == 503 and volume in refused.json()["message"], refused.text
    assert volume not in site.volumes()
    docker("volume", "create", volume)


def test_u19_a_home_in_a_host_folder_belongs_to_the_person(site: Site, admin: Admin, tmp_path: Path) -> None:
    root = tmp_path / "homes"
    root.mkdir()
    before = site.extra
    try:
        site.write_settings(before + f'\n[storage]\nkind = "folder"\nroot = "{root}"\n')
        site.up()
        person = admin.new_person("host")
        person.start()
        mount = next(m for m in site.inspect(person.name)["Mounts"] if m["Destination"] == "/workspace")
        assert mount["Type"] == "bind" and Path(mount["Source"]).parent == root
        person.run("open('/workspace/x', 'w').write('y')")
        made = Path(mount["Source"]) / "x"
        assert made.read_text() == "y" and str(made.stat().st_uid) == uid_of(site, person)
        person.stop()
        # a link in its place is refused, not followed
        home = Path(mount["Source"])
        other = admin.new_person("link")
        (root / "elsewhere").mkdir()
        home.rename(root / "kept")
        home.symlink_to("/etc")
        refused = other.api("POST", other.server_path(), json={})
        assert refused.status_code in (201, 202)
        other.wait_until_ready()
        other.stop()
        home.unlink()
        (root / "kept").rename(home)
        site.hub("purge", person.name, "--yes")
        assert not home.exists() and (root / "elsewhere").exists()
    finally:
        site.write_settings(before)
        site.up()
