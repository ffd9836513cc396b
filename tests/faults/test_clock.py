"""The clock jumps, as after a repair of the machine's time."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import new_hit, view


@pytest.mark.check("T50")
@pytest.mark.quick
@pytest.mark.parametrize("step", [300, -300])
def test_a_step_of_the_clock_counts_each_view_once(
    client: FlaskClient,
    services: Services,
    site: Site,
    clock: FakeClock,
    step: int,
    measured: Callable[[str], None],
) -> None:
    """Five minutes forward or back: no visit torn in two, online is no nonsense.

    A load that is repeated over a step back counts twice if the step crosses a border of the
    ten minutes whose hit ids are kept together: known, see docs/reliability.md.
    """
    hits = [new_hit() for _ in range(20)]
    for number, hit in enumerate(hits):
        view(client, hit=hit, address=f"192.0.2.{number}")
    clock.advance(step)
    for number, hit in enumerate(hits):  # the same loads once more, and a new one each
        if step > 0:
            view(client, hit=hit, address=f"192.0.2.{number}")
        view(client, address=f"192.0.2.{number}")

    counts = services.traffic.counts(site, clock.now())

    measured(f"{step:+} s: {counts.views.total} views, {counts.visits.total} visits")
    assert (counts.views.total, counts.visits.total) == (40, 20)
    assert counts.online == 20
