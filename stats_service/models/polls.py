"""Polls: what is asked, what was answered, and how both look to a reader."""

import re

import msgspec

#: The choice that carries a free text; no choice of an administrator's has this id.
OTHER = "other"
#: The id of a poll or of a choice.
POLL_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,38}")


#: The id of a picture: digest of its bytes, in hexadecimal.
PICTURE_ID = re.compile(r"[0-9a-f]{32}")


class Picture(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A picture of a choice, as this service has made it: a JPEG."""

    id: str
    #: In pixels.
    width: int
    height: int
    #: What it shows, by language, for who does not see it; empty: made of the choice's text.
    alt: dict[str, str] = {}


class Choice(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer that a poll offers."""

    #: Lower-case letters, digits and hyphens; never changes.
    id: str
    #: By language.
    text: dict[str, str]
    #: Withdrawn: it cannot be chosen any more, its votes are kept.
    hidden: bool = False
    picture: Picture | None = None


class Protection(msgspec.Struct, frozen=True, kw_only=True):
    """What a ballot must bring, and when it has to wait for an administrator."""

    #: Which of `services.poll_rules.PRESETS` this began as.
    level: str = "standard"
    #: A ballot needs a proof of work.
    proof: bool = False
    #: Hashes that a proof takes, on the average, divided by `PROOF_COST`.
    effort: int = 10_000
    #: Seconds that a token must be old before it votes.
    wait: float = 2.0
    #: Ballots an hour that count at once from one address (IPv6: /64); 0: no ceiling.
    per_address: int = 600
    #: Ballots an hour that count at once from one IPv6 /48; 0: no ceiling.
    per_customer: int = 2_000
    #: Ballots that an office (one IPv4 address; an IPv6 /48: three times as many) casts in a day, a
    #: tenth of them in a minute at most. More, or faster, is a burst.
    office: int = 600
    #: Percentage of a poll's ballots up to which a burst of one network counts at once; 0: any.
    share: int = 20


class Poll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll's definition. Checked by `services.poll_rules`; stored as one JSON document."""

    #: Lower-case letters, digits and hyphens; stands in URLs and in Redis keys.
    id: str
    #: By language.
    question: dict[str, str]
    choices: tuple[Choice, ...]
    #: The language that every text has.
    lang: str = "vi"
    multiple: bool = False
    #: Fewest and most choices on a ballot; both 1 for single choice.
    min_choices: int = 1
    max_choices: int = 1
    #: Seconds since 1970; None: as soon as it is open, and until it is closed by hand.
    opens: float | None = None
    closes: float | None = None
    #: What the administrator made of it: `draft`, `open`, `closed` or `archived`.
    status: str = "draft"
    #: Who sees results: `always`, `after-voting`, `after-closing` or `admins`.
    results_when: str = "always"
    #: `counts`, `percents` or `both`.
    results_as: str = "both"
    #: How they are sorted: `listed` as the choices are, or by `votes`.
    results_order: str = "listed"
    shuffle: bool = False
    #: Longest free text in characters; 0: the poll takes none.
    other: int = 0
    #: A voter may change the ballot until the poll closes.
    change: bool = False
    #: A browser may vote once a day of the site's zone, not once.
    daily: bool = False
    #: What a voter is told, by language; empty: the usual thanks.
    thanks: dict[str, str] = {}
    #: Path of the portal's page that comes after the vote; empty: none.
    next_page: str = ""
    protection: Protection = Protection()
    #: Seconds between two votes on one kiosk; 0: nobody votes on kiosks.
    kiosk_pause: int = 0
    #: Ballots of one kiosk in a day beyond which further ones are held.
    kiosk_ceiling: int = 500
    #: Networks in CIDR notation whose addresses are kiosks without being enrolled.
    kiosk_networks: tuple[str, ...] = ()
    #: Whether it is in lists (the archive, all current polls), or shown only where it is named.
    listed: bool = True
    #: Drawn when it was made, copied or reset; a ballot for another one of the same id is refused.
    birth: str = ""
    created: float = 0.0
    #: When it was opened by hand, last; 0: never.
    opened: float = 0.0
    #: When it was closed by hand, last; 0: it was not.
    closed: float = 0.0
    #: Counts the changes of the definition; a ballot is settled under exactly one of them.
    revision: int = 0


class PollTally(msgspec.Struct, frozen=True):
    """What the ballots say that count."""

    #: Ballots that count.
    ballots: int = 0
    #: By the id of the choice.
    votes: dict[str, int] = {}
    #: Free texts that an administrator approved, with their number of ballots.
    others: dict[str, int] = {}


class PollSummary(msgspec.Struct, frozen=True):
    """How many ballots a poll has."""

    #: Those that count.
    ballots: int = 0
    #: Those that wait for an administrator.
    held: int = 0
    #: Free texts, each of one or more ballots that count, that wait for an administrator.
    texts: int = 0
    #: Those that counted at once of the network that had most in one day; 0 once somebody has
    #: looked at it, until it has more.
    network: int = 0
    #: Of a wider network, what somebody has looked at.
    looked: int = 0
    #: The report's fields, as they are stored; empty where no network had many.
    report: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """What an administrator has to decide about."""
        return self.held + self.texts


class ChoiceResult(msgspec.Struct, frozen=True):
    """The result of one choice."""

    id: str
    #: None where only percents are shown.
    votes: int | None
    #: To a tenth; 0.05 stands for less than that, 99.95 for more than 99.9 and less than all. None
    #: where only counts are shown.
    percent: float | None


class OtherResult(msgspec.Struct, frozen=True):
    """An approved free text."""

    text: str
    #: None where only percents are shown.
    votes: int | None


class PollResults(msgspec.Struct, frozen=True):
    """The result of a poll, as far as its reader may see it."""

    #: What percents are of: `votes` or `voters`.
    of: str
    #: Ballots that count; None where only percents are shown.
    ballots: int | None
    choices: tuple[ChoiceResult, ...]
    others: tuple[OtherResult, ...] = ()
    #: Ids of the choices with the most votes: more than one if they are equal, none without votes.
    leading: tuple[str, ...] = ()


class PresentedPoll(msgspec.Struct, frozen=True):
    """A poll as a reader gets it; the fields are explained in docs/api-polls-ratings.md."""

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
    #: When it closes, or closed.
    closes: str | None
    #: Seconds up to the one that comes next: the reader's own clock may be wrong.
    left: int | None
    shuffle: bool
    change: bool
    proof: bool
    wait: float
    when: str
    #: The Python name is another because `as` is a word of the language.
    shown_as: str = msgspec.field(name="as")
    voted: bool
    results: PollResults | None
    #: Goes back with the ballot: it is refused if the poll was begun anew meanwhile.
    birth: str = ""
    #: One vote a day.
    daily: bool = False
    #: What a voter is told, by language.
    thanks: dict[str, str] = {}
    #: Path of the page that comes after the vote.
    next_page: str = ""


class BallotQuery(msgspec.Struct, frozen=True):
    """What the script on a page sends to vote."""

    #: 16 to 32 letters, digits, `_` or `-`: random, the same for every retry of one ballot.
    ballot: str
    #: Ids of the choices; `other` for the free text.
    choices: tuple[str, ...]
    voter: str
    #: The free text.
    other: str = ""
    #: Base64 of the solved challenge, for polls that ask for one.
    proof: str = ""
    #: The poll's, as the page has it; empty: whichever there is.
    birth: str = ""


class BallotAnswer(msgspec.Struct, frozen=True):
    """A ballot is in."""

    #: `counted`, `held` (apart, until an administrator decides) or `changed`.
    outcome: str
    choices: tuple[str, ...]
    poll: PresentedPoll


class RemovedPoll(msgspec.Struct, frozen=True, kw_only=True):
    """A poll that was deleted, or the ballots of one that was reset, kept for some days."""

    #: Names this removal.
    id: str
    #: As it was.
    poll: Poll
    #: `deleted` or `reset`.
    how: str
    #: When, and until when it can be undone, in seconds.
    at: float
    until: float
    who: str
    #: That counted or waited.
    ballots: int = 0


class BallotCommand(msgspec.Struct, frozen=True, kw_only=True):
    """A ballot that keeps every rule which its own content can break, free of identities."""

    poll: Poll
    #: Whether the poll takes ballots at the moment.
    open: bool = False
    #: 8 bytes that stand for the voter in this poll alone.
    voter: bytes = b""
    #: The same of the day before, where one may vote once a day; else empty.
    earlier: bytes = b""
    #: 8 bytes made of the ballot's id.
    ballot: bytes = b""
    choices: tuple[str, ...] = ()
    other: str = ""
    #: Pseudonyms of the address and, for IPv6, of its /48; empty where unknown.
    address: bytes = b""
    ipv6_48: bytes = b""
    #: The same of the wider networks around it: /24 and /16; for IPv6, /40 and /32.
    block: bytes = b""
    provider: bytes = b""
    #: Kind of the browser, as `services.visitors.user_agents.kind_of_browser` says it.
    browser: str = ""
    #: Why the ballot is to be kept apart whatever the ceilings say: `token`, `proof`, or empty.
    hold: str = ""
    #: The spent proof's id, and until when (seconds) it could be used again.
    proof: bytes = b""
    proof_until: float = 0.0


class BallotResult(msgspec.Struct, frozen=True):
    """What became of a `BallotCommand`."""

    #: `counted`, `held`, `changed`; `voted`, `closed`, `spent` (the proof); `stale` (the
    #: definition has changed meanwhile, and nothing was done).
    outcome: str
    tally: PollTally
