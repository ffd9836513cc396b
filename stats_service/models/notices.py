"""What a site's people want to be told: reports by e-mail, events by webhook."""

import msgspec

#: What a webhook may be called for.
EVENTS = ("peak", "burst", "silent")
#: What a recipient is sent first: the question whether reports are wanted.
ASKED = "ask"
#: What the installation's own webhook is called for.
REDIS_EVENT = "redis"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A regular report to one address."""

    id: str
    address: str
    #: `week` or `month`
    every: str = "week"
    #: `vi` or `en`
    language: str = "vi"
    #: Proof that the recipient agreed, `NoticeBook.proof`; without it none is sent.
    agreed: str = ""
    #: Who added it; an editor sees and ends her own alone.
    by: str = ""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An address that is called when something happens."""

    id: str
    url: str
    events: tuple[str, ...] = EVENTS
    #: Hours without a view after which the site is silent.
    silent_hours: int = 6


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one site; stored as one JSON document."""

    reports: tuple[Report, ...] = ()
    webhooks: tuple[Webhook, ...] = ()


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a report or a webhook when it was last due, or tried."""

    #: Seconds since 1970; 0: it never was.
    at: float = 0
    #: `report`, `ask` (whether somebody wants reports), or the name of an event.
    what: str = ""
    #: Why it could not be delivered, in English; empty: it was taken.
    error: str = ""
    #: The same for a reader of another language: the error's template, values and code.
    message: str = ""
    values: dict[str, int | float | str] = {}
    code: str = ""
    #: Tries in a row that failed, and the moment before which none is made (seconds since 1970).
    failures: int = 0
    next_at: float = 0
    #: Events that were not told yet: what is noted once they are, by the name of the note.
    waiting: dict[str, str] = {}
    #: Events that were over, or overtaken, before they could be told.
    missed: int = 0


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook's call, with the field names that Standard Webhooks recommends."""

    event: str = msgspec.field(name="type")
    #: ISO time with the offset of the site's zone.
    at: str = msgspec.field(name="timestamp")
    #: Slug; empty: the installation.
    site: str
    #: What happened, in English, for people.
    text: str
    #: The numbers behind it.
    data: dict[str, int | str | bool]
