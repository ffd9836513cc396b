"""`make translations`: bring the Vietnamese catalog up to date with the texts in the code.

Adds an empty entry for every new text, drops those that nothing asks for any more, sorts the rest
and compiles what is served. Ends with 1, naming them, while texts lack their Vietnamese.
"""

import re
import sys
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from stats_service import errors

PACKAGE = Path(__file__).parent.parent / "stats_service"
FOLDER = PACKAGE / "web/admin/translations/vi/LC_MESSAGES"
MAPPING = [("web/**.py", "python"), ("web/**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
#: Where errors are raised that an administrator may read: their first argument is a template
#: (`stats_service.errors`). What readers, programs and the command line alone are told is English.
ERROR_MAPPING = [
    *(
        (f"services/{name}.py", "ignore")
        for name in (
            "known_sites/loop",
            "known_sites/site_directory",
            "loop",
            "operations/alarm",
            "operations/backups",
            "portability/archive_checks",
            "portability/archive_entries",
            "ratings/ratings",
            "ratings/structured",
            "titles/lists",
            "traffic/history",
            "clicks/clicks",
            "views/page_views",
            "traffic/readers",
            "visitors/countries",
            "visitors/request_limits",
            "voting/ballots",
            "voting/kiosk_ballots",
            "voting/proofs",
        )
    ),
    ("services/**.py", "python"),
    ("web/admin/**.py", "python"),
    ("web/pages/**.py", "python"),
]
ERRORS = {
    name: None
    for name, found in vars(errors).items()
    if isinstance(found, type) and issubclass(found, errors.StatsError)
} | {"DeliveryError": None}


def wanted() -> Catalog:
    """Return the texts that the code asks for."""
    catalog = Catalog(locale="vi")
    for mapping, keywords in ((MAPPING, KEYWORDS), (ERROR_MAPPING, ERRORS)):
        for _file, _line, message, _comments, _context in extract_from_dir(
            PACKAGE, mapping, keywords=keywords
        ):
            catalog.add(
                message[0] if isinstance(message, tuple) and mapping is ERROR_MAPPING else message
            )
    return catalog


def main() -> None:
    """Write messages.po and messages.mo."""
    source = FOLDER / "messages.po"
    # A merge of two branches leaves entries twice; the first one stays.
    entries = dict.fromkeys(re.split(r"\n{2,}", source.read_text().strip()))
    catalog = read_po(BytesIO("\n\n".join(entries).encode()), locale="vi")
    catalog.update(wanted(), no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    with source.open("wb") as file:
        write_po(file, catalog, width=100, no_location=True, sort_output=True)
    with (FOLDER / "messages.mo").open("wb") as file:
        write_mo(file, catalog)
    # The forms of a plural are a tuple, which is not empty though its texts are.
    missing = [m.id for m in catalog if m.id and not any(m.string or ())]
    if missing:
        sys.exit("Without Vietnamese in messages.po:\n" + "\n".join(map(repr, missing)))


if __name__ == "__main__":
    main()
