"""Who may vote and rate: readers of the site's own pages, and no programs."""

from stats_service.errors import ForeignPageError, ProgramError
from stats_service.models.traffic.views import Visitor
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.bots import is_bot
from stats_service.services.visitors.hosts import origin_host


def check_sender(entry: SiteEntry, visitor: Visitor) -> None:
    """Return if this page and client may vote and rate; else raise ForbiddenError."""
    if origin_host(visitor.origin) not in entry.hosts:
        raise ForeignPageError(visitor.origin)
    check_program(visitor)


def check_program(visitor: Visitor) -> None:
    """Return if the sender is a reader; raise ProgramError for a program."""
    if not visitor.user_agent or is_bot(visitor.user_agent):
        raise ProgramError
