"""The images on a real engine: what a workspace, the hub's image and the build's own scripts do."""
