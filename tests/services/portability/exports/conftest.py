"""Reads tables without a store: what they hold, not what becomes of it."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from stats_service.models.portability.legacy import FileSummary
from stats_service.models.sites import Site
from stats_service.services.portability.legacy.exports.polls import LegacyPoll
from stats_service.services.portability.legacy.exports.reading import (
    ExportReader,
    event_recount,
    with_events,
)
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.exports.systems.plain import named_columns
from stats_service.services.portability.legacy.files import opened_files, readable
from stats_service.services.portability.legacy.lines import Lines
from stats_service.services.portability.legacy.tally import Tally

#: A moment after everything in these tests: 2027-01-15T08:00:00Z.
NOW = 1_800_000_000.0


@dataclass
class Found:
    """What the files of one command bring."""

    kind: str
    files: list[FileSummary]
    polls: list[LegacyPoll | str]
    #: Views and visits by day; the day "" has no date.
    days: dict[str, tuple[int, int]] = field(default_factory=dict)
    hours: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    #: Views by article, all days together.
    articles: dict[str, int] = field(default_factory=dict)
    ratings: dict[str, dict[int, int]] = field(default_factory=dict)
    ignored: dict[str, int] = field(default_factory=dict)

    @property
    def totals(self) -> tuple[int, int]:
        """Return the views and visits of all days."""
        return sum(v for v, _ in self.days.values()), sum(v for _, v in self.days.values())


Read = Callable[..., Found]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Give what reads files by their names and contents."""

    def read(
        files: Mapping[str, str | bytes],
        hint: str = "",
        *,
        columns: str = "",
        parameters: tuple[str, ...] = (),
        **said: object,
    ) -> Found:
        site = Site(
            slug="kimson",
            name="Kim Sơn",
            hosts=("kimson.example.vn",),
            timezone="Asia/Ho_Chi_Minh",
            article_parameters=parameters,
        )
        source = Source(site, columns=named_columns(columns), **said)  # type: ignore[arg-type]
        with (
            Tally() as total,
            Lines() as lines,
            ExportReader(source, hint, lines, b"salt") as reader,
        ):
            for name, content in files.items():
                path = tmp_path / name
                path.write_bytes(content.encode() if isinstance(content, str) else content)
                for file in opened_files(path):
                    with readable(file.name):
                        reader.read(file)
            outcome = reader.finish(total)
            recount = event_recount(site, lambda _: (), lambda _: False, total, outcome)
            for _ in recount.run(lines):
                pass
            pairs = zip(outcome.files, recount.files, strict=True)
            files = [with_events(file, count) for file, count in pairs]
            days: dict[str, Counter[str]] = {}
            found = Found(outcome.kind, files, list(outcome.polls(NOW)))
            for day, hour, views, visits in total.rows("SELECT * FROM hours"):
                counted = days.setdefault(str(day), Counter())
                counted.update(views=int(str(views)), visits=int(str(visits)))
                found.hours[str(day), str(hour)] = (int(str(views)), int(str(visits)))
            found.days = {day: (n["views"], n["visits"]) for day, n in days.items()}
            articles: Counter[str] = Counter()
            for _, article, views in total.rows("SELECT * FROM articles"):
                articles[str(article)] += int(str(views))
            found.articles = dict(articles)
            found.ratings = {name: dict(scores) for name, scores in total.ratings.items()}
            found.ignored = dict(total.ignored)
            return found

    return read
