"""Tables for people: a workbook of titles, real dates and numbers, each sheet with its chart."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import xlsxwriter

from stats_service.services.portability.sheets import CELL_LENGTH

#: None: there is no number.
Cell = str | int | float | date | None

#: How each kind of cell is shown; a spreadsheet writes the signs as its own language does.
FORMATS = {
    "number": "#,##0",
    "share": "0.0%",
    "score": "0.00",
    "day": "dd/mm/yyyy",
    "hour": "dd/mm/yyyy hh:mm",
    "month": "mm/yyyy",
}
#: Those that stand at the right.
NUMBERS = ("number", "share", "score")
#: Widths of columns in characters, the widest of a text too.
WIDTHS = {"number": 14, "share": 11, "score": 11, "day": 12, "hour": 17, "month": 10}
TEXT_WIDTH_MIN, TEXT_WIDTH_MAX = 12, 60
#: Colours of lines and bars, as on the pages.
COLOURS = ("#0c6350", "#b4651a", "#8a9099", "#c9a27a")
#: Size of a chart in pixels.
CHART_SIZE = {"width": 900, "height": 380}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: what programs call it, what people do, and what stands in it."""

    name: str
    heading: str
    #: `text`, or one of `FORMATS`.
    kind: str = "number"
    #: Makes a cell for people of that for programs: a date of `2026-11-23`.
    convert: Callable[[Any], Cell] | None = None
    #: Whether its sum stands below it.
    summed: bool = False
    #: Whether it is in files for programs, and in those for people.
    in_csv: bool = True
    in_book: bool = True


@dataclass(frozen=True, slots=True)
class Drawing:
    """The chart of a table."""

    #: `line` over time, `bar` for a list.
    kind: str
    #: The names of its columns, the first with the names of the points.
    columns: Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Some thousand rows, in the reader's language."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    #: Below the title: whose numbers, of which days, as of when.
    notes: Sequence[str] = ()
    #: The word before the sums.
    total: str = ""
    drawing: Drawing | None = field(default=None)


def workbook(*tables: Table) -> bytes:
    """Return a workbook with a sheet for each: title, notes, table, sums, and the chart beside it.

    Their titles differ in the first 31 characters, which name the sheets.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    with xlsxwriter.Workbook(file, options) as book:
        for table in tables:
            _Sheet(book, table).write()
    return file.getvalue()


class _Sheet:
    def __init__(self, book: Any, table: Table) -> None:
        self._book = book
        self._table = table
        self._places = [n for n, column in enumerate(table.columns) if column.in_book]
        self._columns = [table.columns[n] for n in self._places]
        self._sheet = book.add_worksheet(_sheet_name(table.title))
        #: Days stand at the left, as texts do.
        self._formats = {
            kind: book.add_format(
                {"num_format": text, "align": "right" if kind in NUMBERS else "left"}
            )
            for kind, text in FORMATS.items()
        }
        #: The row of the headings, from 0.
        self._head = len(table.notes) + 2

    def write(self) -> None:
        """Write everything."""
        table, sheet, book = self._table, self._sheet, self._book
        sheet.write_string(0, 0, table.title[:CELL_LENGTH], book.add_format(_TITLE))
        for line, note in enumerate(table.notes, 1):
            sheet.write_string(line, 0, note[:CELL_LENGTH], book.add_format(_NOTE))
        heading = book.add_format(_HEADING)
        for column, one in enumerate(self._columns):
            sheet.write_string(self._head, column, one.heading, heading)
            sheet.set_column(column, column, self._width(column))
        for line, row in enumerate(table.rows, self._head + 1):
            for column, (place, one) in enumerate(zip(self._places, self._columns, strict=True)):
                self._write(line, column, one, row[place])
        self._sums()
        sheet.freeze_panes(self._head + 1, 1)
        self._paper()
        if table.drawing and table.rows:
            self._draw(table.drawing)

    def _write(self, line: int, column: int, one: Column, value: Cell) -> None:
        value = one.convert(value) if one.convert and value is not None else value
        if isinstance(value, date):  # a moment is a date as well
            self._sheet.write_datetime(line, column, value, self._formats[one.kind])
        elif isinstance(value, str):
            self._sheet.write_string(line, column, value[:CELL_LENGTH])
        elif value is not None:
            self._sheet.write_number(line, column, value, self._formats[one.kind])

    def _sums(self) -> None:
        if not self._table.total or not self._table.rows:
            return
        first, last = self._head + 1, self._head + len(self._table.rows)
        bold = self._book.add_format(_HEADING | {"num_format": FORMATS["number"]})
        self._sheet.write_string(last + 1, 0, self._table.total, bold)
        for column, (place, one) in enumerate(zip(self._places, self._columns, strict=True)):
            if one.summed:
                letter = chr(ord("A") + column)
                known = [row[place] for row in self._table.rows]
                total = sum(n for n in known if isinstance(n, int | float))
                formula = f"=SUM({letter}{first + 1}:{letter}{last + 1})"
                self._sheet.write_formula(last + 1, column, formula, bold, total)

    def _paper(self) -> None:
        """Let it be printed as it is: on A4, as wide as a page, the headings on each."""
        self._sheet.set_paper(9)
        self._sheet.set_landscape()
        self._sheet.fit_to_pages(1, 0)
        self._sheet.repeat_rows(self._head)
        self._sheet.set_footer("&R&P / &N")

    def _draw(self, drawing: Drawing) -> None:
        chart = self._book.add_chart({"type": drawing.kind})
        first, last = self._head + 1, self._head + len(self._table.rows)
        names = {column.name: at for at, column in enumerate(self._columns)}
        category, *lines = (names[name] for name in drawing.columns if name in names)
        name = self._sheet.get_name()
        for number, column in enumerate(lines):
            if drawing.kind == "bar":  # of two, the second is what was before
                look: dict[str, Any] = {"fill": {"color": COLOURS[2 * number]}}
            elif number < 2:
                look = {"line": {"color": COLOURS[number], "width": 2.25}}
            else:  # what was before
                look = {"line": {"color": COLOURS[number], "width": 1.5, "dash_type": "dash"}}
            chart.add_series(
                {
                    "name": [name, self._head, column],
                    "categories": [name, first, category, last, category],
                    "values": [name, first, column, last, column],
                    **look,
                }
            )
        chart.set_title({"name": self._table.title, "name_font": {"size": 13}, "overlay": False})
        chart.set_size(CHART_SIZE)
        first_column = self._columns[category]
        if drawing.kind == "bar":
            chart.set_y_axis({"reverse": True})  # the first on top, as in the table
            chart.set_x_axis({"num_format": FORMATS["number"], "min": 0})
            chart.set_legend({"position": "bottom"} if len(lines) > 1 else {"none": True})
        else:
            axis = {"num_format": FORMATS.get(first_column.kind, "@"), "label_position": "low"}
            chart.set_x_axis(axis | ({"text_axis": True} if first_column.kind == "hour" else {}))
            chart.set_y_axis({"num_format": FORMATS["number"], "min": 0})
            chart.set_legend({"position": "bottom"})
        self._sheet.insert_chart(self._head, len(self._columns) + 1, chart)

    def _width(self, column: int) -> float:
        one, place = self._columns[column], self._places[column]
        least = len(one.heading) + 2
        if one.kind != "text":
            return max(WIDTHS[one.kind], least)
        longest = max((len(str(row[place])) for row in self._table.rows), default=0)
        return max(TEXT_WIDTH_MIN, least, min(TEXT_WIDTH_MAX, longest + 2))


_TITLE = {"bold": True, "font_size": 14}
_NOTE = {"font_color": "#5b626c"}
_HEADING = {"bold": True, "bottom": 1, "bg_color": "#f0eee8"}


def _sheet_name(title: str) -> str:
    """Return a name that a sheet may have: 31 characters, none of which mean something."""
    return "".join(" " if sign in "[]:*?/\\" else sign for sign in title)[:31].strip("' ") or "1"
