"""The HTTP API: one blueprint a noun, all below `STATS_PATH_PREFIX`."""

from flask import Flask

from stats_service.web.api import checks, manage, openapi, polls, ratings, traffic

#: Endpoints where people write, each with a limit of its own for a network.
LIMITED = ("polls.cast_ballot", "polls.issue_voter_token", "ratings.rate_article", "checks.check")


def register(app: Flask, prefix: str) -> None:
    """Serve the API below `prefix`."""
    for noun in (openapi, traffic, polls, ratings, checks, manage):
        app.register_blueprint(noun.bp, url_prefix=prefix)
