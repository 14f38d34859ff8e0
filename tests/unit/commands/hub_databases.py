"""JupyterHub's own database with a few people, made by JupyterHub's own model."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from jupyterhub import orm


def write_hub_database(file: Path, people: Mapping[str, Sequence[str]]) -> None:
    """Write a database in which the people are in the named groups."""
    factory = orm.new_session_factory(f"sqlite:///{file}")
    session = factory()
    groups = {name: orm.Group(name=name) for name in {name for names in people.values() for name in names}}
    for name, names in people.items():
        user = orm.User(name=name)
        session.add(user)
        for group in names:
            groups[group].users.append(user)
    session.add_all(groups.values())
    session.commit()
    session.close()
    session.get_bind().dispose()
