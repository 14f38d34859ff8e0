"""Every Docker call that DockerSpawner does not make itself, its threads and its locks.

Knows containers, volumes, images and how long to wait for them; must not know people, profiles or policy.
"""
