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
    #: Names of the wider networks around it; empty: of its own alone.
    block: str = ""
    provider: str = ""


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

    A third are behind addresses of their own, of 12 /16 of three providers; a third behind 40 of
    carriers (IPv4), of one /24 each; a third in 12 /48 of them, each telephone in a /64 of its own
    and each carrier in one /32. The largest has half of the readers.
    """
    chance = random.Random(seed)
    for n in range(number):
        at, kind = begin + chance.random() * span, n % 3
        carrier = chance.choices("vnm", (5, 3, 2))[0]
        if kind == 0:
            wide = f"home-{carrier}-{chance.randrange(4)}"
            block = f"{wide}-{chance.randrange(256)}"
            yield Ballot(at, "citizens", choice, f"home-{seed}-{n}", "", block, wide)
        elif kind == 1:
            address = f"carrier-{carrier}-{chance.randrange(13)}"
            wide = f"carrier-{carrier}"
            yield Ballot(at, "citizens", choice, address, "", f"{wide}-24", wide)
        else:
            wide = f"pool-{carrier}-{chance.randrange(4)}"
            address = f"{wide}-{seed}-{n}"
            yield Ballot(at, "citizens", choice, address, wide, f"{wide}-40", f"pool-{carrier}")


def town(
    number: int, span: float, part: float, *, begin: float = 0, seed: int = 3
) -> Iterator[Ballot]:
    """Give readers of a town where one carrier has `part` of all, in one /40 of its /32."""
    chance = random.Random(seed)
    for n in range(number):
        at = begin + chance.random() * span
        if chance.random() < part:
            wide = f"town-{chance.randrange(8)}"
            yield Ballot(at, "citizens", "x", f"{wide}-{seed}-{n}", wide, "town-40", "town-32")
        else:
            yield Ballot(at, "citizens", "x", f"town-home-{seed}-{n}")


def ipv4_town(number: int, span: float, part: float) -> Iterator[Ballot]:
    """Give readers of a town where `part` of all have addresses of one IPv4 /24 of a carrier."""
    chance = random.Random(5)
    for n in range(number):
        at = chance.random() * span
        if chance.random() < part:
            host = f"town-v4-{chance.randrange(250)}"
            yield Ballot(at, "town", "x", host, "", "town-24", "town-16")
        else:
            yield Ballot(at, "citizens", "x", f"town-home-5-{n}")


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


def many_addresses(
    number: int, span: float, kind: str, *, begin: float = 0, each: int = 2
) -> Iterator[Ballot]:
    """Give a program with many addresses, `each` ballots from one: within a /24, /16 or /32."""
    for n in range(number):
        at, host = begin + span * n / number, n // each
        if kind == "/24":
            yield Ballot(at, "attack", "y", f"attacker-{host}", "", "around-24", "around-16")
        elif kind == "/16":
            block = f"around-24-{host % 256}"
            yield Ballot(at, "attack", "y", f"attacker-{host}", "", block, "around-16")
        else:
            wide = f"around-48-{host}"
            block = f"around-40-{host % 256}"
            yield Ballot(at, "attack", "y", f"attacker-{n}", wide, block, "around-32")


def university(number: int, span: float, *, begin: float = 0) -> Iterator[Ballot]:
    """Give students, each with an address of one /24, or of few of them."""
    chance = random.Random(11)
    for n in range(number):
        at, host = begin + chance.expovariate(1 / span), f"student-{chance.randrange(250)}"
        yield Ballot(at, "students", "xy"[n % 2], host, "", "university-24", "university-16")


Scene = Callable[[], list[Ballot]]

#: What honest crowds do; what part of theirs may wait: none where the defaults are for them; and
#: what the report calls it.
HONEST: dict[str, tuple[Scene, float, str]] = {
    "an office of 600, most within 25 minutes, in a poll of 900 in a week": (
        lambda: [*citizens(900, 7 * DAY), *office(600, 25 * MINUTE, begin=DAY)],
        0,
        "look",
    ),
    "an office of 600 as the first": (
        lambda: [*office(600, 25 * MINUTE), *citizens(300, 2 * DAY)],
        0,
        "look",
    ),
    "an office of 600 that presses the button at once": (lambda: [*office(600, 2)], 0, "look"),
    "2,000 readers in a day": (lambda: [*citizens(2_000, DAY)], 0, "sound"),
    "2,000 readers in ten minutes, after the news on television": (
        lambda: [*citizens(2_000, 10 * MINUTE)],
        0,
        "sound",
    ),
    "a school of 500 in five minutes, in a poll of 300": (
        lambda: [*citizens(300, DAY), *office(500, 5 * MINUTE, begin=DAY, crowd="school")],
        # What the rule costs: more than 60 in a minute are held, and wait for one click.
        0.85,
        "held",
    ),
    "1,500 readers of a town in two days, 65% of one carrier": (
        lambda: [*town(1_500, 2 * DAY, 0.65)],
        0,
        "sound",
    ),
    "the same, and 1,000 more in ten minutes after the news": (
        lambda: [*town(1_500, 2 * DAY, 0.65), *town(1_000, 10 * MINUTE, 0.65, begin=DAY, seed=4)],
        0,
        "sound",
    ),
    "60 readers of a town in a day, and 200 in ten minutes after the news": (
        lambda: [*town(60, DAY, 0.6), *town(200, 10 * MINUTE, 0.6, begin=DAY / 2, seed=4)],
        0,
        "look",
    ),
    "1,000 readers of a town in ten minutes, 45% of one IPv4 /24": (
        lambda: [*ipv4_town(1_000, 10 * MINUTE, 0.45)],
        0,
        "look",
    ),
    "1,000 readers of a town in ten minutes, 65% of one IPv4 /24": (
        lambda: [*ipv4_town(1_000, 10 * MINUTE, 0.65)],
        # What the rule costs: two thirds of a town in one /24, and a hundred a minute.
        0.85,
        "held",
    ),
    "90 readers of a town in a month, 65% of one carrier": (
        lambda: [*town(90, 30 * DAY, 0.65)],
        0,
        "sound",
    ),
    "400 students with addresses of one /24 within half an hour, in a poll of 900 in a week": (
        lambda: [*citizens(900, 7 * DAY), *university(400, 30 * MINUTE, begin=DAY)],
        0,
        "look",
    ),
}

#: What a program does to honest votes for x; how much of what is then counted at once may be
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
    "500 of one /24, 2 an address, in 4 s, against 60": (
        lambda: [*citizens(60, HOUR), *many_addresses(500, 4, "/24", begin=HOUR)],
        0.51,
        "held",
    ),
    "200 of 100 /48 of one /32 in 4 s, against 60": (
        lambda: [*citizens(60, HOUR), *many_addresses(200, 4, "/32", begin=HOUR)],
        0.51,
        "held",
    ),
    "500 of one /16, 2 an address, in 4 s, against 60": (
        lambda: [*citizens(60, HOUR), *many_addresses(500, 4, "/16", begin=HOUR)],
        0.51,
        "held",
    ),
    "400 of one /24, 2 an address, with 60 others in the poll's first minute": (
        lambda: [*citizens(60, 20), *many_addresses(400, 30, "/24", begin=20)],
        0.51,
        "held",
    ),
    "the same, in the first minute of the second day": (
        lambda: [
            *citizens(60, HOUR),
            *citizens(60, 20, begin=DAY, seed=2),
            *many_addresses(400, 30, "/24", begin=DAY + 20),
        ],
        0.34,
        "held",
    ),
    "the same, after 60 with 60 others in the minute before": (
        lambda: [
            *citizens(60, 30),
            *many_addresses(60, 20, "/24", begin=30),
            *citizens(60, 20, begin=MINUTE, seed=2),
            *many_addresses(400, 30, "/24", begin=MINUTE + 20),
        ],
        0.51,
        "held",
    ),
    "400 of one IPv4 with 60 others in the poll's first minute": (
        lambda: [*citizens(60, 20), *program(400, 30, begin=20)],
        0.51,
        "held",
    ),
    "400 of one /48 with 60 others in the poll's first minute": (
        lambda: [*citizens(60, 20), *program(400, 30, begin=20, wide=True)],
        0.51,
        "held",
    ),
    "500 of one /24, 2 an address, in an hour, against 60 in a day": (
        lambda: [*citizens(60, DAY), *many_addresses(500, HOUR, "/24", begin=DAY / 2)],
        0.9,
        "look",
    ),
    "200 of 100 /48 of one /32 in an hour, against 60 in a day": (
        lambda: [*citizens(60, DAY), *many_addresses(200, HOUR, "/32", begin=DAY / 2)],
        0.8,
        "look",
    ),
    "500 of one /24, 2 an address, in five days, against 60": (
        lambda: [*citizens(60, 5 * DAY), *many_addresses(500, 5 * DAY, "/24")],
        0.9,
        "look",
    ),
    "200 of one /16 on one day of a week, against 300": (
        lambda: [*citizens(300, 7 * DAY), *many_addresses(200, DAY, "/16", begin=3 * DAY)],
        0.4,
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
            block=_id(hour[:10], ballot.block or f"{ballot.address}/24"),
            provider=_id(hour[:10], ballot.provider or f"{ballot.address}/16"),
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
        **{title: scene for title, (scene, _, _) in HONEST.items()},
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
