"""Files uploaded to the admin pages, on their way into a site."""

import msgspec

from stats_service.models.portability.legacy import LegacySummary

#: Kind of an archive; the other kinds are those of `legacy import`.
ARCHIVE = "archive"
#: Seconds of reading from which on the rest can be guessed.
SECONDS_TELL = 3
#: Not a file: an import that is being undone.
UNDO = "undo"


class ArchiveSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The contents of an archive."""

    slug: str
    name: str
    #: Number of rows by table.
    rows: dict[str, int]
    #: A site of that slug exists.
    taken: bool = False
    #: Every row of that site is the same as in the archive.
    same: bool = False
    #: The founding of that site when it was compared (`SiteStore.founding`).
    founding: str = ""


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """A file, the options of its import, and the progress."""

    id: str
    #: The site for the import; empty for an archive, which names its site.
    site: str
    who: str
    #: Seconds since 1970.
    made: float
    kind: str
    #: Names of the file, and of the file with the addresses of articles.
    name: str
    second: str = ""
    #: Names of the other files.
    more: tuple[str, ...] = ()
    #: As in `Source`: pattern of addresses, and the columns of a plain table.
    article_pattern: str = ""
    columns: dict[str, str] = {}
    #: First rows of a table whose columns are unknown.
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
    #: Id of the import that is undone, if the kind is `UNDO`.
    undo: str = ""
    #: `reading`, `columns` (waits for column names), `ready` (waits for confirmation), `adding`,
    #: `done` or `failed`.
    state: str = "reading"
    #: Share of the file that has been read, and the seconds that it took.
    progress: float = 0.0
    seconds: float = 0.0
    #: Why it failed, in English; message and values of the error (`errors.StatsError`), and its
    #: code.
    error: str = ""
    template: str = ""
    values: dict[str, int | float | str] = {}
    code: str = ""
    summary: LegacySummary | None = None
    archive: ArchiveSummary | None = None
    #: The founding of the site when the file was checked; an import into a different one is
    #: refused.
    founding: str = ""

    @property
    def under_way(self) -> bool:
        """Whether a process works on it now."""
        return self.state in ("reading", "adding")

    @property
    def seconds_left(self) -> int | None:
        """Seconds that reading the rest will take, if it goes on as before; None: unknown."""
        if not self.under_way or self.seconds < SECONDS_TELL or not 0 < self.progress < 1:
            return None
        return round(self.seconds * (1 - self.progress) / self.progress)

    @property
    def adds(self) -> bool:
        """Whether it contains anything that the site does not have."""
        if self.archive:
            return not self.archive.same
        return bool(self.summary and self.summary.adds)
