"""The model of hub.toml: every table, key, default and allowed value, and nothing of how they are used."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from settings.environment import VariableName, VariableValue, whole_problem
from settings.kinds import REFUSED, Choice, Matching, Names, Number, Size, Text, WholeNumber, YesNo
from settings.names import (
    GROUP_NAME_PATTERN,
    INSTANCE_NAME_PATTERN,
    PROFILE_ID_PATTERN,
    USER_NAME_ALLOWED,
    USER_NAME_PATTERN,
)
from settings.places import Endpoint, HostPath, Subnet, Url, split_endpoint
from settings.sizes import GIB, MIB, TIB

_GROUP_WORDS: Final = "1 to 32 of a-z, 0-9, hyphen and underscore, beginning with a letter or digit"
_PROFILE_WORDS: Final = "1 to 32 of a-z, 0-9 and hyphen, beginning with a letter or digit"
# https://docs.docker.com/reference/cli/docker/image/tag/: lower-case path, tag, digest; no leading hyphen
_IMAGE: Final = re.compile(
    r"\A(?=.{1,255}\Z)[a-z0-9][a-z0-9._-]*(?::[0-9]{1,5}(?=/))?(?:/[a-z0-9][a-z0-9._-]*)*"
    r"(?::[A-Za-z0-9_][A-Za-z0-9._-]{0,127})?(?:@sha256:[0-9a-f]{64})?\Z"
)

GROUP_NAME: Final = Matching(GROUP_NAME_PATTERN, _GROUP_WORDS)
PROFILE_ID: Final = Matching(PROFILE_ID_PATTERN, _PROFILE_WORDS)
USER_NAME: Final = Matching(USER_NAME_PATTERN, USER_NAME_ALLOWED, banned="..")
GROUPS: Final = Names(GROUP_NAME)

_MEMORY: Final = Size(512 * MIB, 4 * TIB)
_CPUS: Final = Number(0.1, 1024)
_PIDS: Final = WholeNumber(64, 65536)
_SHM: Final = Size(64 * MIB, 4 * TIB)
_NAMED_SERVERS: Final = WholeNumber(0, 10)

GroupName = Annotated[str, GROUP_NAME]
ProfileId = Annotated[str, PROFILE_ID]


class Table(BaseModel):
    """A table of the file: unknown keys are refused, values are final."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=False)


class Site(Table):
    """What the installation is called and where it is reached."""

    name: Annotated[
        str,
        Matching(INSTANCE_NAME_PATTERN, "1 to 20 of a-z, 0-9 and hyphen, beginning with a letter"),
    ] = Field(
        default="workspace-hub",
        description="The name of this installation; every Docker object begins with it. "
        "Choose it before the first start: another name is another, empty installation.",
    )
    title: Annotated[str, Text(64, shortest=1)] = Field(
        default="Workspace Hub", description="The title that people see on every page."
    )
    url: Annotated[str, Url()] = Field(
        default="http://127.0.0.1:8000",
        description="The address that people type in the browser. It is https where TLS files are set, or where "
        "a TLS proxy of yours stands in front of a hub that listens on loopback.",
    )
    listen: Annotated[str, Endpoint()] = Field(
        default="127.0.0.1:8000",
        description="The address and port of this machine on which the hub is published. "
        '"0.0.0.0:443" is every address of the machine.',
    )
    insecure_http: Annotated[bool, YesNo()] = Field(
        default=False,
        description="Allow plain http on an address other than loopback. Passwords and work then cross the network "
        "readable; the hub says so at every start.",
    )
    tls_certificate_file: Annotated[str, HostPath(is_mount=False, may_be_empty=True)] = Field(
        default="",
        description="The host path of your certificate chain in PEM form. With it the proxy serves TLS itself.",
    )
    tls_key_file: Annotated[str, HostPath(is_mount=False, may_be_empty=True)] = Field(
        default="", description="The host path of the certificate's key in PEM form, readable by root only."
    )
    redirect_listen: Annotated[str, Endpoint(may_be_empty=True)] = Field(
        default="",
        description='An address such as "0.0.0.0:80" where plain http is redirected to url. Only with TLS files.',
    )

    @property
    def has_tls(self) -> bool:
        """Tell if the proxy serves TLS itself."""
        return bool(self.tls_certificate_file and self.tls_key_file)

    @property
    def listen_host(self) -> str:
        """The address part of listen."""
        return split_endpoint(self.listen)[0]

    @property
    def listen_port(self) -> int:
        """The port part of listen."""
        return split_endpoint(self.listen)[1]


class Network(Table):
    """The network in which the workspaces live."""

    subnet: Annotated[IPv4Network, Subnet()] = Field(
        default=IPv4Network("10.77.0.0/16"),
        description="The private IPv4 network of the workspaces, /16 to /26. It must not overlap a network that this "
        "machine, its VPN or your laboratory uses.",
    )
    port_isolation: Annotated[bool, YesNo()] = Field(
        default=False,
        description="Isolate the bridge's ports too, so that workspaces do not even see each other's ARP answers. "
        "It needs a kernel and bridge that support port isolation.",
    )


class SignIn(Table):
    """Who may enter and how."""

    method: Annotated[Literal["local"], Choice(("local",))] = Field(
        default="local",
        description="How people prove who they are. local: accounts with a password in this hub, each opened by a "
        "one-time link from an admin.",
    )
    admins: Annotated[tuple[str, ...], Names(USER_NAME, example='["admin"]', least=1)] = Field(
        default=("admin",),
        description="The user names of the admins, at least one. The first gets the one-time link that `./hub up` "
        "prints.",
    )
    link_minutes: Annotated[int, WholeNumber(5, 10080)] = Field(
        default=60, description="How many minutes a one-time link is valid."
    )


class Limits(Table):
    """What everyone may use: the default and, where no group gives more, the ceiling."""

    memory_bytes: Annotated[int, _MEMORY] = Field(
        default=4 * GIB,
        alias="memory",
        description="The memory of one workspace; there is no swap beside it.",
    )
    cpus: Annotated[float, _CPUS] = Field(
        default=2.0, description="How many processor cores one workspace may keep busy."
    )
    pids: Annotated[int, _PIDS] = Field(
        default=2048, description="How many processes and threads one workspace may have."
    )
    shm_bytes: Annotated[int, _SHM] = Field(
        default=2 * GIB,
        alias="shm",
        description="The size of /dev/shm, which data loaders use. It is used where a profile sets none.",
    )
    named_servers: Annotated[int, _NAMED_SERVERS] = Field(
        default=3, description="How many further workspaces one person may have beside the first; 0 is none."
    )


class Group(Table):
    """What members of one group get beyond everyone; the most generous value wins."""

    memory_bytes: Annotated[int | None, _MEMORY] = Field(
        default=None, alias="memory", description="The memory of one workspace of a member."
    )
    cpus: Annotated[float | None, _CPUS] = Field(
        default=None, description="How many processor cores a member's workspace may keep busy."
    )
    pids: Annotated[int | None, _PIDS] = Field(
        default=None, description="How many processes and threads a member's workspace may have."
    )
    named_servers: Annotated[int | None, _NAMED_SERVERS] = Field(
        default=None, description="How many further workspaces a member may have beside the first."
    )
    block: Annotated[tuple[str, ...], Names(PROFILE_ID, example='["ml"]')] = Field(
        default=(),
        description="The profiles that are taken away from members. A block wins over every other group.",
    )


class Storage(Table):
    """Where people's files lie."""

    kind: Annotated[Literal["volume", "folder"], Choice(("volume", "folder"))] = Field(
        default="volume",
        description="Where the files of a new person are kept. volume: a Docker volume; folder: a folder under root.",
    )
    root: Annotated[str, HostPath(is_mount=True, may_be_empty=True)] = Field(
        default="",
        description='The absolute host folder under which each person gets a folder. Needed with kind = "folder".',
    )
    first_uid: Annotated[int, WholeNumber(1000, 2_000_000_000)] = Field(
        default=20000,
        description="The first user and group id of people; each gets the next one, never used again. "
        "Change it only before the first person exists.",
    )
    first_group_gid: Annotated[int, WholeNumber(1000, 2_000_000_000)] = Field(
        default=10000, description="The first group id of shared folders; each folder gets the next one."
    )
    min_free_bytes: Annotated[int, Size(64 * MIB, 4 * TIB)] = Field(
        default=GIB,
        alias="min_free",
        description="The free disk space below which the doctor warns and no image is built.",
    )


class SharedFolder(Table):
    """A folder at /workspace/shared/NAME that members of its groups read and write together."""

    groups: Annotated[tuple[str, ...], Names(GROUP_NAME, least=1)] = Field(
        description="The groups whose members see the folder and may write in it; at least one."
    )
    source: Annotated[str, HostPath(is_mount=True, may_be_empty=True)] = Field(
        default="",
        description="An absolute host folder that holds the files. Empty: a Docker volume made for it.",
    )


class Dataset(Table):
    """A host folder at /workspace/datasets/NAME that people read and cannot change."""

    source: Annotated[str, HostPath(is_mount=True)] = Field(description="The absolute host folder that holds the data.")
    groups: Annotated[tuple[str, ...], GROUPS] = Field(
        default=(), description="The groups whose members see the data. Empty: everyone."
    )


class Profile(Table):
    """A kind of workspace that people choose from."""

    title: Annotated[str, Text(64)] = Field(
        default="", description="The name that people see. Empty or left out: the profile's id."
    )
    description: Annotated[str, Text(300)] = Field(
        default="", description="One sentence that tells people what the workspace has."
    )
    image: Annotated[str, Matching(_IMAGE, 'an image name such as "workspace-hub/minimal:0.1.0"')] = Field(
        description="The image that is started; it must be on this machine."
    )
    contract: Annotated[Literal["jupyter"], Choice(("jupyter",))] = Field(
        default="jupyter",
        description="How the image is started. jupyter: our own images and those of jupyter/docker-stacks.",
    )
    memory_bytes: Annotated[int | None, _MEMORY] = Field(
        default=None,
        alias="memory",
        description="The memory of a workspace of this profile. The person's own limit is never exceeded.",
    )
    cpus: Annotated[float | None, _CPUS] = Field(
        default=None,
        description="The processor cores of a workspace of this profile, within the person's limit.",
    )
    shm_bytes: Annotated[int | None, _SHM] = Field(
        default=None, alias="shm", description="The size of /dev/shm in a workspace of this profile."
    )
    groups: Annotated[tuple[str, ...], GROUPS] = Field(
        default=(), description="The groups whose members may use the profile. Empty: everyone."
    )
    default: Annotated[bool, YesNo()] = Field(
        default=False,
        description="Offer this profile first. At most one profile has it; "
        "without it the first in the file is offered.",
    )
    start_seconds: Annotated[int, WholeNumber(10, 600)] = Field(
        default=60, description="How many seconds a start may take before it is given up."
    )


class Notice(Table):
    """A message to everyone."""

    text: Annotated[str, Text(1000, lines=True)] = Field(
        default="", description="Plain text shown at the top of every page of the hub. Empty: no message."
    )


DEFAULT_PROFILE_ID: Final = "minimal"


def default_profiles() -> Mapping[str, Profile]:
    """Give the one profile that there is when the file names none."""
    profile = Profile(
        title="Minimal",
        description="JupyterLab, terminal, git and your own Python environments.",
        image="workspace-hub/minimal:0.1.0",
        default=True,
    )
    return {DEFAULT_PROFILE_ID: profile}


def _or_default_profiles(profiles: Mapping[str, Profile]) -> Mapping[str, Profile]:
    return profiles or default_profiles()


def _within_bounds(environment: Mapping[str, str]) -> Mapping[str, str]:
    if sentence := whole_problem(environment):
        raise PydanticCustomError(REFUSED, "{sentence}", {"sentence": sentence})
    return environment


class Settings(Table):
    """The whole of hub.toml."""

    site: Site = Field(default_factory=Site, description="What the installation is called and where it is reached.")
    network: Network = Field(default_factory=Network, description="The network in which the workspaces live.")
    sign_in: SignIn = Field(default_factory=SignIn, description="Who may enter and how.")
    limits: Limits = Field(
        default_factory=Limits,
        description="What everyone may use: the default and, where no group gives more, the ceiling.",
    )
    groups: Mapping[GroupName, Group] = Field(
        default_factory=dict,
        description="What members of a group get beyond everyone. The most generous of everyone's value and those "
        "of all groups of a person wins; groups appear in the admin panel, where people are put into them.",
    )
    storage: Storage = Field(default_factory=Storage, description="Where people's files lie.")
    shared: Mapping[GroupName, SharedFolder] = Field(
        default_factory=dict,
        description="Folders that the members of groups read and write together, at /workspace/shared/NAME.",
    )
    datasets: Mapping[GroupName, Dataset] = Field(
        default_factory=dict,
        description="Host folders that people read and cannot change, at /workspace/datasets/NAME.",
    )
    profiles: Annotated[Mapping[ProfileId, Profile], AfterValidator(_or_default_profiles)] = Field(
        default_factory=default_profiles,
        description="The kinds of workspace that people choose from. Without any, there is the one shown here.",
    )
    environment: Annotated[
        Mapping[Annotated[str, VariableName()], Annotated[str, VariableValue()]],
        AfterValidator(_within_bounds),
    ] = Field(
        default_factory=dict,
        description="Variables of every workspace, taken literally: at most 64, 4 KiB each and 32 KiB in all. "
        "Names that the hub, the image or the loader use are refused.",
    )
    notice: Notice = Field(default_factory=Notice, description="A message to everyone.")
    jupyterhub: Mapping[str, Mapping[str, object]] = Field(
        default_factory=dict,
        description="Traits of JupyterHub's own classes, passed through. Names are checked; what this file has a key "
        "of its own for is refused with that key.",
    )

    @property
    def default_profile_id(self) -> str:
        """The profile that is offered first: the one marked default, else the first in the file."""
        marked = (profile_id for profile_id, profile in self.profiles.items() if profile.default)
        return next(marked, next(iter(self.profiles)))

    def profile_title(self, profile_id: str) -> str:
        """Give the name of a profile that people see."""
        return self.profiles[profile_id].title or profile_id

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        # traitlets copies every configured value for every object that it configures; nothing here can change
        return self
