"""A poll as a program sends and gets it; the fields are those of `models.polls.Poll`."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Choice, Poll, PollResults, PollTally, Protection
from stats_service.services.periods import local_time
from stats_service.services.polls.presentation import results, state_at
from stats_service.services.polls.rules import PRESETS, check_number_of_choices, new_id

#: With an offset from UTC, so that nobody has to guess the zone.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class DraftChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer."""

    #: By language.
    text: dict[str, str]
    #: Empty: made of the text.
    id: str = ""
    hidden: bool = False


class PollChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be changed of a poll; what is absent stays."""

    question: dict[str, str] | UnsetType = UNSET
    #: All of them: one that is not named is removed, which votes rule out; hide it instead.
    choices: tuple[DraftChoice, ...] | UnsetType = UNSET
    multiple: bool | UnsetType = UNSET
    min_choices: int | UnsetType = UNSET
    max_choices: int | UnsetType = UNSET
    opens: Moment | UnsetType | None = UNSET
    closes: Moment | UnsetType | None = UNSET
    results_when: str | UnsetType = UNSET
    results_as: str | UnsetType = UNSET
    shuffle: bool | UnsetType = UNSET
    other: int | UnsetType = UNSET
    change: bool | UnsetType = UNSET
    #: `standard`, `proof`, `strict` or `intranet`.
    level: str | UnsetType = UNSET


class PollDraft(PollChanges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new poll."""

    question: dict[str, str]
    choices: tuple[DraftChoice, ...]
    #: Stands in URLs; empty: made of the question.
    id: str = ""
    #: The language that every text has.
    lang: str = "vi"
    #: `draft` or `open`.
    status: str = "draft"


class ManagedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll with everything that its administrators know of it."""

    id: str
    #: `draft`, `open`, `closed` or `archived`, as an administrator made it.
    status: str
    #: The same by the clock: also `scheduled`.
    state: str
    lang: str
    question: dict[str, str]
    choices: tuple[Choice, ...]
    multiple: bool
    min_choices: int
    max_choices: int
    opens: str | None
    closes: str | None
    results_when: str
    results_as: str
    shuffle: bool
    other: int
    change: bool
    protection: Protection
    created: str
    revision: int
    ballots: int
    results: PollResults


def new_poll(draft: PollDraft, taken: Collection[str]) -> Poll:
    """Return the poll that a program describes; `taken` are the ids that there are."""
    name = draft.id or new_id(draft.question.get(draft.lang, ""), taken)
    empty = Poll(id=name, question={}, choices=(), lang=draft.lang, status=draft.status)
    fields = changed_fields(empty, draft)
    if draft.multiple is True and draft.max_choices is UNSET:
        fields["max_choices"] = len(draft.choices)
    return msgspec.structs.replace(empty, **fields)


def changed_fields(before: Poll, changes: PollChanges) -> dict[str, Any]:
    """Return the fields of a poll that a program changes; InvalidInputError if it changes none."""
    given = {
        name: getattr(changes, name)
        for name in PollChanges.__struct_fields__
        if getattr(changes, name) is not UNSET
    }
    if not given:
        raise InvalidInputError("The body names nothing that could be changed.")
    for name in ("opens", "closes"):
        if given.get(name) is not None:
            given[name] = given[name].timestamp()
    if "choices" in given:
        given["choices"] = _choices(given["choices"], before)
    level = given.pop("level", None)
    if level is not None:
        if level not in PRESETS:
            raise InvalidInputError(f"level {level[:40]!r}: use one of {', '.join(PRESETS)}.")
        if level != before.protection.level:  # else numbers set by other means stay
            given["protection"] = PRESETS[level]
    return given


def managed_poll(poll: Poll, tally: PollTally, timezone: str, now: float) -> ManagedPoll:
    """Return a poll as a program gets it."""
    kept = {
        name: getattr(poll, name)
        for name in ManagedPoll.__struct_fields__
        if name in Poll.__struct_fields__ and name not in ("opens", "closes", "created")
    }
    return ManagedPoll(
        **kept,
        state=state_at(poll, now),
        opens=local_time(poll.opens, timezone) if poll.opens is not None else None,
        closes=local_time(poll.closes, timezone) if poll.closes is not None else None,
        created=local_time(poll.created, timezone),
        ballots=tally.ballots,
        results=results(poll, tally),
    )


def _choices(drafts: Sequence[DraftChoice], before: Poll) -> tuple[Choice, ...]:
    check_number_of_choices(len(drafts))
    taken = {choice.id for choice in before.choices} | {draft.id for draft in drafts}
    found = []
    for draft in drafts:
        name = draft.id or new_id(draft.text.get(before.lang, ""), taken)
        taken.add(name)
        found.append(Choice(id=name, text=draft.text, hidden=draft.hidden))
    return tuple(found)
