"""Backups: a snapshot of Redis in a file of its own, and back."""

from datetime import UTC, datetime
from pathlib import Path

from stats_service.errors import InvalidInputError
from stats_service.store.snapshots import (
    SnapshotStore,
    copy_snapshot,
    is_snapshot,
    replace_data,
)

#: How the files of a folder of backups are named.
NAME = "stats-{:%Y%m%d-%H%M%S}.rdb"
_PATTERN = "stats-????????-??????.rdb"


class Backups:
    """Backs up the whole installation."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store

    def write(self, target: Path, now: float, keep: int = 0) -> Path:
        """Write a fresh snapshot to `target`, a file or a folder; return the file.

        Args:
            target: in a folder the file gets a name with the time in UTC.
            now: seconds since 1970.
            keep: how many of a folder's backups to keep; 0: all.

        Raises:
            InvalidInputError: the snapshot is on another machine, or cannot be copied.
        """
        if keep and not target.is_dir():
            raise InvalidInputError(
                "--keep is for a folder, and {target} is none: make it first (mkdir {target}).",
                target=target,
            )
        source = self._store.save()
        file = target / NAME.format(datetime.fromtimestamp(now, UTC)) if target.is_dir() else target
        try:
            if source is None or not source.is_file():
                raise InvalidInputError(
                    "Redis has written a fresh snapshot, but not where this command can read it: "
                    "copy {source} on the machine of Redis (with Docker: docker compose cp "
                    "redis:/data/dump.rdb .).",
                    source=source or "its dump.rdb",
                )
            copy_snapshot(source, file)
            if keep:
                for old in sorted(target.glob(_PATTERN))[:-keep]:
                    old.unlink()
        except OSError as error:
            raise InvalidInputError(
                "{file} cannot be written: {error}", file=file, error=error
            ) from error
        return file


def restore_backup(data_dir: Path, file: Path, now: float) -> Path:
    """Let the embedded Redis start from a backup; return where its former data is now.

    Raises:
        InvalidInputError: the file is no snapshot.
        StartupError: the service runs, or Redis cannot read the snapshot; nothing was changed.
    """
    try:
        if not is_snapshot(file):
            raise InvalidInputError(
                "{file} is no snapshot of Redis. An archive of a site is restored with "
                "`stats-service import`.",
                file=file,
            )
    except OSError as error:
        raise InvalidInputError("{file} cannot be read: {error}", file=file, error=error) from error
    return replace_data(data_dir, file, f"before-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}")
