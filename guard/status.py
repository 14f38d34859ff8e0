"""What netguard says about its last look at the rules: one small file that others read."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Status:
    """`is_ok` when all rules hold; `problem` a sentence, empty when all is well; `repairs` since netguard's start."""

    is_ok: bool
    written_at: datetime
    problem: str
    repairs: int


def write_status(file: Path, status: Status) -> None:
    """Replace the file in one step, readable for everyone; a reader never sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {
            "ok": status.is_ok,
            "written_at": status.written_at.isoformat(timespec="milliseconds"),
            "problem": status.problem,
            "repairs": status.repairs,
        }
    )
    new = file.with_name(f"{file.name}.new")
    new.write_text(f"{text}\n", encoding="utf-8")
    new.chmod(0o644)
    new.replace(file)
