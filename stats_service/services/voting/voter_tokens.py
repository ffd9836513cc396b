"""Voters' tokens outside of page views: for pages whose views are blocked, and the hosted page."""

from stats_service.models.traffic.views import Visitor
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.visitors.addresses import ipv6_48_prefix, network_prefix
from stats_service.store.traffic.traffic import TrafficStore

#: How many times as many tokens a /48 may have as an address; `record_views.lua` has the same.
IPV6_48_FACTOR = 3


class VoterTokens:
    """Issue tokens, each counted for the address that it goes to."""

    def __init__(self, store: TrafficStore) -> None:
        self._store = store

    def issue(self, entry: SiteEntry, token: str, visitor: Visitor, now: float) -> str:
        """Return `token` if it is good, else a new one."""
        site, voters = entry.site, entry.voters
        if voters.find(site.slug, token, now):
            return token
        network, today = network_prefix(visitor.address), entry.day_keys_at(now)[0]
        wide = ipv6_48_prefix(visitor.address) if ":" in network else ""
        by_address, by_ipv6_48 = self._store.count_token(
            site.slug,
            today.address(network) if network else b"",
            today.address(wide) if wide else b"",
            now,
        )
        ceiling = site.token_ceiling
        burst = by_address > ceiling or by_ipv6_48 > ceiling * IPV6_48_FACTOR
        return voters.issue(site.slug, now, burst=burst)
