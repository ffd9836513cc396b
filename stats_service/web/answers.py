"""The answer to a page view as bytes, for Flask and for the hot path."""

import msgspec

from stats_service.models.traffic import ArticleCounts, PageAnswer, SiteCounts


class _Body(msgspec.Struct, frozen=True):
    counted: bool
    site: SiteCounts | msgspec.Raw
    article: ArticleCounts | None
    articles: dict[str, ArticleCounts]


_encoder = msgspec.json.Encoder()


def page_answer_json(answer: PageAnswer, site: msgspec.Raw | None = None) -> bytes:
    """Return the JSON of an answer; `site` is its site part if that is encoded already."""
    return _encoder.encode(
        _Body(answer.counted, site or answer.site, answer.article, answer.articles)
    )


def page_answer_headers(answer: PageAnswer) -> list[tuple[str, str]]:
    """Return the headers of an answer, CORS apart."""
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store")]
    if answer.ignored:
        headers.append(("Stats-Ignored", answer.ignored))
    if answer.note:
        headers.append(("Stats-Note", answer.note))
    return headers
