"""Files uploaded to the admin pages: checked first, imported after confirmation.

Both steps take time and memory, so they run in a separate process (`run`), which the worker that
received the file starts. The record on disk holds the progress.
"""

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from stats_service.errors import (
    BusyError,
    ConflictError,
    InvalidInputError,
    NotFoundError,
    SiteChangedError,
    StatsError,
    UnknownSiteError,
)
from stats_service.models.portability.legacy import LegacySummary
from stats_service.models.portability.uploads import ARCHIVE, UNDO, ArchiveSummary, Upload
from stats_service.services.accounts.audit import Audit
from stats_service.services.portability.archives import Archives
from stats_service.services.portability.legacy.exports.posts import post_addresses
from stats_service.services.portability.legacy.exports.recognise import UnknownTableError
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import opened_file
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.imports import (
    KINDS,
    Legacy,
    Progress,
    import_events,
)
from stats_service.services.portability.legacy.work import Plan
from stats_service.services.sites.sites import Sites
from stats_service.services.tick_outcome import Outcome
from stats_service.store.portability.uploads import UploadStore

#: Systems that a person may name as the source of the files; empty: detected from the files.
UPLOAD_KINDS = ("", *KINDS)
#: Files that may be sent together.
FILES_MAX = 500
#: Uploads that may await confirmation at the same time: per host, and per site, so that one
#: owner cannot keep others out.
WAITING_MAX = 10
SITE_WAITING_MAX = 5
#: Finished uploads whose outcome is retained, the latest ones.
OVER_KEPT = 50
#: Seconds after which a file that nobody has confirmed is deleted.
KEPT_SECONDS = 24 * 3600
#: Shortest time between two writes of the progress, in seconds.
NOTE_SECONDS = 0.5

#: Starts `Uploads.run` for an id in another process, which inherits the descriptor.
Launch = Callable[[str, int], None]
#: Writes the uploaded file to a path.
Save = Callable[[Path], object]


class Uploads:
    """The uploads of this host."""

    def __init__(
        self,
        store: UploadStore,
        sites: Sites,
        legacy: Legacy,
        archives: Archives,
        audit: Audit,
        launch: Launch,
    ) -> None:
        self._store = store
        self._sites = sites
        self._legacy = legacy
        self._archives = archives
        self._audit = audit
        #: Replaced by tests.
        self.launch = launch

    def add(
        self,
        wanted: Upload,
        save: Save,
        save_second: Save | None = None,
        save_more: Sequence[Save] = (),
    ) -> Upload:
        """Store the files of `wanted` under a new id and start the check.

        Raises:
            InvalidInputError: the kind does not exist, a file is missing, or the disk is full.
            BusyError: too many uploads await confirmation.
        """
        if wanted.kind not in (ARCHIVE, *UPLOAD_KINDS):
            raise InvalidInputError("kind {kind!r}: choose one of the list.", kind=wanted.kind[:40])
        if len(wanted.more) >= FILES_MAX:
            raise InvalidInputError(
                "file: {number} were sent, and {files_max} may be. Put them into a zip.",
                number=len(wanted.more) + 1,
                files_max=FILES_MAX,
            )
        self.forget_old(wanted.made)
        self._make_room(wanted.site)
        upload = msgspec.structs.replace(wanted, id=self._store.new_id())
        try:
            save(self._store.file(upload.id, upload.name))
            for name, save_it in zip(upload.more, save_more, strict=True):
                save_it(self._store.file(upload.id, name))
            if save_second and upload.second:
                save_second(self._store.file(upload.id, upload.second, 2))
            self._store.put(upload)
        except OSError as error:
            self._store.remove(upload.id)
            raise InvalidInputError(
                "The file cannot be kept: {strerror}.", strerror=error.strerror
            ) from error
        except BaseException:
            self._store.remove(upload.id)
            raise
        self._start(upload)
        return upload

    def undo(self, site: str, import_id: str, who: str, now: float) -> Upload:
        """Start to undo an import of a site.

        Raises:
            NotFoundError: the import does not exist.
        """
        file = next((f for f in self._legacy.files(site) if f.id and f.id == import_id), None)
        if file is None:
            raise NotFoundError(
                "There is no import {name!r}, or not any more.", name=import_id[:40]
            )
        upload = Upload(
            id=self._store.new_id(),
            site=site,
            who=who,
            made=now,
            kind=UNDO,
            name=file.name,
            undo=file.id,
            state="adding",
        )
        self._store.put(upload)
        self._start(upload)
        return upload

    def get(self, site: str, upload: str) -> Upload:
        """Return an upload of a site, or of an archive (`""`).

        Raises:
            NotFoundError: the upload does not exist, was deleted, or is on another host.
        """
        found = self._store.get(upload)
        if found is None or found.site != site:
            raise NotFoundError("There is no file {upload!r}, or not any more.", upload=upload[:40])
        if found.under_way and not self._store.is_worked_on(upload):
            found = self._store.get(upload) or found  # it may have ended just now
            if found.under_way:
                found = self._failed(
                    found, StatsError("The work on it was cut off. Send the file again.")
                )
        return found

    def of_site(self, site: str) -> list[Upload]:
        """Return the waiting and running uploads of a site, oldest first."""
        return [u for u in self._store.all() if u.site == site and u.state not in _OVER]

    def confirm(self, site: str, upload: str) -> Upload:
        """Start to import a checked upload.

        Raises:
            NotFoundError: as `get`.
            ConflictError: the upload is not ready, adds nothing, or was confirmed already.
        """
        _ready(self.get(site, upload))
        begun: Upload | None = None

        def begin(descriptor: int) -> None:
            """Start the process; of two concurrent confirmations only one gets here."""
            nonlocal begun
            found = _ready(self._store.get(upload))
            begun = msgspec.structs.replace(found, state="adding", progress=0.0)
            self._store.put(begun)
            self.launch(upload, descriptor)

        self._store.work_on(upload, begin)
        if begun is None:
            raise _not_ready()
        return begun

    def name_columns(self, site: str, upload: str, columns: Mapping[str, str]) -> Upload:
        """Check a table again with the columns that a person named.

        Raises:
            NotFoundError: as `get`.
            ConflictError: the upload does not wait for column names.
        """
        found = self.get(site, upload)
        if found.state != "columns":
            raise _not_ready()
        begun = msgspec.structs.replace(found, state="reading", progress=0.0, columns=dict(columns))
        self._store.put(begun)
        self._start(begun)
        return begun

    def discard(self, site: str, upload: str) -> None:
        """Delete an upload without importing it; NotFoundError as `get`."""
        if not self.get(site, upload).under_way:
            self._store.remove(upload)

    def forget_old(self, now: float) -> int:
        """Delete the files that nobody confirmed within a day; return how many.

        Files of a process that was killed during its work are deleted at once.
        """
        for upload in self._store.all():
            if upload.under_way:
                with contextlib.suppress(NotFoundError):
                    self.get(upload.site, upload.id)
        return self._store.forget_before(now - KEPT_SECONDS)

    def run(self, upload: str, now: float) -> None:
        """Run the next step of an upload and record its outcome, errors included."""
        found = self._store.get(upload)
        if found is None or not found.under_way:
            return
        with self._store.turn():
            try:
                done = self._look(found, now)
            except UnknownTableError as error:
                if error.rows:
                    waiting = msgspec.structs.replace(found, preview=tuple(error.rows))
                    self._store.put(msgspec.structs.replace(waiting, state="columns"))
                else:
                    self._failed(found, error)
                return
            except StatsError as error:
                self._failed(found, error)
                return
            except BaseException as error:
                self._failed(
                    found, StatsError("{fault}: see the service's log.", fault=type(error).__name__)
                )
                raise
        state = "done" if found.state == "adding" else "ready" if done.adds else "done"
        self._store.put(msgspec.structs.replace(done, state=state, progress=1.0))
        if state == "done":
            self._store.erase_files(upload)

    def _make_room(self, site: str) -> None:
        """Delete the oldest finished uploads; BusyError if too many others wait."""
        known = self._store.all()
        over = [upload for upload in known if upload.state in _OVER]
        for upload in over[:-OVER_KEPT]:
            self._store.remove(upload.id)
        waiting = [upload.site for upload in known if upload.state not in _OVER]
        if len(waiting) >= WAITING_MAX or waiting.count(site) >= SITE_WAITING_MAX:
            raise BusyError("Too many files wait to be confirmed. Confirm or discard one first.")

    def _start(self, upload: Upload) -> None:
        self._store.work_on(upload.id, lambda descriptor: self.launch(upload.id, descriptor))

    def _failed(self, upload: Upload, error: StatsError) -> Upload:
        folder = self._store.file(upload.id, "").parent

        def bare(text: str) -> str:
            """Leave out the folder's name, which means nothing to the reader."""
            return text.replace(f"{folder}/1/", "").replace(f"{folder}/2/", "")

        failed = msgspec.structs.replace(
            upload,
            state="failed",
            error=bare(str(error)),
            template=error.message,
            values={
                name: value if isinstance(value, int | float) else bare(str(value))
                for name, value in error.values.items()
            },
            code=error.code,
        )
        self._store.put(failed)
        self._store.erase_files(upload.id)
        return failed

    def _look(self, upload: Upload, now: float) -> Upload:
        """Return the upload with its summary; import it if it was confirmed."""
        path = self._store.file(upload.id, upload.name)
        if upload.kind == ARCHIVE:
            return msgspec.structs.replace(upload, archive=self._archive(upload, path, now))
        founding = self._sites.founding(upload.site)
        if founding is None:
            raise UnknownSiteError(upload.site)
        if upload.state == "reading" or upload.kind == UNDO:
            upload = msgspec.structs.replace(upload, founding=founding)
        elif upload.founding != founding:
            raise SiteChangedError(
                "The site {slug!r} is not what it was when the file was looked at: it was erased "
                "or restored meanwhile. Nothing was imported; send the file again.",
                slug=upload.site,
            )
        if upload.kind == UNDO:
            return self._undone(upload, now)
        return msgspec.structs.replace(upload, summary=self._history(upload, path, now))

    def _archive(self, upload: Upload, path: Path, now: float) -> ArchiveSummary:
        if upload.state == "reading" or not upload.archive:
            return self._archives.look(path, now)
        restored = self._archives.restore(path, now, seen=upload.archive)
        slug = restored.site.slug
        self._audit.record("", upload.who, "site.imported", now, subject=slug)
        return ArchiveSummary(slug=slug, name=restored.site.name, rows=restored.rows)

    def _undone(self, upload: Upload, now: float) -> Upload:
        gone = self._legacy.undo(upload.site, upload.undo, now)
        self._audit.record(
            upload.site,
            upload.who,
            "legacy.undone",
            now,
            subject=gone.id,
            before={"file": gone.name, "kind": gone.kind, "views": gone.views},
        )
        return upload

    def _history(self, upload: Upload, path: Path, now: float) -> LegacySummary:
        posts = {}
        if upload.second:
            with opened_file(self._store.file(upload.id, upload.second, 2)) as file:
                posts = post_addresses(file)
        source = Source(self._sites.get(upload.site), posts, upload.article_pattern, upload.columns)
        plan = Plan(
            kind=upload.kind,
            opening=upload.opening,
            keep_opening=upload.keep_opening,
            beside=upload.beside,
            before=upload.before,
            tests=upload.tests,
            dry_run=upload.state == "reading",
            log=LogOptions(
                zone=upload.zone,
                reader=upload.reader,
                without_agents=upload.without_agents,
                pattern=upload.pattern,
            ),
        )
        paths = [path, *(self._store.file(upload.id, name) for name in upload.more)]
        summary = self._legacy.run(source, paths, plan, now, self._noting(upload, paths))
        if not plan.dry_run:
            for what, subject, after in import_events(summary):
                self._audit.record(upload.site, upload.who, what, now, subject=subject, after=after)
        return summary

    def _noting(self, upload: Upload, paths: Sequence[Path]) -> Progress:
        size, read = sum(path.stat().st_size for path in paths) or 1, 0
        begun = noted = time.monotonic()

        def note(more: int) -> None:
            nonlocal read, noted
            read += more
            now = time.monotonic()
            if now - noted >= NOTE_SECONDS:
                noted = now
                progress = min(1.0, read / size)
                self._store.put(
                    msgspec.structs.replace(upload, progress=progress, seconds=now - begun)
                )

        return note


_OVER = ("done", "failed")


def _ready(upload: Upload | None) -> Upload:
    if upload is None or upload.state != "ready" or not upload.adds:
        raise _not_ready()
    return upload


def _not_ready() -> ConflictError:
    return ConflictError("This file is not ready to be brought in, or is in already.")


class UploadJob:
    """Deletes uploaded files that were never confirmed."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def run(self, now: float) -> Iterator[Outcome]:
        """Delete them."""
        if number := self._uploads.forget_old(now):
            yield Outcome(f"Erased {number} files that nobody had confirmed.")
