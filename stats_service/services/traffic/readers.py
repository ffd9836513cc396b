"""What visits of a span told of themselves, beside the span compared."""

from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.traffic.readers import (
    DIMENSIONS,
    SHOWN_FROM,
    VERSION_FROM,
    DimensionCounts,
    ReaderCounts,
    Value,
    ValueChange,
)
from stats_service.models.traffic.views import OTHER_ARTICLES
from stats_service.services.traffic.history import History
from stats_service.services.traffic.spans import BEFORE, DAY, Span, compared_with
from stats_service.services.traffic.sums import iso_days
from stats_service.store.keys import ARTICLE_DAYS_KEPT
from stats_service.store.sites.aliases import AliasStore
from stats_service.store.traffic.readers import ReadersStore, Sums

#: Most values of a dimension that are listed.
VALUES_MAX = 500
#: Two spans are compared if the shares of visits that told a dimension are no further apart.
SHARE_APART = 0.1
#: Longest span, in days.
SPAN_MAX_DAYS = 3660


class Readers:
    """Sums of dimensions by span."""

    def __init__(self, store: ReadersStore, aliases: AliasStore, history: History) -> None:
        self._store = store
        self._aliases = aliases
        self._history = history

    def of_span(
        self,
        site: Site,
        span: Span,
        now: float,
        compare: str = BEFORE,
        dimensions: Sequence[str] = tuple(DIMENSIONS),
        limit: int = 100,
    ) -> ReaderCounts:
        """Return dimensions of a span.

        A value that fewer than three visits of the span have is among the others. The span
        compared is whole to its last day, though this one may not be over.

        Args:
            site: the site.
            span: the days.
            now: this moment, in seconds.
            compare: as in `services.traffic.spans.compared_with`.
            dimensions: their names, in the order wanted.
            limit: most values of each.

        Raises:
            InvalidInputError: the span is empty or too long, or `compare` or a name is unknown.
        """
        for name in dimensions:
            if name not in DIMENSIONS:
                raise InvalidInputError(
                    "dimension {dimension!r}: use {dimensions}.",
                    dimension=name[:40],
                    dimensions=", ".join(DIMENSIONS),
                )
        if not 1 <= span.days <= SPAN_MAX_DAYS:
            raise InvalidInputError(
                "The range from {first} to {last} must have 1 to {range_max_days} days.",
                first=span.first,
                last=span.last,
                range_max_days=SPAN_MAX_DAYS,
            )
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone)).date()
        comparison = compared_with(span, "day", compare, today, site.timezone)
        before = None
        if comparison:
            last = comparison.span.last
            if span.first <= today <= span.last:
                last = min(last, comparison.counterpart(today, span) or last)
            before = Span(comparison.span.first, max(comparison.span.first, last))
        sums, gone = self._sums(site, span, today)
        sums_before = self._sums(site, before, today)[0] if before else {}
        visits = self._history.visits(site, span)
        visits_before = self._history.visits(site, before) if before else None
        return ReaderCounts(
            span.first,
            span.last,
            before.first if before else None,
            before.last if before else None,
            visits,
            visits_before,
            tuple(
                _counts(name, sums.get(name, Counter()), sums_before.get(name, Counter()), limit)
                for name in dimensions
            ),
            gone,
        )

    def changed(self, site: Site, span: Span, before: Span, now: float) -> list[ValueChange] | None:
        """Return the sources of two spans that are over, those that gained most first.

        None: they cannot be compared, as the share of visits that told their source is another in
        each; in one of them it was not counted yet, or was imported without it.
        """
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone)).date()
        sums, former = (
            self._sums(site, days, today)[0].get("source", Counter[str]())
            for days in (span, before)
        )
        shares = [
            told.total() / max(1, self._history.visits(site, days))
            for told, days in ((sums, span), (former, before))
        ]
        if not all(shares) or abs(shares[0] - shares[1]) > SHARE_APART:
            return None

        def named(n: int) -> int | None:
            return n if n >= SHOWN_FROM else None

        found = [
            ValueChange(value, named(sums[value]), named(former[value]))
            for value in {*sums, *former}
            if value and max(sums[value], former[value]) >= SHOWN_FROM
        ]
        return sorted(found, key=lambda change: (-change.gain, change.value))

    def _sums(self, site: Site, span: Span, today: date) -> tuple[dict[str, Counter[str]], int]:
        """Return the sums of a span by dimension, and of how many days nothing is kept by day."""
        months = list(_whole_months(span, today))
        found = dict(zip(months, self._store.read(site, list(months)), strict=True))
        rolled = {month: sums for month, sums in found.items() if sums}
        oldest = today - ARTICLE_DAYS_KEPT * DAY
        days = [day for day in span.each() if f"{day:%Y-%m}" not in rolled]
        kept = [day for day in days if oldest <= day <= today]
        rows = self._store.read(site, iso_days(kept))
        sums: dict[str, Counter[str]] = {}
        for row in (*rolled.values(), *map(_without_rare_versions, rows)):
            for name, values in row.items():
                sums.setdefault(name, Counter()).update(values)
        if "browser" in sums:
            # All who tell the browser are told of here, by name where many have the version.
            versions = sums.setdefault("browser_version", Counter())
            versions[""] = sums["browser"].total() - versions.total()
        if "entry" in sums:
            sums["entry"] = self._entries(site, sums["entry"])
        return sums, sum(day < oldest for day in days)

    def _entries(self, site: Site, counted: Counter[str]) -> Counter[str]:
        """Return entry articles as they are called now; those that no list shows are others."""
        aliases = self._aliases.read(site.slug)
        entries = Counter[str]()
        for key, n in counted.items():
            target = aliases.targets.get(key, key)
            shown = target != OTHER_ARTICLES and target not in aliases.hidden
            entries[target if shown else ""] += n
        return entries


def _whole_months(span: Span, today: date) -> Iterable[str]:
    """Return the months that are over and that a span has whole."""
    first = span.first.replace(day=1)
    while first <= span.last:
        after = first + monthrange(first.year, first.month)[1] * DAY
        if span.first <= first and after - DAY <= span.last and after <= today:
            yield f"{first:%Y-%m}"
        first = after


def _without_rare_versions(row: Sums) -> Sums:
    versions = row.get("browser_version")
    if not versions:
        return row
    return row | {"browser_version": {v: n for v, n in versions.items() if n >= VERSION_FROM}}


def _counts(name: str, sums: Counter[str], before: Counter[str], limit: int) -> DimensionCounts:
    named = [(value, n) for value, n in sums.items() if value and n >= SHOWN_FROM]
    named.sort(key=lambda pair: (-pair[1], pair[0]))
    told, told_before = sums.total(), before.total() or None
    values = tuple(
        Value(value, n, before[value] if before[value] >= SHOWN_FROM else None)
        for value, n in named[:limit]
    )
    return DimensionCounts(
        name,
        values,
        told - sum(value.visits for value in values),
        told_before and told_before - sum(value.before or 0 for value in values),
        told,
        told_before,
    )
