"""Backups: write a snapshot of Redis to a file, and restore it."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from stats_service.errors import InvalidInputError
from stats_service.store.operations.snapshots import (
    SnapshotStore,
    copy_snapshot,
    is_snapshot,
    replace_data,
    snapshot_readers,
)

__all__ = ["Backups", "is_snapshot", "restore_backup", "snapshot_readers"]

#: How the files of a folder of backups are named.
NAME = "stats-{:%Y%m%d-%H%M%S}.rdb"
_PATTERN = "stats-????????-??????.rdb"


class Backups:
    """Writes backups of the whole installation."""

    def __init__(self, store: SnapshotStore) -> None:
        self._store = store

    def write(self, target: Path, now: float, keep: int = 0, *, is_folder: bool = False) -> Path:
        """Write a fresh snapshot to `target`, a file or a folder; return the file.

        Args:
            target: a file if its name has an extension (`stats.rdb`). Else a folder, which is
                created if missing; the file in it is named after the time in UTC.
            now: seconds since 1970.
            keep: number of backups to keep in the folder; 0: all. Requires a folder.
            is_folder: `target` is a folder whatever its name.

        Raises:
            InvalidInputError: `target` is of the wrong kind, the snapshot is on another machine,
                or it cannot be copied.
        """
        folder = _folder(target, named_so=is_folder or bool(keep))
        source = self._store.save()
        file = folder / NAME.format(datetime.fromtimestamp(now, UTC)) if folder else target
        try:
            if source is None or not source.is_file():
                raise InvalidInputError(
                    "Redis has written a fresh snapshot, but not where this command can read it: "
                    "copy {source} on the machine of Redis (with Docker: docker compose cp "
                    "redis:/data/dump.rdb .).",
                    source=source or "its dump.rdb",
                )
            if folder:
                # A backup contains the accounts, so only this user may read it.
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            copy_snapshot(source, file)
            if folder and keep:
                for old in sorted(folder.glob(_PATTERN))[:-keep]:
                    old.unlink()
        except OSError as error:
            raise InvalidInputError(
                "{file} cannot be written: {error}", file=file, error=error
            ) from error
        return file


def _folder(target: Path, *, named_so: bool) -> Path | None:
    """Return `target` if it is (or will be) a folder, None if it is (or will be) a file.

    A missing `/srv/backups` must become a folder: as a file, each night's backup would overwrite
    the one of the night before.
    """
    if target.is_dir():
        return target
    if target.suffix and not named_so:
        return None
    if target.exists():
        raise InvalidInputError(
            "{target} is to be a folder of backups, and is a file: move it away (mv {target} "
            "{target_2}), or name a file that ends in .rdb.",
            target=target,
            target_2=target.with_suffix(".old.rdb"),
        )
    if target.suffix == ".rdb":
        raise InvalidInputError(
            "{target} is to be a folder of backups, and is named like one of them: name the "
            "folder ({parent}), or leave --keep and the slash at the end out.",
            target=target,
            parent=target.parent,
        )
    return target


def restore_backup(
    data_dir: Path, file: Path, now: float, check: Callable[[str], None]
) -> Path | None:
    """Restore the embedded Redis from a backup; return the folder with its former data, if any.

    Args:
        data_dir: the data folder.
        file: the backup.
        now: seconds since 1970.
        check: called with the URL of the Redis that has read it; what it raises undoes the restore.

    Raises:
        InvalidInputError: the file is not a snapshot.
        StartupError: the service is running, or Redis cannot read the snapshot; nothing changed.
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
    aside = f"before-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}"
    return replace_data(data_dir, file, aside, check)
