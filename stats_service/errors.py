"""Every error that the service raises on purpose; `StatsError` is the root.

Each class has a stable `code`, which clients may rely on, and the HTTP status and title that
the web layer answers with. The message says what happened, which value, and what to do.
"""

from typing import ClassVar


class StatsError(Exception):
    """Root of the errors that a caller may show to a person."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The service failed"


class ConfigurationError(StatsError):
    """A setting is missing or has a value that cannot be used; startup stops."""

    code = "configuration"
    title = "The configuration cannot be used"


class InvalidInputError(StatsError):
    """What the caller sent cannot be used; nothing was stored."""

    code = "invalid-input"
    status = 400
    title = "The request cannot be used"


class TooLargeError(InvalidInputError):
    """The caller sent more than the service reads."""

    code = "too-large"
    status = 413
    title = "The request is too large"


class NotFoundError(StatsError):
    """The named thing does not exist."""

    code = "not-found"
    status = 404
    title = "Not found"


class UnknownSiteError(NotFoundError):
    """No site has this slug."""

    code = "unknown-site"
    title = "Unknown site"

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"There is no site {slug!r}. Check data-site in the snippet, or add the site with "
            "`stats-service site add`."
        )


class ForbiddenError(StatsError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class ConflictError(StatsError):
    """The thing exists already, or its state does not allow this."""

    code = "conflict"
    status = 409
    title = "Conflict"


class StoreUnavailableError(StatsError):
    """Redis did not answer in time, refused the write, or cannot be reached.

    Nothing was acknowledged; the caller may try again.
    """

    code = "store-unavailable"
    status = 503
    title = "The counts are not available at the moment"


class StartupError(StatsError):
    """A part that the service needs is missing, in use or does not start."""

    code = "startup"
    title = "The service cannot start"
