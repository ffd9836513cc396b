"""An overview of a site, and what needs attention."""

import msgspec

from stats_service.models.traffic.history import Pair


class Alarm(msgspec.Struct, frozen=True):
    """Something that needs attention."""

    #: Of a site: `silent`, `hosts`, `ceiling`, `articles`, `burst`, `network`, `texts`, `ratings`;
    #: views without a visit: `visits`, `visits-proxy`, `visits-48`; without an article: `unnamed`;
    #: with an address that is hardly the reader's: `proxy-more`, `proxy-local`; a parameter that
    #: makes many articles of one, or one of many: `splits`, `merges`. Of the installation:
    #: `spool`, or the subject of a finding of `Health`, such as `memory`.
    kind: str
    #: Number of hours, views, articles, ballots or free texts concerned.
    n: int = 0
    #: Id of the poll concerned.
    poll: str = ""
    #: The total, or the number of addresses.
    of: int = 0
    #: The query parameter concerned.
    parameter: str = ""
    #: Details in English.
    text: str = ""


class SiteOverview(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of a site in the overview."""

    online: int
    today: Pair
    #: The same weekday a week ago, up to this time of the day.
    before: Pair
    yesterday: Pair
    #: In total, with the opening balances.
    total: Pair
    #: The last days up to today.
    days: tuple[Pair, ...]
    alarms: tuple[Alarm, ...]

    def change(self, metric: str) -> float | None:
        """Return today's change against a week ago as a share of 1; None if there was nothing."""
        before = self.before.of(metric)
        return (self.today.of(metric) - before) / before if before else None
