"""Bounds of numbers and texts that come from outside, as types that msgspec checks."""

from typing import Annotated

from msgspec import Meta

#: Largest number of anything: two of them are added exactly where numbers are floating point, as
#: the views of articles in Redis are (2^53).
COUNT_MAX = 10**15
#: Year 10,000, in seconds since 1970: later moments cannot be written as an ISO date.
TIME_MAX = 253_402_300_800

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
#: Seconds since 1970.
Moment = Annotated[int, Meta(ge=0, le=TIME_MAX)]
#: Who voted or rated, in hexadecimal. (`\Z`, as `$` lets a line feed pass.)
Pseudonym = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
