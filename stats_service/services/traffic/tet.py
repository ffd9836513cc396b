"""Tết, the first day of the lunar year as Viet Nam reckons it, and what stands beside its weeks.

Viet Nam reckons by the new moons of UTC+7, which now and then fall on another day than those of
UTC+8: in 2007, 2030 and 2053 Tết is a day before the Chinese new year. A library of the Chinese
calendar would be wrong there, hence a table; a test works it out from the sun and the moon.
"""

from datetime import date, timedelta

#: Zones whose sites keep Tết.
ZONES = frozenset({"Asia/Ho_Chi_Minh", "Asia/Saigon"})
#: Days before and after the first of the year that are its season: the offices empty from the
#: Kitchen gods' day on, and fill again a week after.
SEASON_DAYS = 7
#: Longest span, in days, that is moved with Tết: of a longer one it is a small part.
LONGEST_DAYS = 28
#: Weeks from a span to the same weekdays of the year before.
YEAR_WEEKS = 52

_FIRST_YEAR = 1990
#: Month and day of each year from `_FIRST_YEAR` on, a decade a line.
_DAYS = """
0127 0215 0204 0123 0210 0131 0219 0207 0128 0216
0205 0124 0212 0201 0122 0209 0129 0217 0207 0126
0214 0203 0123 0210 0131 0219 0208 0128 0216 0205
0125 0212 0201 0122 0210 0129 0217 0206 0126 0213
0202 0123 0211 0131 0219 0208 0128 0215 0204 0124
0212 0201 0122 0210 0130 0217 0206 0126 0214 0202
0123 0211 0201 0218 0208 0128 0215 0204 0124 0212
0202
"""
#: The first day of the lunar year, by year.
TET = {
    year: date(year, int(text[:2]), int(text[2:]))
    for year, text in enumerate(_DAYS.split(), _FIRST_YEAR)
}


def season_of(first: date, last: date) -> int | None:
    """Return the year whose Tết some days are in the season of; None if there is none."""
    for year in range(first.year, last.year + 1):
        day = TET.get(year)
        if day and first <= day + _SEASON and last >= day - _SEASON:
            return year
    return None


def weeks_to_year_before(first: date, last: date, zone: str) -> int:
    """Return how many weeks before a span the one begins that stands beside it a year before.

    Usually it is 52. Where one of the two would be in the season of Tết, it is as many as bring
    Tết beside Tết, to at most three days, as the weekdays stay.

    Args:
        first: its first day.
        last: its last.
        zone: the zone of the site, an IANA name.
    """
    if zone not in ZONES or (last - first).days >= LONGEST_DAYS:
        return YEAR_WEEKS
    year = season_of(first, last)
    if year is None:
        back = timedelta(weeks=YEAR_WEEKS)
        before = season_of(first - back, last - back)
        year = before and before + 1
    if not year or year not in TET or year - 1 not in TET:
        return YEAR_WEEKS
    return round((TET[year] - TET[year - 1]).days / 7)


_SEASON = timedelta(days=SEASON_DAYS)
