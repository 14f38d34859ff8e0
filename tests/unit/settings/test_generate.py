"""The files that are made from the model."""

import json
import re
from pathlib import Path

import pytest

from settings.advice import ONE_DOMAIN, warnings_for
from settings.generate import generated_files, main, schema_text, stale_files
from settings.load import loads
from settings.schema import Settings
from settings.tables import tables

ROOT = Path(__file__).resolve().parents[3]
EXAMPLE = generated_files()["hub.example.toml"]
KEYS = [(table.name, key) for table in tables().values() for key in table.keys.values()]
KEY_IDS = [f"{table}.{key.name}" for table, key in KEYS]


def test_the_committed_files_are_fresh() -> None:
    assert stale_files(ROOT) == [], "run python -m settings.generate"


def test_the_example_means_the_defaults() -> None:
    assert loads(EXAMPLE) == Settings()


def test_the_example_with_everything_switched_on_is_good_too() -> None:
    settings = loads(re.sub(r"^#(?! )", "", EXAMPLE, flags=re.MULTILINE))
    assert set(settings.groups) == {"vision"}
    assert set(settings.shared) == {"vision"}
    assert set(settings.datasets) == {"imagenet"}
    assert set(settings.profiles) == {"minimal", "ml"}
    assert settings.environment
    assert settings.jupyterhub
    assert warnings_for(settings) == [ONE_DOMAIN]


@pytest.mark.parametrize(("table", "key"), KEYS, ids=KEY_IDS)
def test_every_key_is_in_all_three_files_with_its_meaning(table: str, key: object) -> None:
    from settings.tables import Key

    assert isinstance(key, Key)
    assert key.description
    files = generated_files()
    assert re.search(rf"^#?{key.name} = ", files["hub.example.toml"], flags=re.MULTILINE)
    words = " ".join(re.sub(r"^# ", "", files["hub.example.toml"], flags=re.MULTILINE).split())
    assert " ".join(key.description.split()) in words
    assert f"| `{key.name}` |" in files["docs/reference/settings.md"]
    one = json.loads(files["hub.schema.json"])["properties"][table]
    properties = one.get("properties") or one["additionalProperties"]["properties"]
    assert properties[key.name]["description"] == key.description


@pytest.mark.parametrize(("table", "key"), KEYS, ids=KEY_IDS)
def test_the_first_sentence_of_a_meaning_can_stand_alone(table: str, key: object) -> None:
    from settings.tables import Key, first_sentence

    assert isinstance(key, Key)
    assert len(first_sentence(key.description)) < 140
    assert key.description[0].isupper()
    assert key.description.endswith(".")


def test_the_schema_refuses_unknown_keys_everywhere() -> None:
    schema = json.loads(schema_text())
    assert schema["additionalProperties"] is False
    assert schema["properties"]["limits"]["additionalProperties"] is False
    assert schema["properties"]["groups"]["additionalProperties"]["additionalProperties"] is False
    assert schema["properties"]["limits"]["properties"]["memory"]["default"] == "4GiB"
    assert schema["properties"]["datasets"]["additionalProperties"]["required"] == ["source"]


def test_patterns_of_the_schema_are_of_the_kind_that_json_schema_knows() -> None:
    assert "\\\\A" not in schema_text()
    assert "\\\\Z" not in schema_text()


def test_generating_writes_what_is_stale_and_then_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path)]) == 0
    assert stale_files(tmp_path) == []
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out == ""


def test_checking_names_the_stale_file_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--root", str(tmp_path)])
    (tmp_path / "hub.example.toml").write_text("old")
    assert main(["--root", str(tmp_path), "--check"]) == 1
    assert "stale: hub.example.toml; run python -m settings.generate" in capsys.readouterr().err
    assert (tmp_path / "hub.example.toml").read_text() == "old"


def test_a_fresh_tree_passes_the_check(tmp_path: Path) -> None:
    main(["--root", str(tmp_path)])
    assert main(["--root", str(tmp_path), "--check"]) == 0
