"""The answer to a page view as bytes, for the event loop and for Flask."""

from typing import cast

import msgspec
from msgspec import UNSET, UnsetType

from stats_service.models.polls import PresentedPoll
from stats_service.models.traffic import ArticleCounts, PageAnswer, SiteCounts

#: Headers of an answer that concerns one reader and one moment.
FRESH_JSON = (("Content-Type", "application/json"), ("Cache-Control", "no-store"))


class PageBody(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the answer to a page view."""

    #: Whether this request added a view.
    counted: bool
    site: SiteCounts
    #: The page's own article; null if the page is not counted as one, absent if `at` and `was` are
    #: addresses of one article.
    article: ArticleCounts | UnsetType | None = UNSET
    #: The other articles asked for, by the text that the page sent.
    articles: dict[str, ArticleCounts]
    #: The poll that was asked for; null if there is no such poll, absent if none was asked for.
    poll: PresentedPoll | UnsetType | None = UNSET
    #: A voter's token, newly issued; absent if the one that was sent is good.
    voter: str | UnsetType = UNSET


_encoder = msgspec.json.Encoder()


def page_answer_json(
    answer: PageAnswer, site: msgspec.Raw | None = None, poll: msgspec.Raw | None = None
) -> bytes:
    """Return the JSON of an answer; `site` and `poll` are those parts if encoded already."""
    body = PageBody(
        counted=answer.counted,
        # An encoder does not look at a struct's annotations: it writes raw JSON as it is.
        site=cast("SiteCounts", site) if site is not None else answer.site,
        article=answer.article,
        articles=answer.articles,
        poll=cast("PresentedPoll", poll) if poll is not None else answer.poll,
        voter=answer.voter,
    )
    return _encoder.encode(body)


def page_answer_headers(ignored: str, note: str) -> list[tuple[str, str]]:
    """Return the headers of an answer, CORS apart, from the fields of `PageAnswer`."""
    headers = list(FRESH_JSON)
    if ignored:
        headers.append(("Stats-Ignored", ignored))
    if note:
        headers.append(("Stats-Note", note))
    return headers
