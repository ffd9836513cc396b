"""Whether a day's numbers are smaller than what happened, and what the likely cause is."""

from collections.abc import Iterable, Iterator, Mapping

from stats_service.models.operations.health import WARN, Finding
from stats_service.models.operations.overview import Alarm
from stats_service.models.sites import Site

#: Share of a day's views that fell short for one reason, from which to say so; and how many views
#: at least, so that the first stranger in the night is no alarm.
SHARE = 0.05
FEWEST = 20
#: Share of a day's views whose address shows that the proxies are not as they are set.
PROXY_SHARE = 0.5


def shortfall_alarms(found: Mapping[str, int], views: int) -> Iterator[Alarm]:
    """Give what somebody should look at.

    Args:
        found: views of one day by reason of `models.traffic.history.SHORTFALLS` or sign of `SIGNS`.
        views: views counted on that day.
    """

    def n(*reasons: str) -> int:
        return sum(found.get(reason, 0) for reason in reasons)

    def matters(number: int, share: float = SHARE) -> bool:
        return number >= FEWEST and number > share * views

    proxies = next(
        (sign for sign in ("proxy-more", "proxy-local") if matters(n(sign), PROXY_SHARE)), ""
    )
    if proxies:
        yield Alarm(proxies, n(proxies), of=views)
    visits = n("identity-cap")
    if matters(visits):
        if n("identity-cap-48") * 2 > visits:
            kind = "visits-48"
        else:
            private = matters(n("proxy-private"), PROXY_SHARE)
            kind = "visits-proxy" if proxies or private else "visits"
        yield Alarm(kind, visits, of=n("identity-addresses"))
    unnamed = n("article-cap", "article-network", "article-gone")
    if matters(unnamed):
        yield Alarm("unnamed", unnamed)
    if matters(n("readers-cap")):
        yield Alarm("readers", n("readers-cap"))


def site_findings(site: Site, alarms: Iterable[Alarm]) -> Iterator[Finding]:
    """Give what `check`, the log and `/metrics` say of today's numbers of a site, by kind."""
    for alarm in alarms:
        text = _TEXTS.get(alarm.kind)
        if text:
            sentence = text.format(
                n=alarm.n, of=alarm.of, cap=site.identity_cap, name=alarm.parameter
            )
            yield Finding(WARN, alarm.kind, f"{site.slug}: {sentence}")


_CAP = "If that is a school, an office or a carrier, raise the identity cap of {cap:,} (site edit)."
_TEXTS = {
    "silent": "no view for {n} hours in which a week ago there were some: is the snippet still in "
    "the pages? `#stats-check` on one of them tells.",
    "hosts": "{n:,} views of today came from pages on hosts that the site does not have: add them "
    "(site edit), or see who copies the snippet.",
    "lost": "{n:,} views of today could be kept nowhere while Redis was away.",
    "articles": "all {n:,} articles are taken: new ones take the place of those that hardly "
    "anybody read; raise the article cap (site edit).",
    "ceiling": "{n:,} views of today were refused: too many from one address.",
    "visits": "{n:,} views of today made no visit: more new readers came from one address (of "
    "{of:,}) in half an hour than it may have. " + _CAP,
    "visits-proxy": "{n:,} views of today made no visit: their readers came from {of:,} "
    "addresses. Is STATS_TRUSTED_PROXIES right?",
    "visits-48": "{n:,} views of today made no visit: too many new readers came from one IPv6 "
    "network (/48). " + _CAP,
    "unnamed": "{n:,} views of today are in no article's number: more new articles were named "
    "than the site keeps apart. Is somebody inventing addresses, or do they have a changing "
    "parameter?",
    "readers": "{n:,} sources, campaigns or entry articles of today's visits have no name: more "
    "were named than a day keeps. Is somebody inventing them? The sums are exact.",
    "splits": "the parameter {name} seems to make many articles of one ({n:,} keys). If it names "
    "none, drop it (site edit --article-parameter=-{name}), then merge by it (article merge).",
    "merges": "one article is read under many values of the parameter {name}, which is dropped. If "
    "it tells articles apart, keep it (site edit --article-parameter=+{name}).",
    "proxy-more": "{n:,} of {of:,} views of today passed more proxies than STATS_TRUSTED_PROXIES "
    "says, so readers may be taken for one another: it is to be the number of your proxies.",
    "proxy-local": "{n:,} of {of:,} views of today seem to come from this machine itself: a proxy "
    "hides who reads. Is STATS_TRUSTED_PROXIES right?",
}
