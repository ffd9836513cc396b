"""What happens on a site now, on a television: a page behind a link that the owner made."""

from flask import Blueprint, abort, g, render_template
from flask.typing import ResponseReturnValue

from stats_service.errors import (
    ForbiddenError,
    StoreUnavailableError,
    TokenRefusedError,
    UnknownSiteError,
)
from stats_service.models.accounts import SCREEN
from stats_service.services.sites.sites import SLUG
from stats_service.web.http.context import services
from stats_service.web.pages.now import now_page
from stats_service.web.pages.reader_names import value_name

bp = Blueprint("screen", __name__)

#: Values of each list: as many lines as fit, large enough to be read from five metres.
SHOWN = 4


@bp.get("/<slug>/screen/<key>")
def show(slug: str, key: str) -> ResponseReturnValue:
    """Show it; a link that was revoked, or was never made, looks like a page that is not there.

    A television that is switched on while Redis is away gets a page that tries again.
    """
    if not SLUG.fullmatch(slug):
        abort(404)
    page, public_site, status = None, None, 200
    try:
        services().accounts.tokens.check(slug, key, SCREEN, services().clock.now())
        public_site = services().sites.sites.get(slug)
        g.site_language = public_site.language
        page = now_page(public_site, SHOWN)
    except (ForbiddenError, TokenRefusedError, UnknownSiteError):
        abort(404)
    except StoreUnavailableError:
        status = 503
    body = render_template(
        "public/screen.html", page=page, public_site=public_site, value_name=value_name
    )
    return body, status, {"X-Robots-Tag": "noindex"}
