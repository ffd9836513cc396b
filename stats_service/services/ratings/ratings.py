"""Ratings of articles: one score a voter, changeable for a day; averages and the best rated.

`services.ratings.review` has what an administrator takes out.
"""

from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest

from stats_service.errors import (
    AlreadyRatedError,
    InvalidInputError,
    TooManyRequestsError,
    UnknownArticleError,
)
from stats_service.models.ratings import (
    RankedArticle,
    RatedArticle,
    RatingAnswer,
    RatingCommand,
    RatingQuery,
    RatingResult,
    Ratings,
    TopRated,
)
from stats_service.models.sites import Site
from stats_service.models.traffic.views import OTHER_ARTICLES, RatingTally, Visitor
from stats_service.services.articles.keys import canonical_articles
from stats_service.services.known_sites.senders import check_sender
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.periods import local_time
from stats_service.services.views.numbers import rating_tally
from stats_service.services.visitors.addresses import ipv6_48_prefix, network_prefix
from stats_service.store.ratings.ratings import RatingStore
from stats_service.store.sites.aliases import AliasStore

#: How long a voter may change a rating, in seconds; `rate_article.lua` has the same.
CHANGE_SECONDS = 86_400
#: Least age of a token that rates, in seconds.
WAIT_SECONDS = 2.0
#: Weight of the site's mean in the ranking, in ratings.
PRIOR_WEIGHT = 10
#: Fewest ratings that a ranked article needs, unless the caller asks for another number.
RANKED_MIN = 5
#: Most articles of a ranking.
RANKED_MAX = 100
#: How long a worker caches the ranking of a site, in seconds.
RANKING_SECONDS = 60
#: `Retry-After` for a network with too many ratings, in seconds.
CEILING_RETRY_SECONDS = 1800


class ArticleRatings:
    """Records ratings and reads them."""

    def __init__(self, store: RatingStore, aliases: AliasStore) -> None:
        self._store = store
        self._aliases = aliases
        self._all: dict[tuple[str, str], tuple[float, dict[str, tuple[int, ...]]]] = {}

    async def rate_article(
        self, entry: SiteEntry, query: RatingQuery, visitor: Visitor, now: float
    ) -> RatingAnswer:
        """Record a score in the event loop; when it returns, Redis has the score.

        Raises:
            InvalidInputError: the score is not on the scale, or the article is not a valid one.
            ForbiddenError: the sender may not rate; the subclass says why.
            UnknownArticleError: no view of the article has been counted.
            AlreadyRatedError: the voter can no longer change the score; holds the tally.
            TooManyRequestsError: the voter's network has sent too many ratings, and no more
                can be held.
            StoreUnavailableError: nothing was recorded; the request may be sent again.
        """
        command = decide_rating(entry, query, visitor, now)
        result = await self._store.rate(entry.site, command, now)
        return answer_rating(entry.site, command, result, now)

    def get(self, site: Site, articles: Sequence[str]) -> Ratings:
        """Return the ratings of articles, by the names in the request; errors as for views."""
        keys = canonical_articles(articles, site.article_parameters)
        targets = self._aliases.targets(site.slug, keys)
        keys = tuple(targets.get(key, key) for key in keys)
        stored = self._store.get(site.slug, keys)
        return Ratings(
            {
                asked: rated_article(site, key, counts)
                for asked, key, counts in zip(articles, keys, stored, strict=True)
            }
        )

    def top(self, site: Site, limit: int, fewest: int, now: float) -> TopRated:
        """Return the best rated articles with at least `fewest` ratings, up to a minute old.

        Raises:
            InvalidInputError: a number is out of range.
        """
        if not 1 <= limit <= RANKED_MAX:
            raise InvalidInputError(
                "limit {limit}: use 1 to {ranked_max}.", limit=limit, ranked_max=RANKED_MAX
            )
        if not 1 <= fewest <= 1_000_000:
            raise InvalidInputError("min {fewest}: use 1 to 1000000.", fewest=fewest)
        return ranking(site, self._recent(site, now), limit, fewest, self._hidden(site))

    def ranked(self, site: Site, fewest: int, now: float) -> TopRated:
        """Return every article with at least `fewest` ratings, best first, up to a minute old."""
        kept = self._recent(site, now)
        return ranking(site, kept, len(kept), fewest, self._hidden(site))

    def distribution(self, site: Site, now: float) -> RatingTally:
        """Return the sum of all ratings of a site by score, up to a minute old."""
        columns = zip_longest(*self._recent(site, now).values(), fillvalue=0)
        return rating_tally(tuple(map(sum, columns)), site.rating_scale)

    def listed(
        self, site: Site, ratings: Mapping[str, Sequence[int]]
    ) -> dict[str, tuple[int, ...]]:
        """Return ratings under the articles' present keys, without those that no list shows."""
        aliases = self._aliases.read(site.slug)
        found: dict[str, tuple[int, ...]] = {}
        for key, counts in ratings.items():
            target = aliases.targets.get(key, key)
            if target != OTHER_ARTICLES and target not in aliases.hidden:
                known = zip_longest(counts, found.get(target, ()), fillvalue=0)
                found[target] = tuple(n + m for n, m in known)
        return found

    def forget(self, site: Site) -> None:
        """Drop the cached ranking of a site."""
        self._all.pop((site.slug, site.birth), None)

    def _hidden(self, site: Site) -> frozenset[str]:
        return self._aliases.hidden(site.slug)

    def _recent(self, site: Site, now: float) -> Mapping[str, Sequence[int]]:
        kept = self._all.get((site.slug, site.birth))
        if kept is None or not 0 <= now - kept[0] < RANKING_SECONDS:
            kept = now, self._store.all(site.slug)
            self._all[site.slug, site.birth] = kept
        return kept[1]


def decide_rating(
    entry: SiteEntry, query: RatingQuery, visitor: Visitor, now: float
) -> RatingCommand:
    """Return the rating to be recorded; errors as in `ArticleRatings.rate_article`."""
    site, voters = entry.site, entry.voters
    check_sender(entry, visitor)
    voter = voters.admit(site.slug, query.voter, WAIT_SECONDS, now)
    if not 0 <= query.score <= site.rating_scale:
        raise InvalidInputError(
            "score {score}: use a whole number from 1 to {rating_scale}, or 0 to take it back.",
            score=query.score,
            rating_scale=site.rating_scale,
        )
    key = entry.article_key(query.article)
    network, today = network_prefix(visitor.address), entry.day_keys_at(now)[0]
    wide = ipv6_48_prefix(visitor.address) if ":" in network else ""
    return RatingCommand(
        article=key,
        score=query.score,
        rater=voters.pseudonym(site.slug, f"article:{key}", voter),
        merged=tuple(
            (former, voters.pseudonym(site.slug, f"article:{former}", voter))
            for former in entry.aliases.rated.get(key, ())
        ),
        address=today.address(network) if network else b"",
        ipv6_48=today.address(wide) if wide else b"",
    )


def answer_rating(
    site: Site, command: RatingCommand, result: RatingResult, now: float
) -> RatingAnswer:
    """Return the answer for the voter, or raise the error."""
    if result.outcome == "unknown":
        raise UnknownArticleError(command.article)
    if result.outcome == "ceiling":
        raise TooManyRequestsError(
            "Your network has rated too many articles lately. Nothing was stored; try again later.",
            CEILING_RETRY_SECONDS,
        )
    article = rated_article(site, command.article, result.counts)
    if result.outcome == "fixed":
        raise AlreadyRatedError(
            "This browser rated the article more than a day ago; the rating can no longer be "
            "changed.",
            article,
        )
    if result.outcome == "withdrawn":
        return RatingAnswer(result.outcome, 0, "", article)
    until = local_time((result.first or now) + CHANGE_SECONDS, site.timezone)
    return RatingAnswer(result.outcome, command.score, until, article)


def rated_article(site: Site, key: str, counts: Sequence[int]) -> RatedArticle:
    """Return an article with its ratings."""
    return RatedArticle(key, rating_tally(counts, site.rating_scale))


def ranking(
    site: Site,
    ratings: Mapping[str, Sequence[int]],
    limit: int,
    fewest: int,
    hidden: Collection[str] = (),
) -> TopRated:
    """Return the best rated articles that are not hidden, best first.

    The order is the Bayesian average (weight × mean + sum of the article's scores) / (weight +
    number of the article's ratings), where the mean is that of all ratings of the site: a single 5
    does not beat a hundred of 4.8. Ties are ordered by number of ratings, then by key.
    """
    number = sum(map(sum, ratings.values()))
    mean = sum(map(points, ratings.values())) / number if number else 0.0
    ranked = []
    for key, counts in ratings.items():
        count = sum(counts)
        if count >= fewest and key not in hidden:
            weighted = (PRIOR_WEIGHT * mean + points(counts)) / (PRIOR_WEIGHT + count)
            ranked.append((-weighted, -count, key))
    ranked.sort()
    return TopRated(
        articles=tuple(
            RankedArticle(key, round(-weighted, 2), rating_tally(ratings[key], site.rating_scale))
            for weighted, _, key in ranked[:limit]
        ),
        mean=round(mean, 2),
        weight=PRIOR_WEIGHT,
        min=fewest,
    )


def points(counts: Sequence[int]) -> int:
    """Return the sum of all scores."""
    return sum(score * n for score, n in enumerate(counts, 1))
