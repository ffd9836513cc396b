"""What the fault tests share."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.report import MEASURED

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, unless it says that it is quick."""
    for item in items:
        if HERE in item.path.parents and not item.get_closest_marker("quick"):
            item.add_marker(pytest.mark.faults)


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Give a function that notes what a check measured, for the table."""
    return lambda text: record_property(MEASURED, text)
