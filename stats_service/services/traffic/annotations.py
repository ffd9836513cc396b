"""Annotations on the charts of a site: by administrators, and by polls that open and close."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import NoReturn
from zoneinfo import ZoneInfo

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import AuditEntry, Author
from stats_service.models.sites import Site
from stats_service.models.traffic.annotations import (
    CLOSED,
    NOTE,
    OPENED,
    Annotation,
    AnnotationChange,
    Annotations,
    Mark,
)
from stats_service.services.accounts.audit import entry_of
from stats_service.services.polls.polls import Polls
from stats_service.services.polls.presentation import closing_time, opening_time, state_at
from stats_service.services.polls.texts import clean_text
from stats_service.services.revisions import check_revision, revision_of
from stats_service.services.traffic.beginning import FIRST_YEAR
from stats_service.services.traffic.spans import Span
from stats_service.store.traffic.annotations import AnnotationStore

#: Most annotations of one site: one each week for ten years.
NOTES_MAX = 500
#: Longest text, in characters: what fits beside a chart.
TEXT_MAX = 100
#: Latest changes that are kept to be undone, and for how many seconds.
CHANGES_KEPT = 20
UNDO_DAYS = 30
UNDO_SECONDS = UNDO_DAYS * 86_400
#: Marks of one span at most; of a longer list the latest stand on the chart.
MARKS_MAX = 60

_ID = re.compile(r"[0-9a-f]{8}")


class AnnotationBook:
    """The annotations of every site."""

    def __init__(self, store: AnnotationStore, polls: Polls) -> None:
        self._store = store
        self._polls = polls

    def get(self, slug: str) -> Annotations:
        """Return what administrators have written, by day, and their latest changes."""
        return self._store.get(slug)

    def marks(self, site: Site, span: Span, now: float, language: str = "") -> tuple[Mark, ...]:
        """Return what stands on the chart of a span, by day; at most the latest `MARKS_MAX`.

        Args:
            site: the site.
            span: the days.
            now: this moment, in seconds; polls that are still to open or close are no marks.
            language: in which polls ask, where they do; empty: each in its own.
        """
        notes = self._store.get(site.slug).notes
        found = [Mark(date.fromisoformat(n.day), NOTE, n.text, n.id) for n in notes]
        zone = ZoneInfo(site.timezone)
        for poll in self._polls.all(site.slug):
            if state_at(poll, now) in ("draft", "scheduled"):
                continue
            text = poll.question.get(language) or poll.question[poll.lang]
            for kind, at in ((OPENED, opening_time(poll)), (CLOSED, closing_time(poll))):
                if 0 < at <= now:
                    day = datetime.fromtimestamp(at, UTC).astimezone(zone).date()
                    found.append(Mark(day, kind, text, poll.id))
        inside = [mark for mark in found if span.first <= mark.day <= span.last]
        order = sorted(inside, key=lambda mark: (mark.day, mark.kind != NOTE, mark.text, mark.id))
        return tuple(order[-MARKS_MAX:])

    def add(self, site: Site, day: str, text: str, by: Author) -> Annotation:
        """Say something of a day.

        Raises:
            InvalidInputError: naming the field that cannot be used.
            ConflictError: the site has as many as it may.
            UnknownSiteError: the site does not exist.
        """
        added = Annotation(id=secrets.token_hex(4), day=_day(day), text=_text(text))

        def change(known: Annotations) -> tuple[Annotation | None, Annotation | None]:
            _check_room(known)
            return None, added

        self._change(site, by, "annotation.added", change)
        return added

    def edit(
        self, site: Site, note: str, day: str, text: str, by: Author, revision: str = ""
    ) -> Annotation:
        """Change an annotation; errors as in `add`.

        Raises:
            NotFoundError: there is no such annotation.
            StaleError: it is another than that of the `revision` that the change was made from.
        """
        wanted = Annotation(id=note, day=_day(day), text=_text(text))

        def change(known: Annotations) -> tuple[Annotation | None, Annotation | None]:
            before = _found(known, note)
            check_revision(revision, _fields(before), _fields(wanted))
            return before, wanted

        self._change(site, by, "annotation.changed", change)
        return wanted

    def remove(self, site: Site, note: str, by: Author) -> None:
        """Remove an annotation; NotFoundError if there is none."""

        def change(known: Annotations) -> tuple[Annotation | None, Annotation | None]:
            return _found(known, note), None

        self._change(site, by, "annotation.removed", change)

    def undo(self, site: Site, change_id: str, by: Author) -> None:
        """Take a change back.

        Raises:
            NotFoundError: there is no such change, or thirty days are over.
            ConflictError: the annotation has been changed since.
        """

        def change(known: Annotations) -> tuple[Annotation | None, Annotation | None]:
            made = next((one for one in known.changes if one.id == change_id), None)
            if made is None or by.at - made.at >= UNDO_SECONDS:
                raise NotFoundError(
                    "The change {change!r} cannot be undone: there is none, or {days} days are "
                    "over.",
                    change=change_id[:40],
                    days=UNDO_DAYS,
                )
            stands = made.after or made.before
            current = next((n for n in known.notes if stands and n.id == stands.id), None)
            if current != made.after:
                raise ConflictError(
                    "The annotation has been changed since. Undo the later change first."
                )
            if made.after is None:
                _check_room(known)
            return made.after, made.before

        self._change(site, by, "annotation.undone", change, undone=change_id)

    def _change(
        self,
        site: Site,
        by: Author,
        what: str,
        change: Callable[[Annotations], tuple[Annotation | None, Annotation | None]],
        undone: str = "",
    ) -> None:
        """Put one annotation in the place of another, in one step with its entry in the log."""

        def changed(known: Annotations) -> tuple[Annotations, AuditEntry | None]:
            before, after = change(known)
            if before == after:
                return known, None
            made = AnnotationChange(
                id=secrets.token_hex(4), at=by.at, who=by.who, before=before, after=after
            )
            notes = [note for note in known.notes if before is None or note.id != before.id]
            notes += [after] if after else []
            former = [one for one in known.changes if one.id != undone]
            # What was undone is not offered to be undone again: the change before it is.
            changes = former if undone else [made, *former]
            fresh = Annotations(
                notes=tuple(sorted(notes, key=lambda note: (note.day, note.id))),
                changes=tuple(
                    one for one in changes[:CHANGES_KEPT] if by.at - one.at < UNDO_SECONDS
                ),
            )
            subject = (after or before or Annotation(id="", day="", text="")).id
            return fresh, entry_of(by, what, subject, before=_said(before), after=_said(after))

        self._store.change(site.slug, changed)


def note_revision(note: Annotation) -> str:
    """Return the revision of an annotation, which a form is made from."""
    return revision_of(_fields(note))


def check_annotations(annotations: Annotations) -> None:
    """Return if annotations could have been made here; InvalidInputError names what could not."""
    if len(annotations.notes) > NOTES_MAX or len(annotations.changes) > CHANGES_KEPT:
        raise InvalidInputError(
            "annotations: a site has at most {notes_max} of these.", notes_max=NOTES_MAX
        )
    changed = [one for made in annotations.changes for one in (made.before, made.after) if one]
    for note in (*annotations.notes, *changed):
        if not _ID.fullmatch(note.id):
            raise InvalidInputError("id {one!r}: use 8 hexadecimal digits.", one=note.id[:40])
        if _day(note.day) != note.day or _text(note.text) != note.text:
            _refuse_day(note.day)


def _fields(note: Annotation) -> dict[str, str]:
    return {"day": note.day, "note": note.text}


def _said(note: Annotation | None) -> dict[str, str] | None:
    return _fields(note) if note else None


def _found(known: Annotations, note: str) -> Annotation:
    for one in known.notes:
        if one.id == note:
            return one
    raise NotFoundError("There is no annotation {note!r}.", note=note[:40])


def _check_room(known: Annotations) -> None:
    if len(known.notes) >= NOTES_MAX:
        raise ConflictError(
            "The site has {notes_max} annotations, and that is the most. Remove one first.",
            notes_max=NOTES_MAX,
        )


def _text(text: str) -> str:
    return clean_text("text", text, TEXT_MAX)


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        _refuse_day(text)
    if not FIRST_YEAR <= day.year <= 2200:
        _refuse_day(text)
    return day.isoformat()


def _refuse_day(text: str) -> NoReturn:
    raise InvalidInputError("day {day!r}: write a day as 2026-11-23.", day=text[:40])
