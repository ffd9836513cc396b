"""The install checker: a portal page reports the state of its snippet, and gets the findings.

The third file of the script calls it; only an address that ends in `#stats-check` loads that file.
Nothing is counted here, and no URL from the report is fetched.
"""

import msgspec
from flask import Blueprint, Response, request
from flask_babel import force_locale

from stats_service.models.install_checks import InstallReport, Sender
from stats_service.models.traffic.views import PageQuery
from stats_service.services.known_sites.install_checks import findings
from stats_service.services.views.page_views import ignored_reason
from stats_service.services.visitors.hosts import origin_host
from stats_service.web.embed.scripts import served_scripts
from stats_service.web.http.bodies import decode_body, fresh_json
from stats_service.web.http.context import services
from stats_service.web.http.cors import allowed_origin
from stats_service.web.http.limits import limited
from stats_service.web.http.request import request_visitor
from stats_service.web.http.sites import allow_site_pages, site_entry
from stats_service.web.http.visitor import counted_proxies, forwarded_entries
from stats_service.web.pages.findings import WordedFinding, worded

bp = Blueprint("checks", __name__)
allow_site_pages(bp)


class CheckAnswer(msgspec.Struct, frozen=True):
    """The findings for a checked page."""

    #: The page of an administrator will show the findings as well.
    stored: bool
    findings: list[WordedFinding]


@bp.post("/<slug>/check")
@limited
def check(slug: str) -> Response:
    """Evaluate the report of a page; store it for the administrator whose token it contains."""
    entry = site_entry(slug)
    report = decode_body(request.get_data(cache=False), InstallReport)
    now = services().clock.now()
    visitor = request_visitor()
    sender = Sender(
        host=origin_host(visitor.origin) or "",
        address=visitor.address,
        forwarded=forwarded_entries(request.headers.get("X-Forwarded-For", "")),
        ignored=ignored_reason(
            entry, PageQuery(out=report.out, bot=report.bot, frame=report.frame), visitor
        ),
        private=visitor.private,
    )
    made = services().sites.install_checks.save(entry, report, sender, now)
    stored = services().sites.install_checks.is_good(slug, report.token, now)
    # A sender without a token is a reader, who must not learn about our proxies.
    trusted = counted_proxies(services().settings) if stored else None
    with force_locale(report.lang):
        found = [worded(finding) for finding in findings(made, slug, served_scripts(), trusted)]
    response = fresh_json(CheckAnswer(stored, found))
    if stored and not allowed_origin(entry, visitor.origin):
        # The webmaster of a page on an unknown host shall learn just that.
        response.headers["Access-Control-Allow-Origin"] = "*"
    return response
