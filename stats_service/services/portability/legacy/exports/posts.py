"""A CSV file with the addresses of articles, for systems that store articles by number."""

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.dialects import raw_tables
from stats_service.services.portability.legacy.files import LegacyFile

_ADDRESSES = ("url", "path", "permalink", "guid")


def post_addresses(file: LegacyFile) -> dict[str, str]:
    """Return the address of each post in a CSV file with `id` and `url`, `path` or `guid`.

    Raises:
        InvalidInputError: the file has no such columns.
    """
    found: dict[str, str] = {}
    for raw in raw_tables(file.text(), lambda _table, columns: "id" in columns):
        names = raw.columns or ()
        place = next((names.index(name) for name in _ADDRESSES if name in names), -1)
        if "id" not in names or place < 0:
            raise InvalidInputError(
                "{file} has the columns {columns!r}, and of posts are wanted: id and url, or id "
                "and path.",
                file=file.name,
                columns=", ".join(names)[:200],
            )
        number = names.index("id")
        rows = raw.rows
        if raw.sample:
            next(rows, None)
        for row in rows:
            if len(row) > max(number, place) and row[place]:
                found[row[number]] = row[place]
    return found
