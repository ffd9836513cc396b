"""Lists of articles for the portal: most read, best rated, rising, of a section or of all.

Whoever sends views invents addresses. So an article is listed only if its title is known, which the
service has read from the portal's own page or an administrator has set, and if its key is a path,
which leads nowhere but to the site.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stats_service.errors import ForbiddenError, InvalidInputError, StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.models.titles import (
    LISTED_MAX,
    ORDERS,
    PREFIX_LENGTH,
    PREFIXES_MAX,
    RATING,
    RISING,
    SPANS,
    ListedArticle,
    TopList,
    TopQuery,
)
from stats_service.services.ratings.ratings import RANKED_MAX, RANKED_MIN, ArticleRatings
from stats_service.services.traffic.spans import DAY, Span
from stats_service.services.traffic.titles import Titles
from stats_service.services.traffic.top_articles import TopArticles
from stats_service.services.visitors.hosts import front_page

#: How long a worker keeps what lists are made of, in seconds.
KEPT_SECONDS = 30


class TopLists:
    """Lists of every site; what they are made of is read once for all readers of a site."""

    def __init__(self, top: TopArticles, ratings: ArticleRatings, titles: Titles) -> None:
        self._top = top
        self._ratings = ratings
        self._titles = titles
        #: By slug, birth, order and span: when it was read, and the articles.
        self._kept: dict[tuple[str, str, str, str], tuple[float, list[ListedArticle]]] = {}

    def read(self, site: Site, query: TopQuery, now: float) -> TopList:
        """Return a list, at most `KEPT_SECONDS` old; older while Redis does not answer.

        Raises:
            ForbiddenError: the owner has not opened lists.
            InvalidInputError: names what cannot be used of `query`.
            StoreUnavailableError: Redis does not answer, and nothing was read before.
        """
        if not site.public_articles:
            raise ForbiddenError(
                "The site's lists of articles are not open. Its owner opens them in the settings, "
                "under the public page."
            )
        query = checked(query)
        found = self._candidates(site, query, now)
        listed = [
            article
            for article in found
            if (not query.only or article.key.startswith(query.only))
            and not (query.exclude and article.key.startswith(query.exclude))
        ]
        return TopList(query.by, query.span, tuple(listed[: query.limit]))

    def _candidates(self, site: Site, query: TopQuery, now: float) -> list[ListedArticle]:
        place = (site.slug, site.birth, query.by, query.span)
        at, articles = self._kept.get(place, (0.0, []))
        if 0 <= now - at < KEPT_SECONDS:
            return articles
        try:
            articles = self._read(site, query, now)
        except StoreUnavailableError:
            if not at:
                raise
            return articles
        self._kept[place] = (now, articles)
        return articles

    def _read(self, site: Site, query: TopQuery, now: float) -> list[ListedArticle]:
        root = front_page(site.hosts[0]).rstrip("/")
        if query.by == RATING:
            rated = self._ratings.top(site, RANKED_MAX, RANKED_MIN, now).articles
            titles = self._titles.of(site, [article.key for article in rated])
            return [
                ListedArticle(
                    article.key, titles[article.key], root + article.key, rating=article.rating
                )
                for article in rated
                if article.key in titles and article.key.startswith("/")
            ]
        today = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone)).date()
        days = SPANS[query.span]
        span = Span(today - (days - 1) * DAY, today) if days else None
        return [
            ListedArticle(
                article.key,
                article.title,
                root + article.key,
                article.views,
                article.gain if query.by == RISING else None,
            )
            for article in self._top.candidates(site, span, now, rising=query.by == RISING)
            if article.title and article.key.startswith("/")
        ]


def checked(query: TopQuery) -> TopQuery:
    """Return what is meant: ratings have no span, they are of all time.

    Raises:
        InvalidInputError: names the value that cannot be used.
    """
    if query.by not in ORDERS:
        raise InvalidInputError(
            "by {by!r}: use one of {orders}.", by=query.by[:40], orders=", ".join(ORDERS)
        )
    if query.span not in SPANS:
        raise InvalidInputError(
            "span {span!r}: use one of {spans}.", span=query.span[:40], spans=", ".join(SPANS)
        )
    if query.by == RISING and query.span == "all":
        raise InvalidInputError("span 'all': nothing rises against all time. Use a shorter one.")
    if not 1 <= query.limit <= LISTED_MAX:
        raise InvalidInputError(
            "limit {limit}: use 1 to {listed_max}.", limit=query.limit, listed_max=LISTED_MAX
        )
    for prefix in (*query.only, *query.exclude):
        if not prefix.startswith("/") or len(prefix) > PREFIX_LENGTH:
            raise InvalidInputError(
                "path {prefix!r}: use the beginning of a path, such as /news/, of at most "
                "{prefix_length} characters.",
                prefix=prefix[:40],
                prefix_length=PREFIX_LENGTH,
            )
    if max(len(query.only), len(query.exclude)) > PREFIXES_MAX:
        raise InvalidInputError(
            "only, exclude: use at most {prefixes_max} paths each.", prefixes_max=PREFIXES_MAX
        )
    span = "all" if query.by == RATING else query.span
    return TopQuery(query.by, span, query.limit, query.only, query.exclude)
