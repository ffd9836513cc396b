"""API tokens of a site."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import InvalidInputError
from stats_service.models.accounts import SCOPES
from stats_service.web.admin.access import access, site, who
from stats_service.web.http.context import services
from stats_service.web.pages.messages import explain

bp = Blueprint("tokens", __name__, url_prefix="/sites/<slug>/tokens")


@bp.get("")
@access("owner")
def index() -> str:
    """List the tokens."""
    return _page(site().slug)


@bp.post("")
@access("owner")
def create() -> str | tuple[str, int]:
    """Make a token and show it, this once."""
    try:
        _token, text = services().tokens.add(
            site().slug,
            request.form.get("name", ""),
            request.form.get("scope", ""),
            who(),
            services().clock.now(),
        )
    except InvalidInputError as error:
        return _page(site().slug, error=explain(error)), error.status
    return _page(site().slug, fresh=text)


@bp.post("/<token_id>/revoke")
@access("owner")
def revoke(token_id: str) -> Response:
    """Revoke a token."""
    services().tokens.revoke(site().slug, token_id, who(), services().clock.now())
    flash(_("The token is revoked."), "good")
    return redirect(url_for("admin.tokens.index", slug=site().slug))


def _page(slug: str, **values: str) -> str:
    settings = services().settings
    public = settings.base_url + settings.path_prefix
    return render_template(
        "admin/tokens.html",
        tokens=services().tokens.all(slug),
        scopes=SCOPES,
        api=f"{public}/{slug}/manage",
        document=f"{public}/openapi.json",
        **values,
    )
