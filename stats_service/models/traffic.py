"""Views going in, and the numbers coming back."""

import msgspec

from stats_service.models.polls import Poll, PollTally, PresentedPoll

#: Visitors seen this long ago, or less, are online. The Lua file `record_views` has the same.
ONLINE_SECONDS = 5 * 60
#: Whoever was seen later than this from now was not: the clock was ahead. The same there.
AHEAD_SECONDS = 10 * 60
#: A view this long after the visitor's last one begins a new visit. The Lua file has the same.
VISIT_GAP_SECONDS = 30 * 60
#: The article under which views are counted beyond the site's cap. The Lua file has the same.
OTHER_ARTICLES = "(other)"
#: Most articles whose numbers one request may ask for.
LISTED_MAX = 100


class PageQuery(msgspec.Struct, frozen=True):
    """What the script on a page sends, as the JSON body of `POST …/page`."""

    #: 16 to 32 letters, digits, `_` or `-`, random for each load of a page; none for a beat.
    hit: str = ""
    #: Path with query, URL, or the explicit key of `data-article`; none: not an article.
    article: str | None = None
    #: Other articles whose numbers the page shows, at most `LISTED_MAX`.
    articles: tuple[str, ...] = ()
    #: `current` or the id of a poll that the page shows.
    poll: str | None = None
    #: Whether the page shows ratings.
    rating: bool = False
    #: The voter's token; empty: the page wants one.
    voter: str | None = None
    #: A heartbeat of a page already counted.
    beat: bool = False
    #: The reader opted out in this browser.
    out: bool = False
    #: The browser says that a program drives it.
    bot: bool = False
    #: Origin (or URL) of the outermost page, if this one stands in a frame; none: it stands alone.
    frame: str | None = None
    #: Where an application has changed the page's address without loading a page: the address now,
    #: and the one before. If both are of one article, nothing is counted again.
    at: str | None = None
    was: str | None = None
    #: Host of the page that the reader came from, and behind it `&` and each parameter of a
    #: campaign in the page's own address (`utm_…`), as they stand there; of a click (`gclid`) the
    #: name alone.
    via: str = ""


class Visitor(msgspec.Struct, frozen=True):
    """What the server itself knows of who sent a request; never stored, never logged."""

    #: Textual IP address, resolved through the trusted proxies; empty if unknown.
    address: str
    user_agent: str
    #: The `Origin` header (for the pixel the `Referer`), empty if absent.
    origin: str
    #: Global Privacy Control or Do Not Track is set.
    private: bool
    #: The browser fetches ahead of a visit that may never be.
    prefetch: bool
    #: A sign that the address is not the reader's: `proxy-more` if `X-Forwarded-For` names more
    #: stations than there are trusted proxies, `proxy-local` if it is this machine's,
    #: `proxy-private` if nobody on the Internet has it.
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
    """Visits, or views, of a site by calendar span in the site's own zone."""

    #: Everything ever counted, plus `opening`.
    total: int
    today: int
    yesterday: int
    #: Since Monday.
    week: int
    month: int
    year: int
    #: What the site had before it came here; part of `total` and of nothing else.
    opening: int
    record: Record | None


class SiteCounts(msgspec.Struct, frozen=True):
    """Every number of a site that a widget can show."""

    #: Which of the two is the site's headline: `visits` or `views`.
    headline: str
    visits: Totals
    views: Totals
    #: Distinct visitors seen in the last 5 minutes, the bound included.
    online: int
    peak: Peak | None


class RatingTally(msgspec.Struct, frozen=True):
    """How an article was rated."""

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
    #: Views since ever, its opening balance included; null: the site has no room for its name, and
    #: these views are in no article's number.
    views: int | None
    today: int | None
    rating: RatingTally | None = None
    #: Why there is no number: `article-cap`, or `article-network` for a reader whose network has
    #: opened too many articles that nobody had read before.
    note: str = ""


class ArticleOpening(msgspec.Struct, frozen=True):
    """The views that an article had before it came here."""

    key: str
    views: int
    #: What was set before; 0: nothing.
    before: int


#: Kind of a view that Redis did not take and the disk could not keep.
LOST = "lost"


class ViewCommand(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded for one request of a page, decided and free of identities."""

    #: `view`, `beat`, or the reason why the view is ignored.
    kind: str
    #: 8 bytes made of the hit id; empty for a beat.
    hit: bytes = b""
    #: 8-byte pseudonym of the visitor today; empty: no identity is derived.
    visitor: bytes = b""
    #: The same visitor's pseudonym of yesterday, in the first half hour after midnight.
    visitor_before: bytes = b""
    #: 8-byte pseudonym of the address, for its ceilings.
    address: bytes = b""
    #: Canonical key, empty if the page is not counted as an article.
    article: str = ""
    #: `article-invalid` if what the page sent cannot be an article; never reaches Redis.
    note: str = ""
    #: Other articles whose numbers are wanted, as the page named them; never reaches Redis.
    asked: tuple[str, ...] = ()
    #: Their canonical keys, in the same order.
    listed: tuple[str, ...] = ()
    #: Whether the articles' ratings are wanted.
    rated: bool = False
    #: The poll that is wanted, with its tally.
    poll: Poll | None = None
    #: 8-byte pseudonym of the voter in that poll; empty: no good token was sent.
    voter: bytes = b""
    #: Whether a voter's token is to be issued.
    issue: bool = False
    #: 8-byte pseudonym of an IPv6 address's /48, for the ceilings.
    ipv6_48: bytes = b""
    #: What is odd about the reader's address, or empty; see `Visitor.hint`.
    hint: str = ""
    #: What a visit that begins with this view tells (`services.visitors.traits`).
    traits: bytes = b""


class StoredTotals(msgspec.Struct, frozen=True):
    """What Redis holds of one metric of a site, without the opening balance."""

    total: int
    today: int
    yesterday: int
    week: int
    month: int
    year: int
    record: Record | None


class StoredCounts(msgspec.Struct, frozen=True):
    """What Redis holds of a site."""

    visits: StoredTotals
    views: StoredTotals
    online: int
    #: The most visitors online and the moment, in seconds since 1970.
    peak: tuple[int, float] | None


class StoredArticle(msgspec.Struct, frozen=True):
    """What Redis holds of an article."""

    #: None: the article has no number of its own.
    views: int | None
    today: int | None
    opening: int
    #: Number of ratings by score, from 1; empty without ratings or where they are not wanted.
    ratings: tuple[int, ...] = ()


class ViewResult(msgspec.Struct, frozen=True):
    """What became of one `ViewCommand`."""

    #: Empty if counted (or a beat taken), else the reason why it was ignored.
    ignored: str
    #: What was counted only in part: `private`, `identity-cap`, `article-cap`, `article-network`,
    #: or empty.
    note: str
    article: StoredArticle | None
    #: In the order of `ViewCommand.listed`.
    listed: tuple[StoredArticle, ...]
    #: Of the poll that was wanted.
    tally: PollTally | None = None
    #: The voter's ballot is in.
    voted: bool = False
    #: The address has asked for more tokens than the ceiling allows.
    burst: bool = False


class PageAnswer(msgspec.Struct, frozen=True):
    """Everything that the widgets of a page need, in one answer."""

    counted: bool
    #: Why the view was not counted; empty if it was, and for beats.
    ignored: str
    #: What was counted only in part; `same-article` for an address of the article that was shown
    #: before.
    note: str
    site: SiteCounts
    #: Unset: the page's article is the one before.
    article: ArticleCounts | msgspec.UnsetType | None
    #: By the text that the page sent.
    articles: dict[str, ArticleCounts]
    #: None if there is no such poll, unset if none was asked for.
    poll: PresentedPoll | msgspec.UnsetType | None = msgspec.UNSET
    #: A voter's token, newly issued.
    voter: str | msgspec.UnsetType = msgspec.UNSET
