"""Run the fault programme: `python -m tests.faults`, or `make test-faults`."""

import sys
from pathlib import Path

import pytest

from tests.faults.checks import ELSEWHERE


def main() -> int:
    """Run every test that shows a check; return pytest's exit code."""
    elsewhere = {test.partition("::")[0] for tests in ELSEWHERE.values() for test in tests}
    return int(
        pytest.main(
            [
                "-p",
                "tests.faults.report",
                "-m",
                "faults or not faults",
                *sys.argv[1:],
                "tests/faults",
                *sorted(name for name in elsewhere if Path(name).exists()),
            ]
        )
    )


sys.exit(main())
