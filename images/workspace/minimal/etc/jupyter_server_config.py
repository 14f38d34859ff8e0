"""Settings of the server for everyone; a person's own in ~/.jupyter come after it."""

c = get_config()  # noqa: F821

c.ServerApp.root_dir = "/workspace"
c.ServerApp.default_url = "/lab"
c.ServerApp.open_browser = False
# A login shell, so that a terminal here is as one over SSH.
c.ServerApp.terminado_settings = {"shell_command": ["/bin/bash", "-l"]}
# The wastebasket would lie in the same volume and fill it: what is deleted is deleted.
c.FileContentsManager.delete_to_trash = False
# Nothing asks other hosts at the start, and the image's own packages are not the person's to change.
c.LabApp.news_url = None
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.extension_manager = "readonly"
