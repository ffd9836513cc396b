"""Types for numbers and texts from outside, with bounds that msgspec checks."""

from typing import Annotated

from msgspec import Meta

#: Largest number of any kind: the sum of two is exact in floating point (2^53), in which Redis adds
#: the views of articles.
COUNT_MAX = 10**15
#: Year 10,000, in seconds since 1970: later times have no ISO date.
TIME_MAX = 253_402_300_800

Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
#: Seconds since 1970.
Moment = Annotated[int, Meta(ge=0, le=TIME_MAX)]
#: Pseudonym of a voter in hexadecimal. (`\Z`, because `$` also matches before a line feed.)
Pseudonym = Annotated[str, Meta(pattern=r"^[0-9a-f]{16}\Z")]
