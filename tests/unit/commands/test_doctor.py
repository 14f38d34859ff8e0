"""What the doctor finds on a fake engine, and how it grades it."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands.__main__ import main
from commands.doctor import grade_image, grade_memory, grade_reach
from commands.hub_image import hub_image
from guard.status import Status, write_status
from settings.schema import Settings
from tests.fakes.engine import FakeEngine
from tests.unit.commands.places import environment_of, make_place

NETWORK = "lab-workspaces"
REACHES_THE_HUB_ONLY = '{"hub": true, "proxy": false, "machine": false}'


def a_good_hub(folder: Path, fake: FakeEngine) -> dict[str, str]:
    """An instance in which everything is well; each test then spoils one thing."""
    place = make_place(folder, has_data=True, environment={"HUB_DOCKER": fake.url})
    fake.add_network(NETWORK, "10.77.0.0/16").options["com.docker.network.bridge.enable_icc"] = "false"
    fake.images.add("workspace-hub/minimal:0.1.0", labels={"workspace-hub.jupyterhub-version": "6.1.1"})
    fake.images.add(hub_image())
    fake.answer_oneshots("probe", output=REACHES_THE_HUB_ONLY)
    write_status(place.guard_status, Status(is_ok=True, written_at=datetime.now(UTC), problem="", repairs=0))
    return environment_of(place)


def findings(environment: dict[str, str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, str]]:
    """Run the doctor; give its exit code and what is bad, with the advice."""
    code = main(["doctor", "--json"], environment)
    rows = json.loads(capsys.readouterr().out)
    return code, {row["what"]: row["advice"] for row in rows if row["grade"] == "bad"}


def test_where_all_is_well_nothing_is_bad(tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    assert findings(a_good_hub(tmp_path, fake), capsys) == (0, {})
    assert fake.containers == {}, "the test container is gone"


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(lambda fake: fake.networks.clear(), f"the network {NETWORK} is missing", id="no network"),
        pytest.param(
            lambda fake: fake.networks[NETWORK].options.clear(), "reach each other", id="traffic between workspaces"
        ),
        pytest.param(
            lambda fake: setattr(fake.networks[NETWORK], "subnet", "10.1.0.0/16"), "hub.toml says", id="other subnet"
        ),
        pytest.param(
            lambda fake: fake.images.pop("workspace-hub/minimal:0.1.0"),
            "the image workspace-hub/minimal",
            id="no image",
        ),
        pytest.param(lambda fake: fake.images.pop(hub_image()), f"the hub's image {hub_image()}", id="no hub image"),
        pytest.param(
            lambda fake: fake.images.add(
                "workspace-hub/minimal:0.1.0", labels={"workspace-hub.jupyterhub-version": "4.0.2"}
            ),
            "JupyterHub 4.0.2",
            id="old JupyterHub",
        ),
        pytest.param(
            lambda fake: fake.answer_oneshots("probe", output='{"hub": false, "proxy": false, "machine": false}'),
            "does not reach the hub's API",
            id="hub out of reach",
        ),
        pytest.param(
            lambda fake: fake.answer_oneshots("probe", output='{"hub": true, "proxy": true, "machine": true}'),
            "reaches the proxy and the machine",
            id="open doors",
        ),
        pytest.param(
            lambda fake: fake.answer_oneshots("probe", exit_code=1, output="no python here"),
            "no python here",
            id="probe fails",
        ),
        pytest.param(lambda fake: fake.down(), "engine", id="no engine"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(
    spoil: object, what: str, tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = a_good_hub(tmp_path, fake)
    assert callable(spoil)
    spoil(fake)
    code, bad = findings(environment, capsys)
    assert code == 1
    assert any(what in each for each in bad), bad
    assert all(advice.endswith(".") for advice in bad.values())


@pytest.mark.parametrize(
    ("age_seconds", "is_ok", "words"),
    [
        pytest.param(0, False, "do not stand", id="rules broken"),
        pytest.param(120, True, "last looked", id="netguard silent"),
    ],
)
def test_a_netguard_that_does_not_do_its_work_is_seen(
    age_seconds: int, is_ok: bool, words: str, tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = a_good_hub(tmp_path, fake)
    written = datetime.now(UTC) - timedelta(seconds=age_seconds)
    status = Status(is_ok=is_ok, written_at=written, problem="" if is_ok else "flushed", repairs=0)
    write_status(Path(environment["HUB_RUN"]) / "guard" / "status.json", status)
    code, bad = findings(environment, capsys)
    assert code == 1 and any(words in each for each in bad), bad


def test_every_problem_of_hub_toml_is_a_finding(
    tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    environment = a_good_hub(tmp_path, fake)
    (tmp_path / "hub.toml").write_text("[limits]\nmemroy = 1\ncpus = -1\n")
    code, bad = findings(environment, capsys)
    assert code == 1
    assert len(bad) == 2 and all(each.startswith("hub.toml:") for each in bad), bad


def test_too_little_disk_is_bad(tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    environment = a_good_hub(tmp_path, fake)
    text = (tmp_path / "hub.toml").read_text()
    (tmp_path / "hub.toml").write_text(f'{text}\n[storage]\nmin_free = "4TiB"\n')
    code, bad = findings(environment, capsys)
    assert code == 1 and any("4TiB wanted" in each for each in bad), bad


def test_people_read_lines_with_marks(tmp_path: Path, fake: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    environment = a_good_hub(tmp_path, fake)
    fake.networks.clear()
    assert main(["doctor"], environment) == 1
    printed = capsys.readouterr().out
    assert "[ok  ]" in printed and "[BAD ]" in printed and "→ Run ./hub up" in printed


@pytest.mark.parametrize("version", ["6.1.1", "6.0.0", "6.2.0b1"])
def test_the_same_major_version_fits(version: str) -> None:
    assert grade_image("minimal", "a:1", version).grade == "good"


@pytest.mark.parametrize(("version", "grade"), [(None, "look"), ("", "look"), ("5.5.4", "bad"), ("60.0", "bad")])
def test_another_or_no_version_is_said(version: str | None, grade: str) -> None:
    assert grade_image("minimal", "a:1", version).grade == grade


def test_a_closed_house_with_a_reachable_hub_is_good() -> None:
    assert [each.grade for each in grade_reach({"hub": True, "proxy": False, "machine": False})] == ["good", "good"]
    open_door = grade_reach({"hub": True, "proxy": True, "machine": False})
    assert [each.what for each in open_door if each.grade == "bad"] == ["a workspace reaches the proxy"]


@pytest.mark.parametrize(
    ("machine_gib", "people", "grade"),
    [
        pytest.param(64, 16, "good", id="enough for all at once"),
        pytest.param(64, 17, "look", id="not for all at once"),
        pytest.param(8, 1, "look", id="a group may use more than there is"),
    ],
)
def test_the_promised_memory_is_held_against_the_machines(machine_gib: int, people: int, grade: str) -> None:
    settings = Settings.model_validate({"limits": {"memory": "4GiB"}, "groups": {"vision": {"memory": "16GiB"}}})
    assert grade_memory(machine_gib * 2**30, settings, people).grade == grade
