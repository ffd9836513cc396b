"""How often may one guess? Budgets that a stranger cannot use up for the owner of an account.

A browser that has signed in to an account has a secret of its own (OWASP's device cookie) and with
it budgets that nobody else draws on. Everybody else is bounded by account and network, so that who
guesses at one place shuts nobody out at another; what many networks guess together is bounded for
the account, but for the first attempt of a network in a day (docs/decisions/0021-sign-in.md).
"""

from stats_service.errors import TooManyAttemptsError, TooManyCodesError
from stats_service.models.devices import Device
from stats_service.services.accounts.passwords import keyed_digest
from stats_service.services.visitors.addresses import ipv6_48_prefix, network_prefix
from stats_service.store.accounts.sessions import SessionStore

MINUTE_SECONDS = 60
DAY_SECONDS = 86_400
#: Attempts in a minute with one device, in one session, or from one network at one account.
ATTEMPTS_PER_MINUTE = 10
#: The same from one network (IPv6: /48) at all accounts together.
NETWORK_ATTEMPTS_PER_MINUTE = 30
#: The same at one account from everywhere, by devices that it does not know.
STRANGE_ATTEMPTS_PER_MINUTE = 60
#: Codes of a phone that may be tried in a day with one device, or by all devices that the account
#: does not know. Each fits with a probability of 3 in 1,000,000.
CODES_PER_DAY = 100


class Attempts:
    """Counts what is tried.

    Args:
        secret: the service's.
        sessions: where attempts are counted.
    """

    def __init__(self, secret: str, sessions: SessionStore) -> None:
        self._secret = secret
        self._sessions = sessions

    def check_password(self, account: str, address: str, device: Device | None) -> None:
        """Count an attempt at a password.

        Raises:
            TooManyAttemptsError: a budget is used up; nothing is to be looked at.
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
        if self._try(day):  # not the network's first attempt today
            self._count((f"account {account}", STRANGE_ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_code(self, account: str, address: str, device: Device | None) -> None:
        """Count an attempt at a code, which only who knows the password gets to.

        Raises:
            TooManyAttemptsError: as `check_password`.
        """
        place = f"device {device.id}" if device else f"{account} network {network_prefix(address)}"
        self._count((f"code {place}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_session(self, session: str) -> None:
        """Count an attempt at the password of somebody signed in; errors as `check_password`."""
        self._count((f"session {session}", ATTEMPTS_PER_MINUTE, MINUTE_SECONDS))

    def check_phone(self, account: str, trusted: str) -> None:
        """Count a code of the account's phone against its day.

        Args:
            account: its name.
            trusted: digest of the session, or id of the device that is known to the account and
                so has a day of its own; empty for all others together.

        Raises:
            TooManyCodesError: too many were tried today.
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
        """Count; return by how many the budget is exceeded that refuses, 0 if none does."""
        kept = [
            (keyed_digest(self._secret, "attempt", subject), most, seconds)
            for subject, most, seconds in budgets
        ]
        place, made = self._sessions.count_attempt(kept)
        return made - budgets[place][1] if place >= 0 else 0
