"""Passwords and other secrets: made, checked, and kept as digests only."""

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

#: Passwords of one kind of caller that a process may have in hand: one is hashed, the others wait
#: for that. Each takes a thread that others need as well, and whoever guesses sends more of them
#: than there are.
AT_A_TIME = 3


#: By how much the system lets others go before strangers' passwords (`nice`): their hashing gets a
#: tenth of what a request, or the password of somebody known, gets of a processor that both want.
STRANGERS_NICENESS = 10


class Lane:
    """Where passwords of one kind of caller are hashed, one at a time.

    Args:
        niceness: by how much the system lets others go before them.
    """

    def __init__(self, niceness: int = 0) -> None:
        self._niceness = niceness
        self._in_hand = BoundedSemaphore(AT_A_TIME)
        self._turn = BoundedSemaphore(1)

    def run(self, work: Callable[[], T]) -> T:
        """Return what `work` does at its turn; TooManySignInsError if too many wait already."""
        with self._wait():
            if not self._niceness:
                return work()
            # A thread of its own, for a niceness can only grow; the hasher's threads inherit it.
            with ThreadPoolExecutor(1, initializer=self._step_back) as thread:
                return thread.submit(work).result()

    def _step_back(self) -> None:
        if sys.platform == "linux":  # elsewhere it is that of the whole process
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


#: Anybody who sends a name and a password.
STRANGERS = Lane(STRANGERS_NICENESS)
#: Who has proved something before: a device that is known, a session, a one-time link. Strangers
#: can so hold up nobody of these.
KNOWN = Lane()


def hash_password(password: str) -> str:
    """Return the Argon2id hash of a new password, which `PasswordRules` has accepted.

    Raises:
        TooManySignInsError: too many others are in hand.
    """
    return KNOWN.run(lambda: _hasher.hash(password))


def check_password(stored: str, password: str, lane: Lane = STRANGERS) -> bool:
    """Tell whether `password` has the hash `stored`.

    Takes as long for an account that does not exist (`stored` is empty) as for a wrong password.

    Raises:
        TooManySignInsError: too many others are in hand; nothing was looked at.
    """

    def fits() -> bool:
        return _hasher.verify(stored or _nobodys_hash(), password[:PASSWORD_MAX_LENGTH])

    try:
        return lane.run(fits) and bool(stored)
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Tell whether `stored` was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(stored)


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
