"""The page of what happens now, for the admin pages and for a television."""

from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from stats_service.models.sites import Site
from stats_service.models.traffic.now import NowCounts
from stats_service.models.traffic.views import SiteCounts
from stats_service.web.http.context import services

#: Height of the chart's tallest bar, and the step from bar to bar, in its own units.
HEIGHT, STEP = 100, 10


class Bar(NamedTuple):
    """How many visitors were online when a minute began."""

    x: int
    height: int
    #: `10:05`, in the site's zone.
    time: str
    #: None: nobody has written it down.
    online: int | None


class NowPage(NamedTuple):
    """What the page shows."""

    now: NowCounts
    counts: SiteCounts
    bars: list[Bar]
    #: The highest bar.
    most: int
    #: This moment to the second, and since when views and visits are summed: `10:05`.
    at: str
    since: str
    #: What the articles are called, of those whose title is known.
    titles: dict[str, str]


def now_page(site: Site, limit: int) -> NowPage:
    """Read what happens on a site; at most `limit` values of each list.

    Raises:
        StoreUnavailableError: Redis does not answer.
    """
    moment = services().clock.now()
    services().loop.run(services().traffic.now.write())
    now = services().traffic.now.read(site, moment, limit)
    most = max([minute.online or 0 for minute in now.minutes] + [now.online])
    zone = ZoneInfo(site.timezone)

    def clock(seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, UTC).astimezone(zone)

    shown = [(minute.at, minute.online) for minute in now.minutes] + [(moment, now.online)]
    return NowPage(
        now,
        services().traffic.views.counts(site, moment),
        [
            Bar(STEP * n, round(HEIGHT * (online or 0) / (most or 1)), f"{clock(at):%H:%M}", online)
            for n, (at, online) in enumerate(shown)
        ],
        most,
        f"{clock(moment):%H:%M:%S}",
        f"{clock(now.since):%H:%M}",
        services().traffic.titles.of(site, [article.value for article in now.articles.values]),
    )
