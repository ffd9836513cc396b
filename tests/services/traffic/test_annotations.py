"""Annotations of a chart: said, changed, removed, undone; and polls that open and close."""

import threading
from datetime import date

import pytest

from stats_service.errors import (
    ConflictError,
    InvalidInputError,
    NotFoundError,
    StaleError,
    UnknownSiteError,
)
from stats_service.models.audit import Author
from stats_service.models.sites import Site
from stats_service.models.traffic.annotations import Annotation
from stats_service.services.container import Services
from stats_service.services.traffic import annotations
from stats_service.services.traffic.annotations import (
    CHANGES_KEPT,
    UNDO_SECONDS,
    AnnotationBook,
    note_revision,
)
from stats_service.services.traffic.spans import Span
from tests.support.clock import FakeClock
from tests.support.votes import WHO, make_poll

BRIDGE = "Lễ khánh thành cầu"


@pytest.fixture
def book(services: Services) -> AnnotationBook:
    """Give the annotations."""
    return services.traffic.annotations


def notes(book: AnnotationBook) -> list[tuple[str, str]]:
    """Return days and texts."""
    return [(note.day, note.text) for note in book.get("kimson").notes]


def by(clock: FakeClock) -> Author:
    """Return somebody at this moment."""
    return Author(WHO, clock.now())


def log(services: Services) -> list[str]:
    """Return what the log has, the newest first."""
    entries = services.accounts.audit.newest("kimson")
    return [entry.what for entry in entries if entry.what.startswith("annotation.")]


def test_each_change_can_be_undone(
    services: Services, site: Site, book: AnnotationBook, clock: FakeClock
) -> None:
    """The latest first; all of it is in the log."""
    added = book.add(site, " 2026-03-04 ", f"  {BRIDGE}\t", by(clock))
    book.edit(site, added.id, "2026-03-05", "Thông xe", by(clock), note_revision(added))
    book.remove(site, added.id, by(clock))
    assert notes(book) == []
    removed, edited, first = book.get("kimson").changes

    with pytest.raises(ConflictError, match="changed since"):
        book.undo(site, first.id, by(clock))
    book.undo(site, removed.id, by(clock))
    assert notes(book) == [("2026-03-05", "Thông xe")]
    book.undo(site, edited.id, by(clock))
    assert notes(book) == [("2026-03-04", BRIDGE)]
    book.undo(site, first.id, by(clock))

    assert (notes(book), book.get("kimson").changes) == ([], ())
    assert log(services) == [f"annotation.{what}" for what in ("undone",) * 3] + [
        f"annotation.{what}" for what in ("removed", "changed", "added")
    ]
    with pytest.raises(NotFoundError):
        book.undo(site, first.id, by(clock))


def test_thirty_days_are_the_end(site: Site, book: AnnotationBook, clock: FakeClock) -> None:
    """Then the log alone knows of it."""
    book.add(site, "2026-03-04", BRIDGE, by(clock))
    (made,) = book.get("kimson").changes
    clock.advance(UNDO_SECONDS)

    with pytest.raises(NotFoundError, match="30 days"):
        book.undo(site, made.id, by(clock))

    assert notes(book) == [("2026-03-04", BRIDGE)]


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("", BRIDGE),
        ("2026-02-30", BRIDGE),
        ("1066-10-14", BRIDGE),
        ("2026-03-04", ""),
        ("2026-03-04", "x" * 101),
        ("2026-03-04", "a\u202eb\x00"),
    ],
)
def test_what_cannot_stand_there_is_refused(
    site: Site, book: AnnotationBook, clock: FakeClock, day: str, text: str
) -> None:
    """Nothing is stored or logged; a direction sign turns no chart around."""
    with pytest.raises(InvalidInputError):
        book.add(site, day, text, by(clock))

    assert notes(book) == []


def test_their_number_is_bounded(
    site: Site, book: AnnotationBook, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by undoing; what is kept to be undone is bounded, too."""
    monkeypatch.setattr(annotations, "NOTES_MAX", 25)
    for number in range(25):
        book.add(site, "2026-03-04", f"Việc {number}", by(clock))
    with pytest.raises(ConflictError, match="25 annotations"):
        book.add(site, "2026-03-04", "Một việc nữa", by(clock))
    assert len(book.get("kimson").changes) == CHANGES_KEPT

    first = book.get("kimson").notes[0]
    book.remove(site, first.id, by(clock))
    removed = book.get("kimson").changes[0]
    book.add(site, "2026-03-04", "Một việc nữa", by(clock))

    with pytest.raises(ConflictError, match="25 annotations"):
        book.undo(site, removed.id, by(clock))


def test_nobody_overwrites_what_somebody_else_wrote(
    site: Site, book: AnnotationBook, clock: FakeClock
) -> None:
    """Neither one and the same, nor another at the same moment."""
    added = book.add(site, "2026-03-04", BRIDGE, by(clock))
    revision = note_revision(added)
    book.edit(site, added.id, "2026-03-04", "Thông xe", by(clock), revision)
    with pytest.raises(StaleError):
        book.edit(site, added.id, "2026-03-04", "Cầu mới", by(clock), revision)

    def add(number: int) -> None:
        book.add(site, "2026-03-05", f"Việc {number}", by(clock))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(notes(book)) == 7


def test_a_site_that_is_gone(
    services: Services, site: Site, book: AnnotationBook, clock: FakeClock
) -> None:
    """Has no annotations, and gets none."""
    book.add(site, "2026-03-04", BRIDGE, by(clock))
    services.sites.erasure.erase(site.slug, WHO, clock.now())

    with pytest.raises(UnknownSiteError):
        book.add(site, "2026-03-04", BRIDGE, by(clock))

    assert book.get(site.slug).notes == ()


def test_polls_stand_there_by_themselves(
    services: Services, site: Site, book: AnnotationBook, clock: FakeClock
) -> None:
    """On the day of the site's zone on which they opened and closed; not before."""
    book.add(site, "2026-03-05", BRIDGE, by(clock))
    make_poll(services, id="theo-gio", closes=clock.now() + 86_400)
    make_poll(services, id="nhap", status="draft")
    make_poll(services, id="hom-sau", opens=clock.now() + 5 * 86_400)
    span = Span(date(2026, 3, 1), date(2026, 3, 31))

    before = book.marks(site, span, clock.now())
    clock.advance(86_400)
    after = book.marks(site, span, clock.now(), "en")

    assert [(mark.day.day, mark.kind, mark.id) for mark in before if mark.kind != "note"] == [
        (4, "poll-opened", "theo-gio")
    ]
    assert [(mark.day.day, mark.kind, mark.text) for mark in after] == [
        (4, "poll-opened", "What do you read most?"),
        (5, "note", BRIDGE),
        (5, "poll-closed", "What do you read most?"),
    ]
    assert book.marks(site, Span(date(2026, 3, 1), date(2026, 3, 3)), clock.now()) == ()
    assert isinstance(book.get("kimson").notes[0], Annotation)
