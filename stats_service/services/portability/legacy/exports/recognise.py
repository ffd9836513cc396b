"""Recognise a table by the names of its columns, or else by its values."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import without_address
from stats_service.services.portability.legacy.exports.dialects import RawTable
from stats_service.services.portability.legacy.exports.schema import Columns, Schema
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.exports.systems import (
    dnn,
    goatcounter,
    joomla,
    matomo,
    nukeviet,
    plain,
    plausible,
    umami,
    wordpress,
)

SCHEMAS: tuple[Schema, ...] = (
    *wordpress.SCHEMAS,
    *nukeviet.SCHEMAS,
    *joomla.SCHEMAS,
    *dnn.SCHEMAS,
    *plausible.SCHEMAS,
    *matomo.SCHEMAS,
    *umami.SCHEMAS,
    *goatcounter.SCHEMAS,
)
#: The values of `--from`.
KINDS = (*dict.fromkeys(schema.kind for schema in SCHEMAS if schema.brings), plain.KIND)

_COPY_NUMBER = re.compile(r"[ _-]?\(?\d{0,3}\)?$")


class UnknownTableError(InvalidInputError):
    """The columns of a table are unknown; a person may name them.

    Args:
        message: the template, as in every error.
        rows: the first rows of the table.
        values: the values for the template.
    """

    def __init__(self, message: str, rows: Sequence[Sequence[str]], /, **values: object) -> None:
        super().__init__(message, **values)
        self.rows = [tuple(without_address(cell)[:200] for cell in row) for row in rows]


class Recognised(NamedTuple):
    """A recognised table."""

    schema: Schema
    columns: Columns
    #: The first row names the columns.
    heading: bool


def is_wanted(hint: str, table: str, columns: Sequence[str]) -> bool:
    """Return whether a table of a dump is known and was asked for."""
    return any(
        _is_named(schema, table)
        and (_fits(schema, columns) if columns else not schema.any_name)
        and _is_meant(schema, hint, dump=True)
        for schema in SCHEMAS
    )


def recognise(raw: RawTable, file: str, hint: str, source: Source) -> Recognised:
    """Return the recognised table.

    Args:
        raw: the table.
        file: the name of the file.
        hint: the system that the person named; empty: none.
        source: includes the columns of a plain table, if the person named them.

    Raises:
        UnknownTableError: the columns are unknown.
        InvalidInputError: the table is not what the person said.
    """
    names = raw.columns or ()
    if source.columns or hint == plain.KIND:
        return _plain(raw, file, source)
    found = [schema for schema in SCHEMAS if _fits(schema, names)]
    if raw.name:
        found = [schema for schema in found if _is_named(schema, raw.name)]
    if found:
        schema = max(found, key=lambda one: _rank(one, raw.name or _stem(file), hint))
        if not _is_meant(schema, hint, dump=bool(raw.name)):
            raise InvalidInputError(
                "{file} is of {found}, not of {hint}: leave --from out, and every file is known "
                "by its columns.",
                file=file,
                found=schema.kind,
                hint=hint,
            )
        return Recognised(schema, Columns(names), bool(raw.sample))
    if bare := _without_heading(raw, file, hint):
        return bare
    guess = plain.guessed(names)
    if not hint and plain.is_enough(guess):
        return Recognised(plain.plain_schema(guess), Columns(names), True)
    raise _unknown(raw, file, hint)


def _plain(raw: RawTable, file: str, source: Source) -> Recognised:
    names = raw.columns or ()
    if source.columns:
        places = plain.placed(source.columns, names, len(names))
    else:
        places = plain.guessed(names)
    if not plain.is_enough(places) and not source.columns:
        raise _unknown(raw, file, "")
    heading = bool(raw.sample) and plain.is_heading(raw.sample[0], places)
    return Recognised(plain.plain_schema(places), Columns(names), heading)


def _without_heading(raw: RawTable, file: str, hint: str) -> Recognised | None:
    """Recognise the table of a file without a heading, such as phpMyAdmin writes."""
    found = [
        (schema, order)
        for schema in SCHEMAS
        for order in schema.orders
        if _is_meant(schema, hint) and _has_shape(schema, order, raw.sample)
    ]
    named = [pair for pair in found if _is_named(pair[0], raw.name or _stem(file))]
    found = named or found
    if len({schema.table for schema, _ in found}) > 1:
        raise InvalidInputError(
            "{file} has no heading, and may be {tables}: name the file as its table, or export it "
            "with the names of its columns in the first row.",
            file=file,
            tables=" or ".join(sorted({schema.table for schema, _ in found})),
        )
    return Recognised(found[0][0], Columns(found[0][1]), False) if found else None


def _has_shape(schema: Schema, order: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    wanted = [(order.index(name), shape) for name, shape in schema.shapes.items() if name in order]
    return bool(rows) and all(
        len(row) == len(order) and all(re.fullmatch(shape, row[at]) for at, shape in wanted)
        for row in rows
    )


def _fits(schema: Schema, names: Sequence[str]) -> bool:
    return set(schema.needs).issubset(names) and not set(schema.without).intersection(names)


def _is_named(schema: Schema, name: str) -> bool:
    return schema.any_name or name == schema.table or name.endswith(f"_{schema.table}")


def _is_meant(schema: Schema, hint: str, *, dump: bool = False) -> bool:
    """Return whether a table is wanted; polls and ratings of a dump always are."""
    if not hint or schema.kind == hint or not schema.brings:
        return True
    return dump and {"polls", "ratings"}.issuperset(schema.brings)


def _rank(schema: Schema, name: str, hint: str) -> tuple[bool, bool, int]:
    return schema.kind == hint, _is_named(schema, name), len(schema.needs)


def _stem(file: str) -> str:
    """Return the table name in a file name: `wp_ratings` for `wp_ratings (1).csv.gz`."""
    return _COPY_NUMBER.sub("", file.lower().split(".")[0].removesuffix("-pma"))


def _unknown(raw: RawTable, file: str, hint: str) -> InvalidInputError:
    meant = [schema for schema in SCHEMAS if schema.kind == hint and schema.bind]
    columns = ", ".join(raw.columns or ())[:200]
    if meant:
        return InvalidInputError(
            "{file} has the columns {columns!r}, and of {hint} are wanted: {needs}.",
            file=file,
            columns=columns,
            hint=hint,
            needs=" or ".join(dict.fromkeys(", ".join(schema.needs) for schema in meant)),
        )
    return UnknownTableError(
        "{file} has the columns {columns!r}, which no counter that is known has. Say what they "
        "are with --columns, for example --columns date,views,visits.",
        raw.sample,
        file=file,
        columns=columns,
    )
