"""Any other table with columns of days, articles, scores or answers.

The columns are recognised by headings in English and Vietnamese, including those of the CSV export
of this service, or named by the person.
"""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.cells import BadCell, day, whole
from stats_service.services.portability.legacy.exports.polls import Answer, Question
from stats_service.services.portability.legacy.exports.schema import (
    Columns,
    Schema,
    TakeRow,
    Target,
)

KIND = "csv"
#: The kinds of columns.
FIELDS = (
    *("date", "hour", "views", "visits", "article", "score", "count", "question"),
    *("choice", "votes"),
)
#: The headings of each kind, without diacritics and in lower case.
HEADINGS = {
    "date": ("date", "day", "span", "ngay", "thoi gian"),
    "hour": ("hour", "gio"),
    "views": (
        *("views", "pageviews", "page views", "view", "hits", "luot xem", "so luot xem"),
        *("luot doc", "so luot doc", "xem"),
    ),
    "visits": (
        *("visits", "sessions", "visit", "luot truy cap", "so luot truy cap", "truy cap"),
        *("luot tham quan", "luot vao"),
    ),
    "article": (
        *("article", "page", "url", "path", "address", "link", "page path", "bai viet", "trang"),
        *("duong dan", "dia chi", "lien ket", "page path and screen class"),
    ),
    "score": ("score", "stars", "rating", "diem", "so diem", "so sao", "sao"),
    "count": ("count", "ratings", "number", "so luot", "so danh gia", "luot danh gia"),
    "counts": ("counts",),
    "question": ("question", "poll", "cau hoi", "noi dung cau hoi"),
    "choice": ("choice", "answer", "option", "cau tra loi", "lua chon", "phuong an", "tra loi"),
    "votes": ("votes", "phieu", "so phieu", "luot binh chon", "so luot binh chon"),
}
#: Sets of columns that make a table; the first match counts.
COMBINATIONS = (
    ("question", "choice", "votes"),
    ("article", "score", "count"),
    ("article", "counts"),
    ("article", "score"),
    ("date", "article", "views"),
    ("article", "views"),
    ("date", "views"),
    ("date", "visits"),
)
#: Spans of this service's own export that are not a day.
_SUMS = re.compile(r"total|\d{4}(?:-(?:\d\d|W\d\d))?")
_SCORES = re.compile(r"\[\s*(\d+(?:\s*,\s*\d+)*)?\s*\]")


def guessed(names: Sequence[str]) -> dict[str, int]:
    """Return the position of each kind of column that a heading names."""
    found: dict[str, int] = {}
    for place, name in enumerate(map(_folded, names)):
        for what, headings in HEADINGS.items():
            if name in headings:
                found.setdefault(what, place)
    return found


def named_columns(text: str) -> dict[str, str]:
    """Return the columns that a person named, by kind.

    Args:
        text: `date=Ngày,views=Lượt xem`, with headings or numbers from 1; or `date,-,views`, one
            word for each column.

    Raises:
        InvalidInputError: the text has neither form.
    """
    found: dict[str, str] = {}
    for place, part in enumerate(filter(None, text.split(",")), 1):
        what, equals, column = (piece.strip() for piece in part.partition("="))
        if what in ("-", "") and not equals:
            continue
        if what not in FIELDS or what in found or (equals and not column):
            raise InvalidInputError(
                "columns {text!r}: say for each column one of {fields}, or -, as in "
                "date,views,visits; or name them, as in date=Ngày,views=3.",
                text=text[:80],
                fields=", ".join(FIELDS),
            )
        found[what] = column if equals else str(place)
    return found


def placed(columns: Mapping[str, str], names: Sequence[str], width: int) -> dict[str, int]:
    """Return the positions of the columns that a person named.

    Raises:
        InvalidInputError: a column does not exist.
    """
    found = {}
    folded = [_folded(name) for name in names]
    for what, column in columns.items():
        if _folded(column) in folded:
            found[what] = folded.index(_folded(column))
        elif column.isdecimal() and 1 <= int(column) <= width:
            found[what] = int(column) - 1
        else:
            raise InvalidInputError(
                "columns: there is no column {column!r}; there are {names}.",
                column=column[:40],
                names=", ".join(names)[:200],
            )
    return found


def is_enough(places: Mapping[str, int]) -> bool:
    """Return whether these columns make a table."""
    return any(places.keys() >= set(wanted) for wanted in COMBINATIONS)


def is_heading(row: Sequence[str], places: Mapping[str, int]) -> bool:
    """Return whether a row is a heading: it has no numbers where numbers are expected."""
    numbers = [row[place] for what, place in places.items() if what in _NUMBERS]
    return any(number and not re.search(r"\d", number) for number in numbers)


_NUMBERS = ("views", "visits", "score", "count", "votes", "counts", "date")


def plain_schema(places: Mapping[str, int]) -> Schema:
    """Return the schema of a table with these columns.

    Raises:
        InvalidInputError: the columns make no table.
    """
    for wanted in COMBINATIONS:
        if places.keys() >= set(wanted):
            break
    else:
        raise InvalidInputError(
            "columns: {found} are not enough. Say date with views or visits; article with views; "
            "article, score and count; or question, choice and votes.",
            found=", ".join(places) or "none",
        )
    read = _READERS[wanted]

    def bind(target: Target, _: Columns) -> TakeRow:
        return read(target, places)

    undated = "date" not in wanted and "article" in wanted
    brings = "polls" if "votes" in wanted else "ratings" if wanted[1] in _RATED else ""
    return Schema(
        kind=KIND,
        table="-".join(wanted),
        needs=(),
        bind=bind,
        undated=undated,
        events="date" not in wanted,
        brings=(brings or ("articles" if "article" in wanted else "site"),),
        # A day has one number of views; numbers without a date may be spread over several files.
        same="-".join(wanted[:-1]) if "date" in wanted else "",
    )


_RATED = ("score", "counts")


def _days(target: Target, places: Mapping[str, int]) -> TakeRow:
    when, tally = places["date"], target.tally
    views, visits, hour = (places.get(name, -1) for name in ("views", "visits", "hour"))

    def take(row: list[str]) -> None:
        if _SUMS.fullmatch(row[when].strip()):
            tally.ignored["sum"] += 1
            return
        tally.add(
            day(row[when]),
            _hour(row[hour]) if hour >= 0 else "",
            views=whole(row[views]) if views >= 0 else 0,
            visits=whole(row[visits]) if visits >= 0 else 0,
        )

    return take


def _articles(target: Target, places: Mapping[str, int]) -> TakeRow:
    when, name, views = places.get("date", -1), places["article"], places["views"]
    tally, article = target.tally, target.source.article

    def take(row: list[str]) -> None:
        date = day(row[when]) if when >= 0 else ""
        number = whole(row[views])
        if key := article(_unescaped(row[name])):
            tally.add_article(date, key, number)
        else:
            tally.ignored["article-invalid"] += 1

    return take


def _scores(target: Target, places: Mapping[str, int]) -> TakeRow:
    name, score, count = places["article"], places["score"], places.get("count", -1)
    tally, article = target.tally, target.source.article
    scale = target.source.site.rating_scale

    def take(row: list[str]) -> None:
        stars, number = whole(row[score]), whole(row[count]) if count >= 0 else 1
        key = article(_unescaped(row[name]))
        if not key:
            tally.ignored["article-invalid"] += 1
        elif not 1 <= stars <= scale:
            tally.ignored["score-invalid"] += number
        elif number:
            tally.ratings.setdefault(key, Counter())[stars] += number

    return take


def _counts(target: Target, places: Mapping[str, int]) -> TakeRow:
    """`[0,1,0,0,3]`: ratings by score, from 1, as in this service's own export."""
    name, counts, tally = places["article"], places["counts"], target.tally

    def take(row: list[str]) -> None:
        match = _SCORES.fullmatch(row[counts].strip())
        if match is None:
            raise BadCell(row[counts], "numbers by score such as [0,1,0,0,3]")
        key = target.source.article(_unescaped(row[name]))
        found = Counter(
            {score: whole(n) for score, n in enumerate((match[1] or "0").split(","), 1)}
        )
        if max(+found, default=0) > target.source.site.rating_scale or not key:
            tally.ignored["score-invalid"] += found.total()
        elif +found:
            tally.ratings.setdefault(key, Counter()).update(+found)

    return take


def _answers(target: Target, places: Mapping[str, int]) -> TakeRow:
    question, choice, votes = places["question"], places["choice"], places["votes"]
    numbers: Counter[str] = Counter()

    def take(row: list[str]) -> None:
        text = row[question].strip()
        name = f"csv-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
        number = whole(row[votes])
        numbers[name] += 1
        target.shared.polls.ask(Question(id=name, text=text))
        answer = Answer(id=f"a{numbers[name]}", text=_unescaped(row[choice]), votes=number)
        target.shared.polls.answer(name, answer)

    return take


_READERS = {
    ("question", "choice", "votes"): _answers,
    ("article", "score", "count"): _scores,
    ("article", "score"): _scores,
    ("article", "counts"): _counts,
    ("date", "article", "views"): _articles,
    ("article", "views"): _articles,
    ("date", "views"): _days,
    ("date", "visits"): _days,
}


def _hour(text: str) -> str:
    number = whole(text)
    if number > 23:
        raise BadCell(text, "an hour from 0 to 23")
    return f"{number:02d}"


def _unescaped(text: str) -> str:
    """Return a text without the sign that keeps a spreadsheet from reading it as a formula."""
    return text[1:] if text[:1] == "'" and text[1:2] in ("=", "+", "-", "@") else text


def _folded(text: str) -> str:
    """Return a heading in lower case and without diacritics: `luot xem` for `Lượt xem`."""
    plain = unicodedata.normalize("NFD", text.strip().strip("\ufeff").lower().replace("đ", "d"))
    letters = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return re.sub(r"[\s_]+", " ", letters).strip()
