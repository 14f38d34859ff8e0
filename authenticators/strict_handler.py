"""What every strict REST handler shares: body, query and page numbers are judged before JupyterHub's handler runs."""

import copy
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from jupyterhub.apihandlers.base import APIHandler
from tornado import web

from authenticators.bodies import Body, check_body, check_name
from authenticators.errors import RequestRefused
from authenticators.local import LocalAccounts
from authenticators.strict_json import SMALL_BYTES, check_headers, parse_object
from settings.errors import shown

MOST_NAME_CHARACTERS: Final = 255
MOST_QUERY_CHARACTERS: Final = 1000
MOST_OFFSET: Final = 1_000_000
MOST_LIMIT: Final = 10_000

_NUMBER: Final = re.compile(r"[0-9]{1,9}")


class StrictHandler(APIHandler):  # type: ignore[misc]
    """Stands behind JupyterHub's handler in the list of bases, so that the handler's super() comes here."""

    # the model of the body, by method; a method without one takes any JSON object
    models: ClassVar[Mapping[str, type[Body]]] = {}
    # methods that cannot do without a body
    needs_body: ClassVar[frozenset[str]] = frozenset()
    most_body_bytes: ClassVar[int] = SMALL_BYTES

    async def prepare(self) -> None:
        """Refuse what JupyterHub must not see, once it is known who asks."""
        self._body: dict[str, object] | None = None
        await super().prepare()
        try:
            _check_path(self.path_args)
            _check_query(self.request.query_arguments)
            self._body = self._read_body()
            if self._body is not None:
                self.check_body(self._body)
        except RequestRefused as refused:
            raise web.HTTPError(refused.status, str(refused)) from None

    def get_json_body(self) -> dict[str, object] | None:
        """Give the body, read strictly; each caller gets a copy, because JupyterHub takes things out of it."""
        return copy.deepcopy(self._body)

    def check_body(self, body: dict[str, object]) -> None:
        """Refuse what the call's model does not describe."""
        model = self.models.get(self.request.method)
        if model is not None:
            check_body(model, body)

    def check_name(self, kind: str, name: str) -> None:
        """Answer 400 where nothing new can be called so."""
        try:
            check_name(kind, name)
        except RequestRefused as refused:
            raise web.HTTPError(refused.status, str(refused)) from None

    def get_api_pagination(self) -> tuple[int, int]:
        """Refuse an offset or a limit that JupyterHub would turn round, or hand to the database to fail on."""
        self._check_number("offset", 0, MOST_OFFSET)
        self._check_number("limit", 1, MOST_LIMIT)
        offset, limit = super().get_api_pagination()
        return offset, limit

    @property
    def accounts(self) -> LocalAccounts:
        """The accounts that people sign in with."""
        accounts: LocalAccounts = self.authenticator
        return accounts

    def _read_body(self) -> dict[str, object] | None:
        method, headers = self.request.method, self.request.headers
        if method in {"GET", "HEAD", "OPTIONS"}:
            return None
        if not self.request.body:
            if method in self.needs_body:
                raise RequestRefused("The body is empty. Send one JSON object, {…}.")
            return None
        check_headers(headers.get("Content-Type"), headers.get("Content-Encoding"))
        return parse_object(self.request.body, self.most_body_bytes)

    def _check_number(self, name: str, least: int, most: int) -> None:
        text = self.get_argument(name, None)
        if text is None or (_NUMBER.fullmatch(text) and least <= int(text) <= most):
            return
        raise web.HTTPError(400, f'{name} "{shown(text)}" is not accepted: it is a number from {least} to {most}.')


def _check_path(names: Iterable[str | None]) -> None:
    # JupyterHub repeats names in its answers and, with their line breaks, in its log
    for name in names:
        if name and (len(name) > MOST_NAME_CHARACTERS or shown(name, limit=MOST_NAME_CHARACTERS) != name):
            raise RequestRefused(
                f'The name "{shown(name)}" in the address is not accepted: it has at most {MOST_NAME_CHARACTERS} '
                "characters, all of which print."
            )


def _check_query(arguments: Mapping[str, Iterable[bytes]]) -> None:
    for name, values in arguments.items():
        for text in (value.decode("utf-8", "replace") for value in values):
            if len(text) > MOST_QUERY_CHARACTERS or any(unicodedata.category(letter) == "Cc" for letter in text):
                raise RequestRefused(
                    f'The value "{shown(text)}" of "{shown(name)}" in the address is not accepted: it has at most '
                    f"{MOST_QUERY_CHARACTERS} characters, and no control characters."
                )
