"""The built files, read once and kept ready for the wire."""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from stats_service.web.embed.version import VERSION

DIST = Path(__file__).parent / "dist"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class EmbedFile:
    """One version of one file that portals load."""

    name: str
    body: bytes
    gzipped: bytes
    #: Value of the `integrity` attribute.
    integrity: str

    @property
    def etag(self) -> str:
        """A name for these bytes, whichever way they are encoded."""
        return self.integrity[7:29]


@dataclass(frozen=True, slots=True)
class EmbedFiles:
    """Every version ever released and the newest."""

    by_name: dict[str, EmbedFile]
    newest: EmbedFile


def load_files(folder: Path = DIST) -> EmbedFiles:
    """Read the built files that the manifest in `folder` names."""
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    by_name = {
        name: _load(folder / name) for version in manifest.values() for name in version["files"]
    }
    return EmbedFiles(by_name, by_name[f"embed.{VERSION}.js"])


def _load(path: Path) -> EmbedFile:
    body = path.read_bytes()
    digest = base64.b64encode(hashlib.sha384(body).digest()).decode()
    return EmbedFile(path.name, body, gzip.compress(body, 9, mtime=0), f"sha384-{digest}")
