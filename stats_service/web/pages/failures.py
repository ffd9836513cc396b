"""Error pages of the admin pages, in the reader's language and with a link onwards."""

import logging
from urllib.parse import urlsplit

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from stats_service.errors import StatsError, StoreUnavailableError
from stats_service.web.http.context import services
from stats_service.web.pages import security
from stats_service.web.pages.messages import explain

logger = logging.getLogger(__name__)


def register(bp: Blueprint) -> None:
    """Answer the errors of `bp` with pages."""
    bp.register_error_handler(CSRFError, _forged)
    bp.register_error_handler(security.ForeignHost, _foreign_host)
    bp.register_error_handler(HTTPException, _http)
    bp.register_error_handler(StoreUnavailableError, _store)
    bp.register_error_handler(StatsError, _stats)
    bp.register_error_handler(Exception, _unexpected)


def _forged(_error: CSRFError) -> tuple[str, int]:
    return page(
        403,
        _("This form has expired"),
        _(
            "The page was open for too long or came from elsewhere. Nothing was changed: go back, "
            "reload the page and send the form again."
        ),
    )


def _foreign_host(error: security.ForeignHost) -> tuple[str, int]:
    if not error.came:
        return _http(error)
    return page(
        400,
        _("This request cannot be used"),
        _(
            "The browser's request arrived here for the host “%(came)s”, and the service is set up "
            "for “%(expected)s”. Open it there; if you did, the proxy must hand the Host on as it "
            "came (nginx: proxy_set_header Host $http_host), or STATS_PUBLIC_URL must be the "
            "address in your browser.",
            came=error.came,
            expected=urlsplit(services().settings.base_url).netloc,
        ),
        for_readers=True,
    )


def _http(error: HTTPException) -> tuple[str, int]:
    code = error.code or 500
    titles = {
        400: (_("This request cannot be used"), _("Check the address and try again.")),
        403: (
            _("You may not do this"),
            _("Your role does not include this page. Ask an owner of the site or the operator."),
        ),
        404: (
            _("This page does not exist"),
            _("The address may be mistyped, or you have no part in this site."),
        ),
        413: (
            _("This file is too large"),
            _("Nothing was kept of it. Pack it with gzip, or bring it in on the command line."),
        )
        if request.mimetype == "multipart/form-data"
        else (
            _("These texts are too long"),
            _("Nothing was changed. Go back and shorten what you wrote."),
        ),
    }
    title, text = titles.get(code, (_("This did not work"), error.name))
    return page(code, title, text)


def _stats(error: StatsError) -> tuple[str, int]:
    missing = error.status == 404
    title = _("This page does not exist") if missing else _("This did not work")
    return page(error.status, title, explain(error))


def _store(_error: StoreUnavailableError) -> tuple[str, int]:
    # The frame of other pages reads the store, so this page has none.
    return render_template("admin/store_away.html"), 503


def _unexpected(error: Exception) -> tuple[str, int]:
    logger.exception("an admin page failed", exc_info=error)
    return page(
        500, _("The service failed"), _("Nothing was changed. The service's log says more.")
    )


def page(code: int, title: str, text: str, *, for_readers: bool = False) -> tuple[str, int]:
    """Return an error page; readers have no overview to return to."""
    body = render_template(
        "admin/failure.html", code=code, title=title, text=text, for_readers=for_readers
    )
    return body, code
