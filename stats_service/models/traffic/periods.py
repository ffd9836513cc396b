"""Calendar spans of a site."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Periods:
    """The calendar spans around a moment in a site's zone, as the store names them."""

    #: `09`
    hour: str
    #: `2026-11-23`
    day: str
    yesterday: str
    #: ISO week, from Monday: `2026-W48`
    week: str
    #: `2026-11`
    month: str
    #: `2026`
    year: str
