"""Recognise the format of an access log by its first lines."""

from collections.abc import Sequence

from stats_service.services.portability.legacy.formats.balancers import (
    amazon_format,
    haproxy_format,
)
from stats_service.services.portability.legacy.formats.hit import Format
from stats_service.services.portability.legacy.formats.json_lines import json_format
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.pattern import pattern_format
from stats_service.services.portability.legacy.formats.text import text_format
from stats_service.services.portability.legacy.formats.w3c import w3c_format

#: Number of lines that are examined.
SAMPLE_LINES = 30

_KINDS = (w3c_format, json_format, amazon_format, haproxy_format, text_format)


def format_of(sample: Sequence[str], options: LogOptions) -> Format | None:
    """Return the format of a file with the first lines `sample`; None: it is not an access log.

    Raises:
        InvalidInputError: the pasted format is not valid.
    """
    if options.pattern:
        return pattern_format(options)
    lines = [line for line in sample if line.strip()]
    return next((found for kind in _KINDS if (found := kind(lines, options))), None)
