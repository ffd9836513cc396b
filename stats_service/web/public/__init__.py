"""The public statistics page of a site, where its owner has switched it on."""

from flask import Blueprint, Flask, abort, g, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import NotFound

from stats_service.errors import UnknownSiteError
from stats_service.models.sites import Site
from stats_service.models.traffic.readers import GROUPS, DimensionCounts
from stats_service.models.traffic.views import ONLINE_SECONDS, VISIT_GAP_SECONDS
from stats_service.services.sites.sites import SLUG
from stats_service.services.traffic.spans import DAY, NOTHING, Span, shift_months
from stats_service.services.visitors.hosts import front_page
from stats_service.web.http.context import services
from stats_service.web.pages import failures, security
from stats_service.web.pages.charts import chart, point_name
from stats_service.web.pages.ranges import today_of
from stats_service.web.pages.reader_names import dimension_names, value_name
from stats_service.web.public import recipients, root, screen

bp = Blueprint("public", __name__, url_prefix="/s", template_folder="templates")

#: Days that the chart of the public page shows; whole weeks, as on the admin pages.
SHOWN_DAYS = 28
#: Months of the other chart, this one included.
MONTHS = 12
#: Articles, and documents, that the page names, where the site's owner wants that.
TOP_SHOWN = 10
#: Values of a dimension that it shows.
READERS_SHOWN = 8


def register(app: Flask) -> None:
    """Add the public pages to `app`."""
    app.register_blueprint(bp)
    root.register(app)


bp.register_blueprint(recipients.bp)
bp.register_blueprint(screen.bp)
bp.before_request(security.check_host)
bp.after_request(security.add_headers)
failures.register(bp)


@bp.errorhandler(404)
def nowhere(_error: NotFound) -> tuple[str, int]:
    """Say to a reader that there is no such page; nothing of it leads to the admin pages."""
    return failures.page(
        404,
        gettext("This page does not exist"),
        gettext("The address is mistyped, or the portal does not show its statistics here."),
        for_readers=True,
    )


@bp.get("/<slug>")
def statistics(slug: str) -> str:
    """Show the numbers of a site to everybody."""
    site = _public_site(slug)
    now, today = services().clock.now(), today_of(site)
    weeks, unit = Span(today - (SHOWN_DAYS - 1) * DAY, today), "day"
    span = weeks
    if request.args.get("span") == "year":
        span, unit = Span(shift_months(today.replace(day=1), MONTHS - 1), today), "month"
    series = services().traffic.history.series(site, unit, span, now)
    top = services().traffic.top_articles
    return render_template(
        "public/statistics.html",
        public_site=site,
        counts=services().traffic.views.counts(site, now),
        series=series,
        chart=chart(series, site.headline),
        point_name=point_name,
        by_month=unit == "month",
        top=top.of_span(site, weeks, now)[:TOP_SHOWN] if site.public_articles else (),
        documents=services().traffic.clicks.shown_documents(site, weeks, TOP_SHOWN, now)
        if site.public_documents
        else (),
        readers=_readers(site, span, now),
        names=dimension_names(),
        value_name=value_name,
        portal=front_page(site.hosts[0]),
        now=now,
    )


@bp.get("/<slug>/how-we-count")
def how_we_count(slug: str) -> str:
    """Say what the numbers mean, out of the settings in force."""
    site = _public_site(slug)
    return render_template(
        "public/how_we_count.html",
        public_site=site,
        portal=front_page(site.hosts[0]),
        online_minutes=ONLINE_SECONDS // 60,
        gap_minutes=VISIT_GAP_SECONDS // 60,
    )


def _readers(site: Site, span: Span, now: float) -> list[DimensionCounts]:
    """Return what the owner opens of what visits told."""
    opened = [name for name in GROUPS if name in site.readers_public]
    if not opened:
        return []
    readers = services().traffic.readers
    found = readers.of_span(site, span, now, NOTHING, opened, READERS_SHOWN)
    return [counts for counts in found.dimensions if counts.told]


def _public_site(slug: str) -> Site:
    """Return the site if its page is public; one that is not looks like one that is not there."""
    if not SLUG.fullmatch(slug):
        abort(404)
    try:
        site = services().sites.sites.get(slug)
    except UnknownSiteError:
        abort(404)
    if not site.public:
        abort(404)
    g.site_language = site.language
    return site
