"""The overview of many sites, each with its alarms."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from stats_service.models.operations.health import OK, Finding
from stats_service.models.operations.overview import Alarm, SiteOverview
from stats_service.models.polls import Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.history import SHORTFALLS, SIGNS, Pair
from stats_service.models.traffic.views import AHEAD_SECONDS, LOST, ONLINE_SECONDS
from stats_service.services.operations.health import Health
from stats_service.services.traffic.history import (
    REASONS,
    silence_days,
    was_silent,
)
from stats_service.services.traffic.parameters import undecided
from stats_service.services.traffic.shortfalls import FEWEST, SHARE, shortfall_alarms, site_findings
from stats_service.services.traffic.spans import DAY
from stats_service.services.traffic.sums import part_of_day
from stats_service.services.voting.concentration import alarm_of
from stats_service.store.operations.overview import OverviewQuery, OverviewStore, StoredOverview
from stats_service.store.traffic.spool import Spool

#: Days in the small chart.
TREND_DAYS = 30
#: Hours without a view before an alarm, for a site that had views at this time last week.
SILENT_HOURS = 3
#: Held ballots of a poll that closed longer ago than this give no alarm.
POLL_DAYS = 30


class Overview:
    """The overview of sites and of the installation."""

    def __init__(self, store: OverviewStore, health: Health, spool: Spool) -> None:
        self._store = store
        self._health = health
        self._spool = spool

    def of_sites(self, sites: Sequence[Site], now: float) -> list[SiteOverview]:
        """Return the sites at the moment `now` (seconds), in their order."""
        locals_ = [datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(s.timezone)) for s in sites]
        queries = [_query(site, local, now) for site, local in zip(sites, locals_, strict=True)]
        stored = self._store.read(queries)
        polls = [
            (site.slug, poll)
            for site, found in zip(sites, stored, strict=True)
            for poll in found.polls
            if _matters(poll, now)
        ]
        waiting = defaultdict[str, list[Alarm]](list)
        names = [(slug, poll.id) for slug, poll in polls]
        for (slug, poll), found in zip(polls, self._store.summaries(names), strict=True):
            kinds = (("burst", found.held), ("texts", found.texts))
            waiting[slug] += [Alarm(kind, n, poll=poll.id) for kind, n in kinds if n]
            if reason := alarm_of(poll, found):
                waiting[slug].append(Alarm("network", reason.n, poll=poll.id))
        return [
            _overview(site, local, found, waiting[site.slug])
            for site, local, found in zip(sites, locals_, stored, strict=True)
        ]

    def findings(self, sites: Sequence[Site], now: float) -> list[tuple[Site, Finding]]:
        """Return the faults in the numbers of sites at the moment `now` (seconds)."""
        return [
            (site, finding)
            for site, overview in zip(sites, self.of_sites(sites, now), strict=True)
            for finding in site_findings(site, overview.alarms)
        ]

    def of_installation(self) -> list[Alarm]:
        """Return the alarms about Redis and about the spool on this machine."""
        state = self._spool.state()
        numbers = {
            "spool-waiting": state.waiting,
            "spool-others": state.others,
            "spool-refused": state.refused,
        }
        return [
            Alarm(finding.subject, numbers.get(finding.subject, 0), text=finding.text)
            for finding in self._health.findings()
            if finding.level != OK
        ]


def _query(site: Site, local: datetime, now: float) -> OverviewQuery:
    today = local.date()
    days = [(today - n * DAY).isoformat() for n in range(TREND_DAYS)]
    spans = ["", *(f":{day}" for day in days)]
    hours = dict.fromkeys([today.isoformat(), (today - 7 * DAY).isoformat()])
    hours |= dict.fromkeys(silence_days(local, SILENT_HOURS))
    return OverviewQuery(
        site.slug,
        [metric + span for metric in ("visits", "views") for span in spans],
        [f"{reason}:{today.isoformat()}" for reason in (*REASONS, *SHORTFALLS, *SIGNS)],
        list(hours),
        (now - ONLINE_SECONDS, now + AHEAD_SECONDS),
    )


def _overview(
    site: Site, local: datetime, stored: StoredOverview, waiting: Sequence[Alarm]
) -> SiteOverview:
    today, history = local.date(), stored.history
    days = [history.pair((today - n * DAY).isoformat()) for n in range(TREND_DAYS)]
    total = Pair(history.counts.get("visits", 0), history.counts.get("views", 0))
    return SiteOverview(
        online=stored.online,
        today=days[0],
        before=part_of_day(history, today - 7 * DAY, local),
        yesterday=days[1],
        total=total + Pair(site.opening_visits, site.opening_views),
        days=tuple(reversed(days)),
        alarms=(*_alarms(site, local, stored), *waiting),
    )


def _alarms(site: Site, local: datetime, stored: StoredOverview) -> list[Alarm]:
    found, history = [], stored.history
    if was_silent(history, local, SILENT_HOURS):
        found.append(Alarm("silent", SILENT_HOURS))
    today = local.date().isoformat()
    views = history.pair(today).views
    arrived = views + sum(history.ignored.get(f"{reason}:{today}", 0) for reason in REASONS)
    for reason, kind in (("host", "hosts"), ("ceiling", "ceiling")):
        n = history.ignored.get(f"{reason}:{today}", 0)
        if n >= FEWEST and n > SHARE * arrived:
            found.append(Alarm(kind, n))
    if lost := history.ignored.get(f"{LOST}:{today}", 0):
        found.append(Alarm("lost", lost))
    if stored.articles >= site.article_cap:
        found.append(Alarm("articles", site.article_cap))
    if stored.ratings_held:
        found.append(Alarm("ratings", stored.ratings_held))
    parts = {
        reason: history.ignored.get(f"{reason}:{today}", 0) for reason in (*SHORTFALLS, *SIGNS)
    }
    found += [
        Alarm(one.kind, one.articles, parameter=one.name)
        for one in undecided(site, stored.parameters)
    ]
    return [*found, *shortfall_alarms(parts, views)]


def _matters(poll: Poll, now: float) -> bool:
    if poll.status == "open":
        return True
    return poll.status == "closed" and now - poll.closed < POLL_DAYS * 86_400
