"""A site at one glance, and what somebody should look at."""

import msgspec

from stats_service.models.history import Pair


class Alarm(msgspec.Struct, frozen=True):
    """Something that somebody should look at."""

    #: Of a site: `silent`, `hosts`, `ceiling`, `articles`, `burst`, `network`, `texts`, `ratings`;
    #: views without a visit: `visits`, `visits-proxy`, `visits-48`; without an article: `unnamed`;
    #: with an address that is hardly the reader's: `proxy-more`, `proxy-local`; a parameter that
    #: makes many articles of one, or one of many: `splits`, `merges`. Of the installation:
    #: `spool`, or the subject of a finding of `Health`, such as `memory`.
    kind: str
    #: How many hours, views, articles, ballots or free texts it is about.
    n: int = 0
    #: The id of the poll that it is about.
    poll: str = ""
    #: Of how many, or from how many addresses.
    of: int = 0
    #: Of which query parameter it is.
    parameter: str = ""
    #: More of it, in English.
    text: str = ""


class SiteOverview(msgspec.Struct, frozen=True, kw_only=True):
    """What the overview shows of a site."""

    online: int
    today: Pair
    #: The same weekday a week ago, by this time of the day.
    before: Pair
    yesterday: Pair
    #: Since ever, with the opening balances.
    total: Pair
    #: The last days up to today.
    days: tuple[Pair, ...]
    alarms: tuple[Alarm, ...]

    def change(self, metric: str) -> float | None:
        """Return today's change against a week ago, as a share of 1; None without a before."""
        before = self.before.of(metric)
        return (self.today.of(metric) - before) / before if before else None
