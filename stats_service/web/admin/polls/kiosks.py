"""Kiosks of a site: which devices are enrolled, and the links that enrol one."""

import segno
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError, NotFoundError
from stats_service.models.audit import Author
from stats_service.services.polls.kiosks import NAME_MAX
from stats_service.web.admin.access import access, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain

bp = Blueprint("kiosks", __name__, url_prefix="/sites/<slug>/kiosks")

#: Side of a module of the QR code, in pixels of CSS.
MODULE = 5


@bp.get("")
@access("editor")
def index() -> str:
    """List the devices."""
    return _page(request.args.get("poll", ""))


@bp.post("")
@access("editor")
def make_link() -> str | tuple[str, int]:
    """Make a link that enrols one device, and show it, this once."""
    slug, form = site().slug, request.form
    try:
        poll = services().polls.polls.get(slug, form.get("poll", ""))
        secret = services().polls.kiosks.make_link(slug, form.get("name", ""), poll, _by())
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        return _page(form.get("poll", ""), error=explain(error)), error.status
    url = services().settings.base_url + url_for(
        "kiosk.ask_to_enrol", slug=slug, secret=secret, lang=poll.lang
    )
    code = segno.make(url, error="m", micro=False)
    return _page(
        poll.id,
        link=url,
        code=code.svg_data_uri(scale=MODULE, border=4, light="#fff"),
        size=str(code.symbol_size(scale=MODULE, border=4)[0]),
    )


@bp.post("/<kiosk>/rename")
@access("editor")
def rename(kiosk: str) -> Response:
    """Give a device another name."""
    try:
        services().polls.kiosks.rename(site().slug, kiosk, request.form.get("name", ""), _by())
    except (InvalidInputError, ConflictError, NotFoundError) as error:
        flash(explain(error), "error")
    else:
        flash(_("The kiosk is renamed."), "good")
    return redirect(url_for("admin.kiosks.index", slug=site().slug))


@bp.post("/<kiosk>/revoke")
@access("editor")
def revoke(kiosk: str) -> Response:
    """Let a device vote no more."""
    try:
        services().polls.kiosks.revoke(site().slug, kiosk, _by())
    except (ConflictError, NotFoundError) as error:
        flash(explain(error), "error")
    else:
        flash(_("The kiosk is revoked: nobody can vote on it any more."), "good")
    return redirect(url_for("admin.kiosks.index", slug=site().slug))


def _by() -> Author:
    return Author(who(), services().clock.now())


def _page(poll: str, **values: str) -> str:
    slug = site().slug
    polls = [
        found
        for found in services().polls.polls.all(slug)
        if found.kiosk_pause and found.status != "archived"
    ]
    return render_template(
        "admin/kiosks.html",
        kiosks=services().polls.kiosks.all(slug),
        polls=polls,
        chosen=poll,
        name_max=NAME_MAX,
        **values,
    )
