"""Polls: read them, get a challenge or a token, vote."""

from typing import Any

import msgspec
from flask import Blueprint, Response, request

from stats_service.errors import InvalidInputError
from stats_service.models.polls import PresentedPoll
from stats_service.services.known_sites.senders import check_sender
from stats_service.services.known_sites.site_directory import SiteEntry
from stats_service.services.voting.public_polls import LISTED_MAX
from stats_service.web.api.entrance import answer_in_loop
from stats_service.web.http.bodies import cached_json, decode_body, fresh_json
from stats_service.web.http.context import services
from stats_service.web.http.limits import limited
from stats_service.web.http.request import request_visitor
from stats_service.web.http.sites import allow_site_pages, on_site, site_entry

bp = Blueprint("polls", __name__)
allow_site_pages(bp)

#: Seconds for which a response with polls may be cached.
POLL_MAX_AGE = 10


class PollList(msgspec.Struct, frozen=True):
    """Polls of a site, newest first."""

    polls: list[PresentedPoll]


class VoterQuery(msgspec.Struct, frozen=True):
    """A request for a voter token."""

    #: The token that the page has, or empty.
    voter: str = ""


class VoterAnswer(msgspec.Struct, frozen=True):
    """A voter token: the one in the request if it is valid, else a new one."""

    voter: str


@bp.get("/<slug>/polls")
def list_polls(slug: str) -> Response:
    """Answer with the polls of a site in one state."""
    entry = site_entry(slug)
    state, limit = request.args.get("state", "closed"), request.args.get("limit", "20")
    if not (limit.isascii() and limit.isdigit() and len(limit) <= 3):
        raise InvalidInputError(f"limit {limit[:40]!r}: use 1 to {LISTED_MAX}.")
    polls = services().polls.public.list_presented(entry, state, int(limit), services().clock.now())
    return cached_json(msgspec.json.encode(PollList(polls)), POLL_MAX_AGE)


@bp.get("/<slug>/polls/<poll>")
def poll(slug: str, poll: str) -> Response:
    """Answer with one poll, or the current one, as somebody sees it who has not voted."""
    return answer_in_loop("poll", slug, poll)


@bp.get("/<slug>/polls/<poll>/challenge")
def challenge(slug: str, poll: str) -> Response:
    """Answer with a challenge whose solution is valid for one ballot."""
    now = services().clock.now()
    ballots, entry = services().polls.ballots, site_entry(slug)
    found = services().loop.run(ballots.find_poll(entry, poll, now))
    made: dict[str, Any] = services().polls.proofs.challenge(
        slug, found.id, found.protection.effort, now
    )
    return fresh_json(made)


@bp.post("/<slug>/polls/<poll>/ballots")
def cast_ballot(slug: str, poll: str) -> Response:
    """Record a ballot; 200 means that it is recorded."""
    return answer_in_loop("ballots", slug, poll)


@bp.post("/<slug>/voters")
@limited
def issue_voter_token(slug: str) -> Response:
    """Answer with a voter token, for pages whose page views are blocked."""

    def issue(entry: SiteEntry) -> str:
        query = decode_body(request.get_data() or b"{}", VoterQuery)
        visitor, now = request_visitor(), services().clock.now()
        check_sender(entry, visitor)
        return services().polls.voter_tokens.issue(entry, query.voter, visitor, now)

    return fresh_json(VoterAnswer(on_site(slug, issue)))
