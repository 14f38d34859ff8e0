"""What hub.toml says, as typed and frozen values, and what follows from it for JupyterHub and for one person."""
