"""Stand-ins for what the hub talks to: a Docker engine that can be ill on purpose, and a workspace's server."""
