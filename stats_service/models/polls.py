"""Polls: definitions, ballots and results."""

import re

import msgspec

from stats_service.models.pictures import Picture

#: The choice for a free text; no choice of an administrator has this id.
OTHER = "other"
#: The id of a poll or of a choice.
POLL_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer that a poll offers."""

    #: Lower-case letters, digits and hyphens; never changes.
    id: str
    #: By language.
    text: dict[str, str]
    #: Withdrawn: it cannot be chosen any more, its votes stay.
    hidden: bool = False
    picture: Picture | None = None


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """What a ballot needs, and when it waits for an administrator."""

    #: The preset in `services.poll_rules.PRESETS` that this is based on.
    level: str = "standard"
    #: A ballot needs a proof of work.
    proof: bool = False
    #: Average number of hashes for a proof, divided by `PROOF_COST`.
    effort: int = 10_000
    #: Least age in seconds of a token that votes.
    wait: float = 2.0
    #: Ballots an hour from one address (IPv6: /64) that count at once; 0: no ceiling.
    per_address: int = 600
    #: Ballots an hour from one IPv6 /48 that count at once; 0: no ceiling.
    per_customer: int = 2_000
    #: Ballots a day that an office (one IPv4 address; an IPv6 /48: three times as many) may cast,
    #: at most a tenth of them in a minute. More, or faster, is a burst.
    office: int = 600
    #: Share of a poll's ballots, in percent, up to which a burst of one network counts; 0: any.
    share: int = 20


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll's definition. Checked by `services.poll_rules`; stored as one JSON document."""

    #: Lower-case letters, digits and hyphens; part of URLs and of Redis keys.
    id: str
    #: By language.
    question: dict[str, str]
    choices: tuple[Choice, ...]
    #: The language in which every text exists.
    lang: str = "vi"
    multiple: bool = False
    #: Least and greatest number of choices on a ballot; both 1 for single choice.
    min_choices: int = 1
    max_choices: int = 1
    #: Seconds since 1970; None: from the moment it is open, and until it is closed by hand.
    opens: float | None = None
    closes: float | None = None
    #: The state that the administrator set: `draft`, `open`, `closed` or `archived`.
    status: str = "draft"
    #: Who sees results: `always`, `after-voting`, `after-closing` or `admins`.
    results_when: str = "always"
    #: `counts`, `percents` or `both`.
    results_as: str = "both"
    #: Order of the results: `listed` as the choices are, or by `votes`.
    results_order: str = "listed"
    shuffle: bool = False
    #: Longest free text in characters; 0: no free text.
    other: int = 0
    #: A voter may change the ballot until the poll closes.
    change: bool = False
    #: A browser may vote once a day of the site's zone, not once.
    daily: bool = False
    #: Message after the vote, by language; empty: the standard message of thanks.
    thanks: dict[str, str] = {}
    #: Path of the portal page that follows the vote; empty: none.
    next_page: str = ""
    protection: Protection = Protection()
    #: Seconds between two votes on one kiosk; 0: nobody votes on kiosks.
    kiosk_pause: int = 0
    #: Ballots of one kiosk in a day beyond which further ones are held.
    kiosk_ceiling: int = 500
    #: Networks in CIDR notation whose addresses are kiosks without being enrolled.
    kiosk_networks: tuple[str, ...] = ()
    #: Whether it is in lists (the archive, all current polls), or only shown where a page names it.
    listed: bool = True
    #: Random id set when it is made, copied or reset; ballots with a different one are refused.
    birth: str = ""
    created: float = 0.0
    #: When it was last opened by hand; 0: never.
    opened: float = 0.0
    #: When it was last closed by hand; 0: never.
    closed: float = 0.0
    #: Number of changes of the definition; a ballot is settled under exactly one revision.
    revision: int = 0


class PollTally(msgspec.Struct, frozen=True):
    """The sums of the ballots that count."""

    #: Number of ballots that count.
    ballots: int = 0
    #: Votes by the id of the choice.
    votes: dict[str, int] = {}
    #: Approved free texts, with their number of ballots.
    others: dict[str, int] = {}


class PollSummary(msgspec.Struct, frozen=True):
    """The numbers of ballots of a poll."""

    #: Ballots that count.
    ballots: int = 0
    #: Ballots that wait for an administrator.
    held: int = 0
    #: Free texts on ballots that count, which wait for an administrator.
    texts: int = 0
    #: Most ballots of one address in one day that counted at once; 0 once somebody has looked at
    #: it, until there are more.
    address: int = 0
    #: The number of a wider network that somebody has looked at.
    looked: int = 0
    #: The stored fields of the report; empty unless a network had many ballots.
    report: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Number of decisions that wait for an administrator."""
        return self.held + self.texts


class ChoiceResult(msgspec.Struct, frozen=True):
    """The result of one choice."""

    id: str
    #: None where only percentages are shown.
    votes: int | None
    #: To a tenth; 0.05 stands for "less than 0.1", 99.95 for "more than 99.9 and less than 100".
    #: None where only counts are shown.
    percent: float | None


class OtherResult(msgspec.Struct, frozen=True):
    """An approved free text."""

    text: str
    #: None where only percentages are shown.
    votes: int | None


class PollResults(msgspec.Struct, frozen=True):
    """The result of a poll, as far as the reader may see it."""

    #: What percentages refer to: `votes` or `voters`.
    of: str
    #: Number of ballots that count; None where only percentages are shown.
    ballots: int | None
    choices: tuple[ChoiceResult, ...]
    others: tuple[OtherResult, ...] = ()
    #: Ids of the choices with the most votes: several in a tie, none without votes.
    leading: tuple[str, ...] = ()


class PresentedPoll(msgspec.Struct, frozen=True):
    """A poll for a reader; docs/api-polls-ratings.md explains the fields."""

    id: str
    #: `scheduled`, `open`, `closed` or `archived`, by the server's clock.
    state: str
    lang: str
    question: dict[str, str]
    choices: tuple[Choice, ...]
    multiple: bool
    min: int
    max: int
    other: int
    opens: str | None
    #: When it closes or closed.
    closes: str | None
    #: Seconds until the next of the two: the reader's clock may be wrong.
    left: int | None
    shuffle: bool
    change: bool
    proof: bool
    wait: float
    when: str
    #: Named differently in Python, where `as` is a keyword.
    shown_as: str = msgspec.field(name="as")
    voted: bool
    results: PollResults | None
    #: Sent back with the ballot, which is refused if the poll was reset in the meantime.
    birth: str = ""
    #: One vote a day.
    daily: bool = False
    #: Message after the vote, by language.
    thanks: dict[str, str] = {}
    #: Path of the page that follows the vote.
    next_page: str = ""


class BallotQuery(msgspec.Struct, frozen=True):
    """A vote, as the script on a page sends it."""

    #: 16 to 32 letters, digits, `_` or `-`: random, the same for every retry of one ballot.
    ballot: str
    #: Ids of the choices; `other` for the free text.
    choices: tuple[str, ...]
    voter: str
    #: The free text.
    other: str = ""
    #: Base64 of the solved challenge, for polls that need one.
    proof: str = ""
    #: The birth of the poll that the page has; empty: any.
    birth: str = ""


class BallotAnswer(msgspec.Struct, frozen=True):
    """The answer to a ballot that was recorded."""

    #: `counted`, `held` (apart, until an administrator decides) or `changed`.
    outcome: str
    choices: tuple[str, ...]
    poll: PresentedPoll


class RemovedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A deleted poll, or the ballots of a reset one, kept for some days."""

    #: Id of this removal.
    id: str
    #: The poll as it was.
    poll: Poll
    #: `deleted` or `reset`.
    how: str
    #: When it was removed, and until when it can be undone, in seconds since 1970.
    at: float
    until: float
    who: str
    #: Number of ballots that counted or waited.
    ballots: int = 0


class BallotCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A ballot whose content is valid, without identities."""

    poll: Poll
    #: Whether the poll accepts ballots now.
    open: bool = False
    #: 8-byte pseudonym of the voter in this poll only.
    voter: bytes = b""
    #: The pseudonym of the day before, for polls with one vote a day; else empty.
    earlier: bytes = b""
    #: 8 bytes derived from the ballot's id.
    ballot: bytes = b""
    choices: tuple[str, ...] = ()
    other: str = ""
    #: Pseudonyms of the address and, for IPv6, of the /48; empty where unknown.
    address: bytes = b""
    ipv6_48: bytes = b""
    #: Pseudonyms of the wider networks: /24 and /16; for IPv6, /40 and /32.
    block: bytes = b""
    provider: bytes = b""
    #: Kind of the browser, from `services.visitors.user_agents.kind_of_browser`.
    browser: str = ""
    #: Why the ballot is held whatever the ceilings are: `token`, `proof`, or empty.
    hold: str = ""
    #: Id of the spent proof, and until when (seconds) it would be valid.
    proof: bytes = b""
    proof_until: float = 0.0


class BallotResult(msgspec.Struct, frozen=True):
    """The outcome of a `BallotCommand`."""

    #: `counted`, `held`, `changed`; `voted`, `closed`, `spent` (the proof); `stale` (the definition
    #: has changed in the meantime, and nothing was recorded).
    outcome: str
    tally: PollTally
