"""R24: every spoiled file is refused with the line and a sentence, and all of its problems at once."""

import pytest

from settings.load import Problem, SettingsError, loads
from tests.unit.settings.good import GOOD, spoiled

# id: (line of the good file, what stands there instead, how many lines below the problem is, what is said)
MUTATIONS: dict[str, tuple[str, str, int, str]] = {
    "unknown key": (
        'memory = "8GiB"|limits',
        'memroy = "8GiB"',
        0,
        "unknown key `memroy` in [limits]; did you mean `memory`?",
    ),
    "unknown key without a near one": ("link_minutes = 30", "colour = 3", 0, "known are method, admins, link_minutes"),
    "unknown table": ("[notice]", "[notices]", 0, "unknown table `notices`; did you mean `notice`?"),
    "key in the wrong table": ("link_minutes = 30", "pids = 99", 0, "did you mean `limits.pids`?"),
    "key of a group that only limits have": (
        'block = ["ml"]',
        'shm = "1GiB"',
        0,
        "unknown key `shm` in [groups.vision]",
    ),
    "size without a unit": (
        'shm = "2GiB"',
        'shm = "2G"',
        0,
        'limits.shm must be a size such as "16GiB" (MiB, GiB or TiB), not "2G"',
    ),
    "size as a number": (
        'shm = "2GiB"',
        "shm = 2147483648",
        0,
        'limits.shm must be a size such as "16GiB" (MiB, GiB or TiB), not 2147483648',
    ),
    "size in decimal units": ('shm = "2GiB"', 'shm = "2GB"', 0, "must be a size such as"),
    "size with a space": ('shm = "2GiB"', 'shm = "2 GiB"', 0, "must be a size such as"),
    "negative size": ('shm = "2GiB"', 'shm = "-2GiB"', 0, "must be a size such as"),
    "size in full-width digits": ('shm = "2GiB"', 'shm = "２GiB"', 0, "must be a size such as"),
    "size of zero": ('shm = "2GiB"', 'shm = "0GiB"', 0, 'limits.shm must be 64MiB to 4TiB, not "0GiB"'),
    "size with too many digits": ('shm = "2GiB"', f'shm = "{"9" * 5000}GiB"', 0, "must be a size such as"),
    "size without quotes": ('shm = "2GiB"', "shm = 2GiB", 0, 'limits.shm needs quotes, and a size is written "16GiB"'),
    "shared memory above memory": ('shm = "2GiB"', 'shm = "9GiB"', 0, "must not be more than limits.memory (8GiB)"),
    "number in quotes": ("cpus = 2.5", 'cpus = "2.5"', 0, 'not "2.5"; write 2.5 without quotes'),
    "number with a comma in quotes": ("cpus = 2.5", 'cpus = "2,5"', 0, "write 2.5 without quotes"),
    "number that is not a number": ("cpus = 2.5", "cpus = nan", 0, "must be a number from 0.1 to 1024, not nan"),
    "number without end": ("cpus = 2.5", "cpus = inf", 0, "must be a number from 0.1 to 1024, not inf"),
    "negative number": ("pids = 1024", "pids = -1", 0, "limits.pids must be a whole number from 64 to 65536, not -1"),
    "fraction where a whole number is needed": ("pids = 1024", "pids = 1.5", 0, "must be a whole number"),
    "true where a number is needed": ("pids = 1024", "pids = true", 0, "must be a whole number from 64 to 65536"),
    "number of thousands of digits": ("pids = 1024", f"pids = {'9' * 5000}", 0, "thousands of digits"),
    "too many named servers": ("named_servers = 2", "named_servers = 11", 0, "a whole number from 0 to 10, not 11"),
    "text where true or false is needed": ("default = true", 'default = "yes"', 0, "must be true or false"),
    "yes instead of true": ("default = true", "default = yes", 0, "must be written true, not yes"),
    "True instead of true": ("default = true", "default = True", 0, "must be written true, not True"),
    "text without quotes": ('title = "Minimal"', "title = Minimal", 0, 'needs quotes: write "Minimal"'),
    "no value": ('title = "Minimal"', "title =", 0, "profiles.minimal.title has no value"),
    "no equals sign": ('title = "Minimal"', "\ttitle: Minimal", 0, "write it as key = value"),
    "text that does not end": ('title = "Minimal"', 'title = "Minimal', 0, "profiles.minimal.title is not valid TOML"),
    "list that does not end": ('block = ["ml"]', 'block = ["ml"', 0, "groups.vision.block is not valid TOML"),
    "header that does not end": ("[notice]", "[notice", 0, "not a table header"),
    "key twice": ("pids = 1024", "pids = 1024\npids = 2048", 1, "limits.pids is set twice, first in line"),
    "table twice": ("[notice]", "[limits]\npids = 99\n[notice]", 0, "table [limits] stands twice, first in line 21"),
    "value where a table is needed": ("[notice]", "[notice.text]", 0, "notice.text must be"),
    "table list where a table is needed": ("[notice]", "[[notice]]", 0, "notice must be a table such as [notice]"),
    "name of the installation": ('name = "lab"', 'name = "Lab 1"', 0, "site.name must be 1 to 20 of a-z"),
    "title with a control character": (
        'title = "Lab hub"',
        'title = "a\\u0007b"',
        0,
        "must not contain control characters",
    ),
    "title with a direction mark": (
        'title = "Lab hub"',
        'title = "a\\u202eb"',
        0,
        "must not contain control characters",
    ),
    "url with a path": (
        'url = "https://hub.example.org"',
        'url = "https://hub.example.org/hub"',
        0,
        "site.url must be an address such as",
    ),
    "url of another scheme": ('url = "https://hub.example.org"', 'url = "ftp://hub"', 0, "must be an address such as"),
    "url with a password": (
        'url = "https://hub.example.org"',
        'url = "https://a:b@hub"',
        0,
        "must be an address such as",
    ),
    "http url beside a certificate": (
        'url = "https://hub.example.org"',
        'url = "http://hub.example.org"',
        0,
        "site.url must begin with https:// where TLS files are set",
    ),
    "listen without a port": ('listen = "0.0.0.0:443"', 'listen = "0.0.0.0"', 0, "an IP address and a port"),
    "listen on a port that does not exist": (
        'listen = "0.0.0.0:443"',
        'listen = "0.0.0.0:70000"',
        0,
        "an IP address and a port",
    ),
    "redirect from the same port": (
        'redirect_listen = "0.0.0.0:80"',
        'redirect_listen = "0.0.0.0:443"',
        0,
        "must not share the port 443",
    ),
    "certificate without a key": (
        'tls_key_file = "/etc/ssl/hub.key"',
        "",
        -1,
        "site.tls_certificate_file needs site.tls_key_file",
    ),
    "key without a certificate": (
        'tls_certificate_file = "/etc/ssl/hub.pem"',
        "",
        1,
        "site.tls_key_file needs site.tls_certificate_file",
    ),
    "relative path of a certificate": (
        'tls_key_file = "/etc/ssl/hub.key"',
        'tls_key_file = "hub.key"',
        0,
        "an absolute path of a file",
    ),
    "subnet too small": (
        'subnet = "10.77.0.0/16"',
        'subnet = "10.77.0.0/27"',
        0,
        "is too small: /27 holds 32 addresses",
    ),
    "subnet too large": ('subnet = "10.77.0.0/16"', 'subnet = "10.0.0.0/8"', 0, "is too large"),
    "public subnet": ('subnet = "10.77.0.0/16"', 'subnet = "8.8.0.0/16"', 0, "must lie in a private range"),
    "subnet with host bits": ('subnet = "10.77.0.0/16"', 'subnet = "10.77.0.1/16"', 0, 'write "10.77.0.0/16"'),
    "subnet of IPv6": ('subnet = "10.77.0.0/16"', 'subnet = "fd00::/64"', 0, "must be a private IPv4 network"),
    "admin with a bad name": ('  "ada",', '  "Ada!",', -2, 'sign_in.admins must not contain "Ada!"'),
    "admin named twice": ('  "ada",', '  "admin",', -2, 'sign_in.admins names "admin" twice'),
    "link valid for too short": ("link_minutes = 30", "link_minutes = 1", 0, "a whole number from 5 to 10080"),
    "unknown group": (
        'groups = ["robots"]|profiles',
        'groups = ["robot"]',
        0,
        "names the unknown group `robot`; did you mean `robots`?",
    ),
    "unknown group without a near one": ('groups = ["robots"]|profiles', 'groups = ["x"]', 0, "add a table [groups.x]"),
    "unknown profile": ('block = ["ml"]', 'block = ["mll"]', 0, "names the unknown profile `mll`; did you mean `ml`?"),
    "data set with a bad name": ("[datasets.imagenet]", '[datasets."../x"]', 0, "beginning with a letter or digit"),
    "two default profiles": (
        "start_seconds = 120",
        "default = true",
        0,
        "only one profile may be the default, and profiles.minimal",
    ),
    "profile without an image": ('image = "workspace-hub/ml:0.1.0"', "", -2, "profiles.ml needs the key `image`"),
    "image that is an option": (
        'image = "workspace-hub/ml:0.1.0"',
        'image = "-v /:/x"',
        0,
        "must be an image name such as",
    ),
    "image in capitals": ('image = "workspace-hub/ml:0.1.0"', 'image = "IMG"', 0, "must be an image name such as"),
    "start that takes for ever": ("start_seconds = 120", "start_seconds = 6000", 0, "a whole number from 10 to 600"),
    "shared folder for nobody": ('groups = ["vision"]', "groups = []", 0, "shared.vision.groups must not be empty"),
    "shared folder in the homes": (
        'source = "/srv/hub/vision"',
        'source = "/srv/hub/homes/vision"',
        0,
        "shared.vision.source overlaps storage.root",
    ),
    "data set that is the host": ('source = "/srv/data/imagenet"', 'source = "/"', 0, "belongs to the system"),
    "data set below /etc": ('source = "/srv/data/imagenet"', 'source = "/etc/ssl"', 0, "/etc belongs to the system"),
    "data set that is the Docker socket": (
        'source = "/srv/data/imagenet"',
        'source = "/var/run/docker.sock"',
        0,
        "/var/run belongs",
    ),
    "data set with dots": ('source = "/srv/data/imagenet"', 'source = "/srv/../etc"', 0, 'must not contain ".."'),
    "data set with braces": ('source = "/srv/data/imagenet"', 'source = "/srv/{username}"', 0, 'must not contain "{"'),
    "data set with mount options": (
        'source = "/srv/data/imagenet"',
        'source = "/srv/a:/x:rw"',
        0,
        'must not contain ":"',
    ),
    "data set by a relative path": (
        'source = "/srv/data/imagenet"',
        'source = "data"',
        0,
        "must be an absolute folder",
    ),
    "storage of an unknown kind": (
        'kind = "folder"',
        'kind = "nfs"',
        0,
        'storage.kind must be "volume" or "folder", not "nfs"',
    ),
    "folders without a root": ('root = "/srv/hub/homes"', "", -2, "storage.root is needed"),
    "ids that meet": (
        "first_uid = 20000",
        "first_uid = 10000",
        -3,
        "storage.first_group_gid must lie 1000 or more below",
    ),
    "reserved variable": ('TZ = "Europe/Berlin"', 'LD_PRELOAD = "x"', 0, "environment.LD_PRELOAD is reserved"),
    "reserved variable in small letters": (
        'TZ = "Europe/Berlin"',
        'jupyterhub_x = "x"',
        0,
        "environment.jupyterhub_x is reserved",
    ),
    "variable with a bad name": ('TZ = "Europe/Berlin"', '"A B" = "x"', 0, "is no variable name"),
    "variable that is a number": ('TZ = "Europe/Berlin"', "TZ = 1", 0, "environment.TZ must be text in quotes"),
    "variable of two lines": ('TZ = "Europe/Berlin"', 'TZ = "a\\nb"', 0, "must be one line"),
    "variable with NUL": ('TZ = "Europe/Berlin"', 'TZ = "a\\u0000b"', 0, "must be one line without NUL"),
    "variable that is too long": ('TZ = "Europe/Berlin"', f'TZ = "{"x" * 4097}"', 0, "has 4097 bytes; at most 4 KiB"),
    "unknown trait": (
        "active_server_limit = 100",
        "active_server_limits = 1",
        0,
        "did you mean `active_server_limit`?",
    ),
    "trait of the hub's": ("active_server_limit = 100", "cleanup_servers = true", 0, "cannot be set here"),
    "trait with a key of its own": ("active_server_limit = 100", 'admin_users = ["x"]', 0, "use sign_in.admins"),
    "trait of a wrong type": (
        "active_server_limit = 100",
        'active_server_limit = "x"',
        0,
        "has a value that JupyterHub refuses",
    ),
    "unknown class": ("[jupyterhub.JupyterHub]", "[jupyterhub.JupiterHub]", 0, "did you mean `JupyterHub`?"),
    "class that is ours": (
        "[jupyterhub.JupyterHub]",
        "[jupyterhub.DockerSpawner]",
        0,
        "DockerSpawner cannot be set here; use limits",
    ),
}


def problems_of(text: str) -> tuple[Problem, ...]:
    with pytest.raises(SettingsError) as caught:
        loads(text)
    return caught.value.problems


def said(text: str) -> list[tuple[int | None, str]]:
    return [(problem.line, problem.message) for problem in problems_of(text)]


def in_section(old: str) -> tuple[str, str]:
    """Split "line|section" where a line stands in several sections."""
    line, _, section = old.partition("|")
    return line, section


def test_the_good_file_is_good() -> None:
    assert loads(GOOD).site.name == "lab"


def test_there_are_at_least_forty_five_mutations() -> None:
    assert len(MUTATIONS) >= 45


@pytest.mark.parametrize(("old", "new", "offset", "message"), MUTATIONS.values(), ids=MUTATIONS.keys())
def test_a_spoiled_line_is_refused_with_its_number_and_a_sentence(
    old: str, new: str, offset: int, message: str
) -> None:
    line, section = in_section(old)
    text, number = _spoiled_in(section, line, new) if section else spoiled(line, new)
    found = said(text)
    assert len(found) == 1, found
    assert message in found[0][1]
    # int() of thousands of digits fails without a position
    assert found[0][0] == (None if "thousands of digits" in message else number + offset)


def _spoiled_in(section: str, line: str, new: str) -> tuple[str, int]:
    lines = GOOD.split("\n")
    begin = next(number for number, text in enumerate(lines) if text.startswith(f"[{section}"))
    at = next(
        number
        for number, text in enumerate(lines)
        if text == line and number > begin and (section != "profiles" or number > lines.index("[profiles.ml]"))
    )
    return "\n".join([*lines[:at], new, *lines[at + 1 :]]), at + 1


def test_all_problems_are_listed_at_once_in_the_order_of_the_file() -> None:
    text = """\
memory = "4GiB"
[site]
name = "Bad Name"
[limits]
memroy = "4GiB"
memory = 16G
cpus = "1,5"
pids = -5
pids = 7
[groups.vision]
block = ["mll"]
[shared.vision]
groups = ["vison"]
source = "../x"
[shared.empty]
[profiles.ml]
image = "workspace-hub/ml:0.1.0"
default = yes
[environment]
PATH = "/x"
[jupyterhub.Spawner]
mem_limit = "4G"
[sign_in]
admins = []
"""
    assert said(text) == [
        (1, "unknown key `memory`; did you mean `limits.memory`?"),
        (3, 'site.name must be 1 to 20 of a-z, 0-9 and hyphen, beginning with a letter, not "Bad Name"'),
        (5, "unknown key `memroy` in [limits]; did you mean `memory`?"),
        (6, 'limits.memory needs quotes, and a size is written "16GiB"; found 16G'),
        (7, 'limits.cpus must be a number from 0.1 to 1024, not "1,5"; write 1.5 without quotes'),
        (8, "limits.pids must be a whole number from 64 to 65536, not -5"),
        (9, "limits.pids is set twice, first in line 8; keep one of the two"),
        (11, "groups.vision.block names the unknown profile `mll`; did you mean `ml`?"),
        (13, "shared.vision.groups names the unknown group `vison`; did you mean `vision`?"),
        (14, 'shared.vision.source must not contain "..", but is "../x"'),
        (
            15,
            (
                "shared.empty needs the key `groups`: "
                "the groups whose members see the folder and may write in it; at least one"
            ),
        ),
        (18, "profiles.ml.default must be written true, not yes"),
        (20, "environment.PATH is reserved for the hub or the image; choose another name"),
        (
            22,
            (
                "jupyterhub.Spawner.mem_limit cannot be set here; "
                "use limits.memory, groups.NAME.memory or profiles.NAME.memory"
            ),
        ),
        (24, 'sign_in.admins must not be empty; write for example ["admin"]'),
    ]


def test_every_bad_name_of_a_list_is_said() -> None:
    (problem,) = problems_of('[sign_in]\nadmins = ["A", "b..c", "x"]\n')
    assert 'must not contain "A"' in problem.message
    assert 'must not contain "b..c"' in problem.message


def test_several_mistakes_of_spelling_are_all_found() -> None:
    text = "[limits]\npids = \ncpus = yes\n[site\nname = 3\n[notice]\ntext = hello\n"
    assert [line for line, _ in said(text)] == [2, 3, 4, 7]


def test_a_refused_group_does_not_make_references_to_it_wrong_too() -> None:
    text = '[groups]\nvision = 3\n[shared.vision]\ngroups = ["vision"]\n'
    assert said(text) == [(2, "groups.vision must be a table such as [groups.vision], not 3")]


def test_a_broken_header_does_not_make_references_to_its_table_wrong_too() -> None:
    text = '[groups.vision\n[shared.vision]\ngroups = ["vision"]\n'
    assert [line for line, _ in said(text)] == [1]


def test_nobody_could_log_in_without_admins_so_the_setting_is_named() -> None:
    """U2"""
    (problem,) = problems_of("[sign_in]\nadmins = []\n")
    assert problem.key == "sign_in.admins"
    assert "sign_in.admins must not be empty" in problem.message


@pytest.mark.parametrize(
    ("site", "message"),
    [
        pytest.param('listen = "0.0.0.0:8000"', "is open to the network without TLS", id="plain http for everyone"),
        pytest.param('url = "http://hub.example.org"', "is plain http for other machines", id="plain http in front"),
        pytest.param(
            'url = "https://hub.example.org"\nlisten = "0.0.0.0:443"', "nothing serves TLS", id="https without TLS"
        ),
        pytest.param('redirect_listen = "0.0.0.0:80"', "only for a hub with TLS", id="redirect without TLS"),
        pytest.param('listen = "[::]:8000"', "is open to the network without TLS", id="IPv6 for everyone"),
    ],
)
def test_what_would_send_passwords_readable_is_refused(site: str, message: str) -> None:
    (problem,) = problems_of(f"[site]\n{site}\n")
    assert message in problem.message


@pytest.mark.parametrize(
    "site",
    [
        pytest.param('listen = "0.0.0.0:8000"\ninsecure_http = true', id="plain http on purpose"),
        pytest.param('url = "http://hub.example.org"\ninsecure_http = true', id="plain http in front on purpose"),
        pytest.param('url = "https://hub.example.org"', id="a TLS proxy in front of loopback"),
        pytest.param('url = "http://localhost:8000"', id="localhost"),
        pytest.param('listen = "[::1]:8000"\nurl = "http://[::1]:8000"', id="IPv6 loopback"),
    ],
)
def test_what_keeps_passwords_unreadable_or_says_so_is_accepted(site: str) -> None:
    assert loads(f"[site]\n{site}\n").site.name == "workspace-hub"


def test_shared_folders_may_not_lie_in_each_other() -> None:
    text = '[groups.a]\n[shared.x]\ngroups=["a"]\nsource="/srv/x"\n[shared.y]\ngroups=["a"]\nsource="/srv/x/y"\n'
    assert said(text) == [(7, "shared.y.source overlaps shared.x.source; each shared folder needs a place of its own")]


def test_two_data_sets_may_show_one_folder_and_share_a_name_with_a_shared_folder() -> None:
    text = '[groups.a]\n[shared.x]\ngroups=["a"]\n[datasets.x]\nsource="/srv/x"\n[datasets.y]\nsource="/srv/x"\n'
    assert set(loads(text).datasets) == {"x", "y"}


def test_more_than_sixty_four_variables_are_refused() -> None:
    variables = "\n".join(f'V{number} = "x"' for number in range(65))
    assert said(f"[environment]\n{variables}\n") == [(1, "environment has 65 variables; at most 64 are allowed")]


def test_more_than_thirty_two_kibibytes_of_variables_are_refused() -> None:
    variables = "\n".join(f'V{number} = "{"x" * 4000}"' for number in range(9))
    ((line, message),) = said(f"[environment]\n{variables}\n")
    assert line == 1
    assert message.endswith("at most 32 KiB are allowed")
