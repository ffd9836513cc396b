"""The second factor: phone codes (TOTP, RFC 6238), and recovery codes for a lost phone.

The phone's secret is not stored. It is derived from the service's secret and a random seed, and
only the seed is in Redis: a dump of Redis alone does not allow anybody to make a code
(docs/decisions/0013-second-factor.md).
"""

import base64
import hmac
import secrets
from typing import NamedTuple

from pyotp import TOTP

from stats_service.errors import ConflictError, NotFoundError, SignInError
from stats_service.models.accounts import Account
from stats_service.services.accounts.attempts import Attempts
from stats_service.services.accounts.audit import Audit
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.store.accounts.accounts import AccountStore
from stats_service.store.accounts.sessions import SessionStore

#: Steps of 30 seconds by which the phone's clock may be off.
WINDOW = 1
RECOVERY_CODES = 10
#: Letters of a recovery code: 60 bits.
RECOVERY_LENGTH = 12


class Enrolment(NamedTuple):
    """What an account holder enters into the phone, once."""

    #: In base32, for typing.
    secret: str
    #: `otpauth://…`, for a QR code.
    uri: str


class SecondFactor:
    """Asks accounts for a code after the password.

    Args:
        secret: the secret of the service.
        issuer: the name of this service in the phone's list of codes.
        store: the store of accounts.
        sessions: the store of sessions.
        attempts: counts attempts to enter a code.
        audit: the audit log.
    """

    def __init__(
        self,
        secret: str,
        issuer: str,
        store: AccountStore,
        sessions: SessionStore,
        attempts: Attempts,
        audit: Audit,
    ) -> None:
        self._secret = secret
        self._issuer = issuer
        self._store = store
        self._sessions = sessions
        self._attempts = attempts
        self._audit = audit

    def new_seed(self) -> str:
        """Return the seed of an enrolment; it is not a secret, and has no effect until enabled."""
        return secrets.token_hex(16)

    def enrolment(self, name: str, seed: str) -> Enrolment:
        """Return what the holder of the account `name` enters into the phone."""
        totp = self._totp(name, seed)
        return Enrolment(totp.secret, totp.provisioning_uri(name=name, issuer_name=self._issuer))

    def enable(self, name: str, seed: str, code: str, now: float, keep: str) -> list[str]:
        """Turn the second factor on, and end every session but the one with the digest `keep`.

        Returns:
            The recovery codes, which cannot be shown again.

        Raises:
            SignInError: the code does not fit the seed: the phone has not stored it.
            ConflictError: the account already has a second factor.
        """
        account, _ = self._known(name)
        if account.second_factor:
            raise ConflictError("The account {name!r} has a second factor already.", name=name)
        self._attempts.check_phone(name, keep)
        step = self._step(name, seed, code, now)
        if step is None:
            raise SignInError("The code is wrong. Look at the phone's clock.")
        codes = self._replace_codes(name, seed, step)
        self._sessions.remove_all(name, keep)
        self._audit.record("", name, "account.second-factor-on", now, subject=name)
        return codes

    def disable(self, name: str, who: str, now: float, keep: str = "") -> None:
        """Turn the second factor off, and end every session but the one with the digest `keep`."""
        account, _ = self._known(name)
        if not account.second_factor:
            raise ConflictError("The account {name!r} has no second factor.", name=name)
        self._store.set_second_factor(name, "", 0, ())
        self._sessions.remove_all(name, keep)
        self._audit.record("", who, "account.second-factor-off", now, subject=name)

    def new_codes(self, name: str, now: float) -> list[str]:
        """Return new recovery codes, which replace all earlier ones."""
        account, seed = self._known(name)
        if not account.second_factor:
            raise ConflictError("The account {name!r} has no second factor.", name=name)
        codes = self._replace_codes(name, seed, 0)
        self._audit.record("", name, "account.recovery-codes-made", now, subject=name)
        return codes

    def check(self, name: str, code: str, now: float, trusted: str = "") -> None:
        """Use up a phone code or a recovery code.

        Args:
            name: the account.
            code: the code as typed.
            now: seconds since 1970.
            trusted: as in `Attempts.check_phone`.

        Raises:
            SignInError: the code is wrong or used up.
            TooManyCodesError: too many codes were tried today; this one was not checked.
        """
        account, seed = self._known(name)
        typed = _typed(code)
        if len(typed) == RECOVERY_LENGTH:
            if not self._store.spend_recovery(name, self._digest(name, typed)):
                raise SignInError("The code is wrong or was used already.")
            left = account.recovery_codes - 1
            self._audit.record(
                "",
                name,
                "account.recovery-code-used",
                now,
                subject=name,
                before={"left": left + 1},
                after={"left": left},
            )
            return
        self._attempts.check_phone(name, trusted)
        step = self._step(name, seed, typed, now) if seed else None
        if step is None or not self._store.spend_code(name, seed, step):
            raise SignInError("The code is wrong or was used already.")

    def _known(self, name: str) -> tuple[Account, str]:
        known = self._store.get(name)
        if known is None:
            raise NotFoundError("There is no account {name!r}.", name=name[:40])
        return known[0], known[1].seed

    def _totp(self, name: str, seed: str) -> TOTP:
        secret = bytes.fromhex(keyed_digest(self._secret, "second factor", f"{name} {seed}"))[:20]
        return TOTP(base64.b32encode(secret).decode())

    def _step(self, name: str, seed: str, code: str, now: float) -> int | None:
        """Return the time step of `code`, if the phone's clock may show it now."""
        totp, present = self._totp(name, seed), int(now) // 30
        typed = _typed(code).encode()
        for step in range(present - WINDOW, present + WINDOW + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), typed):
                return step
        return None

    def _replace_codes(self, name: str, seed: str, step: int) -> list[str]:
        codes = [_new_code() for _ in range(RECOVERY_CODES)]
        digests = [self._digest(name, _typed(code)) for code in codes]
        if not self._store.set_second_factor(name, seed, step, digests):
            raise NotFoundError("There is no account {name!r}; it was just removed.", name=name)
        return codes

    def _digest(self, name: str, code: str) -> str:
        return keyed_digest(self._secret, "recovery code", f"{name} {code}")


def _new_code() -> str:
    text = base64.b32encode(secrets.token_bytes(10)).decode().lower()[:RECOVERY_LENGTH]
    return "-".join(text[n : n + 4] for n in range(0, RECOVERY_LENGTH, 4))


def _typed(code: str) -> str:
    """Return a typed code in canonical form: without spaces and hyphens, in lower case."""
    return "".join(code.lower().replace("-", "").split())[:40]
