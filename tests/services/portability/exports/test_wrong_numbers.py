"""Files from which wrong numbers came: refused by name, or read as they are meant.

The numbers beside each file are counted by hand.
"""

import zipfile
from io import BytesIO

import pytest

from stats_service.errors import InvalidInputError
from tests.services.portability.exports.conftest import Read

VISITORS = (
    '"date","visitors","pageviews","bounces","visits","visit_duration"\n'
    '"2023-02-09",119,304,77,134,21070\n"2023-02-10",166,325,117,180,21467\n'
)
PAGES = (
    '"date","hostname","page","visits","visitors","pageviews"\n'
    '"2023-02-09","h","/docs/a",8,8,9\n"2023-02-09","h","/docs/b",1,1,1\n'
)
SOURCES = (
    '"date","source","referrer","utm_source","utm_medium","utm_campaign","utm_content","utm_term",'
    '"pageviews","visitors","visits","visit_duration","bounces"\n'
    '"2023-02-09","Google","google.com","","","","","",70,23,25,8249,13\n'
)
BROWSERS = (
    '"date","browser","browser_version","visitors","visits","visit_duration","bounces","pageviews"\n'
    '"2023-02-09","Safari","16.3",1,1,0,1,120\n"2023-02-09","Chrome","110",2,2,0,1,184\n'
)
EXITS = (
    '"date","exit_page","visitors","visit_duration","exits","bounces","pageviews"\n'
    '"2023-02-09","/pricing",12,900,14,7,20\n'
)
DEVICES = (
    '"date","device","visitors","visits","visit_duration","bounces","pageviews"\n'
    '"2023-02-09","Desktop",80,90,0,1,200\n'
)


@pytest.mark.parametrize(("table", "text"), [
    ("imported_sources", SOURCES), ("imported_browsers", BROWSERS), ("imported_devices", DEVICES),
])  # fmt: skip
@pytest.mark.parametrize("hint", ["", "plausible-visitors"])
def test_another_file_of_plausible_is_not_taken_for_the_sites_numbers(
    read: Read, table: str, text: str, hint: str
) -> None:
    """Its columns hold those of the site's, and what it has are no visits of the site."""
    found = read({"imported_visitors_1.csv": VISITORS, f"{table}_1.csv": text}, hint)

    assert found.days == {"2023-02-09": (304, 134), "2023-02-10": (325, 180)}


def test_the_whole_zip_of_plausible_is_taken(read: Read) -> None:
    """304 + 325 views and 134 + 180 visits; what nobody needs is named."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name, text in (
            ("exit_pages", EXITS),
            ("sources", SOURCES),
            ("visitors", VISITORS),
            ("pages", PAGES),
        ):
            file.writestr(f"imported_{name}_20230209_20240123.csv", text)

    found = read({"plausible_io_20240123.zip": packed.getvalue()})

    assert found.days == {"2023-02-09": (304, 134), "2023-02-10": (325, 180)}
    assert found.articles == {"/docs/a": 9, "/docs/b": 1}
    assert [file.ignored for file in found.files] == [{"not-used": 1}, {}, {}, {}]


UMAMI = (
    "website_id,session_id,visit_id,event_id,hostname,url_path,url_query,event_type,event_name,"
    "created_at\n"
    "w1,s1,v1,e1,kimson.example.vn,/,NULL,1,NULL,2026-05-23 02:45:28\n"
    "w1,s1,v1,e2,kimson.example.vn,/tin/1,utm_source=ig,1,NULL,2026-05-23 02:46:28\n"
    "w1,s1,v1,e3,kimson.example.vn,/,NULL,2,theme_change,2026-05-23 02:46:30\n"
    "w1,s2,v2,e4,www.kimson.example.vn,/tin/1,NULL,1,NULL,2026-05-23 17:30:00\n"
    "w2,s9,v9,e5,other.example.org,/khac,NULL,1,NULL,2026-05-23 03:00:00\n"
    "w1,s3,v3,e6,localhost,/thu,NULL,1,NULL,2026-05-23 04:00:00\n"
)


def test_a_null_of_phpmyadmin_is_no_event(read: Read) -> None:
    """Five views, of which two are of other hosts; the third is of the 24th in Vietnam."""
    found = read({"website_event.csv": UMAMI})

    assert found.ignored == {"event": 1, "host": 2}
    assert found.days == {"2026-05-23": (2, 1), "2026-05-24": (1, 1)}
    assert found.articles == {"/": 1, "/tin/1": 2}
    assert found.hours["2026-05-23", "09"] == (2, 1)


def test_an_event_counts_once(read: Read) -> None:
    """However often its id comes, in one file or in several."""
    again = "".join(UMAMI.splitlines(keepends=True)[:3])

    found = read({"a.csv": UMAMI + UMAMI.splitlines()[1] + "\n", "b.csv": again})

    assert found.totals == (3, 2)
    assert found.ignored["repeated"] == 1
    assert [file.known_views for file in found.files] == [0, 2]


def test_events_of_a_day_in_two_files_go_on(read: Read) -> None:
    """Two parts of one table are added; of two sums of a day the larger would be taken."""
    head, *rows = UMAMI.splitlines(keepends=True)

    found = read({"1.csv": head + rows[0], "2.csv": head + rows[1]})

    assert found.days == {"2026-05-23": (2, 1)}


def test_websites_without_hosts_cannot_be_told_apart(read: Read) -> None:
    """So that none of them is taken for the site."""
    text = UMAMI.replace("kimson.example.vn", "").replace("www.", "").replace("localhost", "")
    with pytest.raises(InvalidInputError, match=r"several websites.*w1, w2"):
        read({"website_event.csv": text.replace("other.example.org", "")})


@pytest.mark.parametrize(
    "span", ["2026-01-05,2026-01-11", "2026-01", "2026", "2026-01-05 - 2026-01-11"]
)
def test_a_week_of_matomo_is_no_day(read: Read, span: str) -> None:
    """The message says which export is wanted."""
    with pytest.raises(InvalidInputError, match=r"more than a day: export.*period=day"):
        read({"m.csv": f'date,nb_visits,nb_pageviews\n"{span}",10,25\n'})


@pytest.mark.parametrize("segment", [",metadata_segment", ""])
def test_a_folder_of_matomo_is_no_page(read: Read, segment: str) -> None:
    """Pages without flat=1 are refused, with the export that is wanted."""
    row = "2026-01-05,tin-tuc,50,80," + (",pageUrl=^https%3A%2F%2Fk" if segment else "")
    with pytest.raises(InvalidInputError, match=r"m\.csv: 'tin-tuc' is a folder.*flat=1"):
        read({"m.csv": f"date,label,nb_visits,nb_hits,metadata_url{segment}\n{row}\n"})


def test_rows_that_matomo_puts_together_are_left_out(read: Read) -> None:
    """They are no page, and no folder either."""
    text = (
        "date,label,nb_visits,nb_hits,metadata_url,metadata_segment\n"
        "2026-01-05,/tin/1,20,30,https://kimson.example.vn/tin/1,pageUrl==x\n"
        "2026-01-05,Others,7,9,,\n"
    )

    found = read({"m.csv": text})

    assert (found.articles, found.ignored) == ({"/tin/1": 30}, {"article-invalid": 1})


RATINGS = "rating_id,rating_postid,rating_rating\n1,5,5\n2,5,1\n3,5,-1\n"


def test_one_bad_cell_is_left_out_and_named(read: Read) -> None:
    """A thumb down is no score; its line and its column are told."""
    found = read({"updown.csv": RATINGS}, parameters=("p",))

    assert found.ratings == {"/?p=5": {5: 1, 1: 1}}
    assert found.ignored == {"bad-cell": 1}
    (bad,) = found.files[0].bad_rows
    assert (bad.line, bad.column, bad.text) == (4, "rating_rating", "-1")


def test_the_line_is_right_beyond_the_sample_and_after_long_cells(read: Read) -> None:
    """Lines are those of the file, as an editor shows them: 2 + 40 rows, one with a line more."""
    rows = ["2026-01-01,1\n"] * 40
    rows[3] = '2026-01-01,"1\n"\n'
    rows[35] = "2026-01-01,x\n"

    found = read({"a.csv": "date,views\n" + "".join(rows)})

    assert [bad.line for bad in found.files[0].bad_rows] == [38]
    assert found.ignored == {"bad-cell": 1}


def test_too_many_bad_cells_are_another_file(read: Read) -> None:
    """File, line, column and value are named; nothing comes in."""
    rows = "".join(f"2026-01-{n:02d},{'x' if n % 2 else n}\n" for n in range(1, 29))
    with pytest.raises(
        InvalidInputError,
        match=r"a\.csv, line 2, column views: 'x' is not what.*14 of 28 rows",
    ):
        read({"a.csv": "date,views\n" + rows})


def test_a_message_names_no_address(read: Read) -> None:
    """Also where columns are shifted, so that a reader's stands in another one."""
    text = "ID,last_visit,last_counter,visit\n1,x,2026-01-01,203.0.113.9\n"
    with pytest.raises(InvalidInputError) as error:
        read({"a.csv": text})
    assert "203.0.113" not in str(error.value)
    assert "(an address)" in str(error.value)


def test_a_row_with_more_cells_than_the_heading_is_left_out(read: Read) -> None:
    """A comma that nobody quoted shifts what is behind it."""
    rows = "".join(f"2026-01-{n:02d},/tin/{n},{n}\n" for n in range(1, 10))

    found = read({"a.csv": "date,page,pageviews\n" + rows + "2026-01-10,/tin/a,b,3\n"})

    assert sum(found.articles.values()) == 45
    assert found.ignored == {"bad-cell": 1}


@pytest.mark.parametrize("text", ["ID,last_visit,last_counter,visit\n", "", "\n\n"])
def test_a_file_without_rows_says_so(read: Read, text: str) -> None:
    """A heading alone is no success."""
    with pytest.raises(InvalidInputError, match=r"visit\.csv has no rows"):
        read({"visit.csv": text})


def test_a_wrong_hint_is_named(read: Read) -> None:
    """With what the file is."""
    with pytest.raises(InvalidInputError, match="is of wp-postratings, not of umami"):
        read({"updown.csv": RATINGS}, "umami")


@pytest.mark.parametrize(
    ("text", "number"),
    [("1234", 1234), ("1.234", 1234), ("1,234", 1234), ("1 234 567", 1234567), ("12.0", 12)],
)
def test_numbers_as_people_write_them(read: Read, text: str, number: int) -> None:
    """Counts are whole, so that one sign before three digits groups them: never 1 for 1.234."""
    found = read({"a.csv": f"date;views\n2026-01-01;{text}\n2026-01-02;1\n"})

    assert found.days["2026-01-01"] == (number, 0)


def test_times_of_wp_polls_are_local(read: Read) -> None:
    """1767229200 is 1 January 2026, 01:00 as if in UTC: 18:00 on the day before, in truth."""
    asked = (
        "pollq_id,pollq_question,pollq_timestamp,pollq_totalvotes,pollq_active,pollq_expiry,"
        "pollq_multiple,pollq_totalvoters\n"
        "1,Bạn thấy cổng mới <b>thế nào</b>?,1767229200,10,1,0,0,10\n"
        "2,Chọn tối đa 2,1767290400,9,0,1769968800,2,5\n"
    )
    said = (
        "polla_aid,polla_qid,polla_answers,polla_votes\n1,1,Tốt,7\n2,1,Chưa tốt,3\n"
        "3,2,A,5\n4,2,B,4\n5,2,C,0\n"
    )

    found = read({"pollsa.csv": said, "pollsq.csv": asked})

    first, second = found.polls
    assert not isinstance(first, str)
    assert not isinstance(second, str)
    assert first.poll.opened == 1767229200 - 7 * 3600
    assert (second.poll.opened, second.poll.closed) == (1767265200, 1769943600)
    assert first.poll.question == {"vi": "Bạn thấy cổng mới thế nào?"}
    assert (first.tally.ballots, first.tally.votes) == (10, {"a1": 7, "a2": 3})
    assert (second.tally.ballots, second.poll.max_choices) == (5, 2)
