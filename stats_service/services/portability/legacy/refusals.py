"""What an import is refused for before anything of it is written."""

from collections.abc import Mapping

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.bounds import COUNT_MAX
from stats_service.models.portability.legacy import DayPart, ImportedFile, LegacySummary
from stats_service.models.sites import Site
from stats_service.services.portability.legacy.work import Work
from stats_service.services.sites.sites import BALANCE_MAX
from stats_service.store.portability.legacy import LegacyStore


def has_begun(work: Work, record: ImportedFile) -> bool:
    """Return whether this very import was started and interrupted.

    Raises:
        ConflictError: a different import was.
    """
    for name, file in work.imports.items():
        if file.complete or not file.undoable:
            continue
        if name == record.id and not file.leaving:
            return True
        raise ConflictError(
            "An import of {name} was cut off, and what is to be added now is not what was "
            "then: repeat it with the same files, options and settings; or take it out with "
            "`stats-service legacy undo {site} {id}`.",
            name=file.name,
            site=work.site.slug,
            id=name,
        )
    return False


def check_others(store: LegacyStore, work: Work, summary: LegacySummary) -> None:
    """Refuse views of days that an import of another system added: they are the same views."""
    days = set(work.tally.day_views(work.before)) if summary.views else set()
    for name, file in work.imports.items():
        apart = file.last_day < summary.first_day or summary.last_day < file.first_day
        if file.kind == summary.kind or file.opening or not file.views or apart:
            continue
        both = sorted(
            part.day
            for _, part in store.parts(work.site.slug, name)
            if isinstance(part, DayPart) and part.views and part.day in days
        )
        if both:
            raise ConflictError(
                "{number:,} days from {first_day} on have the views of {name} ({kind}) "
                "already: the same readers would count twice. Take that out first "
                "(`legacy undo`), leave the days out with --before, or say --beside if these "
                "are other readers.",
                number=len(set(both)),
                first_day=both[0],
                name=file.name,
                kind=file.kind,
            )


def check_room(store: LegacyStore, work: Work, summary: LegacySummary) -> None:
    """Refuse numbers beyond the exact range, or beyond the range of an archive.

    The views of all articles together are checked against the article with the most views:
    the views of each article are only known part by part, when it would be too late.
    """
    tally, site = work.tally, work.site
    largest = store.largest(site.slug)
    views, visits, articles = tally.undated()
    balances = {
        "views": (site.opening_views, views),
        "visits": (site.opening_visits, visits),
        "views of an article": (largest.article_opening, articles),
    }
    before = "" if work.opening else work.before
    counts = {
        "views": (largest.views, summary.views - views),
        "visits": (largest.visits, summary.visits - visits),
        "views of an article": (
            largest.article_views,
            tally.article_views(before) - articles,
        ),
    }
    _check_sums(summary.name, balances, BALANCE_MAX)
    _check_sums(summary.name, counts, COUNT_MAX)


def check_balance(site: Site, days: list[str]) -> None:
    """Refuse days that the opening balance may hold already."""
    balance = site.opening_views + site.opening_visits
    if days and balance and days[0] <= (site.opening_day or "9999"):
        raise ConflictError(
            "The opening balance of {slug!r} (of {opening_day}) may hold the views of {days} "
            "and later already. Lower it in the settings (`site edit`). If it does not hold them, "
            "send the files again with the check box that says so (--keep-opening).",
            slug=site.slug,
            opening_day=site.opening_day or "an unknown day",
            days=days[0],
        )


def _check_sums(file: str, sums: Mapping[str, tuple[int, int]], most: int) -> None:
    for name, (there, more) in sums.items():
        if more and there + more > most:
            raise InvalidInputError(
                "{file}: {more:,} {field} cannot be added to the {there:,} that are there, for "
                "there may be {most:,}. Correct the file, or leave it out.",
                file=file,
                more=more,
                field=name,
                there=there,
                most=most,
            )
