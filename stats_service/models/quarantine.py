"""Ballots kept apart, and what an administrator can check about a poll."""

from typing import Any

import msgspec


class StoredGroup(msgspec.Struct, frozen=True):
    """Ballots of one network and hour that came over a ceiling, as Redis holds them."""

    #: `held`, `accepted` or `voided`.
    state: str
    ballots: int
    #: By the id of the choice.
    votes: dict[str, int] = {}
    #: Free texts; not every one of them if they are many.
    texts: dict[str, int] = {}
    texts_kept: int = 0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of quarantined ballots as an administrator sees it."""

    #: Names the hour and a pseudonym of the network, which nobody can trace once the day is over.
    name: str
    #: `address` (an IPv4 address or an IPv6 /64) or `customer` (an IPv6 /48).
    network: str
    #: Hour of the site's own zone, e.g. `2026-11-23T09`.
    hour: str
    state: str
    ballots: int
    votes: dict[str, int]
    texts: dict[str, int]


class OtherText(msgspec.Struct, frozen=True):
    """A free text of voters."""

    text: str
    #: `pending`, `approved` or `rejected`.
    state: str
    votes: int


class ResultRow(msgspec.Struct, frozen=True):
    """A row of a poll's result as a table; the votes of all rows add up to what was cast."""

    #: Id of the choice; `other` for every row of free texts.
    choice: str
    #: `choice`; of free texts `approved` (one), or all those that are `pending`, `rejected` or
    #: `unkept` (counted, but beyond the number of texts that are kept).
    kind: str
    #: An approved free text; empty otherwise.
    text: str
    votes: int
    #: As `services.poll_views.percent_of` has it, of all votes or, in multiple choice, of voters.
    percent: float


class ReportHour(msgspec.Struct, frozen=True):
    """What happened to the ballots of one hour."""

    #: In the site's own zone, e.g. `2026-11-23T09`.
    hour: str
    #: By outcome: `counted`, `held`, `changed`, or the code of a refusal.
    ballots: dict[str, int]


class ProtectionChange(msgspec.Struct, frozen=True):
    """The protection of a poll from one moment on."""

    #: ISO time in the site's zone.
    at: str
    who: str
    protection: dict[str, Any]


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """What can be said of a poll's soundness."""

    poll: str
    #: ISO time in the site's zone.
    made: str
    #: Sum of the outcomes of all hours.
    outcomes: dict[str, int]
    hours: tuple[ReportHour, ...]
    ballots: int
    votes: int
    held: int
    voided: int
    #: Size of the voter set; None once it has expired, 30 days after the poll closed.
    voters: int | None
    #: Every sum that ought to be equal is; None: nothing can be said without the voter set.
    sound: bool | None
    #: What is not equal, in words.
    faults: tuple[str, ...]
    protection: tuple[ProtectionChange, ...]
