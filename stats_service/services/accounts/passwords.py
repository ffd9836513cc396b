"""Passwords and other secrets: made, checked, and kept as digests only."""

import hashlib
import hmac
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stats_service.errors import InvalidInputError, TooManySignInsError

PASSWORD_MIN_LENGTH = 10
#: Longer ones cost time to hash and add nothing.
PASSWORD_MAX_LENGTH = 200

#: RFC 9106's second choice: 64 MiB, 3 passes; about 50 ms on two cores.
_hasher = PasswordHasher()

#: Passwords that a process may have in hand: one is hashed, and so many wait for that. Each takes
#: a thread that others need as well, and whoever guesses sends more of them than there are.
AT_A_TIME = 3
_in_hand = BoundedSemaphore(AT_A_TIME)
_turn = BoundedSemaphore(1)


def hash_password(password: str, name: str) -> str:
    """Return the Argon2id hash of a new password.

    Raises:
        InvalidInputError: it is a bad one.
        TooManySignInsError: too many others are in hand.
    """
    if not PASSWORD_MIN_LENGTH <= len(password) <= PASSWORD_MAX_LENGTH:
        raise InvalidInputError(
            "password: use {password_min_length} to {password_max_length} characters; four or "
            "five unrelated words are easy to remember.",
            password_min_length=PASSWORD_MIN_LENGTH,
            password_max_length=PASSWORD_MAX_LENGTH,
        )
    if name and password.lower().replace(name, "") in ("", "123", "1234", "123456", "@123"):
        raise InvalidInputError("password: do not use the account's name.")
    if len(set(password)) < 5:
        raise InvalidInputError("password: use at least five different characters.")
    with _one_of_few():
        return _hasher.hash(password)


def check_password(stored: str, password: str) -> bool:
    """Tell whether `password` has the hash `stored`.

    Takes as long for an account that does not exist (`stored` is empty) as for a wrong password.

    Raises:
        TooManySignInsError: too many others are in hand; nothing was looked at.
    """
    try:
        with _one_of_few():
            fits = _hasher.verify(stored or _nobodys_hash(), password[:PASSWORD_MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return fits and bool(stored)


def needs_rehash(stored: str) -> bool:
    """Tell whether `stored` was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(stored)


@contextmanager
def _one_of_few() -> Iterator[None]:
    if not _in_hand.acquire(blocking=False):
        raise TooManySignInsError(
            "Many people sign in at this moment. Nothing was looked at; try again in a few seconds."
        )
    try:
        with _turn:
            yield
    finally:
        _in_hand.release()


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def new_secret() -> str:
    """Return 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def keyed_digest(secret: str, purpose: str, text: str) -> str:
    """Return what is stored of a text that can be guessed, such as an address.

    Without the service's secret nobody can tell which text it is of.
    """
    return hmac.digest(secret.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()


def secret_digest(secret: str) -> str:
    """Return what is stored of a random secret. It has 256 bits, so a quick hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
