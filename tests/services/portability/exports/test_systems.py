"""Each system whose tables are known, in the ways in which they leave it.

Columns are those of the systems' own installation; the numbers beside are counted by hand.
"""

import gzip
import json
import zipfile
from io import BytesIO

import pytest

from stats_service.errors import InvalidInputError
from tests.services.portability.exports.conftest import Read

DAYS = {"2025-01-01": (120, 0), "2025-01-02": (98, 0), "2025-01-03": (45, 0)}
_ROWS = [
    ("1", "2025-01-01 23:50:00", "2025-01-01", "120"),
    ("2", "2025-01-02 23:59:00", "2025-01-02", "98"),
    ("3", "2025-01-03 10:00:00", "2025-01-03", "45"),
]
_NAMES = ("ID", "last_visit", "last_counter", "visit")


def _csv(rows: list[tuple[str, ...]], sign: str = ",", quote: str = '"') -> str:
    return "".join(sign.join(f"{quote}{cell}{quote}" for cell in row) + "\n" for row in rows)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.csv", _csv([_NAMES, *_ROWS])),
        ("for-excel.csv", _csv([_NAMES, *_ROWS], ";")),
        ("sep.csv", "sep=;\n" + _csv([_NAMES, *_ROWS], ";")),
        ("mysql-b.tsv", _csv([_NAMES, *_ROWS], "\t", "")),
        ("wp_statistics_visit.csv", _csv(_ROWS)),
        ("wp_statistics_visit (1).csv", _csv(_ROWS, ";")),
        ("anything.csv", _csv(_ROWS)),
        (
            "pma.json",
            json.dumps(
                [
                    {"type": "header"},
                    {
                        "type": "table",
                        "name": "wp_statistics_visit",
                        "data": [dict(zip(_NAMES, row, strict=True)) for row in _ROWS],
                    },
                ],
                indent=1,
            ),
        ),
    ],
)
def test_a_table_comes_as_phpmyadmin_and_mysql_write_it(read: Read, name: str, text: str) -> None:
    """With and without a heading, with commas, semicolons, tabs, as JSON."""
    found = read({name: text})

    assert (found.kind, found.days) == ("wp-statistics", DAYS)


_DEVICE = ("desktop", "")
_PLACE = ("Huế", "", "Asia")
_CHANNEL = ("search", "Google")
_VIEWS = ("3", "2025-01-02 08:00:00", "3", "2025-01-02 08:09:00")


@pytest.mark.parametrize(
    ("device", "user", "added"),
    [
        ((), (), ()),
        ((), ("0",), ()),
        (_DEVICE, ("0",), ()),
        (_DEVICE, ("0",), _PLACE[:1]),
        (_DEVICE, ("0",), _PLACE),
        (_DEVICE, ("0",), _PLACE + _CHANNEL),
        (_DEVICE, ("0",), _PLACE + _CHANNEL + _VIEWS),
    ],
    ids=["8.7", "13.0", "13.2.4", "14.6", "14.7", "14.11", "14.12.6"],
)
def test_visitors_of_every_version_are_known_without_a_heading(
    read: Read, device: tuple[str, ...], user: tuple[str, ...], added: tuple[str, ...]
) -> None:
    """WP Statistics has added columns six times. One row is one visit; a trapped bot is none."""
    browser, who = ("Chrome", "Windows", "120", *device), ("", "#hash", "VN", *user)
    rows = [
        (number, "2025-01-02", "", *browser, *who, "9", honeypot, *added)
        for number, honeypot in [("7", "0"), ("8", "1")]
    ]

    found = read({"wp_statistics_visitor.csv": _csv(rows)})

    assert (found.kind, found.days) == ("wp-statistics", {"2025-01-02": (0, 1)})


MYSQLDUMP = r"""-- MariaDB dump 10.19  Distrib 10.11.19-MariaDB
/*!40101 SET NAMES utf8mb4 */;
DROP TABLE IF EXISTS `wp_options`;
CREATE TABLE `wp_options` (
  `option_id` bigint(20) unsigned NOT NULL AUTO_INCREMENT,
  `option_value` longtext NOT NULL,
  PRIMARY KEY (`option_id`)
) ENGINE=InnoDB;
INSERT INTO `wp_options` VALUES (1,'INSERT INTO `wp_statistics_visit` VALUES (9,\'\',\'\',9);'),
(2,'x\\');
CREATE TABLE `wp_statistics_visit` (
  `ID` bigint(20) NOT NULL AUTO_INCREMENT,
  `last_visit` datetime NOT NULL,
  `last_counter` date NOT NULL,
  `visit` int(10) NOT NULL,
  PRIMARY KEY (`ID`),
  UNIQUE KEY `unique_date` (`last_counter`)
) ENGINE=InnoDB;
LOCK TABLES `wp_statistics_visit` WRITE;
INSERT INTO `wp_statistics_visit` VALUES
(1,'2025-01-01 23:50:00','2025-01-01',120),
(2,'2025-01-02 23:59:00','2025-01-02',98);
INSERT INTO `wp_statistics_visit` VALUES (3,'2025-01-03 10:00:00','2025-01-03',45);
CREATE TABLE `wp_ratings` (
  `rating_id` int(11) NOT NULL AUTO_INCREMENT,
  `rating_postid` int(11) NOT NULL,
  `rating_posttitle` text NOT NULL,
  `rating_rating` int(2) NOT NULL
) ENGINE=InnoDB;
INSERT INTO `wp_ratings` VALUES (1,5,'Họp \"dân\"; (quý 1)\n\'x\'',5),(2,5,NULL,4),
(3,6,'O\'\'Brien',10);
"""
PHPMYADMIN = (
    "-- phpMyAdmin SQL Dump\n"
    "INSERT INTO `wp_statistics_visit` (`ID`, `last_visit`, `last_counter`, `visit`) VALUES\n"
    "(1, '2025-01-01 23:50:00', '2025-01-01', 120),\n"
    "(2, '2025-01-02 23:59:00', '2025-01-02', 98),\n"
    "(3, '2025-01-03 10:00:00', '2025-01-03', 45);\n"
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wp.sql", MYSQLDUMP.encode()),
        ("wp.sql.gz", gzip.compress(MYSQLDUMP.encode())),
        ("pma.sql", PHPMYADMIN.encode()),
        ("bom.sql", b"\xef\xbb\xbf" + PHPMYADMIN.encode()),
        ("utf16.sql", PHPMYADMIN.encode("utf-16")),
    ],
)
def test_a_dump_is_read_itself(read: Read, name: str, content: bytes) -> None:
    """What looks like SQL within a text is text."""
    found = read({name: content}, parameters=("p",))

    assert found.days == DAYS
    if "ratings" in found.kind:
        assert found.ratings == {"/?p=5": {5: 1, 4: 1}}
        assert found.ignored == {"score-invalid": 1}


def test_a_dump_that_is_cut_off_is_refused(read: Read) -> None:
    """Not taken as far as it goes."""
    with pytest.raises(InvalidInputError, match="cut off"):
        read({"wp.sql": MYSQLDUMP[:-20]})


def test_a_dump_of_something_else_says_what_it_has(read: Read) -> None:
    """By the names of its tables."""
    with pytest.raises(InvalidInputError, match=r"without a table that is known.*shop_orders"):
        read({"shop.sql": "-- dump\nINSERT INTO `shop_orders` (`id`) VALUES (1);\n"})


def test_wp_statistics_since_14_15(read: Read) -> None:
    """Views, and a visitor of a day as a visit; a day in both tables counts once."""
    totals = (
        '"ID","date","visitors","views"\n"1","2025-10-01","80","120"\n"2","2025-10-02","70","98"\n'
    )
    visitors = (
        '"1","2025-10-01","","Chrome","Windows","120",NULL,"203.0.113.9","VN","0","5","0"\n'
        '"2","2025-10-01","","Firefox","Windows","120",NULL,"203.0.113.10","VN","0","3","0"\n'
        '"3","2025-10-03","","Firefox","Windows","120",NULL,"203.0.113.10","VN","0","3","0"\n'
    )

    found = read(
        {"wp_statistics_summary_totals.csv": totals, "wp_statistics_visitor.csv": visitors}
    )

    assert found.days == {"2025-10-01": (120, 80), "2025-10-02": (98, 70), "2025-10-03": (0, 1)}


def test_wp_statistics_15_knows_visits(read: Read) -> None:
    """Its sessions."""
    text = "ID,date,visitors,sessions,views\n1,2026-10-01,80,95,120\n"

    assert read({"wp_statistics_summary_totals.csv": text}).days == {"2026-10-01": (120, 95)}


def test_pages_of_wp_statistics(read: Read) -> None:
    """Both spellings of an address are one; pages that are not there and searches count nowhere."""
    found = read(
        {
            "wp_statistics_pages.csv": "page_id,uri,type,date,count,id\n"
            "1,/,home,2025-01-01,60,0\n"
            "2,/tin-tuc/h%E1%BB%8Dp-d%C3%A2n/,post,2025-01-01,30,12\n"
            "3,/tin-tuc/họp-dân/,post,2025-01-02,5,12\n"
            "4,/?s=abc,search,2025-01-01,5,0\n5,/khong-co,404,2025-01-01,20,0\n"
        }
    )

    assert found.articles == {"/": 60, "/tin-tuc/h%E1%BB%8Dp-d%C3%A2n": 35}
    assert found.ignored == {"no-page": 2}


POSTMETA = (
    '"1","5","_edit_lock","1700000000:1"\n"2","5","views","378"\n"3","6","views","12"\n'
    '"5","7","_wp_page_template",NULL\n"6","8","views",""\n"7","9","views",NULL\n'
    '"8","10","post_views_count","55"\n'
    '"9","11","_elementor_data","[{""id"":""a1"",""t"":""Dòng \\""một\\"",\\nhai; ba""}]"\n'
    '"10","12","views","1.234"\n"11","5","post_views_count","9"\n'
    '"12","5","_kksr_casts","3"\n"13","5","_kksr_ratings","13"\n'
)


def test_views_and_stars_in_postmeta(read: Read) -> None:
    """378 + 12 + 55 + 1,234 views; three ratings with 13 points are 4, 4 and 5."""
    found = read({"wp_postmeta.csv": POSTMETA}, parameters=("p",), posts={"5": "/tin-tuc/hop-dan/"})

    assert found.articles == {"/tin-tuc/hop-dan": 378, "/?p=6": 12, "/?p=10": 55, "/?p=12": 1234}
    assert found.days == {"": (1679, 0)}
    assert found.ratings == {"/tin-tuc/hop-dan": {4: 2, 5: 1}}
    assert found.ignored == {"other-meta": 3}


def test_post_views_counter_knows_days(read: Read) -> None:
    """Its weeks, months and totals are the same views again."""
    text = "id,type,period,count\n5,0,20260101,3\n5,0,20260102,4\n5,2,202601,7\n5,4,total,7\n"

    found = read({"wp_post_views.csv": text}, parameters=("p",))

    assert found.days == {"2026-01-01": (3, 0), "2026-01-02": (4, 0)}
    assert found.articles == {"/?p=5": 7}


def test_two_counters_of_the_same_readers_are_not_added(read: Read) -> None:
    """Somebody says which of them it is."""
    dump = PHPMYADMIN + (
        "INSERT INTO `wp_postmeta` (`meta_id`, `post_id`, `meta_key`, `meta_value`) VALUES\n"
        "(1, 5, 'views', '378');\n"
    )
    with pytest.raises(InvalidInputError, match=r"wp-postviews, wp-statistics.*--from"):
        read({"wp.sql": dump}, parameters=("p",))

    assert read({"wp.sql": dump}, "wp-postviews", parameters=("p",)).days == {"": (378, 0)}


def test_yop_poll(read: Read) -> None:
    """Each question of a poll is one here."""
    found = read(
        {
            "wp_yoppoll_elements.csv": "id,poll_id,etext,author,etype,status,sorder,meta_data,"
            "added_date,modified_date\n"
            "7,3,Bạn hài lòng?,1,text-question,active,1,x,2024-05-06 07:00:00,2024-05-06 07:00:00\n"
            "8,3,Tên,1,custom-field,active,2,x,2024-05-06 07:00:00,2024-05-06 07:00:00\n",
            "wp_yoppoll_subelements.csv": "id,poll_id,element_id,stext,author,stype,status,sorder,"
            "meta_data,total_submits,added_date,modified_date\n"
            "21,3,7,Có,1,text,active,1,x,12,2024-05-06,2024-05-06\n"
            "22,3,7,Không,1,text,active,2,x,3,2024-05-06,2024-05-06\n",
        }
    )

    (poll,) = found.polls
    assert not isinstance(poll, str)
    assert (poll.poll.id, poll.tally.ballots, poll.tally.votes) == (
        "yop-7",
        15,
        {"a21": 12, "a22": 3},
    )
    assert poll.poll.opened == 1714953600.0  # 2024-05-06T00:00:00Z


NUKEVIET = """-- phpMyAdmin SQL Dump
-- Cấu trúc bảng cho bảng `nv4_counter`
INSERT INTO `nv4_counter` (`c_type`, `c_val`, `last_update`, `c_count`, `vi_count`) VALUES
('c_time', 'start', 0, 0, 0),
('c_time', 'last', 0, 1795797000, 0),
('total', 'hits', 1795797000, 1814165, 1814165),
('year', '2026', 1795797000, 300000, 300000),
('month', 'Nov', 1795797000, 2507, 2507),
('day', '27', 1795741200, 1000, 1000),
('day', '28', 1795797000, 1507, 1507),
('day', '29', 0, 0, 0),
('hour', '23', 1795797000, 90, 90),
('browser', 'chrome', 1795797000, 99999, 99999);
INSERT INTO `nv4_vi_news_cat` (`catid`, `parentid`, `title`, `alias`) VALUES
(2, 0, 'Tin tức', 'tin-tuc');
INSERT INTO `nv4_vi_news_rows` (`id`, `catid`, `publtime`, `title`, `alias`, `hitstotal`,
 `total_rating`, `click_rating`) VALUES
(11, 2, 1577000000, 'Họp dân', 'hop-dan', 366, 9, 2),
(12, 2, 1577000000, 'Khác', 'khac', 4, 0, 0),
(13, 9, 1577000000, 'Không mục', 'khong-muc', 5, 0, 0);
INSERT INTO `nv4_vi_about` (`id`, `title`, `alias`, `hitstotal`, `hot_post`) VALUES
(1, 'Giới thiệu', 'gioi-thieu', 70, 0);
INSERT INTO `nv4_vi_voting` (`vid`, `question`, `link`, `acceptcm`, `admin_id`, `groups_view`,
 `publ_time`, `exp_time`, `act`) VALUES
(2, 'Bạn quan tâm mục gì nhất?', '', 1, 1, '6', 1577000000, 0, 1);
INSERT INTO `nv4_vi_voting_rows` (`id`, `vid`, `title`, `url`, `hitstotal`) VALUES
(5, 2, 'Tin tức', '', 40),
(6, 2, 'Văn bản', '', 2);
"""


def test_nukeviet(read: Read) -> None:
    """Days of the month, the rest without a date: 1,814,165 visits; 366 + 4 + 70 hits; a poll.

    1795797000 is 27 November 2026, 23:30 in Vietnam, which is the day 27; 1795741200 is the 27th
    as well, 08:00: the day 28 does not say which it is, and stays with what has no date.
    """
    found = read({"nukeviet.sql": NUKEVIET})

    assert found.kind == "nukeviet"
    assert sum(visits for _, visits in found.days.values()) == 1_814_165
    assert found.days["2026-11-27"] == (0, 1000)
    assert found.days[""] == (440, 1_813_165)
    assert found.articles == {
        "/news/tin-tuc/hop-dan-11.html": 366,
        "/news/tin-tuc/khac-12.html": 4,
        "/about/gioi-thieu.html": 70,
    }
    assert found.ratings == {"/news/tin-tuc/hop-dan-11.html": {4: 1, 5: 1}}
    assert found.ignored["article-invalid"] == 1
    (poll,) = found.polls
    assert not isinstance(poll, str)
    assert (poll.poll.id, poll.poll.opened, poll.tally.votes) == (
        "nv-2",
        1577000000.0,
        {"a5": 40, "a6": 2},
    )


def test_articles_of_nukeviet_where_the_site_has_them(read: Read) -> None:
    """As many sites leave out the module."""
    found = read({"n.sql": NUKEVIET}, pattern="/vi/{category}/{alias}-{id}.html")

    assert found.articles["/vi/tin-tuc/hop-dan-11.html"] == 366


JOOMLA = """-- MySQL dump 10.13
CREATE TABLE `jos_content` (
  `id` int NOT NULL,
  `title` varchar(255),
  `alias` varchar(400),
  `introtext` mediumtext,
  `catid` int,
  `hits` int unsigned,
  PRIMARY KEY (`id`)
);
INSERT INTO `jos_content` VALUES (7,'A','a','<p>x</p>',3,366),(8,'B','b','y',3,0),
(9,'C','c','z',4,5);
CREATE TABLE `jos_categories` (
  `id` int NOT NULL,
  `path` varchar(400),
  `extension` varchar(50)
);
INSERT INTO `jos_categories` VALUES (3,'tin-tuc/xa','com_content');
CREATE TABLE `jos_content_rating` (
  `content_id` int,
  `rating_sum` int,
  `rating_count` int,
  `lastip` varchar(50)
);
INSERT INTO `jos_content_rating` VALUES (7,14,3,'203.0.113.9');
CREATE TABLE `jos_vcnt` (
  `tm` int NOT NULL,
  `ip` varchar(45)
);
INSERT INTO `jos_vcnt` VALUES (1577147400,'203.0.113.9'),(1577151000,'203.0.113.9'),
(1577122200,'::1');
CREATE TABLE `jos_vcnt_pc` (
  `cnt` int NOT NULL
);
INSERT INTO `jos_vcnt_pc` VALUES (1000);
"""


def test_joomla(read: Read) -> None:
    """1577147400 is 24/12/2019 07:30 in Vietnam, 1577122200 half an hour after midnight there."""
    found = read({"j.sql": JOOMLA}, pattern="/{category}/{id}-{alias}")

    assert found.articles == {"/tin-tuc/xa/7-a": 366}
    assert found.ignored == {"article-invalid": 1}
    assert found.days == {"": (366, 1000), "2019-12-24": (0, 3)}
    assert found.hours["2019-12-24", "00"] == (0, 1)
    assert found.ratings == {"/tin-tuc/xa/7-a": {4: 1, 5: 2}}


def test_joomla_without_rewriting(read: Read) -> None:
    """The address that Joomla has without a menu."""
    found = read({"j.sql": JOOMLA}, parameters=("option", "view", "id"))

    assert sum(found.articles.values()) == 371
    assert any("id=7" in article for article in found.articles)


@pytest.mark.parametrize("name", ["jos_vcnt.csv", "jos_vvisitcounter.csv"])
def test_counters_of_joomla_without_a_heading(read: Read, name: str) -> None:
    """Known by what stands in the columns."""
    found = read({name: '"1577147400","203.0.113.9"\n"1577151000","2001:db8::1"\n'})

    assert found.days == {"2019-12-24": (0, 2)}


def test_vinaora(read: Read) -> None:
    """Visits of the hour that ends at the time, without programs: 12 - 2."""
    found = read(
        {"jos_vvcounter_logs.csv": "time,visits,guests,members,bots\n1577120400,12,9,1,2\n"}
    )

    assert found.hours == {("2019-12-23", "23"): (0, 10)}
    assert found.ignored == {"bot": 2}


_SITE_LOG = (
    "INSERT [dbo].[SiteLog] ([SiteLogId], [DateTime], [PortalId], [UserId], [Referrer], [Url], "
    "[UserAgent], [UserHostAddress], [UserHostName], [TabId], [AffiliateId]) VALUES ({number}, "
    "CAST(N'2014-11-23T09:30:00' AS SmallDateTime), 0, NULL, N'it''s (a)', "
    "N'https://kimson.example.vn/Tin-tuc.aspx', N'{agent}', N'203.0.113.9', N'', 55, NULL)\nGO\n"
)
_FIREFOX = "Mozilla/5.0 (Windows NT 6.1; rv:33.0) Gecko/20100101 Firefox/33.0"
DNN = "USE [dnn]\nGO\nSET IDENTITY_INSERT [dbo].[SiteLog] ON\nGO\n" + "".join(
    _SITE_LOG.format(number=number, agent=agent)
    for number, agent in enumerate((_FIREFOX, "Googlebot/2.1"), 1)
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_dnn(read: Read, encoding: str) -> None:
    """A script of SQL Server, as its studio writes it; programs do not count."""
    found = read({"SiteLog.sql": DNN.encode(encoding)})

    assert found.days == {"2014-11-23": (1, 0)}
    assert list(found.articles.values()) == [1]
    assert found.ignored == {"bot": 1}


def test_goatcounter_exports(read: Read) -> None:
    """Version 1 has the browser in full in another column."""
    text = (
        "1Path,Title,Event,Bot,Session,FirstVisit,Referrer,Referrer scheme,Browser,Screen size,"
        "Location,Date\n"
        '/asd,A,false,0,21,true,,,"Mozilla/5.0 (X11; rv:80.0) Gecko/20100101 Firefox/80.0",,,'
        "2019-06-18T00:00:00Z\n"
        "/asd,A,false,0,22,true,,,Googlebot/2.1,,,2019-06-18T00:00:00Z\n"
    )

    found = read({"gc.csv": text})

    assert (found.days, found.ignored) == ({"2019-06-18": (1, 1)}, {"bot": 1})


def test_goatcounter_as_json(read: Read) -> None:
    """19:00 in UTC is the next day in Vietnam; events have no page; 4 + 3 views."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("browsers.jsonl", '{"id":1,"name":"Chrome","version":"46"}\n')
        file.writestr(
            "hit_stats.jsonl",
            '{"hour": "2026-03-05T19:00:00Z", "path_id": 211, "ref_id": 1, "count": 4}\n'
            '{"hour": "2026-03-05T19:00:00Z", "path_id": 211, "ref_id": 2, "count": 3}\n'
            '{"hour": "2026-03-05T19:00:00Z", "path_id": 300, "ref_id": 2, "count": 9}\n',
        )
        file.writestr(
            "paths.jsonl",
            '{"id": 211, "event": false, "path": "/", "title": "Home page"}\n'
            '{"id": 300, "event": true, "path": "click", "title": "Click"}\n',
        )
        file.writestr("info.json", '{"export_version":"1.0","created_for":"stats.example.com"}')

    found = read({"goatcounter-export.zip": packed.getvalue()})

    assert (found.kind, found.days, found.articles) == (
        "goatcounter",
        {"2026-03-06": (7, 0)},
        {"/": 7},
    )
    assert found.hours == {("2026-03-06", "02"): (7, 0)}
    assert found.ignored["event"] == 9


UMAMI_POSTGRES = (
    "--\n-- PostgreSQL database dump\n--\n"
    "CREATE TABLE public.website_event (\n    event_id uuid NOT NULL\n);\n"
    "COPY public.session (session_id, browser) FROM stdin;\ns1\tx\n\\.\n"
    "COPY public.website_event (event_id, website_id, session_id, created_at, url_path, url_query,"
    " event_type, event_name, visit_id, hostname) FROM stdin;\n"
    "e1\tw1\ts1\t2026-05-23 02:45:28.123+00\t/tin/1\t\\N\t1\t\\N\tv1\tkimson.example.vn\n"
    "e2\tw1\ts1\t2026-05-23 17:30:00+00\t/tin/2\t\\N\t1\t\\N\tv1\tkimson.example.vn\n"
    "\\.\n"
)
UMAMI_INSERTS = (
    "-- PostgreSQL database dump\n"
    "INSERT INTO public.note (text) VALUES ('two\nINSERT INTO public.website_event (event_id, "
    "url_path, event_type, created_at) VALUES (''e0'', ''/no'', 1, ''2026-01-01'');\n lines');\n"
    "INSERT INTO public.website_event (event_id, website_id, url_path, event_type, created_at, "
    "visit_id) VALUES ('e1', 'w1', '/tin/1', 1, '2026-05-23 02:45:28+00', 'v1');\n"
    "INSERT INTO public.website_event (event_id, website_id, url_path, event_type, created_at, "
    "visit_id) VALUES ('e2', 'w1', '/c:\\', 1, '2026-05-23 17:30:00+00', 'v1');\n"
)


@pytest.mark.parametrize("dump", [UMAMI_POSTGRES, UMAMI_INSERTS])
def test_umami_from_postgresql(read: Read, dump: str) -> None:
    """pg_dump with COPY, and with INSERT, where a backslash escapes nothing."""
    found = read({"umami.sql": dump})

    assert found.days == {"2026-05-23": (1, 1), "2026-05-24": (1, 0)}
