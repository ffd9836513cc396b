"""Made-up numbers for the preview of widgets, where a site has none of its own yet."""

import msgspec

from stats_service.models.clicks import KINDS
from stats_service.models.polls import Choice, Poll, PollTally, PresentedPoll
from stats_service.models.ratings import RatedArticle
from stats_service.models.titles import ListedArticle
from stats_service.models.traffic.views import (
    ArticleCounts,
    PageAnswer,
    Peak,
    RatingTally,
    Record,
    SiteCounts,
    Totals,
)
from stats_service.services.polls.presentation import present_poll
from stats_service.web.http.answers import page_answer_json

#: The article that the sample's numbers are of.
ARTICLE = "/tin-tuc/bai-viet-mau"

_DAY = 86_400.0
_RATING = RatingTally(count=128, average=4.3, scale=5, counts=(2, 5, 14, 38, 69))
_CHOICES = (
    ("tin-tuc", "Tin tức, sự kiện", "News and events", 214),
    ("thu-tuc", "Thủ tục hành chính", "Procedures", 341),
    ("van-ban", "Văn bản, chỉ đạo", "Documents", 96),
)

#: Titles of articles of a list, and their views.
_LISTED = (
    ("Khánh thành cầu Sông Vạc", 1_204),
    ("Lịch tiếp công dân tháng 12", 866),
    ("Lễ hội Rằm tháng Giêng thu hút hàng nghìn du khách", 731),
    ("Hướng dẫn đăng ký khai sinh trực tuyến", 512),
    ("Nghị quyết về phát triển kinh tế – xã hội", 366),
)


def sample(headline: str, timezone: str, now: float) -> bytes:
    """Return as JSON what the service would answer: `page`, `poll`, `closed`, `rating`."""
    page = PageAnswer(
        counted=False,
        ignored="",
        note="",
        site=_counts(headline),
        article=ArticleCounts(ARTICLE, 366, 24, _RATING, downloads=128),
        articles={},
        clicks=tuple(KINDS),
    )
    parts = {
        "page": msgspec.Raw(page_answer_json(page)),
        "poll": _poll("open", timezone, now),
        "closed": [_poll("closed", timezone, now)],
        "rating": RatedArticle(ARTICLE, _RATING),
        "top": [ListedArticle(ARTICLE, title, ARTICLE, views) for title, views in _LISTED],
    }
    return msgspec.json.encode(parts)


def _counts(headline: str) -> SiteCounts:
    def totals(scale: int) -> Totals:
        return Totals(
            total=1_814_165 * scale,
            today=1_507 * scale,
            yesterday=1_812 * scale,
            week=8_204 * scale,
            month=41_377 * scale,
            year=498_210 * scale,
            opening=0,
            record=Record(3_204 * scale, "2026-09-02"),
        )

    peak = Peak(412, "2026-09-02T09:30:00+07:00")
    return SiteCounts(headline, totals(1), totals(3), 155, peak)


def _poll(state: str, timezone: str, now: float) -> PresentedPoll:
    poll = Poll(
        id=f"mau-{state}",
        question={
            "vi": "Bạn quan tâm mục gì nhất trên cổng thông tin?",
            "en": "Which section of the portal matters most to you?",
        },
        choices=tuple(Choice(id=key, text={"vi": vi, "en": en}) for key, vi, en, _ in _CHOICES),
        status=state,
        closes=now + 20 * _DAY if state == "open" else now - 40 * _DAY,
        closed=now - 40 * _DAY,
    )
    votes = {key: n for key, _, _, n in _CHOICES}
    return present_poll(poll, PollTally(sum(votes.values()), votes), timezone, now)
