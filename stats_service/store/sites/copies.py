"""The settings of sites on the local disk, for a worker that starts while Redis is away.

Without them it would not know which sites there are, and could keep no view. One small file a
site, `<data_dir>/sites/<slug>.json`, written when a worker reads settings that differ from it.
No salt is in it: a view that is kept on its word counts without a visitor.
"""

import contextlib
import logging
import os
from pathlib import Path

import msgspec

from stats_service.models.sites import Site

FOLDER = "sites"

logger = logging.getLogger(__name__)


class SiteCopies:
    """Copies of the sites that this host has served."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def save(self, site: Site) -> None:
        """Keep a copy; a disk that does not take it is no reason to stop."""
        document = msgspec.json.encode(site)
        path = self._path(site.slug)
        with contextlib.suppress(OSError):
            if path.exists() and path.read_bytes() == document:
                return
        fresh = path.with_suffix(f".{os.getpid()}")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh.write_bytes(document)
            fresh.replace(path)
        except OSError as error:
            logger.warning("No copy of a site's settings can be kept: %s", error)

    def get(self, slug: str) -> Site | None:
        """Return the copy, or None."""
        try:
            return msgspec.json.decode(self._path(slug).read_bytes(), type=Site)
        except (OSError, msgspec.DecodeError):
            return None

    def remove(self, slug: str) -> None:
        """Forget a site that is no more."""
        with contextlib.suppress(OSError):
            self._path(slug).unlink()

    def _path(self, slug: str) -> Path:
        return self._folder / f"{slug}.json"
