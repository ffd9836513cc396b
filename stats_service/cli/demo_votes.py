"""Polls and ratings for the demo portal, cast as any reader's are, the same at every start."""

import random
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from stats_service.models.polls import BallotQuery, Choice, Poll
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic import Visitor
from stats_service.services.registry import Services

WHO = "demo"
DAY = 86_400.0
#: Ratings of the most rated article; the others have fewer.
RATINGS_MAX = 34
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"

#: The poll of the model page, then one that is over; each choice with its share of the votes.
CURRENT = Poll(
    id="muc-quan-tam",
    question={
        "vi": "Bạn quan tâm mục gì nhất trong Website của chúng tôi?",
        "en": "Which part of our website interests you most?",
    },
    choices=(
        Choice(id="tin-tuc", text={"vi": "Tin tức - Sự kiện", "en": "News and events"}),
        Choice(id="thu-tuc", text={"vi": "Thủ tục hành chính", "en": "Administrative procedures"}),
        Choice(id="van-ban", text={"vi": "Văn bản chỉ đạo điều hành", "en": "Official documents"}),
        Choice(id="hoi-dap", text={"vi": "Hỏi đáp, góp ý", "en": "Questions and answers"}),
        Choice(id="du-lich", text={"vi": "Du lịch Kim Sơn", "en": "Travel in Kim Sơn"}),
    ),
)
CURRENT_SHARES = (38, 27, 12, 9, 14)
CURRENT_BALLOTS = 268
CURRENT_DAYS = 11
FINISHED = Poll(
    id="gio-tiep-dan",
    question={
        "vi": "Bộ phận Một cửa nên mở thêm giờ nào?",
        "en": "When should the one-stop counter open in addition?",
    },
    choices=(
        Choice(id="trua", text={"vi": "Buổi trưa", "en": "At noon"}),
        Choice(id="chieu", text={"vi": "Sau 17 giờ", "en": "After 5 p.m."}),
        Choice(id="thu-bay", text={"vi": "Sáng thứ bảy", "en": "Saturday morning"}),
    ),
    multiple=True,
    max_choices=2,
)
FINISHED_SHARES = (18, 41, 63)
FINISHED_BALLOTS = 141


def add_demo_votes(services: Services, site: Site, articles: Iterable[str]) -> None:
    """Open the demo's polls and let readers of the last weeks vote and rate.

    Args:
        services: of the installation.
        site: the demo's site, whose articles have been read already.
        articles: keys of its articles, the newest first.
    """
    chance = random.Random(2019)  # noqa: S311 - a demo, and the same at every start
    now = services.clock.now()
    begin = now - CURRENT_DAYS * DAY
    past = _times(chance, begin - 16 * DAY, begin, FINISHED_BALLOTS)
    _vote(services, site, FINISHED, past, closes=begin)
    _vote(services, site, CURRENT, _times(chance, begin, now - 60, CURRENT_BALLOTS))
    _rate(services, site, articles, chance)


def _vote(
    services: Services, site: Site, poll: Poll, times: list[float], closes: float | None = None
) -> None:
    shares = CURRENT_SHARES if poll is CURRENT else FINISHED_SHARES
    chance = random.Random(poll.id)  # noqa: S311 - as above
    opened = replace(poll, status="open", closes=closes)
    services.polls.create(site.slug, opened, WHO, times[0])
    for number, (moment, visitor, voter) in enumerate(_readers(services, site, times)):
        wanted = chance.choices(poll.choices, shares, k=poll.max_choices)
        choices = tuple(dict.fromkeys(choice.id for choice in wanted))
        ballot = BallotQuery(ballot=f"demo-{poll.id}-{number:06}", choices=choices, voter=voter)
        entry = services.directory.load(site.slug, moment)
        services.ballots.cast_ballot(entry, poll.id, ballot, visitor, moment)


def _rate(services: Services, site: Site, articles: Iterable[str], chance: random.Random) -> None:
    now = services.clock.now()
    for place, article in enumerate(articles):
        best = chance.uniform(0.45, 0.95)
        number = int(RATINGS_MAX * chance.random() ** 2) if place else RATINGS_MAX
        times = _times(chance, now - 5 * 3600, now - 60, number)
        for moment, visitor, voter in _readers(services, site, times):
            score = 1 + sum(chance.random() < best for _ in range(site.rating_scale - 1))
            entry = services.directory.entry(site.slug, moment)
            rating = RatingQuery(article=article, score=score, voter=voter)
            services.ratings.rate_article(entry, rating, visitor, moment)


def _times(chance: random.Random, begin: float, end: float, number: int) -> list[float]:
    return sorted(chance.uniform(begin, end) for _ in range(number))


def _readers(
    services: Services, site: Site, times: list[float]
) -> Iterator[tuple[float, Visitor, str]]:
    """Give each moment a reader of its own, who has had a token for a minute."""
    for number, moment in enumerate(times):
        visitor = Visitor(
            address=f"198.51.100.{number % 250 + 1}",
            user_agent=BROWSER,
            origin=f"http://{site.hosts[0]}",
            private=False,
            prefetch=False,
        )
        yield moment, visitor, services.voters.mint(site.slug, moment - 60)
