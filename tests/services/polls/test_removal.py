"""An editor's poll: deleted, reset, restored, copied, hidden; and no vote lands in another one."""

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from msgspec.structs import replace

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    PollReplacedError,
    UnknownPollError,
)
from stats_service.models.polls import BallotQuery, Poll
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services
from stats_service.services.polls.definition import PollChanges, changed_fields
from stats_service.services.polls.presentation import present_poll
from stats_service.services.polls.removal import KEPT_DAYS
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN
from tests.support.votes import WHO, make_poll, new_ballot, new_voter, vote

POLL = "muc-quan-tam"


@pytest.fixture(autouse=True)
def _site(site: Site) -> None:
    """Every test here has the site."""


def remove(services: Services, site: Site, how: str, poll: str = POLL) -> int:
    """Delete or reset a poll as somebody does who has just looked at it."""
    removal = services.polls.removal
    verb = removal.delete if how == "deleted" else removal.reset
    revision = services.polls.polls.get(site.slug, poll).revision
    return verb(site, poll, poll, revision, WHO, services.clock.now())


def restore(services: Services, slug: str = "kimson") -> Poll:
    """Undo the latest removal."""
    now = services.clock.now()
    (removed, *_) = services.polls.removal.removed(slug, now)
    return services.polls.removal.restore(slug, removed.id, WHO, now)


def log(services: Services) -> list[tuple[str, str]]:
    """Return what the log has of polls, the newest first."""
    entries = services.accounts.audit.newest("kimson")
    return [(e.what, e.subject) for e in entries if e.what.startswith("poll.")]


def poll_keys(redis_client: Any, services: Services, poll: str = POLL) -> list[str]:
    """Return the keys that a poll has."""
    return sorted(
        redis_client.scan_iter(f"{services.settings.key_prefix}:{{kimson}}:poll:{poll}:*")
    )


def report(services: Services, poll: str = POLL) -> Any:
    """Return a poll's report."""
    return services.polls.integrity.report("kimson", poll, "UTC", services.clock.now())


def test_a_deleted_poll_is_gone_and_comes_back_with_its_ballots(
    client: FlaskClient, services: Services, site: Site, redis_client: Any
) -> None:
    """Tally, voters, report; who has voted cannot vote again afterwards."""
    before = make_poll(services, other=50)
    voter = new_voter(services)
    vote(client, voter, "other", other="Đường")
    vote(client, new_voter(services), "a")
    tally = services.polls.polls.tally("kimson", POLL)

    assert remove(services, site, "deleted") == 2

    with pytest.raises(UnknownPollError):
        services.polls.polls.get("kimson", POLL)
    assert poll_keys(redis_client, services) == []
    assert vote(client, new_voter(services), "a").status_code == 404
    after = restore(services)
    assert after == replace(before, revision=after.revision)
    assert services.polls.polls.tally("kimson", POLL) == tally
    assert vote(client, voter, "a").get_json()["code"] == "already-voted"
    found = report(services)
    assert (found.voters, found.faults) == (2, ())
    assert [(event.what, event.ballots) for event in found.events] == [
        ("created", 0),
        ("deleted", 2),
        ("restored", 2),
    ]
    assert log(services) == [(f"poll.{e.what}", POLL) for e in reversed(found.events)]


def test_a_reset_poll_begins_anew_and_that_can_be_undone_until_somebody_votes(
    client: FlaskClient, services: Services, site: Site
) -> None:
    """Held ballots go as well; the report tells of them."""
    make_poll(services, protection=replace(make_protection(), per_address=1))
    voter = new_voter(services)
    vote(client, voter, "a")
    assert vote(client, new_voter(services), "a").get_json()["outcome"] == "held"

    assert remove(services, site, "reset") == 2

    assert (report(services).ballots, report(services).held, report(services).voters) == (0, 0, 0)
    assert [(e.what, e.ballots) for e in report(services).events] == [("created", 0), ("reset", 2)]
    restore(services)
    assert (report(services).ballots, report(services).held, report(services).voters) == (1, 1, 2)
    remove(services, site, "reset")
    assert vote(client, voter, "b").status_code == 200
    with pytest.raises(ConflictError, match="voted"):
        restore(services)
    assert services.polls.polls.tally("kimson", POLL).votes == {"b": 1}


def make_protection() -> Any:
    """Return the usual protection."""
    return Poll(id="a", question={}, choices=()).protection


def test_what_was_removed_goes_for_good_after_some_days(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock, redis_client: Any
) -> None:
    """Every key of it ends by itself, and what is not restored by then is not offered."""
    make_poll(services, change=True)
    vote(client, new_voter(services), "a")
    remove(services, site, "deleted")
    prefix = f"{services.settings.key_prefix}:{{kimson}}:removed:"

    kept = list(redis_client.scan_iter(f"{prefix}*"))

    assert len(kept) == 5  # what it was; tally, voters, changes, report
    assert all(0 < redis_client.ttl(key) <= KEPT_DAYS * 86_400 for key in kept)
    clock.advance(KEPT_DAYS * 86_400)
    assert services.polls.removal.removed("kimson", clock.now()) == []
    with pytest.raises(NotFoundError):
        services.polls.removal.restore("kimson", "1a2b3c4d", WHO, clock.now())


def test_only_what_somebody_has_looked_at_is_removed(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Another revision, another name, another poll of that name since."""
    made = make_poll(services)
    removal = services.polls.removal

    with pytest.raises(InvalidInputError, match="to be sure"):
        removal.delete(site, POLL, "muc", made.revision, WHO, clock.now())
    services.polls.polls.close("kimson", POLL, WHO, clock.now())
    with pytest.raises(ConflictError, match="changed since"):
        removal.delete(site, POLL, POLL, made.revision, WHO, clock.now())
    remove(services, site, "deleted")
    again = make_poll(services)

    assert again.revision > made.revision
    with pytest.raises(ConflictError, match="changed since"):
        removal.reset(site, POLL, POLL, made.revision, WHO, clock.now())
    with pytest.raises(ConflictError, match="again"):
        restore(services)
    assert services.polls.polls.get("kimson", POLL) == again


@pytest.mark.parametrize("how", ["deleted", "reset"])
@pytest.mark.parametrize("name", ["client", "worker_client"])
def test_a_vote_for_the_poll_before_does_not_land_in_the_next_one(
    services: Services, site: Site, how: str, name: str, request: pytest.FixtureRequest
) -> None:
    """The page says for which poll its ballot is; the same ballot, sent again, too."""
    client: FlaskClient = request.getfixturevalue(name)
    before = make_poll(services)
    remove(services, site, how)
    if how == "deleted":
        make_poll(services)

    answer = vote(client, new_voter(services), "a", birth=before.birth)

    assert (answer.status_code, answer.get_json()["code"]) == (409, "poll-replaced")
    birth = answer.get_json()["poll"]["birth"]
    assert birth == services.polls.polls.get("kimson", POLL).birth != before.birth
    assert services.polls.polls.tally("kimson", POLL).ballots == 0
    assert vote(client, new_voter(services), "a", birth=birth).status_code == 200


def test_votes_while_a_poll_is_reset_and_deleted_are_in_one_place_each(
    client: FlaskClient, services: Services, site: Site
) -> None:
    """Whoever was thanked is in what was taken away or in what there is, once."""
    app = client.application
    make_poll(services)
    voters = [new_voter(services) for _ in range(240)]
    thanked: list[str] = []

    def cast(part: list[str]) -> None:
        with app.test_client() as own:
            for voter in part:
                answer = vote(own, voter, "a", ballot=new_ballot())
                if answer.status_code == 200:
                    thanked.append(voter)
                else:
                    assert answer.status_code in (404, 409)

    threads = [threading.Thread(target=cast, args=(voters[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        remove(services, site, "reset")
        remove(services, site, "deleted")
        make_poll(services)
    for thread in threads:
        thread.join()

    taken = services.polls.removal.removed("kimson", services.clock.now())
    now = report(services)
    assert sum(removed.ballots for removed in taken) + now.ballots == len(thanked)
    assert (now.voters, now.faults) == (now.ballots, ())


def test_a_copy_asks_the_same_without_votes_and_times(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """It is a draft with a name of its own, and the log says of what it is a copy."""
    closes = clock.now() + 3600
    make_poll(services, closes=closes, thanks={"vi": "Cảm ơn bạn"}, multiple=True, max_choices=2)
    vote(client, new_voter(services), "a")

    copy = services.polls.polls.copy("kimson", POLL, "", WHO, clock.now())

    assert (copy.id, copy.status, copy.opens, copy.closes) == (f"{POLL}-2", "draft", None, None)
    assert (copy.max_choices, copy.thanks) == (2, {"vi": "Cảm ơn bạn"})
    assert services.polls.polls.tally("kimson", copy.id).ballots == 0
    (entry, *_) = services.accounts.audit.newest("kimson")
    assert (entry.what, entry.before) == ("poll.copied", {"original": POLL})
    assert [event.what for event in report(services, copy.id).events] == ["copied"]


def test_a_hidden_poll_is_in_no_list_and_still_where_it_is_named(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """Neither the current one, nor in the archive; archived ones can be hidden as well."""
    polls = services.polls.polls
    make_poll(services)
    polls.unlist("kimson", POLL, WHO, clock.now())

    assert client.get("/v1/kimson/polls/current").status_code == 404
    assert client.get(f"/v1/kimson/polls/{POLL}").status_code == 200
    polls.archive("kimson", POLL, WHO, clock.now())
    assert client.get("/v1/kimson/polls").get_json() == {"polls": []}
    polls.list_("kimson", POLL, WHO, clock.now())
    services.sites.directory.load("kimson", clock.now())
    clock.advance(10)
    assert [p["id"] for p in client.get("/v1/kimson/polls").get_json()["polls"]] == [POLL]
    assert log(services)[:3] == [
        ("poll.listed", POLL),
        ("poll.archived", POLL),
        ("poll.unlisted", POLL),
    ]


def test_a_poll_is_a_draft_again_while_nobody_has_voted(
    client: FlaskClient, services: Services, site: Site, clock: FakeClock
) -> None:
    """Afterwards not, even when the voters are forgotten."""
    make_poll(services)
    draft = services.polls.polls.withdraw("kimson", POLL, WHO, clock.now())
    assert (draft.status, draft.opened) == ("draft", 0)
    services.polls.polls.open("kimson", POLL, WHO, clock.now())
    vote(client, new_voter(services), "a")

    services.polls.polls.close("kimson", POLL, WHO, clock.now())
    clock.advance(40 * 86_400)

    with pytest.raises(ConflictError, match="draft"):
        services.polls.polls.withdraw("kimson", POLL, WHO, clock.now())
    remove(services, site, "reset")
    services.polls.polls.withdraw("kimson", POLL, WHO, clock.now())


def test_votes_forbid_what_would_alter_them_after_the_voters_are_forgotten(
    client: FlaskClient, services: Services, clock: FakeClock, redis_client: Any
) -> None:
    """The voters' key ends 30 days after closing; what they cast is there for ever."""
    poll = make_poll(services)
    vote(client, new_voter(services), "a")
    services.polls.polls.close("kimson", POLL, WHO, clock.now())
    redis_client.delete(f"{services.settings.key_prefix}:{{kimson}}:poll:{POLL}:voters")

    with pytest.raises(ConflictError, match="removing the choice a"):
        services.polls.polls.edit("kimson", POLL, WHO, clock.now(), choices=poll.choices[1:])


def test_choices_are_reordered_and_results_sorted(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    """While votes are in; equal votes stay as they are listed."""
    poll = make_poll(services)
    for choice in "bcb":
        vote(client, new_voter(services), choice)
    changes = PollChanges(results_order="votes")
    fields = changed_fields(poll, changes) | {"choices": tuple(reversed(poll.choices))}

    services.polls.polls.edit("kimson", POLL, WHO, clock.now(), **fields)

    shown = vote(client, new_voter(services), "c").get_json()["poll"]
    assert [choice["id"] for choice in shown["choices"]] == ["c", "b", "a"]
    rows = [(row["id"], row["votes"]) for row in shown["results"]["choices"]]
    assert rows == [("c", 2), ("b", 2), ("a", 0)]


def test_a_poll_that_was_closed_by_hand_has_its_end(services: Services, clock: FakeClock) -> None:
    """Readers see when it was closed, not when it was to close."""
    make_poll(services, closes=clock.now() + 86_400)
    closed = services.polls.polls.close("kimson", POLL, WHO, clock.now())
    tally = services.polls.polls.tally("kimson", POLL)

    shown = present_poll(closed, tally, "Asia/Ho_Chi_Minh", clock.now())

    assert shown.closes == "2026-03-04T12:00:00+07:00"


def test_a_worker_that_knows_the_poll_before_takes_a_vote_for_the_one_there_is(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """The page may be newer than what a worker remembers for some seconds."""
    make_poll(services)
    old = services.sites.directory.load(site.slug, clock.now())
    remove(services, site, "reset")
    birth = services.polls.polls.get(site.slug, POLL).birth
    reader = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)

    def cast(born: str) -> str:
        ballot = BallotQuery(
            ballot=new_ballot(), choices=("a",), voter=new_voter(services), birth=born
        )
        cast = services.polls.ballots.cast_ballot(old, POLL, ballot, reader, clock.now())
        return services.loop.run(cast).outcome

    assert cast(birth) == "counted"
    with pytest.raises(PollReplacedError):
        cast("")
    assert services.polls.polls.tally(site.slug, POLL).ballots == 1
