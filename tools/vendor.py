"""`make vendor`: fetch the JavaScript of others that the admin pages use, by its lock file.

Versions stand in `tools/vendor/package.json`, their hashes in `package-lock.json` beside it; npm
refuses a package whose hash is another. What is served is committed, so that whoever installs or
tests the service needs no npm. A test compares the committed files with the manifest written here,
and the manifest with the lock file.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "vendor"
STATIC = Path(__file__).parents[1] / "stats_service/web/admin/static/vendor"
MANIFEST = STATIC / "manifest.json"

#: By package: its files, and how they are called here.
FILES = {
    "uplot": {
        "dist/uPlot.iife.min.js": "uplot.js",
        "dist/uPlot.min.css": "uplot.css",
        "LICENSE": "uplot-license.txt",
    },
}


def main() -> None:
    """Fetch the packages, copy what is served, and write the manifest."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is not installed; only fetching another version needs it.")
    manifest: dict[str, dict[str, object]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, folder)
        subprocess.run(  # noqa: S603 - npm, by its lock file
            [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
            cwd=folder,
            check=True,
            timeout=120,
        )
        STATIC.mkdir(exist_ok=True)
        for package, locked in read_lock().items():
            source = Path(folder, "node_modules", package)
            for origin, name in FILES[package].items():
                shutil.copyfile(source / origin, STATIC / name)
            manifest[package] = locked | {
                "files": {name: digest(STATIC / name) for name in FILES[package].values()}
            }
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{', '.join(manifest)}: written to {STATIC}\n")


def read_lock() -> dict[str, dict[str, object]]:
    """Return, by package, the version, the licence and the hash of what npm fetches."""
    packages = json.loads((HERE / "package-lock.json").read_text("utf-8"))["packages"]
    return {
        path.removeprefix("node_modules/"): {
            name: entry[name] for name in ("version", "license", "integrity")
        }
        for path, entry in packages.items()
        if path
    }


def digest(file: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
