"""The integrity report of a poll: what happened to every ballot, and whether the sums agree."""

from collections import defaultdict

from stats_service.models.polls import Poll
from stats_service.models.quarantine import Integrity, ProtectionChange, ReportHour
from stats_service.services.accounts.audit import Audit
from stats_service.services.periods import local_time
from stats_service.services.polls.polls import Polls
from stats_service.services.polls.views import closing_time
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS
from stats_service.store.polls.quarantine import PollRecord, QuarantineStore

#: How the report's own fields begin, as opposed to outcomes.
_NOW = "now:"


class IntegrityReports:
    """Report on polls."""

    def __init__(self, store: QuarantineStore, polls: Polls, audit: Audit) -> None:
        self._store = store
        self._polls = polls
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
        outcomes = {
            field: number
            for field, number in record.report.items()
            if ":" not in field and not field.startswith(_NOW)
        }
        return Integrity(
            poll=name,
            made=local_time(now, timezone),
            outcomes=dict(sorted(outcomes.items())),
            hours=_hours(record.report),
            ballots=record.tally.ballots,
            votes=sum(record.tally.votes.values()),
            held=record.report.get("now:held", 0),
            voided=record.report.get("now:voided", 0),
            voters=None if gone else record.voters,
            sound=False if faults else None if gone else True,
            faults=faults,
            protection=self._protection(slug, name, timezone) if history else (),
        )

    def _protection(self, slug: str, name: str, timezone: str) -> tuple[ProtectionChange, ...]:
        return tuple(
            ProtectionChange(local_time(entry.at, timezone), entry.who, entry.after["protection"])
            for entry in self._audit.all(slug)
            if entry.subject == name
            and entry.what.startswith("poll.")
            and isinstance(entry.after, dict)
            and "protection" in entry.after
        )


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


def _hours(report: dict[str, int]) -> tuple[ReportHour, ...]:
    hours: dict[str, dict[str, int]] = defaultdict(dict)
    for field, number in report.items():
        outcome, colon, hour = field.partition(":")
        if colon and not field.startswith(_NOW):
            hours[hour][outcome] = number
    return tuple(ReportHour(hour, dict(sorted(hours[hour].items()))) for hour in sorted(hours))
