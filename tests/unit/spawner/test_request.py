"""What may be asked of a start (bad-inputs, part 2): the table that form and REST are held to."""

import json

import pytest

from spawner.errors import RequestRefused
from spawner.request import WorkspaceRequest, options_from_form, parse_request

RESERVED = [
    "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER", "jupyterhub_host", "JPY_API_TOKEN", "JUPYTER_TOKEN",
    "JUPYTER_SERVER_TOKEN", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "nvidia_visible_devices",
    "NVIDIA_REQUIRE_CUDA", "NVIDIA_DISABLE_REQUIRE", "CUDA_VISIBLE_DEVICES", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "LD_AUDIT", "ld_preload", "PATH", "PYTHONPATH", "PYTHONSTARTUP", "HOME", "USER", "SHELL", "NODE_OPTIONS",
    "BASH_ENV", "NB_UID", "NB_GID", "NB_USER", "NB_UMASK", "NB_GIDS", "GRANT_SUDO", "CHOWN_EXTRA",
    "CHOWN_EXTRA_OPTS", "CHOWN_HOME", "AUTHENTICATE_VIA_JUPYTER", "WORKSPACE_SSL_ENABLED", "WORKSPACE_BASE_URL",
    "JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_CLIENT_ID", "JUPYTERHUB_OAUTH_ACCESS_SCOPES", "NVIDIA_MIG_CONFIG_DEVICES",
]  # fmt: skip


@pytest.mark.parametrize("name", RESERVED)
def test_s13_reserved_names_are_refused_by_name(name: str) -> None:
    assert len(set(RESERVED)) >= 40
    with pytest.raises(RequestRefused) as refused:
        parse_request({"environment": {name: "x"}})
    assert refused.value.field == "environment"
    assert name in str(refused.value)


BAD_OPTIONS: list[tuple[str, object, str]] = [
    # what people of other hubs try: every one of these keys is unknown here
    *[
        (f"{key}={value!r}", {key: value}, key)
        for key, values in {
            "memory": ["1e999", "NaN", "-1", "0", "0.0001G", "1.5.2G", "1 G", "１G", "0x10", "1_000", True, [], "8GiB"],
            "mem_limit": ["64G", 10**12],
            "cpu": ["-2", "0", "1e9", "nan", "1,5", 64],
            "cpu_limit": [64],
            "image": ["evil/img", "", "-v", "img:1 --privileged", "IMG", ["a"], "x" * 4096],
            "env": [{"A": "1"}],
            "mounts": ["../bob", "/etc", "/var/run/docker.sock", "a:/x:rw,z", [{"source": "/"}]],
            "volumes": [{"/": "/host"}],
            "shm_size": ["-1", "64m;", "900g"],
            "days_to_live": [0, -3, 10**9, "2025-13-45"],
            "privileged": [True],
            "__class__": [{"x": 1}],
            "update": [True],
            "runtime": ["nvidia"],
            "device_requests": [[{"Count": -1}]],
            "cmd": [["sh"]],
            "Profile": ["minimal"],
            "user": ["root"],
            "network": ["host"],
            "{username}": ["x"],
        }.items()
        for value in values
    ],
    *[(f"gpus={value!r}", {"gpus": value}, "gpus") for value in
      [-1, 1.5, "all", "0,0", "0,", "0-3", "GPU-1234", "none", "../nvidia0", "all;", "", True, None, [], {}, [0],
       float("nan"), float("inf"), "１"]],
    *[(f"profile={value!r}", {"profile": value}, "profile") for value in
      ["", "Minimal", "a b", "../x", "x" * 40, "m\n", "m\0", 5, True, ["minimal"], {"a": 1}, "{username}", "-v"]],
    *[(f"environment={value!r}"[:60], {"environment": value}, "environment") for value in
      [[], "A=1", 5, None, {"": "x"}, {"A B": "1"}, {"1A": "1"}, {"A=": "1"}, {"K" * 1025: "1"}, {"A": "x" * 4097},
       {f"V{i}": "" for i in range(65)}, {f"V{i}": "x" * 4000 for i in range(10)}, {"A": "a\nb"}, {"A": "a\0b"},
       {"A": 1}, {"A": None}, {"A": ["x"]}, {"A": True}, {"A": "\ud800"}, {"ä": "1"}, {"A": "a\rb"}]],
    *[(f"options={value!r}", value, "user_options") for value in [[], "x", 5, True, ["profile"]]],
]  # fmt: skip


@pytest.mark.parametrize(("options", "field"), [row[1:] for row in BAD_OPTIONS], ids=[row[0] for row in BAD_OPTIONS])
def test_a_bad_option_is_refused_with_one_sentence(options: object, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_request(options)
    sentence = str(refused.value)
    assert refused.value.field == field
    assert sentence.endswith(".") and "\n" not in sentence and "\0" not in sentence
    assert len(sentence) < 400


def test_the_corpus_is_large_enough_for_s14() -> None:
    assert len(BAD_OPTIONS) + len(RESERVED) >= 150


def test_the_value_in_the_sentence_is_cut_and_escaped() -> None:
    with pytest.raises(RequestRefused) as refused:
        parse_request({"x\u202e\n" + "y" * 100: 1})
    assert "\u202e" not in str(refused.value)
    assert "\\u202e" in str(refused.value)
    assert "y" * 41 not in str(refused.value)


@pytest.mark.parametrize("options", [None, {}, {"gpus": 0}, {"environment": {}}, {"profile": None}])
def test_asking_for_nothing_means_the_default(options: object) -> None:
    assert parse_request(options) == WorkspaceRequest()


def test_values_stay_literal() -> None:
    literal = {"A": "{username}", "B": "$HOME", "C": "`id`", "D": "%s {x:>200000000}", "E": "=", "F": ""}
    assert parse_request({"environment": literal}).environment == literal


def test_a_request_survives_the_database() -> None:
    request = parse_request({"profile": "minimal", "gpus": 0, "environment": {"A": "1"}})
    assert parse_request(json.loads(json.dumps(request.as_options()))) == request


def test_the_form_reads_lines_and_blanks() -> None:
    options = options_from_form(
        {"profile": ["minimal"], "gpus": ["0"], "environment": ["A=1\r\n\r\nB=x=y\r\n"], "_xsrf": ["t"]}
    )
    assert options == {"profile": "minimal", "gpus": 0, "environment": {"A": "1", "B": "x=y"}}


def test_an_empty_form_means_the_default() -> None:
    assert options_from_form({"profile": [""], "environment": [""]}) == {"gpus": 0, "environment": {}}


@pytest.mark.parametrize(
    ("form", "field"),
    [
        pytest.param({"profile": ["a", "b"]}, "profile", id="a field given twice"),
        pytest.param({"profile": []}, "profile", id="a field without a value"),
        pytest.param({"image": ["evil"]}, "image", id="a field of another hub"),
        pytest.param({"environment": ["A"]}, "environment", id="a line without ="),
        pytest.param({"environment": ["A=1\nA=2"]}, "environment", id="a variable given twice"),
        pytest.param({"environment": ["PATH=/evil"]}, "environment", id="a reserved variable"),
        pytest.param({"gpus": ["-1"]}, "gpus", id="a negative number"),
        pytest.param({"gpus": ["1_0"]}, "gpus", id="a number with an underscore"),
        pytest.param({"gpus": ["٣"]}, "gpus", id="digits of another script"),
        pytest.param({"evil_file": [b"x"]}, "evil_file", id="an upload"),
    ],
)
def test_the_form_is_as_strict_as_rest(form: dict[str, list[str]], field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        options_from_form(form)
    assert refused.value.field == field
