"""The operations of polls and ratings, as OpenAPI tells of them."""

from stats_service.models.polls import BallotAnswer, BallotQuery, PollView
from stats_service.web.api.operation import SITE, Operation, Parameter, one_of
from stats_service.web.api.polls import PollList, VoterAnswer, VoterQuery
from stats_service.web.problems import BallotProblem

POLL = Parameter(
    "poll",
    "A poll's id, or `current`.",
    {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,38}$"},
)

VOTE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "get",
        "/{slug}/polls",
        "list_polls",
        "Get the polls of a site, the latest first",
        (
            SITE,
            Parameter(
                "state",
                "Default: closed, the archived ones included.",
                one_of("open", "scheduled", "closed"),
                required=False,
            ),
            Parameter(
                "limit",
                "Default: 20.",
                {"type": "integer", "minimum": 1, "maximum": 100},
                required=False,
            ),
        ),
        answers={200: PollList},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/polls/{poll}",
        "poll",
        "Get a poll as somebody sees it who has not voted",
        (SITE, POLL),
        answers={200: PollView},
    ),
    Operation(
        "get",
        "/{slug}/polls/{poll}/challenge",
        "challenge",
        "Get an ALTCHA challenge, whose solution is good for one ballot of the poll",
        (SITE, POLL),
        answers={200: "application/json"},
    ),
    Operation(
        "post",
        "/{slug}/polls/{poll}/ballots",
        "cast_ballot",
        "Vote; 200, and nothing else, says that the ballot is in",
        (SITE, POLL),
        BallotQuery,
        {200: BallotAnswer},
        (400, 403, 404, 413, 429, 503),
        {409: BallotProblem},
    ),
    Operation(
        "post",
        "/{slug}/voters",
        "mint_voter",
        "Get a voter's token where page views, which bring one, are blocked",
        (SITE,),
        VoterQuery,
        {200: VoterAnswer},
        (400, 403, 404, 413, 429, 503),
    ),
)
