"""Crowds that vote, honest and not, as networks and moments: what the defaults are measured by.

    python -m tests.support.voting_crowds

prints what becomes of each of them under several settings, as decision 22 has it. Networks are
pseudonyms from the beginning, as in the service; who votes for what is settled by `Ballot.choice`.
"""

import hashlib
import itertools
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from stats_service.config import Settings
from stats_service.embedded_redis.server import EmbeddedRedis
from stats_service.models.polls import BallotCommand, Choice, Poll, Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services, create_services
from stats_service.services.periods import hour_label
from tests.support.clock import FakeClock

ZONE = "Asia/Ho_Chi_Minh"
BROWSERS = ("android-chrome", "android-zalo", "ios-safari", "windows-chrome")
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Ballot:
    """One ballot of somebody who has not voted yet."""

    #: Seconds since the poll opened.
    at: float
    #: Who sends it: `citizens`, `office`, `attack` ….
    crowd: str
    choice: str
    #: Name of an IPv4 address or an IPv6 /64, and of the latter's /48.
    address: str
    ipv6_48: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a crowd's ballots."""

    counted: int
    held: int

    @property
    def share_held(self) -> float:
        """The part of them that waits."""
        return self.held / max(1, self.counted + self.held)


def citizens(
    number: int, span: float, choice: str = "x", *, begin: float = 0, seed: int = 1
) -> Iterator[Ballot]:
    """Give readers at home and on the way, evenly over `span` seconds.

    A third are behind addresses of their own, a third behind 40 of carriers (IPv4), a third in 12
    /48 of carriers, each telephone in a /64 of its own.
    """
    chance = random.Random(seed)
    for n in range(number):
        at, kind = begin + chance.random() * span, n % 3
        if kind == 0:
            yield Ballot(at, "citizens", choice, f"home-{seed}-{n}")
        elif kind == 1:
            yield Ballot(at, "citizens", choice, f"carrier-{chance.randrange(40)}")
        else:
            wide = f"pool-{chance.randrange(12)}"
            yield Ballot(at, "citizens", choice, f"{wide}-{seed}-{n}", wide)


def office(
    number: int, mean: float, choices: str = "xy", *, begin: float = 0, crowd: str = "office"
) -> Iterator[Ballot]:
    """Give an office behind one IPv4 address after an e-mail: many soon, then fewer and fewer.

    Args:
        number: of people.
        mean: seconds until half of them and some have voted.
        choices: what they choose, in turn.
        begin: when the e-mail comes.
        crowd: what they are called.
    """
    chance = random.Random(7)
    for n in range(number):
        at = begin + chance.expovariate(1 / mean)
        yield Ballot(at, crowd, choices[n % len(choices)], "the-office")


def program(
    number: int, span: float, choice: str = "y", *, begin: float = 0, wide: bool = False
) -> Iterator[Ballot]:
    """Give a program behind one IPv4 address, or in one /48 with a /64 for each ballot."""
    for n in range(number):
        at = begin + span * n / number
        address = f"rotating-{begin}-{n}" if wide else f"attacker-{begin}"
        yield Ballot(at, "attack", choice, address, f"attacker-{begin}" if wide else "")


Scene = Callable[[], list[Ballot]]

#: What honest crowds do, and what part of theirs may wait: none where the defaults are for them.
HONEST: dict[str, tuple[Scene, float]] = {
    "an office of 600, most within 25 minutes, in a poll of 900 in a week": (
        lambda: [*citizens(900, 7 * DAY), *office(600, 25 * MINUTE, begin=DAY)],
        0,
    ),
    "an office of 600 as the first": (
        lambda: [*office(600, 25 * MINUTE), *citizens(300, 2 * DAY)],
        0,
    ),
    "an office of 600 that presses the button at once": (lambda: [*office(600, 2)], 0),
    "2,000 readers in a day": (lambda: [*citizens(2_000, DAY)], 0),
    "2,000 readers in ten minutes, after the news on television": (
        lambda: [*citizens(2_000, 10 * MINUTE)],
        0,
    ),
    "a school of 500 in five minutes, in a poll of 300": (
        lambda: [*citizens(300, DAY), *office(500, 5 * MINUTE, begin=DAY, crowd="school")],
        # What the rule costs: more than 60 in a minute are held, and wait for one click.
        0.85,
    ),
}

#: What a program does to 300 honest votes for x; how much of what is then counted at once may be
#: its own; and what the report calls it.
DISHONEST: dict[str, tuple[Scene, float, str]] = {
    "600 of one IPv4 in 2.9 s": (
        lambda: [*citizens(300, HOUR), *program(600, 2.9, begin=HOUR)],
        0.21,
        "held",
    ),
    "2,000 of one /48 in 10 s": (
        lambda: [*citizens(300, HOUR), *program(2_000, 10, begin=HOUR, wide=True)],
        0.21,
        "held",
    ),
    "both": (
        lambda: [
            *citizens(300, HOUR),
            *program(600, 2.9, begin=HOUR),
            *program(2_000, 10, begin=HOUR + 60, wide=True),
        ],
        0.36,
        "held",
    ),
    "1,500 of one IPv4, 50 a minute": (
        lambda: [*citizens(300, HOUR), *program(1_500, 30 * MINUTE, begin=HOUR)],
        0.67,
        "held",
    ),
    "600 of one IPv4 before anybody else": (
        lambda: [*program(600, 2.9), *citizens(300, HOUR, begin=60)],
        0.67,
        "look",
    ),
    "600 of one IPv4, paced as an office": (
        lambda: [*citizens(300, HOUR), *program(600, 20 * MINUTE, begin=HOUR)],
        0.67,
        "look",
    ),
}


def play(
    services: Services, scene: Scene, protection: Protection, slug: str = "kimson"
) -> tuple[str, dict[str, Outcome]]:
    """Let a scene's ballots come in their order; return the poll's id and what became of them."""
    begin = services.clock.now()
    name = f"crowd-{next(_numbers)}"
    choices = tuple(Choice(id=c, text={"vi": c}) for c in "xy")
    poll = Poll(id=name, question={"vi": "?"}, choices=choices, status="open")
    site = services.sites.sites.get(slug)
    poll = services.polls.polls.create(slug, replace(poll, protection=protection), "test", begin)
    found = services.loop.run(_cast(services, site, poll, scene))
    return name, {crowd: Outcome(n["counted"], n["held"]) for crowd, n in found.items()}


async def _cast(
    services: Services, site: Site, poll: Poll, scene: Scene
) -> dict[str, Counter[str]]:
    store, begin = services.polls.ballots._store, services.clock.now()
    found: dict[str, Counter[str]] = {}
    for ballot in sorted(scene(), key=lambda ballot: ballot.at):
        now = begin + ballot.at
        hour = hour_label(now, ZONE)
        # Pseudonyms of networks are another every day.
        command = BallotCommand(
            poll=poll,
            open=True,
            voter=_id(poll.id, str(next(_numbers))),
            ballot=_id("ballot", str(next(_numbers))),
            choices=(ballot.choice,),
            address=_id(hour[:10], ballot.address),
            ipv6_48=_id(hour[:10], ballot.ipv6_48) if ballot.ipv6_48 else b"",
            browser=BROWSERS[int(ballot.at) % len(BROWSERS)],
        )
        outcome = (await store.cast(site, command, hour, now)).outcome
        found.setdefault(ballot.crowd, Counter())[outcome] += 1
    return found


def _id(kind: str, name: str) -> bytes:
    return hashlib.blake2b(f"{kind}\0{name}".encode(), digest_size=8).digest()


def _print_table(services: Services) -> None:
    settings = {
        "before (no share)": Protection(share=0),
        "20 %, office 600": Protection(),
        "10 %, office 600": Protection(share=10),
        "33 %, office 600": Protection(share=33),
        "20 %, office 200": Protection(office=200),
    }
    print("|", " | ".join(["Crowd", *settings]), "|")  # noqa: T201
    for title, scene in {
        **{title: scene for title, (scene, _) in HONEST.items()},
        **{title: scene for title, (scene, _, _) in DISHONEST.items()},
    }.items():
        cells = []
        for protection in settings.values():
            name, outcomes = play(services, scene, protection)
            bad, all_ = outcomes.get("attack"), sum(o.counted for o in outcomes.values())
            now = services.clock.now()
            verdict = services.polls.integrity.report(
                "kimson", name, ZONE, now, history=False
            ).verdict
            cells.append(
                f"{bad.counted:,} of {all_:,}, {verdict}"
                if bad
                else f"{sum(o.held for o in outcomes.values()):,} held, {verdict}"
            )
        print("|", " | ".join([title, *cells]), "|", flush=True)  # noqa: T201


def main() -> None:
    """Print the table on a Redis of its own."""
    with tempfile.TemporaryDirectory() as folder, EmbeddedRedis(Path(folder)) as server:
        installed = Settings(secret="x" * 32, data_dir=Path(folder), redis_url=server.url)
        services = create_services(installed, FakeClock())
        services.sites.sites.add(Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",)))
        _print_table(services)


if __name__ == "__main__":
    main()
