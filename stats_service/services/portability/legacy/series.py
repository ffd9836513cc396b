"""Read the access logs of one command, each in its own format."""

import re
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from stats_service.errors import InvalidInputError
from stats_service.models.portability.legacy import FileSummary
from stats_service.services.portability.legacy.files import (
    LegacyFile,
    log_lines,
    opened_files,
    readable,
)
from stats_service.services.portability.legacy.formats.hit import UNREADABLE, Format, Hit
from stats_service.services.portability.legacy.formats.options import LogOptions
from stats_service.services.portability.legacy.formats.recognise import SAMPLE_LINES, format_of
from stats_service.services.portability.legacy.lines import FileCount, Lines
from stats_service.services.portability.legacy.log_blocks import (
    BlockReader,
    LogBlock,
    LogWorkers,
    Result,
)
from stats_service.services.portability.legacy.logs import LogContents

#: Called with the number of further bytes that were read from disk.
Progress = Callable[[int], None]
#: Number of endings and hosts of left-out lines that a summary names.
NAMED = 8

#: First lines of formats that are not access logs, with their usual names.
_OTHERS = (
    (re.compile(r"\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[\w+\] \d+#"), "error.log (nginx)"),
    (re.compile(r"\[\w{3} \w{3} \d\d [\d:.]+ \d{4}\] \["), "error.log (Apache)"),
    (re.compile(r"#Fields:.* s-reason"), "HTTPERR (IIS)"),
    (re.compile(r"\s*[{\[]"), "JSON"),
    (re.compile(r"\s*<"), "HTML, XML"),
    (re.compile(r"(?:[^,]*,){2}"), "CSV"),
)
_IIS = re.compile(r"[^,]+, [^,]*, \d+/\d+/\d+, \d+:\d\d:\d\d, W3SVC")


class LogContext(NamedTuple):
    """What is needed to read the files of one command."""

    readers: BlockReader | LogWorkers
    options: LogOptions
    lines: Lines
    #: Digests of files imported by an earlier version of the service, which did not record lines.
    known: Collection[str]


class LogFile:
    """One file that is being read."""

    __slots__ = ("contents", "digest", "format", "known", "name", "number")

    def __init__(self, name: str, number: int, form: str, *, known: bool) -> None:
        self.name = name
        self.number = number
        self.format = form
        self.known = known
        self.digest = ""
        self.contents = LogContents()


def read_logs(paths: Sequence[Path], context: LogContext, progress: Progress) -> list[LogFile]:
    """Read every file of `paths` into the lines of `context`.

    Raises:
        InvalidInputError: a file cannot be read, or is no access log; the message names the file.
        WorkerLostError: a process that read with this one has ended.
    """
    _check_zone(context.options.zone)
    former = _former(paths, context.known)
    reading = _Reading(context)
    try:
        for path in paths:
            for file in opened_files(path, progress):
                with readable(file.name):
                    reading.read(file, known=file.name in former)
    except InvalidInputError:
        reading.finish()  # if a file before it has a fault, that one is told
        raise
    reading.finish()
    return reading.files


class _Reading:
    """Files that are read, several at a time if they are small."""

    def __init__(self, context: LogContext) -> None:
        self._context = context
        self.files: list[LogFile] = []
        #: What is read, by the file it is of; None: the file ends here.
        self._pending: deque[tuple[LogFile, Result | None]] = deque()

    def read(self, file: LegacyFile, *, known: bool) -> None:
        """Read a file; what its blocks contain may come later."""
        options = self._context.options
        form = log_format(file, options)
        log = LogFile(file.name, len(self.files), form.name if form else "", known=known)
        self.files.append(log)
        sample = file.first_lines(SAMPLE_LINES)
        heading = ""
        for data in file.blocks() if form else ():
            if known:
                log.contents.lines += len(log_lines(data))
                continue
            block = LogBlock(log.number, data, sample, heading)
            self._pending.append((log, self._context.readers.submit(block)))
            if form and form.is_heading:
                heading = next(filter(form.is_heading, reversed(log_lines(data))), heading)
            while len(self._pending) > self._context.readers.depth:
                self._take()
        log.digest = file.digest
        self._pending.append((log, None))

    def finish(self) -> None:
        """Take all that is still pending."""
        while self._pending:
            self._take()

    def _take(self) -> None:
        try:
            self._take_next()
        except BaseException:
            self._pending.clear()
            raise

    def _take_next(self) -> None:
        log, result = self._pending.popleft()
        if result:
            part = result()
            log.contents.add(part)
            self._context.lines.add_packed(log.number, part.views, part.told)
            return
        contents = log.contents
        if contents.lines and contents.ignored[UNREADABLE] == contents.lines:
            raise InvalidInputError(
                "{name}: none of its {lines:,} lines can be read as {kind}. Is it a file of "
                "another kind?",
                name=log.name,
                lines=contents.lines,
                kind=log.format or "access-log",
            )


def log_format(file: LegacyFile, options: LogOptions) -> Format | None:
    """Return the format of a file; None: the file is empty.

    Raises:
        InvalidInputError: the file is no access log, or lacks times or user agents.
    """
    sample = file.first_lines(SAMPLE_LINES)
    if not any(line.strip() for line in sample):
        return None
    form = format_of(sample, options)
    if form is None:
        raise _no_log(file.name, sample)
    hits = [form.parse(line) for line in sample]
    if not options.zone and hits.count(UNREADABLE) and not any(isinstance(h, Hit) for h in hits):
        zoned = format_of(sample, _in_utc(options))
        if zoned and any(isinstance(zoned.parse(line), Hit) for line in sample):
            raise InvalidInputError(
                "{name}: its times have no zone. Say in which one the server writes them, for "
                "example --zone Asia/Ho_Chi_Minh, or --zone UTC.",
                name=file.name,
            )
    if not form.agents and not options.without_agents and any(isinstance(h, Hit) for h in hits):
        raise InvalidInputError(
            "{name} does not say with which browser a page was asked for ({format}): programs, "
            "often more than half of all requests, cannot be told from readers. Take a log in the "
            "format “combined”; or say --without-agents to count everything.",
            name=file.name,
            format=form.name,
        )
    # A format with a state (the fields of a W3C log) starts again.
    return format_of(sample, options)


def log_summary(file: LogFile, count: FileCount) -> FileSummary:
    """Return the summary of a file: its contents, and what it adds."""
    contents = file.contents
    return FileSummary(
        name=file.name,
        format=file.format,
        digest=file.digest,
        lines=contents.lines,
        views=count.views,
        visits=count.visits,
        known_views=count.known,
        first_day=count.first,
        last_day=count.last,
        ignored=dict(contents.ignored.most_common()),
        endings=_most(contents.endings),
        hosts=_most(contents.hosts),
        addresses=len(contents.networks),
    )


def _check_zone(zone: str) -> None:
    try:
        ZoneInfo(zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidInputError(
            "zone {zone!r} is no time zone: write it as Asia/Ho_Chi_Minh or UTC.", zone=zone[:40]
        ) from error


def _former(paths: Sequence[Path], known: Collection[str]) -> set[str]:
    """Return the names of files whose digest is known."""
    found: set[str] = set()
    for path in paths if known else ():
        for file in opened_files(path):
            with readable(file.name):
                for _ in file.blocks():
                    pass
            if file.digest in known:
                found.add(file.name)
    return found


def _no_log(name: str, sample: Sequence[str]) -> InvalidInputError:
    """Return the error for a file that is no access log."""
    first = list(islice(filter(str.strip, sample), 20))
    if any(map(_IIS.match, first)):
        return InvalidInputError(
            "{name} is in IIS's own format, which lacks the browsers: choose the format W3C in the "
            "IIS manager, and take the files from then on.",
            name=name,
        )
    for pattern, what in _OTHERS:
        if any(map(pattern.match, first)):
            return InvalidInputError(
                "{name} is no access log: it looks like {what}. Take the log of the requests; for "
                "the file of another counter, say what wrote it.",
                name=name,
                what=what,
            )
    return InvalidInputError(
        "{name} is no access log that is known. Known are the formats of Apache, nginx, IIS (W3C), "
        "Caddy, Traefik, HAProxy and Amazon; of another one, paste LogFormat or log_format.",
        name=name,
    )


def _in_utc(options: LogOptions) -> LogOptions:
    return msgspec.structs.replace(options, zone="UTC")


def _most(counted: Counter[str]) -> Mapping[str, int]:
    return dict(counted.most_common(NAMED))
