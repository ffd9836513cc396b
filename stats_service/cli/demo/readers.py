"""What the demo's visits told of themselves: believable days, the same at every start."""

import random
from collections.abc import Mapping
from datetime import date

from stats_service.models.traffic.readers import DIRECT, MAIL, PAIR_MARK

#: Shares of visits, by dimension; what is left of 1 tells nothing.
SHARES: dict[str, dict[str, float]] = {
    "source": {
        "Google": 0.34,
        DIRECT: 0.24,
        "Facebook": 0.16,
        "Zalo": 0.12,
        "Cốc Cốc": 0.05,
        "ninhbinh.gov.vn": 0.03,
        "Bing": 0.015,
        "YouTube": 0.012,
        MAIL: 0.011,
        "baoninhbinh.org.vn": 0.009,
        "TikTok": 0.008,
        "chinhphu.vn": 0.005,
    },
    "device": {"phone": 0.66, "computer": 0.29, "tablet": 0.045, "television": 0.005},
    "browser_version": {
        "Chrome 142": 0.31,
        "Chrome 141": 0.09,
        "Safari 18": 0.13,
        "Safari 26": 0.05,
        "Edge 142": 0.06,
        "Firefox 145": 0.03,
        "Samsung Internet 28": 0.05,
    },
    "browser": {"Zalo": 0.11, "Facebook": 0.12, "Cốc Cốc": 0.05},
    "system": {"Android": 0.5, "iOS": 0.2, "Windows": 0.25, "macOS": 0.03, "Linux": 0.02},
    "country": {"VN": 0.945, "US": 0.016, "JP": 0.01, "KR": 0.008, "TW": 0.006, "FR": 0.003},
    "language": {"vi": 0.93, "en": 0.05, "ja": 0.008, "ko": 0.006, "fr": 0.003},
}
#: Campaigns: from which day of the year to which, with the words and the share of the visits.
CAMPAIGNS = (
    ((1, 10), (2, 20), "le-hoi-dau-xuan", "zalo", "social", 0.05),
    ((8, 20), (9, 10), "khai-giang", "facebook", "social", 0.04),
    ((10, 1), (10, 31), "chuyen-doi-so", "ban-tin", "email", 0.03),
)


def demo_told(day: date, visits: int, articles: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return visits of a day by dimension and value; entries are shared as `articles` are."""
    chance = random.Random(f"readers:{day}")  # noqa: S311 - a demo, the same at every start
    told = {name: _shared(visits, shares, chance) for name, shares in SHARES.items()}
    if articles:
        views = sum(articles.values())
        told["entry"] = _shared(visits, {key: n / views for key, n in articles.items()}, chance)
        told["entry_source"] = {
            f"{key}{PAIR_MARK}{source}": n
            for key, entries in told["entry"].items()
            for source, n in _shared(entries, SHARES["source"], chance).items()
        }
    for begin, end, name, source, medium, share in CAMPAIGNS:
        if begin <= (day.month, day.day) <= end:
            n = round(visits * share * chance.uniform(0.6, 1.4))
            words = {"campaign": name, "campaign_source": source, "campaign_medium": medium}
            told |= {dimension: {value: n} for dimension, value in words.items() if n}
    return {name: values for name, values in told.items() if values}


def _shared(visits: int, shares: Mapping[str, float], chance: random.Random) -> dict[str, int]:
    """Share visits out; no more than there are."""
    weights = {value: share * chance.uniform(0.85, 1.15) for value, share in shares.items()}
    scale = min(1.0, sum(shares.values())) / sum(weights.values())
    found = {value: int(visits * weight * scale) for value, weight in weights.items()}
    return {value: n for value, n in found.items() if n}
