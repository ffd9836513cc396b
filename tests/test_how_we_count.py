"""The page that defines the numbers says what the code does."""

import math
import re
from pathlib import Path

import pytest

from stats_service.models.polls import Protection
from stats_service.models.sites import Site
from stats_service.models.traffic.views import ONLINE_SECONDS, VISIT_GAP_SECONDS
from stats_service.services.articles.keys import KEY_MAX_BYTES
from stats_service.services.ratings.ratings import CHANGE_SECONDS, PRIOR_WEIGHT
from stats_service.store.keys import ADDRESS_BUCKET_SECONDS, HIT_BUCKET_SECONDS
from stats_service.store.polls.ballots import VOTERS_KEPT_SECONDS
from stats_service.store.sites.sites import SALT_TTL_SECONDS

ROOT = Path(__file__).parents[1]
VIETNAMESE, ENGLISH = (
    (ROOT / "docs/how-we-count.md").read_text(encoding="utf-8").split("\n## English\n")
)
LUA = (ROOT / "stats_service/store/traffic/lua/record_views.lua").read_text(encoding="utf-8")
BALLOT = (ROOT / "stats_service/store/polls/lua/cast_ballot.lua").read_text(encoding="utf-8")
SETTINGS = (ROOT / "stats_service/web/admin/templates/admin/settings.html").read_text("utf-8")
OPERATE = (ROOT / "docs/operate.md").read_text(encoding="utf-8")
DEFAULTS = Site(slug="x", name="x", hosts=("x",))


@pytest.mark.parametrize(
    "number",
    [
        DEFAULTS.identity_cap,
        DEFAULTS.view_ceiling,
        DEFAULTS.article_cap,
        DEFAULTS.token_ceiling,
        Protection().per_address,
        Protection().per_customer,
        KEY_MAX_BYTES,
    ],
)
def test_the_limits_are_the_defaults(number: int) -> None:
    """Each stands in both languages, written as that language writes it."""
    assert f"{number:,}".replace(",", ".") in VIETNAMESE
    assert f"{number:,}" in ENGLISH


def test_the_spans_are_those_of_the_code() -> None:
    """Online, the gap between visits, the hit id and the limits of an address."""
    for minutes in (ONLINE_SECONDS // 60, VISIT_GAP_SECONDS // 60, HIT_BUCKET_SECONDS // 60):
        assert f"{minutes} phút" in VIETNAMESE
        assert f"{minutes} minutes" in ENGLISH
    assert ADDRESS_BUCKET_SECONDS == 1800
    assert "nửa giờ" in VIETNAMESE
    assert "half hour" in ENGLISH


def test_what_is_derived_from_a_reader_lives_as_long_as_is_said() -> None:
    """On the page for readers, on the settings page, and where operators read of backups."""
    salt = SALT_TTL_SECONDS // 3600
    estimate = _lua("VISITORS_TTL") // 3600
    online = (_lua("VISIT_GAP_MS") + _lua("MINUTE_MS")) // 60_000
    addresses, ballots = _lua("ADDRESSES_TTL") // 3600, _lua("NETWORKS_TTL", BALLOT) // 3600

    assert f"| nhiều nhất {salt} giờ |" in VIETNAMESE
    assert f"| {salt} hours at most |" in ENGLISH
    assert f"{salt} hours at most" in SETTINGS
    assert f"its last {salt} hours" in " ".join(OPERATE.split())
    assert f"| {estimate} giờ sau người đọc mới cuối cùng |" in VIETNAMESE
    for page in (ENGLISH, SETTINGS):
        assert f"{estimate} hours after the last new one" in page
    assert f"| Chậm nhất {online} phút sau lần cuối |" in VIETNAMESE
    assert f"| {online} minutes at most after they were last seen |" in ENGLISH
    assert f"{online} minutes after they were last seen" in SETTINGS
    assert f"| {addresses} giờ |" in VIETNAMESE
    assert f"giới hạn phiếu | {ballots} giờ |" in VIETNAMESE
    assert f"| {addresses} hour |" in ENGLISH
    assert f"limits of ballots | {ballots} hours |" in ENGLISH
    assert f"{addresses} hour; for those of ballots {ballots} hours" in SETTINGS


def _lua(name: str, script: str = LUA) -> int:
    """Return a constant of a script, which may be a product and one of several on its line."""
    for names, values in re.findall(r"^local ([A-Z_, ]+) = (.+)$", script, re.MULTILINE):
        for known, value in zip(names.split(", "), values.split(", "), strict=False):
            if known == name:
                return math.prod(int(factor) for factor in value.split(" * "))
    raise AssertionError(name)


def test_votes_are_kept_as_long_as_the_code_keeps_them() -> None:
    """The voters of a closed poll, and how long a rating may be changed."""
    assert f"{VOTERS_KEPT_SECONDS // 86_400} ngày sau khi đóng" in VIETNAMESE
    assert f"{VOTERS_KEPT_SECONDS // 86_400} days after it closes" in ENGLISH
    assert f"{CHANGE_SECONDS // 3600} giờ rồi cố định" in VIETNAMESE
    assert f"changed for {CHANGE_SECONDS // 3600} hours" in ENGLISH
    assert f"thêm {PRIOR_WEIGHT}" in " ".join(VIETNAMESE.split())
    assert f"begins with {PRIOR_WEIGHT} ratings" in " ".join(ENGLISH.split())


def test_every_reason_that_is_given_is_explained() -> None:
    """A new reason for not counting a view needs its line in both tables."""
    service = (ROOT / "stats_service/services/views/page_views.py").read_text(encoding="utf-8")
    rule = service[service.index("def ignored_reason") : service.index("def answer")]
    reasons = set(re.findall(r'return "([a-z-]+)"', rule))
    reasons |= set(re.findall(r"outcome = '([a-z-]+)'", LUA))

    assert {"bot", "duplicate", "ceiling"} <= reasons
    for reason in reasons:
        assert f"| `{reason}` |" in VIETNAMESE
        assert f"| `{reason}` |" in ENGLISH


def test_both_languages_have_the_same_parts() -> None:
    """Neither lacks a section or a row that the other has."""

    def shape(text: str) -> list[str]:
        body = text[text.index("\n### ") :]
        return [line.split(" ")[0] for line in body.splitlines() if line.startswith(("#", "|"))]

    assert shape(VIETNAMESE) == shape(ENGLISH)
