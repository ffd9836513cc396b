"""Two proxies in a row and the wrong number of them under load, until somebody mends it."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from shutil import which

import pytest

from stats_service.config import Settings
from stats_service.models.sites import Site
from stats_service.services.container import create_services
from tests.faults.programs import missing
from tests.support.server import running_service
from tests.support.two_proxies import read_by_many, running_proxy

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

#: The usual cap is 2,500 new readers of an address in half an hour.
READERS, CAP = 2000, 500


@pytest.mark.check("T118")
def test_the_wrong_number_of_proxies_is_told_and_mended(
    settings: Settings, tmp_path: Path, measured: Callable[[str], None]
) -> None:
    """No view is lost, what falls short names the setting, and with it right everybody visits."""
    services, program = create_services(settings), str(which("nginx"))
    site = services.sites.sites.add(
        Site(
            slug="kimson",
            name="Kim Sơn",
            hosts=("kimson.example.vn",),
            identity_cap=CAP,
            view_ceiling=10**6,
        )
    )
    found = []
    for number, trusted in enumerate((1, 2)):
        with ExitStack() as stack:
            installed = replace(settings, trusted_proxies=trusted, write_limit=10**6)
            url = stack.enter_context(running_service(installed))
            for name in ("inner", "outer"):
                folder = tmp_path / f"{name}-{number}"
                first = name == "outer"
                url = stack.enter_context(running_proxy(program, folder, url, first=first))
            read_by_many(url, site.slug, READERS)
        now = services.clock.now()
        counts = services.traffic.views.counts(site, now)
        texts = [text.text for _, text in services.operations.overview.findings([site], now)]
        found.append((counts.views.total, counts.visits.total, texts))

    (views, visits, told), (views_after, visits_after, _) = found
    measured(
        f"wrong: {views} of {READERS} views, {visits} visits, said: {len(told)} times; "
        f"right: {views_after - views} views, {visits_after - visits} visits"
    )
    assert (views, visits) == (READERS, CAP)
    assert any("STATS_TRUSTED_PROXIES" in text for text in told)
    assert (views_after - views, visits_after - visits) == (READERS, READERS)
