"""The token of a server: ended with it, also where JupyterHub has forgotten which one it is."""

from typing import Any

from jupyterhub.utils import url_escape_path, url_path_join
from sqlalchemy.orm import object_session


def end_tokens_of_server(user: Any, server: str) -> int:
    """Delete a person's tokens for a server and give their number; JupyterHub commits when it has stopped the server.

    JupyterHub 6.1.1 deletes the one that it remembers, and after a restart it remembers none (user.py, `User.stop`).
    The note is what it writes itself; nobody else can write one that begins so (`authenticators.bodies`).
    """
    note = f"Server at {url_path_join(user.base_url, url_escape_path(server), '/')}"
    tokens = [token for token in user.orm_user.api_tokens if token.note == note]
    for token in tokens:
        session = object_session(token)
        if session is not None:
            session.delete(token)
    return len(tokens)
