"""One person's workspace: what was asked for, what they may have, the container that follows from it.

This room decides in pure modules (`request`, `limits`, `choice`, `plan`) and acts in thin ones; it does not know
who somebody is (`authenticators`) or which packets pass (`guard`).
"""

from pathlib import Path
from typing import Final

from spawner.spawner import WorkspaceSpawner

TEMPLATES: Final = Path(__file__).parent / "templates"

__all__ = ["TEMPLATES", "WorkspaceSpawner"]
