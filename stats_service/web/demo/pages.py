"""The pages of the demo portal."""

import secrets
from contextlib import suppress
from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import msgspec
from flask import Blueprint, Flask, Response, current_app, g, render_template

from stats_service.errors import NotFoundError, StatsError
from stats_service.models.sites import DEFAULT_TIMEZONE
from stats_service.web.demo.content import SLUG, Article, Content, load_content
from stats_service.web.demo.document_file import pdf_of
from stats_service.web.embed.scripts import embed_files
from stats_service.web.http.context import services

#: Name of the loaded content in `app.extensions`.
EXTENSION = "stats_service.demo"

WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ nhật")

bp = Blueprint(
    "demo",
    __name__,
    url_prefix="/demo",
    template_folder="templates",
    static_folder="static",
    static_url_path="/static",
)


@bp.get("/")
def front() -> str:
    """Show the front page."""
    return render_template("demo/front.html", active="front", most_read=_most_read())


@bp.get("/tin-tuc/")
def news() -> str:
    """List every article with its views."""
    return render_template("demo/news.html", active="news")


@bp.get("/tin-tuc/<slug>")
def article(slug: str) -> str:
    """Show an article."""
    found = _content().article(slug)
    if found is None:
        raise NotFoundError(f"The demo portal has no article {slug!r}.")
    others = [other for other in _content().articles if other is not found][:4]
    return render_template("demo/article.html", active="news", article=found, others=others)


@bp.get("/thu-tuc/", defaults={"slug": ""})
@bp.get("/thu-tuc/<slug>")
def procedures(slug: str) -> str:
    """Show the procedures: a single-page application, whatever its address."""
    if slug and slug not in (procedure.slug for procedure in _content().procedures):
        raise NotFoundError(f"The demo portal has no procedure {slug!r}.")
    listed = msgspec.to_builtins(_content().procedures)
    return render_template("demo/procedures.html", active="procedures", procedures=listed)


@bp.get("/van-ban/")
def documents() -> str:
    """List documents."""
    return render_template("demo/documents.html", active="documents")


@bp.get("/van-ban/<name>.pdf")
def document(name: str) -> Response:
    """Give a document, as a file that the browser shows or keeps."""
    found = _content().document(name)
    if found is None:
        raise NotFoundError(f"The demo portal has no document {name!r}.")
    number = found.number.replace("Đ", "D")
    lines = ["Kim Son", number, f"{date.fromisoformat(found.day):%d/%m/%Y}", "stats_service demo"]
    return Response(pdf_of(lines), mimetype="application/pdf")


@bp.get("/binh-chon/")
def polls() -> str:
    """Show the poll, and those that are over."""
    return render_template("demo/polls.html", active="polls")


@bp.get("/ban-chu/")
def text_version() -> str:
    """Show a page without any script: a pixel counts, badges show."""
    return render_template("demo/text.html", active="text")


@bp.get("/en/")
def english() -> str:
    """Show the English page."""
    return render_template("demo/english.html", active="english")


@bp.get("/<path:_rest>")
def nowhere(_rest: str) -> tuple[str, int]:
    """Say that there is no such page."""
    return missing(NotFoundError("The demo portal has no such page."))


@bp.errorhandler(NotFoundError)
def missing(error: NotFoundError) -> tuple[str, int]:
    """Say that there is no such page, as a portal does."""
    return render_template("demo/missing.html", active=""), error.status


@bp.context_processor
def _page() -> dict[str, object]:
    """Give every template the content and the address of the service."""
    settings = services().settings
    g.nonce = secrets.token_urlsafe(16)
    return {
        "base": settings.public_url + settings.path_prefix,
        "content": _content(),
        "embed": embed_files().newest,
        "nonce": g.nonce,
        "slug_of_site": SLUG,
        "has_statistics": _has_statistics(),
        "now": datetime.fromtimestamp(services().clock.now(), ZoneInfo(DEFAULT_TIMEZONE)),
    }


@bp.app_template_filter("vietnamese_date")
def vietnamese_date(day: str | date) -> str:
    """Write a date as the portal does: Thứ Ba, 24/12/2019."""
    value = date.fromisoformat(day) if isinstance(day, str) else day
    return f"{WEEKDAYS[value.weekday()]}, {value:%d/%m/%Y}"


@bp.after_request
def _headers(response: Response) -> Response:
    """Hold the pages to a policy as strict as a portal may have."""
    if "nonce" in g:
        service = services().settings.public_url or "'self'"
        response.headers["Content-Security-Policy"] = (
            f"default-src 'none'; script-src {service} 'nonce-{g.nonce}'; connect-src {service}; "
            f"style-src 'self'; img-src 'self' {service}; frame-src {service}; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
        response.headers["Cache-Control"] = "no-cache"
        response.headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _most_read() -> list[Article]:
    """Return the articles, those with most views first, as a portal's server may ask for them."""
    articles = list(_content().articles)
    paths = [article.path for article in articles]
    with suppress(StatsError):
        site, now = services().sites.sites.get(SLUG), services().clock.now()
        views = services().traffic.views.articles(site, paths, now)
        articles.sort(key=lambda article: -(views[article.path].views or 0))
    return articles


def _has_statistics() -> bool:
    """Say whether the site's statistics page is for everybody; the operator may change that."""
    with suppress(StatsError):
        return services().sites.sites.get(SLUG).public
    return False


def _content() -> Content:
    return cast("Content", current_app.extensions[EXTENSION])


def register(app: Flask) -> None:
    """Serve the demo portal."""
    app.extensions[EXTENSION] = load_content()
    app.register_blueprint(bp)
