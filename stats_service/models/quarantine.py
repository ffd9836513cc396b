"""Ballots kept apart, and what an administrator can check about a poll."""

from typing import Any

import msgspec


class StoredGroup(msgspec.Struct, frozen=True):
    """Ballots of one network and hour, of which many came, as Redis holds them."""

    #: `held`, `accepted` or `voided`.
    state: str
    ballots: int
    #: By the id of the choice.
    votes: dict[str, int] = {}
    #: Free texts; not every one of them if they are many.
    texts: dict[str, int] = {}
    texts_kept: int = 0


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group of ballots as an administrator sees it."""

    #: Names the hour and a pseudonym of the network, which nobody can trace once the day is over.
    name: str
    #: `address` (an IPv4 address or an IPv6 /64), `customer` (an IPv6 /48), `block` (a /24, of IPv6
    #: a /40) or `provider` (a /16, of IPv6 a /32).
    network: str
    #: Its ballots counted at once, since an office may send as many; they can be taken out.
    watched: bool
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
    #: Of the ballots that counted at once, those of the address with most, and those of all
    #: addresses with ten or more; 0 where no address had ten. An IPv6 /48 is taken as an address.
    address: int = 0
    crowd: int = 0
    #: Those of the IPv4 /24, the IPv6 /40, and the /16 (IPv6: /32) with most; 0 where none had ten.
    #: Beyond 32 they may be up to a sixteenth too low.
    block: int = 0
    pool: int = 0
    provider: int = 0


class Reason(msgspec.Struct, frozen=True):
    """Why somebody should look at a poll, or why nothing can be said of it."""

    #: `sums`, `held`, `address`, `block`, `pool`, `provider`, the last three also with `-burst`,
    #: `hour`, `browser`, `forgotten`, `unseen`.
    kind: str
    #: The ballots that it is about, of how many.
    n: int
    of: int
    #: The hour, the day or the kind of browser, where it is about one.
    subject: str = ""
    #: All of it in English.
    text: str = ""


class ProtectionChange(msgspec.Struct, frozen=True):
    """The protection of a poll from one moment on."""

    #: ISO time in the site's zone.
    at: str
    who: str
    protection: dict[str, Any]


class PollEvent(msgspec.Struct, frozen=True):
    """What changed a poll as a whole: it was copied, deleted, reset, or put back."""

    #: ISO time in the site's zone.
    at: str
    who: str
    #: `copied` (from another one), `created`, `deleted`, `reset`, `restored`.
    what: str
    #: Ballots that went away, or came back.
    ballots: int = 0


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
    #: `sound` (all sums agree, and nothing stands out), `look` (something does), `held` (ballots
    #: wait for a decision), `wrong` (sums do not agree), `unknown` (it cannot be told).
    verdict: str
    #: Why it is not `sound`.
    reasons: tuple[Reason, ...]
    #: Ballots that counted at once of the network that had most in one day, by its level:
    #: `address` (an IPv4 address or an IPv6 /48), `block` (IPv4 /24), `pool` (IPv6 /40), `provider`
    #: (/16; of IPv6 a /32). A level is left out where no network had ten: of an address in an hour.
    networks: dict[str, int]
    #: New ballots, held ones among them, by kind of browser, such as `android-zalo`.
    browsers: dict[str, int]
    #: Every sum that ought to be equal is; None: nothing can be said without the voter set.
    sound: bool | None
    #: What is not equal, in words.
    faults: tuple[str, ...]
    protection: tuple[ProtectionChange, ...]
    #: From the log, where there is more than that it was created.
    events: tuple[PollEvent, ...] = ()
