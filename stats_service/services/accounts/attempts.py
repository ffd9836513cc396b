"""Limits of sign-in attempts that a stranger cannot use up for the owner of an account.

A browser that has signed in to an account has a secret of its own (OWASP's device cookie), and with
it a budget that nobody else can use. All other attempts are limited by account and network, so that
guessing from one network locks out nobody in another one. Guessing from many networks is limited by
account, except for the first attempt of each network in a day (docs/decisions/0021-sign-in.md).
"""

from stats_service.errors import TooManyAttemptsError, TooManyCodesError
from stats_service.models.devices import Device
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.visitors.addresses import ipv6_48_prefix, network_prefix
from stats_service.store.accounts.sessions import SessionStore

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400
#: Attempts in a minute with one device, in one session, or from one network for one account.
ATTEMPTS_PER_MINUTE = 10
#: The same from one network (IPv6: /48) for all accounts together.
NETWORK_ATTEMPTS_PER_MINUTE = 30
#: The same for one account from everywhere, by devices that are not known to it.
STRANGE_ATTEMPTS_PER_MINUTE = 60
#: Phone codes that may be tried in a day with one device, or by all unknown devices together. Each
#: guess is right with a probability of 3 in 1,000,000.
CODES_PER_DAY = 100


class Attempts:
    """Counts sign-in attempts.

    Args:
        secret: the secret of the service.
        sessions: the store of the counters.
    """

    def __init__(self, secret: str, sessions: SessionStore) -> None:
        self._secret = secret
        self._sessions = sessions

    def check_password(self, account: str, address: str, device: Device | None) -> None:
        """Count an attempt to enter a password.

        Raises:
            TooManyAttemptsError: a budget is used up; the password must not be checked.
        """
        if device:
            self._count((f"device {device.id}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))
            return
        network, ipv6_48 = network_prefix(address), ipv6_48_prefix(address)
        self._count(
            (f"network {ipv6_48}", NETWORK_ATTEMPTS_PER_MINUTE, MINUTE_SECONDS),
            (f"account {account} network {network}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS),
        )
        day = (f"account {account} day {ipv6_48}", 1, DAY_SECONDS)
        if self._try(day):  # not the first attempt of this network today
            self._count((f"account {account}", STRANGE_ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_code(self, account: str, address: str, device: Device | None) -> None:
        """Count an attempt to enter a code, after the right password.

        Raises:
            TooManyAttemptsError: as in `check_password`.
        """
        place = f"device {device.id}" if device else f"{account} network {network_prefix(address)}"
        self._count((f"code {place}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_session(self, session: str) -> None:
        """Count an attempt to confirm by password; errors as in `check_password`."""
        self._count((f"session {session}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_phone(self, account: str, trusted: str) -> None:
        """Count an attempt to enter a phone code against the budget of the day.

        Args:
            account: the name of the account.
            trusted: digest of the session, or id of a device known to the account, which has a
                budget of its own; empty: the budget of all others.

        Raises:
            TooManyCodesError: too many codes were tried today.
        """
        if self._try((f"codes {account} {trusted}", CODES_PER_DAY, DAY_SECONDS)):
            raise TooManyCodesError(
                "Too many codes were tried today. Use a recovery code, or sign in with a browser "
                "that you have signed in with before."
            )

    def _count(self, *budgets: tuple[str, int, int]) -> None:
        tried = self._try(*budgets)
        if tried:
            error = TooManyAttemptsError("Too many attempts. Wait a minute, then try again.")
            error.is_first = tried == 1
            raise error

    def _try(self, *budgets: tuple[str, int, int]) -> int:
        """Count; return by how much a budget is exceeded, or 0 if none is."""
        kept = [
            (keyed_digest(self._secret, "attempt", subject), most, seconds)
            for subject, most, seconds in budgets
        ]
        place, made = self._sessions.count_attempt(kept)
        return made - budgets[place][1] if place >= 0 else 0
