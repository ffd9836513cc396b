"""Ratings that a system stores only as a number and a sum."""

from collections import Counter

from stats_service.services.portability.legacy.exports.schema import Target


def add_average(target: Target, article: str, number: str, total: str) -> None:
    """Add `number` ratings with the sum `total` to an article.

    The two scores next to the average get the ratings, so that number and sum are right.
    """
    scale = target.source.site.rating_scale
    try:
        count, sum_of_scores = int(float(number or 0)), round(float(total or 0))
    except (ValueError, OverflowError):
        count, sum_of_scores = 0, -1
    if not article or count < 1 or not count <= sum_of_scores <= count * scale:
        target.tally.ignored["score-invalid"] += 1
        return
    low, rest = divmod(sum_of_scores, count)
    found = target.tally.ratings.setdefault(article, Counter())
    found[low] += count - rest
    if rest:
        found[low + 1] += rest
