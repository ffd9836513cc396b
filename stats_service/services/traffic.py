"""Counting: what a page's request means, and what it is answered.

`decide` and `answer` are the two halves of `record_view`, free of I/O, so that a server with
an event loop can put its own, shared, round trip to Redis between them (`web.hot`).
"""

import contextlib
import re
from collections.abc import Callable, Sequence

from msgspec import UNSET

from stats_service.errors import InvalidInputError, StoreUnavailableError, ViewKeptError
from stats_service.models.polls import Poll, PollView
from stats_service.models.sites import Site
from stats_service.models.traffic import (
    LISTED_MAX,
    ArticleCounts,
    PageAnswer,
    PageQuery,
    Peak,
    RatingTally,
    SiteCounts,
    StoredArticle,
    StoredCounts,
    StoredTotals,
    Totals,
    ViewCommand,
    ViewResult,
    Visitor,
)
from stats_service.services.addresses import customer_prefix, in_networks, network_prefix
from stats_service.services.article_keys import canonical_article
from stats_service.services.bots import is_bot
from stats_service.services.hosts import origin_host
from stats_service.services.identities import DayKey, hit_digest
from stats_service.services.periods import local_time, periods_at
from stats_service.services.poll_views import poll_view
from stats_service.services.sites import SiteEntry
from stats_service.store.spool import KeptView, Spool
from stats_service.store.traffic import TrafficStore

#: Outcomes of a view whose sender may have a voter's token all the same.
MINTING_REASONS = frozenset({"", "opt-out", "excluded"})

#: Stands for the key of a day whose salt is not known; nothing is derived from it.
NO_DAY = DayKey(b"")

HIT_ID = re.compile(r"[A-Za-z0-9_-]{16,32}")


class Traffic:
    """Record views, and read the numbers of a site and its articles."""

    def __init__(self, store: TrafficStore, spool: Spool, on_kept: Callable[[], None]) -> None:
        self._store = store
        self._spool = spool
        self._on_kept = on_kept

    def record_view(
        self, entry: SiteEntry, query: PageQuery, visitor: Visitor, now: float
    ) -> PageAnswer:
        """Record one load (or heartbeat) of a page, and return what its widgets show.

        Raises:
            InvalidInputError: naming the field of `query` that cannot be used; nothing is stored.
            UnknownSiteError: the site was removed meanwhile.
            ViewKeptError: Redis did not acknowledge the view; it is kept and will be counted.
            StoreUnavailableError: Redis did not acknowledge the view (or beat).
        """
        command = decide(entry, query, visitor, now)
        periods = periods_at(now, entry.site.timezone)
        try:
            stored, results = self._store.record_views(entry.site, periods, now, (command,))
        except StoreUnavailableError as error:
            if command.kind != "view":
                raise
            self._spool.add([KeptView(entry.site.slug, now, command)])
            self._on_kept()
            raise ViewKeptError from error
        counts = site_counts(entry.site, stored)
        return answer(entry, query, command, counts, results[0], now)

    def counts(self, site: Site, now: float) -> SiteCounts:
        """Return the numbers of a site without counting anything."""
        periods = periods_at(now, site.timezone)
        return site_counts(site, self._store.counts(site, periods, now))

    def articles(self, site: Site, articles: Sequence[str], now: float) -> dict[str, ArticleCounts]:
        """Return the views of articles, by the text asked for; unknown ones have 0.

        Raises:
            InvalidInputError: too many, or one that cannot be an article.
        """
        keys = canonical_articles(site, articles)
        periods = periods_at(now, site.timezone)
        stored = self._store.articles(site, periods, keys)
        return {
            asked: article_counts(site, key, numbers, rated=False)
            for asked, key, numbers in zip(articles, keys, stored, strict=True)
        }

    def set_opening(self, site: Site, article: str, views: int) -> str:
        """Set the views that an article had before it came here; return its key."""
        if not 0 <= views <= 10**12:
            raise InvalidInputError(f"views {views}: use a whole number from 0 to {10**12}.")
        key = canonical_article(article, site.article_parameters)
        self._store.set_opening(site, key, views)
        return key


def decide(entry: SiteEntry, query: PageQuery, visitor: Visitor, now: float) -> ViewCommand:
    """Return what is to be recorded for `query`; errors as `Traffic.record_view`."""
    site = entry.site
    article, note = _page_article(site, query.article)
    asked, listed = _listed_articles(site, query.articles)
    reason = ignored_reason(entry, query, visitor)
    if not query.beat and not HIT_ID.fullmatch(query.hit):
        raise InvalidInputError(
            f"hit {query.hit[:40]!r}: send 16 to 32 letters, digits, '_' or '-', drawn at random "
            "for each load of a page."
        )
    # Midnight passed while Redis was away: without the day's salt the view has no identity.
    knows_day = entry.knows_day(now)
    network = network_prefix(visitor.address) if knows_day else ""
    today, before = entry.day_keys_at(now) if knows_day else (NO_DAY, None)
    poll, voter, mint = _vote_wishes(entry, query, visitor, reason, now)
    customer = today.address(customer_prefix(visitor.address)) if mint and ":" in network else b""
    if reason:
        return ViewCommand(
            kind="beat" if query.beat else reason,
            article=article,
            note=note,
            asked=asked,
            listed=listed,
            rated=query.rating,
            poll=poll,
            voter=voter,
            mint=mint,
            address=today.address(network) if mint and network else b"",
            customer=customer,
        )
    # Without an address (a unix socket whose proxy sends none) everybody would be one visitor.
    identified = bool(network) and not visitor.private
    return ViewCommand(
        kind="beat" if query.beat else "view",
        hit=b"" if query.beat else hit_digest(query.hit),
        visitor=today.visitor(network, visitor.user_agent) if identified else b"",
        visitor_before=before.visitor(network, visitor.user_agent)
        if before and identified
        else b"",
        address=today.address(network) if network else b"",
        article=article,
        note=note,
        asked=asked,
        listed=listed,
        rated=query.rating,
        poll=poll,
        voter=voter,
        mint=mint,
        customer=customer,
    )


def _vote_wishes(
    entry: SiteEntry, query: PageQuery, visitor: Visitor, reason: str, now: float
) -> tuple[Poll | None, bytes, bool]:
    """Return the poll that is wanted, the voter's pseudonym in it, and whether to mint a token.

    Whoever opted out of being counted may still vote; a program may not.
    """
    poll = entry.polls.find(query.poll, now) if query.poll else None
    if query.voter is None:
        return poll, b"", False
    slug, voters = entry.site.slug, entry.voters
    voter = voters.find(slug, query.voter, now)
    if voter is None:
        mint = reason in MINTING_REASONS and origin_host(visitor.origin) in entry.hosts
        return poll, b"", mint
    return poll, voters.pseudonym(slug, f"poll:{poll.id}", voter) if poll else b"", False


def _page_article(site: Site, text: str | None) -> tuple[str, str]:
    """Return the key of the page's own article, and a note if what was sent can be none.

    A reader whose address bar holds rubbish is a reader: the view counts for the site.
    """
    if text is None:
        return "", ""
    try:
        return canonical_article(text, site.article_parameters), ""
    except InvalidInputError:
        return "", "article-invalid"


def _listed_articles(
    site: Site, articles: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of `articles` can be answered, and their keys.

    One bad link in a list must not take the numbers from the others.
    """
    _check_number(articles)
    asked, listed = [], []
    for text in articles:
        with contextlib.suppress(InvalidInputError):
            listed.append(canonical_article(text, site.article_parameters))
            asked.append(text)
    return tuple(asked), tuple(listed)


def ignored_reason(entry: SiteEntry, query: PageQuery, visitor: Visitor) -> str:
    """Return why a view must not be counted, or an empty string."""
    if query.out:
        return "opt-out"
    if visitor.prefetch:
        return "prefetch"
    if not visitor.user_agent:
        return "no-user-agent"
    if query.bot or is_bot(visitor.user_agent):
        return "bot"
    if origin_host(visitor.origin) not in entry.hosts:
        return "host"
    if entry.site.excluded and in_networks(visitor.address, entry.site.excluded):
        return "excluded"
    return ""


def answer(
    entry: SiteEntry,
    query: PageQuery,
    command: ViewCommand,
    counts: SiteCounts,
    result: ViewResult,
    now: float,
) -> PageAnswer:
    """Return the answer to `query` after Redis has recorded `command` with `result`."""
    site, rated = entry.site, command.rated
    return PageAnswer(
        counted=not result.ignored,
        ignored="" if query.beat else result.ignored,
        note=command.note or result.note,
        site=counts,
        article=article_counts(site, command.article, result.article, rated=rated)
        if command.article and result.article
        else None,
        articles={
            asked: article_counts(site, key, numbers, rated=rated)
            for asked, key, numbers in zip(
                command.asked, command.listed, result.listed, strict=True
            )
        },
        poll=_wanted_poll(site, command, result, now) if query.poll else UNSET,
        voter=entry.voters.mint(site.slug, now, burst=result.burst) if command.mint else UNSET,
    )


def _wanted_poll(
    site: Site, command: ViewCommand, result: ViewResult, now: float
) -> PollView | None:
    if command.poll is None or result.tally is None:
        return None
    return poll_view(command.poll, result.tally, site.timezone, now, voted=result.voted)


def canonical_articles(site: Site, articles: Sequence[str]) -> tuple[str, ...]:
    """Return the keys of `articles`; InvalidInputError if they are too many or unusable."""
    _check_number(articles)
    return tuple(canonical_article(text, site.article_parameters) for text in articles)


def _check_number(articles: Sequence[str]) -> None:
    if len(articles) > LISTED_MAX:
        raise InvalidInputError(
            f"articles: {len(articles)} were asked for; ask for at most {LISTED_MAX} at a time."
        )


def site_counts(site: Site, stored: StoredCounts) -> SiteCounts:
    """Return a site's numbers with its opening balances."""
    return SiteCounts(
        headline=site.headline,
        visits=_totals(stored.visits, site.opening_visits),
        views=_totals(stored.views, site.opening_views),
        online=stored.online,
        peak=Peak(stored.peak[0], local_time(stored.peak[1], site.timezone))
        if stored.peak
        else None,
    )


def _totals(stored: StoredTotals, opening: int) -> Totals:
    return Totals(
        total=stored.total + opening,
        today=stored.today,
        yesterday=stored.yesterday,
        week=stored.week,
        month=stored.month,
        year=stored.year,
        opening=opening,
        record=stored.record,
    )


def article_counts(site: Site, key: str, stored: StoredArticle, *, rated: bool) -> ArticleCounts:
    """Return an article's numbers with its opening balance."""
    return ArticleCounts(
        key=key,
        views=stored.views + stored.opening,
        today=stored.today,
        rating=rating_tally(stored.ratings, site.rating_scale) if rated else None,
    )


def rating_tally(counts: Sequence[int], scale: int) -> RatingTally:
    """Return the tally of `counts`, the number of ratings by score from 1."""
    padded = tuple(counts) + (0,) * (scale - len(counts))
    number = sum(padded)
    points = sum(score * n for score, n in enumerate(padded, 1))
    return RatingTally(number, round(points / number, 2) if number else 0.0, scale, padded)
