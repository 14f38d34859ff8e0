#!/opt/venv/bin/python
"""Stand-in for docker-stacks' command: the hub's single-user server under a hub, else plain JupyterLab."""

import os
import shlex
import sys

program = ["jupyterhub-singleuser"] if os.environ.get("JUPYTERHUB_API_TOKEN") else ["jupyter", "lab"]
command = [*program, *shlex.split(os.environ.get("NOTEBOOK_ARGS", "")), *sys.argv[1:]]
os.execvp(command[0], command)
