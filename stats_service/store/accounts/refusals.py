"""Refused sign-ins: sums by hour, which go to the log of the installation when the hour is over."""

from typing import Any

from stats_service.models.audit import AuditEntry
from stats_service.models.devices import Refusals
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.admin_keys import AdminKeys
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

NOTE_REFUSAL = load_script("accounts/note_refusal")

#: The kinds of refusals, as in `models.devices.Refusals`.
KINDS = ("passwords", "codes", "unseen")
HOUR_SECONDS = 3600


class RefusalStore:
    """The refused sign-ins of one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._keys = AdminKeys(prefix)

    def note(self, kind: str, account: str, now: float, first: AuditEntry | None = None) -> int:
        """Add one to the sum of the hour, and move the sums of past hours to the log.

        Args:
            kind: one of `KINDS`.
            account: `""` for all that do not exist.
            now: seconds since 1970.
            first: the audit entry if this is the first of its kind, account and hour.

        Returns:
            The sum of the kind, account and hour.
        """
        return self._run(kind, account, now, packed_entry(first))

    def settle(self, now: float) -> None:
        """Move the sums of past hours to the log."""
        self._run("", "", now, b"")

    def running(self, now: float) -> list[Refusals]:
        """Return the sums of this hour, by account."""
        with store_errors():
            fields = self._client.hgetall(self._keys.refusals)
        sums: dict[str, dict[str, int]] = {}
        for field, number in fields.items():
            hour, kind, account = text_of(field).split(":", 2)
            if hour == str(_hour(now)):
                sums.setdefault(account, {})[kind] = int(number)
        return [Refusals(account, **found) for account, found in sorted(sums.items())]

    def take(self, account: str) -> Refusals:
        """Return the refusals since the last call, and reset them."""
        fields = [f"since:{kind}:{account}" for kind in KINDS]
        with store_errors(), self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(self._keys.refusals, fields)
            pipe.hdel(self._keys.refusals, *fields)
            numbers, _ = pipe.execute()
        return Refusals(account, *(int(number or 0) for number in numbers))

    def _run(self, kind: str, account: str, now: float, entry: bytes) -> int:
        keys = (self._keys.refusals, self._keys.audit)
        args: tuple[Any, ...] = (_hour(now), int(now), kind, account, entry)
        with store_errors():
            return int(NOTE_REFUSAL.run(self._client, keys, args))


def _hour(now: float) -> int:
    return int(now // HOUR_SECONDS)
