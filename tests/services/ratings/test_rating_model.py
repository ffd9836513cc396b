"""Any order of ratings, changes and decisions: every number is what a naive model says."""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient

from stats_service.errors import NotFoundError
from stats_service.models.ratings import RatingCommand
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.ratings.review import ALL
from tests.support.clock import FakeClock
from tests.support.pages import view

ARTICLES = ("/tin/1", "/tin/2")
SLOT, HALF_HOUR, DAY = 600, 1800, 86_400
CEILING, SCALE, STEPS = 3, 5, 160

Place = tuple[str, int]


@dataclass
class Rated:
    """A rating as the model knows it."""

    score: int
    at: float
    #: The group in which it was held; empty: it stands with those of its ten minutes.
    group: str


class Model:
    """What there has to be, worked out from one rating after the other."""

    def __init__(self) -> None:
        self.rated: dict[tuple[str, int], Rated] = {}
        self.arrived: Counter[tuple[int, int]] = Counter()
        #: Groups that wait or were rejected, and the last one of each ten minutes.
        self.groups: dict[str, str] = {}
        self.group_of: dict[Place, str] = {}
        #: Decisions by ten minutes, and the ten minutes of which anything is known.
        self.decided: dict[Place, str] = {}
        self.known: set[Place] = set()

    def place(self, article: str, one: Rated) -> str:
        """Return where a rating counts: a group, a decision, or empty for the average."""
        if one.group in self.groups:
            return one.group
        return self.decided.get((article, int(one.at // SLOT)), "")

    def rate(self, article: str, who: int, score: int, address: int, now: float) -> str:
        """Take a rating; return the outcome."""
        one, slot = self.rated.get((article, who)), (article, int(now // SLOT))
        if one is None:
            if not score:
                return "withdrawn"
            self.arrived[int(now // HALF_HOUR), address] += 1
            group = ""
            if self.arrived[int(now // HALF_HOUR), address] > CEILING:
                group = self.group_of.get(slot, "")
                group = group if group in self.groups else "new"
            else:
                self.known.add(slot)
            self.rated[article, who] = Rated(score, now, group)
            return "held" if group else "counted"
        if now - one.at >= DAY:
            return "fixed"
        apart = one.group in self.groups
        if one.score == score:
            return "held" if apart else "unchanged"
        one.score = score
        if not score:
            del self.rated[article, who]
            if apart and not any(other.group == one.group for other in self.rated.values()):
                del self.groups[one.group]
            return "withdrawn"
        return "held" if apart else "changed"

    def name(self, article: str, who: int, group: str, now: float) -> None:
        """Give the group that a rating has just begun the name that it got."""
        self.rated[article, who].group = group
        self.groups[group] = "held"
        self.group_of[article, int(now // SLOT)] = group

    def release(self, group: str) -> None:
        """Let a group count, one that waits or one that was rejected."""
        del self.groups[group]
        for (article, _), one in self.rated.items():
            if one.group == group:
                self.known.add((article, int(one.at // SLOT)))

    def void(self, article: str, first: int, last: int, decision: str) -> int:
        """Take what counts of some ten minutes out; return how many ratings that are."""
        found = [place for place in self.known if place[0] == article and first <= place[1] < last]
        found = [place for place in found if place not in self.decided]
        number = sum(
            key == article and not self.place(key, one) and (key, int(one.at // SLOT)) in found
            for (key, _), one in self.rated.items()
        )
        if number:
            self.decided |= dict.fromkeys(found, decision)
        return number

    def restore(self, decision: str) -> None:
        """Let what was taken out count again."""
        for place in [place for place, by in self.decided.items() if by == decision]:
            del self.decided[place]

    def sums(self) -> dict[tuple[str, str], list[int]]:
        """Return the ratings by score, of each article and place."""
        found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * SCALE)
        for (article, _), one in self.rated.items():
            found[article, self.place(article, one)][one.score - 1] += 1
        return dict(found)


def stored(services: Services, site: Site) -> dict[tuple[str, str], list[int]]:
    """Return the same as Redis has it."""
    review = services.ratings.review
    found = {(key, ""): list(n) for key, n in review._stored.all(site.slug).items()}
    for one in (*review.held(site), *review.voided(site)):
        found[one.article, one.id] = list(one.counts)
    return {place: counts for place, counts in found.items() if any(counts)}


class Run:
    """Does the same to the service and to the model, at random."""

    def __init__(self, services: Services, clock: FakeClock, site: Site, seed: int) -> None:
        self.services, self.clock, self.site = services, clock, site
        self.chance, self.model, self.outcomes = random.Random(seed), Model(), Counter[str]()
        self.review = services.ratings.review

    def rate(self) -> None:
        """Rate, change or take back."""
        now, article = self.clock.now(), self.chance.choice(ARTICLES)
        who, score, address = (self.chance.randrange(n) for n in (14, SCALE + 1, 2))
        command = RatingCommand(
            article=article,
            score=score,
            rater=bytes((*b"rater", who, *article[-2:].encode())),
            address=bytes((*b"address", address)),
        )
        wanted = self.model.rate(article, who, score, address, now)
        rating = self.services.ratings.ratings._store.rate(self.site, command, now)
        assert self.services.loop.run(rating).outcome == wanted
        if wanted == "held" and self.model.rated[article, who].group == "new":
            held = {one.id for one in self.review.held(self.site)}
            (group,) = held - self.model.groups.keys()
            self.model.name(article, who, group, now)
        self.outcomes[wanted] += 1

    def wait(self) -> None:
        """Let time pass."""
        self.clock.advance(self.chance.choice((20, 200, 700, 700, 2_000, 15_000)))

    def settle(self) -> None:
        """Release or reject a group, or put a rejected one back."""
        if not self.model.groups:
            return
        now, group = self.clock.now(), self.chance.choice(sorted(self.model.groups))
        if self.model.groups[group] == "rejected":
            self.review.restore(self.site, group, "test", now)
            self.model.release(group)
        elif self.chance.random() < 0.5:
            self.review.reject(self.site, group, "test", now)
            self.model.groups[group] = "rejected"
        else:
            self.review.release(self.site, self.chance.choice((group, ALL)), "test", now)
            waiting = {one.id for one in self.review.held(self.site)}
            held = [name for name, state in self.model.groups.items() if state == "held"]
            for name in held:
                if name not in waiting:
                    self.model.release(name)

    def void(self) -> None:
        """Take out what counts of some ten minutes."""
        now, article = self.clock.now(), self.chance.choice(ARTICLES)
        first = int(now // SLOT) - self.chance.randrange(4)
        last = first + 1 + self.chance.randrange(4)
        span = (first * SLOT, last * SLOT)
        if not self.model.void(article, first, last, "new"):
            with pytest.raises(NotFoundError):
                self.review.void(self.site, article, span, "test", now)
            return
        decision = self.review.void(self.site, article, span, "test", now).id
        decided = self.model.decided
        decided |= {place: decision for place, by in decided.items() if by == "new"}
        self.outcomes["void"] += 1

    def restore(self) -> None:
        """Put back what was taken out."""
        if self.model.decided:
            decision = self.chance.choice(sorted(set(self.model.decided.values())))
            self.review.restore(self.site, decision, "test", self.clock.now())
            self.model.restore(decision)


@pytest.mark.parametrize("seed", range(6))
def test_ratings_are_what_a_naive_model_says(
    client: FlaskClient, services: Services, clock: FakeClock, site: Site, seed: int
) -> None:
    """Rate, change, take back, hold, release, reject, take out and put back, over some two days."""
    site = services.sites.sites.edit(site.slug, rating_ceiling=CEILING)
    for article in ARTICLES:
        view(client, article)
    run = Run(services, clock, site, seed)
    acts = (run.rate, run.wait, run.settle, run.void, run.restore)
    for step in range(STEPS):
        (act,) = run.chance.choices(acts, (16, 4, 2, 1, 1))
        act()

        assert stored(services, site) == run.model.sums(), (seed, step, act.__name__)
        assert run.review.faults(site) == []
    assert {"counted", "held", "changed", "withdrawn"} <= run.outcomes.keys()
