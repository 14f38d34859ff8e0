"""The start form: what this person may choose, as HTML from a template that escapes everything."""

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, select_autoescape

from settings.sizes import format_bytes
from spawner.limits import Limits


@dataclass(frozen=True, slots=True)
class Choice:
    """One profile as the form shows it."""

    profile: str
    title: str
    description: str
    limits: Limits
    is_chosen: bool
    is_missing: bool = False


def render_form(choices: Sequence[Choice], environment: str = "", notice: str = "") -> str:
    """Render the form's inner HTML; JupyterHub puts its own form element and button around it."""
    return (
        _templates()
        .get_template("start_form.html")
        .render(choices=choices, environment=environment, notice=notice, size=format_bytes)
    )


def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("spawner"),
        autoescape=select_autoescape(default=True),
        trim_blocks=True,
        lstrip_blocks=True,
    )
