"""Which passwords can be set, and how they are hashed and checked: S18, U5."""

import asyncio
import statistics
import time
from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from authenticators.errors import BadPassword, PasswordsBusy
from authenticators.passwords import Passwords, Verdict, check_new_password


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.mark.parametrize(
    "password",
    [
        pytest.param("eight888", id="eight characters"),
        pytest.param("correct horse battery staple", id="words with blanks"),
        pytest.param("pässwörter 李雷", id="letters of any script"),
        pytest.param("x" * 1024, id="1024 bytes"),
        pytest.param(" " * 8, id="blanks only"),
    ],
)
def test_a_password_that_can_be_typed_again_can_be_set(password: str) -> None:
    assert check_new_password(password, password) == password


@pytest.mark.parametrize(
    ("password", "repeated", "sentence"),
    [
        pytest.param("eight888", "eight889", "differ", id="typed differently"),
        pytest.param("", "", "at least 8", id="empty"),
        pytest.param("seven77", "seven77", "at least 8", id="seven characters"),
        pytest.param("😀" * 2, "😀" * 2, "at least 8", id="eight bytes but two characters"),
        pytest.param("x" * 1025, "x" * 1025, "at most 1024", id="1025 bytes"),
        pytest.param("ä" * 513, "ä" * 513, "at most 1024", id="513 characters of two bytes"),
        pytest.param("nul\0inside", "nul\0inside", "control character", id="NUL"),
        pytest.param("line\nbreak", "line\nbreak", "control character", id="line break"),
        pytest.param("half\ud800char", "half\ud800char", "control character", id="lone surrogate"),
    ],
)
def test_a_password_that_cannot_be_set_is_refused_with_a_sentence(password: str, repeated: str, sentence: str) -> None:
    with pytest.raises(BadPassword, match=sentence) as refused:
        check_new_password(password, repeated)
    assert not password or password not in str(refused.value)


async def test_a_hash_is_argon2id_with_19_mib_two_passes_and_one_lane(passwords: Passwords) -> None:
    parameters = extract_parameters(await passwords.hash("eight888"))
    assert (parameters.type, parameters.memory_cost, parameters.time_cost, parameters.parallelism) == (
        Type.ID,
        19 * 1024,
        2,
        1,
    )


async def test_two_hashes_of_one_password_differ(passwords: Passwords) -> None:
    assert await passwords.hash("eight888") != await passwords.hash("eight888")


async def test_only_the_same_password_matches(passwords: Passwords) -> None:
    stored = await passwords.hash("eight888")
    assert await passwords.verify(stored, "eight888") == Verdict(matches=True, needs_rehash=False)
    assert await passwords.verify(stored, "eight889") == Verdict(matches=False, needs_rehash=False)


async def test_composed_and_decomposed_letters_are_the_same_password(passwords: Passwords) -> None:
    stored = await passwords.hash("p\u00e4sswort")
    assert (await passwords.verify(stored, "pa\u0308sswort")).matches


@pytest.mark.parametrize("stored", ["", "nonsense", "$argon2id$v=19$m=1", "$2b$12$abc"])
async def test_a_damaged_hash_matches_nothing(passwords: Passwords, stored: str) -> None:
    assert not (await passwords.verify(stored, "eight888")).matches


async def test_no_hash_matches_nothing(passwords: Passwords) -> None:
    assert not (await passwords.verify(None, "eight888")).matches


async def test_a_password_of_a_megabyte_is_refused_without_hashing_it(passwords: Passwords) -> None:
    stored = await passwords.hash("eight888")
    assert not (await passwords.verify(stored, "x" * 1_000_000)).matches


async def test_a_hash_of_weaker_parameters_asks_for_a_new_one(passwords: Passwords) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("eight888")
    assert await passwords.verify(weaker, "eight888") == Verdict(matches=True, needs_rehash=True)


async def test_the_event_loop_goes_on_while_passwords_are_checked(passwords: Passwords) -> None:
    stored = await passwords.hash("eight888")
    checks = [asyncio.ensure_future(passwords.verify(stored, "eight889")) for _ in range(20)]
    beats = 0
    while not all(check.done() for check in checks):
        await asyncio.sleep(0.001)
        beats += 1
    assert beats > 20


async def test_no_account_takes_about_as_long_as_a_wrong_password(passwords: Passwords) -> None:
    # medians of interleaved rounds; the bound is wide because machines are noisy, a missing hash would be 1000 times
    stored = await passwords.hash("eight888")
    known, unknown = [], []
    for _ in range(15):
        known.append(await _seconds(passwords, stored))
        unknown.append(await _seconds(passwords, None))
    assert 0.5 < statistics.median(unknown) / statistics.median(known) < 2


async def test_a_line_that_is_too_long_is_refused_instead_of_growing() -> None:
    passwords = Passwords(threads=1, most_waiting=2)
    waiting = [asyncio.ensure_future(passwords.verify(None, "eight888")) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(PasswordsBusy, match="Try again"):
        await passwords.verify(None, "eight888")
    await asyncio.gather(*waiting)
    assert not (await passwords.verify(None, "eight888")).matches
    passwords.close()


async def _seconds(passwords: Passwords, stored: str | None) -> float:
    begin = time.perf_counter()
    await passwords.verify(stored, "eight889")
    return time.perf_counter() - begin
