"""SQL dumps, table by table: mysqldump, phpMyAdmin, pg_dump, scripts of SQL Server.

The parser knows only what such programs write: INSERT, CREATE TABLE for the names of columns, and
COPY. A parser of full SQL takes some fifty times as long (docs/decisions/0035).
"""

import re
from collections.abc import Callable, Iterator, Sequence

from stats_service.errors import InvalidInputError

#: Longest row in characters; an article with its pictures may take some megabytes.
ROW_MAX = 16_000_000

_NAME = r"(?:`[^`]+`|\"[^\"]+\"|\[[^\]]+\]|[\w$]+)"
_TABLE = rf"{_NAME}(?:\s*\.\s*{_NAME})*"
_INSERT = re.compile(
    rf"\s*(?:INSERT|REPLACE)\s+(?:LOW_PRIORITY\s+|DELAYED\s+|IGNORE\s+)*(?:INTO\s+)?({_TABLE})"
    r"\s*(?:\(([^()]*)\))?\s*VALUES?\s*",
    re.IGNORECASE,
)
_CREATE = re.compile(rf"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({_TABLE})", re.IGNORECASE)
_COPY = re.compile(rf"\s*COPY\s+({_TABLE})\s*\(([^()]*)\)\s+FROM\s+stdin", re.IGNORECASE)
_COLUMN = re.compile(rf"\s*({_NAME})\s+[\w\[]")
_NO_COLUMN = re.compile(
    r"\s*(?:PRIMARY|UNIQUE|KEY|INDEX|CONSTRAINT|FULLTEXT|SPATIAL|FOREIGN|CHECK)\b", re.IGNORECASE
)
_NAMES = re.compile(_NAME)
_CAST = re.compile(
    r"CAST\(\s*(N?'(?:[^']|'')*'|[^' ]*) AS [^()]*(?:\([^()]*\))?\s*\)", re.IGNORECASE
)

#: A quoted text, with backslash escapes (MySQL) and without.
_QUOTED = {True: r"'(?:[^'\\]++|\\.|'')*+'", False: r"'(?:[^']++|'')*+'"}
_ROW = {
    escapes: re.compile(
        rf"\s*,?\s*\(((?:[^'()]++|{quoted}|\((?:[^'()]++|{quoted})*+\))*+)\)", re.DOTALL
    )
    for escapes, quoted in _QUOTED.items()
}
_CELL = {
    escapes: re.compile(rf"(?:[NE]|_\w+\s*)?'({quoted[1:-1]})'|([^\s,'][^,']*)", re.DOTALL)
    for escapes, quoted in _QUOTED.items()
}
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
_COPIED = re.compile(r"\\(.)", re.DOTALL)

#: Called with a table's name and columns; returns whether the rows are wanted.
Wanted = Callable[[str, Sequence[str]], bool]
#: Name, columns (empty: unknown), rows. Read the rows of one table before the next table.
SqlTable = tuple[str, tuple[str, ...], Iterator[list[str]]]


def sql_tables(lines: Iterator[str], wanted: Wanted) -> Iterator[SqlTable]:
    """Yield the wanted tables of a dump, once for each statement that fills them.

    Raises:
        InvalidInputError: the dump is cut off, or a row is too long.
    """
    created: dict[str, tuple[str, ...]] = {}
    for line in lines:
        begin = line.lstrip()[:8].upper()
        if begin.startswith(("INSERT", "REPLACE")):
            yield from _inserted(line, lines, created, wanted)
        elif begin.startswith("CREATE"):
            if match := _CREATE.match(line):
                created[_last(match[1])] = _created(line[match.end() :], lines)
        elif begin.startswith("COPY") and (match := _COPY.match(line)):
            name, columns = _last(match[1]), _columns(match[2])
            rows = _copied(lines)
            if wanted(name, columns):
                yield name, columns, rows
            for _ in rows:
                pass


def _inserted(
    line: str, lines: Iterator[str], created: dict[str, tuple[str, ...]], wanted: Wanted
) -> Iterator[SqlTable]:
    match = _INSERT.match(line)
    while match is None:  # the columns may take several lines
        more = next(lines, None)
        if more is None or len(line) > 100_000:
            return
        line += more
        match = _INSERT.match(line)
    name = _last(match[1])
    columns = _columns(match[2]) if match[2] else created.get(name, ())
    escapes = not (match[1].startswith(("[", '"')) or "." in match[1])
    if wanted(name, columns):
        rows = _rows(line[match.end() :], lines, escapes=escapes)
        yield name, columns, rows
        for _ in rows:
            pass
    else:
        _skip(line[match.end() :], lines, escapes=escapes)


def _rows(text: str, lines: Iterator[str], *, escapes: bool) -> Iterator[list[str]]:
    """Yield the rows of a statement that continues in `lines`."""
    row, cell, at = _ROW[escapes], _CELL[escapes], 0
    while True:
        match = row.match(text, at)
        if match is None:
            text, at = text[at:], 0
            text += _more(text, lines)
            continue
        inside = match[1]
        if not escapes and "CAST" in inside:
            inside = _CAST.sub(r"\1", inside)
        yield [_value(*pair, escapes=escapes) for pair in cell.findall(inside)]
        at = match.end()
        rest = text[at : at + 200].lstrip()
        if not rest.startswith(","):
            return
        if not rest[1:].lstrip():
            text, at = "," + next(lines, ""), 0


def _more(text: str, lines: Iterator[str]) -> str:
    """Return the text with further lines, up to one that may end a row."""
    more: list[str] = []
    size = len(text)
    for line in lines:
        more.append(line)
        size += len(line)
        if size > ROW_MAX:
            raise InvalidInputError(
                "A row of the dump has more than {row_max:,} characters.", row_max=ROW_MAX
            )
        if line.rstrip().endswith((")", "),", ");")):
            break
    if not more:
        raise InvalidInputError("The dump is cut off in the middle of a row.")
    return "".join(more)


def _value(quoted: str, bare: str, *, escapes: bool) -> str:
    if bare:
        bare = bare.rstrip()
        return "" if bare.upper() in ("NULL", "DEFAULT") else bare
    if escapes and "\\" in quoted:
        return _ESCAPED.sub(lambda m: _LETTERS.get(m[1], m[1]) if m[1] else "'", quoted)
    return quoted.replace("''", "'") if "''" in quoted else quoted


def _skip(text: str, lines: Iterator[str], *, escapes: bool) -> None:
    """Skip to the end of an unwanted statement."""
    if escapes:  # a line break within a text is always written as \\n
        while not text.rstrip().endswith(";"):
            text = next(lines, ";")
        return
    inside = text.count("'") % 2
    while inside or text.rstrip().endswith(","):
        text = next(lines, "")
        if not text:
            return
        inside = (inside + text.count("'")) % 2


def _created(text: str, lines: Iterator[str]) -> tuple[str, ...]:
    """Return the columns of a CREATE TABLE statement, which has one on each line."""
    names = []
    for line in lines:
        if line.lstrip().startswith(")"):
            break
        if not _NO_COLUMN.match(line) and (match := _COLUMN.match(line)):
            names.append(_bare(match[1]))
        if line.rstrip().endswith(";"):
            break
    return tuple(names) if "(" in text or names else ()


def _copied(lines: Iterator[str]) -> Iterator[list[str]]:
    for line in lines:
        if line.startswith("\\."):
            return
        cells = line.rstrip("\r\n").split("\t")
        yield [
            ""
            if cell == r"\N"
            else _COPIED.sub(lambda m: _LETTERS.get(m[1], m[1]), cell)
            if "\\" in cell
            else cell
            for cell in cells
        ]


def _columns(text: str) -> tuple[str, ...]:
    return tuple(map(_bare, _NAMES.findall(text)))


def _last(name: str) -> str:
    """Return the table name of `schema.table`."""
    return _bare(_NAMES.findall(name)[-1])


def _bare(name: str) -> str:
    return name.strip('`"[]').lower()
