"""Anybody's numbers: a table whose columns somebody names, or whose headings say enough."""

import pytest

from stats_service.errors import InvalidInputError
from stats_service.services.portability.legacy.exports.recognise import UnknownTableError
from tests.services.portability.exports.conftest import Read


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("date,views,visits\n2019-12-24,366,155\n2019-12-25,10,4\n", ""),
        ("Ngày;Lượt xem;Lượt truy cập\n24/12/2019;366;155\n25/12/2019;10;4\n", ""),
        ("2019-12-24,366,155\n2019-12-25,10,4\n", "date,views,visits"),
        ("n;a;x;b\n24/12/2019;366;-;155\n25/12/2019;10;-;4\n", "date,views,-,visits"),
        ("Thời điểm\tXem\tVào\n24-12-2019\t366\t155\n25-12-2019\t10\t4\n",
         "date=Thời điểm,views=2,visits=Vào"),
    ],
)  # fmt: skip
def test_days(read: Read, text: str, columns: str) -> None:
    """With a heading or without, in English or Vietnamese, dates as people write them."""
    found = read({"so-lieu.csv": text}, columns=columns)

    assert (found.kind, found.ignored) == ("csv", {})
    assert found.days == {"2019-12-24": (366, 155), "2019-12-25": (10, 4)}


def test_articles(read: Read) -> None:
    """Without a date they are balances; with one, views of a day."""
    text = "article,views\n/tin/1,366\nhttps://kimson.example.vn/tin/1/,4\n/tin/2,1\n"

    found = read({"a.csv": text})

    assert (found.articles, found.days) == ({"/tin/1": 370, "/tin/2": 1}, {})
    assert read({"b.csv": "Ngày,Đường dẫn,Lượt xem\n2026-01-02,/a,3\n"}).articles == {"/a": 3}


def test_parts_of_what_has_no_date_are_added(read: Read) -> None:
    """Two years of a counter are two files; the same file twice is one."""
    files = {
        "2019.csv": "article,views\n/a,3\n",
        "2020.csv": "article,views\n/a,4\n",
        "copy.csv": "article,views\n/a,4\n",
    }

    assert read(files).articles == {"/a": 7}


def test_days_in_two_files_are_the_same_days(read: Read) -> None:
    """Of a day that both have the larger number counts."""
    files = {
        "1.csv": "date,views\n2026-01-01,3\n2026-01-02,4\n",
        "2.csv": "date,views\n2026-01-02,9\n2026-01-03,1\n",
    }

    found = read(files)

    assert found.days == {"2026-01-01": (3, 0), "2026-01-02": (9, 0), "2026-01-03": (1, 0)}


def test_ratings(read: Read) -> None:
    """By article and score; scores above the site's are left out."""
    text = "article,score,count\n/a,5,3\n/a,4,1\n/b,9,2\n"

    found = read({"r.csv": text})

    assert (found.ratings, found.ignored) == ({"/a": {5: 3, 4: 1}}, {"score-invalid": 2})


def test_polls(read: Read) -> None:
    """Rows with the same question are one poll."""
    text = (
        "Câu hỏi,Phương án,Số phiếu\nBạn hài lòng?,Có,12\nBạn hài lòng?,Không,3\nKhác?,A,1\n"
        "Khác?,B,0\n"
    )

    first, second = read({"p.csv": text}).polls

    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first.poll.question == {"vi": "Bạn hài lòng?"}
    assert (first.tally.ballots, first.tally.votes) == (15, {"a1": 12, "a2": 3})
    assert second.tally.ballots == 1


OWN = {
    "counts.csv": (
        "span,views,visits,visitors,private\ntotal,15,7,0,0\n2026,15,7,0,0\n2026-01,15,7,0,0\n"
        "2026-W01,9,4,0,0\n2026-01-01,9,4,3,0\n2026-01-07,6,3,3,0\n"
    ),
    "hours.csv": "day,hour,views,visits\n2026-01-01,9,9,4\n",
    "articles.csv": "article,views\n/a,10\n'=b,5\n",
    "openings.csv": "article,views\n/a,100\n",
    "ratings.csv": 'article,counts\n/a,"[0,1,0,0,3]"\n',
}


def test_our_own_export(read: Read) -> None:
    """Days of the counts; views of articles and their balances together; ratings."""
    found = read({name: text for name, text in OWN.items() if name != "hours.csv"})

    assert found.days == {"2026-01-01": (9, 4), "2026-01-07": (6, 3)}
    assert found.articles == {"/a": 110, "=b": 5}
    assert found.ratings == {"/a": {2: 1, 5: 3}}
    assert found.ignored["sum"] == 4
    assert read({"hours.csv": OWN["hours.csv"]}).hours == {("2026-01-01", "09"): (9, 4)}


def test_articles_by_day_and_in_sum_are_the_same_views(read: Read) -> None:
    """They are not added."""
    with pytest.raises(InvalidInputError, match="by day and in sum"):
        read({"a.csv": OWN["articles.csv"], "d.csv": "day,article,views\n2026-01-01,/a,3\n"})


def test_a_table_that_nobody_knows_is_shown(read: Read) -> None:
    """So that somebody names its columns."""
    with pytest.raises(UnknownTableError, match="--columns") as error:
        read({"x.csv": "Tháng Giêng;Số\n1/1/2020;5\n"})

    assert error.value.rows == [("Tháng Giêng", "Số"), ("1/1/2020", "5")]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("date,wiews", "say for each column"),
        ("date,date", "say for each column"),
        ("views,visits", "are not enough"),
        ("date=Nope,views=2", "no column 'Nope'"),
        ("date=1,views=7", "no column '7'"),
    ],
)
def test_columns_that_make_no_table(read: Read, columns: str, said: str) -> None:
    """The message says what would."""
    with pytest.raises(InvalidInputError, match=said):
        read({"x.csv": "a,b\n2026-01-01,5\n"}, columns=columns)
