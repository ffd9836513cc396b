"""What the demo's readers clicked on: believable days, the same at every start."""

import random
from collections.abc import Mapping, Sequence
from datetime import date

from stats_service.models.clicks import DayClicks
from stats_service.models.traffic.history import DayHistory
from stats_service.services.traffic.tet import TET

#: Clicks on what is always there, as shares of a day's visits, by kind and name.
STANDING: dict[str, dict[str, float]] = {
    "document": {
        "/van-ban/to-khai-dang-ky-khai-sinh.docx": 0.021,
        "/van-ban/don-xin-xac-nhan-cu-tru.docx": 0.017,
        "/van-ban/bang-gia-dat-huyen-kim-son.pdf": 0.013,
        "/van-ban/mau-hop-dong-chuyen-nhuong.docx": 0.009,
        "/van-ban/ban-do-quy-hoach-2030.zip": 0.006,
        "/van-ban/so-tay-chuyen-doi-so.pdf": 0.004,
        "/tai-lieu/bai-hat-ve-kim-son.mp3": 0.002,
    },
    "outgoing": {
        "dichvucong.gov.vn": 0.046,
        "ninhbinh.gov.vn": 0.022,
        "www.facebook.com": 0.014,
        "zalo.me": 0.012,
        "www.youtube.com": 0.007,
        "chinhphu.vn": 0.005,
        "thuvienphapluat.vn": 0.004,
    },
    "action": {"nop-ho-so": 0.018, "goi-duong-day-nong": 0.006, "in-trang": 0.004},
}
#: Clicks on a new document on its first day, as a share of the visits; then fewer each day.
FRESH, FADES = 0.03, 0.86
#: Forms are fetched on working days, and hardly at all around Tết.
DAY_OFF, AROUND_TET = 0.4, 0.25


def demo_clicks(days: Sequence[DayHistory], documents: Mapping[str, date]) -> dict[date, DayClicks]:
    """Return the clicks of a history, by day, kind and name.

    Args:
        days: the history.
        documents: paths of documents that the demo portal really has, and their dates.
    """
    return {day.day: _clicks(day, documents) for day in days}


def _clicks(day: DayHistory, documents: Mapping[str, date]) -> DayClicks:
    chance = random.Random(f"clicks:{day.day}")  # noqa: S311 - a demo, the same at every start
    visits = float(sum(pair.visits for pair in day.hours))
    if day.day.weekday() > 4:
        visits *= DAY_OFF
    if any(-3 <= (day.day - tet).days <= 5 for tet in TET.values()):
        visits *= AROUND_TET
    shares = {kind: dict(names) for kind, names in STANDING.items()}
    for path, published in documents.items():
        age = (day.day - published).days
        if age >= 0:
            shares["document"][path] = FRESH * FADES**age
    found = {
        kind: {
            name: round(visits * share * chance.uniform(0.6, 1.4)) for name, share in own.items()
        }
        for kind, own in shares.items()
    }
    return {kind: {name: n for name, n in own.items() if n} for kind, own in found.items()}
