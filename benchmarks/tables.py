"""How long a million rows of a table take: `python -m benchmarks.tables [--rows N]`.

Each table is written first, and read by a process of its own, as `legacy import --dry-run` does
without a site: seconds of computing and the most memory are printed. At most 15 s and 200 MB is
what a million rows may take.
"""

import argparse
import multiprocessing
import random
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from stats_service.models.sites import Site
from stats_service.services.portability.legacy.exports.reading import ExportReader, event_recount
from stats_service.services.portability.legacy.exports.source import Source
from stats_service.services.portability.legacy.files import opened_files
from stats_service.services.portability.legacy.lines import Lines as EventLines
from stats_service.services.portability.legacy.tally import Tally

#: Bounds for a million rows.
SECONDS, MEGABYTES = 15, 200
ARTICLES = 20_000

Lines = Callable[[int], Iterator[str]]


def _day(number: int) -> date:
    return date(2020, 1, 1) + timedelta(days=number // 600)


def _events(rows: int) -> Iterator[str]:
    """Umami's cloud: one row an event, with what its visit tells."""
    numbers = random.Random(1)
    yield (
        "website_id,session_id,visit_id,event_id,hostname,browser,os,device,language,country,"
        "url_path,url_query,referrer_domain,event_type,event_name,created_at\n"
    )
    hosts = ("", "", "", "www.google.com", "l.facebook.com", "zalo.me", "tin.bao.vn")
    for row in range(rows):
        when = datetime.fromtimestamp(1_700_000_000 + 30 * row, UTC)
        reader = ",".join(
            (
                ("chrome", "ios", "edge-chromium", "samsung")[row // 4 % 4],
                ("Windows 10", "iOS", "Android OS")[row // 4 % 3],
                ("desktop", "mobile")[row // 4 % 2],
                "vi-VN",
                ("VN", "VN", "VN", "VN", "FR")[row // 4 % 5],
            )
        )
        host = "kimson.example.vn" if row % 4 else hosts[row // 4 % len(hosts)]
        query = "utm_source=zalo&utm_campaign=tet" if row % 97 == 0 else ""
        yield (
            f"w,s{row // 4},{row // 4:032x},{numbers.getrandbits(128):032x},kimson.example.vn,"
            f"{reader},/tin-tuc/bai-viet-so-{numbers.randrange(ARTICLES)},{query},{host},1,,"
            f"{when:%Y-%m-%d %H:%M:%S}\n"
        )


def _pages(rows: int) -> Iterator[str]:
    """Plausible: views of a page on a day."""
    yield "date,hostname,page,visits,visitors,pageviews\n"
    for row in range(rows):
        yield f"{_day(row)},kimson.example.vn,/tin-tuc/bai-so-{row * 7 % 5000},1,1,{row % 9 + 1}\n"


def _plain(rows: int) -> Iterator[str]:
    """A table of somebody's own, as Excel writes it in Vietnam."""
    yield "Ngày;Bài viết;Lượt xem\n"
    for row in range(rows):
        yield f"{_day(row):%d/%m/%Y};/tin-tuc/bai-so-{row * 7 % 5000};{row % 9 + 1}\n"


def _postmeta(rows: int) -> Iterator[str]:
    """WordPress: most metadata is none of views."""
    for row in range(rows):
        key, value = ("views", row % 900) if row % 10 == 0 else ("_edit_lock", "1700000000:1")
        yield f'"{row}","{row // 10}","{key}","{value}"\n'


def _dump(rows: int) -> Iterator[str]:
    """WP Statistics: views of a page on a day, out of mysqldump."""
    names = ("page_id", "uri", "type", "date", "count", "id")
    yield "-- MySQL dump\nCREATE TABLE `wp_statistics_pages` (\n"
    yield "".join(f"  `{name}` text,\n" for name in names) + "  PRIMARY KEY (`page_id`)\n);\n"
    for first in range(0, rows, 5000):
        some = range(first, min(first + 5000, rows))
        values = (
            f"({n},'/tin-tuc/bai-so-{n * 7 % 5000}','post','{_day(n)}',{n % 9 + 1},1)" for n in some
        )
        yield f"INSERT INTO `wp_statistics_pages` VALUES {','.join(values)};\n"


TABLES: dict[str, Lines] = {
    "website_event.csv": _events,
    "imported_pages.csv": _pages,
    "so-lieu.csv": _plain,
    "wp_postmeta.csv": _postmeta,
    "wordpress.sql": _dump,
}


def _read(path: Path) -> tuple[float, int]:
    """Read a file; return seconds of computing, and the most memory in bytes."""
    site = Site(
        slug="kimson",
        name="Kim Sơn",
        hosts=("kimson.example.vn",),
        timezone="Asia/Ho_Chi_Minh",
        article_parameters=("p",),
    )
    begun = time.process_time()
    with (
        Tally() as total,
        EventLines() as lines,
        ExportReader(Source(site), "", lines, b"salt") as reader,
    ):
        for file in opened_files(path):
            reader.read(file)
        outcome = reader.finish(total)
        for some in event_recount(site, lambda _: (), lambda _: False, total, outcome).run(lines):
            lines.keep(some)
        if not (total.article_views() or total.totals()[0]):
            raise SystemExit(f"{path.name} brought nothing")
    seconds = time.process_time() - begun
    return seconds, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Write, read, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    processes = multiprocessing.get_context("spawn")
    print(f"{rows:,} rows; a million may take {SECONDS} s and {MEGABYTES} MB")
    with tempfile.TemporaryDirectory() as folder:
        for name, lines in TABLES.items():
            path = Path(folder) / name
            with path.open("w", encoding="utf-8") as file:
                file.writelines(lines(rows))
            with processes.Pool(1) as pool:
                seconds, memory = pool.apply(_read, (path,))
            size = path.stat().st_size
            path.unlink()
            print(
                f"{name:20} {size / 1e6:6.0f} MB  {seconds:5.1f} s  {memory / 1e6:5.0f} MB memory"
            )


if __name__ == "__main__":
    main()
