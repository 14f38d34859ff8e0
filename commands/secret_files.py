"""The secrets that the hub makes once and keeps: how they are made and when one is refused."""

import os
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path

from commands.errors import SecretRefused

SECRET_BYTES = 32
HEX_DIGITS = SECRET_BYTES * 2
# a key typed by hand repeats few characters; 32 random bytes in hex never have so few
FEWEST_DIFFERENT_DIGITS = 8


@dataclass(frozen=True, slots=True)
class SecretFile:
    """One secret: where it lies here and on the host, who owns it and who may read it."""

    path: Path
    shown_path: Path
    uid: int
    gid: int
    mode: int


def ensure_secret(secret: SecretFile) -> None:
    """Make the secret if there is none; raise SecretRefused if the one there is readable by others or worthless."""
    if secret.path.is_symlink() or secret.path.exists():
        check_secret(secret)
        os.chown(secret.path, secret.uid, secret.gid, follow_symlinks=False)
    else:
        _make(secret)


def check_secret(secret: SecretFile) -> None:
    """Raise SecretRefused if the secret is not a private file with 32 random bytes in hex."""
    found = secret.path.lstat()
    if not stat.S_ISREG(found.st_mode):
        raise SecretRefused(f"The secret {secret.shown_path} is not a plain file. {_renew(secret)}")
    excess = stat.S_IMODE(found.st_mode) & ~secret.mode & 0o777
    if excess:
        raise SecretRefused(
            f"The secret {secret.shown_path} may be read by others (mode {stat.S_IMODE(found.st_mode):04o}). "
            f"Run `chmod {secret.mode:o} {secret.shown_path}`, then `./hub up` again."
        )
    problem = weakness(secret.path.read_bytes())
    if problem:
        raise SecretRefused(f"The secret {secret.shown_path} {problem}. {_renew(secret)}")


def weakness(content: bytes) -> str | None:
    """Say why a text is no secret, or None; JupyterHub takes hex digits only."""
    text = content.strip().decode("ascii", "replace")
    if not text:
        return "is empty"
    if len(text) < HEX_DIGITS:
        return f"is too short ({len(text)} characters, {HEX_DIGITS} are needed)"
    if any(digit not in "0123456789abcdefABCDEF" for digit in text):
        return "is not in hex digits"
    if len(text) != HEX_DIGITS:
        return f"is too long ({len(text)} characters, {HEX_DIGITS} are needed)"
    return "is a placeholder" if len(set(text.lower())) < FEWEST_DIFFERENT_DIGITS else None


def _make(secret: SecretFile) -> None:
    # a name of its own, then a rename: a crash in between leaves no half secret behind
    new = secret.path.with_name(f".{secret.path.name}.new")
    new.unlink(missing_ok=True)
    new.touch(0o600, exist_ok=False)
    with new.open("w") as file:
        file.write(secrets.token_hex(SECRET_BYTES) + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.chmod(secret.mode)
    os.chown(new, secret.uid, secret.gid)
    new.rename(secret.path)


def _renew(secret: SecretFile) -> str:
    return f"Run `rm {secret.shown_path}`, then `./hub up` again: a new one is made and everybody signs in once more."
