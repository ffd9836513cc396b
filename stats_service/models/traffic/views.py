"""Page views, and the numbers in the answer."""

import msgspec

from stats_service.models.polls import Poll, PollTally, PresentedPoll

#: Visitors seen within so many seconds are online. `record_views.lua` has the same.
ONLINE_SECONDS = 5 * 60
#: A time more than this ahead of now is wrong: the clock was ahead. `record_views.lua` has the
#: same.
AHEAD_SECONDS = 10 * 60
#: A view so long after the visitor's last view begins a new visit. `record_views.lua` has the same.
VISIT_GAP_SECONDS = 30 * 60
#: The article for views beyond the site's cap. `record_views.lua` has the same.
OTHER_ARTICLES = "(other)"
#: Most articles whose numbers one request may ask for.
LISTED_MAX = 100


class PageQuery(msgspec.Struct, frozen=True):
    """A page view, as the script on a page sends it: the JSON body of `POST …/page`."""

    #: 16 to 32 letters, digits, `_` or `-`, random for each page load; a heartbeat's is ignored.
    hit: str = ""
    #: Path with query, URL, or the explicit key from `data-article`; none: not an article.
    article: str | None = None
    #: URL of the page's canonical link; none: it has none, or names its article by itself.
    canonical: str | None = None
    #: Other articles whose numbers the page shows, at most `LISTED_MAX`.
    articles: tuple[str, ...] = ()
    #: `current` or the id of the poll on the page.
    poll: str | None = None
    #: Whether the page shows ratings.
    rating: bool = False
    #: The voter's token; empty: the page asks for one.
    voter: str | None = None
    #: Whether this is a heartbeat of a page that was counted before.
    beat: bool = False
    #: Whether the reader opted out in this browser.
    out: bool = False
    #: Whether the browser reports that a program drives it.
    bot: bool = False
    #: Origin (or URL) of the outermost page if this page is in a frame; none: it is not.
    frame: str | None = None
    #: The present and the former address, if an application changed the page's address without
    #: loading a page. If both belong to one article, nothing is counted again.
    at: str | None = None
    was: str | None = None
    #: Host of the page that the reader came from, and behind a comma the query of the page's own
    #: address from `utm_` on; before that, with a comma behind each, the marks of clicks.
    via: str = ""


class Visitor(msgspec.Struct, frozen=True):
    """The sender of a request, as the server sees it; never stored, never logged."""

    #: IP address as text, resolved through the trusted proxies; empty if unknown.
    address: str
    user_agent: str
    #: The `Origin` header (for the pixel the `Referer`), empty if absent.
    origin: str
    #: Global Privacy Control or Do Not Track is set.
    private: bool
    #: The browser prefetches for a visit that may never happen.
    prefetch: bool
    #: A sign that the address is not the reader's: `proxy-more` if `X-Forwarded-For` has more
    #: entries than there are trusted proxies, `proxy-local` if it is this machine's address,
    #: `proxy-private` if it is a private address.
    hint: str = ""
    #: `Accept-Language`.
    language: str = ""


class Record(msgspec.Struct, frozen=True):
    """The busiest day so far."""

    n: int
    #: ISO date in the site's zone.
    day: str


class Peak(msgspec.Struct, frozen=True):
    """The most visitors online at one time."""

    n: int
    #: ISO time with the offset of the site's zone.
    at: str


class Totals(msgspec.Struct, frozen=True):
    """Visits, or views, of a site by calendar span in the site's zone."""

    #: Everything ever counted, plus `opening`.
    total: int
    today: int
    yesterday: int
    #: Since Monday.
    week: int
    month: int
    year: int
    #: Total of the site before it used this service; included only in `total`.
    opening: int
    record: Record | None


class SiteCounts(msgspec.Struct, frozen=True):
    """All numbers of a site that a widget can show."""

    #: The headline number of the site: `visits` or `views`.
    headline: str
    visits: Totals
    views: Totals
    #: Distinct visitors seen in the last 5 minutes, inclusive.
    online: int
    peak: Peak | None


class RatingTally(msgspec.Struct, frozen=True):
    """The ratings of an article."""

    count: int
    #: Mean score, rounded to two decimals; 0 without ratings.
    average: float
    #: Highest possible score.
    scale: int
    #: Number of ratings by score, from 1 to `scale`.
    counts: tuple[int, ...]


class ArticleCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The numbers of one article."""

    #: The canonical key under which the article is counted.
    key: str
    #: Total views, including the opening balance; null: the site has no room for the article's
    #: name, and no article's number contains these views.
    views: int | None
    today: int | None
    rating: RatingTally | None = None
    #: Why there is no number: `article-cap`, or `article-network` if the reader's network has named
    #: too many articles that nobody had read before.
    note: str = ""
    #: How often it was downloaded; None: it is no document, or the site does not count those.
    downloads: int | None = None


class ArticleOpening(msgspec.Struct, frozen=True):
    """The views that an article had before the site used this service."""

    key: str
    views: int
    #: The former balance; 0: none.
    before: int


#: Kind of a view that neither Redis nor the disk accepted.
LOST = "lost"


class ViewCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A decided page view to be recorded, without identities."""

    #: `view`, `beat`, or the reason why the view is not counted.
    kind: str
    #: 8 bytes derived from the hit id; empty for a heartbeat.
    hit: bytes = b""
    #: 8-byte pseudonym of the visitor today; empty: the visitor is not identified.
    visitor: bytes = b""
    #: The pseudonym of yesterday, in the first half hour after midnight.
    visitor_before: bytes = b""
    #: 8-byte pseudonym of the address, for its ceilings.
    address: bytes = b""
    #: Canonical key; empty if the page is not an article.
    article: str = ""
    #: `article-invalid` if the page sent an invalid article; not sent to Redis.
    note: str = ""
    #: Other articles on the page, as the page named them; not sent to Redis.
    asked: tuple[str, ...] = ()
    #: Their canonical keys, in the same order.
    listed: tuple[str, ...] = ()
    #: Documents among them, by their keys, in the same order, "" for what is none; empty: there is
    #: none.
    documents: tuple[str, ...] = ()
    #: Whether to return the ratings of the articles.
    rated: bool = False
    #: The poll to return, with its tally.
    poll: Poll | None = None
    #: 8-byte pseudonym of the voter in that poll; empty without a valid token.
    voter: bytes = b""
    #: Whether to issue a voter token.
    issue: bool = False
    #: 8-byte pseudonym of the /48 of an IPv6 address, for the ceilings.
    ipv6_48: bytes = b""
    #: A sign that the address is not the reader's, or empty; see `Visitor.hint`.
    hint: str = ""
    #: What a visit that begins with this view tells (`services.visitors.traits`).
    traits: bytes = b""


class StoredTotals(msgspec.Struct, frozen=True):
    """One metric of a site in Redis, without the opening balance."""

    total: int
    today: int
    yesterday: int
    week: int
    month: int
    year: int
    record: Record | None


class StoredCounts(msgspec.Struct, frozen=True):
    """The numbers of a site in Redis."""

    visits: StoredTotals
    views: StoredTotals
    online: int
    #: Most visitors online, and when, in seconds since 1970.
    peak: tuple[int, float] | None


class StoredArticle(msgspec.Struct, frozen=True):
    """The numbers of an article in Redis."""

    #: None: the article has no number of its own.
    views: int | None
    today: int | None
    opening: int
    #: Number of ratings by score, from 1; empty without ratings or if not requested.
    ratings: tuple[int, ...] = ()


class ViewResult(msgspec.Struct, frozen=True):
    """The outcome of one `ViewCommand`."""

    #: Empty if it was counted (or a heartbeat); else the reason why it was not.
    ignored: str
    #: What was counted only in part: `private`, `identity-cap`, `article-cap`, `article-network`,
    #: or empty.
    note: str
    article: StoredArticle | None
    #: In the order of `ViewCommand.listed`.
    listed: tuple[StoredArticle, ...]
    #: The tally of the requested poll.
    tally: PollTally | None = None
    #: Whether the voter has voted.
    voted: bool = False
    #: Whether the address has requested more tokens than the ceiling allows.
    burst: bool = False
    #: Whether a visit begins with this view.
    begins: bool = False
    #: How often each of `ViewCommand.documents` was downloaded; None: it is no document.
    downloads: tuple[int | None, ...] = ()


class PageAnswer(msgspec.Struct, frozen=True):
    """All numbers that the widgets of a page need."""

    counted: bool
    #: Why the view was not counted; empty if it was, and for heartbeats.
    ignored: str
    #: What was counted only in part; `same-article` for another address of the article that was
    #: shown before.
    note: str
    site: SiteCounts
    #: Unset: the page still shows the same article.
    article: ArticleCounts | msgspec.UnsetType | None
    #: Numbers by the names that the page sent.
    articles: dict[str, ArticleCounts]
    #: None if the poll does not exist, unset if none was requested.
    poll: PresentedPoll | msgspec.UnsetType | None = msgspec.UNSET
    #: The kinds of clicks that the page counts; unset: none.
    clicks: tuple[str, ...] | msgspec.UnsetType = msgspec.UNSET
    #: A new voter token.
    voter: str | msgspec.UnsetType = msgspec.UNSET
