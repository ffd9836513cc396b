"""Ballots and ratings over time: the sum in the legend is that of the points, in every unit."""

import pytest
from flask import Flask

from stats_service.models.traffic.history import Pair
from stats_service.web.pages.curves import curve


@pytest.mark.parametrize(
    ("last", "unit"),
    [("2026-11-24T23", "hour"), ("2026-12-24T05", "day"), ("2028-03-01T00", "month")],
)
def test_the_legend_has_the_sum_of_the_points(app: Flask, last: str, unit: str) -> None:
    """What counts and what does not, each by itself."""
    with app.test_request_context():  # whose language names the points
        found = curve({"2026-11-23T09": Pair(3, 1), "2026-11-23T10": Pair(), last: Pair(4, 2)})

    assert found is not None
    assert found.series.unit == unit
    assert found.series.total == Pair(7, 3)
    assert sum((point.now for point in found.series.points), Pair()) == Pair(7, 3)
