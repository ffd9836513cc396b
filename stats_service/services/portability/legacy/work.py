"""An import while its files are read and written: what was asked for, and what there is."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from stats_service.models.portability.legacy import ImportedFile, Part
from stats_service.models.sites import Site
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.lines import Lines
from stats_service.services.portability.legacy.tally import Tally


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with the files of one command."""

    #: The system that the person named; empty: detected.
    kind: str = ""
    #: Add to the opening balances instead of to days.
    opening: bool = False
    #: Days from this one on are left out; empty: from the first day counted live.
    before: str = ""
    #: Days on which only tests were counted live; none of them counts as the first day.
    tests: tuple[str, ...] = ()
    #: Add days even if the site's opening balance may include them.
    keep_opening: bool = False
    #: Add days even if an import of another system has added their views.
    beside: bool = False
    dry_run: bool = False
    #: What an access log does not contain.
    log: LogOptions = LogOptions()


class Work(NamedTuple):
    """The state of an import while its files are read and written."""

    site: Site
    plan: Plan
    #: Of the first file.
    name: str
    kind: str
    before: str
    imports: Mapping[str, ImportedFile]
    tally: Tally
    lines: Lines

    @property
    def opening(self) -> bool:
        """Return whether the import goes to the opening balances."""
        return self.plan.opening

    def parts(self) -> Iterator[Part]:
        """Yield the parts to add, in the same order and sizes every time.

        Months come first: once one that is partly kept by day has been summed and added to, its
        days change it no more.
        """
        if not self.opening:
            yield from self.tally.month_parts(self.before)
            yield from self.tally.day_parts(self.before)
        yield from self.tally.opening_parts()
