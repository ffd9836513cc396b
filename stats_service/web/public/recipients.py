"""The page on which the recipient of a report agrees to it, or ends it.

The link in the mail is signed and names one report and address. Programs that look into mails
follow links, so that nothing is decided by a GET.
"""

from flask import Blueprint, g, render_template, request

from stats_service.web.http.context import services

bp = Blueprint("recipients", __name__)

_PATH = "/<slug>/reports/<notice>/<token>"


@bp.get(_PATH)
def show(slug: str, notice: str, token: str) -> str:
    """Ask what the recipient wants."""
    return _page(slug, notice, token)


@bp.post(_PATH)
def answer(slug: str, notice: str, token: str) -> str:
    """Do what the recipient wants; a mail program's one click (RFC 8058) ends the report."""
    page, now = _page(slug, notice, token, answered=True), services().clock.now()
    if request.form.get("answer") == "agree":
        services().notices.notices.agree(slug, notice, token, now)
        return page
    if request.form.get("answer") == "decline" or "List-Unsubscribe" in request.form:
        services().notices.notices.decline(slug, notice, token, now)
        return page
    return _page(slug, notice, token)


def _page(slug: str, notice: str, token: str, *, answered: bool = False) -> str:
    site = services().sites.sites.get(slug)
    report = services().notices.notices.recipient(slug, notice, token)
    g.site_language = report.language
    agreed = services().notices.notices.agreed(slug, report)
    return render_template(
        "public/recipient.html",
        site_name=site.name,
        report=report,
        agreed=agreed,
        answer=(request.form.get("answer") or "decline") if answered else "",
        for_readers=True,
    )
