"""What JupyterHub reads at its start: hub.toml, applied; or its problems on stderr and exit code 78."""

import os
import sys
from pathlib import Path

import authenticators
import spawner
from authenticators.redirects import stay_on_site
from authenticators.rest import strict_handlers
from commands.hub_image import hub_image
from settings.apply import apply
from settings.errors import SettingsError
from settings.load import load, warnings_for
from spawner import pages

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub puts it here
run = Path(os.environ.get("HUB_RUN", "/run/workspace-hub"))
try:
    settings = load(Path(os.environ.get("HUB_TOML", "/etc/workspace-hub/hub.toml")))
except SettingsError as error:
    sys.stderr.write(f"{error}\n")
    sys.exit(78)  # EX_CONFIG, sysexits.h
for warning in warnings_for(settings):
    sys.stderr.write(f"hub: warning: {warning}\n")
apply(
    settings,
    c,
    data=Path(os.environ.get("HUB_DATA", "/data")),
    run=run,
    docker_url=os.environ.get("HUB_DOCKER", "unix:///var/run/docker.sock"),
    proxy_token=(run / "proxy" / "token").read_text().strip(),
    hub_bind_url=os.environ.get("HUB_BIND_URL"),
    hub_connect_url=os.environ.get("HUB_CONNECT_URL"),
)
c.WorkspaceSpawner.prepare_image = hub_image()
c.JupyterHub.template_paths = [str(spawner.TEMPLATES), str(authenticators.TEMPLATES)]
c.LocalAccounts.first_handlers = [*strict_handlers(pages.check_user_options), *stay_on_site(pages.handlers())]
