"""Passwords: which text may be one, and argon2id hashes made and checked off the event loop.

It keeps nothing and knows no people; where a hash is kept is decided elsewhere.
"""

import asyncio
import secrets
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import Type

from authenticators.errors import BadPassword, PasswordsBusy

LEAST_CHARACTERS: Final = 8
MOST_BYTES: Final = 1024

# the least that OWASP recommends for argon2id: 19 MiB, two passes, one lane
# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html#argon2id
MEMORY_KIB: Final = 19 * 1024
PASSES: Final = 2
LANES: Final = 1

# each check holds 19 MiB and one core for its time; the others wait in line, and the line has an end
THREADS: Final = 2
MOST_WAITING: Final = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a password was right; ``needs_rehash`` is true where its hash has other parameters than ours."""

    matches: bool
    needs_rehash: bool


WRONG: Final = Verdict(matches=False, needs_rehash=False)


def check_new_password(password: str, repeated: str) -> str:
    """Give the password that may be set, or raise BadPassword with the sentence for the form."""
    if password != repeated:
        raise BadPassword("The two passwords differ. Type the same password twice.")
    if len(password) < LEAST_CHARACTERS:
        raise BadPassword(f"The password is too short. Use at least {LEAST_CHARACTERS} characters.")
    if len(password.encode("utf-8", "replace")) > MOST_BYTES:
        raise BadPassword(f"The password is too long. Use at most {MOST_BYTES} bytes.")
    # JupyterHub's sign-in form turns control characters into spaces, so such a password could never be used
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in password):
        raise BadPassword("The password has a control character in it. Use letters, digits, spaces and punctuation.")
    return password


class Passwords:
    """A small pool of threads that hashes and checks passwords.

    A check of no hash at all takes as long as one of a real hash, so time does not tell which accounts exist.
    """

    def __init__(self, *, threads: int = THREADS, most_waiting: int = MOST_WAITING) -> None:
        self._pool = ThreadPoolExecutor(max_workers=threads, thread_name_prefix="passwords")
        self._most_waiting = most_waiting
        self._waiting = 0
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES, type=Type.ID)
        # nobody knows the text behind it; made now, so that the first check of all is no slower than the others
        self._nobodys_hash = self._pool.submit(self._hasher.hash, secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """Hash a password with a fresh salt; raise PasswordsBusy when too many wait."""
        with self._place_in_line():
            return await asyncio.wrap_future(self._pool.submit(self._hasher.hash, _canonical(password)))

    async def verify(self, stored: str | None, password: str) -> Verdict:
        """Tell if a password belongs to a stored hash; None is an account without one. Raises PasswordsBusy."""
        with self._place_in_line():
            return await asyncio.wrap_future(self._pool.submit(self._verdict, stored, _canonical(password)))

    def close(self) -> None:
        """End the threads; what is being checked is finished first."""
        self._pool.shutdown()

    @contextmanager
    def _place_in_line(self) -> Iterator[None]:
        """Take a place for the time of one check; only the event loop's thread counts."""
        if self._waiting >= self._most_waiting:
            raise PasswordsBusy(self._waiting)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _verdict(self, stored: str | None, password: bytes) -> Verdict:
        if len(password) > MOST_BYTES:
            # no account has such a password, so a quick answer tells nothing
            return WRONG
        try:
            self._hasher.verify(self._nobodys_hash.result() if stored is None else stored, password)
        except (VerificationError, InvalidHashError):
            return WRONG
        if stored is None:
            return WRONG
        return Verdict(matches=True, needs_rehash=self._hasher.check_needs_rehash(stored))


def _canonical(password: str) -> bytes:
    # an accented letter is one character or two, depending on the keyboard; both are the same password
    # https://www.rfc-editor.org/rfc/rfc8265#section-4.2.2 (NFC)
    return unicodedata.normalize("NFC", password).encode("utf-8", "replace")
