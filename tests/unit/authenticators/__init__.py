"""Tests of the room `authenticators`."""
