"""Annotations of the chart: said of a day by an administrator, changed, removed, and undone."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.models.traffic.annotations import Mark
from stats_service.services.traffic.annotations import (
    NOTES_MAX,
    TEXT_MAX,
    UNDO_DAYS,
    note_revision,
)
from stats_service.services.traffic.spans import Span
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.admin.revisions import given_revision, refused
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain
from stats_service.web.pages.ranges import today_of

bp = Blueprint("annotations", __name__, url_prefix="/sites/<slug>/annotations")

Page = str | Response | tuple[str, int]


@bp.get("")
@access("viewer")
def index() -> str:
    """Show what was said, the latest day first, and the latest changes."""
    return _page()


@bp.post("")
@access("editor")
def add() -> Page:
    """Say something of a day."""
    form = request.form
    try:
        services().traffic.annotations.add(
            site(), form.get("day", ""), form.get("text", ""), _author()
        )
    except (InvalidInputError, ConflictError) as error:
        return _page(error=refused(error)), error.status
    return _back(_("The annotation stands on the chart."))


@bp.post("/<note>")
@access("editor")
def edit(note: str) -> Page:
    """Change an annotation, or remove it."""
    form, book = request.form, services().traffic.annotations
    try:
        if form.get("do") == "remove":
            book.remove(site(), note, _author())
            return _back(_("The annotation is removed. It can be brought back below."))
        book.edit(
            site(), note, form.get("day", ""), form.get("text", ""), _author(), given_revision()
        )
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return _page(error=refused(error), changed=note), error.status
    return _back(_("The annotation is changed."))


@bp.post("/changes/<change>/undo")
@access("editor")
def undo(change: str) -> Response:
    """Take a change back."""
    try:
        services().traffic.annotations.undo(site(), change, _author())
    except (ConflictError, NotFoundError) as error:
        return _back(explain(error), "error")
    return _back(_("The change is undone."))


def marks_of(span: Span) -> tuple[Mark, ...]:
    """Return what stands on the chart of a span, in the language of the page."""
    now = services().clock.now()
    return services().traffic.annotations.marks(site(), span, now, str(get_locale()))


def _author() -> Author:
    return Author(who(), services().clock.now())


def _back(text: str, kind: str = "good") -> Response:
    flash(text, kind)
    return redirect(url_for("admin.annotations.index", slug=site().slug))


def _page(error: str = "", changed: str = "") -> str:
    found = services().traffic.annotations.get(site().slug)
    given = request.form.get("day", "") or request.args.get("day", "")
    return render_template(
        "admin/annotations.html",
        error=error,
        changed=changed,
        notes=found.notes[::-1],
        changes=found.changes,
        revision_of=note_revision,
        may_change=account().may("editor", site().slug),
        given_day="" if changed else given,
        given_text="" if changed else request.form.get("text", ""),
        values=request.form,
        today=today_of(site()),
        notes_max=NOTES_MAX,
        text_max=TEXT_MAX,
        undo_days=UNDO_DAYS,
    )
