"""What a site's people want to be told: reports by e-mail, events by webhook."""

import msgspec

#: What a webhook may be called for.
EVENTS = ("peak", "burst", "silent")
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

    #: Seconds since 1970.
    at: float
    #: `report`, or the name of an event.
    what: str
    #: Why it could not be delivered; empty: it was taken.
    error: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a webhook's call."""

    event: str
    #: Slug; empty: the installation.
    site: str
    #: ISO time with the offset of the site's zone.
    at: str
    #: What happened, in English, for people.
    text: str
    #: The numbers behind it.
    data: dict[str, int | str | bool]
