"""Polls of WP-Polls, with their results: the tables `pollsq` and `pollsa` as CSV."""

import html
import re
from collections.abc import Iterator

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Choice, Poll, PollTally
from stats_service.services.polls.rules import check_poll
from stats_service.services.portability.legacy.exports import Row

_TAG = re.compile(r"<[^>]*>")


class LegacyPoll(msgspec.Struct, frozen=True):
    """A poll that was held elsewhere."""

    poll: Poll
    tally: PollTally


def read_polls(
    questions: Iterator[Row], answers: Iterator[Row], language: str, now: float
) -> Iterator[LegacyPoll | str]:
    """Give every poll, archived, or why one cannot be taken over.

    Raises:
        InvalidInputError: a file has not the columns of its table.
    """
    choices: dict[str, list[tuple[Choice, int]]] = {}
    for row in answers:
        try:
            text = {language: _plain(row["polla_answers"])}
            choice = Choice(id=f"a{row['polla_aid']}", text=text)
            choices.setdefault(row["polla_qid"], []).append((choice, _whole(row["polla_votes"])))
        except KeyError as error:
            raise InvalidInputError("The answers have no column {error}.", error=error) from error
    for row in questions:
        try:
            yield _poll(row, choices.get(row["pollq_id"], []), language, now)
        except KeyError as error:
            raise InvalidInputError("The questions have no column {error}.", error=error) from error
        except InvalidInputError as error:
            yield f"poll {row['pollq_id']}: {error}"


def _poll(row: Row, choices: list[tuple[Choice, int]], language: str, now: float) -> LegacyPoll:
    most = _whole(row["pollq_multiple"])
    begun, ended = float(_whole(row["pollq_timestamp"])), float(_whole(row["pollq_expiry"]))
    poll = Poll(
        id=f"wp-{_whole(row['pollq_id'])}",
        question={language: _plain(row["pollq_question"])},
        choices=tuple(choice for choice, _ in choices),
        lang=language,
        multiple=most > 0,
        max_choices=max(1, min(most, len(choices))),
        status="archived",
        created=begun,
        opened=begun,
        closed=ended if begun < ended < now else now,
        revision=1,
    )
    votes = {choice.id: number for choice, number in choices}
    total = sum(votes.values())
    ballots = total
    if most:  # as many as there can have been, whatever the plug-in's own count says
        fewest = -(-total // poll.max_choices)
        ballots = min(total, max(fewest, _whole(row["pollq_totalvoters"])))
    return LegacyPoll(check_poll(poll), PollTally(ballots, votes))


def _plain(text: str) -> str:
    return html.unescape(_TAG.sub("", text)).replace("\\'", "'").replace('\\"', '"').strip()


def _whole(text: str) -> int:
    try:
        number = int(float(text or 0))
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number <= 10**12:
        raise InvalidInputError("{text!r} is no whole number.", text=text[:40])
    return number
