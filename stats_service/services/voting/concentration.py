"""What part of a poll's ballots came from one network: an address, or wider ones around it.

A network is any of them: the narrowest is an IPv4 address, or an IPv6 /48 in its place.
Known of each hour and day is how many ballots that counted at once the network with most had, at
four levels: an IPv4 address or an IPv6 /48 (`address`), the /24 (`block`) or /40 (`pool`) around
it, the /16 or /32 (`provider`). Which network it was is not known, nor whether it was the same one
on another day. A wide one may be a carrier's, and half of all readers: so it stands out if it is
nearly the whole poll, or if in one hour, or on some days, it was far more than at all other times.
"""

from collections import Counter
from collections.abc import Iterator, Mapping

from stats_service.models.polls import Poll, PollSummary
from stats_service.models.quarantine import Reason

ADDRESS, BLOCK, POOL, PROVIDER = LEVELS = ("address", "block", "pool", "provider")
#: The stored report's names for the most of an address in an hour, and in a day.
ADDRESS_FIELD, NOW_ADDRESS = "network", "now:network"
#: An address from which so many ballots, and so large a part of all, came in a day stands out.
ADDRESS_MIN, ADDRESS_SHARE = 20, 0.2
#: The same of wider ones, of all days together.
WIDE_MIN: Mapping[str, int] = {BLOCK: 50, POOL: 100, PROVIDER: 100}
WIDE_SHARE: Mapping[str, float] = {BLOCK: 1 / 3, POOL: 0.7, PROVIDER: 0.7}
#: A day with fewer ballots of the network with most says nothing: of two ballots one has half.
NOTED = 10
#: A burst is so large a part of its hour or day, by so much larger than of the rest, of which there
#: must be so many ballots.
BURST_SHARE, BURST_RISE, REST_MIN = 0.5, 0.3, 20
#: A reason at a wider level is one of its own, and something looked at is to be looked at again, if
#: it is by so much larger.
MORE = 1.25

_NAMES = {
    ADDRESS: "one address (IPv6: /48)",
    BLOCK: "one network (/24)",
    POOL: "one network (IPv6 /40)",
    PROVIDER: "one network (/16; IPv6: /32)",
}


def is_for_everybody(poll: Poll) -> bool:
    """Tell whether it means something that many came from one network.

    It does not where everybody does, as the poll's protection says.
    """
    return poll.protection.share > 0 or poll.protection.per_address > 0


def stands_out(poll: Poll, address: int, ballots: int) -> bool:
    """Tell whether so many ballots of one address and day are a large part of a poll's."""
    return is_for_everybody(poll) and address >= ADDRESS_MIN and address >= ADDRESS_SHARE * ballots


def alarm_of(poll: Poll, summary: PollSummary) -> Reason | None:
    """Return what stands out of a poll's networks and nobody has looked at yet."""
    found = list(network_reasons(poll, summary.report, summary.ballots))
    if found and found[0].kind == ADDRESS and not summary.address:
        del found[0]
    looked = summary.looked * MORE
    return next((reason for reason in found if reason.kind == ADDRESS or reason.n > looked), None)


def network_reasons(poll: Poll, report: Mapping[str, int], ballots: int) -> Iterator[Reason]:
    """Give what stands out, the narrowest network first.

    Args:
        poll: the poll.
        report: its report, as it is stored.
        ballots: that count.
    """
    if not is_for_everybody(poll):
        return
    # Those of kiosks are known to come from one place, and are no network's.
    ballots = max(0, ballots - sum(kiosk_by_hour(report).values()))
    known, address = 0.0, report.get(NOW_ADDRESS, 0)
    if stands_out(poll, address, ballots):
        text = f"{address:,} of {ballots:,} ballots came from {_NAMES[ADDRESS]} within a day."
        yield Reason(ADDRESS, address, ballots, text=text)
        known = address * MORE
    by_hour = counted_by_hour(report)
    by_day = Counter[str]()
    for hour, n in by_hour.items():
        by_day[hour[:10]] += n
    for level in (BLOCK, POOL, PROVIDER):
        days = {day: report.get(f"{level}:{day}", 0) for day in by_day}
        reason = _share(level, days, ballots) or _burst(level, days, by_day, by_hour, report)
        if reason and reason.n > known and reason.n >= ADDRESS_SHARE * ballots:
            yield reason
            known = reason.n * MORE


def largest_networks(report: Mapping[str, int]) -> dict[str, int]:
    """Return the ballots of the network with most in a day, of each level of which it is known."""
    most = {ADDRESS: report.get(NOW_ADDRESS, 0)}
    for field, n in report.items():
        level, _, span = field.partition(":")
        if level in WIDE_MIN and "T" not in span and n >= NOTED:
            most[level] = max(most.get(level, 0), n)
    return {level: n for level, n in nested(most).items() if n}


def nested(most: Mapping[str, int]) -> dict[str, int]:
    """Return the ballots of the network with most, of each level at least those of one within it.

    The wider ones are stored rounded down. An address is of IPv4 if a /24 has more than any /40.
    """
    address, block, pool, provider = (most.get(level, 0) for level in LEVELS)
    if block >= pool:
        block = max(block, address)
    else:
        pool = max(pool, address)
    return {ADDRESS: address, BLOCK: block, POOL: pool, PROVIDER: max(provider, block, pool)}


def counted_by_hour(report: Mapping[str, int]) -> dict[str, int]:
    """Return the ballots of readers' own browsers that counted at once, by hour."""
    kiosks = kiosk_by_hour(report)
    return {hour: n - kiosks.get(hour, 0) for hour, n in _by_hour(report, "counted:").items()}


def kiosk_by_hour(report: Mapping[str, int]) -> dict[str, int]:
    """Return the ballots of kiosks that counted at once, by hour."""
    return _by_hour(report, "kiosk:")


def _by_hour(report: Mapping[str, int], begin: str) -> dict[str, int]:
    return {field.removeprefix(begin): n for field, n in report.items() if field.startswith(begin)}


def _share(level: str, days: Mapping[str, int], ballots: int) -> Reason | None:
    n = sum(most for most in days.values() if most >= NOTED)
    if n < WIDE_MIN[level] or n < WIDE_SHARE[level] * ballots:
        return None
    text = f"{n:,} of {ballots:,} ballots came from {_NAMES[level]}, counted per day."
    return Reason(level, n, ballots, text=text)


def _burst(
    level: str,
    days: Mapping[str, int],
    by_day: Mapping[str, int],
    by_hour: Mapping[str, int],
    report: Mapping[str, int],
) -> Reason | None:
    """Return the hour or the days in which a network was far more of a poll than otherwise.

    What it was otherwise is not known, only what it was at most: of the other days what the network
    with most had, and of its own day the rest of what that had.
    """
    total, most = sum(by_day.values()), sum(days.values())
    spans = [(hour, n, report.get(f"{level}:{hour}", 0)) for hour, n in by_hour.items()]
    together, had_together = 0, 0
    striking = sorted(
        (day for day in days if days[day] >= NOTED), key=lambda d: days[d] / by_day[d]
    )
    for number, day in enumerate(reversed(striking), 1):
        together, had_together = together + by_day[day], had_together + days[day]
        spans.append((day if number == 1 else f"{number} days", together, had_together))
    best: Reason | None = None
    for span, n, had in spans:
        rest = total - n
        if had < ADDRESS_MIN or had < BURST_SHARE * n or rest < REST_MIN:
            continue
        before = min(1.0, max(0, most - had) / rest)
        if had / n < before + BURST_RISE:
            continue
        # So many would have to go for the span to be as the rest.
        beyond = (had - before * n) / (1 - before)
        if beyond >= max(ADDRESS_MIN, ADDRESS_SHARE * total) and (not best or had > best.n):
            text = (
                f"{had:,} of {n:,} ballots of {span} came from {_NAMES[level]}, which had "
                f"{100 * before:.0f}% of the others at most."
            )
            best = Reason(f"{level}-burst", had, n, span, text)
    return best
