"""A tracked portal and its settings."""

import msgspec

from stats_service.models.pictures import Picture

#: The model portal is Vietnamese, and so are most others.
DEFAULT_TIMEZONE = "Asia/Ho_Chi_Minh"
#: The default of `identity_cap` in old versions, before crowds of thousands behind one address were
#: known. It was stored with every site, but chosen by nobody.
FORMER_IDENTITY_CAP = 200
IDENTITY_CAP = 2_500


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked portal. `services.sites` checks it; it is stored as one JSON document."""

    #: Lower-case letters, digits and hyphens; part of URLs and of every Redis key.
    slug: str
    name: str
    #: Hosts whose pages may count, as browsers write them in `Origin`: `host` or `host:port`.
    hosts: tuple[str, ...]
    #: IANA name; days, weeks, months and years begin in this zone.
    timezone: str = DEFAULT_TIMEZONE
    #: Language of the public page for readers without a choice: `vi` or `en`.
    language: str = "vi"
    #: The headline number of widgets: `visits` or `views`.
    headline: str = "visits"
    #: Totals of the site before it used this service, and the day (ISO) on which they were read.
    opening_visits: int = 0
    opening_views: int = 0
    opening_day: str = ""
    #: Networks in CIDR notation whose views are not counted.
    excluded: tuple[str, ...] = ()
    #: Query parameters that are part of an article's key. Empty: all except those known to track,
    #: to page, to sort, to print or to carry a session; `-id` drops one more, `+page` keeps one of
    #: these; `none`: no parameter.
    article_parameters: tuple[str, ...] = ()
    #: Most articles that are stored by name. Beyond it, a new article replaces one with hardly any
    #: views, which are then counted for the site and under `(other)`.
    article_cap: int = 100_000
    #: New visitor identities accepted from one address (IPv6: /64) in half an hour, or one in fifty
    #: of yesterday's visits if that is more; ten times as many from a /48, which may belong to one
    #: customer or to many.
    identity_cap: int = IDENTITY_CAP
    #: Views counted from one address in half an hour, or ten for each new visitor if these are more
    #: than 600; ten times as many from a /48.
    view_ceiling: int = 6_000
    #: Voter tokens issued to one address in half an hour before their ballots are held; three times
    #: as many to an IPv6 /48.
    token_ceiling: int = 1_000
    #: Ratings accepted from one address in half an hour; three times as many from a /48.
    rating_ceiling: int = 1_000
    #: The current poll; empty: the open poll that was opened last.
    poll: str = ""
    #: Highest score of an article rating, 2 to 10.
    rating_scale: int = 5
    #: The type of an article for search engines, from `services.sites.RATED_TYPES`.
    rated_type: str = "MediaObject"
    #: Prefix of an article's name for search engines; empty: the site's name.
    rated_name: str = ""
    #: Its emblem; None: it has none. Only `services.sites.emblems` sets it.
    emblem: Picture | None = None
    #: Whether everybody may see the statistics page `/s/<slug>`.
    public: bool = False
    #: Whether it has the most read articles of the last four weeks, by their keys as text.
    public_articles: bool = False
    #: Whether it has the most downloaded documents of the last four weeks, by their paths as text.
    public_documents: bool = False
    #: What is not counted of readers, of `models.traffic.readers.GROUPS`; `all`: nothing of it.
    readers_off: tuple[str, ...] = ()
    #: What the statistics page shows everybody of readers, of the same.
    readers_public: tuple[str, ...] = ()
    #: Kinds of clicks that are not counted, of `models.clicks.KINDS`.
    clicks_off: tuple[str, ...] = ()
    #: Whether every page counts clicks, and not only one that names a document.
    clicks_everywhere: bool = False
    #: Where titles of articles are read: `pages` (the portal's pages, and the feed if there is
    #: one), `feed` alone, or `off`.
    titles: str = "pages"
    #: RSS or Atom feed, or sitemap of news, on one of the hosts; empty: there is none.
    titles_feed: str = ""
    #: Tells the site from an erased one of the same name, so that nothing meant for that one is
    #: written here: 16 random hexadecimal digits, set when it is added. Empty: an older version
    #: added the site; a periodic job sets it.
    birth: str = ""


def stored_site(document: bytes | str) -> Site:
    """Return a site from its stored JSON; a former default becomes the present one."""
    site = msgspec.json.decode(document, type=Site)
    if site.identity_cap != FORMER_IDENTITY_CAP:
        return site
    return msgspec.structs.replace(site, identity_cap=IDENTITY_CAP)
