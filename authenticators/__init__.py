"""Who someone is: local accounts, their pages, and the one door for JupyterHub's REST API.

It knows people and passwords and nothing of containers.
"""

from pathlib import Path
from typing import Final

from authenticators.local import LocalAccounts

# the folder for JupyterHub.template_paths
TEMPLATES: Final = Path(__file__).parent / "templates"

__all__ = ["TEMPLATES", "LocalAccounts"]
