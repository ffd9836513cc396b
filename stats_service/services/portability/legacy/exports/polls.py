"""Polls of other systems, put together from tables of questions and answers."""

import html
import re
from collections.abc import Iterator

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.polls import Choice, Poll, PollTally
from stats_service.services.polls.rules import check_poll

_TAG = re.compile(r"<[^>]*>")


class LegacyPoll(msgspec.Struct, frozen=True):
    """A poll of another system."""

    poll: Poll
    tally: PollTally


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a poll."""

    #: Id of the poll in this service: `wp-3`.
    id: str
    text: str
    #: Seconds since 1970; 0: unknown or never.
    begun: float = 0.0
    ended: float = 0.0
    #: Most answers of one voter.
    most: int = 1
    #: Number of voters; 0: unknown.
    voters: int = 0


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """An answer with its votes."""

    id: str
    text: str
    votes: int


class FoundPolls:
    """The questions and answers in the files of one command."""

    def __init__(self) -> None:
        self.questions: dict[str, Question] = {}
        self._answers: dict[str, dict[str, Answer]] = {}

    def ask(self, question: Question) -> None:
        """Add a question."""
        self.questions.setdefault(question.id, question)

    def answer(self, question: str, answer: Answer) -> None:
        """Add an answer to a question, by the question's id."""
        self._answers.setdefault(question, {}).setdefault(answer.id, answer)

    def polls(self, language: str, now: float) -> Iterator[LegacyPoll | str]:
        """Yield every poll, archived, or the reason why it cannot be imported."""
        for number, question in self.questions.items():
            answers = list(self._answers.get(number, {}).values())
            try:
                yield _poll(question, answers, language, now)
            except InvalidInputError as error:
                yield f"poll {number}: {error}"
        for number in self._answers.keys() - self.questions.keys():
            yield f"poll {number}: its question is in none of the files"


def _poll(question: Question, answers: list[Answer], language: str, now: float) -> LegacyPoll:
    begun = question.begun if question.begun < now else 0.0
    most = max(1, min(question.most, len(answers)))
    poll = Poll(
        id=question.id,
        question={language: plain(question.text)},
        choices=tuple(Choice(id=a.id, text={language: plain(a.text)}) for a in answers),
        lang=language,
        multiple=question.most > 1,
        max_choices=most,
        status="archived",
        created=begun,
        opened=begun,
        closed=question.ended if begun < question.ended < now else now,
        revision=1,
    )
    votes = {answer.id: answer.votes for answer in answers}
    total = sum(votes.values())
    ballots = total
    if question.most > 1:  # the least possible number of voters, whatever the system's count says
        ballots = min(total, max(-(-total // most), question.voters))
    return LegacyPoll(check_poll(poll), PollTally(ballots, votes))


def plain(text: str) -> str:
    """Return a text without markup."""
    return html.unescape(_TAG.sub("", text)).replace("\\'", "'").replace('\\"', '"').strip()
