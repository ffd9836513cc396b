"""What the regular work tells of itself."""

import logging
from collections.abc import Iterator
from typing import NamedTuple

from stats_service.errors import StatsError, StoreUnavailableError

logger = logging.getLogger(__name__)


class Outcome(NamedTuple):
    """Something that was done, or could not be."""

    text: str
    failed: bool = False


def isolated(name: str, work: Iterator[Outcome], *others: type[StatsError]) -> Iterator[Outcome]:
    """Give what the `work` for one site tells; its error is told as well, and is no other's.

    Args:
        name: of whom, for the error.
        work: what is done.
        others: errors that concern everybody, and are raised.

    Raises:
        StoreUnavailableError: Redis is away, for everybody.
    """
    try:
        yield from work
    except StoreUnavailableError:
        raise
    except StatsError as error:
        if isinstance(error, others):
            raise
        yield Outcome(f"{name}: {error}", failed=True)
    except Exception as error:
        logger.exception("The regular work failed for %s.", name)
        yield Outcome(
            f"{name}: {type(error).__name__}: {error}. The others go on; the log has more.",
            failed=True,
        )
