"""The handbook: pages of `docs/` in the reader's language, beside the admin pages.

`make handbook` makes the HTML below `pages/` out of the Markdown; what is served was written by us.
"""

from importlib.resources import files
from typing import NamedTuple

from flask import Blueprint, abort, render_template, request, url_for
from markupsafe import Markup

from stats_service.web.admin.access import access
from stats_service.web.pages.languages import choose_language

bp = Blueprint("handbook", __name__, url_prefix="/help")

_FOLDER = files("stats_service.web.admin.handbook").joinpath("pages")


class Place(NamedTuple):
    """A page of the handbook, and the heading in each language; empty: its beginning."""

    page: str
    vi: str = ""
    en: str = ""


#: What the handbook says of an admin page, by the first part of its endpoint.
PLACES = {
    "accounts": Place("admin", "ai-được-làm-gì", "rights"),
    "annotations": Place("admin", "ghi-chú-trên-biểu-đồ", "annotations"),
    "article_changes": Place("admin", "bài-viết", "lists-of-articles"),
    "articles": Place("admin", "bài-viết", "lists-of-articles"),
    "clicks": Place("admin", "tài-liệu", "documents"),
    "exports": Place("admin", "dữ-liệu", "data-in-and-out"),
    "install": Place("embed"),
    "notices": Place("notices"),
    "kiosks": Place("polls-and-ratings", "điểm-bình-chọn", "kiosks"),
    "own_account": Place("admin", "xác-thực-hai-bước", "two-step-sign-in"),
    "now": Place("admin", "lúc-này", "now"),
    "overview": Place("admin", "cảnh-báo-ở-trang-tổng-quan", "the-overview-and-its-alarms"),
    "poll_pictures": Place("polls-and-ratings", "ảnh-của-phương-án", "pictures"),
    "poll_removal": Place("polls-and-ratings", "thử-rồi-bỏ", "try-it-throw-it-away"),
    "poll_review": Place("polls-and-ratings", "ai-đã-bình-chọn", "who-has-voted"),
    "polls": Place("polls-and-ratings"),
    "ratings": Place("polls-and-ratings", "đánh-giá-bài-viết", "ratings"),
    "readers": Place("admin", "người-đọc", "readers"),
    "report": Place("admin", "báo-cáo-tuần", "the-weekly-report"),
    "second_factor": Place("admin", "xác-thực-hai-bước", "two-step-sign-in"),
    "settings": Place("admin", "cài-đặt", "not-counting-oneself-opening-balances-erasing"),
    "tokens": Place("admin", "mã-api", "api-tokens"),
    "traffic": Place("admin", "số-liệu", "spans-and-comparisons"),
    "uploads": Place("legacy"),
}


def handbook_link() -> str:
    """Return where the handbook tells of the page that is shown."""
    noun = (request.endpoint or "").removeprefix("admin.").partition(".")[0]
    place = PLACES.get(noun, Place("admin"))
    lang = choose_language()
    anchor = place.vi if lang == "vi" else place.en
    return url_for("admin.handbook.show", lang=lang, page=place.page, _anchor=anchor or None)


@bp.get("/<any(vi, en):lang>/<page>")
@access("signed-in")
def show(lang: str, page: str) -> str:
    """Show a page of the handbook."""
    names = {entry.name for entry in _FOLDER.iterdir()}
    if f"{page}.{lang}.html" not in names:
        abort(404)
    text = _FOLDER.joinpath(f"{page}.{lang}.html").read_text("utf-8")
    other = "en" if lang == "vi" else "vi"
    return render_template(
        "admin/handbook.html",
        title=text.partition("<h1>")[2].partition("</h1>")[0],
        content=Markup(text),  # noqa: S704 - made by us out of our own files
        page_language=lang,
        page=page,
        other=other if f"{page}.{other}.html" in names else "",
    )
