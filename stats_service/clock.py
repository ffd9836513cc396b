"""The one source of time, so that a test can put the service at any moment."""

import time
from typing import Protocol


class Clock(Protocol):
    """Anything that tells the time."""

    def now(self) -> float:
        """Return the seconds since 1970-01-01T00:00:00Z."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Return the seconds since 1970-01-01T00:00:00Z."""
        return time.time()
