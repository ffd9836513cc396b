"""What happens on a site now, and the links by which a television shows it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import InvalidInputError, NotFoundError
from stats_service.models.accounts import SCREEN
from stats_service.web.admin.access import access, account, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain
from stats_service.web.pages.now import now_page
from stats_service.web.pages.reader_names import value_name

bp = Blueprint("now", __name__, url_prefix="/sites/<slug>/now")

#: Values of each list.
SHOWN = 10


@bp.get("")
@access("viewer")
def show() -> str:
    """Show it; the page renews itself."""
    return _page()


@bp.post("/screens")
@access("owner")
def add_screen() -> str | tuple[str, int]:
    """Make a link for a television, and show it, this once."""
    slug, now = site().slug, services().clock.now()
    try:
        _screen, key = services().accounts.tokens.add(
            slug, request.form.get("name", ""), SCREEN, who(), now
        )
    except InvalidInputError as error:
        return _page(error=explain(error)), error.status
    return _page(
        link=services().settings.base_url + url_for("public.screen.show", slug=slug, key=key)
    )


@bp.post("/screens/<screen>/revoke")
@access("owner")
def revoke_screen(screen: str) -> Response:
    """Let a link show nothing any more."""
    try:
        services().accounts.tokens.revoke(site().slug, screen, who(), services().clock.now())
    except NotFoundError as error:
        flash(explain(error), "error")
    else:
        flash(_("The link is revoked: it shows nothing any more."), "good")
    return redirect(url_for("admin.now.show", slug=site().slug))


def _page(**values: str) -> str:
    slug = site().slug
    screens = []
    if account().may("owner", slug):
        tokens = services().accounts.tokens.all(slug)
        screens = [token for token in tokens if token.scope == SCREEN]
    return render_template(
        "admin/now.html",
        page=now_page(site(), SHOWN),
        screens=screens,
        value_name=value_name,
        knows_countries=services().settings.country_db is not None,
        **values,
    )
