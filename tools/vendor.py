"""`make vendor`: fetch a chart library and a list of common passwords, by their lock file.

Versions stand in `tools/vendor/package.json`, their hashes in `package-lock.json` beside it; npm
refuses a package whose hash is another. What is served is committed, so that whoever installs or
tests the service needs no npm. A test compares the committed files with the manifest written here,
and the manifest with the lock file.
"""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent / "vendor"
STATIC = Path(__file__).parents[1] / "stats_service/web/admin/static/vendor"
MANIFEST = STATIC / "manifest.json"
#: Where the list of passwords comes from, and where it is kept.
LIST_PACKAGE = "@zxcvbn-ts/language-common"
LIST = Path(__file__).parents[1] / "stats_service/services/accounts/common_passwords.txt"
LIST_LICENSE = LIST.with_name("common_passwords_license.txt")
#: What of it can matter (`services.accounts.password_rules`): long enough to be a password here,
#: or a word that digits can be put to.
LISTED = re.compile(r"[!-~]{10,}|[a-z]{5,}")

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
        write_list(Path(folder, "node_modules", LIST_PACKAGE))
        STATIC.mkdir(exist_ok=True)
        for package, locked in read_lock().items():
            if package not in FILES:
                continue
            source = Path(folder, "node_modules", package)
            for origin, name in FILES[package].items():
                shutil.copyfile(source / origin, STATIC / name)
            manifest[package] = locked | {
                "files": {name: digest(STATIC / name) for name in FILES[package].values()}
            }
    MANIFEST.write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    sys.stdout.write(f"{', '.join(manifest)}: written to {STATIC}, passwords to {LIST}\n")


def write_list(source: Path) -> None:
    """Write the common passwords of the package in `source`, and their licence beside them."""
    version = read_lock()[LIST_PACKAGE]["version"]
    licence = (source / "LICENSE.txt").read_text("utf-8").strip()
    passwords = json.loads((source / "src/passwords.json").read_text("utf-8"))
    kept = sorted({text for text in passwords if LISTED.fullmatch(text)})
    head = f"# Common passwords of {LIST_PACKAGE} {version} (make vendor)"
    lines = [f"{head}; licence: {LIST_LICENSE.name}", *kept]
    LIST.write_text("\n".join(lines) + "\n", encoding="utf-8")
    LIST_LICENSE.write_text(licence + "\n", encoding="utf-8")


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
