"""What the forms of the admin pages were made from, and what is shown of a change that was late.

A form holds the revision of what it shows (`ui.revision`). Where somebody else was faster, nothing
is saved: the form keeps what was typed, `ui.error_note` shows both versions, and the form holds
the revision of what stands now, so that who saves again has seen it.
"""

from flask import g, request

from stats_service.errors import StaleError, StatsError
from stats_service.web.admin.accounts.audit import Difference, differences
from stats_service.web.pages.messages import explain

#: Timezone in which moments are told where no site is concerned.
TIMEZONE = "Asia/Ho_Chi_Minh"


def given_revision() -> str:
    """Return the revision that the form was made from; empty if it holds none."""
    return request.form.get("revision", "")[:64]


def refused(error: StatsError) -> str:
    """Return what to tell of an error; both versions of a late change are shown beneath it."""
    if isinstance(error, StaleError):
        g.stale = _both(error)
    return explain(error)


def refused_in_a_line(error: StatsError) -> str:
    """Return the same where there is only one text, the versions in it."""
    if not isinstance(error, StaleError):
        return explain(error)
    both = "; ".join(
        f"{one.field}: {one.before or '—'} ≠ {one.after or '—'}" for one in _both(error)
    )
    return f"{explain(error)} {both}"


def _both(error: StaleError) -> list[Difference]:
    """Return the fields as they stand (`before`) and as they were wanted (`after`)."""
    site = g.get("admin_site")
    return differences(
        {one.field: one.standing for one in error.differences},
        {one.field: one.wanted for one in error.differences},
        site.timezone if site else TIMEZONE,
    )
