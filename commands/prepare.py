"""`prepare`: as root in a one-shot container, make volumes, secrets and the certificate copy ready for hub and proxy.

It judges everything before it changes anything, so that a refusal leaves a running hub as it was.
"""

import argparse
import os
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from commands.certificate import CERTIFICATE_NAME, KEY_NAME, Pair, check_pair, copy_pair
from commands.errors import OK, DirectoryRefused
from commands.launch_env import in_shell
from commands.place import Place
from commands.secret_files import SecretFile, check_secret, ensure_secret

HUB_UID: Final = 990
PROXY_UID: Final = 991
RUN_GID: Final = 992  # group hubrun: what hub and proxy share
TLS_SOURCE: Final = Path("/tls-source")
TLS: Final = Path("/tls")


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with its owner and mode; the mode's 02000 hands the group on to what is made in it."""

    path: Path
    uid: int
    gid: int
    mode: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--tls-source", type=Path, default=TLS_SOURCE, help="folder with the site's cert.pem and key.pem"
    )
    parser.add_argument("--tls", type=Path, default=TLS, help="folder for the proxy's copy")


def run(arguments: argparse.Namespace, place: Place) -> int:
    """Prepare, and print the hash of the certificate as a shell assignment."""
    pair = pair_from(place, arguments.tls_source)
    warning = check_pair(pair, now=datetime.now(UTC)) if pair else None
    for secret in secrets_of(place):
        if secret.path.exists():
            check_secret(secret)
    for folder in folders_of(place):
        ensure_folder(folder)
    for secret in secrets_of(place):
        ensure_secret(secret)
    tls_hash = ""
    if pair:
        ensure_folder(Folder(arguments.tls, PROXY_UID, RUN_GID, 0o500))
        tls_hash = copy_pair(pair, arguments.tls, uid=PROXY_UID, gid=RUN_GID)
    if warning:
        print(f"warning: {warning}", file=sys.stderr)
    print(in_shell({"TLS_HASH": tls_hash}))
    return OK


def folders_of(place: Place) -> tuple[Folder, ...]:
    """Give the folders in the order in which they are made."""
    return (
        Folder(place.data, HUB_UID, HUB_UID, 0o700),
        Folder(place.run, 0, 0, 0o755),
        # the proxy makes its socket here with the group of the folder, through which the hub reaches it
        Folder(place.run / "proxy", PROXY_UID, RUN_GID, 0o2750),
        # netguard is root without DAC_OVERRIDE: it writes only where it is the owner; its status is no secret
        Folder(place.run / "guard", 0, 0, 0o755),
        # the volume with the proxy's copy of the certificate is mounted here
        Folder(place.run / "tls", PROXY_UID, RUN_GID, 0o500),
    )


def secrets_of(place: Place) -> tuple[SecretFile, ...]:
    """Give the secrets: JupyterHub wants its own for nobody else, the proxy's token is for hub and proxy."""
    environment = place.environment
    data = Path(environment.get("HUB_DATA_ON_HOST") or place.data)
    run_folder = Path(environment.get("HUB_RUN_ON_HOST") or place.run)
    cookie, token = place.cookie_secret, place.proxy_token
    return (
        SecretFile(cookie, data / cookie.relative_to(place.data), HUB_UID, HUB_UID, 0o600),
        SecretFile(token, run_folder / token.relative_to(place.run), PROXY_UID, RUN_GID, 0o640),
    )


def pair_from(place: Place, source: Path) -> Pair | None:
    """Give the certificate and key that the launcher mounted, or None if the site serves no TLS."""
    certificate, key = (place.environment.get(name, "") for name in ("TLS_CERTIFICATE_FILE", "TLS_KEY_FILE"))
    if not certificate or not key:
        return None
    return Pair(source / CERTIFICATE_NAME, source / KEY_NAME, certificate, key)


def ensure_folder(folder: Folder) -> None:
    """Make the folder, or give it its owner and mode; what lies in it stays as it is."""
    if folder.path.is_symlink() or (folder.path.exists() and not folder.path.is_dir()):
        raise DirectoryRefused(f"{folder.path} is not a folder. Move it away, then run `./hub up` again.")
    folder.path.mkdir(exist_ok=True)
    os.chown(folder.path, folder.uid, folder.gid)
    folder.path.chmod(folder.mode)  # after chown, which clears the set-group-id bit
