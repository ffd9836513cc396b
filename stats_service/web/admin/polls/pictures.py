"""Pictures of a poll's choices: upload, describe, take away."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.services.pictures.picture_files import FILE_MAX_BYTES
from stats_service.web.admin.access import access, site, who
from stats_service.web.admin.polls.polls import based_on, poll_frame
from stats_service.web.admin.revisions import refused
from stats_service.web.http.context import services

bp = Blueprint("poll_pictures", __name__, url_prefix="/sites/<slug>/polls/<poll_id>/pictures")

Page = str | tuple[str, int] | AnyResponse


@bp.get("")
@access("editor")
def show(poll_id: str) -> str:
    """Show each choice with its picture."""
    return _page(poll_id)


@bp.post("/upload")
@access("editor")
def upload(poll_id: str) -> Page:
    """Give a choice a picture, or say what the one that it has shows; both, if both come."""
    slug, form, pictures = site().slug, request.form, services().polls.pictures
    choice, seen, by = form.get("choice", ""), based_on(), Author(who(), services().clock.now())
    file = request.files.get("picture")
    data = file.stream.read(FILE_MAX_BYTES + 1) if file else b""
    alt = {"vi": form.get("alt", "").strip(), "en": form.get("alt_en", "").strip()}
    try:
        if data:
            seen = pictures.put(slug, poll_id, choice, data, by, seen).revision
        pictures.describe(slug, poll_id, choice, alt, by, seen)
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return _page(poll_id, refused(error)), error.status
    flash(_("The picture is saved."), "good")
    return _shown(poll_id, choice)


@bp.post("/remove")
@access("editor")
def remove(poll_id: str) -> Page:
    """Take a choice's picture away."""
    slug, by = site().slug, Author(who(), services().clock.now())
    choice = request.form.get("choice", "")
    try:
        services().polls.pictures.remove(slug, poll_id, choice, by, based_on())
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return _page(poll_id, refused(error)), error.status
    flash(_("The picture is taken away."), "good")
    return _shown(poll_id, choice)


def _shown(poll_id: str, choice: str) -> AnyResponse:
    slug, anchor = site().slug, f"choice-{choice}"
    return redirect(url_for("admin.poll_pictures.show", slug=slug, poll_id=poll_id, _anchor=anchor))


def _page(poll_id: str, error: str = "") -> str:
    poll, now = services().polls.polls.get(site().slug, poll_id), services().clock.now()
    return render_template(
        "admin/poll_pictures.html",
        error=error,
        megabytes=FILE_MAX_BYTES // 10**6,
        **poll_frame(poll, now),
    )
