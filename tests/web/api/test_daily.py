"""One vote a day: exact over midnight, retries included; own thanks and the page after the vote."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.sites import Site
from stats_service.services.container import Services
from tests.support.clock import FakeClock
from tests.support.pages import view
from tests.support.votes import WHO, make_poll, new_ballot, new_voter, vote

POLL = "muc-quan-tam"
VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
DAY = 86_400


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


@pytest.fixture(params=["client", "worker_client"], ids=["flask", "hot"])
def client(request: pytest.FixtureRequest) -> FlaskClient:
    """Every test here is run with both."""
    found: FlaskClient = request.getfixturevalue(request.param)
    return found


def to_midnight(clock: FakeClock, before: float) -> None:
    """Set the clock so many seconds before the next midnight of the site."""
    local = datetime.fromtimestamp(clock.now(), VIETNAM)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() + DAY
    clock.advance(midnight - before - clock.now())


def test_a_browser_votes_once_a_day_of_the_site(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """From midnight on in its zone, and the page knows it; the sums agree."""
    make_poll(services, daily=True)
    voter = new_voter(services)
    to_midnight(clock, 1)
    assert vote(client, voter, "a").status_code == 200
    assert vote(client, voter, "b").get_json()["code"] == "already-voted"
    assert view(client, voter=voter, poll=POLL).get_json()["poll"]["voted"] is True

    clock.advance(1)

    assert view(client, voter=voter, poll=POLL).get_json()["poll"]["voted"] is False
    assert vote(client, voter, "b").get_json()["poll"]["voted"] is True
    assert vote(client, voter, "c").get_json()["code"] == "already-voted"
    assert services.polls.polls.tally("kimson", POLL).votes == {"a": 1, "b": 1}
    report = services.polls.integrity.report("kimson", POLL, "UTC", clock.now())
    assert (report.voters, report.faults) == (2, ())


def test_a_ballot_that_is_sent_again_after_midnight_counts_once(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Also if the voter has voted anew meanwhile."""
    make_poll(services, daily=True)
    voter, ballot = new_voter(services), new_ballot()
    to_midnight(clock, 1)
    vote(client, voter, "a", ballot=ballot)
    clock.advance(2)

    assert vote(client, voter, "a", ballot=ballot).get_json()["outcome"] == "counted"
    assert vote(client, voter, "b").status_code == 200
    assert vote(client, voter, "a", ballot=ballot).get_json()["outcome"] == "counted"
    assert services.polls.polls.tally("kimson", POLL).votes == {"a": 1, "b": 1}


def test_t87_a_crowd_that_votes_daily_is_counted_exactly(
    services: Services, clock: FakeClock, client: FlaskClient
) -> None:
    """Forty voters on two days, each ballot three times at once with another one between."""
    app = client.application
    make_poll(services, daily=True)
    voters = [new_voter(services) for _ in range(40)]

    def send(job: tuple[str, str, str]) -> int:
        voter, choice, ballot = job
        with app.test_client() as own:
            for _ in range(5):
                code = vote(own, voter, choice, ballot=ballot).status_code
                if code != 503:  # a new day's keys that take long are waited for by asking again
                    break
            return code

    for _day in range(2):
        jobs = [
            (voter, choice, ballot)
            for voter in voters
            for choice, ballot in [("a", new_ballot())]
            for choice, ballot in [(choice, ballot)] * 3 + [("b", new_ballot())]
        ]
        with ThreadPoolExecutor(8) as pool:
            codes = list(pool.map(send, jobs))
        assert set(codes) <= {200, 409}
        clock.advance(DAY)

    tally = services.polls.polls.tally("kimson", POLL)
    assert (tally.ballots, sum(tally.votes.values())) == (80, 80)
    report = services.polls.integrity.report("kimson", POLL, "UTC", clock.now())
    assert (report.voters, report.faults) == (80, ())


def test_once_and_once_a_day_are_not_exchanged_once_somebody_has_voted(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Whoever has voted could vote again."""
    make_poll(services)
    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), daily=True)
    vote(client, new_voter(services), "a")

    with pytest.raises(ConflictError, match="one vote a day"):
        services.polls.polls.edit("kimson", POLL, WHO, clock.now(), daily=False)


@pytest.mark.parametrize(
    "page", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a\nb"]
)
def test_the_page_after_the_vote_is_one_of_the_portal(services: Services, page: str) -> None:
    """A path, and nothing that a browser takes for a host."""
    with pytest.raises(InvalidInputError, match="next_page"):
        make_poll(services, next_page=page)


def test_thanks_and_the_next_page_come_with_the_poll(
    client: FlaskClient, services: Services
) -> None:
    """For the widget; the hosted page shows both after the vote."""
    make_poll(services, thanks={"vi": "Cảm ơn  bà con"}, next_page="/cam-on.html?a=1")

    poll = vote(client, new_voter(services), "a").get_json()["poll"]

    assert (poll["thanks"], poll["next_page"]) == ({"vi": "Cảm ơn bà con"}, "/cam-on.html?a=1")
