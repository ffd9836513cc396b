"""Proof of work: a ballot costs its sender some computing, and the service hardly any.

The library makes and checks challenges without keeping any; that a proof is spent is kept with
the ballot it came with (`cast_ballot.lua`). A challenge is signed for one poll.
"""

import hashlib
from base64 import b64decode
from dataclasses import dataclass
from secrets import randbelow
from typing import Any

import altcha
import msgspec

from stats_service.errors import ProofRefusedError

#: Browsers give their own, faster, hashing to https pages only, and many portals are not; plain
#: SHA-256 is the algorithm that every page can compute.
ALGORITHM = "SHA-256"
#: Hashes for one attempt.
COST = 8
#: For how long a challenge may be answered, in seconds.
CHALLENGE_SECONDS = 600
#: Longest proof in Base64, in characters.
PROOF_MAX_LENGTH = 4096


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof that is good, once."""

    #: 8 bytes that name it.
    id: bytes
    #: Until when it could be used, in seconds.
    until: float


class Proofs:
    """Make challenges and check their solutions."""

    def __init__(self, secret: str) -> None:
        self._challenges = f"challenge:{secret}"
        self._keys = f"challenge-key:{secret}"

    def challenge(self, slug: str, poll: str, effort: int, now: float) -> dict[str, Any]:
        """Return a challenge for one ballot of the poll, as the browser is to get it.

        Args:
            slug: the site.
            poll: the poll's id.
            effort: attempts that a solution takes on the average.
            now: seconds since 1970.
        """
        made = altcha.create_challenge(
            ALGORITHM,
            COST,
            # Drawn from a narrow range, so that no reader has bad luck.
            counter=effort * 2 // 5 + randbelow(effort * 6 // 5),
            data={"site": slug, "poll": poll, "until": int(now) + CHALLENGE_SECONDS},
            hmac_secret=self._challenges,
            hmac_key_secret=self._keys,
        )
        return dict(made.to_dict())

    def check(self, slug: str, poll: str, proof: str, now: float) -> Proof:
        """Return the proof, if it is good for the poll at `now`; it may be spent already.

        Raises:
            ProofRefusedError: missing, wrong, expired, or of another poll.
        """
        if not proof:
            raise ProofRefusedError("is missing")
        if len(proof) > PROOF_MAX_LENGTH:
            raise ProofRefusedError("is too long")
        try:
            # Decoded here first: the library's own reading trusts the shape of what it finds.
            document = msgspec.json.decode(b64decode(proof, validate=True), type=_Payload)
        except (ValueError, RecursionError) as error:
            raise ProofRefusedError("cannot be read") from error
        result = altcha.verify_solution(proof, self._challenges, hmac_key_secret=self._keys)
        if not result.verified:
            raise ProofRefusedError("is wrong")
        data = document.challenge.parameters.data
        if (data.site, data.poll) != (slug, poll):
            raise ProofRefusedError("is of another poll")
        if data.until <= now:
            raise ProofRefusedError("has expired")
        digest = hashlib.blake2b(document.challenge.signature.encode(), digest_size=8).digest()
        return Proof(digest, data.until)


class _Data(msgspec.Struct):
    site: str
    poll: str
    until: int


class _Parameters(msgspec.Struct):
    algorithm: str
    cost: int
    nonce: str
    salt: str
    data: _Data


class _Challenge(msgspec.Struct):
    parameters: _Parameters
    signature: str


class _Solution(msgspec.Struct):
    counter: int
    derivedKey: str  # noqa: N815 - the library's spelling


class _Payload(msgspec.Struct):
    challenge: _Challenge
    solution: _Solution
