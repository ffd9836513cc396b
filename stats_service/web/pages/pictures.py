"""Drawings for slides and documents: one SVG file each, with all its words and colours in it.

It loads nothing, so that it looks the same anywhere; `static/admin.js` makes a PNG of it in the
browser, which has the letters of every language.
"""

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, render_template
from flask_babel import get_locale

from stats_service.web.pages.charts import Chart
from stats_service.web.pages.downloads import attachment
from stats_service.web.pages.languages import day, number

SVG = "image/svg+xml"
#: Size of a drawing, as of a slide; one with many bars is higher.
WIDTH, HEIGHT = 1280, 720
#: Characters of a line of a title and of an answer; lines of an answer.
TITLE_LETTERS, ANSWER_LETTERS, ANSWER_LINES = 58, 78, 2
TITLE_LINES = 3
#: Lines of what happened, below the curves.
FLAGS_TOLD = 6
#: Heights in the drawing's units.
TITLE_LINE, BAR_HEIGHT, ANSWER_LINE = 42, 26, 26


@dataclass(frozen=True, slots=True)
class Words:
    """What stands above and below a drawing."""

    title: str
    #: Whose it is, and of when or how many.
    whose: str
    what: str
    #: Until when the numbers are.
    as_of: str


@dataclass(frozen=True, slots=True)
class Key:
    """What a line means."""

    #: `visits`, `views` or `before`
    kind: str
    text: str
    #: None: there is no sum.
    total: int | None


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer of a poll."""

    text: str
    percent: float
    told: str
    leads: bool


@dataclass(frozen=True, slots=True)
class PlacedBar:
    """A bar with its place in the drawing."""

    bar: Bar
    lines: Sequence[str]
    top: int


def chart_picture(name: str, words: Words, chart: Chart, keys: Sequence[Key]) -> Response:
    """Return lines over time as a file `name`.svg."""
    places, x = [], 60
    for key in keys:
        told = key.text + (f" {number(key.total)}" if key.total is not None else "")
        places.append((x, key, told))
        x += 60 + 10 * len(told)
    flagged = [
        f"{flag.number}   {day(when, 'short')}   {text}"
        for flag in chart.flags
        for when, text in flag.texts
    ]
    return _svg(name, words, HEIGHT, chart=chart, keys=places, flagged=flagged[:FLAGS_TOLD])


def bars_picture(name: str, words: Words, bars: Sequence[Bar]) -> Response:
    """Return the answers of a poll as a file `name`.svg."""
    top, placed = 100 + TITLE_LINE * len(_title(words)), []
    for bar in bars:
        lines = _wrapped(bar.text, ANSWER_LETTERS, ANSWER_LINES)
        placed.append(PlacedBar(bar, lines, top))
        top += ANSWER_LINE * len(lines) + BAR_HEIGHT + 30
    return _svg(name, words, max(HEIGHT, top + 60), bars=placed)


def _svg(name: str, words: Words, height: int, **parts: object) -> Response:
    drawing = render_template(
        "admin/picture.svg",
        words=words,
        title=_title(words),
        width=WIDTH,
        height=height,
        language=str(get_locale()),
        title_line=TITLE_LINE,
        answer_line=ANSWER_LINE,
        bar_height=BAR_HEIGHT,
        **parts,
    )
    return attachment(drawing, f"{name}.svg", SVG)


def _title(words: Words) -> list[str]:
    return _wrapped(words.title, TITLE_LETTERS, TITLE_LINES)


def _wrapped(text: str, letters: int, most: int) -> list[str]:
    """Break a text into lines; what is beyond the last of them ends in dots."""
    return textwrap.wrap(text, letters, max_lines=most, placeholder=" …") or [""]
