"""An archive that somebody changed: refused, and then nothing is other; or the site works with it.

Real archives are changed at random, their digest made anew, as who restores a site could do it.
"""

import copy
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stats_service.app import create_app, create_asgi_app
from stats_service.config import Settings
from stats_service.errors import StatsError
from stats_service.models.audit import COMMAND_LINE
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.store.keys import SiteKeys
from stats_service.store.portability.archive.tables import TRANSIENT
from stats_service.web.http.context import EXTENSION
from tests.support.admin import Person, add_account
from tests.support.asgi import in_process
from tests.support.clock import FakeClock
from tests.support.filled import fill, fill_votes
from tests.support.openapi import conforming_client
from tests.support.pages import BROWSER, ORIGIN, view
from tests.support.receivers import Receiver
from tests.support.redis_groups import client_of
from tests.support.votes import make_poll, new_voter, vote

Rows = list[dict[str, Any]]

#: Archives that are tried; some 0.15 s each.
EXAMPLES = 60
#: Seconds after which weekly and monthly reports are due again, and hours are still kept.
LATER = 40 * 86_400.0
POLL = "hoi-y"
ARTICLE = "/tin/0/T%E1%BA%BFt"

PUBLIC = (
    "/v1/kimson/counts",
    "/v1/kimson/polls?state=open",
    "/v1/kimson/polls?state=closed",
    "/v1/kimson/polls/current",
    f"/v1/kimson/polls/{POLL}",
    f"/v1/kimson/p/{POLL}",
    "/v1/kimson/ratings/top",
    f"/v1/kimson/ratings?article={ARTICLE}",
    f"/v1/kimson/articles/views?key={ARTICLE}",
    "/v1/kimson/badge/total.svg",
)
#: What people see in a browser.
PAGES = (
    "/s/kimson",
    "/s/kimson/how-we-count",
    "/admin/",
    "/admin/sites/kimson/",
    "/admin/sites/kimson/?range=years",
    "/admin/sites/kimson/?from=2026-03-04&to=2026-03-06&unit=hour",
    "/admin/sites/kimson/articles",
    "/admin/sites/kimson/polls",
    f"/admin/sites/kimson/polls/{POLL}",
    f"/admin/sites/kimson/polls/{POLL}/integrity",
    f"/admin/sites/kimson/polls/{POLL}/review",
    "/admin/sites/kimson/polls/duong/review",
    "/admin/sites/kimson/ratings",
    "/admin/sites/kimson/notices",
    "/admin/sites/kimson/audit",
    "/admin/sites/kimson/audit.jsonl",
    "/admin/sites/kimson/settings",
    "/admin/sites/kimson/data",
    "/admin/sites/kimson/export/archive",
)

#: What no type hints at: ends of ranges, other scripts' digits, and what looks like something else.
VALUES: tuple[Any, ...] = (
    0, 1, -1, 2, 12, 2**31, 10**15, 10**15 + 1, 2**53 + 1, 2**63 - 1, -(2**63), 10**25, 1.5, 1e308,
    "", "0", "-0", "-1", "007", "+5", "1.5", "1e5", "nan", "inf", "٣", "１２", "9" * 16, "x" * 5000,
    "total", "2026", "2026-11", "2026-W48", "２０２６-W48", "2026-W99", "0001-W01", "2026-02-30",
    "1970-01-01", "9999-12-31", "12", "1٣", "99", "ballots", "t:a", "c:tin", "c:other", "p:a", "*",
    "views:2026-03-05", "1-1", "١٢-٣", "9999999999999-1", "open", "closed", "held", "a" * 40, "-",
    "<script>alert(1)</script>", "javascript:alert(1)", "../../etc", "\u0000", "\u202e", "=1+1",
    "kimson", "UTC", "month", "en", None, True, [], {}, [1], [0] * 10, ["x"] * 300, {"a": 1},
)  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One thing done to one member of one row, which are named, or counted round what there is."""

    #: `set`, `alike` (to a value of `VALUES` that has the same type), `borrow` (the member's value
    #: in another row of the table), `drop` (the member), `lose` (the row) or `double` (the row).
    what: str
    table: int | str
    #: A name is a text that is in the row.
    row: int | str
    member: int | str
    value: Any = field(default=None, hash=False)
    #: Which value is taken by `alike` and `borrow`.
    choice: int = 0


CHANGES = st.builds(
    Change,
    what=st.sampled_from(("set", "alike", "alike", "alike", "borrow", "drop", "lose", "double")),
    table=st.integers(0, 18),
    row=st.integers(0, 60),
    member=st.integers(0, 30),
    value=st.sampled_from(VALUES)
    | st.integers(-(2**64), 2**64)
    | st.integers(-5, 10**6).map(str)
    | st.text(max_size=12),
    choice=st.integers(0, len(VALUES)),
)
#: What once came through, and what it broke.
KNOWN = (
    Change("set", "articles", 0, "views", 10**25),  # views of all sites
    Change("set", "marks", "record:views", "value", "2026-W99"),  # every view of the site
    Change("set", "marks", "record:views", "value", "٣"),
    Change("set", "marks", "record:visits:day", "value", "yesterday"),  # the admin pages
    Change("set", "marks", '"peak"', "value", "many"),  # the webhook's turn
    Change("set", "notices", 0, "every", "inf"),  # the report's turn
    Change("set", "ratings_voided", 0, "begin", -(2**63)),  # the page of ratings
    Change("set", "poll_numbers", "T12-a", "field", "v4:abc"),  # the page of held ballots
    Change("set", "poll_numbers", f'"{POLL}", "part": "tally", "field": "ballots"', "value", "-0"),
    Change("set", "audit", "=HYPERLINK", "after", "nil"),  # the page of settings
    Change("set", "audit", "poll.created", "protection", {"level": [1]}),  # the poll's report
    Change("set", "audit", 0, "id", "١٧-٣"),  # the import
    Change("set", "counts", 3, "span", "9999-12-31"),
)


@dataclass(repr=False)
class Installation:
    """One that counts, sends reports and calls a webhook; with a site and its archive."""

    services: Services
    clock: FakeClock
    settings: Settings
    flask: FlaskClient
    paths: FlaskClient
    operator: Person
    client: redis.Redis
    folder: Path
    rows: Rows
    start: float

    def restore(self, rows: Rows) -> StatsError | None:
        """Import an archive of these rows; return why that was refused."""
        path = self.folder / "changed.jsonl"
        path.write_bytes(signed(rows))
        self.clock.set(self.start)
        try:
            self.services.portability.archives.restore(path, self.clock.now(), replace=True)
        except StatsError as error:
            return error
        return None

    def stored(self) -> dict[bytes, bytes | None]:
        """Return every lasting key of the site, as Redis would dump it."""
        pattern = SiteKeys(self.settings.key_prefix, "kimson").pattern
        return {
            key: self.client.dump(key)
            for key in sorted(self.client.scan_iter(match=pattern, count=1000))
            if not TRANSIENT.fullmatch(key.decode().rpartition("}:")[2])
        }

    def faults(self, worst: int = 499) -> list[str]:
        """Use the site as readers, voters, administrators and the timer do; tell what failed.

        Args:
            worst: the highest status that is no failure.
        """
        found = [
            f"{path}: {status}"
            for path, status in (
                *((path, self.flask.get(path).status_code) for path in PUBLIC),
                *((path, self.operator.get(path).status_code) for path in PAGES),
                *self._sent(self.flask),
                *self._sent(self.paths),
            )
            if status > worst
        ]
        for moment in (self.start, self.start + LATER):
            self.clock.set(moment)
            found += [o.text for o in self.services.operations.ticks.run(moment) if o.failed]
        return found

    def _sent(self, client: FlaskClient) -> Iterator[tuple[str, int]]:
        voter = new_voter(self.services)
        yield "page", view(client, ARTICLE, rating=True, poll=POLL).status_code
        yield "ballot", vote(client, voter, "a", poll=POLL).status_code
        rated = client.post(
            "/v1/kimson/ratings",
            json={"article": ARTICLE, "score": 3, "voter": voter},
            headers={"User-Agent": BROWSER, "Origin": ORIGIN},
        )
        yield "rating", rated.status_code


def signed(rows: Rows) -> bytes:
    """Return an archive of these rows, with a last line that fits them."""
    head, *lines = [json.dumps(row).encode() + b"\n" for row in rows]
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    end = {"table": "end", "lines": len(lines), "sha256": digest}
    # As `export` writes it: the last line is known by how it begins.
    last = json.dumps(end, separators=(",", ":")).encode() + b"\n"
    return b"".join([head, *lines, last])


def changed(rows: Rows, changes: list[Change]) -> Rows:
    """Return a copy of `rows` with `changes`."""
    rows = copy.deepcopy(rows)
    for change in changes:
        table = change.table
        if isinstance(table, int):
            tables = sorted({row["table"] for row in rows})
            table = tables[table % len(tables)]
        numbers = [number for number, row in enumerate(rows) if row["table"] == table]
        number = _chosen(numbers, change.row, lambda n: json.dumps(rows[n], ensure_ascii=False))
        row = rows[number]
        members = list(_members(row))
        if change.what == "lose":
            del rows[number]
        elif change.what == "double":
            rows.insert(number, copy.deepcopy(row))
        elif members:
            holder, name = _chosen(members, change.member, lambda member: str(member[1]))
            if change.what == "drop":
                del holder[name]
            else:
                values = {
                    "set": [change.value],
                    "alike": [value for value in VALUES if type(value) is type(holder[name])],
                    "borrow": [rows[n][name] for n in numbers if name in rows[n]],
                }[change.what]
                if values:
                    holder[name] = copy.deepcopy(values[change.choice % len(values)])
    return rows


def _chosen(items: list[Any], which: int | str, text_of: Callable[[Any], str]) -> Any:
    """Return the first item with a text, or one by its number, counted round."""
    if isinstance(which, int):
        return items[which % len(items)]
    return next(item for item in items if which in text_of(item))


def _members(row: Any) -> Iterator[tuple[Any, Any]]:
    """Give each member, at any depth, as what holds it and its name or number."""
    items = row.items() if isinstance(row, dict) else enumerate(row)
    for name, value in list(items):
        if name != "table":
            yield row, name
            if isinstance(value, dict | list):
                yield from _members(value)


@pytest.fixture
def installation(
    settings: Settings, clock: FakeClock, smtp: str, receiver: Receiver, redis_server: str
) -> Iterator[Installation]:
    """Give an installation whose site has something in every table."""
    settings = replace(
        settings,
        smtp_url=smtp,
        mail_from="thong-ke@example.vn",
        public_url="https://dem.example.vn",
        webhook_hosts=("127.0.0.1",),
    )
    app = create_app(settings, clock)
    services = app.extensions[EXTENSION]
    with (
        client_of(redis_server, decode_responses=False) as client,
        in_process(create_asgi_app(settings, clock)) as asgi,
    ):
        site = services.sites.sites.add(
            Site(slug="kimson", name="Kim Sơn", hosts=("kimson.example.vn",), public=True)
        )
        make_poll(services, id=POLL, other=80)
        fill(services, clock, site)
        fill_votes(client, SiteKeys(settings.key_prefix, "kimson"))
        client.delete(SiteKeys(settings.key_prefix, "kimson").notices)
        author = (COMMAND_LINE, clock.now())
        for every in ("week", "month"):
            services.notices.notices.add_report("kimson", "an@example.vn", every, "vi", *author)
        services.notices.notices.add_webhook("kimson", receiver.url, (), 6, *author)
        flask, paths = app.test_client(), conforming_client(asgi)
        vote(flask, new_voter(services), "a", poll=POLL)
        vote(flask, new_voter(services), "other", poll=POLL, other="Đường làng")
        add_account(services, "op", operator=True)
        operator = Person(app)
        operator.sign_in("op")
        lines = services.portability.archives.lines("kimson", clock.now())
        rows = [json.loads(line) for line in lines][:-1]
        yield Installation(
            services, clock, settings, flask, paths, operator, client, settings.data_dir, rows,
            clock.now(),
        )  # fmt: skip
        services.close()


def test_what_once_came_through_is_refused(installation: Installation) -> None:
    """By an error that names the line; every key is as it was."""
    assert installation.restore(installation.rows) is None
    before = installation.stored()

    refusals: dict[Change, tuple[str, int]] = {}
    for change in KNOWN:
        rows = changed(installation.rows, [change])
        (line,) = (n for n, row in enumerate(rows, 1) if row != installation.rows[n - 1])
        refusals[change] = str(installation.restore(rows)), line

    through = [c for c, (text, line) in refusals.items() if f"Line {line} of " not in text]
    assert through == []
    assert installation.stored() == before


def test_a_changed_archive_is_refused_or_works(installation: Installation) -> None:
    """And a refused one leaves every key as it was."""
    assert installation.restore(installation.rows) is None
    assert installation.faults(worst=299) == []
    outcomes: Counter[str] = Counter()

    @hypothesis_settings(
        max_examples=EXAMPLES, database=None, suppress_health_check=[HealthCheck.too_slow]
    )
    @given(st.lists(CHANGES, min_size=1, max_size=3))
    def any_change(changes: list[Change]) -> None:
        assert installation.restore(installation.rows) is None
        before = installation.stored()

        refused = installation.restore(changed(installation.rows, changes))

        outcomes["refused" if refused else "restored"] += 1
        if refused:
            assert installation.stored() == before
        else:
            assert installation.faults() == []

    any_change()
    assert min(outcomes["refused"], outcomes["restored"]) >= EXAMPLES // 10, outcomes
