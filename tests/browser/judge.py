"""What a machine can tell of a page's form: names, headings, contrast, and whether it fits into its window.

WCAG 2.2: 1.3.1, 1.4.3, 1.4.10, 2.4.2, 2.4.6, 3.1.1, 4.1.2.
"""

from pathlib import Path
from typing import Final

from playwright.sync_api import Page

SCRIPT: Final = (Path(__file__).parent / "judge.js").read_text()
# white on JupyterHub's own orange: 2.8
THEIRS: Final = ".btn-jupyter, .auth-form-header"


def problems_of(page: Page) -> list[str]:
    """List what is wrong with the form of the page that is shown."""
    problems: list[str] = page.evaluate(SCRIPT, THEIRS)
    return problems
