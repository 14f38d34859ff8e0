"""Figures, names and sentences in the pages are those of the code."""

import ast
import json
import re
import tomllib
from ipaddress import IPv4Network
from uuid import UUID

import pytest

from authenticators import bodies, rest_people, strict_handler, strict_json
from authenticators.errors import RequestRefused
from commands.health import GUARD_FRESH_SECONDS
from commands.prepare import HUB_UID, PROXY_UID, RUN_GID
from engine import names
from records.addresses import MOST_PER_PERSON
from records.subnet import FIRST_WORKSPACE
from settings.environment import MAX_NAMES, MAX_TOTAL_BYTES, MAX_VALUE_BYTES
from spawner import errors as spawner_errors
from spawner.images import CAPABILITIES, Login, jupyter_environment
from spawner.plan import THREAD_VARIABLES
from spawner.request import parse_request
from tests.docs.pages import ROOT, page

ADA = UUID("618b9c2c-e871-434a-8342-a3ad121feb15")
REST = "docs/reference/rest-limits.md"
NAMES = "docs/reference/labels-and-names.md"


def one_line(name: str) -> str:
    """The text of a page without its line breaks, which may stand anywhere in a sentence."""
    return re.sub(r"\s+", " ", page(name).text)


def examples(head: str) -> list[tuple[str, str]]:
    """The rows of a table: a body in backticks, and the sentence that refuses it."""
    return [(row[0].strip("`"), row[1]) for row in page(REST).rows(head)]


@pytest.mark.parametrize(("body", "sentence"), examples("body"))
def test_a_body_is_refused_with_the_sentence_that_the_page_prints(body: str, sentence: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        strict_json.parse_object(body.encode())
    assert str(refused.value) == sentence


@pytest.mark.parametrize(("options", "sentence"), examples("options"))
def test_options_are_refused_with_the_sentence_that_the_page_prints(options: str, sentence: str) -> None:
    with pytest.raises(spawner_errors.RequestRefused) as refused:
        parse_request(json.loads(options))
    assert str(refused.value) == sentence


def test_an_unknown_field_is_refused_with_the_sentence_that_the_page_prints() -> None:
    with pytest.raises(RequestRefused) as refused:
        bodies.check_body(bodies.PersonChange, {"groups": ["x"]})
    assert f"`{refused.value}`" in page(REST).text


@pytest.mark.parametrize(
    "phrase",
    [
        f"At most {strict_json.SMALL_BYTES // 1024} KiB, {strict_json.LARGE_BYTES // 1024} KiB where",
        f"{strict_json.MOST_KEYS} keys and {strict_json.MOST_DEPTH} levels",
        f"at most {strict_json.MOST_DIGITS} digits",
        f"most {MAX_NAMES} variables, each value at most {MAX_VALUE_BYTES // 1024} KiB",
        f"all together {MAX_TOTAL_BYTES // 1024} KiB",
        f"| {bodies.MOST_NAMES} |",
        f"{rest_people.MOST_TOKENS} tokens for one person",
        f"{bodies.NOTE_CHARACTERS} characters that print; none that begins with `{bodies.SERVER_NOTE}`",
        f"| {bodies.DISPLAY_NAME_CHARACTERS} characters that print |",
        f"{MOST_PER_PERSON} different names over time",
        f"0 to {strict_handler.MOST_OFFSET}, 1 to {strict_handler.MOST_LIMIT}",
        f"{strict_handler.MOST_NAME_CHARACTERS} characters that print |",
        f"{strict_handler.MOST_QUERY_CHARACTERS} characters, no control characters",
    ],
)
def test_a_bound_of_the_rest_api_is_the_codes(phrase: str) -> None:
    assert phrase in one_line(REST)


def test_the_names_of_containers_volumes_and_networks_are_the_codes() -> None:
    instance = "workspace-hub"
    made = {
        names.hub_name(instance),
        names.proxy_name(instance),
        names.netguard_name(instance),
        names.container_name(instance, "ada", ADA, ""),
        names.container_name(instance, "ada", ADA, "second"),
        names.data_volume(instance),
        names.run_volume(instance),
        names.tls_volume(instance),
        names.new_home_volume(instance, "ada", ADA),
        names.shared_volume(instance, "vision"),
        names.network_name(instance),
        names.front_network_name(instance),
        names.new_home_folder(instance, "ada", ADA),
    }
    assert made <= set(page(NAMES).spans())


def test_the_labels_are_the_codes() -> None:
    listed = {row[0].strip("`") for row in page(NAMES).rows("label")}
    of_code = {value for key, value in vars(names).items() if key.startswith("LABEL_") and key != "LABEL_PREFIX"}
    compose, dockerfile = (
        (ROOT / each).read_text() for each in ("docker-compose.yml", "images/workspace/minimal/Dockerfile")
    )
    of_compose = set(re.findall(r"^ +(workspace-hub\.[a-z]+):", compose, re.MULTILINE))
    of_image = set(re.findall(r"(workspace-hub\.[a-z-]+)=", dockerfile))
    assert listed == of_code | of_compose | of_image


def test_the_addresses_are_the_codes() -> None:
    subnet = IPv4Network("10.77.0.0/16")
    probes = names.probe_addresses(subnet)
    rows = [row[0].replace("`", "") for row in page(NAMES).rows("address")]
    assert rows == [
        ".1",
        ".2",
        ".3",
        f".{int(probes[0]) & 255} to .{int(probes[-1]) & 255}",
        f".{FIRST_WORKSPACE} and up",
    ]
    found = (names.gateway_address(subnet), names.hub_address(subnet), names.proxy_address(subnet))
    assert [str(address) for address in found] == ["10.77.0.1", "10.77.0.2", "10.77.0.3"]


def test_the_ids_of_hub_and_proxy_are_the_codes() -> None:
    rows = [row[0] for row in page(NAMES).rows("id")]
    assert rows[:3] == [str(HUB_UID), str(PROXY_UID), str(RUN_GID)]


@pytest.mark.parametrize("name", ["docs/explanation/security.md", "docs/reference/image-contract.md"])
def test_the_capabilities_are_the_codes(name: str) -> None:
    line = next(line for line in page(name).text.splitlines() if line.startswith("| capabilities |"))
    assert tuple(re.findall(r"`([A-Z_]+)`", line)) == CAPABILITIES


def test_the_variables_of_the_image_contract_are_the_codes() -> None:
    listed = {
        name
        for row in page("docs/reference/image-contract.md").rows("variable")
        for name in re.findall(r"`([A-Z_]+)`", row[0])
    }
    made = {*jupyter_environment(Login("ada", 20000, 20000)), *THREAD_VARIABLES, "NVIDIA_VISIBLE_DEVICES"}
    assert listed == made


def test_the_readmes_table_of_rooms_is_that_of_the_folders() -> None:
    listed = {row[0].strip("`/") for row in page("README.md").rows("room")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"}
    assert packages == set(project["tool"]["setuptools"]["packages"])
    assert listed == packages | {"images"}
    rooms = {row[0].strip("`") for row in page("docs/explanation/architecture.md").rows("room")}
    assert rooms == packages


def test_what_the_changelog_calls_not_yet_is_on_the_list() -> None:
    missing = re.search(r"Not yet: (.+?)\.$", page("CHANGELOG.md").text, re.MULTILINE)
    assert missing
    listed = one_line("docs/operations/what-is-not-here-yet.md").lower()
    words = [re.sub(r"^the ", "", each) for each in missing[1].split(", ")]
    assert [word for word in words if word.lower().rstrip("s") not in listed] == []


def test_every_tag_of_an_image_of_ours_is_this_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for name in ("docs/how-to/own-images.md", "docs/how-to/air-gapped.md", "docs/operations/upgrade.md"):
        assert set(re.findall(r"workspace-hub/(?:hub|minimal):([0-9.]+\d)", page(name).text)) == {version}


def doctors_findings() -> list[str]:
    """What `./hub doctor` says where something is not good: of each sentence the longest piece that never changes."""
    pieces = []
    for call in ast.walk(ast.parse((ROOT / "commands/doctor.py").read_text())):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "Finding":
            grade, what = call.args[:2]
            if isinstance(grade, ast.Constant) and grade.value != "good":
                texts = [str(part.value) for part in ast.walk(what) if isinstance(part, ast.Constant)]
                pieces.append(max([text.strip(" :,(") for text in texts] or [""], key=len))
    return [piece for piece in pieces if len(piece) > 8]


@pytest.mark.parametrize("piece", doctors_findings())
def test_a_finding_of_the_doctor_is_in_the_page_of_troubles(piece: str) -> None:
    assert piece in one_line("docs/operations/troubleshooting.md")


def test_the_doctor_finds_many_things() -> None:
    assert len(doctors_findings()) > 12


def test_how_long_netguards_word_counts_is_the_codes() -> None:
    assert f"in the last {GUARD_FRESH_SECONDS:.0f} seconds" in one_line("docs/explanation/architecture.md")
