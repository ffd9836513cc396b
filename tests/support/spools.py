"""The spool of services: tests look into it, which web cannot."""

from stats_service.services.container import Services
from stats_service.store.traffic.spool import Spool


def spool_of(services: Services) -> Spool:
    """Return the spool that `services` keep views in."""
    return services.traffic.replay._spool
