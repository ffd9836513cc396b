"""Copies of the sites' settings on local disk, for a worker that starts while Redis is away.

Without a copy, the worker would not know which sites exist, and could not spool their views. Each
site has a small file, `<data_dir>/sites/<slug>.json`, written when a worker reads settings that
differ from it. It contains no salt: a view that is spooled by a copy counts without a visitor.
"""

import contextlib
import logging
import os
from pathlib import Path

import msgspec

from stats_service.models.sites import Site, stored_site

FOLDER = "sites"

logger = logging.getLogger(__name__)


class SiteCopies:
    """Copies of the sites that this host has served."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / FOLDER

    def save(self, site: Site) -> None:
        """Write a copy; a full or read-only disk does not stop the service."""
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
            return stored_site(self._path(slug).read_bytes())
        except (OSError, msgspec.DecodeError):
            return None

    def slugs(self) -> list[str]:
        """Return the sites with a copy, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def remove(self, slug: str) -> None:
        """Delete the copy of a removed site."""
        with contextlib.suppress(OSError):
            self._path(slug).unlink()

    def _path(self, slug: str) -> Path:
        return self._folder / f"{slug}.json"
