"""The packet rules between hub, proxy, workspaces and host, and the process that keeps them (netguard)."""
