"""docs/reference/settings.md: every table and key of hub.toml, written from the model."""

from settings.example import toml_value
from settings.passthrough import known_classes, owned_traits
from settings.schema import Settings
from settings.tables import Key, TableInfo, tables

_HEAD = """\
<!-- Generated from the settings' model by `python -m settings.generate`; do not edit by hand. -->

# Settings

Everything that an admin decides stands in one file, `hub.toml`. `hub.example.toml` shows every key with its default.

* `./hub check` lists everything that is wrong with the file, each with its line, and exits with 78;
  `--json` is for programs.
* `./hub explain NAME` shows the effective values for one person and where each comes from.
* A key that the file does not know is refused, with the nearest one that it knows.
* Sizes are written `"512MiB"`, `"16GiB"` or `"1TiB"`; no other unit and no spaces.
* Precedence: the defaults, then this file, then the person's groups. Of everyone's value and those of all groups of a
  person the most generous wins; `block` takes profiles away, whatever other groups say.
* A changed limit, profile or folder is in effect at a person's next start of a workspace.
"""


def reference_text() -> str:
    """Write the reference page."""
    parts = [_HEAD.rstrip()]
    for name, field in Settings.model_fields.items():
        table = tables().get(name)
        if table is not None:
            parts.append(_table_section(table))
        elif name == "environment":
            parts.append(f"## `[environment]`\n\n{field.description}\n\n{_ENVIRONMENT.rstrip()}")
        else:
            parts.append(f"## `[jupyterhub.CLASS]`\n\n{field.description}\n\n{_passthrough_section()}")
    return "\n\n".join(parts) + "\n"


_ENVIRONMENT = """\
```toml
[environment]
TZ = "Europe/Berlin"
```

Values are literal: `$HOME`, `{username}` and backquotes stay as they are. Proxy variables (`HTTP_PROXY`, `NO_PROXY`, …)
are allowed. Refused, in whatever case, are among others `PATH`, `HOME`, `USER`, `SHELL`, `PYTHONPATH`, `BASH_ENV`,
`NODE_OPTIONS`, `CUDA_VISIBLE_DEVICES` and all that begin with `JUPYTERHUB_`, `NVIDIA_`, `LD_`, `NB_` or `WORKSPACE_`.
"""


def _table_section(table: TableInfo) -> str:
    rows = ["| key | default | allowed | meaning |", "|---|---|---|---|"]
    rows += [_row(key) for key in table.keys.values()]
    return f"## `[{table.header}]`\n\n{table.description}\n\n" + "\n".join(rows)


def _row(key: Key) -> str:
    default = "required" if key.is_required else "—" if key.default is None else f"`{toml_value(key.default)}`"
    cells = (f"`{key.name}`", default, key.kind.allowed, key.description)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _passthrough_section() -> str:
    rows = ["| refused | instead |", "|---|---|"]
    rows += [f"| `{trait}` | {instead} |" for trait, instead in owned_traits()]
    classes = ", ".join(f"`{name}`" for name in known_classes())
    return f"Classes: {classes}.\n\n```toml\n[jupyterhub.JupyterHub]\nactive_server_limit = 100\n```\n\n" + "\n".join(
        rows
    )
