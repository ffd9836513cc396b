"""The integrity report of a poll: what happened to every ballot, and what to think of it.

Beside the sums it says what share of the ballots came from one network, in one hour, and by one
kind of browser: numbers alone, which tie nobody to a choice. What it makes of wider networks is in
`concentration`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from stats_service.models.devices import KioskBallots
from stats_service.models.polls import Poll
from stats_service.models.quarantine import (
    Integrity,
    PollEvent,
    ProtectionChange,
    Reason,
    ReportHour,
)
from stats_service.services.accounts.audit import Audit
from stats_service.services.periods import local_time
from stats_service.services.polls.polls import Polls
from stats_service.services.polls.presentation import closing_time
from stats_service.services.voting.concentration import (
    ADDRESS,
    ADDRESS_FIELD,
    LEVELS,
    counted_by_hour,
    is_for_everybody,
    largest_networks,
    nested,
    network_reasons,
)
from stats_service.services.voting.quarantine import group_of
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS
from stats_service.store.polls.kiosks import KioskStore
from stats_service.store.polls.quarantine import PollRecord, QuarantineStore

#: How fields of the report begin that have kinds of browsers.
_BROWSER = "browser:"
#: Those of an hour that are no outcome.
_CROWD, _KIOSK, _FIELDS = "crowd", "kiosk", {ADDRESS: ADDRESS_FIELD}
#: What of the log is an event of a poll as a whole.
EVENTS = ("created", "copied", "deleted", "reset", "restored")
#: Of so many ballots an hour stands out with half, and a kind of browser with nearly all.
CROWD_MIN, HOUR_SHARE, BROWSER_SHARE = 100, 0.5, 0.9
#: A poll is long if it took ballots in so many hours: one of a morning has them in one.
LONG_HOURS = 6


class IntegrityReports:
    """Report on polls."""

    def __init__(
        self, store: QuarantineStore, polls: Polls, kiosks: KioskStore, audit: Audit
    ) -> None:
        self._store = store
        self._polls = polls
        self._kiosks = kiosks
        self._audit = audit

    def report(
        self, slug: str, name: str, timezone: str, now: float, *, history: bool = True
    ) -> Integrity:
        """Return the report of a poll; UnknownPollError if there is none.

        Without `history` it says nothing of the protection over time, for which the site's whole
        log is read.
        """
        poll = self._polls.get(slug, name)
        record = self._store.read(slug, name)
        # An archived poll without a trace of voting here was brought in with its results.
        elsewhere = poll.status == "archived" and not record.report
        forgotten = now >= closing_time(poll) + VOTERS_KEPT_SECONDS
        gone = not record.voters and (forgotten or elsewhere)
        faults = tuple(find_faults(poll, record, voters_known=not gone))
        hours = _hours(record.report)
        outcomes = Counter[str]()
        for hour in hours:
            outcomes.update(hour.ballots)
        browsers = {
            field.removeprefix(_BROWSER): n
            for field, n in record.report.items()
            if field.startswith(_BROWSER)
        }
        protection, events = self._history(slug, name, timezone) if history else ((), ())
        reasons = tuple(find_reasons(poll, record, browsers, faults, gone=gone))
        return Integrity(
            poll=name,
            made=local_time(now, timezone),
            outcomes=dict(sorted(outcomes.items())),
            hours=hours,
            ballots=record.tally.ballots,
            votes=sum(record.tally.votes.values()),
            held=record.report.get("now:held", 0),
            voided=record.report.get("now:voided", 0),
            voters=None if gone else record.voters,
            verdict=_verdict(reasons),
            reasons=reasons,
            networks=largest_networks(record.report),
            browsers=dict(sorted(browsers.items(), key=lambda item: (-item[1], item[0]))),
            sound=False if faults else None if gone else True,
            faults=faults,
            protection=protection,
            events=events,
            kiosks=self._kiosk_ballots(slug, record),
        )

    def _kiosk_ballots(self, slug: str, record: PollRecord) -> tuple[KioskBallots, ...]:
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for name, stored in record.groups.items():
            group = group_of(name, stored)
            if group.network in ("kiosk", "desk"):
                found[group.kiosk][group.state] += group.ballots
        names = {kiosk.id: kiosk.name for kiosk in self._kiosks.all(slug)} if found else {}
        rows = (
            KioskBallots(
                id=kiosk,
                name=names.get(kiosk, ""),
                counted=n["accepted"],
                held=n["held"],
                voided=n["voided"],
            )
            for kiosk, n in found.items()
        )
        return tuple(sorted(rows, key=lambda row: (-row.counted, row.id)))

    def _history(
        self, slug: str, name: str, timezone: str
    ) -> tuple[tuple[ProtectionChange, ...], tuple[PollEvent, ...]]:
        """Return a poll's protection over time, and what changed it as a whole."""
        protection: list[ProtectionChange] = []
        events: list[PollEvent] = []
        for entry in self._audit.all(slug):
            noun, _, verb = entry.what.partition(".")
            if entry.subject != name or noun != "poll":
                continue
            at = local_time(entry.at, timezone)
            after = entry.after if isinstance(entry.after, dict) else {}
            if "protection" in after:
                protection.append(ProtectionChange(at, entry.who, after["protection"]))
            if verb in EVENTS:
                before = entry.before if isinstance(entry.before, dict) else {}
                ballots = int(before.get("ballots") or after.get("ballots") or 0)
                events.append(PollEvent(at, entry.who, verb, ballots))
        is_plain = [event.what for event in events] == ["created"]
        return tuple(protection), () if is_plain else tuple(events)


def find_faults(poll: Poll, record: PollRecord, *, voters_known: bool = True) -> list[str]:
    """Return, in words, every sum of a poll that is not what it ought to be.

    Every voter's ballot is counted, held or voided; a single-choice ballot is one vote.
    """
    faults = []
    ballots, report = record.tally.ballots, record.report
    held, voided = report.get("now:held", 0), report.get("now:voided", 0)
    if voters_known and ballots + held + voided != record.voters:
        faults.append(
            f"{ballots} ballots counted, {held} held and {voided} voided, of {record.voters} voters"
        )
    votes = sum(record.tally.votes.values())
    if not ballots * poll.min_choices <= votes <= ballots * poll.max_choices:
        faults.append(
            f"{votes} votes on {ballots} ballots of {poll.min_choices} to {poll.max_choices} each"
        )
    in_groups: dict[str, int] = defaultdict(int)
    for name, group in record.groups.items():
        in_groups[group.state] += group.ballots
        votes = sum(group.votes.values())
        if not group.ballots * poll.min_choices <= votes <= group.ballots * poll.max_choices:
            faults.append(f"group {name}: {votes} votes on {group.ballots} ballots")
    for state, number in (("held", held), ("voided", voided)):
        if in_groups[state] != number:
            faults.append(f"{number} ballots {state}, but {in_groups[state]} in such groups")
    if in_groups["accepted"] > ballots:
        faults.append(f"{in_groups['accepted']} ballots accepted later, of {ballots} counted")
    if any(number < 0 for number in record.tally.votes.values()):
        faults.append("a choice has fewer than no votes")
    return faults


def find_reasons(
    poll: Poll,
    record: PollRecord,
    browsers: Mapping[str, int],
    faults: Sequence[str],
    *,
    gone: bool,
) -> Iterator[Reason]:
    """Give every reason not to call a poll sound, the weightiest first."""
    report, ballots = record.report, record.tally.ballots
    if faults:
        yield Reason("sums", len(faults), 0, text="Sums do not agree.")
    if held := report.get("now:held", 0):
        yield Reason("held", held, ballots, text=f"{held:,} ballots wait for a decision.")
    yield from network_reasons(poll, report, ballots)
    counted = counted_by_hour(report)
    total = sum(counted.values())
    if total >= CROWD_MIN and sum(map(bool, counted.values())) >= LONG_HOURS:
        hour = max(counted, key=lambda name: counted[name])
        if counted[hour] > HOUR_SHARE * total:
            text = f"{counted[hour]:,} of {total:,} ballots came in the hour {hour}."
            yield Reason("hour", counted[hour], total, hour, text)
    seen = sum(browsers.values())
    own = {kind: n for kind, n in browsers.items() if kind != _KIOSK}
    if (number := sum(own.values())) >= CROWD_MIN and is_for_everybody(poll):
        kind = max(own, key=lambda name: own[name])
        if own[kind] > BROWSER_SHARE * number:
            text = f"{own[kind]:,} of {number:,} ballots came from {kind}."
            yield Reason("browser", own[kind], number, kind, text)
    if gone:
        yield Reason("forgotten", 0, ballots, text="It is not known any more who has voted.")
    arrived = sum(n for field, n in report.items() if field.startswith(("counted:", "held:")))
    if seen < arrived:
        text = f"Of {arrived - seen:,} ballots it was not noted what network they came from."
        yield Reason("unseen", arrived - seen, arrived, text=text)


def _verdict(reasons: Sequence[Reason]) -> str:
    """Return what the weightiest of some reasons makes of a poll."""
    if not reasons:
        return "sound"
    verdicts = {"sums": "wrong", "held": "held", "forgotten": "unknown", "unseen": "unknown"}
    return verdicts.get(reasons[0].kind, "look")


def _hours(report: dict[str, int]) -> tuple[ReportHour, ...]:
    hours: dict[str, dict[str, int]] = defaultdict(dict)
    for field, number in report.items():
        outcome, colon, hour = field.partition(":")
        if colon and "T" in hour:
            hours[hour][outcome] = number
    return tuple(_hour(name, hours[name]) for name in sorted(hours))


def _hour(name: str, found: dict[str, int]) -> ReportHour:
    most = {level: found.pop(_FIELDS.get(level, level), 0) for level in LEVELS}
    crowd, kiosk = found.pop(_CROWD, 0), found.pop(_KIOSK, 0)
    ballots = dict(sorted(found.items()))
    return ReportHour(name, crowd=crowd, kiosk=kiosk, **nested(most), ballots=ballots)
