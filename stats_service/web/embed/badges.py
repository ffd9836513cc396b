"""Badges: one number as an image, for pages and mails that run no script."""

from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from stats_service.models.sites import Site
from stats_service.services import formats
from stats_service.web.embed.badge_image import THEMES, badge_svg
from stats_service.web.http.context import services
from stats_service.web.http.sites import on_site

#: Seconds for which a browser or a cache may show the same badge.
BADGE_MAX_AGE = 60

LABELS = {
    "visits": {"vi": "Lượt truy cập", "en": "Visits"},
    "views": {"vi": "Lượt xem", "en": "Views"},
    "online": {"vi": "Trực tuyến", "en": "Online"},
    "today": {"vi": "Hôm nay", "en": "Today"},
}

bp = Blueprint("badges", __name__)


@bp.get("/<slug>/badge/<metric>.svg")
def badge(slug: str, metric: str) -> Response:
    """Answer with `total`, `online`, `today`, or the `views` of `article`, as an image."""
    language = _choice("lang", ("vi", "en"))
    theme = _choice("theme", THEMES)
    try:
        label, number = on_site(slug, lambda entry: _metric(entry.site, metric))
        value = "–" if number is None else formats.number(number, language)
    except StoreUnavailableError:
        return _image(badge_svg("–", "…", theme), "no-store", 503)
    svg = badge_svg(LABELS[label][language], value, theme)
    return _image(svg, f"public, max-age={BADGE_MAX_AGE}", 200)


def _metric(site: Site, metric: str) -> tuple[str, int | None]:
    """Return the name of a metric's label, and its value, if it has one."""
    now = services().clock.now()
    if metric == "views":
        article = request.args.get("article", "")
        if not article:
            raise InvalidInputError("article is missing: say ?article=/path of the article.")
        return "views", services().traffic.views.articles(site, [article], now)[article].views
    counts = services().traffic.views.counts(site, now)
    headline = counts.views if site.headline == "views" else counts.visits
    if metric == "total":
        return site.headline, headline.total
    if metric == "today":
        return "today", headline.today
    if metric == "online":
        return "online", counts.online
    raise NotFoundError(f"There is no badge {metric!r}: use total, online, today or views.")


def _choice(name: str, allowed: tuple[str, ...]) -> str:
    value = request.args.get(name, allowed[0])
    if value not in allowed:
        raise InvalidInputError(f"{name}={value[:40]!r}: use {' or '.join(allowed)}.")
    return value


def _image(svg: str, cache_control: str, status: int) -> Response:
    response = Response(svg, status, mimetype="image/svg+xml")
    response.headers.update(
        {
            "Cache-Control": cache_control,
            "Cross-Origin-Resource-Policy": "cross-origin",
            # Opened by itself an SVG is a document; this one needs nothing but its own style.
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }
    )
    if status == 200:
        response.add_etag()
        response.make_conditional(request)
    return response
