"""`make modules`: the files that a webmaster uploads, as zips in modules/dist.

The zips are the same whoever builds them: their entries have no times of their own.
"""

import io
import sys
import zipfile
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

MODULES = Path(__file__).parents[1] / "modules"
DIST = MODULES / "dist"
#: Name of the zip, folder of its files, folder within the zip.
BUILT = (
    ("stats-service-wordpress.zip", MODULES / "wordpress" / "stats-service", "stats-service"),
    ("stats-service-nukeviet.zip", MODULES / "nukeviet", "themes/default/blocks"),
)
#: The first moment that a zip can say.
BEGINNING = (1980, 1, 1, 0, 0, 0)


def main() -> None:
    """Build every zip, and print its name and size."""
    DIST.mkdir(exist_ok=True)
    for name, folder, inside in BUILT:
        path = DIST / name
        path.write_bytes(packed(folder, inside))
        sys.stdout.write(f"{path.relative_to(MODULES.parent)}: {path.stat().st_size} bytes\n")


def packed(folder: Path, inside: str) -> bytes:
    """Return the files of a folder as a zip; translations are compiled."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            name = f"{inside}/{path.relative_to(folder).as_posix()}"
            archive.writestr(zipfile.ZipInfo(name, BEGINNING), path.read_bytes(), 8)
            if path.suffix == ".po":
                compiled = io.BytesIO()
                with path.open("rb") as file:
                    write_mo(compiled, read_po(file))
                name = str(Path(name).with_suffix(".mo"))
                archive.writestr(zipfile.ZipInfo(name, BEGINNING), compiled.getvalue(), 8)
    return out.getvalue()


if __name__ == "__main__":
    main()
