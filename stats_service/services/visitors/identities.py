"""Pseudonyms: they recognise the same visitor for a day, without knowing who it is.

A visitor is 8 bytes of BLAKE2b over network and user agent, keyed with the secret and the salt of
the day (RFC 7693: with a key it is a MAC, at a fifth of the cost of an HMAC). The secret never
enters Redis, and the salt leaves it after 26 hours at the latest. Neither address nor user agent is
stored anywhere, so nobody can connect yesterday's pseudonyms with anybody.
"""

import hashlib
import hmac

#: Bytes of a pseudonym. Among a million visitors of a day two share one with p < 1e-7.
PSEUDONYM_BYTES = 8


class DayKey:
    """The key that turns addresses and user agents of one site and day into pseudonyms."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = hashlib.blake2b(digest_size=PSEUDONYM_BYTES, key=key)

    @classmethod
    def derive(cls, secret: str, slug: str, day: str, salt: bytes) -> "DayKey":
        """Return the key of a site's day."""
        message = b"\0".join((b"visitor", slug.encode(), day.encode(), salt))
        return cls(hmac.digest(secret.encode(), message, "sha256"))

    def visitor(self, network: str, user_agent: str) -> bytes:
        """Return the visitor's pseudonym of the day."""
        digest = self._keyed.copy()  # cheaper than a new one with the key
        digest.update(f"{network}\0{user_agent}".encode("utf-8", "surrogateescape"))
        return digest.digest()

    def address(self, network: str) -> bytes:
        """Return the pseudonym of a network alone, for ceilings."""
        # It contains no NUL, so it never equals the message of a visitor.
        digest = self._keyed.copy()
        digest.update(network.encode())
        return digest.digest()


def hit_digest(hit: str) -> bytes:
    """Return 8 bytes for a hit id of the browser."""
    return hashlib.blake2b(hit.encode(), digest_size=8).digest()
