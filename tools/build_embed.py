"""Build the files that portals embed: `python -m tools.build_embed` (or `make embed`).

Joins the ES modules below `stats_service/web/embed/src` into one classic script each, minifies
it and writes it with a manifest of hashes to `dist`. `--release` also writes the hashes to
`tests/web/embed/released.json`, and a file that is named there is never written again: raise
`VERSION` in `stats_service/web/embed/version.py` first. See docs/decisions/0005-embed-build.md.
"""

import argparse
import base64
import gzip
import hashlib
import json
import re
import sys
from pathlib import Path, PurePosixPath
from posixpath import normpath

import minify

from stats_service.web.embed.version import VERSION

ROOT = Path(__file__).parents[1] / "stats_service/web/embed"
SOURCES = ROOT / "src"
DIST = ROOT / "dist"
MANIFEST = DIST / "manifest.json"
#: The `integrity` of every released file, by name.
RELEASED = Path(__file__).parents[1] / "tests/web/embed/released.json"

#: What the core file, loaded by every page, may weigh on the wire, in bytes (gzip -9).
CORE_MAX_BYTES = 3300
#: The files that the core fetches where a page needs them, by the folder of their sources. That
#: of few pages knows the names of those before it.
PARTS = ("votes", "check", "choice", "top", "documents", "extra")
#: What the file of polls and ratings, loaded where a page has any, may weigh.
VOTES_MAX_BYTES = 16_000
#: What the file of applications and of pages in frames may weigh, and that of the install checker.
EXTRA_MAX_BYTES = 2_000
CHECK_MAX_BYTES = 6_000
#: What the file may weigh that tells a reader what became of the own choice.
CHOICE_MAX_BYTES = 1_300
#: What the file of lists of articles may weigh.
TOP_MAX_BYTES = 1_500
#: What the file may weigh that counts clicks.
DOCUMENTS_MAX_BYTES = 1_900

#: Version of JavaScript that the files are written in: that of Chrome 61 and Safari 12.
SYNTAX = 2018

_IMPORT = re.compile(r'^import [^;]*? from "(\.[\w./-]+)";\n', re.MULTILINE)
_CONSTANT = re.compile(r'^const ([A-Z][A-Z_]+) = (\d+|"[^"\n]*");\n', re.MULTILINE)


def main() -> int:
    """Write the newest version and its entry in the manifest."""
    parser = argparse.ArgumentParser(description="Build the files that portals embed.")
    parser.add_argument("--release", action="store_true", help="freeze this version for good")
    arguments = parser.parse_args()
    released = _read(RELEASED)
    files = build()
    entry = {name: describe(body) for name, body in files.items()}
    hashes = {name: described["integrity"] for name, described in entry.items()}
    changed = [name for name in files if released.get(name, hashes[name]) != hashes[name]]
    if changed:
        sys.stderr.write(
            f"Released, and must not change: {', '.join(changed)}. Raise VERSION in "
            "stats_service/web/embed/version.py, so that the change gets names of its own.\n"
        )
        return 2
    for name, body in files.items():
        (DIST / name).write_bytes(body)
        sys.stdout.write(f"{name}: {entry[name]['bytes']} bytes, {entry[name]['gzip']} gzip\n")
    _write(MANIFEST, _read(MANIFEST) | {VERSION: {"files": entry}})
    if arguments.release:
        _write(RELEASED, released | hashes)
    return 0


def _read(path: Path) -> dict:
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _write(path: Path, content: dict) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def build() -> dict[str, bytes]:
    """Return the newest version of each file by name, as it goes over the wire."""
    files: dict[str, bytes] = {}
    baked = {"__VERSION__": VERSION}
    for part in PARTS:
        name = f"embed-{part}.{VERSION}.js"
        files[name] = script(f"{part}/index.js", baked)
        baked[f"__{part.upper()}_FILE__"] = name
        baked[f"__{part.upper()}_INTEGRITY__"] = integrity(files[name], "sha256")
    files[f"embed.{VERSION}.js"] = script("index.js", baked)
    return files


def script(entry: str, baked: dict[str, str]) -> bytes:
    """Return the classic script made of the module `entry` and everything that it imports."""
    modules: dict[str, str] = {}
    _collect(entry, modules)
    joined = "".join(modules.values())
    for sheet in SOURCES.rglob("*.css"):
        placeholder = f"__{sheet.stem.upper()}_CSS__"
        joined = joined.replace(placeholder, minify.string("text/css", sheet.read_text("utf-8")))
    for placeholder, value in baked.items():
        joined = joined.replace(placeholder, value)
    for name, value in _CONSTANT.findall(joined):
        joined = re.sub(rf"^const {name} = .*\n", "", joined, flags=re.MULTILINE)
        joined = re.sub(rf"\b{name}\b", lambda _, value=value: value, joined)
    minify.config({"js-version": SYNTAX})
    minified = minify.string("application/javascript", f"(()=>{{{joined}}})()")
    return str(minified).encode()


def _collect(name: str, modules: dict[str, str]) -> None:
    """Add a module behind those that it imports, each once, without its imports and exports."""
    if name in modules:
        return
    modules[name] = ""
    source = (SOURCES / name).read_text(encoding="utf-8")
    for imported in _IMPORT.findall(source):
        _collect(normpath(PurePosixPath(name).parent / imported), modules)
    del modules[name]
    modules[name] = re.sub(r"^export ", "", _IMPORT.sub("", source), flags=re.MULTILINE)


def describe(body: bytes) -> dict[str, str | int]:
    """Return what the manifest says of a file."""
    return {
        "integrity": integrity(body, "sha384"),
        "bytes": len(body),
        "gzip": len(gzip.compress(body, 9)),
    }


def integrity(body: bytes, algorithm: str) -> str:
    """Return the value of an `integrity` attribute for a file."""
    digest = hashlib.new(algorithm, body).digest()
    return f"{algorithm}-{base64.b64encode(digest).decode()}"


if __name__ == "__main__":
    sys.exit(main())
