"""Delete a poll or its ballots, undo that, copy a poll."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.services.polls.removal import KEPT_DAYS
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.polls.polls import poll_frame
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain

bp = Blueprint("poll_removal", __name__, url_prefix="/sites/<slug>/polls")


@bp.get("/<poll_id>/remove")
@access("editor")
def ask(poll_id: str) -> str:
    """Ask whether a poll, or its ballots, are to go."""
    return _ask(poll_id)


@bp.post("/<poll_id>/remove")
@access("editor")
def remove(poll_id: str) -> Response | tuple[str, int]:
    """Delete or reset a poll whose name somebody has typed."""
    form, removal, now = request.form, services().polls.removal, services().clock.now()
    revision = form.get("revision", "")
    number = int(revision) if revision.isascii() and revision.isdigit() else 0
    is_reset = form.get("what") == "reset"
    verb = removal.reset if is_reset else removal.delete
    try:
        verb(site(), poll_id, form.get("name", ""), number, who(), now)
    except (InvalidInputError, ConflictError) as error:
        return _ask(poll_id, explain(error)), error.status
    if is_reset:
        flash(_("The ballots are gone; everybody may vote anew."), "good")
        return redirect(url_for("admin.polls.show", slug=site().slug, poll_id=poll_id))
    flash(_("The poll is deleted."), "good")
    return redirect(url_for("admin.polls.index", slug=site().slug))


@bp.post("/removed/<removal>")
@access("editor")
def restore(removal: str) -> Response:
    """Undo a removal."""
    slug = site().slug
    try:
        poll = services().polls.removal.restore(slug, removal, who(), services().clock.now())
    except (ConflictError, NotFoundError) as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.polls.index", slug=slug))
    flash(_("The poll is as it was."), "good")
    return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll.id))


@bp.post("/<poll_id>/copy")
@access("editor")
def copy(poll_id: str) -> Response:
    """Make a draft that asks the same, and show its form."""
    slug = site().slug
    try:
        made = services().polls.polls.copy(slug, poll_id, "", who(), services().clock.now())
    except (InvalidInputError, ConflictError) as error:
        flash(explain(error), "error")
        return redirect(url_for("admin.polls.show", slug=slug, poll_id=poll_id))
    flash(_("This is a copy, a draft. Change what is different and open it."), "good")
    return redirect(url_for("admin.polls.edit", slug=slug, poll_id=made.id))


def _ask(poll_id: str, error: str = "") -> str:
    poll, now = services().polls.polls.get(site().slug, poll_id), services().clock.now()
    return render_template(
        "admin/poll_remove.html", error=error, days=KEPT_DAYS, **poll_frame(poll, now)
    )
