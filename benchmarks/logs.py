"""How long an access log takes, beside GoAccess: `python -m benchmarks.logs [--lines N]`.

`--kinds` takes instead the same lines packed in each way, and logs of IIS, a file a day or in one.

Writes a log of a portal in the format "combined", then imports it with `legacy import` into a site
of an installation of its own, with an embedded Redis, and lets GoAccess (Debian: goaccess) read the
same file, by turns, in one run. Prints seconds, the ratio, and the most memory of all processes of
the import together. The target is at most the time of GoAccess, and 200 MB.
"""

import argparse
import bz2
import contextlib
import gzip
import lzma
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path

MEGABYTES = 200
HOST = "kimson.example.vn"
ARTICLES, READERS = 20_000, 60_000
#: Of a hundred lines: views by readers, requests of bots; all else are files of pages.
VIEWS, BOTS = 40, 15
#: Readers who are there at a time, and of a hundred lines: visits that end with it.
ACTIVE, ENDED = 300, 16
#: Files of a year of daily logs.
DAYS = 365
#: Seconds between two looks at the memory.
LOOK_SECONDS = 0.05

_BROWSERS = (
    (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        "Chrome/{major}.0.{build}.{patch} Safari/537.36"
    ),
    (
        "Mozilla/5.0 (Linux; Android 1{digit}; SM-A{build}F) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Chrome/{major}.0.0.0 Mobile Safari/537.36"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 17_{digit} like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Version/17.{digit} Mobile/15E148 Safari/604.1"
    ),
    ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:{major}.0) Gecko/20100101 Firefox/{major}.0"),
    (
        "Mozilla/5.0 (Linux; Android 1{digit}; CPH{build}) AppleWebKit/537.36 (KHTML, like "
        "Gecko) Version/4.0 Chrome/{major}.0.0.0 Mobile Safari/537.36 Zalo android/{build}"
    ),
    (
        "Mozilla/5.0 (iPhone; CPU iPhone OS 16_{digit} like Mac OS X) AppleWebKit/605.1.15 "
        "(KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBAV/4{digit}0.0.0.{build}]"
    ),
)
_ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "python-requests/2.31.0",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
_FILES = ("/assets/site.css", "/assets/site.js", "/images/banner-{}.jpg", "/images/tin/{}.png")
_REFERRERS = (
    "-",
    "https://www.google.com/",
    "https://www.google.com.vn/",
    "https://l.facebook.com/",
    "https://zalo.me/",
    f"https://{HOST}/",
    f"https://{HOST}/tin-tuc/bai-viet-so-{{}}",
    f"https://{HOST}/van-ban?trang={{}}",
    "https://tin.bao{}.vn/bai/{}",
)


@cache
def _readers() -> tuple[list[str], list[tuple[str, str]]]:
    """Return user agents, and readers: address and user agent."""
    numbers = random.Random(1)
    agents = [
        numbers.choice(_BROWSERS).format(
            major=numbers.randrange(90, 131),
            build=numbers.randrange(100, 900),
            patch=numbers.randrange(200),
            digit=numbers.randrange(6),
        )
        for _ in range(8000)
    ]
    readers = []
    for _ in range(READERS):
        if numbers.random() < 0.2:
            address = f"2405:4802:{numbers.randrange(65536):x}:{numbers.randrange(65536):x}::1"
        else:
            address = ".".join(str(numbers.randrange(1, 255)) for _ in range(4))
        readers.append((address, agents[int(8000 * numbers.random() ** 3)]))
    return agents, readers


def _log(lines: int, seed: int = 1) -> Iterator[str]:
    """Yield the lines of a log: 60,000 readers with 8,000 user agents, IPv6 among them."""
    _, readers = _readers()
    numbers = random.Random(seed)
    active = readers[:ACTIVE]
    for line in range(lines):
        kind = numbers.randrange(100)
        place = numbers.randrange(ACTIVE)
        if kind < ENDED:
            active[place] = readers[int(READERS * numbers.random() ** 2)]
        address, agent = active[place]
        referrer = numbers.choice(_REFERRERS).format(numbers.randrange(400), line % 1000)
        if kind < VIEWS:
            path = f"/tin-tuc/bai-viet-so-{int(ARTICLES * numbers.random() ** 2)}"
            if kind < 3:
                path += "?utm_source=zalo&utm_medium=oa&utm_campaign=tet-2025"
        elif kind < VIEWS + BOTS:
            path = f"/tin-tuc/bai-viet-so-{numbers.randrange(ARTICLES)}"
            agent, referrer = numbers.choice(_ROBOTS), "-"
        else:
            path = numbers.choice(_FILES).format(numbers.randrange(3000))
        at = datetime.fromtimestamp(1_735_689_600 + 1.3 * line, UTC)
        yield (
            f"{address} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "
            f'"GET {path} HTTP/1.1" 200 {5000 + line % 20000} "{referrer}" "{agent}"\n'
        )


class _Memory(threading.Thread):
    """Watches the memory of a process and its children together, the embedded Redis left out."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._over = threading.Event()
        self.most = 0

    def run(self) -> None:
        """Look again and again."""
        while not self._over.wait(LOOK_SECONDS):
            with contextlib.suppress(OSError, ValueError):
                self.most = max(self.most, sum(map(_resident, [self._pid, *_children(self._pid)])))

    def stop(self) -> int:
        """Return the most bytes."""
        self._over.set()
        self.join()
        return self.most


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    found = [int(child) for child in text.split()]
    return [child for child in found if "redis" not in Path(f"/proc/{child}/exe").readlink().name]


def _resident(pid: int) -> int:
    """Return the bytes of a process; what several have in common is shared out among them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(1024 * int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def _timed(command: list[str], environment: dict[str, str]) -> tuple[float, float, int]:
    """Run a command; return seconds, seconds of computing, and the most memory in bytes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    memory = _Memory(process.pid)
    memory.start()
    output, _ = process.communicate()
    seconds = time.monotonic() - begun
    if process.returncode:
        raise SystemExit(output)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    computing = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, computing, memory.stop()


def _iis(lines: int, day: datetime) -> Iterator[str]:
    """Yield a log of IIS of one day, whose lines are those of `_log`."""
    yield (
        "#Software: Microsoft Internet Information Services 10.0\n"
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip "
        "cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\n"
    )
    for number, line in enumerate(_log(lines, int(day.timestamp() // 86_400))):
        parts = line.split('"')
        path, _, query = parts[1].split(" ")[1].partition("?")
        at = day + timedelta(seconds=86_400 * number // lines)
        yield (
            f"{at:%Y-%m-%d %H:%M:%S} 10.0.0.1 GET {path} {query or '-'} 443 - "
            f"{parts[0].partition(' ')[0]} {parts[5].replace(' ', '+')} {parts[3]} 200 0 0 46\n"
        )


def _kinds(folder: Path, lines: int) -> Iterator[tuple[str, list[Path]]]:
    """Write the same lines in several ways, one after the other; give the files of each."""
    plain = folder / "access.log"
    with plain.open("w", encoding="utf-8") as file:
        file.writelines(_log(lines))
    yield "plain", [plain]
    data = plain.read_bytes()
    packers = {"gz": partial(gzip.compress, compresslevel=6), "bz2": bz2.compress}
    for name, pack in (packers | {"xz": lzma.compress}).items():
        path = folder / f"access.log.{name}"
        path.write_bytes(pack(data))
        yield name, [path]
    path = folder / "access.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(plain, plain.name)
    yield "zip", [path]
    days = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(DAYS)]
    paths = [folder / f"u_ex{day:%y%m%d}.log" for day in days]
    for path, day in zip(paths, days, strict=True):
        with path.open("w", encoding="utf-8") as file:
            file.writelines(_iis(lines // DAYS, day))
    whole = folder / "u_ex.log"
    with whole.open("wb") as file_of_all:
        for path in paths:
            file_of_all.write(path.read_bytes())
    yield "IIS, one file", [whole]
    yield f"IIS, {DAYS} files", paths


def _show_kinds(folder: Path, lines: int) -> None:
    """Print lines a second, of each way in which a log may be written."""
    service = [sys.executable, "-m", "stats_service"]
    environment = _installation(folder / "data")
    for name, paths in _kinds(folder, lines):
        command = [*service, "legacy", "import", "kimson", *map(str, paths), "--dry-run"]
        seconds, computing, memory = _timed(command, environment)
        print(
            f"{name:16} {seconds:6.1f} s  {computing:6.1f} s computing  {memory / 1e6:4.0f} MB  "
            f"{lines / seconds:9,.0f} lines/s",
            flush=True,
        )


def _installation(data: Path) -> dict[str, str]:
    """Make an installation with a site; return the environment that names it."""
    environment = os.environ | {"STATS_DATA_DIR": str(data)}
    environment.pop("REDIS_URL", None)
    # Without bytecode, each of the processes would compile all modules again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "stats_service", "site", "add", "kimson", "--host", HOST]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return environment


def main() -> None:
    """Write, import, let GoAccess read, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1, help="each is timed so often, by turns")
    parser.add_argument("--file", type=Path, help="an access log of your own")
    parser.add_argument("--goaccess", default="goaccess", help="the program")
    parser.add_argument("--kinds", action="store_true", help="lines/s of each way to write a log")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.kinds:
            _show_kinds(Path(folder), arguments.lines)
            return
        path = arguments.file or Path(folder) / "access.log"
        if not arguments.file:
            with path.open("w", encoding="utf-8") as file:
                file.writelines(_log(arguments.lines))
        service = [sys.executable, "-m", "stats_service"]
        for number in range(arguments.rounds):
            environment = _installation(Path(folder) / f"data-{number}")
            command = [*service, "legacy", "import", "kimson", str(path)]
            ours, computing, memory = _timed(command, environment)
            print(
                f"legacy import  {ours:5.1f} s  {computing:5.1f} s computing  "
                f"{memory / 1e6:4.0f} MB of {MEGABYTES}",
                flush=True,
            )
            if program := shutil.which(arguments.goaccess):
                page = f"{folder}/report.html"
                theirs, computing, memory = _timed(
                    [program, str(path), "--log-format=COMBINED", "-o", page, "--no-progress"],
                    dict(os.environ),
                )
                print(
                    f"goaccess       {theirs:5.1f} s  {computing:5.1f} s computing  "
                    f"{memory / 1e6:4.0f} MB        ours / theirs {ours / theirs:.2f}",
                    flush=True,
                )
            else:
                print("goaccess is not installed: no ratio")


if __name__ == "__main__":
    main()
