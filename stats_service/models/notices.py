"""Reports by e-mail and webhooks of a site."""

import msgspec

#: Events of a site's webhook.
EVENTS = ("peak", "burst", "silent")
#: The first mail to a recipient: the question whether reports are wanted.
ASKED = "ask"
#: Events of the installation's own webhook.
REDIS_EVENT = "redis"


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A regular report to one address."""

    id: str
    address: str
    #: `week` or `month`
    every: str = "week"
    #: `vi` or `en`
    language: str = "vi"
    #: Proof that the recipient agreed (`NoticeBook.proof`); without it no report is sent.
    agreed: str = ""
    #: Who added it; an editor sees and ends her own alone.
    by: str = ""


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """A URL that is called when an event occurs."""

    id: str
    url: str
    events: tuple[str, ...] = EVENTS
    #: Hours without a view after which the site is silent.
    silent_hours: int = 6


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    """All reports and webhooks of one site; stored as one JSON document."""

    reports: tuple[Report, ...] = ()
    webhooks: tuple[Webhook, ...] = ()


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """The last delivery, or attempt, of a report or webhook."""

    #: Seconds since 1970; 0: never.
    at: float = 0
    #: `report`, `ask` (the question to the recipient), or the name of an event.
    what: str = ""
    #: Why it could not be delivered, in English; empty: it was accepted.
    error: str = ""
    #: The same for translation: the error's template, values and code.
    message: str = ""
    values: dict[str, int | float | str] = {}
    code: str = ""
    #: Number of failures in a row, and the time before which there is no attempt (seconds since
    #: 1970).
    failures: int = 0
    next_at: float = 0
    #: Pending events: the value to store once each is delivered, by the name of the note.
    waiting: dict[str, str] = {}
    #: Events that ended, or were overtaken, before they could be delivered.
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
