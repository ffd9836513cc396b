"""What files of another counter hold, as `legacy import` says it."""

from collections.abc import Iterator, Mapping

from stats_service.models.portability.legacy import (
    ONE_ADDRESS_VIEWS,
    ArticleViews,
    FileSummary,
    LegacySummary,
)


def summary_lines(summary: LegacySummary, *, dry_run: bool) -> Iterator[str]:
    """Give the lines that say what became, or would become, of an import."""
    if summary.known:
        yield f"{summary.name}: imported before; nothing added."
        return
    verb = "adds nothing:" if not summary.adds else "would add" if dry_run else "added"
    days = f" on {summary.days:,} days ({summary.first_day} to {summary.last_day})"
    yield (
        f"{summary.name}: {verb} {summary.views:,} views, {summary.visits:,} visits"
        + (days if summary.first_day else "")
        + f" of {summary.articles:,} articles, from {summary.lines:,} lines."
    )
    if summary.id and not dry_run:
        yield f"  taken out again by: legacy undo SITE {summary.id}"
    if summary.ratings:
        yield f"  ratings: {summary.ratings:,}"
    if summary.readers:
        yield f"  visits tell: {_named(summary.readers)}"
    yield from map(_article_line, summary.most_viewed)
    if summary.known_views:
        yield f"  left out, imported before: {summary.known_views:,} views"
    if summary.overlapping:
        yield f"  left out, on days counted live: {summary.overlapping:,} views"
    for day in summary.growing:
        yield f"  {day.day} has {day.before:,} imported views, and gets {day.more:,} more"
    if summary.growing_days > len(summary.growing):
        yield f"  and so do {summary.growing_days - len(summary.growing):,} days more"
    yield from (f"  not counted, {reason}: {n:,}" for reason, n in summary.ignored.items())
    yield from (f"  {poll.text}" for poll in summary.polls)
    for file in summary.files:
        yield from _file_lines(file, alone=len(summary.files) == 1)


def _article_line(article: ArticleViews) -> str:
    address = f" ({article.address} in the file)" if article.address else ""
    return f"  article {article.key}{address}: {article.views:,} views"


def _file_lines(file: FileSummary, *, alone: bool) -> Iterator[str]:
    if not file.lines:
        yield f"  {file.name}: has no lines"
    elif "not-used" in file.ignored:
        yield f"  {file.name} ({file.format}): nothing is taken from it"
    elif not alone:
        days = f", {file.first_day} to {file.last_day}" if file.first_day else ""
        yield f"  {file.name} ({file.format}): {file.views:,} views of {file.lines:,} lines{days}"
    for row in file.bad_rows:
        column = f", column {row.column}" if row.column else ""
        yield f"  {file.name}, line {row.line}{column}: {row.text!r} is not {row.wanted}; left out"
    if file.endings:
        yield f"  {file.name}: files, not pages: {_named(file.endings)}"
    if file.hosts:
        yield f"  {file.name}: other hosts: {_named(file.hosts)}"
    if file.addresses == 1 and file.views + file.known_views >= ONE_ADDRESS_VIEWS:
        yield (
            f"  {file.name}: ALL LINES COME FROM ONE ADDRESS, that of a proxy probably. Name the "
            "field with the reader's address: --reader X-Forwarded-For, or --reader last"
        )


def _named(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counted.items())
