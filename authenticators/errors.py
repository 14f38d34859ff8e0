"""What can go wrong with accounts and with what people send to JupyterHub.

AccountError (HubError)
 ├── BadPassword       (passwords) not a password that can be set
 ├── PasswordsBusy     (passwords) too many sign-ins wait already
 └── RequestRefused    (strict_json, bodies, rest) not a request that is answered; carries the HTTP status

BadUserName (HubError, usernames)  not a name that a person can have
"""

from settings.errors import HubError


class AccountError(HubError):
    """The root of everything that this room raises on purpose."""


class BadPassword(AccountError):
    """The text cannot be a password; the sentence is for the person who typed it and does not repeat it."""


class PasswordsBusy(AccountError):
    """More people try to sign in at this moment than can be checked."""

    def __init__(self, waiting: int) -> None:
        super().__init__("Too many people are signing in at this moment. Try again in a minute.")
        self.waiting = waiting


class RequestRefused(AccountError):
    """A request that JupyterHub must not see; ``status`` is 400, 413 or 415."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
