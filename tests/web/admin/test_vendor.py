"""What is served of others is what the lock file names."""

import json

from tools.vendor import FILES, LIST, LIST_PACKAGE, MANIFEST, STATIC, digest, read_lock


def test_vendored_files_are_those_of_the_lock_file() -> None:
    """Versions and hashes agree: lock file, manifest, files; nothing else lies there."""
    manifest = json.loads(MANIFEST.read_text("utf-8"))
    locked = {name: entry for name, entry in read_lock().items() if name in FILES}

    assert {name: entry | {"files": None} for name, entry in manifest.items()} == {
        name: entry | {"files": None} for name, entry in locked.items()
    }
    for package, entry in manifest.items():
        assert set(entry["files"]) == set(FILES[package].values())
        for name, expected in entry["files"].items():
            assert digest(STATIC / name) == expected
    served = {name for entry in manifest.values() for name in entry["files"]}
    assert {file.name for file in STATIC.iterdir()} == served | {MANIFEST.name}


def test_the_list_of_passwords_is_that_of_the_lock_file() -> None:
    """It names its version and its licence, which stands beside it."""
    lines = LIST.read_text("utf-8").splitlines()
    head = [line for line in lines if line.startswith("#")]

    assert f"{LIST_PACKAGE} {read_lock()[LIST_PACKAGE]['version']} " in head[0]
    licence = LIST.with_name(head[0].rpartition(" ")[2])
    assert "Permission is hereby granted" in licence.read_text("utf-8")
    assert lines[len(head) :] == sorted(set(lines[len(head) :]))
    assert {"1234567890", "qwertyuiop", "password"} < set(lines)
