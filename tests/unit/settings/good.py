"""A file that uses every table, and how a test spoils one line of it."""

GOOD = """\
# a laboratory with two groups
[site]
name = "lab"
title = "Lab hub"
url = "https://hub.example.org"
listen = "0.0.0.0:443"
tls_certificate_file = "/etc/ssl/hub.pem"
tls_key_file = "/etc/ssl/hub.key"
redirect_listen = "0.0.0.0:80"

[network]
subnet = "10.77.0.0/16"

[sign_in]
admins = [
  "admin",
  "ada",
]
link_minutes = 30

[limits]
memory = "8GiB"
cpus = 2.5
pids = 1024
shm = "2GiB"
named_servers = 2

[groups.vision]
memory = "16GiB"
block = ["ml"]

[groups.robots]
cpus = 8

[storage]
kind = "folder"
root = "/srv/hub/homes"
first_uid = 20000

[shared.vision]
groups = ["vision"]
source = "/srv/hub/vision"

[shared.robots]
groups = ["robots"]

[datasets.imagenet]
source = "/srv/data/imagenet"
groups = ["vision", "robots"]

[profiles.minimal]
title = "Minimal"
image = "workspace-hub/minimal:0.1.0"
default = true

[profiles.ml]
title = "Machine learning"
image = "workspace-hub/ml:0.1.0"
memory = "8GiB"
groups = ["robots"]
start_seconds = 120

[environment]
TZ = "Europe/Berlin"
HTTP_PROXY = "http://proxy.example.org:3128"

[notice]
text = \"\"\"
Maintenance on Friday.
memory = 3
\"\"\"

[jupyterhub.JupyterHub]
active_server_limit = 100
"""


def spoiled(old: str, new: str) -> tuple[str, int]:
    """Replace one line of the good file; give the text and the number of that line."""
    lines = GOOD.split("\n")
    assert lines.count(old) == 1, f"{old!r} stands {lines.count(old)} times in the good file"
    at = lines.index(old)
    return "\n".join([*lines[:at], new, *lines[at + 1 :]]), at + 1
