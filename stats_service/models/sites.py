"""A tracked portal and its settings."""

import msgspec

#: The model portal is Vietnamese, and so are most of those that come after it.
DEFAULT_TIMEZONE = "Asia/Ho_Chi_Minh"
#: The default of `identity_cap` before there were crowds of thousands behind one address: stored
#: with every site, and chosen by nobody.
FORMER_IDENTITY_CAP = 200
IDENTITY_CAP = 2_500


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """One tracked portal. Checked by `services.sites`; stored as one JSON document."""

    #: Lower-case letters, digits and hyphens; stands in URLs and in every Redis key.
    slug: str
    name: str
    #: Hosts whose pages may count, as browsers write them in `Origin`: `host` or `host:port`.
    hosts: tuple[str, ...]
    #: IANA name; days, weeks, months and years begin in this zone.
    timezone: str = DEFAULT_TIMEZONE
    #: Language of the public page, for readers who chose none: `vi` or `en`.
    language: str = "vi"
    #: What the widget's headline number shows: `visits` or `views`.
    headline: str = "visits"
    #: Totals that the site had before it came here, and the day (ISO) on which they were read.
    opening_visits: int = 0
    opening_views: int = 0
    opening_day: str = ""
    #: Networks in CIDR notation whose views are not counted.
    excluded: tuple[str, ...] = ()
    #: Query parameters that are part of an article's key. Empty: all but those known to track, to
    #: turn pages, to sort, to print or to carry a session; the same but for `-id`, which is
    #: dropped, and `+page`, which is kept; `none`: no parameter.
    article_parameters: tuple[str, ...] = ()
    #: Articles kept by name. Beyond them a new one is kept in place of one that hardly anybody
    #: has read, which is then counted for the site and under `(other)`.
    article_cap: int = 100_000
    #: New visitor identities accepted from one address (IPv6: /64) in half an hour, or one in
    #: fifty of yesterday's visits if that is more; ten times as many from a /48, of which one
    #: customer may have all addresses, or many have one each.
    identity_cap: int = IDENTITY_CAP
    #: Views counted from one address in half an hour, or ten for each new visitor where these are
    #: more than 600; and ten times as many from a /48.
    view_ceiling: int = 6_000
    #: Voters' tokens issued for one address in half an hour before their ballots wait for
    #: review; three times as many for an IPv6 /48.
    token_ceiling: int = 1_000
    #: Ratings taken from one address in half an hour, and three times as many from a /48.
    rating_ceiling: int = 1_000
    #: The poll that is shown as the current one; empty: the open one that was opened last.
    poll: str = ""
    #: Highest score of an article rating, 2 to 10.
    rating_scale: int = 5
    #: What search engines are told that an article is, of `services.sites.RATED_TYPES`.
    rated_type: str = "MediaObject"
    #: What they are told before an article's key as its name; empty: the site's name.
    rated_name: str = ""
    #: Everybody may see the statistics page `/s/<slug>`.
    public: bool = False
    #: What is not counted of readers, of `models.readers.GROUPS`; `all`: nothing of it.
    readers_off: tuple[str, ...] = ()
    #: What the statistics page shows everybody of readers, of the same.
    readers_public: tuple[str, ...] = ()
    #: Tells a site from an erased one of the same name, so that nothing on its way to that one
    #: lands here: 16 hexadecimal digits, drawn when it is added. Empty: a service of an earlier
    #: version added it; the regular work gives it one.
    birth: str = ""


def stored_site(document: bytes | str) -> Site:
    """Return a site from the JSON in which it is kept, with a default of now for a former one."""
    site = msgspec.json.decode(document, type=Site)
    if site.identity_cap != FORMER_IDENTITY_CAP:
        return site
    return msgspec.structs.replace(site, identity_cap=IDENTITY_CAP)
