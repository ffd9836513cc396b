"""Held ballots, and the integrity report of a poll."""

from typing import Any

import msgspec

from stats_service.models.devices import KioskBallots


class StoredGroup(msgspec.Struct, frozen=True):
    """Many ballots of one network and hour, as stored in Redis."""

    #: `held`, `accepted` or `voided`.
    state: str
    ballots: int
    #: Votes by the id of the choice.
    votes: dict[str, int] = {}
    #: Free texts; of many, not all.
    texts: dict[str, int] = {}
    texts_kept: int = 0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of ballots, for an administrator."""

    #: Made of the hour and a pseudonym of the network, which nobody can trace after the day.
    name: str
    #: `address` (an IPv4 address or an IPv6 /64), `customer` (an IPv6 /48), `block` (a /24, of IPv6
    #: a /40) or `provider` (a /16, of IPv6 a /32); `kiosk` (an enrolled device) or `desk` (an
    #: address in the networks that the poll names for kiosks).
    network: str
    #: The ballots counted at once, because an office may send as many; they can be taken out.
    watched: bool
    #: Hour in the site's zone, e.g. `2026-11-23T09`.
    hour: str
    state: str
    ballots: int
    votes: dict[str, int]
    texts: dict[str, int]
    #: Id of the kiosk, where it is one's.
    kiosk: str = ""


class OtherText(msgspec.Struct, frozen=True):
    """A free text on ballots."""

    text: str
    #: `pending`, `approved` or `rejected`.
    state: str
    votes: int


class ResultRow(msgspec.Struct, frozen=True):
    """A row of a poll's result as a table; the sum of all rows is the number of votes cast."""

    #: Id of the choice; `other` for every row of free texts.
    choice: str
    #: `choice`; for free texts `approved` (one text), or all that are `pending`, `rejected` or
    #: `unkept` (counted, but beyond the number of stored texts).
    kind: str
    #: An approved free text; empty otherwise.
    text: str
    votes: int
    #: As in `services.poll_views.percent_of`, of all votes or, with multiple choice, of voters.
    percent: float


class ReportHour(msgspec.Struct, frozen=True):
    """The ballots of one hour."""

    #: Hour in the site's zone, e.g. `2026-11-23T09`.
    hour: str
    #: Number by outcome: `counted`, `held`, `changed`, or the code of a refusal.
    ballots: dict[str, int]
    #: Ballots that counted at once: those of the address with the most, and those of all addresses
    #: with ten or more; 0 where no address had ten. An IPv6 /48 is taken as an address.
    address: int = 0
    crowd: int = 0
    #: The same for the IPv4 /24, the IPv6 /40, and the /16 (IPv6: /32) with the most, beyond 32
    #: up to a sixteenth too low.
    block: int = 0
    pool: int = 0
    provider: int = 0
    #: Of the ballots that counted at once, those that were cast on kiosks; they are no network's.
    kiosk: int = 0


class Reason(msgspec.Struct, frozen=True):
    """A reason to look at a poll, or why nothing can be said about it."""

    #: `sums`, `held`, `address`, `block`, `pool`, `provider`, the last three also with `-burst`,
    #: `hour`, `browser`, `forgotten`, `unseen`.
    kind: str
    #: Number of ballots concerned, and the total.
    n: int
    of: int
    #: The hour, the day or the kind of browser concerned, if any.
    subject: str = ""
    #: The reason in English.
    text: str = ""


class ProtectionChange(msgspec.Struct, frozen=True):
    """The protection of a poll from some moment on."""

    #: ISO time in the site's zone.
    at: str
    who: str
    protection: dict[str, Any]


class PollEvent(msgspec.Struct, frozen=True):
    """An event of a poll: it was copied, deleted, reset, or restored."""

    #: ISO time in the site's zone.
    at: str
    who: str
    #: `copied` (from another one), `created`, `deleted`, `reset`, `restored`.
    what: str
    #: Number of ballots that were removed or restored.
    ballots: int = 0


class Integrity(msgspec.Struct, frozen=True, kw_only=True):
    """The integrity report of a poll."""

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
    #: Number of voters; None once they have expired, 30 days after the poll closed.
    voters: int | None
    #: `sound` (all sums agree, and nothing stands out), `look` (something stands out), `held`
    #: (ballots wait for a decision), `wrong` (sums differ), `unknown`.
    verdict: str
    #: Why the verdict is not `sound`.
    reasons: tuple[Reason, ...]
    #: Most ballots of one network in one day that counted at once, by its level: `address` (an
    #: IPv4 address or an IPv6 /48), `block` (IPv4 /24), `pool` (IPv6 /40), `provider` (/16; of IPv6
    #: a /32). A level is left out if no network had ten: of an address in an hour.
    networks: dict[str, int]
    #: New ballots, including held ones, by kind of browser, such as `android-zalo`.
    browsers: dict[str, int]
    #: Whether all sums that should be equal are equal; None: unknown without the voters.
    sound: bool | None
    #: The sums that differ, in words.
    faults: tuple[str, ...]
    protection: tuple[ProtectionChange, ...]
    #: From the audit log, if there is more than the creation.
    events: tuple[PollEvent, ...] = ()
    #: What was cast on kiosks, the busiest first.
    kiosks: tuple[KioskBallots, ...] = ()
