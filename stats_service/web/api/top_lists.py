"""Lists of articles for everybody: as JSON, which the portal's pages show, and as RSS."""

import re
from xml.etree import ElementTree

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.sites import Site
from stats_service.models.titles import (
    LISTED_USUAL,
    RATING,
    RISING,
    VIEWS,
    ListedArticle,
    TopList,
    TopQuery,
)
from stats_service.services.formats import number, score
from stats_service.services.visitors.hosts import front_page
from stats_service.web.http.bodies import cached_json
from stats_service.web.http.context import services
from stats_service.web.http.sites import on_site

bp = Blueprint("top_lists", __name__)

#: Seconds for which a list may be cached.
LIST_MAX_AGE = 60

_TITLES = {
    "vi": {VIEWS: "Tin đọc nhiều", RATING: "Đánh giá cao", RISING: "Đang được quan tâm"},
    "en": {VIEWS: "Most read", RATING: "Best rated", RISING: "Rising"},
}


@bp.after_request
def open_to_all(response: Response) -> Response:
    """Let every page read the answer: the owner has opened the lists, and they name nobody."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@bp.get("/<slug>/top")
def top_list(slug: str) -> Response:
    """Answer with a list of articles."""
    return cached_json(msgspec.json.encode(_list(slug)[1]), LIST_MAX_AGE)


@bp.get("/<slug>/top.rss")
def top_feed(slug: str) -> Response:
    """Answer with the same list as RSS."""
    site, found = _list(slug)
    lang = "en" if request.args.get("lang", site.language) == "en" else "vi"
    rss = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(rss, "channel")
    title = f"{_TITLES[lang][found.by]} · {site.name}"
    _add(channel, title=title, link=front_page(site.hosts[0]), description=title, language=lang)
    for article in found.articles:
        item = ElementTree.SubElement(channel, "item")
        text = _told(article, lang)
        _add(item, title=article.title, link=article.url, guid=article.url, description=text)
    body: bytes = ElementTree.tostring(rss, "utf-8", xml_declaration=True)
    return cached_json(body, LIST_MAX_AGE, "application/rss+xml")


def _add(element: ElementTree.Element, **texts: str) -> None:
    for name, text in texts.items():
        ElementTree.SubElement(element, name).text = text


def _told(article: ListedArticle, lang: str) -> str:
    """Return the number of an article in words."""
    if article.rating is not None:
        average, count = score(article.rating.average, lang), number(article.rating.count, lang)
        return f"{average} ({count} đánh giá)" if lang == "vi" else f"{average} ({count} ratings)"
    views = number(article.views or 0, lang)
    return f"{views} lượt xem" if lang == "vi" else f"{views} views"


def _list(slug: str) -> tuple[Site, TopList]:
    args, usual = request.args, TopQuery()
    limit = args.get("limit", str(LISTED_USUAL))
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 4):
        raise InvalidInputError(f"limit {limit[:40]!r}: use a whole number.")
    query = TopQuery(
        args.get("by", usual.by),
        args.get("span", usual.span),
        int(limit),
        _prefixes("only"),
        _prefixes("exclude"),
    )
    now = services().clock.now()
    return on_site(
        slug,
        lambda entry: (entry.site, services().traffic.top_lists.read(entry.site, query, now)),
    )


def _prefixes(name: str) -> tuple[str, ...]:
    """Return the prefixes of a parameter, with spaces or commas between them."""
    return tuple(filter(None, re.split(r"[\s,]+", request.args.get(name, ""))))
