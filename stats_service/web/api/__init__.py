"""The HTTP API: one blueprint a noun, all below `STATS_PATH_PREFIX`."""

from stats_service.web.api import checks, manage, openapi, polls, ratings, traffic

blueprints = (openapi.bp, traffic.bp, polls.bp, ratings.bp, checks.bp, manage.bp)

#: Endpoints where people write, each with a limit of its own for a network.
LIMITED = ("polls.cast_ballot", "polls.mint_voter", "ratings.rate_article", "checks.check")
