"""Tables with one row for each answer of a poll."""

from stats_service.services.portability.legacy.exports.cells import whole
from stats_service.services.portability.legacy.exports.polls import Answer
from stats_service.services.portability.legacy.exports.schema import (
    Bind,
    Columns,
    TakeRow,
    Target,
)


def answers(prefix: str, *, number: str, question: str, text: str, votes: str) -> Bind:
    """Return how to read a table of answers.

    Args:
        prefix: prefix of the poll's id: `wp` of `wp-3`.
        number: column with the number of the answer.
        question: column with the number of the question.
        text: column with the text of the answer.
        votes: column with its votes.
    """

    def bind(target: Target, columns: Columns) -> TakeRow:
        places = [columns[name] for name in (number, question, text, votes)]

        def take(row: list[str]) -> None:
            answer_number, question_number, answer_text, answer_votes = (row[p] for p in places)
            answer = Answer(
                id=f"a{whole(answer_number)}", text=answer_text, votes=whole(answer_votes)
            )
            target.shared.polls.answer(f"{prefix}-{whole(question_number)}", answer)

        return take

    return bind
