"""`/metrics` for Prometheus: what all processes of this service have counted, and how Redis is.

Only for whoever has the token of `STATS_METRICS_TOKEN`; without one there is no such page.
"""

import hmac
import time
from collections.abc import Iterable, Iterator, Sequence

from flask import Blueprint, Flask, Response, abort, g, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from stats_service import __version__
from stats_service.errors import StatsError
from stats_service.meters import BOUNDS, Sums, Times
from stats_service.models.operations.health import OK
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.web.http.context import EXTENSION, services

bp = Blueprint("metrics", __name__)

#: Sites whose own numbers are told; more would make each look slow.
SITES_MAX = 200

#: Counters: name in `meters`, name for Prometheus, labels, help.
_COUNTERS = (
    ("views", "stats_views", ("result",), "Page views and heartbeats by what became of them"),
    ("ballots", "stats_ballots", ("result",), "Ballots by what became of them"),
    ("ratings", "stats_ratings", ("result",), "Ratings by what became of them"),
    ("requests", "stats_requests", ("route", "status"), "All other requests, ballots among them"),
    ("faults", "stats_faults", ("kind",), "Things that failed alone and that nobody foresaw"),
    ("clock_jumps", "stats_clock_jumps", (), "Jumps of this machine's clock by more than 5 s"),
    ("clock_apart", "stats_clock_apart", (), "Looks, every 10 s, that found Redis' clock apart"),
    ("log_lost", "stats_log_lost", (), "Lines that the log did not take, as its disk was full"),
    ("spool_kept", "stats_spool_kept", (), "Views kept on disk because Redis was away"),
    ("spool_replayed", "stats_spool_replayed", (), "Kept views that were counted since"),
    ("spool_lost", "stats_spool_lost", (), "Views lost: Redis was away and the disk took nothing"),
    ("spool_held", "stats_spool_held", (), "Kept views that Redis refused; they stay on disk"),
    ("spool_dropped", "stats_spool_dropped", (), "Kept views that were given up"),
)


@bp.get("/metrics")
def metrics() -> Response:
    """Answer with everything that is measured, in Prometheus' text format."""
    token = services().settings.metrics_token
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        abort(404)
    registry = CollectorRegistry()
    registry.register(_Collector(services()))
    headers = {"Cache-Control": "no-store"}
    return Response(generate_latest(registry), headers=headers, content_type=CONTENT_TYPE_LATEST)


def measure(app: Flask) -> None:
    """Count and time every request that `app` answers."""
    meters = app.extensions[EXTENSION].meters

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()

    @app.after_request
    def end(response: Response) -> Response:
        if "in_loop" in g:  # the event loop counts what it answers
            return response
        route = request.endpoint or "none"
        if "began" in g:
            meters.time(time.perf_counter() - g.began, "request", route)
        meters.count("requests", route, str(response.status_code))
        return response


class _Collector(Collector):
    """Reads everything once, when Prometheus asks."""

    def __init__(self, wired: Services) -> None:
        self._services = wired

    def collect(self) -> Iterator[Metric]:
        """Give every metric."""
        sums, processes = self._services.meters.total()
        yield from _counters(sums)
        views = "Time of a page view in the event loop; one in 16 is timed"
        yield _histogram("stats_page_view_seconds", views, sums, "view")
        yield _histogram("stats_request_seconds", "Time of any other request", sums, "request")
        yield GaugeMetricFamily("stats_workers", "Processes that serve", processes)
        yield InfoMetricFamily("stats_service", "The program", {"version": __version__})
        yield from self._spool()
        yield from self._redis()
        yield self._trouble()

    def _spool(self) -> Iterator[Metric]:
        replay = self._services.traffic.replay
        state = replay.state()
        size = replay.file_bytes() if state.waiting else 0
        yield GaugeMetricFamily(
            "stats_spool_views", "Views on disk that wait for Redis", state.waiting
        )
        apart = GaugeMetricFamily("stats_spool_apart", "Views on disk apart", labels=("why",))
        apart.add_metric(("other-redis",), state.others)
        apart.add_metric(("refused",), state.refused)
        yield apart
        usable = "Whether a view could be kept now; 1 also where none is to be"
        yield GaugeMetricFamily("stats_spool_usable", usable, not state.fault)
        yield GaugeMetricFamily("stats_spool_bytes", "Size of the file that keeps them", size)

    def _redis(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("stats_redis_up", "Whether Redis answers")
        try:
            facts = self._services.operations.health.facts()
            sites = list(self._sites())
        except StatsError:
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        names = ("server",)
        used = GaugeMetricFamily("stats_redis_memory_bytes", "Memory in use", labels=names)
        limit = GaugeMetricFamily("stats_redis_memory_limit_bytes", "0: no limit", labels=names)
        writes = GaugeMetricFamily("stats_redis_writes_ok", "Last write to disk", labels=names)
        saved = GaugeMetricFamily("stats_redis_snapshot_ok", "Last snapshot", labels=names)
        for number, server in enumerate(facts):
            label = (str(number),)
            used.add_metric(label, server.memory_used)
            limit.add_metric(label, server.memory_limit)
            writes.add_metric(label, server.writes_ok)
            saved.add_metric(label, server.snapshot_ok)
        yield from (used, limit, writes, saved)
        yield from sites

    def _trouble(self) -> Metric:
        findings = self._services.operations.health.findings()
        trouble = GaugeMetricFamily(
            "stats_trouble", "What `check` finds wrong", labels=("subject", "level")
        )
        for subject, level in sorted({(one.subject, one.level) for one in findings}):
            if level != OK:
                trouble.add_metric((subject, level), 1)
        return trouble

    def _sites(self) -> Iterator[Metric]:
        sites, now = self._services.sites.sites.all()[:SITES_MAX], self._services.clock.now()
        yield from self._numbers(sites, now)
        trouble = GaugeMetricFamily(
            "stats_site_trouble", "What `check` finds wrong of a site", labels=("kind", "site")
        )
        for site, finding in self._services.operations.overview.findings(sites, now):
            trouble.add_metric((finding.subject, site.slug), 1)
        yield trouble

    def _numbers(self, sites: Sequence[Site], now: float) -> Iterable[Metric]:
        online = GaugeMetricFamily("stats_site_online", "Visitors online", labels=("site",))
        views = GaugeMetricFamily("stats_site_views_today", "Views today", labels=("site",))
        visits = GaugeMetricFamily("stats_site_visits_today", "Visits today", labels=("site",))
        for site in sites:
            counts = self._services.traffic.views.counts(site, now)
            online.add_metric((site.slug,), counts.online)
            views.add_metric((site.slug,), counts.views.today)
            visits.add_metric((site.slug,), counts.visits.today)
        return (online, views, visits)


def _counters(sums: Sums) -> Iterator[Metric]:
    for name, public, labels, text in _COUNTERS:
        family = CounterMetricFamily(public, text, labels=labels)
        for key in sorted(key for key in sums.counts if key[0] == name):
            family.add_metric(key[1:], sums.counts[key])
        yield family


def _histogram(public: str, text: str, sums: Sums, name: str) -> Metric:
    labels = ("route",) if name == "request" else ()
    family = HistogramMetricFamily(public, text, labels=labels)
    for key in sorted(key for key in sums.times if key[0] == name):
        family.add_metric(key[1:], _buckets(sums.times[key]), sums.times[key].seconds)
    return family


def _buckets(times: Times) -> list[tuple[str, float]]:
    bounds = [*map(str, BOUNDS), "+Inf"]
    total, buckets = 0, []
    for bound, number in zip(bounds, times.buckets, strict=True):
        total += number
        buckets.append((bound, float(total)))
    return buckets
