"""A real JupyterHub behind a real proxy, with a fake Docker engine that can be ill on purpose."""
