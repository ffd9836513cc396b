"""A pytest plugin: gather what the checks measured, print the table, write `out/latest.json`.

Loaded by `python -m tests.faults` alone.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checks import CHECKS, ELSEWHERE

OUT = Path(__file__).parent / "out" / "latest.json"

#: Name of a test's user properties that hold a measured value.
MEASURED = "measured"


class Report:
    """What became of every check in this run."""

    def __init__(self) -> None:
        self._passed: dict[str, int] = defaultdict(int)
        self._failed: dict[str, list[str]] = defaultdict(list)
        self._measured: dict[str, list[str]] = defaultdict(list)
        self._skipped: dict[str, set[str]] = defaultdict(set)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Keep the fault tests, and of all others those that show a check."""
        chosen = [item for item in items if checks_of(item)]
        config.hook.pytest_deselected(items=[item for item in items if not checks_of(item)])
        # What runs elsewhere in the suite is quick: it comes first.
        items[:] = sorted(chosen, key=lambda item: item.get_closest_marker("faults") is not None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None] | Any:
        """Note the outcome of a test for its checks."""
        report = yield
        for check in checks_of(item):
            if report.failed:
                self._failed[check].append(item.nodeid)
            elif report.when == "call" and report.passed:
                self._passed[check] += 1
            elif report.skipped and isinstance(report.longrepr, tuple):
                self._skipped[check].add(report.longrepr[2].removeprefix("Skipped: "))
            if report.when == "call":
                self._measured[check] += [
                    str(value) for name, value in item.user_properties if name == MEASURED
                ]
        return report

    def results(self) -> dict[str, dict[str, Any]]:
        """Return a document with a key for every check."""
        return {name: self._result(name) for name in CHECKS}

    def _result(self, name: str) -> dict[str, Any]:
        passed, failed = self._passed[name], self._failed[name]
        if failed:
            told = ["failed: " + ", ".join(sorted(set(failed)))]
        elif passed:
            told = [f"{passed} test{'s' * (passed > 1)} passed"]
        else:
            told = [": ".join(["not shown", *sorted(self._skipped[name])])]
        return {
            "done": CHECKS[name].done,
            "expected": CHECKS[name].expected,
            "measured": "; ".join([*self._measured[name], *told]),
            "ok": bool(passed) and not failed,
        }

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the table and write the document."""
        results = self.results()
        OUT.parent.mkdir(exist_ok=True)
        OUT.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        terminalreporter.section("checks")
        for name, result in results.items():
            sign = "ok " if result["ok"] else "-- "
            terminalreporter.write_line(
                f"{sign}{name:4}{result['done']} | {result['expected']} | {result['measured']}"
            )
        shown = sum(result["ok"] for result in results.values())
        terminalreporter.write_line(f"{shown} of {len(results)} checks shown; see {OUT}")


def checks_of(item: pytest.Item) -> list[str]:
    """Return the names of the checks that a test shows."""
    names = [name for marker in item.iter_markers("check") for name in marker.args]
    return names + [name for name, tests in ELSEWHERE.items() if item.nodeid.startswith(tests)]


def pytest_configure(config: pytest.Config) -> None:
    """Begin a report."""
    config.pluginmanager.register(Report(), "fault-report")
