"""Tables as files: CSV for programs, XLSX for whoever shows the numbers to somebody."""

import csv
import io
from collections.abc import Iterable
from datetime import date

from flask import Response

from stats_service.services.portability.sheets import escape_formula
from stats_service.services.portability.workbook import Cell, Table, workbook

#: Endings of the address of a route with a table.
ENDING = "<any(csv, xlsx):kind>"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(name: str, table: Table, kind: str) -> Response:
    """Return a table as a file `name` of the kind `csv` or `xlsx`."""
    if kind == "xlsx":
        return attachment(workbook(table), f"{name}.xlsx", XLSX)
    text = io.StringIO()
    writer = csv.writer(text)
    places = [at for at, column in enumerate(table.columns) if column.in_csv]
    writer.writerow([table.columns[at].name for at in places])
    writer.writerows([escape_formula(_plain(row[at])) for at in places] for row in table.rows)
    # The byte order mark tells a spreadsheet that this is UTF-8.
    return attachment("\N{BYTE ORDER MARK}" + text.getvalue(), f"{name}.csv", "text/csv")


def _plain(cell: Cell) -> str | float | None:
    return cell.isoformat() if isinstance(cell, date) else cell


def attachment(content: str | bytes | Iterable[bytes], name: str, mimetype: str) -> Response:
    """Return a response that browsers save as a file; `name` is ASCII without quotes."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, mimetype=mimetype, headers=headers)
