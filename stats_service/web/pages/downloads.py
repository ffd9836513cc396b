"""Tables as files: CSV, and XLSX, which opens without questions about separators."""

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from stats_service.services.portability.sheets import escape_formula, one_sheet

#: Endings of the address of a route with a table.
ENDING = "<any(csv, xlsx):kind>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Cell = str | float


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
    # The byte order mark tells a spreadsheet that this is UTF-8.
    return attachment("\N{BYTE ORDER MARK}" + text.getvalue(), f"{name}.csv", "text/csv")


def attachment(content: str | bytes | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return a response that browsers save as a file; `name` is ASCII without quotes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=mimetype, headers=headers)
