"""The default protection against crowds, honest and not; the figures of decision 22."""

import pytest

from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.voting.concentration import nested
from tests.support.voting_crowds import DISHONEST, HONEST, ZONE, play


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


@pytest.mark.parametrize("crowd", HONEST)
def test_an_honest_crowd_is_counted(services: Services, crowd: str) -> None:
    """And where the rule costs something, what it costs is known, and nothing is refused."""
    scene, most_held, verdict = HONEST[crowd]

    name, outcomes = play(services, scene, Protection())

    assert sum(o.counted + o.held for o in outcomes.values()) == len(scene())
    for who, outcome in outcomes.items():
        assert outcome.share_held <= (0 if who == "citizens" else most_held), who
    report = services.polls.integrity.report("kimson", name, ZONE, services.clock.now())
    assert (report.faults, report.verdict) == ((), verdict)


@pytest.mark.parametrize("attack", DISHONEST)
def test_a_program_does_not_overturn_a_poll_unseen(services: Services, attack: str) -> None:
    """What it gains is a small share, or the report says so and it can be taken out."""
    scene, most, verdict = DISHONEST[attack]

    name, outcomes = play(services, scene, Protection())

    program, honest = outcomes["attack"], outcomes["citizens"]
    assert honest.held == 0
    assert program.counted <= most * (program.counted + honest.counted)
    slug, now = "kimson", services.clock.now()
    report = services.polls.integrity.report(slug, name, ZONE, now)
    assert (report.faults, report.verdict) == ((), verdict)
    groups = services.polls.quarantine.groups(slug, name)
    for group in groups:
        services.polls.quarantine.settle(slug, name, group.name, "voided", "test", now)
    left = services.polls.polls.tally(slug, name).votes["y"]
    assert left <= 2 * 75 if groups else left == program.counted
    assert services.polls.integrity.report(slug, name, ZONE, now).faults == ()


def test_a_wide_network_has_at_least_what_one_within_it_has() -> None:
    """The wider ones are stored rounded down: 600 of an address never stand beside 576 of a /24."""
    assert nested({"address": 600, "block": 576, "pool": 10, "provider": 576}) == {
        "address": 600,
        "block": 600,
        "pool": 10,
        "provider": 600,
    }
    assert nested({"address": 61, "pool": 60, "provider": 60})["pool"] == 61
