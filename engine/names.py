"""The names, labels and addresses of everything that one hub makes in Docker.

Pure. A slug is for people's eyes only; what keeps two names apart is the person's id or a hash. Names of
homes are recorded when they are made (`records.volumes`) and must not be computed again for an existing one.

Guarantees, for any text, also an empty one:
* every name is a Docker name of lower-case letters, digits, ``-`` and ``_``;
* no two (person, server) share a container name, no two people a home, no two folders a volume: a slug has no
  ``_``, so what stands before and after it can be told apart.
"""

import re
import unicodedata
from hashlib import sha256
from ipaddress import IPv4Address, IPv4Network
from typing import Final
from uuid import UUID

from records.subnet import FIRST_WORKSPACE, workspace_range

LABEL_PREFIX: Final = "workspace-hub"
LABEL_INSTANCE: Final = f"{LABEL_PREFIX}.instance"
LABEL_KIND: Final = f"{LABEL_PREFIX}.kind"
LABEL_PERSON: Final = f"{LABEL_PREFIX}.person"
LABEL_SERVER: Final = f"{LABEL_PREFIX}.server"
LABEL_GENERATION: Final = f"{LABEL_PREFIX}.generation"
LABEL_CONFIG: Final = f"{LABEL_PREFIX}.config"
LABEL_USER_NAME: Final = f"{LABEL_PREFIX}.user-name"

KIND_WORKSPACE: Final = "workspace"
KIND_PREPARE: Final = "prepare"
KIND_PROBE: Final = "probe"
KIND_HOME: Final = "home"
KIND_SHARED: Final = "shared"

SLUG_CHARACTERS: Final = 20
SHORT_HEX: Final = 12
HOST_NAME_CHARACTERS: Final = 40  # a DNS label has at most 63
DEVICE_HEX: Final = 10  # with "wsh" 13 characters; Linux allows 15 (IFNAMSIZ - 1)


def slug(text: str, limit: int = SLUG_CHARACTERS) -> str:
    """Make a text readable in a name: a-z, 0-9, single hyphens inside, never empty, not unique."""
    decomposed = unicodedata.normalize("NFKD", text).lower()
    ascii_only = decomposed.encode("ascii", "ignore").decode("ascii")
    hyphened = re.sub(r"[^a-z0-9]+", "-", ascii_only).strip("-")
    return hyphened[:limit].rstrip("-") or "x"


def short(person_id: UUID) -> str:
    """Give the part of a person's id that stands in names; records gives no two people the same."""
    return person_id.hex[:SHORT_HEX]


def container_name(instance: str, user_name: str, person_id: UUID, server: str) -> str:
    """Name the container of a person's server; the default server is the empty text."""
    name = f"{instance}-{slug(user_name)}-{short(person_id)}"
    return f"{name}_{_distinct(server)}" if server else name


def host_name(user_name: str) -> str:
    """Give a DNS label for the inside of a person's container."""
    label = slug(user_name, HOST_NAME_CHARACTERS)
    # a label of digits would be read as an IPv4 address by inet_aton
    return label if label[0].isalpha() else f"ws-{label}"


def new_home_volume(instance: str, user_name: str, person_id: UUID) -> str:
    """Name a new home volume; records keeps it, nobody computes it again."""
    return f"{instance}-home-{slug(user_name)}-{short(person_id)}"


def new_home_folder(instance: str, user_name: str, person_id: UUID) -> str:
    """Name a new home folder under the configured root; records keeps it, nobody computes it again."""
    return f"{instance}-{slug(user_name)}-{short(person_id)}"


def shared_volume(instance: str, folder: str) -> str:
    """Name the volume of a shared folder."""
    return f"{instance}-shared_{_distinct(folder)}"


def hub_name(instance: str) -> str:
    """Name the hub's container."""
    return f"{instance}-hub"


def proxy_name(instance: str) -> str:
    """Name the proxy's container."""
    return f"{instance}-proxy"


def netguard_name(instance: str) -> str:
    """Name the container that keeps the packet rules."""
    return f"{instance}-netguard"


def network_name(instance: str) -> str:
    """Name the workspaces network."""
    return f"{instance}-workspaces"


def front_network_name(instance: str) -> str:
    """Name the network that publishes the proxy's port; engines before 28 want it first by name."""
    return f"{instance}-0front"


def bridge_device(instance: str) -> str:
    """Name the bridge device of the workspaces network, in at most 15 characters."""
    return f"wsh{_hash_hex(instance, DEVICE_HEX)}"


def data_volume(instance: str) -> str:
    """Name the volume with the hub's databases and secrets."""
    return f"{instance}-data"


def run_volume(instance: str) -> str:
    """Name the volume with sockets and states that last as long as the machine is up."""
    return f"{instance}-run"


def tls_volume(instance: str) -> str:
    """Name the volume with the proxy's copy of the certificate."""
    return f"{instance}-tls"


def gateway_address(subnet: IPv4Network) -> IPv4Address:
    """Give the host's own address in the workspaces network."""
    return subnet.network_address + 1


def hub_address(subnet: IPv4Network) -> IPv4Address:
    """Give the hub's address in the workspaces network."""
    return subnet.network_address + 2


def proxy_address(subnet: IPv4Network) -> IPv4Address:
    """Give the proxy's address in the workspaces network."""
    return subnet.network_address + 3


def probe_addresses(subnet: IPv4Network) -> tuple[IPv4Address, ...]:
    """Give the addresses that test containers of the doctor may use."""
    return tuple(subnet.network_address + offset for offset in range(4, FIRST_WORKSPACE))


def first_workspace_offset(subnet: IPv4Network) -> int:
    """Give how far above the network's address those of the workspaces begin."""
    return int(workspace_range(subnet)[0]) - int(subnet.network_address)


def _distinct(text: str) -> str:
    """Keep a text that is its own slug; mark any other by a hash behind an underscore, which no slug has."""
    readable = slug(text)
    return readable if readable == text else f"{readable}_{_hash_hex(text, SHORT_HEX)}"


def _hash_hex(text: str, digits: int) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:digits]
