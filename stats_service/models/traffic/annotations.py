"""Annotations: what happened on a day, beside the numbers of that day."""

from datetime import date

import msgspec

#: Kinds of marks on a chart: an annotation of an administrator; a poll that opened, or closed.
NOTE, OPENED, CLOSED = "note", "poll-opened", "poll-closed"


class Annotation(msgspec.Struct, frozen=True, kw_only=True):
    """What an administrator says of a day."""

    #: 8 hexadecimal digits.
    id: str
    #: `2026-11-23`
    day: str
    #: One line, at most 100 characters.
    text: str


class AnnotationChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of an annotation, which can be undone."""

    id: str
    #: Seconds since 1970.
    at: float
    who: str
    #: None: it was added.
    before: Annotation | None = None
    #: None: it was removed.
    after: Annotation | None = None


class Annotations(msgspec.Struct, frozen=True, kw_only=True):
    """All annotations of one site; stored as one JSON document."""

    #: By day.
    notes: tuple[Annotation, ...] = ()
    #: The latest changes, the newest first.
    changes: tuple[AnnotationChange, ...] = ()


class Mark(msgspec.Struct, frozen=True):
    """What stands on a chart at a day."""

    day: date
    #: `note`, `poll-opened` or `poll-closed`
    kind: str
    #: The text of an annotation, or the question of the poll.
    text: str
    #: Id of the annotation, or of the poll.
    id: str
