"""Where the handbook defines a number: the heading of `how-we-count`, in the reader's language."""

from flask import url_for

from stats_service.web.pages.languages import choose_language

#: By what is defined: the headings in Vietnamese and in English.
ANCHORS = {
    "numbers": ("các-con-số", "the-numbers"),
    "views": ("một-lượt-xem", "a-view"),
    "visits": ("một-lượt-truy-cập", "a-visit"),
    "sources": ("từ-đâu-đến-và-bằng-gì", "where-from-and-with-what"),
    "days": ("ngày-tuần-và-giờ", "days-weeks-and-hours"),
    "comparisons": ("so-với-kỳ-trước-và-cùng-kỳ", "the-span-before-and-the-year-before"),
    "articles": ("thế-nào-là-một-bài-viết", "what-an-article-is"),
    "uncounted": ("những-gì-không-được-tính", "what-is-not-counted"),
    "documents": ("tài-liệu-liên-kết-ra-ngoài-hành-động", "documents-outgoing-links-actions"),
    "limits": ("các-giới-hạn", "limits"),
    "votes": ("bình-chọn-và-đánh-giá", "polls-and-ratings"),
}


def definition(what: str) -> str:
    """Return where the handbook defines one of `ANCHORS`."""
    lang = choose_language()
    vietnamese, english = ANCHORS[what]
    anchor = vietnamese if lang == "vi" else english
    return url_for("admin.handbook.show", lang=lang, page="how-we-count", _anchor=anchor)
