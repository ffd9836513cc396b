"""Passwords and other secrets: created, checked, and stored only as hashes or digests."""

import hashlib
import hmac
import os
import secrets
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stats_service.errors import TooManySignInsError

T = TypeVar("T")

#: Longer ones cost time to hash and add nothing.
PASSWORD_MAX_LENGTH = 200

#: RFC 9106's second choice: 64 MiB, 3 passes; about 50 ms on two cores.
_hasher = PasswordHasher()

#: At most this many requests of one kind of caller hash or wait in a process; others are refused,
#: so that a guesser cannot use up all threads.
AT_A_TIME = 3

#: Niceness of the thread that hashes passwords of unknown callers: on a busy processor it gets a
#: tenth of the time that a request, or the password of a known caller, gets.
STRANGERS_NICENESS = 10


class Lane:
    """Hashes the passwords of one kind of caller, one at a time.

    Args:
        niceness: niceness of the hashing thread.
    """

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
        self._in_hand = BoundedSemaphore(AT_A_TIME)
        self._turn = BoundedSemaphore(1)

    def run(self, work: Callable[[], T]) -> T:
        """Wait for a turn and return `work()`; TooManySignInsError if the queue is full."""
        with self._wait():
            if not self._niceness:
                return work()
            # A separate thread, because niceness can only grow; the hasher's threads inherit it.
            with ThreadPoolExecutor(1, initializer=self._step_back) as thread:
                return thread.submit(work).result()

    def _step_back(self) -> None:
        if sys.platform == "linux":  # elsewhere niceness applies to the whole process
            os.nice(self._niceness)

    @contextmanager
    def _wait(self) -> Iterator[None]:
        if not self._in_hand.acquire(blocking=False):
            raise TooManySignInsError(
                "Many people sign in at this moment. Nothing was looked at; try again in a few "
                "seconds."
            )
        try:
            with self._turn:
                yield
        finally:
            self._in_hand.release()


#: Unknown callers: anybody who sends a name and a password.
STRANGERS = Lane(STRANGERS_NICENESS)
#: Callers with a known device, a session or a one-time link. A separate lane, so that unknown
#: callers cannot delay them.
KNOWN = Lane()


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a new password, which `PasswordRules` has accepted.

    Raises:
        TooManySignInsError: the queue is full.
    """
    return KNOWN.run(lambda: _hasher.hash(password))


def check_password(stored: str, password: str, lane: Lane = STRANGERS) -> bool:
    """Return whether `password` matches the hash `stored`.

    Takes as long for an account that does not exist (`stored` is empty) as for a wrong password.

    Raises:
        TooManySignInsError: the queue is full; the password was not checked.
    """

    def fits() -> bool:
        return _hasher.verify(stored or _nobodys_hash(), password[:PASSWORD_MAX_LENGTH])

    try:
        return lane.run(fits) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Return whether `stored` was hashed with weaker parameters than the current ones."""
    return _hasher.check_needs_rehash(stored)


@cache
def _nobodys_hash() -> str:
    return _hasher.hash(secrets.token_urlsafe(16))


def new_secret() -> str:
    """Return 256 random bits, fit for a URL."""
    return secrets.token_urlsafe(32)


def keyed_digest(secret: str, purpose: str, text: str) -> str:
    """Return the keyed digest of a text that can be guessed, such as an address.

    Without the secret of the service the text cannot be found by guessing.
    """
    return hmac.digest(secret.encode(), f"{purpose}\0{text}".encode(), "sha256").hex()


def secret_digest(secret: str) -> str:
    """Return the digest of a random secret. It has 256 bits, so a fast hash is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
