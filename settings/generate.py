"""Write, or check, the files that are made from the settings' model: python -m settings.generate [--check]."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from settings.environment import MAX_NAMES, VariableName, VariableValue
from settings.example import example_text
from settings.reference import reference_text
from settings.schema import GROUP_NAME, PROFILE_ID, Settings
from settings.tables import TableInfo, tables


def generated_files() -> dict[str, str]:
    """Give the text of every generated file by its path below the repository's root."""
    return {
        "hub.example.toml": example_text(),
        "hub.schema.json": schema_text(),
        "docs/reference/settings.md": reference_text(),
    }


def schema_text() -> str:
    """Write the JSON schema of hub.toml, for editors that complete and check TOML."""
    properties: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        table = tables().get(name)
        described = {"description": field.description or ""}
        properties[name] = described | (_free_schema(name) if table is None else _table_schema(table))
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "hub.toml, the settings of Workspace Hub",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def stale_files(root: Path) -> list[str]:
    """Name the generated files that are missing or differ from what the model says."""
    return [path for path, text in generated_files().items() if _read(root / path) != text]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files, or with --check only tell which are stale; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m settings.generate", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is stale")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[1], help="the repository")
    options = parser.parse_args(arguments)
    stale = stale_files(options.root)
    if options.check:
        if stale:
            sys.stderr.write(f"stale: {', '.join(stale)}; run python -m settings.generate\n")
        return 1 if stale else 0
    for path in stale:
        target = options.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(generated_files()[path], encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
    return 0


def _table_schema(table: TableInfo) -> dict[str, object]:
    keys = table.keys.values()
    one: dict[str, object] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key.name: {"description": key.description}
            | key.kind.schema()
            | ({} if key.default is None else {"default": key.default})
            for key in keys
        },
        "required": [key.name for key in keys if key.is_required],
    }
    if not table.has_names:
        return one
    names = PROFILE_ID if table.name == "profiles" else GROUP_NAME
    return {"type": "object", "propertyNames": names.schema(), "additionalProperties": one}


def _free_schema(name: str) -> dict[str, object]:
    if name == "environment":
        return {
            "type": "object",
            "propertyNames": VariableName().schema(),
            "additionalProperties": VariableValue().schema(),
            "maxProperties": MAX_NAMES,
        }
    return {"type": "object", "additionalProperties": {"type": "object"}}


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


if __name__ == "__main__":
    raise SystemExit(main())
