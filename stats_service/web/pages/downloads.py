"""Tables as files: CSV, and XLSX for whoever has a spreadsheet and no patience for separators."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from stats_service.services.portability.sheets import escape_formula, one_sheet

#: What a route that gives a table calls the end of its address.
ENDING = "<any(csv, xlsx):kind>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

#: None: there is no number.
Cell = str | float | None


def table_file(
    name: str, headings: Sequence[str], rows: Iterable[Sequence[Cell]], kind: str
) -> Response:
    """Return a table of some thousand rows as a file `name` of the kind `csv` or `xlsx`."""
    if kind == "xlsx":
        return attachment(one_sheet(headings, rows), f"{name}.xlsx", XLSX)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([escape_formula(cell) for cell in row] for row in rows)
    # The mark tells a spreadsheet that this is UTF-8.
    return attachment("\N{BYTE ORDER MARK}" + text.getvalue(), f"{name}.csv", "text/csv")


def attachment(content: str | bytes | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return what a browser saves as a file; `name` is ASCII without quotes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=mimetype, headers=headers)
