"""The OpenAPI descriptions of the operations on polls, ratings and clicks."""

from stats_service.models.clicks import ClickAnswer, ClickQuery, Downloads
from stats_service.models.polls import BallotAnswer, BallotQuery, PresentedPoll
from stats_service.models.ratings import RatingAnswer, RatingQuery, Ratings, TopRated
from stats_service.services.sites.sites import RATED_NAME_MAX, RATED_TYPES
from stats_service.web.api.operation import NO_CONTENT, SITE, Operation, Parameter, one_of
from stats_service.web.api.polls import PollList, VoterAnswer, VoterQuery
from stats_service.web.http.problems import AnswerProblem, BallotProblem, RatingProblem

POLL = Parameter(
    "poll",
    "A poll's id, or `current`.",
    {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,38}$"},
)
SECRET = Parameter(
    "secret",
    "What the link ends with.",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,100}$"},
)
PICTURE = Parameter(
    "picture", "Id of the picture.", {"type": "string", "pattern": "^[0-9a-f]{32}$"}
)
LANG = Parameter("lang", "Default: as the browser asks.", one_of("vi", "en"), required=False)


def _number(name: str, description: str, maximum: int) -> Parameter:
    schema = {"type": "integer", "minimum": 1, "maximum": maximum}
    return Parameter(name, description, schema, required=False)


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
            _number("limit", "Default: 20.", 100),
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
        answers={200: PresentedPoll},
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
        (403, 404, 413, 429, 503),
        {400: AnswerProblem, 409: BallotProblem},
    ),
    Operation(
        "post",
        "/{slug}/voters",
        "issue_voter_token",
        "Get a voter's token where page views, which bring one, are blocked",
        (SITE,),
        VoterQuery,
        {200: VoterAnswer},
        (400, 403, 404, 413, 429, 503),
    ),
    Operation(
        "post",
        "/{slug}/clicks",
        "record_click",
        "Record a click on a document, an outgoing link or a named action; once in a reader's "
        "visit to it, and a retry with the same hit counts once",
        (SITE,),
        ClickQuery,
        {200: ClickAnswer},
        (400, 404, 413, 429, 503),
    ),
    Operation(
        "get",
        "/{slug}/downloads",
        "downloads",
        "Get how often documents were opened; 0 for one that nobody opened",
        (
            SITE,
            Parameter(
                "document",
                "A document's path, or its URL. At most 100.",
                {"type": "array", "items": {"type": "string"}, "maxItems": 100},
                required=False,
            ),
        ),
        answers={200: Downloads},
        problems=(400, 404, 503),
    ),
    Operation(
        "post",
        "/{slug}/ratings",
        "rate_article",
        "Rate an article; 200, and nothing else, says that the rating is in",
        (SITE,),
        RatingQuery,
        {200: RatingAnswer},
        (400, 403, 404, 413, 429, 503),
        {409: RatingProblem},
    ),
    Operation(
        "get",
        "/{slug}/ratings",
        "ratings",
        "Get the ratings of articles; one that nobody rated has a count of 0",
        (
            SITE,
            Parameter(
                "article",
                "An article: path with query, URL, or explicit key. At most 100.",
                {"type": "array", "items": {"type": "string"}, "maxItems": 100},
                required=False,
            ),
        ),
        answers={200: Ratings},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/ratings/top",
        "top_rated",
        "Get the best rated articles, by the Bayesian average",
        (
            SITE,
            _number("limit", "Default: 10.", 100),
            _number("min", "Fewest ratings of an article. Default: 5.", 1_000_000),
        ),
        answers={200: TopRated},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/ratings/jsonld",
        "json_ld",
        "Get an article's rating as schema.org has it; 204 if nobody has rated it",
        (
            SITE,
            Parameter("article", "The article, best by its URL.", {"type": "string"}),
            Parameter(
                "type",
                "What it is, as schema.org has it. Default: what the site says.",
                one_of(*RATED_TYPES),
                required=False,
            ),
            Parameter(
                "name",
                "Its name. Default: the site's for all, and its key.",
                {"type": "string", "maxLength": RATED_NAME_MAX},
                required=False,
            ),
            Parameter(
                "url",
                "Its address on one of the site's hosts. Default: `article`, if it is one.",
                {"type": "string", "format": "uri"},
                required=False,
            ),
        ),
        answers={200: "application/ld+json", 204: NO_CONTENT},
        problems=(400, 404, 503),
    ),
    Operation(
        "get",
        "/{slug}/p/{poll}",
        "poll_page",
        "Get the page on which one votes without JavaScript",
        (SITE, POLL, LANG),
        answers=dict.fromkeys((200, 404, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "post",
        "/{slug}/p/{poll}",
        "cast_ballot_by_form",
        "Vote with that page's form; no other page's form is taken",
        (SITE, POLL, LANG),
        answers=dict.fromkeys((303, 400, 403, 404, 409, 429, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "get",
        "/{slug}/k/{poll}",
        "kiosk_page",
        "Get the page of a kiosk, on which many people vote one after the other",
        (SITE, POLL, LANG),
        answers=dict.fromkeys((200, 403, 404, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "post",
        "/{slug}/k/{poll}",
        "cast_kiosk_ballot",
        "Vote with that page's form; 429 within the pause between two votes",
        (SITE, POLL, LANG),
        answers=dict.fromkeys((200, 400, 403, 404, 409, 429, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "get",
        "/{slug}/k/enrol/{secret}",
        "ask_to_enrol_kiosk",
        "Ask whether the device on which a one-time link is opened is to be a kiosk",
        (SITE, SECRET, LANG),
        answers=dict.fromkeys((200, 404, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "post",
        "/{slug}/k/enrol/{secret}",
        "enrol_kiosk",
        "Make the device a kiosk; the link is spent",
        (SITE, SECRET, LANG),
        answers=dict.fromkeys((303, 403, 404, 429, 503), "text/html"),
        problems=(),
    ),
    Operation(
        "get",
        "/{slug}/picture/{picture}.jpg",
        "picture",
        "Get the picture of a choice; it never changes",
        (SITE, PICTURE),
        answers={200: "image/jpeg"},
        problems=(404, 503),
    ),
)
