"""The product's jupyterhub_config.py, and after it what only tests need: a service with an admin's token."""

import os

c = get_config()  # type: ignore[name-defined]  # noqa: F821  # JupyterHub puts it here
load_subconfig(os.environ["HUB_CONFIG"])  # type: ignore[name-defined]  # noqa: F821
c.JupyterHub.services = [{"name": "tests", "api_token": os.environ["HUB_TEST_TOKEN"]}]
c.JupyterHub.load_roles = [*c.JupyterHub.load_roles, {"name": "admin", "services": ["tests"]}]
exec(compile(os.environ.get("HUB_EXTRA_CONFIG", ""), "extra config", "exec"))  # noqa: S102 - a test's own lines
