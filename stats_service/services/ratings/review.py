"""Review of ratings by an administrator: find a burst, take it out, restore it. Audited.

Ratings are stored by the ten minutes in which they were first given, for two weeks: long enough to
look on Monday at a burst of the weekend, and without any record of who gave them.
"""

import secrets
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import zip_longest

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.ratings import RatingSlot, RatingSpan, VoidedRatings
from stats_service.models.sites import Site
from stats_service.services.accounts.audit import entry_of
from stats_service.services.articles.keys import canonical_article
from stats_service.services.periods import local_time
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.views.numbers import rating_tally
from stats_service.store.keys import DAY_SECONDS, RATING_SLOT_SECONDS, RATING_SLOTS_DAYS
from stats_service.store.ratings.ratings import RatingStore
from stats_service.store.ratings.review import RatingReviewStore

#: Stands for every held group.
ALL = "all"
#: Ratings of one article within one hour that are reported as a burst.
BURST_MIN = 10
HOUR_SECONDS = 3600


class RatingReview:
    """Shows when ratings came, and takes some out of the averages."""

    def __init__(
        self, store: RatingReviewStore, stored: RatingStore, ratings: ArticleRatings
    ) -> None:
        self._store = store
        self._stored = stored
        self._ratings = ratings

    def bursts(self, site: Site, now: float) -> list[RatingSpan]:
        """Return the spans in which an article got many ratings, the latest first.

        Overlapping hours of one article form one span. Ratings already taken out do not count.
        """
        return bursts_in(site, self._store.slots(site.slug, now))

    def slots(self, site: Site, article: str, now: float) -> list[RatingSlot]:
        """Return the ratings of an article by ten minutes, for the last two weeks."""
        key = canonical_article(article, site.article_parameters)
        return [slot for slot in self._store.slots(site.slug, now) if slot.article == key]

    def of_span(
        self, site: Site, begin: float, end: float, now: float
    ) -> dict[str, tuple[int, ...]] | None:
        """Return the ratings by score that were first given in a span, by article.

        None: they are not kept by time for so long. Ratings that were taken out are left out.
        """
        if begin < (now // DAY_SECONDS - RATING_SLOTS_DAYS) * DAY_SECONDS:
            return None
        articles = defaultdict[str, list[RatingSlot]](list)
        for slot in self._store.slots(site.slug, now):
            if begin <= slot.begin < end and not slot.voided:
                articles[slot.article].append(slot)
        return {article: total(slots) for article, slots in articles.items()}

    def void(
        self, site: Site, article: str, span: tuple[float, float] | None, who: str, now: float
    ) -> VoidedRatings:
        """Take ratings of an article out of the average; they are kept and can be restored.

        Later ratings in the same ten minutes fall under the same decision.

        Args:
            site: the site.
            article: its key, path or URL.
            span: from and to when (seconds) the ratings were first given; the ten minutes in which
                it begins and ends belong to it as a whole. None: every rating of the article.
            who: name for the audit log.
            now: seconds since 1970.

        Raises:
            InvalidInputError: the span ends before it begins.
            NotFoundError: there are no such ratings.
        """
        key = canonical_article(article, site.article_parameters)
        if span is not None:
            span = whole_slots(*span)
        decision = secrets.token_hex(4)
        after: dict[str, object] = {"decision": decision}
        if span:
            after["from"], after["to"] = (local_time(at, site.timezone) for at in span)
        entry = entry_of(Author(who, now), "rating.voided", key, after=after)
        if not self._store.void(site.slug, decision, key, span, now, entry):
            raise NotFoundError("The article {key!r} has no ratings there.", key=key[:80])
        self._ratings.forget(site)
        return self._decision(site, decision)

    def restore(self, site: Site, decision: str, who: str, now: float) -> VoidedRatings:
        """Count again the ratings of a decision; NotFoundError if the decision does not exist."""
        before = self._decision(site, decision)
        what, undone = "rating.restored", {"decision": decision}
        entry = entry_of(Author(who, now), what, before.article, before=undone)
        if before.is_group:
            settled = self._store.settle_held(site.slug, decision, now, entry, count=True)
        else:
            settled = self._store.restore(site.slug, decision, now, entry)
        if settled is None:
            raise NotFoundError(
                "There is no decision {decision!r} about ratings.", decision=decision[:40]
            )
        self._ratings.forget(site)
        return before

    def held(self, site: Site) -> list[VoidedRatings]:
        """Return the ratings that are held beyond a ceiling of their networks, the latest first."""
        return self._store.held(site.slug)

    def release(self, site: Site, group: str, who: str, now: float) -> int:
        """Count held ratings, of one group or of `ALL`; return their number.

        Raises:
            NotFoundError: no group of that name is held.
        """
        return self._settle(site, group, Author(who, now), count=True)

    def reject(self, site: Site, group: str, who: str, now: float) -> int:
        """Take held ratings out; `restore` counts each group again. Otherwise as `release`."""
        return self._settle(site, group, Author(who, now), count=False)

    def _settle(self, site: Site, group: str, by: Author, *, count: bool) -> int:
        groups = [one.id for one in self.held(site)] if group == ALL else [group]
        number = 0
        for name in groups:
            entry = (
                entry_of(by, "rating.released", name, before={"group": name})
                if count
                else entry_of(by, "rating.rejected", name, after={"group": name})
            )
            # With `ALL`, somebody else may have decided about one of the groups meanwhile.
            number += self._store.settle_held(site.slug, name, by.at, entry, count=count) or 0
        if not number:
            raise NotFoundError("No ratings wait as {group!r}.", group=group[:40])
        self._ratings.forget(site)
        return number

    def voided(self, site: Site) -> list[VoidedRatings]:
        """Return the ratings that were taken out, the latest span first."""
        return self._store.voided(site.slug)

    def faults(self, site: Site) -> list[str]:
        """Return a text for every article whose numbers of ratings and of raters differ."""
        ratings = defaultdict[str, int](int)
        for key, counts in self._stored.all(site.slug).items():
            ratings[key] += sum(counts)
        for one in self.voided(site) + self.held(site):
            ratings[one.article] += sum(one.counts)
        found = []
        for key in sorted(ratings):
            raters = self._stored.raters(site.slug, key)
            if ratings[key] != raters:
                found.append(f"{key}: {ratings[key]} ratings of {raters} voters")
        return found

    def _decision(self, site: Site, decision: str) -> VoidedRatings:
        for one in self.voided(site):
            if one.id == decision:
                return one
        raise NotFoundError(
            "There is no decision {decision!r} about ratings.", decision=decision[:40]
        )


def whole_slots(begin: float, end: float) -> tuple[float, float]:
    """Return the span in whole slots; InvalidInputError if it ends before it begins."""
    first = begin // RATING_SLOT_SECONDS * RATING_SLOT_SECONDS
    last = -(-end // RATING_SLOT_SECONDS) * RATING_SLOT_SECONDS
    if not 0 <= first < last:
        raise InvalidInputError("span: ends before it begins.")
    return first, last


def total(slots: Iterable[RatingSlot]) -> tuple[int, ...]:
    """Return the sum of slots by score."""
    # A site's scale may have grown meanwhile.
    columns = zip_longest(*(slot.counts for slot in slots), fillvalue=0)
    return tuple(map(sum, columns))


def bursts_in(site: Site, slots: Sequence[RatingSlot]) -> list[RatingSpan]:
    """Return the spans of single articles with many ratings, the latest first."""
    articles = defaultdict[str, list[RatingSlot]](list)
    for slot in slots:
        if not slot.voided:
            articles[slot.article].append(slot)
    spans = [
        RatingSpan(
            run[0].article,
            run[0].begin,
            run[-1].begin + RATING_SLOT_SECONDS,
            rating_tally(total(run), site.rating_scale),
        )
        for of_one in articles.values()
        for run in _runs(of_one)
    ]
    return sorted(spans, key=lambda span: (-span.begin, span.article))


def _runs(slots: Sequence[RatingSlot]) -> list[list[RatingSlot]]:
    """Return the slots of one article that lie in an hour with many ratings, as runs.

    An hour begins at any slot, so a burst around a full hour is one run.
    """
    runs: list[list[RatingSlot]] = []
    # Slots before this index are done.
    covered = 0
    for first, begins in enumerate(slots):
        last = first
        while last < len(slots) and slots[last].begin < begins.begin + HOUR_SECONDS:
            last += 1
        if sum(sum(slot.counts) for slot in slots[first:last]) < BURST_MIN:
            continue
        if first < covered:
            runs[-1].extend(slots[covered:last])
        else:
            runs.append(list(slots[first:last]))
        covered = max(covered, last)
    return runs
