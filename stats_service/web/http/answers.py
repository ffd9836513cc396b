"""The response to a page view as bytes, for the event loop and for Flask."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from stats_service.models.polls import PresentedPoll
from stats_service.models.traffic.views import ArticleCounts, PageAnswer, SiteCounts

#: Headers of a response that must not be cached.
FRESH_JSON = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class PageBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the response to a page view."""

    #: Whether this request added a view.
    counted: bool
    site: SiteCounts
    #: The article of the page; null if the page does not count as an article, absent if `at` and
    #: `was` are addresses of the same article.
    article: ArticleCounts | UnsetType | None = UNSET
    #: The other requested articles, by the text that the page sent.
    articles: dict[str, ArticleCounts]
    #: The requested poll; null if the poll does not exist, absent if none was requested.
    poll: PresentedPoll | UnsetType | None = UNSET
    #: The kinds of clicks that the page counts; absent: none.
    clicks: tuple[str, ...] | UnsetType = UNSET
    #: A newly issued voter token; absent if the token that was sent is valid.
    voter: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def page_answer_json(
    answer: PageAnswer, site: msgspec.Raw | None = None, poll: msgspec.Raw | None = None
) -> bytes:
    """Return the response body; `site` and `poll` are given if already encoded."""
    # The encoder ignores a struct's annotations and writes raw JSON unchanged.
    site_part: Any = answer.site if site is None else site
    poll_part: Any = answer.poll if poll is None else poll
    body = PageBody(
        counted=answer.counted,
        site=site_part,
        article=answer.article,
        articles=answer.articles,
        poll=poll_part,
        clicks=answer.clicks,
        voter=answer.voter,
    )
    return _encoder.encode(body)


def page_answer_headers(ignored: str, note: str) -> list[tuple[str, str]]:
    """Return the response headers, without CORS, from the fields of `PageAnswer`."""
    headers = list(FRESH_JSON)
    if ignored:
        headers.append(("Stats-Ignored", ignored))
    if note:
        headers.append(("Stats-Note", note))
    return headers
