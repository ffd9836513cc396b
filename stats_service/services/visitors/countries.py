"""The country of an address, from a database that the operator names (`STATS_COUNTRY_DB`)."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb

from stats_service.errors import ConfigurationError
from stats_service.services.visitors.addresses import CACHE_SIZE

_CODE = re.compile(r"[A-Z]{2}")


class Countries:
    """Looks countries up; without a database, none is known.

    Args:
        path: the database, in the format of MaxMind, with countries; None: none.

    Raises:
        ConfigurationError: the file cannot be read as one.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self.is_known = path is not None
        self._line = lru_cache(maxsize=CACHE_SIZE)(self._found)
        self._reader: Any = None
        if path:
            try:
                self._reader = maxminddb.open_database(path)
            except (OSError, ValueError, maxminddb.InvalidDatabaseError) as error:
                raise ConfigurationError(
                    "STATS_COUNTRY_DB: {path} cannot be read as a country database ({error}). Name "
                    "an .mmdb file with countries, or leave it out.",
                    path=path,
                    error=error,
                ) from error

    def line(self, address: str) -> str:
        """Return the line of the country of a canonical address; `""` if it is not known."""
        return self._line(address) if self._reader and address else ""

    def _found(self, address: str) -> str:
        record = self._reader.get(address)
        if not isinstance(record, dict):
            return ""
        country = record.get("country")
        code = country.get("iso_code") if isinstance(country, dict) else country
        code = code or record.get("country_code")
        return f"c{code}\n" if isinstance(code, str) and _CODE.fullmatch(code) else ""


#: For who has no database.
NO_COUNTRIES = Countries()
