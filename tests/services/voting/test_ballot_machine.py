"""Any order of votes, retries, changes and decisions: every sum of a poll is what a model says."""

import dataclasses
import secrets
from collections import Counter
from typing import NamedTuple

from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from stats_service.config import Settings
from stats_service.models.polls import BallotQuery, Protection
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import create_services
from stats_service.services.periods import hour_label
from tests.support.clock import FakeClock
from tests.support.pages import BROWSER, ORIGIN
from tests.support.votes import WHO, make_poll, new_ballot, new_voter

POLL = "muc-quan-tam"
ZONE = "Asia/Ho_Chi_Minh"
CEILING = 2
VOTERS = 6
READER = Visitor("192.0.2.1", BROWSER, ORIGIN, private=False, prefetch=False)


class Cast(NamedTuple):
    """A ballot that is in, as the model knows it."""

    ballot: str
    choice: str
    text: str
    #: The hour of its group, or empty.
    hour: str
    outcome: str


class PollMachine(RuleBasedStateMachine):
    """A poll with free texts whose votes may be changed, and voters behind one address."""

    installation: Settings

    def __init__(self) -> None:
        super().__init__()
        prefix = "t" + secrets.token_hex(6)
        self.clock = FakeClock()
        self.services = create_services(
            dataclasses.replace(self.installation, key_prefix=prefix), self.clock
        )
        site = Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",))
        self.services.sites.sites.add(site)
        make_poll(
            self.services,
            change=True,
            other=50,
            protection=Protection(per_address=CEILING, per_customer=0),
        )
        self.voters = [new_voter(self.services) for _ in range(VOTERS)]
        self.cast: dict[int, Cast] = {}
        self.arrived: Counter[str] = Counter()
        self.groups: dict[str, str] = {}
        self.texts: dict[str, str] = {}

    def teardown(self) -> None:
        """Part from Redis."""
        self.services.close()

    def send(self, number: int, ballot: str, choice: str, text: str) -> str:
        """Send a ballot; return its outcome."""
        now = self.clock.now()
        query = BallotQuery(
            ballot=ballot,
            choices=(choice,),
            voter=self.voters[number],
            other=text if choice == "other" else "",
        )
        entry = self.services.sites.directory.entry("kimson", now)
        return self.services.loop.run(
            self.services.polls.ballots.cast_ballot(entry, POLL, query, READER, now)
        ).outcome

    @rule(
        number=st.integers(0, VOTERS - 1),
        choice=st.sampled_from(["a", "b", "c", "other"]),
        text=st.sampled_from(["Chợ", "Đường"]),
    )
    def vote(self, number: int, choice: str, text: str) -> None:
        """A new ballot: the voter's first, or a change of it."""
        ballot = new_ballot()
        before = self.cast.get(number)
        if before:
            hour = before.hour
        else:
            now = hour_label(self.clock.now(), ZONE)
            self.arrived[now] += 1
            hour = now if self.arrived[now] > CEILING else ""
            if hour:
                self.groups.setdefault(hour, "held")
        counts = not hour or self.groups[hour] == "accepted"
        expected = ("changed" if before else "counted") if counts else "held"

        assert self.send(number, ballot, choice, text) == expected

        shown = text if choice == "other" else ""
        self.cast[number] = Cast(ballot, choice, shown, hour, expected)

    @rule(number=st.integers(0, VOTERS - 1))
    def retry(self, number: int) -> None:
        """The last ballot once more: the same answer, and nothing else."""
        if number in self.cast:
            known = self.cast[number]
            again = self.send(number, known.ballot, known.choice, known.text)
            assert again == known.outcome

    @rule(number=st.integers(0, 3), state=st.sampled_from(["held", "accepted", "voided"]))
    def settle(self, number: int, state: str) -> None:
        """Decide about a group, or take a decision back."""
        names = sorted(
            group.name for group in self.services.polls.quarantine.groups("kimson", POLL)
        )
        if number < len(names):
            self.services.polls.quarantine.settle(
                "kimson", POLL, names[number], state, WHO, self.clock.now()
            )
            self.groups[names[number].rpartition("-")[0]] = state

    @rule(
        text=st.sampled_from(["Chợ", "Đường"]),
        state=st.sampled_from(["pending", "approved", "rejected"]),
    )
    def moderate(self, text: str, state: str) -> None:
        """Decide about a free text, if it is there."""
        known = {found.text for found in self.services.polls.quarantine.texts("kimson", POLL)}
        if text in known:
            self.services.polls.quarantine.moderate(
                "kimson", POLL, text, state, WHO, self.clock.now()
            )

    @rule()
    def advance(self) -> None:
        """Let an hour go by."""
        self.clock.advance(3600)

    @invariant()
    def sums_agree(self) -> None:
        """With each other, and with the model."""
        report = self.services.polls.integrity.report("kimson", POLL, ZONE, self.clock.now())
        assert report.faults == ()
        counted = [
            cast
            for cast in self.cast.values()
            if not cast.hour or self.groups[cast.hour] == "accepted"
        ]
        apart = Counter(
            self.groups[cast.hour] for cast in self.cast.values() if cast not in counted
        )
        tally = self.services.polls.polls.tally("kimson", POLL)
        assert tally.ballots == len(counted)
        assert {c: n for c, n in tally.votes.items() if n} == Counter(c.choice for c in counted)
        assert (report.held, report.voided) == (apart["held"], apart["voided"])
        texts = {
            t.text: t.votes for t in self.services.polls.quarantine.texts("kimson", POLL) if t.votes
        }
        assert texts == Counter(cast.text for cast in counted if cast.text)


def test_no_order_of_events_makes_the_sums_disagree(settings: Settings) -> None:
    """Against a real Redis, some dozens of random histories."""

    class Machine(PollMachine):
        installation = settings

    run_state_machine_as_test(
        Machine,
        settings=hypothesis_settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )
