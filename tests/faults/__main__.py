"""Run the fault programme: `python -m tests.faults`, or `make test-faults`."""

import sys
from pathlib import Path

import pytest

from tests.faults.checks import ELSEWHERE
from tests.faults.programs import install_missing


def main() -> int:
    """Run every test that shows a check; return pytest's exit code.

    Files named in the arguments: of those alone.
    """
    install_missing()
    named = [word for word in sys.argv[1:] if Path(word.partition("::")[0]).exists()]
    elsewhere = {test.partition("::")[0] for tests in ELSEWHERE.values() for test in tests}
    return int(
        pytest.main(
            [
                "-p",
                "tests.faults.report",
                "-m",
                "faults or not faults",
                *sys.argv[1:],
                *([] if named else ["tests/faults", *sorted(elsewhere)]),
            ]
        )
    )


sys.exit(main())
