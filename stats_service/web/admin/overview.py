"""All sites at a glance, and a new site."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.sites import DEFAULT_TIMEZONE, Site
from stats_service.web.admin import frame
from stats_service.web.admin.access import access, account, who
from stats_service.web.admin.charts import sparkline
from stats_service.web.admin.messages import explain
from stats_service.web.admin.ranges import today_of
from stats_service.web.context import services

bp = Blueprint("overview", __name__)

TREND_DAYS = 30
#: Hours without a view after which a site that is otherwise visited gives an alarm.
SILENT_HOURS = 3
#: Share of one day's arrivals from hosts that are not the site's, after which to say so.
STRANGE_HOSTS = 0.05


@bp.get("/")
@access("signed-in")
def show() -> str:
    """Show every site that the account may see."""
    now = services().clock.now()
    sites = frame.sites_of(account())
    recent = services().history.recent(sites, TREND_DAYS, now)
    rows = [
        {
            "site": site,
            "counts": services().traffic.counts(site, now),
            "trend": sparkline(recent[site.slug], site.headline),
            "alarms": alarms(site),
        }
        for site in sites
    ]
    return render_template("admin/overview.html", rows=rows)


@bp.get("/sites/new")
@access("operator")
def new() -> str:
    """Ask for the settings of a new site."""
    return render_template("admin/new_site.html", values={})


@bp.post("/sites/new")
@access("operator")
def create() -> str | tuple[str, int] | Response:
    """Add a site."""
    form = request.form
    wanted = Site(
        slug=form.get("slug", "").strip().lower(),
        name=form.get("name", ""),
        hosts=tuple(form.get("hosts", "").split()),
        timezone=DEFAULT_TIMEZONE,
    )
    try:
        added = services().sites.add(wanted)
    except (InvalidInputError, ConflictError) as error:
        page = render_template("admin/new_site.html", values=form, error=explain(error))
        return page, error.status
    services().audit.record(
        "", who(), "site.created", services().clock.now(), subject=added.slug, after=added
    )
    flash(_("The site is added. Put its snippet into the portal's pages next."), "good")
    return redirect(url_for("admin.traffic.show", slug=added.slug))


@bp.get("/<path:_rest>")
@access("signed-in")
def nowhere(_rest: str) -> Response:
    """Say that there is no such page."""
    abort(404)


def alarms(site: Site) -> list[str]:
    """Return what somebody should look at."""
    found = []
    today = today_of(site)
    if services().history.is_silent(site, services().clock.now(), SILENT_HOURS):
        found.append(_("No view for %(hours)d hours", hours=SILENT_HOURS))
    strange = [
        row for row in services().history.ignored(site, today, today) if row.reason == "host"
    ]
    if strange and strange[0].share > STRANGE_HOSTS:
        found.append(_("Views from hosts that are not the site's"))
    return found
