"""Votes of a crowd and of a cheat, over real sockets and two processes: every sum is exact."""

import json
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from stats_service.config import Settings
from stats_service.models.polls import Poll, Protection
from stats_service.models.quarantine import Integrity
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from tests.support.crowd import Answer, Request, send_all
from tests.support.pages import BROWSER, ORIGIN
from tests.support.server import running_service
from tests.support.votes import make_poll, new_ballot

CLIENTS = 50


@pytest.fixture(scope="module")
def settings(redis_server: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Give the settings of one installation for all tests here, behind a proxy."""
    return Settings(
        secret="crowd-" + "0" * 32,
        data_dir=tmp_path_factory.mktemp("crowd"),
        redis_url=redis_server,
        key_prefix="t" + secrets.token_hex(6),
        workers=1,
        trusted_proxies=1,
        write_limit=1_000_000,
        redis_timeout=5,
    )


@pytest.fixture(scope="module")
def services(settings: Settings) -> Services:
    """Give services on the clock that the processes have, and a site."""
    services = create_services(settings)
    services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
    return services


@pytest.fixture(scope="module")
def urls(settings: Settings, services: Services) -> Iterator[list[str]]:
    """Run two processes of the service on one Redis."""
    with ExitStack() as stack:
        yield [stack.enter_context(running_service(settings)) for _ in range(2)]


@pytest.fixture
def poll(services: Services, request: pytest.FixtureRequest) -> Poll:
    """Give each test a poll of its own."""
    name = request.node.name[5:].replace("_", "-")[:39].strip("-")
    protection = Protection(wait=0)
    return make_poll(services, id=name, protection=protection)


def ballot(poll: Poll, voter: str, choice: str, address: str, ballot_id: str = "") -> Request:
    """Return the request that casts a ballot."""
    body = {"ballot": ballot_id or new_ballot(), "choices": [choice], "voter": voter}
    return Request(f"/v1/kimson/polls/{poll.id}/ballots", json.dumps(body).encode(), who(address))


def who(address: str) -> dict[str, str]:
    """Return the headers of a reader's browser at an address."""
    return {"User-Agent": BROWSER, "Origin": ORIGIN, "X-Forwarded-For": address}


def tokens(services: Services, number: int) -> list[str]:
    """Return that many tokens, old enough to vote."""
    now = services.clock.now()
    return [services.polls.voters.issue("kimson", now - 60) for _ in range(number)]


def sound(services: Services, poll: Poll) -> Integrity:
    """Return the poll's report, whose sums agree: T25."""
    report = services.polls.integrity.report("kimson", poll.id, "UTC", services.clock.now())
    assert report.sound is True, report.faults
    return report


def outcomes(answers: list[Answer]) -> Counter[str]:
    """Return what became of the ballots."""
    return Counter(json.loads(a.body).get("outcome") or json.loads(a.body)["code"] for a in answers)


def test_t22_one_voter_who_votes_a_thousand_times_at_once_votes_once(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """Twenty times; half of the ballots are retries of one, half are others."""
    for run in range(1, 21):
        (voter,) = tokens(services, 1)
        one = new_ballot()
        requests = [
            ballot(poll, voter, "abc"[n % 3], f"198.18.0.{n % 250}", one if n % 2 else "")
            for n in range(1_000)
        ]

        answers = send_all(urls, requests, CLIENTS)

        told = outcomes(answers)
        assert told.keys() <= {"counted", "already-voted"}
        # Either the retried ballot is the one that counts, or one of the others is.
        assert told["counted"] in (1, 500)
        report = sound(services, poll)
        assert (report.ballots, report.votes, report.voters) == (run, run, run)


def test_t24_ten_thousand_voters_as_fast_as_they_come_are_all_counted(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """None is refused for coming at the same moment as another."""
    voters = tokens(services, 10_000)
    requests = [
        ballot(poll, voter, "abc"[n % 3], f"198.18.{n % 250}.{n // 250}")
        for n, voter in enumerate(voters)
    ]

    answers = send_all(urls, requests, CLIENTS)

    assert outcomes(answers) == {"counted": 10_000}
    report = sound(services, poll)
    assert (report.ballots, report.voters) == (10_000, 10_000)
    assert services.polls.polls.tally("kimson", poll.id).votes == {
        "a": 3_334,
        "b": 3_333,
        "c": 3_333,
    }
    results = [json.loads(answer.body)["poll"]["results"] for answer in answers]
    # Each answer is of the moment at which its own ballot was counted.
    assert sorted(result["ballots"] for result in results) == list(range(1, 10_001))
    last = max(results, key=lambda result: result["ballots"])
    assert [choice["percent"] for choice in last["choices"]] == [33.3, 33.3, 33.3]


def test_t28_five_hundred_honest_voters_behind_one_address_are_accepted(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """They get their tokens with the page, as readers do, and vote in the same moments."""
    pages = [
        Request(
            "/v1/kimson/page",
            json.dumps({"hit": f"office-{n:012d}", "voter": "", "poll": "current"}).encode(),
            who("198.18.0.1"),
        )
        for n in range(500)
    ]
    voters = [json.loads(answer.body)["voter"] for answer in send_all(urls, pages, CLIENTS)]

    answers = send_all(urls, [ballot(poll, voter, "a", "198.18.0.1") for voter in voters], CLIENTS)

    told = outcomes(answers)
    assert told["counted"] >= 495, told
    assert sound(services, poll).voters == 500


def test_t29_one_client_with_ten_thousand_tokens_counts_up_to_the_ceiling(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """The rest waits for an administrator, and accepting it counts every one of them once."""
    voters = tokens(services, 10_000)

    answers = send_all(urls, [ballot(poll, voter, "a", "198.18.0.1") for voter in voters], CLIENTS)

    ceiling = poll.protection.per_address
    told = outcomes(answers)
    # The hour may turn while they vote, and every hour has a ceiling of its own.
    assert told["counted"] in (ceiling, 2 * ceiling)
    assert told["counted"] + told["held"] == 10_000
    report = sound(services, poll)
    assert (report.ballots, report.held) == (told["counted"], told["held"])
    now = services.clock.now()
    for group in services.polls.quarantine.groups("kimson", poll.id):
        services.polls.quarantine.settle("kimson", poll.id, group.name, "accepted", "test", now)
    assert services.polls.polls.tally("kimson", poll.id).ballots == 10_000
    sound(services, poll)


def test_t69_a_burst_of_one_network_is_held_and_alarmed(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """300 honest votes; then one IPv4 address sends 600 others, and one /48 2,000."""
    voters = tokens(services, 2_900)
    honest = [ballot(poll, voters.pop(), "a", f"198.18.{n % 250}.9") for n in range(300)]
    one = [ballot(poll, voters.pop(), "b", "198.51.100.7") for _ in range(600)]
    wide = [ballot(poll, voters.pop(), "b", f"2001:db8:7:{n:x}::1") for n in range(2_000)]

    told = [outcomes(send_all(urls, crowd, CLIENTS)) for crowd in (honest, one, wide)]

    assert told[0] == {"counted": 300}
    votes = services.polls.polls.tally("kimson", poll.id).votes
    assert votes["a"] == 300
    # A minute that begins meanwhile has sixty of its own.
    assert votes["b"] <= 60 + 75 + 93 + 60
    assert sum(one["held"] for one in told) == 2_600 - votes["b"]
    report = sound(services, poll)
    assert (report.verdict, report.reasons[0].kind) == ("held", "held")
    site = services.sites.sites.get("kimson")
    (overview,) = services.operations.overview.of_sites([site], services.clock.now())
    alarms = {alarm.kind: alarm.n for alarm in overview.alarms if alarm.poll == poll.id}
    assert alarms["burst"] == report.held
    now = services.clock.now()
    for group in services.polls.quarantine.groups("kimson", poll.id):
        services.polls.quarantine.settle("kimson", poll.id, group.name, "accepted", "test", now)
    assert services.polls.polls.tally("kimson", poll.id).ballots == 2_900
    assert sound(services, poll).verdict == "look"


def test_t70_an_office_of_six_hundred_behind_one_address_is_counted(
    urls: list[str], services: Services, poll: Poll
) -> None:
    """In the same seconds, none held; what one network was of the poll is said and alarmed."""
    voters = tokens(services, 600)
    requests = [ballot(poll, v, "abc"[n % 3], "198.18.0.1") for n, v in enumerate(voters)]

    answers = send_all(urls, requests, CLIENTS)

    assert outcomes(answers) == {"counted": 600}
    report = sound(services, poll)
    assert (report.verdict, report.networks["address"]) == ("look", 600)
    site = services.sites.sites.get("kimson")
    (overview,) = services.operations.overview.of_sites([site], services.clock.now())
    alarms = {alarm.kind: alarm.n for alarm in overview.alarms if alarm.poll == poll.id}
    assert alarms == {"network": 600}


@pytest.mark.parametrize("network", ["24", "32"])
def test_t85_many_addresses_of_one_network_do_not_make_a_sound_poll(
    urls: list[str], services: Services, network: str
) -> None:
    """60 honest votes from all over; then 2 each from 250 of a /24, or from 100 /48 of a /32."""
    poll = make_poll(services, id=f"t85-{network}", protection=Protection(wait=0))
    addresses = {
        "24": [f"198.51.100.{n // 2}" for n in range(500)],
        "32": [f"2001:db8:{n // 2:x}:{n:x}::1" for n in range(200)],
    }[network]
    voters = tokens(services, 60 + len(addresses))
    honest = [ballot(poll, voters.pop(), "a", f"{60 + n}.18.{n}.9") for n in range(60)]
    others = [ballot(poll, voters.pop(), "b", address) for address in addresses]

    told = [outcomes(send_all(urls, crowd, CLIENTS)) for crowd in (honest, others)]

    assert told[0] == {"counted": 60}
    # All come in a minute or two, with no past to compare with: a /32 is held from three quarters
    # of the minute on, a /24 from half of it.
    assert told[1]["counted"] <= {"24": 130, "32": 240}[network]
    report = sound(services, poll)
    assert (report.verdict, report.held) == ("held", told[1]["held"])
    now = services.clock.now()
    for group in services.polls.quarantine.groups("kimson", poll.id):
        services.polls.quarantine.settle("kimson", poll.id, group.name, "accepted", "test", now)
    report = sound(services, poll)
    assert (report.ballots, report.verdict) == (60 + len(addresses), "look")


def test_a_thousand_raters_at_once_are_summed_exactly_and_move_one_unit_each(
    urls: list[str], services: Services
) -> None:
    """Scores 1 to 5 in turn; then everybody changes to the next score at the same time."""
    article, site = "/tin/1", services.sites.sites.get("kimson")
    page = {"hit": "a-page-view-of-it", "article": article}
    (seen,) = send_all(
        urls[:1], [Request("/v1/kimson/page", json.dumps(page).encode(), who("198.18.0.1"))], 1
    )
    assert seen.status == 200
    voters = tokens(services, 1_000)

    def rate_all(shift: int) -> Counter[str]:
        bodies = [
            {"article": article, "score": (n + shift) % 5 + 1, "voter": voter}
            for n, voter in enumerate(voters)
        ]
        requests = [
            Request("/v1/kimson/ratings", json.dumps(body).encode(), who(f"198.18.1.{n % 250}"))
            for n, body in enumerate(bodies)
        ]
        return outcomes(send_all(urls, requests, CLIENTS))

    def counts() -> tuple[int, ...]:
        return services.ratings.ratings.get(site, [article]).ratings[article].rating.counts

    assert rate_all(0) == {"counted": 1_000}
    assert counts() == (200, 200, 200, 200, 200)
    voters = voters[:500]
    assert rate_all(1) == {"changed": 500}
    assert counts() == (200, 200, 200, 200, 200)
    voters = voters[:1]
    assert rate_all(4) == {"changed": 1}
    assert counts() == (200, 199, 200, 200, 201)

    # Meanwhile an administrator takes ratings out and puts them back, again and again.
    review, done = services.ratings.review, threading.Event()
    now = services.clock.now()

    def dither() -> int:
        turns = 0
        while not done.is_set():
            made = review.void(site, article, (now - 3600, now + 3600), "test", now)
            review.restore(site, made.id, "test", now)
            turns += 1
        return turns

    with ThreadPoolExecutor() as threads:
        dithering = threads.submit(dither)
        voters = tokens(services, 500)
        try:
            assert rate_all(0) == {"counted": 500}
            assert rate_all(2) == {"changed": 500}
        finally:
            done.set()
        assert dithering.result() > 10
    assert counts() == (300, 299, 300, 300, 301)
    assert services.ratings.review.faults(site) == []
