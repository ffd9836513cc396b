"""A clock that stands still until a test moves it."""

from datetime import UTC, datetime

#: Where a new clock stands: a Wednesday noon in Vietnam.
START = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)


class FakeClock:
    """A `stats_service.clock.Clock` in the test's hands."""

    def __init__(self, start: datetime | float = START) -> None:
        self._now = 0.0
        self.set(start)

    def now(self) -> float:
        """Return the seconds since 1970-01-01T00:00:00Z."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Go forward, or backward when negative."""
        self._now += seconds

    def set(self, moment: datetime | float) -> None:
        """Go to a moment: seconds since 1970, or a datetime with a time zone."""
        if not isinstance(moment, datetime):
            self._now = float(moment)
        elif moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone")
        else:
            self._now = moment.timestamp()
