"""Ratings by ten minutes, and ratings that an administrator took out of the averages."""

from collections.abc import Sequence

from stats_service.models.audit import AuditEntry
from stats_service.models.ratings import RatingSlot, VoidedRatings
from stats_service.store.accounts.audit import packed_entry
from stats_service.store.keys import (
    DAY_SECONDS,
    RATING_SLOT_SECONDS,
    RATING_SLOTS_DAYS,
    SiteKeys,
)
from stats_service.store.ratings.histograms import histogram
from stats_service.store.redis.client import RedisClient, store_errors, text_of
from stats_service.store.redis.scripts import load_script

VOID_RATINGS = load_script("accounts/audit_entry", "ratings/rating_slots", "ratings/void_ratings")
RESTORE_RATINGS = load_script(
    "accounts/audit_entry", "ratings/rating_slots", "ratings/restore_ratings"
)
SETTLE_HELD = load_script("accounts/audit_entry", "ratings/rating_slots", "ratings/settle_held")

_SLOTS_OF_A_DAY = DAY_SECONDS // RATING_SLOT_SECONDS


class RatingReviewStore:
    """The times of the ratings of every site in one installation."""

    def __init__(self, client: RedisClient, prefix: str) -> None:
        self._client = client
        self._prefix = prefix

    def slots(self, slug: str, now: float) -> list[RatingSlot]:
        """Return every article's ratings by ten minutes, the earliest first, in one round trip."""
        names, days = SiteKeys(self._prefix, slug), _days(now)
        with store_errors(), self._client.pipeline(transaction=False) as pipe:
            for day in days:
                pipe.hgetall(names.rating_slots(day))
            stored = pipe.execute()
        found = [
            _slot(day, text_of(field), text_of(value))
            for day, fields in zip(days, stored, strict=True)
            for field, value in fields.items()
            # Fields that name the group of held ratings are no ratings.
            if not field.startswith(b"h")
        ]
        return sorted(found, key=lambda slot: (slot.begin, slot.article))

    def void(
        self,
        slug: str,
        decision: str,
        article: str,
        span: tuple[float, float] | None,
        now: float,
        entry: AuditEntry,
    ) -> int:
        """Take ratings of an article out of the average; return their number.

        Args:
            slug: the site.
            decision: id of the decision, by which it can be undone.
            article: its canonical key.
            span: from and to when (seconds) they were first given, in whole slots; None: all.
            now: seconds since 1970.
            entry: the audit entry; the number of ratings is added.
        """
        first, last = span or (0.0, now + RATING_SLOT_SECONDS)
        args = (
            decision,
            article,
            int(first // RATING_SLOT_SECONDS),
            int(last // RATING_SLOT_SECONDS),
            _days(now)[0],
            "" if span else "1",
            packed_entry(entry),
        )
        with store_errors():
            return int(VOID_RATINGS.run(self._client, self._keys(slug, now), args))

    def restore(self, slug: str, decision: str, now: float, entry: AuditEntry) -> int | None:
        """Undo a decision; return how many ratings count again, None if it does not exist.

        The number of ratings is added to `entry`.
        """
        args = (decision, _days(now)[0], packed_entry(entry))
        with store_errors():
            moved = RESTORE_RATINGS.run(self._client, self._keys(slug, now), args)
        return None if moved is None else int(moved)

    def settle_held(
        self, slug: str, group: str, now: float, entry: AuditEntry, *, count: bool
    ) -> int | None:
        """Count held ratings, or take them out for good; return their number.

        The article and the number are added to `entry`. None: no group of that name waits.
        """
        names = SiteKeys(self._prefix, slug)
        keys = [*self._keys(slug, now), names.ratings_held, names.aliases]
        args = (group, _days(now)[0], "count" if count else "void", packed_entry(entry))
        with store_errors():
            moved = SETTLE_HELD.run(self._client, keys, args)
        return None if moved is None else int(moved)

    def held(self, slug: str) -> list[VoidedRatings]:
        """Return the groups of held ratings, the latest first."""
        return self._groups(SiteKeys(self._prefix, slug).ratings_held)

    def voided(self, slug: str) -> list[VoidedRatings]:
        """Return the ratings that were taken out, the latest span first."""
        return self._groups(SiteKeys(self._prefix, slug).ratings_voided)

    def _groups(self, key: str) -> list[VoidedRatings]:
        with store_errors():
            stored = self._client.hgetall(key)
        found = [voided_ratings(text_of(name), text_of(value)) for name, value in stored.items()]
        return sorted(found, key=lambda one: (-one.end, one.article, one.id))

    def _keys(self, slug: str, now: float) -> list[str]:
        names = SiteKeys(self._prefix, slug)
        slots = map(names.rating_slots, _days(now))
        return [names.ratings, names.ratings_voided, names.audit, *slots]


def _days(now: float) -> range:
    """Return the days that may still have slots, and the next day in case the clock goes back."""
    today = int(now // DAY_SECONDS)
    return range(today - RATING_SLOTS_DAYS, today + 2)


def _slot(day: int, field: str, value: str) -> RatingSlot:
    number, _, article = field.partition(":")
    counts, _, decision = value.partition(" ")
    begin = (day * _SLOTS_OF_A_DAY + int(number)) * RATING_SLOT_SECONDS
    return RatingSlot(article, begin, histogram(counts), decision)


def voided_ratings(decision: str, value: str) -> VoidedRatings:
    """Return the ratings of a decision, from the value in Redis."""
    counts, first, last, article = value.split(" ", 3)
    return VoidedRatings(
        id=decision,
        article=article,
        counts=histogram(counts),
        begin=int(first) * RATING_SLOT_SECONDS,
        end=int(last) * RATING_SLOT_SECONDS,
    )


def voided_text(article: str, counts: Sequence[int], begin: int, end: int) -> str:
    """Return the value in Redis of a decision."""
    bins = ",".join(map(str, counts))
    return f"{bins} {begin // RATING_SLOT_SECONDS} {end // RATING_SLOT_SECONDS} {article}"
