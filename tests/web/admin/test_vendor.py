"""What is served of others is what the lock file names."""

import json

from tools.vendor import FILES, MANIFEST, STATIC, digest, read_lock


def test_vendored_files_are_those_of_the_lock_file() -> None:
    """Versions and hashes agree: lock file, manifest, files; nothing else lies there."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    locked = read_lock()

    assert {name: entry | {"files": None} for name, entry in manifest.items()} == {
        name: entry | {"files": None} for name, entry in locked.items()
    }
    for package, entry in manifest.items():
        assert set(entry["files"]) == set(FILES[package].values())
        for name, expected in entry["files"].items():
            assert digest(STATIC / name) == expected
    served = {name for entry in manifest.values() for name in entry["files"]}
    assert {file.name for file in STATIC.iterdir()} == served | {MANIFEST.name}
