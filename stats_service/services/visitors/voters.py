"""Voters: the signed token of a browser, and its pseudonym in each poll.

A token is random and contains no personal data: no address, no name. It is signed for one site.
Each poll (and each rated article) has a different pseudonym of the token, so the store does not
show whether two ballots in two polls came from one browser.

    1.<base64url of flags (1 byte), time of minting (6 bytes, ms), random id (9 bytes)>.<signature>
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from stats_service.errors import VoterRefusedError, VoterTooNewError

#: Version of the token's layout, its first part.
VERSION = "1"
TOKEN_MAX_LENGTH = 120
#: Lifetime of a token: longer than a browser is likely to keep it.
TOKEN_SECONDS = 400 * 86400
#: How far in the future a token may be dated for its age to be asked for: clocks of two servers
#: differ. One of further ahead was issued while the clock was wrong: its signature is ours, and its
#: reader must neither wait for a day nor have a second vote.
CLOCK_SKEW_SECONDS = 60
#: Random bytes of an id: among 100 million voters two share one with p < 1e-5.
ID_BYTES = 9
PSEUDONYM_BYTES = 8
#: Flag of a token issued beyond the ceiling of its address: its ballots wait for review.
_BURST = 1
#: Tokens whose verified signature a worker caches: a page sends the same token repeatedly.
CACHE_SIZE = 8192


@dataclass(frozen=True, slots=True)
class Voter:
    """A voter: a token with a valid signature, which may vote once in each poll."""

    id: bytes
    #: Seconds since 1970.
    minted_at: float
    #: Minted while its address asked for more tokens than the ceiling allows.
    burst: bool


class Voters:
    """Mint and check tokens."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        key = hashlib.sha256(b"pseudonym\0" + self._secret).digest()
        self._keyed = hashlib.blake2b(digest_size=PSEUDONYM_BYTES, key=key)
        self._key = lru_cache(maxsize=1024)(self._make_key)
        self._checked = lru_cache(maxsize=CACHE_SIZE)(self._check)

    def issue(self, slug: str, now: float, *, burst: bool = False) -> str:
        """Return a new token for the site."""
        body = bytes((_BURST if burst else 0,)) + int(now * 1000).to_bytes(6, "big")
        value = f"{VERSION}.{_encoded(body + secrets.token_bytes(ID_BYTES))}"
        return f"{value}.{self._signature(slug, value)}"

    def find(self, slug: str, token: str | None, now: float) -> Voter | None:
        """Return the voter of a token, or None if it is not valid for the site at `now`."""
        if not token or len(token) > TOKEN_MAX_LENGTH:
            return None
        voter = self._checked(slug, token)
        if voter is None:
            return None
        return voter if now - voter.minted_at < TOKEN_SECONDS else None

    def admit(self, slug: str, token: str, wait: float, now: float) -> Voter:
        """Return the voter of a token that may vote now.

        Raises:
            VoterRefusedError: the token is missing, forged, expired, or of another site.
            VoterTooNewError: the token is not yet `wait` seconds old.
        """
        voter = self.find(slug, token, now)
        if voter is None:
            raise VoterRefusedError
        left = voter.minted_at + wait - now
        if 0 < left <= wait + CLOCK_SKEW_SECONDS:
            raise VoterTooNewError(left)
        return voter

    def pseudonym(self, slug: str, subject: str, voter: Voter) -> bytes:
        """Return the voter's pseudonym in `subject`, e.g. `poll:<id>`; it is used nowhere else."""
        digest = self._keyed.copy()  # cheaper than a new one with the key
        digest.update(f"pseudonym\0{slug}\0{subject}\0".encode() + voter.id)
        return digest.digest()

    def _make_key(self, slug: str) -> bytes:
        return hmac.digest(self._secret, f"voter\0{slug}".encode(), "sha256")

    def _signature(self, slug: str, value: str) -> str:
        return _encoded(hmac.digest(self._key(slug), value.encode(), "sha256"))

    def _check(self, slug: str, token: str) -> Voter | None:
        value, _, signature = token.rpartition(".")
        version, _, encoded = value.partition(".")
        if version != VERSION or not token.isascii():
            return None
        if not hmac.compare_digest(signature, self._signature(slug, value)):
            return None
        body = urlsafe_b64decode(encoded + "==")
        return Voter(body[7:], int.from_bytes(body[1:7], "big") / 1000, bool(body[0] & _BURST))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
