"""All sites at a glance, and a new site."""

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.glances import Alarm
from stats_service.models.history import Pair
from stats_service.models.sites import DEFAULT_TIMEZONE, Site
from stats_service.services.operations.overview import TREND_DAYS
from stats_service.web.admin import frame
from stats_service.web.admin.access import access, account, who
from stats_service.web.http.context import services
from stats_service.web.pages.charts import sparkline
from stats_service.web.pages.languages import number
from stats_service.web.pages.messages import explain

bp = Blueprint("overview", __name__)

#: From this many sites on there is a field to find one.
FILTER_FROM = 8


@bp.get("/")
@access("signed-in")
def show() -> str:
    """Show every site that the account may see."""
    sites = frame.sites_of(account())
    glances = services().operations.overview.of_sites(sites, services().clock.now())
    rows = list(zip(sites, glances, strict=True))
    return render_template(
        "admin/overview.html",
        rows=rows,
        everything={
            "online": sum(glance.online for glance in glances),
            "today": sum((glance.today for glance in glances), Pair()),
            "yesterday": sum((glance.yesterday for glance in glances), Pair()),
        },
        service_alarms=services().operations.overview.of_installation()
        if account().operator
        else [],
        alarm_text=alarm_text,
        sparkline=sparkline,
        trend_days=TREND_DAYS,
        filtered=len(rows) >= FILTER_FROM,
    )


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
        added = services().sites.sites.add(wanted, services().clock.now())
    except (InvalidInputError, ConflictError) as error:
        page = render_template("admin/new_site.html", values=form, error=explain(error))
        return page, error.status
    services().accounts.audit.record_added_site(who(), services().clock.now(), added)
    flash(_("The site is added. Put its snippet into the portal's pages next."), "good")
    return redirect(url_for("admin.traffic.show", slug=added.slug))


@bp.get("/<path:_rest>")
@access("signed-in")
def nowhere(_rest: str) -> Response:
    """Say that there is no such page."""
    abort(404)


def alarm_text(alarm: Alarm) -> str:
    """Return what to tell a person of an alarm."""
    n = number(alarm.n)
    texts: dict[str, str] = {
        "silent": _("No view for %(n)s hours. Is the snippet still in the portal's pages?", n=n),
        "hosts": _("%(n)s views came from hosts that are not the site's.", n=n),
        "ceiling": _("%(n)s views were refused: too many from one address.", n=n),
        "articles": _("All %(n)s articles are taken; new ones are counted without a name.", n=n),
        "burst": _("%(n)s ballots wait for review: a burst from few networks.", n=n),
        "network": _("%(n)s ballots of a poll came from one network within a day.", n=n),
        "texts": ngettext(
            "%(n)s other answer of a poll waits to be read.",
            "%(n)s other answers of a poll wait to be read.",
            alarm.n,
            n=n,
        ),
        "spool": _("%(n)s views wait on the disk until Redis takes them.", n=n),
        "redis": _("Redis does not answer. Views are kept on the disk meanwhile."),
        "version": _("This Redis is too old."),
        "role": _("This Redis is a replica and takes no writes."),
        "persistence": _("Redis may lose counts in a crash: its append-only file is off or fails."),
        "snapshot": _("Redis' last snapshot failed."),
        "eviction": _("Redis may throw counts away when its memory is full."),
        "memory": _("Redis' memory is nearly full."),
    }
    return texts.get(alarm.kind, alarm.text)
