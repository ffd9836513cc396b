"""A file that somebody sent to the admin pages, on its way into a site."""

import msgspec

from stats_service.models.legacy import LegacySummary

#: Kind of an archive; the others are as `legacy import` has them.
ARCHIVE = "archive"
#: No file: an import that is taken out again.
UNDO = "undo"


class ArchiveSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive holds."""

    slug: str
    name: str
    #: Number of rows by table.
    rows: dict[str, int]
    #: There is a site of that slug already.
    taken: bool = False
    #: That site is the same as the archive, in every row.
    same: bool = False
    #: Which founding of that site was looked at (`SiteStore.founding`).
    founding: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file, what is to be done with it, and how far that is."""

    id: str
    #: The site that it goes into; empty for an archive, which has its own.
    site: str
    who: str
    #: Seconds since 1970.
    made: float
    kind: str
    #: Names of the file, and of the one with the addresses of the articles.
    name: str
    second: str = ""
    #: Names of the files that came with it.
    more: tuple[str, ...] = ()
    #: As in `Source`: address of articles, and what the columns of a plain table are.
    article_pattern: str = ""
    columns: dict[str, str] = {}
    #: First rows of a table whose columns nobody knows.
    preview: tuple[tuple[str, ...], ...] = ()
    #: As in `services.portability.legacy.imports.Plan`.
    opening: bool = False
    keep_opening: bool = False
    beside: bool = False
    before: str = ""
    tests: tuple[str, ...] = ()
    #: As in `services.portability.legacy.formats.options.LogOptions`.
    zone: str = ""
    reader: str = ""
    without_agents: bool = False
    pattern: str = ""
    #: Id of the import that is taken out, where the kind is `UNDO`.
    undo: str = ""
    #: `reading`, `columns` (that somebody must name), `ready` (for the confirmation), `adding`,
    #: `done` or `failed`.
    state: str = "reading"
    #: Share of the file that is read.
    progress: float = 0.0
    #: Why it failed, in English; message and values of the error (`errors.StatsError`), its code.
    error: str = ""
    template: str = ""
    values: dict[str, int | float | str] = {}
    code: str = ""
    summary: LegacySummary | None = None
    archive: ArchiveSummary | None = None
    #: Which founding of the site the file was looked at for; what goes into another is refused.
    founding: str = ""

    @property
    def under_way(self) -> bool:
        """Tell whether something is being done with it at the moment."""
        return self.state in ("reading", "adding")

    @property
    def adds(self) -> bool:
        """Tell whether there is anything in it that the site has not."""
        if self.archive:
            return not self.archive.same
        return bool(self.summary and self.summary.adds)
