"""A believable past for the demo portal: two years of a district's site, the same at every start.

Working hours and evenings, quiet weekends, growth, the holidays of Vietnam, a few busy days.
"""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from stats_service.cli.demo.readers import demo_told
from stats_service.models.sites import Site
from stats_service.models.traffic.history import DayHistory, Pair
from stats_service.services.traffic.tet import TET

DAYS = 730
#: Days for which the views of articles are written; the store keeps no more.
ARTICLE_DAYS = 400
#: Visits of an ordinary working day at the end of the two years.
VISITS = 1500
VIEWS_PER_VISIT = 2.7

#: Visits by hour of a working day and of a day off, as weights.
WORKING = [5, 3, 2, 2, 4, 11, 26, 62, 104, 112, 100, 71]
WORKING += [48, 66, 92, 95, 82, 54, 40, 47, 58, 55, 34, 15]
OFF = [7, 4, 3, 3, 5, 10, 20, 33, 45, 52, 54, 48]
OFF += [41, 40, 44, 47, 46, 42, 43, 55, 66, 60, 38, 17]
#: From Monday; a day off is quieter.
WEEKDAYS = (1.08, 1.05, 1.02, 1.0, 0.93, 0.52, 0.46)
HOLIDAYS = {(1, 1), (4, 30), (5, 1), (9, 2), (9, 1)}
#: Articles, the most read first; news come and go, the rest is always there.
STANDING = (
    "/",
    "/thu-tuc-hanh-chinh",
    "/gioi-thieu/lanh-dao-huyen",
    "/van-ban",
    "/lich-cong-tac",
    "/lien-he",
    "/hoi-dap",
    "/ban-do-huyen",
    "/gioi-thieu/lich-su-hinh-thanh",
    "/du-lich/nha-tho-da",
)
NEWS = (
    "ky-hop-thu-muoi-hai-hdnd-huyen",
    "khai-giang-nam-hoc-moi",
    "phong-chong-bao-so-3",
    "ket-qua-thi-tot-nghiep-thpt",
    "le-hoi-truyen-thong-dau-xuan",
    "dau-gia-quyen-su-dung-dat",
    "tuyen-dung-vien-chuc-giao-duc",
    "hoi-thao-chuyen-doi-so",
    "gia-nuoc-sach-nong-thon",
    "lam-can-cuoc-cong-dan-luu-dong",
    "chuong-trinh-ocop-coi-my-nghe",
    "ngay-hoi-doc-sach",
    "tiem-chung-mo-rong",
    "cai-cach-hanh-chinh-quy-iii",
    "quy-hoach-khu-dan-cu-phat-diem",
    "hien-mau-tinh-nguyen",
    "giai-bong-chuyen-nong-dan",
    "canh-bao-lua-dao-truc-tuyen",
)
NEWS_DAYS = 21
#: What the portal calls these pages; one has no title, as of a page that could not be read.
TITLES = {
    "/": "Cổng thông tin điện tử huyện Kim Sơn",
    "/thu-tuc-hanh-chinh": "Thủ tục hành chính",
    "/gioi-thieu/lanh-dao-huyen": "Lãnh đạo huyện qua các nhiệm kỳ",
    "/van-ban": "Văn bản chỉ đạo, điều hành",
    "/lich-cong-tac": "Lịch công tác tuần",
    "/lien-he": "Liên hệ",
    "/hoi-dap": "Hỏi đáp pháp luật",
    "/gioi-thieu/lich-su-hinh-thanh": "Lịch sử hình thành huyện Kim Sơn",
    "/du-lich/nha-tho-da": "Nhà thờ đá Phát Diệm",
    "ky-hop-thu-muoi-hai-hdnd-huyen": "Kỳ họp thứ mười hai Hội đồng nhân dân huyện",
    "khai-giang-nam-hoc-moi": "Các trường khai giảng năm học mới",
    "phong-chong-bao-so-3": "Chủ động phòng, chống bão số 3",
    "ket-qua-thi-tot-nghiep-thpt": "Kết quả kỳ thi tốt nghiệp trung học phổ thông",
    "le-hoi-truyen-thong-dau-xuan": "Lễ hội truyền thống đầu xuân",
    "dau-gia-quyen-su-dung-dat": "Thông báo đấu giá quyền sử dụng đất",
    "tuyen-dung-vien-chuc-giao-duc": "Tuyển dụng viên chức ngành giáo dục",
    "hoi-thao-chuyen-doi-so": "Hội thảo chuyển đổi số cấp xã",
    "gia-nuoc-sach-nong-thon": "Giá nước sạch nông thôn từ quý III",
    "lam-can-cuoc-cong-dan-luu-dong": "Làm căn cước công dân lưu động tại các xã",
    "chuong-trinh-ocop-coi-my-nghe": "Chương trình OCOP: cói mỹ nghệ Kim Sơn",
    "ngay-hoi-doc-sach": "Ngày hội đọc sách",
    "tiem-chung-mo-rong": "Lịch tiêm chủng mở rộng",
    "cai-cach-hanh-chinh-quy-iii": "Kết quả cải cách hành chính quý III",
    "quy-hoach-khu-dan-cu-phat-diem": "Công bố quy hoạch khu dân cư Phát Diệm",
    "hien-mau-tinh-nguyen": "Ngày hội hiến máu tình nguyện",
    "giai-bong-chuyen-nong-dan": "Giải bóng chuyền nông dân",
    "canh-bao-lua-dao-truc-tuyen": "Cảnh báo lừa đảo trực tuyến",
}
#: Views not counted, as shares of the views.
IGNORED = {
    "bot": 0.19,
    "prefetch": 0.021,
    "duplicate": 0.009,
    "host": 0.006,
    "opt-out": 0.003,
    "no-user-agent": 0.002,
    "ceiling": 0.0012,
}
#: Views of readers who send GPC or DNT, as a share.
PRIVATE = 0.034


def demo_titles(days: Sequence[DayHistory]) -> dict[str, str]:
    """Return what the articles of a history are called, by key."""
    keys = dict.fromkeys(key for day in days for key in day.articles)
    return {
        key: title
        for key in keys
        if (title := TITLES.get(key) or TITLES.get(key.rpartition("/")[2]))
    }


def demo_history(
    site: Site, now: float, articles: Sequence[str] = (), size: float = 1.0
) -> list[DayHistory]:
    """Return the two years up to `now`, today as far as it has come.

    Args:
        site: whose zone and name it is.
        now: seconds since 1970.
        articles: keys of pages that the demo portal really has; they are read every day.
        size: how much of a district's traffic the site has.
    """
    local = datetime.fromtimestamp(now, UTC).astimezone(ZoneInfo(site.timezone))
    today = local.date()
    level = VISITS * size
    days = [today - timedelta(days=n) for n in range(DAYS, -1, -1)]
    return [
        _day(
            day, local if day == today else None, (day - today).days, (*STANDING, *articles), level
        )
        for day in days
    ]


def _day(
    day: date, until: datetime | None, age: int, standing: Sequence[str], usual: float
) -> DayHistory:
    # Sites of different sizes have different days.
    chance = random.Random(f"{usual}:{day}")  # noqa: S311 - a demo, the same at every start
    off = day.weekday() > 4 or _is_holiday(day)
    growth = 0.62 + 0.38 * (1 + age / DAYS)
    level = usual * growth * WEEKDAYS[day.weekday()] * _season(day) * chance.uniform(0.93, 1.08)
    if chance.random() < 0.012:
        level *= chance.uniform(1.5, 2.1)
    weights = OFF if off else WORKING
    hours = []
    for hour, weight in enumerate(weights):
        share = weight / sum(weights) * chance.uniform(0.86, 1.14)
        if until is not None:
            share *= min(1.0, max(0.0, until.hour + until.minute / 60 - hour))
        visits = round(level * share)
        hours.append(Pair(visits, round(visits * VIEWS_PER_VISIT * chance.uniform(0.92, 1.09))))
    views = sum(pair.views for pair in hours)
    ignored = {reason: round(views * s * chance.uniform(0.7, 1.4)) for reason, s in IGNORED.items()}
    articles = _articles(day, views, standing, chance) if age > -ARTICLE_DAYS else {}
    return DayHistory(
        day,
        tuple(hours),
        articles,
        {reason: n for reason, n in ignored.items() if n},
        round(views * PRIVATE * chance.uniform(0.8, 1.2)),
        demo_told(day, sum(pair.visits for pair in hours), articles),
    )


def _articles(
    day: date, views: int, standing: Sequence[str], chance: random.Random
) -> dict[str, int]:
    """Share the day's views: a third to standing pages, the rest to news, the newest first."""
    found = {}
    for place, key in enumerate(standing):
        found[key] = round(views * 0.17 / (place + 1) ** 0.9 * chance.uniform(0.8, 1.2))
    for ago in range(NEWS_DAYS):
        number = day.toordinal() - ago
        if number % 2:
            continue
        popularity = random.Random(number).uniform(0.3, 1.8)  # noqa: S311 - as above
        name = NEWS[number // 2 % len(NEWS)]
        key = f"/tin-tuc/{date.fromordinal(number):%Y/%m}/{name}"
        found[key] = round(views * 0.11 * popularity * 0.8**ago * chance.uniform(0.8, 1.2))
    return {key: n for key, n in found.items() if n}


def _is_holiday(day: date) -> bool:
    return (day.month, day.day) in HOLIDAYS or _days_from_tet(day) in range(-2, 5)


def _season(day: date) -> float:
    if _is_holiday(day):
        return 0.5
    if _days_from_tet(day) in range(-9, -2):
        return 1.18
    return {6: 0.94, 7: 0.92, 8: 1.04, 9: 1.09, 12: 1.06}.get(day.month, 1.0)


def _days_from_tet(day: date) -> int:
    return min(((day - tet).days for tet in TET.values()), key=abs)
