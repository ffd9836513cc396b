"""What a report says: a week or a month that is over, beside the one before and a year before.

There is one of it, for the page, the e-mail, the sheets of paper and the workbook.
"""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import msgspec

from stats_service.models.clicks import ClickedName
from stats_service.models.polls import Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.annotations import Mark
from stats_service.models.traffic.history import (
    ComparedArticles,
    Pair,
    Point,
    Series,
    Shortfall,
    share_of_change,
)
from stats_service.models.traffic.readers import ValueChange
from stats_service.models.traffic.views import RatingTally
from stats_service.services.clicks.clicks import Clicks
from stats_service.services.polls.polls import Polls
from stats_service.services.polls.presentation import closing_time, results, state_at
from stats_service.services.ratings.ratings import ArticleRatings
from stats_service.services.ratings.review import RatingReview
from stats_service.services.traffic.annotations import AnnotationBook
from stats_service.services.traffic.history import History
from stats_service.services.traffic.readers import Readers
from stats_service.services.traffic.spans import (
    BEFORE,
    DAY,
    NO_MONTHS,
    YEAR,
    Span,
    last_of_month,
    shift_months,
)
from stats_service.services.traffic.tet import YEAR_WEEKS, weeks_to_year_before
from stats_service.services.traffic.titles import Titles
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.views.numbers import rating_tally
from stats_service.store.keys import ARTICLE_DAYS_KEPT

WEEK, MONTH = "week", "month"
#: The periods that reports are of.
PERIODS = (WEEK, MONTH)
#: Most articles, articles and sources that changed, rated articles, and polls of a report.
ARTICLES_SHOWN, CHANGED_SHOWN, SOURCES_SHOWN, RATED_SHOWN, POLLS_SHOWN = 10, 5, 5, 5, 4
#: Most documents.
DOCUMENTS_SHOWN = 5
#: Choices of a poll that a report names, the leading first.
CHOICES_SHOWN = 3
#: A source that gained or lost fewer visits is no news.
SOURCE_MIN = 3
#: The hour, in the site's zone, from which a report is sent.
FROM_HOUR = 6


class Part(msgspec.Struct, frozen=True):
    """A choice of a poll, and its result."""

    #: Id of the choice; `other` for the free texts.
    id: str
    votes: int
    #: As `services.polls.presentation.percent_of` gives it.
    percent: float


class EndedPoll(msgspec.Struct, frozen=True):
    """A poll that ended in a period."""

    poll: Poll
    #: When, in seconds.
    ended: float
    #: Ballots that count.
    ballots: int
    #: The choices with the most votes first; empty where administrators alone see results, for a
    #: report may go to anybody.
    choices: tuple[Part, ...]
    #: What percentages refer to: `votes` or `voters`.
    of: str = "votes"


class RatedKey(msgspec.Struct, frozen=True):
    """An article with the ratings that a period gave it."""

    key: str
    rating: RatingTally
    #: What the article is called; empty: that is not known.
    title: str = ""


class PeriodRatings(msgspec.Struct, frozen=True):
    """The ratings that were given in a period."""

    all: RatingTally
    #: Of the period before; None: not kept any more, or there was no site.
    before: RatingTally | None
    #: Those with the most ratings first.
    articles: tuple[RatedKey, ...]


class ReportNumbers(msgspec.Struct, frozen=True, kw_only=True):
    """All that a report says."""

    site: Site
    #: `week` or `month`
    every: str
    first: date
    last: date
    #: By day, beside the period before.
    series: Series
    #: The days a year before, and their sum; None: the site was not counting yet.
    year_first: date
    year_last: date
    year: Pair | None
    #: Whether the year before is not 52 weeks before, because of Tết.
    by_tet: bool
    articles: ComparedArticles
    #: Sources that gained and lost visits, those that did most first.
    sources_up: tuple[ValueChange, ...]
    sources_down: tuple[ValueChange, ...]
    #: Whether sources can be compared; if the site was counting, they may not have been told alike.
    sources_compared: bool
    #: The most downloaded documents; empty: none was, or they are not kept by day for so long.
    documents: tuple[ClickedName, ...]
    polls: tuple[EndedPoll, ...]
    #: How many ended beside those.
    more_polls: int
    #: None: the times of ratings are not kept for so long.
    ratings: PeriodRatings | None
    #: None: reasons are not kept for so long.
    shortfall: Shortfall | None
    #: What happened, by day.
    marks: tuple[Mark, ...]

    @property
    def total(self) -> Pair:
        """The sum of the period."""
        return self.series.total

    @property
    def before(self) -> Pair | None:
        """The sum of the period before; None: the site was not counting yet."""
        return self.series.total_before

    @property
    def points(self) -> tuple[Point, ...]:
        """The days."""
        return self.series.points

    @property
    def busiest(self) -> Point:
        """The first day with the most visits."""
        return max(self.points, key=lambda point: (point.now.visits, point.now.views))

    @property
    def average(self) -> int:
        """Visits of a day on average, in whole ones."""
        return round(self.total.visits / len(self.points))

    def change(self, metric: str) -> float | None:
        """Return the growth against the period before as a share of 1; None: there is none."""
        return self.series.change(metric)

    def change_of_year(self, metric: str) -> float | None:
        """Return the growth against the year before as a share of 1; None: there is none."""
        return share_of_change(self.total.of(metric), self.year.of(metric)) if self.year else None

    @property
    def uncounted(self) -> int:
        """Page loads that were not counted."""
        return sum(row.n for row in self.shortfall.ignored) if self.shortfall else 0


class ReportReader:
    """Reads what reports say."""

    def __init__(
        self,
        history: History,
        top_articles: TopArticles,
        readers: Readers,
        polls: Polls,
        ratings: ArticleRatings,
        review: RatingReview,
        annotations: AnnotationBook,
        titles: Titles,
        clicks: Clicks,
    ) -> None:
        self._clicks = clicks
        self._history = history
        self._top_articles = top_articles
        self._readers = readers
        self._polls = polls
        self._ratings = ratings
        self._review = review
        self._annotations = annotations
        self._titles = titles

    def read(
        self, site: Site, every: str, span: Span, now: float, language: str = ""
    ) -> ReportNumbers:
        """Return the report of a period that is over.

        Args:
            site: the site.
            every: `week` or `month`.
            span: the days, of `period` or `period_named`.
            now: this moment, in seconds.
            language: in which marks tell what polls ask, where they do.
        """
        series = self._history.series(site, "day", span, now, BEFORE)
        former = self._history.series(site, "day", span, now, YEAR)
        articles = self._top_articles.beside(site, span, now)
        found = self._sources(site, span, series, now)
        sources = found or []
        ended = self._ended(site, span, now)
        weeks = weeks_to_year_before(span.first, span.last, site.timezone)
        return ReportNumbers(
            site=site,
            every=every,
            first=span.first,
            last=span.last,
            series=series,
            year_first=former.first_before or span.first,
            year_last=former.last_before or span.last,
            year=former.total_before,
            by_tet=every == WEEK and weeks != YEAR_WEEKS,
            articles=ComparedArticles(
                articles.most[:ARTICLES_SHOWN],
                articles.risen[:CHANGED_SHOWN],
                articles.fallen[:CHANGED_SHOWN],
                articles.is_compared,
            ),
            sources_compared=found is not None,
            sources_up=tuple(one for one in sources if one.gain >= SOURCE_MIN)[:SOURCES_SHOWN],
            sources_down=tuple(one for one in reversed(sources) if one.gain <= -SOURCE_MIN)[
                :SOURCES_SHOWN
            ],
            documents=self._documents(site, span, now),
            polls=tuple(self._ended_poll(site, poll, at) for at, poll in ended[:POLLS_SHOWN]),
            more_polls=max(0, len(ended) - POLLS_SHOWN),
            ratings=self._rated(site, span, series, now),
            shortfall=self._shortfall(site, span, now),
            marks=self._annotations.marks(site, span, now, language),
        )

    def _documents(self, site: Site, span: Span, now: float) -> tuple[ClickedName, ...]:
        if span.first < today_of(site, now) - (ARTICLE_DAYS_KEPT - 1) * DAY:
            return ()
        return self._clicks.top_documents(site, span, DOCUMENTS_SHOWN)

    def _sources(
        self, site: Site, span: Span, series: Series, now: float
    ) -> list[ValueChange] | None:
        if series.total_before is None or not series.first_before or not series.last_before:
            return None
        before = Span(series.first_before, series.last_before)
        return self._readers.changed(site, span, before, now)

    def _ended(self, site: Site, span: Span, now: float) -> list[tuple[float, Poll]]:
        """Return the polls that ended in a span, the latest first."""
        begin, end = moments(span, site.timezone)
        found = (
            (closing_time(poll), poll)
            for poll in self._polls.all(site.slug)
            if state_at(poll, now) in ("closed", "archived")
        )
        inside = ((at, poll) for at, poll in found if begin <= at < end)
        return sorted(inside, key=lambda pair: (-pair[0], pair[1].id))

    def _ended_poll(self, site: Site, poll: Poll, ended: float) -> EndedPoll:
        found = results(poll, self._polls.tally(site.slug, poll.id))
        ranked = sorted(found.choices, key=lambda choice: -(choice.votes or 0))
        parts = tuple(Part(one.id, one.votes or 0, one.percent or 0.0) for one in ranked)
        shown = () if poll.results_when == "admins" else parts[:CHOICES_SHOWN]
        return EndedPoll(poll, ended, found.ballots or 0, shown, found.of)

    def _rated(self, site: Site, span: Span, series: Series, now: float) -> PeriodRatings | None:
        given = self._review.of_span(site, *moments(span, site.timezone), now)
        if given is None:
            return None
        before = None
        if series.total_before is not None and series.first_before and series.last_before:
            days = Span(series.first_before, series.last_before)
            former = self._review.of_span(site, *moments(days, site.timezone), now)
            before = None if former is None else _tally(site, former)
        listed = self._ratings.listed(site, given)
        rated = (key for key, counts in listed.items() if sum(counts))
        order = sorted(rated, key=lambda key: (-sum(listed[key]), key))[:RATED_SHOWN]
        titles = self._titles.of(site, order)
        return PeriodRatings(
            _tally(site, given),
            before,
            tuple(
                RatedKey(key, rating_tally(listed[key], site.rating_scale), titles.get(key, ""))
                for key in order
            ),
        )

    def _shortfall(self, site: Site, span: Span, now: float) -> Shortfall | None:
        if span.first < today_of(site, now) - ARTICLE_DAYS_KEPT * DAY:
            return None
        return self._history.shortfall(site, span.first, span.last)


def period(every: str, site: Site, now: float, from_hour: int = 0) -> Span:
    """Return the last week or month that has ended.

    Args:
        every: `week` or `month`.
        site: the site.
        now: this moment, in seconds.
        from_hour: the hour of the day from which the new one counts as begun.
    """
    today = today_of(site, now - from_hour * 3600)
    end = today - today.weekday() * DAY if every == WEEK else today.replace(day=1)
    last = end - DAY
    return _week(last - 6 * DAY) if every == WEEK else Span(last.replace(day=1), last)


def period_named(name: str) -> tuple[str, Span] | None:
    """Return the week `2026-W47` or the month `2026-10`, and which it is; None: it is neither."""
    try:
        if "W" in name:
            year, _, week = name.partition("-W")
            return WEEK, _week(date.fromisocalendar(int(year), int(week), 1))
        first = date.fromisoformat(f"{name}-01")
        return MONTH, Span(first, last_of_month(first))
    except (ValueError, OverflowError):  # the last month of the calendar has no next one
        return None


def name_of(every: str, first: date) -> str:
    """Return the name of a period, as `period_named` takes it."""
    return f"{first:%G-W%V}" if every == WEEK else f"{first:%Y-%m}"


def neighbour(every: str, span: Span, steps: int) -> Span:
    """Return the period some steps later, or earlier if `steps` is negative."""
    if every == WEEK:
        return _week(span.first + 7 * steps * DAY)
    first = shift_months(span.first, -steps)
    return Span(first, last_of_month(first))


def today_of(site: Site, now: float) -> date:
    """Return the day of a moment where the site is."""
    return datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone)).date()


def moments(span: Span, timezone: str) -> tuple[float, float]:
    """Return when a span begins and when it is over, in seconds."""
    zone = ZoneInfo(timezone)

    def midnight(day: date) -> float:
        return datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()

    return midnight(span.first), midnight(span.last + DAY)


def _tally(site: Site, ratings: dict[str, tuple[int, ...]]) -> RatingTally:
    longest = max(map(len, ratings.values()), default=0)
    sums = [0] * longest
    for counts in ratings.values():
        for at, n in enumerate(counts):
            sums[at] += n
    return rating_tally(tuple(sums), site.rating_scale)


def _week(monday: date) -> Span:
    return Span(monday, monday + 6 * DAY, NO_MONTHS)
