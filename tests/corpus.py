"""What must be refused of a start, whichever way it is asked for (bad-inputs, part 2): one table for all ways.

Unit tests hold `spawner.request` to it, hub tests the running hub: by form, by link and by the REST API.
"""

import json
from collections.abc import Mapping, Sequence

Fields = Sequence[tuple[str, str | bytes]]

RESERVED = [
    "JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER", "jupyterhub_host", "JPY_API_TOKEN", "JUPYTER_TOKEN",
    "JUPYTER_SERVER_TOKEN", "NVIDIA_VISIBLE_DEVICES", "NVIDIA_DRIVER_CAPABILITIES", "nvidia_visible_devices",
    "NVIDIA_REQUIRE_CUDA", "NVIDIA_DISABLE_REQUIRE", "CUDA_VISIBLE_DEVICES", "LD_PRELOAD", "LD_LIBRARY_PATH",
    "LD_AUDIT", "ld_preload", "PATH", "PYTHONPATH", "PYTHONSTARTUP", "HOME", "USER", "SHELL", "NODE_OPTIONS",
    "BASH_ENV", "NB_UID", "NB_GID", "NB_USER", "NB_UMASK", "NB_GIDS", "GRANT_SUDO", "CHOWN_EXTRA",
    "CHOWN_EXTRA_OPTS", "CHOWN_HOME", "AUTHENTICATE_VIA_JUPYTER", "WORKSPACE_SSL_ENABLED", "WORKSPACE_BASE_URL",
    "JUPYTERHUB_SERVICE_URL", "JUPYTERHUB_CLIENT_ID", "JUPYTERHUB_OAUTH_ACCESS_SCOPES", "NVIDIA_MIG_CONFIG_DEVICES",
]  # fmt: skip


# what people of other hubs try: every one of these keys is unknown here
FOREIGN: dict[str, list[object]] = {
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
}

BAD_OPTIONS: list[tuple[str, object, str]] = [
    *[(f"{key}={value!r}", {key: value}, key) for key, values in FOREIGN.items() for value in values],
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

# what only fields can say: (name, fields, field that is wrong)
BAD_FIELDS: list[tuple[str, Fields, str]] = [
    ("profile given twice", [("profile", "good"), ("profile", "good")], "profile"),
    ("gpus given twice", [("gpus", "0"), ("gpus", "0")], "gpus"),
    ("environment given twice", [("environment", "A=1"), ("environment", "B=1")], "environment"),
    ("a line without =", [("environment", "A=1\nB")], "environment"),
    ("a variable given twice", [("environment", "A=1\r\nA=2")], "environment"),
    ("an empty profile given twice", [("profile", ""), ("profile", "")], "profile"),
    ("-0", [("gpus", "-0")], "gpus"),
    ("+1", [("gpus", "+1")], "gpus"),
    ("1e1", [("gpus", "1e1")], "gpus"),
    ("0x1", [("gpus", "0x1")], "gpus"),
    ("1_0", [("gpus", "1_0")], "gpus"),
    ("ten thousand GPUs", [("gpus", "10000")], "gpus"),
    ("one GPU on a hub without", [("gpus", "1")], "gpus"),
    ("digits of another script", [("gpus", "\u0663")], "gpus"),
    ("a Cyrillic profile", [("profile", "g\u043e\u043ed")], "profile"),
    ("a profile with a bidi mark", [("profile", "\u202egood")], "profile"),
    ("a profile in pieces", [("profile[]", "good")], "profile"),
    ("an option of JupyterHub", [("server_name", "x")], "server_name"),
    ("an option without a name", [("%", "x")], "%"),
    ("markup as a name", [("<script>alert(1)</script>", "x")], "script"),
    ("braces as a name", [("{0.__class__}", "x")], "__class__"),
    ("bad UTF-8 in a value", [("profile", b"\xff\xfe")], "profile"),
    ("a surrogate in UTF-8", [("environment", b"A=\xed\xa0\x80")], "environment"),
    ("bad UTF-8 in another field", [("x", b"\xc0\xaf")], "x"),
    ("NUL", [("profile", "good\0")], "profile"),
    ("CR LF", [("profile", "good\r\nSet-Cookie: a=b")], "profile"),
]


def as_fields(options: object) -> Fields | None:
    """Say options in the words of a form; None where a form cannot say them, or says something good by them."""
    if not isinstance(options, Mapping):
        return None
    fields: list[tuple[str, str | bytes]] = []
    for name, value in options.items():
        text = _as_text(str(name), value)
        if text is None or (text == "" and name in ("profile", "gpus", "environment")):  # a blank means the default
            return None
        fields.append((str(name), text))
    return fields


def says_the_same(options: object) -> bool:
    """Tell if the fields of `as_fields` and the JSON options are one and the same wish, so also one sentence."""
    if not isinstance(options, Mapping):
        return False
    environment = options.get("environment")
    if isinstance(environment, Mapping):
        return all(isinstance(value, str) and "\n" not in value for value in environment.values())
    # the form takes blanks around a value away
    return all(isinstance(value, str) and value == value.strip() for value in options.values())


def _as_text(name: str, value: object) -> str | bytes | None:
    if name == "environment":
        return _as_lines(value)
    if name == "profile" and isinstance(value, str) and value != value.strip():
        return None
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _as_lines(environment: object) -> str | bytes | None:
    if not isinstance(environment, Mapping):
        # a form with this text has a line A=1, which is good
        return None if isinstance(environment, str) else json.dumps(environment)
    if not all(isinstance(value, str) for value in environment.values()) or any("=" in name for name in environment):
        return None
    text = "\n".join(f"{name}={value}" for name, value in environment.items())
    return text.encode("utf-8", "surrogatepass") if any("\ud800" <= letter <= "\udfff" for letter in text) else text
