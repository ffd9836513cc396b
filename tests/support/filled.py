"""A site with something in every table of an archive."""

from stats_service.models.sites import Site
from stats_service.models.traffic import PageQuery, Visitor
from stats_service.services.registry import Services
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, new_hit

DAY = 86_400.0


def fill(services: Services, clock: FakeClock, site: Site, days: int = 3) -> None:
    """Count on some days, at several hours, by several visitors, with things ignored."""
    for _ in range(days):
        for number in range(12):
            entry = services.directory.entry(site.slug, clock.now())
            visitor = Visitor(
                address=f"192.0.2.{number % 5}",
                user_agent="curl/8" if number == 11 else BROWSER,
                origin=f"https://{site.hosts[0]}",
                private=number == 10,
                prefetch=False,
            )
            query = PageQuery(hit=new_hit(), article=f"/tin/{number % 4}/Tết")
            services.traffic.record_view(entry, query, visitor, clock.now())
            clock.advance(3_000)
        clock.advance(DAY - 12 * 3_000)
    services.traffic.set_opening(site, "/tin/0", 366)
    services.traffic.set_opening(site, "=HYPERLINK(A1)", 2)
    services.audit.record(
        site.slug, "an", "site.changed", clock.now(), before={"name": "A"}, after={"name": "Bé"}
    )
