"""The chart of a report, as a picture: mail programs show no SVG and run no script.

The chart contains only numbers and dates, so that its font needs no Vietnamese letters. The text
beside it explains the colours.
"""

import io
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from stats_service.models.traffic.history import Point
from stats_service.services import formats

#: Twice the displayed size, for sharp screens; the letters stay readable on a phone.
WIDTH, HEIGHT = 1200, 440
LEFT, RIGHT, TOP, BOTTOM = 120, 20, 24, 66

PAPER, GRID, TEXT = "#ffffff", "#e3e6ea", "#57606a"
VIEWS, VISITS, BEFORE = "#9ec5e8", "#0b5394", "#7d858e"
STEPS = 4
LETTERS = 30


def draw(points: Sequence[Point], language: str) -> bytes:
    """Return a PNG: daily views as bars, visits as a line, visits of the period before in grey."""
    # Imported here, because only the process that draws needs these ten megabytes.
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415

    picture = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(LETTERS)
    before = [point.before.visits if point.before else None for point in points]
    top = _round_up(max([1, *(p.now.views for p in points), *(n for n in before if n)]))
    height, width = HEIGHT - TOP - BOTTOM, WIDTH - LEFT - RIGHT

    def y(value: int) -> float:
        return TOP + height * (1 - value / top)

    for step in range(STEPS + 1):
        value = top * step // STEPS
        pen.line((LEFT, y(value), WIDTH - RIGHT, y(value)), fill=GRID, width=2)
        pen.text((LEFT - 12, y(value)), _short(value, language), fill=TEXT, font=font, anchor="rm")
    slot = width / max(1, len(points))
    middles = [LEFT + slot * (n + 0.5) for n in range(len(points))]
    every = max(1, round(len(points) / 7))
    for number, (point, x) in enumerate(zip(points, middles, strict=True)):
        bar = (x - slot * 0.34, y(point.now.views), x + slot * 0.34, y(0))
        pen.rectangle(bar, fill=VIEWS)
        if number % every == 0:
            day = date.fromisoformat(point.name)
            label = f"{day.day}/{day.month}"
            pen.text((x, HEIGHT - BOTTOM + 14), label, fill=TEXT, font=font, anchor="mt")
    visits: list[int | None] = [point.now.visits for point in points]
    for color, values in ((BEFORE, before), (VISITS, visits)):
        dots = [
            None if value is None else (x, y(value))
            for x, value in zip(middles, values, strict=True)
        ]
        for a, b in pairwise(dots):
            if a and b:
                pen.line((a, b), fill=color, width=5)
        for x, at in filter(None, dots):
            pen.ellipse((x - 6, at - 6, x + 6, at + 6), fill=color)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()


def _round_up(value: int) -> int:
    """Return the next higher number that divides into `STEPS` round ones."""
    unit = 1
    while True:
        for factor in (4, 8, 12, 20, 40):
            if factor * unit >= value:
                return factor * unit
        unit *= 10


def _short(value: int, language: str) -> str:
    if value >= 1_000_000:
        return formats.number(value / 1_000_000, language) + "M"
    if value >= 10_000:
        return formats.number(value / 1000, language) + "k"
    return formats.number(value, language)
