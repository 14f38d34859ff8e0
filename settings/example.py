"""hub.example.toml: every key with its meaning, the defaults active, what is optional commented out.

Words are comments that begin with "# "; what can be switched on by removing one character begins with "#" alone.
"""

import json
import textwrap
from collections.abc import Mapping

from settings.schema import DEFAULT_PROFILE_ID, Settings, default_profiles
from settings.tables import Key, TableInfo, in_file, tables

WIDTH = 100

_HEAD = """\
Settings of Workspace Hub. Copy this file to hub.toml and change what you need; a key that is left out has its default.
`./hub check` says everything that is wrong with the file, `./hub explain NAME` what follows from it for one person.
Sizes are written "512MiB", "16GiB" or "1TiB". Workspaces take changes at their next start.
This file is generated from the settings' model (python -m settings.generate).
"""
_NAMES: Mapping[str, str] = {"groups": "vision", "shared": "vision", "datasets": "imagenet", "profiles": "ml"}
_VALUES: Mapping[tuple[str, str], object] = {
    ("groups", "memory"): "16GiB",
    ("groups", "cpus"): 4.0,
    ("groups", "pids"): 4096,
    ("groups", "named_servers"): 5,
    ("groups", "block"): ["ml"],
    ("shared", "groups"): ["vision"],
    ("datasets", "source"): "/srv/data/imagenet",
    ("profiles", "title"): "Machine learning",
    ("profiles", "description"): "PyTorch and friends on the CPU.",
    ("profiles", "image"): "workspace-hub/ml:0.1.0",
    ("profiles", "memory"): "8GiB",
    ("profiles", "cpus"): 4.0,
    ("profiles", "shm"): "4GiB",
}


def example_text() -> str:
    """Write the example file."""
    parts = [_words(_HEAD)]
    for name, field in Settings.model_fields.items():
        table = tables().get(name)
        if table is None:
            parts.append(_free_table(name, field.description or ""))
        elif table.has_names:
            parts.append(_named_table(table))
        else:
            parts.append(_plain_table(table))
    return "\n\n".join(parts) + "\n"


def toml_value(value: object) -> str:
    """Spell a value as TOML does; JSON's strings are TOML's basic strings."""
    return json.dumps(value, ensure_ascii=False)


def _plain_table(table: TableInfo) -> str:
    lines = [_words(table.description), f"[{table.name}]"]
    for key in table.keys.values():
        lines += [_words(key.description), f"{key.name} = {toml_value(key.default)}"]
    return "\n".join(lines)


def _named_table(table: TableInfo) -> str:
    lines = [_words(table.description)]
    if table.name == "profiles":
        lines += [_default_profile(table), ""]
    lines.append(f"#[{table.name}.{_NAMES[table.name]}]")
    for key in table.keys.values():
        if table.name != "profiles":
            lines.append(_words(key.description))
        lines.append(f"#{key.name} = {toml_value(_VALUES.get((table.name, key.name), key.default))}")
    return "\n".join(lines)


def _default_profile(table: TableInfo) -> str:
    profile = default_profiles()[DEFAULT_PROFILE_ID].model_dump(by_alias=True)
    lines = [f"[profiles.{DEFAULT_PROFILE_ID}]"]
    for key in table.keys.values():
        lines += [_words(key.description), _profile_line(key, in_file(key.kind, profile[key.name]))]
    return "\n".join(lines)


def _profile_line(key: Key, value: object) -> str:
    if value is None:
        return f"#{key.name} = {toml_value(_VALUES['profiles', key.name])}"
    return f"{key.name} = {toml_value(value)}"


def _free_table(name: str, description: str) -> str:
    if name == "environment":
        return "\n".join([_words(description), "[environment]", '#TZ = "Europe/Berlin"'])
    return "\n".join([_words(description), "#[jupyterhub.JupyterHub]", "#active_server_limit = 100"])


def _words(text: str) -> str:
    lines = [
        line for paragraph in text.splitlines() for line in textwrap.wrap(paragraph, WIDTH - 2, break_on_hyphens=False)
    ]
    return "\n".join(f"# {line}" for line in lines)
