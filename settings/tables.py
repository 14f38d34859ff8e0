"""The tables and keys of hub.toml as data, read off the model: for messages, the example, the schema and the docs."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network
from types import MappingProxyType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from settings.kinds import Kind, Size
from settings.lines import Path
from settings.schema import Settings
from settings.sizes import format_bytes


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its name in the file, what it may be, its default in the file's form (None: it has none)."""

    name: str
    kind: Kind
    description: str
    is_required: bool
    default: object


@dataclass(frozen=True, slots=True)
class TableInfo:
    """One table, such as [limits]; if ``has_names``, there is one for each name, such as [groups.vision]."""

    name: str
    description: str
    has_names: bool
    keys: Mapping[str, Key]

    @property
    def header(self) -> str:
        """The table's header as documentation writes it, without brackets."""
        return f"{self.name}.NAME" if self.has_names else self.name


@cache
def tables() -> Mapping[str, TableInfo]:
    """Give every table that has keys of its own by its name, in the file's order."""
    found = {name: _table(name, field) for name, field in Settings.model_fields.items()}
    return MappingProxyType({name: table for name, table in found.items() if table is not None})


def keys_at(path: Path) -> Mapping[str, str]:
    """Give the keys that may stand in the table at a path, each with the first sentence of its meaning."""
    if not path:
        return {name: first_sentence(field.description or "") for name, field in Settings.model_fields.items()}
    table = tables().get(path[0])
    if table is None or len(path) != (2 if table.has_names else 1):
        return {}
    return {key.name: first_sentence(key.description) for key in table.keys.values()}


def first_sentence(description: str) -> str:
    """Give the first sentence of a description, which can stand alone, without its full stop."""
    return description.split(". ")[0].rstrip(".")


def in_file(kind: Kind, value: object) -> object:
    """Give a value of the model in the form that it has in the file."""
    if isinstance(kind, Size) and isinstance(value, int):
        return format_bytes(value)
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, IPv4Network) else value


def _table(name: str, field: FieldInfo) -> TableInfo | None:
    annotation: Any = field.annotation
    models = [each for each in (annotation, *get_args(annotation)) if _is_model(each)]
    if not models:
        return None
    keys = [_key(key_name, key_field) for key_name, key_field in models[0].model_fields.items()]
    has_names = models[0] is not annotation
    return TableInfo(name, field.description or "", has_names, MappingProxyType({key.name: key for key in keys}))


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _key(name: str, field: FieldInfo) -> Key:
    kind = next(each for each in field.metadata if isinstance(each, Kind))
    default = None if field.default is PydanticUndefined else in_file(kind, field.default)
    return Key(field.alias or name, kind, field.description or "", field.is_required(), default)
