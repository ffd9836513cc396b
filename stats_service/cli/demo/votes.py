"""Polls and ratings for the demo portal, cast as any reader's are, the same at every start."""

import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from stats_service.models.polls import BallotQuery, Choice, Poll, Protection
from stats_service.models.ratings import RatingQuery
from stats_service.models.sites import Site
from stats_service.models.traffic.views import Visitor
from stats_service.services.container import Services

WHO = "demo"
DAY = 86_400.0
#: Which article got a burst of ratings, how many, of what score, and how many days ago.
BURST_ARTICLE, BURST_RATINGS, BURST_SCORE, BURST_AGO = 9, 42, 1, 3
#: Days in which the articles were rated.
RATED_DAYS = 12
#: Ratings of the most rated article; the others have fewer.
RATINGS_MAX = 34
#: Ballots that one address casts within ten minutes, of which so many count at once.
BURST = 26
BURST_FROM = 8
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def _poll(name: str, vi: str, en: str, choices: str, **more: Any) -> Poll:
    """Return a poll; `choices` has one a line: id, Vietnamese, English."""
    rows = [[text.strip() for text in row.split("|")] for row in choices.strip().splitlines()]
    return Poll(
        id=name,
        question={"vi": vi, "en": en},
        choices=tuple(Choice(id=row[0], text={"vi": row[1], "en": row[2]}) for row in rows),
        **more,
    )


class DemoPoll(NamedTuple):
    """A poll with what became of it."""

    poll: Poll
    #: How often each choice is taken, as weights.
    shares: tuple[int, ...]
    ballots: int
    #: Days ago that it was opened; days that it lasted, 0: it is open.
    ago: int
    days: int


#: The poll of the model page last, as the current one is the one that was opened last.
POLLS = (
    DemoPoll(
        _poll(
            "giao-dien-moi",
            "Bạn thấy giao diện mới của cổng thế nào?",
            "What do you think of the portal's new look?",
            """
            rat-tot | Rất tốt | Very good
            tot | Tốt | Good
            chua-quen | Chưa quen | Not used to it yet
            chua-tot | Chưa tốt | Not good
            """,
        ),
        (31, 42, 18, 9),
        173,
        390,
        21,
    ),
    DemoPoll(
        _poll(
            "gio-tiep-dan",
            "Bộ phận Một cửa nên mở thêm giờ nào?",
            "When should the one-stop counter open in addition?",
            """
            trua | Buổi trưa | At noon
            chieu | Sau 17 giờ | After 5 p.m.
            thu-bay | Sáng thứ bảy | Saturday morning
            """,
            multiple=True,
            max_choices=2,
        ),
        (18, 41, 63),
        141,
        27,
        16,
    ),
    DemoPoll(
        _poll(
            "le-hoi-2027",
            "Hoạt động nào nên có trong lễ hội đầu xuân năm 2027?",
            "What should the spring festival of 2027 have?",
            """
            boi-trai | Đua thuyền bơi trải | Boat race
            coi | Hội thi dệt cói | Sedge weaving contest
            am-thuc | Ẩm thực địa phương | Local food
            """,
            protection=Protection(per_address=BURST_FROM),
        ),
        (45, 20, 35),
        64,
        12,
        0,
    ),
    DemoPoll(
        _poll(
            "muc-quan-tam",
            "Bạn quan tâm mục gì nhất trong Website của chúng tôi?",
            "Which part of our website interests you most?",
            """
            tin-tuc | Tin tức - Sự kiện | News and events
            thu-tuc | Thủ tục hành chính | Administrative procedures
            van-ban | Văn bản chỉ đạo điều hành | Official documents
            hoi-dap | Hỏi đáp, góp ý | Questions and answers
            du-lich | Du lịch Kim Sơn | Travel in Kim Sơn
            """,
        ),
        (38, 27, 12, 9, 14),
        268,
        11,
        0,
    ),
)
#: Somebody has not finished this one.
DRAFT = _poll(
    "xe-buyt",
    "Tuyến xe buýt số 08 nên dừng thêm ở đâu?",
    "Where else should bus 08 stop?",
    """
    cho | Chợ Nam Dân | Nam Dân market
    benh-vien | Bệnh viện đa khoa | General hospital
    """,
)


def add_demo_votes(services: Services, site: Site, articles: Iterable[str]) -> None:
    """Open the demo's polls and let readers of the last weeks vote and rate.

    Args:
        services: of the installation.
        site: the demo's site, whose articles have been read already.
        articles: keys of its articles, the newest first.
    """
    chance = random.Random(2019)  # noqa: S311 - a demo, and the same at every start
    now = services.clock.now()
    for entry in POLLS:
        begin = now - entry.ago * DAY
        end = begin + entry.days * DAY if entry.days else now - 60
        _vote(services, site, entry, _times(chance, begin, end, entry.ballots), end)
    services.polls.polls.create(site.slug, DRAFT, WHO, now - DAY)
    _rate(services, site, articles, chance)


def _vote(services: Services, site: Site, entry: DemoPoll, times: list[float], end: float) -> None:
    poll = entry.poll
    chance = random.Random(poll.id)  # noqa: S311 - as above
    opened = replace(poll, status="open", closes=end if entry.days else None)
    services.polls.polls.create(site.slug, opened, WHO, times[0])
    if poll.protection.per_address == BURST_FROM:
        # One evening, one address votes again and again; what is over the ceiling waits.
        times = sorted([*times, *_times(chance, end - 2 * DAY, end - 2 * DAY + 600, BURST)])
    known = services.sites.directory.load(site.slug, times[0])
    for number, (moment, visitor, voter) in enumerate(_readers(services, site, times)):
        if not known.knows_day(moment):
            known = services.sites.directory.load(site.slug, moment)
        burst = 0 <= moment - (end - 2 * DAY) <= 600
        sender = replace(visitor, address="203.0.113.61") if burst else visitor
        wanted = chance.choices(poll.choices, entry.shares, k=poll.max_choices)
        choices = tuple(dict.fromkeys(choice.id for choice in wanted))
        ballot = BallotQuery(ballot=f"demo-{poll.id}-{number:06}", choices=choices, voter=voter)
        services.loop.run(
            services.polls.ballots.cast_ballot(known, poll.id, ballot, sender, moment)
        )


def _rate(services: Services, site: Site, articles: Iterable[str], chance: random.Random) -> None:
    now = services.clock.now()
    known = services.sites.directory.load(site.slug, now - 60)
    for place, article in enumerate(articles):
        best = chance.uniform(0.45, 0.95)
        number = int(RATINGS_MAX * chance.random() ** 2) if place else RATINGS_MAX
        times = _times(chance, now - RATED_DAYS * DAY, now - 60, number)
        burst = now - BURST_AGO * DAY, now - BURST_AGO * DAY + 1_500
        if place == BURST_ARTICLE:
            times = sorted([*times, *_times(chance, *burst, BURST_RATINGS)])
        for moment, visitor, voter in _readers(services, site, times):
            score = 1 + sum(chance.random() < best for _ in range(site.rating_scale - 1))
            if place == BURST_ARTICLE and burst[0] <= moment <= burst[1]:
                score = BURST_SCORE
            if not known.knows_day(moment):
                known = services.sites.directory.load(site.slug, moment)
            rating = RatingQuery(article=article, score=score, voter=voter)
            services.loop.run(services.ratings.ratings.rate_article(known, rating, visitor, moment))


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
        yield moment, visitor, services.polls.voters.issue(site.slug, moment - 60)
