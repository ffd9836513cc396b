"""`make modules`: the files that a webmaster uploads, as zips that the install page hands out.

The zips are the same whoever builds them: their entries have no times of their own, and are not
compressed, which no two versions of a library do alike.
"""

import io
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parents[1]
MODULES = ROOT / "modules"
DIST = ROOT / "stats_service/web/admin/install/modules"
#: Name of the zip, folder of its files, folder within the zip.
BUILT = (
    ("wordpress.zip", MODULES / "wordpress" / "stats-service", "stats-service"),
    ("nukeviet.zip", MODULES / "nukeviet", "themes/default/blocks"),
)
#: The first moment that a zip can say.
BEGINNING = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build every zip, and print its name and size."""
    DIST.mkdir(exist_ok=True)
    for name, folder, inside in BUILT:
        path = DIST / name
        path.write_bytes(packed(folder, inside))
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size} bytes\n")


def packed(folder: Path, inside: str) -> bytes:
    """Return the files of a folder as a zip; translations are compiled."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"{inside}/{path.relative_to(folder).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, BEGINNING), path.read_bytes())
            if path.suffix == ".po":
                compiled = io.BytesIO()
                with path.open("rb") as file:
                    catalog = read_po(file)
                catalog.creation_date = catalog.revision_date = datetime(*BEGINNING, tzinfo=UTC)
                write_mo(compiled, catalog)
                name = str(Path(name).with_suffix(".mo"))
                archive.writestr(zipfile.ZipInfo(name, BEGINNING), compiled.getvalue())
    return out.getvalue()


if __name__ == "__main__":
    main()
