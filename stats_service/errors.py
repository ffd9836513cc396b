"""Every error that the service raises on purpose; `StatsError` is the root.

Each class has a stable `code`, which clients may rely on, and the HTTP status and title that
the web layer answers with. The message says what happened, which value, and what to do.

An administrator reads it in the language of the pages: a message is a template, as `str.format`
fills it, and its values come apart, so that the template is what is translated
(`web.admin.messages.explain`; `make translations` tells which are without Vietnamese).
"""

from dataclasses import dataclass
from typing import Any, ClassVar


class StatsError(Exception):
    """Root of the errors that a caller may show to a person."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "The service failed"
    #: Seconds after which the caller may try again; None: no use in trying.
    retry_after: float | None = None

    def __init__(self, message: str, /, **values: object) -> None:
        #: The template, and what stands in it.
        self.message = message
        self.values = values
        super().__init__(message.format(**values) if values else message)


class ConfigurationError(StatsError):
    """A setting is missing or has a value that cannot be used; startup stops."""

    code = "configuration"
    title = "The configuration cannot be used"


class InvalidInputError(StatsError):
    """What the caller sent cannot be used; nothing was stored."""

    code = "invalid-input"
    status = 400
    title = "The request cannot be used"


class UnfitAnswerError(InvalidInputError):
    """A choice or a text cannot be taken, for a reason that a reader's page has words for."""

    def __init__(self, message: str, /, *, reason: str, **values: object) -> None:
        super().__init__(message, **values)
        #: `empty`, `length`, `sign`, `link` of a text; `number`, `gone`, `twice`, `unchosen`.
        self.reason = reason


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


class ForeignPageError(ForbiddenError):
    """The request does not come from a page of the site."""

    code = "host"

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"A page of {origin[:80]!r} may not vote or rate here. Add its host to the site with "
            "`stats-service site edit`, or open the page on one of the site's hosts."
        )


class ProgramError(ForbiddenError):
    """A program, not a reader, votes or rates."""

    code = "program"

    def __init__(self) -> None:
        super().__init__("The user agent is that of a program; only readers vote and rate.")


class VoterRefusedError(ForbiddenError):
    """The voter's token is missing, forged, expired, or of another site."""

    code = "voter-refused"
    title = "The voter's token is not good here"

    def __init__(self) -> None:
        super().__init__(
            "The voter's token is missing, changed, too old, or of another site. Ask for a new "
            'one with "voter": "" in the page view.'
        )


class VoterTooNewError(ForbiddenError):
    """The voter's token was issued a moment ago."""

    code = "voter-too-new"
    title = "A moment, please"

    def __init__(self, seconds: float) -> None:
        self.retry_after = seconds
        super().__init__(
            f"The voter's token may vote in {seconds:.1f} seconds. Send the same again then."
        )


class KioskRefusedError(ForbiddenError):
    """The device is no kiosk of the site, or no longer, or the poll is not for kiosks."""

    code = "kiosk-refused"
    title = "This device is no kiosk of the site"

    def __init__(self) -> None:
        super().__init__(
            "This device is not enrolled as a kiosk of the site, or was revoked, or the poll is "
            "not for kiosks."
        )


class ProofRefusedError(ForbiddenError):
    """The proof of work is missing or not good for this ballot."""

    code = "proof-refused"
    title = "The proof of work is not good"

    def __init__(self, fault: str) -> None:
        super().__init__(f"The proof of work {fault}. Fetch a new challenge of this poll.")


class UnknownPollError(NotFoundError):
    """The site has no such poll, or it is not public."""

    code = "unknown-poll"
    title = "Unknown poll"

    def __init__(self, poll: str) -> None:
        super().__init__(
            f"There is no poll {poll[:80]!r}. `stats-service poll list` shows those there are."
        )


class UnknownArticleError(NotFoundError):
    """No view of the article has been counted under its own name."""

    code = "unknown-article"
    title = "Unknown article"

    def __init__(self, key: str) -> None:
        super().__init__(
            f"No view of the article {key[:80]!r} has been counted yet, or the site has no room "
            "for more articles, so it cannot be rated. Load its page again, then rate it."
        )


class TokenRefusedError(StatsError):
    """The program's token is missing, no token at all, or was revoked."""

    code = "token-refused"
    status = 401
    title = "The token is not good"

    def __init__(self) -> None:
        super().__init__(
            "The token is missing, mistyped or revoked. Send `Authorization: Bearer sst_…`; an "
            "owner of the site makes tokens on its page of API tokens."
        )


class SignInError(StatsError):
    """Name, password or code do not fit, or a link is used up; which of them is not said."""

    code = "sign-in"
    status = 403
    title = "Not signed in"


class TooManyAttemptsError(StatsError):
    """The same was tried too often; a minute later it may be tried again."""

    code = "too-many-attempts"
    status = 429
    title = "Too many attempts"
    #: Seconds after which it may be tried again.
    retry_after = 60
    #: No attempt before was refused for this reason since attempts are counted anew.
    is_first = False


class TooManyCodesError(TooManyAttemptsError):
    """Codes of an account were tried too often today; a recovery code is still looked at."""

    code = "too-many-codes"


class TooManySignInsError(TooManyAttemptsError):
    """More passwords are to be checked than the service can at a time; nothing was looked at."""

    code = "too-many-sign-ins"
    retry_after = 5


class ConflictError(StatsError):
    """The thing exists already, or its state does not allow this."""

    code = "conflict"
    status = 409
    title = "Conflict"


class SiteChangedError(ConflictError):
    """What was looked at is no longer what is there, so that a confirmation of it is void."""

    code = "site-changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which somebody wanted one value while it has got another."""

    field: str
    #: JSON values; None: nothing.
    wanted: Any
    standing: Any


class StaleError(ConflictError):
    """What was changed is no longer what it was made from; both versions come with the error."""

    code = "stale"
    status = 412
    title = "Changed meanwhile"

    def __init__(self, revision: str, differences: tuple[Difference, ...]) -> None:
        #: The revision of what stands now.
        self.revision = revision
        self.differences = differences
        super().__init__(
            "Somebody else has changed this since you read it. Nothing was saved. Look at both "
            "versions; saving again puts yours in the place of the other."
        )


class BallotConflictError(ConflictError):
    """The ballot cannot be taken; the poll, as its reader may see it, comes with the error."""

    def __init__(self, message: str, poll: object) -> None:
        super().__init__(message)
        #: A `models.polls.PresentedPoll`.
        self.poll = poll


class AlreadyVotedError(BallotConflictError):
    """The voter's ballot is in."""

    code = "already-voted"
    title = "This browser has voted"


class PollNotOpenError(BallotConflictError):
    """The poll is not open yet, or no longer."""

    code = "poll-not-open"
    title = "The poll is not open"


class PollReplacedError(BallotConflictError):
    """The ballot is for a poll that was begun anew since."""

    code = "poll-replaced"
    title = "The poll was begun anew"


class AlreadyRatedError(ConflictError):
    """The voter's rating of the article can no longer be changed."""

    code = "already-rated"
    title = "This browser has rated the article"

    def __init__(self, message: str, article: object) -> None:
        super().__init__(message)
        #: A `models.ratings.RatedArticle`.
        self.article = article


class TooManyRequestsError(StatsError):
    """The caller's network sends more than it may at a time."""

    code = "too-many-requests"
    status = 429
    title = "Too many requests at a time"

    def __init__(self, message: str, retry_after: float, **values: object) -> None:
        self.retry_after = retry_after
        super().__init__(message, **values)


class KioskPauseError(StatsError):
    """Somebody has just voted on the kiosk; the same ballot may be sent again after the pause."""

    code = "kiosk-pause"
    status = 429
    title = "The kiosk pauses between two votes"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__("Somebody has just voted on this kiosk. Send the ballot again.")


class StoreUnavailableError(StatsError):
    """Redis did not answer in time, refused the write, or cannot be reached.

    Nothing was acknowledged; the caller may try again.
    """

    code = "store-unavailable"
    status = 503
    title = "The counts are not available at the moment"
    #: Long enough for a restart of Redis, short enough for a reader who waits.
    retry_after = 5
    #: The code of Redis' error reply, e.g. `OOM`; empty if it sent none.
    reply = ""


class StoreRefusedError(StoreUnavailableError):
    """Redis is there and refuses the service until a setting is changed: a password, a right."""


class SiteLostError(StoreUnavailableError):
    """Redis has lost the site, which nobody has erased; what comes is kept until it is back."""

    def __init__(self, slug: str) -> None:
        super().__init__(
            f"The site {slug!r} is missing in Redis, though nobody erased it. Views are kept until "
            "it is restored; `stats-service check` says how."
        )


class ViewSpooledError(StatsError):
    """Redis is away; the view is safe on the service's disk, and there are no numbers to show.

    Not a failure for whoever sent the view: its status is 202.
    """

    code = "view-kept"
    status = 202
    title = "The view is kept and will be counted"

    def __init__(self) -> None:
        super().__init__(
            "Redis does not answer at the moment. The view is kept and will be counted once; "
            "show the numbers of before."
        )


class BusyError(StatsError):
    """More requests wait than the service can hold; nothing was stored."""

    code = "busy"
    status = 503
    title = "The service is busy"
    retry_after = 2


class WorkerLostError(StatsError):
    """A process that helped to read files has ended before its work; nothing was stored."""

    code = "worker-lost"
    status = 503
    title = "The files could not be read to the end"


class StartupError(StatsError):
    """A part that the service needs is missing, in use or does not start."""

    code = "startup"
    title = "The service cannot start"
