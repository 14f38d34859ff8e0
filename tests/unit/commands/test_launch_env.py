import subprocess
import sys
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commands.__main__ import main
from commands.launch_env import assignments, config_hash, in_shell
from engine import names
from settings.load import loads
from tests.unit.commands.places import HUB_TOML, environment_of, make_place

NASTY = [
    "it's",
    '"; rm -rf / #',
    "$(touch /tmp/owned) `id` $HOME",
    "line\nbreak\\\n",
    "-n --help",
    "*?[a-z]~ & | ; <>",
    "ümläut 李 \x7f",
    "",
]


def values_in_a_shell(text: str, names_wanted: list[str]) -> list[str]:
    words = " ".join(f'"${name}"' for name in names_wanted)
    script = f'eval "$1"\nprintf "%s\\0" {words}'
    ran = subprocess.run(["sh", "-euc", script, "sh", text], capture_output=True, check=True)
    return ran.stdout.decode().split("\0")[:-1]


@pytest.mark.parametrize("value", NASTY)
def test_a_shell_gets_exactly_the_value(value: str) -> None:
    assert values_in_a_shell(in_shell({"A": value, "B": "next"}), ["A", "B"]) == [value, "next"]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40))
@example("'\"'\"'")
def test_a_shell_gets_any_text_unchanged(value: str) -> None:
    assert values_in_a_shell(in_shell({"A": value}), ["A"]) == [value]


def test_names_and_addresses_are_those_that_the_rest_of_the_hub_computes() -> None:
    values = assignments(loads(HUB_TOML + '[network]\nsubnet = "10.91.4.0/24"\nport_isolation = true\n'))
    subnet = IPv4Network("10.91.4.0/24")
    assert values["HUB_NAME"] == "lab"
    assert values["HUB_NETWORK"] == names.network_name("lab")
    assert values["HUB_BRIDGE"] == names.bridge_device("lab")
    assert values["HUB_SUBNET"] == "10.91.4.0/24"
    assert values["HUB_GATEWAY"] == str(names.gateway_address(subnet))
    assert values["HUB_ADDRESS"] == str(names.hub_address(subnet))
    assert values["PROXY_ADDRESS"] == str(names.proxy_address(subnet))
    assert values["PORT_ISOLATION"] == "1"


@dataclass(frozen=True)
class PublicSide:
    """Lines of [site] and what must come out of them."""

    lines: str
    values: dict[str, str]


TLS = 'tls_certificate_file = "/srv/tls/hub.pem"\ntls_key_file = "/srv/tls/hub.key"\n'
PUBLIC_SIDES = {
    "plain http on loopback": PublicSide(
        'url = "http://127.0.0.1:8000"\nlisten = "127.0.0.1:8000"\n',
        {"HUB_LISTEN_IP": "127.0.0.1", "HUB_LISTEN_PORT": "8000", "PROXY_PORT": "8000", "TLS_KEY_FILE": ""},
    ),
    "IPv6 in brackets": PublicSide(
        'url = "http://[::1]:8000"\nlisten = "[::1]:8000"\n', {"HUB_LISTEN_IP": "[::1]", "HUB_URL_PORT": "8000"}
    ),
    "TLS": PublicSide(
        f'url = "https://hub.example.org"\nlisten = "0.0.0.0:443"\n{TLS}',
        {"PROXY_PORT": "8443", "HUB_URL_PORT": "443", "TLS_CERTIFICATE_FILE": "/srv/tls/hub.pem", "REDIRECT_IP": ""},
    ),
    "TLS with a redirect": PublicSide(
        f'url = "https://hub.example.org:8443"\nlisten = "0.0.0.0:8443"\nredirect_listen = "0.0.0.0:80"\n{TLS}',
        {"HUB_URL_PORT": "8443", "REDIRECT_IP": "0.0.0.0", "REDIRECT_PORT": "80"},
    ),
}


@pytest.mark.parametrize("case", PUBLIC_SIDES.values(), ids=PUBLIC_SIDES)
def test_the_public_side_follows_from_the_site(case: PublicSide) -> None:
    values = assignments(loads(f"[site]\n{case.lines}"))
    assert {name: values[name] for name in case.values} == case.values


def test_each_image_of_a_profile_is_named_once() -> None:
    profiles = "".join(f'[profiles.p{n}]\nimage = "{image}"\n' for n, image in enumerate(["a:1", "b:1", "a:1"]))
    assert assignments(loads(profiles))["WORKSPACE_IMAGES"] == "a:1 b:1"


def test_a_comment_does_not_change_the_config_hash_and_a_value_does() -> None:
    before = config_hash(loads(HUB_TOML))
    assert config_hash(loads(f"# a comment\n{HUB_TOML}")) == before
    assert config_hash(loads(HUB_TOML.replace("16GiB", "17GiB"))) != before


def test_the_config_hash_is_the_same_in_another_process(tmp_path: Path) -> None:
    place = make_place(tmp_path)
    command = "import sys; from commands.__main__ import main; import os; main(['launch-env'], os.environ)"
    root = Path(__file__).parents[3]
    outputs = {
        subprocess.run(
            [sys.executable, "-c", command],
            cwd=root,
            env={**environment_of(place), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_the_clash_of_the_subnet_reaches_the_launcher(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, environment={"HOST_ROUTES": "10.77.0.0/24 dev tun0", "DOCKER_NETWORKS": ""})
    assert main(["launch-env"], environment_of(place)) == 0
    (clash,) = values_in_a_shell(capsys.readouterr().out, ["SUBNET_CLASH"])
    assert "tun0" in clash


def test_nothing_that_is_printed_is_a_secret(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = make_place(tmp_path, has_data=True)
    main(["launch-env"], environment_of(place))
    assert place.cookie_secret.read_text().strip() not in capsys.readouterr().out
