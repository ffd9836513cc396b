"""Two of Debian's nginx in a row: readers are told apart, or it is said why not."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.browser.field.test_nginx import nginx_program
from tests.support.server import running_service
from tests.support.two_proxies import read_by_many, running_proxy

pytestmark = [pytest.mark.field, pytest.mark.timeout(180)]

READERS, CAP = 160, 50


@pytest.mark.parametrize(
    ("trusted", "visits", "kinds"),
    [
        (2, READERS, []),
        (1, CAP, ["proxy-more", "visits-proxy"]),
        (0, CAP, ["proxy-more", "visits-proxy"]),
        # One too many: the reader may have written what such a header says, and nobody is believed.
        (3, CAP, ["proxy-local", "visits-proxy"]),
    ],
)
def test_two_proxies_in_a_row(
    settings: Settings,
    services: Services,
    tmp_path: Path,
    trusted: int,
    visits: int,
    kinds: list[str],
) -> None:
    """With the right number all readers visit; else views count, and the reason is told."""
    slug, program = f"proxies-{trusted}", nginx_program()
    site = services.sites.sites.add(
        Site(slug=slug, name="Kim Sơn", hosts=("kimson.example.vn",), identity_cap=CAP)
    )
    with ExitStack() as stack:
        service = stack.enter_context(running_service(replace(settings, trusted_proxies=trusted)))
        inner = stack.enter_context(
            running_proxy(program, tmp_path / "inner", service, first=False)
        )
        outer = stack.enter_context(running_proxy(program, tmp_path / "outer", inner, first=True))

        read_by_many(outer, slug, READERS)

    now = services.clock.now()
    counts = services.traffic.views.counts(site, now)
    (overview,) = services.operations.overview.of_sites([site], now)
    assert (counts.views.total, counts.visits.total) == (READERS, visits)
    assert [alarm.kind for alarm in overview.alarms] == kinds
    told = [finding.text for _, finding in services.operations.overview.findings([site], now)]
    assert len(told) == len(kinds)
    assert all("STATS_TRUSTED_PROXIES" in text for text in told)
