"""The one schema by which a poll is created and changed: by the form, the API and the command line.

Each of the three fills a `PollDraft` or `PollChanges`, whose fields are named as those of
`models.polls.Poll`. This module turns it into a poll, which `rules` checks.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Choice, Poll, Protection
from stats_service.services.periods import moment_of
from stats_service.services.polls.rules import PRESETS, check_number_of_choices, new_id

#: Times are written with an offset from UTC, so that nobody has to guess the zone.
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
#: Fields that are numbers of a poll's protection.
PROTECTION = ("effort", "wait", "per_address", "per_customer", "office", "share")


class DraftChoice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer."""

    #: By language.
    text: dict[str, str]
    #: Empty: made of the text.
    id: str = ""
    hidden: bool = False


class PollChanges(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The fields of a poll that are to be changed; an absent field stays as it is."""

    question: dict[str, str] | UnsetType = UNSET
    #: Every choice, in the order of display. A choice that is absent is removed; once somebody has
    #: voted it cannot be removed, only hidden.
    choices: tuple[DraftChoice, ...] | UnsetType = UNSET
    multiple: bool | UnsetType = UNSET
    min_choices: int | UnsetType = UNSET
    max_choices: int | UnsetType = UNSET
    opens: Moment | UnsetType | None = UNSET
    closes: Moment | UnsetType | None = UNSET
    results_when: str | UnsetType = UNSET
    results_as: str | UnsetType = UNSET
    #: `listed` or `votes`.
    results_order: str | UnsetType = UNSET
    shuffle: bool | UnsetType = UNSET
    other: int | UnsetType = UNSET
    change: bool | UnsetType = UNSET
    #: One vote a day.
    daily: bool | UnsetType = UNSET
    #: By language; empty: the standard message of thanks.
    thanks: dict[str, str] | UnsetType = UNSET
    #: Path of a portal page that follows the vote; empty: none.
    next_page: str | UnsetType = UNSET
    #: Seconds between two votes on one kiosk; 0: nobody votes on kiosks.
    kiosk_pause: int | UnsetType = UNSET
    #: Ballots of one kiosk in a day beyond which further ones are held.
    kiosk_ceiling: int | UnsetType = UNSET
    #: Networks in CIDR notation whose addresses are kiosks without being enrolled.
    kiosk_networks: tuple[str, ...] | UnsetType = UNSET
    #: `standard`, `proof`, `strict` or `intranet`; naming the current level changes nothing.
    level: str | UnsetType = UNSET
    #: Numbers of the protection; `models.polls.Protection` explains them.
    effort: int | UnsetType = UNSET
    wait: float | UnsetType = UNSET
    per_address: int | UnsetType = UNSET
    per_customer: int | UnsetType = UNSET
    office: int | UnsetType = UNSET
    share: int | UnsetType = UNSET


class PollDraft(PollChanges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new poll."""

    question: dict[str, str]
    choices: tuple[DraftChoice, ...]
    #: Part of the poll's URLs; empty: derived from the question.
    id: str = ""
    #: The language in which every text must exist.
    lang: str = "vi"
    #: `draft` or `open`.
    status: str = "draft"


def new_poll(draft: PollDraft, taken: Collection[str]) -> Poll:
    """Return the poll that a draft describes; `taken` are the ids in use."""
    name = draft.id or new_id(draft.question.get(draft.lang, ""), taken)
    empty = Poll(id=name, question={}, choices=(), lang=draft.lang, status=draft.status)
    fields = changed_fields(empty, draft)
    if draft.multiple is True and draft.max_choices is UNSET:
        fields["max_choices"] = len(draft.choices)
    return msgspec.structs.replace(empty, **fields)


def changed_fields(before: Poll, changes: PollChanges) -> dict[str, Any]:
    """Return the fields that a change alters; InvalidInputError if it alters none."""
    given = {
        name: getattr(changes, name)
        for name in PollChanges.__struct_fields__
        if getattr(changes, name) is not UNSET
    }
    if not given:
        raise InvalidInputError("Name at least one thing to change.")
    for name in ("opens", "closes"):
        if given.get(name) is not None:
            given[name] = given[name].timestamp()
    if "choices" in given:
        given["choices"] = _choices(given["choices"], before)
    protection = _protection(before.protection, given)
    if protection != before.protection:
        given["protection"] = protection
    return given


def local_moment(field: str, text: str, timezone: str) -> datetime | None:
    """Return the moment of a typed text, `2026-11-23T08:00` in the site's zone; None if empty."""
    if not text.strip():
        return None
    try:
        return datetime.fromtimestamp(moment_of(text.strip(), timezone), UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidInputError(
            "{field} {text!r}: write it as 2026-11-23T08:00.", field=field, text=text[:40]
        ) from error


def texts_of(given: Mapping[str, str]) -> dict[str, str]:
    """Return texts by language without the empty ones."""
    return {lang: text for lang, text in given.items() if text.strip()}


def _protection(before: Protection, given: dict[str, Any]) -> Protection:
    level = given.pop("level", before.level)
    numbers = {name: given.pop(name) for name in PROTECTION if name in given}
    if level not in PRESETS:
        raise InvalidInputError(
            "level {level!r}: use one of {levels}.", level=level[:40], levels=", ".join(PRESETS)
        )
    # If the level stays the same, numbers that were set in other ways stay, too.
    preset = before if level == before.level else PRESETS[level]
    return msgspec.structs.replace(preset, **numbers)


def _choices(drafts: Sequence[DraftChoice], before: Poll) -> tuple[Choice, ...]:
    check_number_of_choices(len(drafts))
    taken = {choice.id for choice in before.choices} | {draft.id for draft in drafts}
    # A picture comes and goes by verbs of its own (`pictures`).
    pictures = {choice.id: choice.picture for choice in before.choices}
    found = []
    for draft in drafts:
        name = draft.id or new_id(draft.text.get(before.lang, ""), taken)
        taken.add(name)
        found.append(
            Choice(id=name, text=draft.text, hidden=draft.hidden, picture=pictures.get(name))
        )
    return tuple(found)
