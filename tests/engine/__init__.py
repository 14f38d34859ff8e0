"""The engine contract: the same suite on the fake engine and on a real one."""
