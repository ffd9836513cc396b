"""`stats-service spool`: what waits on the disk, and taking it over."""

import json
from dataclasses import replace

from stats_service.models.sites import Site
from stats_service.models.traffic.views import ViewCommand
from stats_service.services.container import Services, create_services
from stats_service.store.traffic.spool import SpooledView
from tests.cli.conftest import Run
from tests.support.spools import spool_of


def test_views_of_another_name_of_redis_are_taken_over(
    run: Run, services: Services, site: Site
) -> None:
    """Told before, sent by the one command, and then there is nothing left."""
    before = replace(services.settings, redis_url="redis://old.example:6379/0")
    old = create_services(before, services.clock)
    now = services.clock.now()
    spool_of(old).add(
        [SpooledView("kimson", now, ViewCommand(kind="view", hit=b"12345678"), site.birth)]
    )
    old.close()

    told = run("spool", "show").output
    state = json.loads(run("spool", "show", "--json").output)
    adopted = run("spool", "adopt").output

    assert "1 views in" in told
    assert "spool adopt" in told
    assert (state["others"], state["waiting"]) == (1, 0)
    assert "1 views are taken over." in adopted
    assert services.traffic.views.counts(site, now).views.total == 1
    assert "empty" in run("spool", "show").output
