"""The name of the hub's own image, in which commands and one-shot containers run."""

from importlib.metadata import version


def hub_image() -> str:
    """Give the image of this very version."""
    return f"workspace-hub/hub:{version('workspace-hub')}"
