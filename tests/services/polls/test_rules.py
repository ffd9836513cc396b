"""What a poll's definition may be."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stats_service.errors import ConflictError, InvalidInputError
from stats_service.models.polls import Choice, Poll, Protection
from stats_service.models.sites import Site
from stats_service.services.container import Services
from stats_service.services.polls.rules import POLL_ID, check_poll, new_id
from tests.support.clock import FakeClock
from tests.support.votes import WHO, make_choices, make_poll, new_voter, vote

POLL = Poll(id="p", question={"vi": "Câu hỏi?"}, choices=make_choices("abc"))

#: What else the error may name, where the field has parts.
NAMED_AS = {
    "choices": ("choice ",),
    "max_choices": ("min_choices",),
    "protection": ("wait", "effort", "per_address"),
}


def test_texts_are_kept_in_one_spelling() -> None:
    """White space is one blank, letters are composed."""
    poll = check_poll(replace(POLL, question={"vi": "  Ca\u0302u \n hỏi? "}))

    assert poll.question == {"vi": "Câu hỏi?"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "current"),
        ("id", "A"),
        ("id", "a" * 40),
        ("id", "{a}"),
        ("id", "a:b"),
        ("lang", "vietnamese!"),
        ("question", {}),
        ("question", {"en": "?"}),
        ("question", {"vi": " "}),
        ("question", {"vi": "x" * 501}),
        ("question", {"vi": "a\x00b"}),
        ("question", {"vi": "a\u202eb"}),
        ("question", {"vi": "?", "x" * 30: "?"}),
        ("choices", make_choices("a")),
        ("choices", make_choices("aa")),
        ("choices", (*make_choices("ab"), Choice(id="c", text={"vi": "mục  B"}))),
        ("choices", tuple(Choice(id=f"c{n}", text={"vi": "x"}) for n in range(51))),
        ("choices", (*make_choices("ab"), Choice(id="other", text={"vi": "x"}))),
        ("choices", (*make_choices("ab"), Choice(id="c", text={"en": "x"}))),
        ("choices", tuple(replace(c, hidden=True) for c in make_choices("abc"))),
        ("status", "running"),
        ("results_when", "never"),
        ("results_as", "bars"),
        ("max_choices", 2),
        ("min_choices", 0),
        ("other", -1),
        ("other", 1_000),
        ("opens", float("nan")),
        ("closes", float("inf")),
        ("closes", -1.0),
        ("protection", Protection(level="none")),
        ("protection", Protection(wait=-1)),
        ("protection", Protection(wait=float("nan"))),
        ("protection", Protection(effort=1)),
        ("protection", Protection(per_address=-1)),
    ],
)
def test_what_no_poll_may_be(field: str, value: Any) -> None:
    """The error names the field."""
    with pytest.raises(InvalidInputError) as error:
        check_poll(replace(POLL, **{field: value}))

    names = {field, *NAMED_AS.get(field, ())}
    assert any(str(error.value).startswith(name) for name in names)


def test_nobody_can_choose_more_than_there_is() -> None:
    """But an answer can be withdrawn whatever the most is."""
    withdrawn = (*make_choices("ab"), replace(make_choices("c")[0], hidden=True))

    assert check_poll(replace(POLL, choices=withdrawn, multiple=True, max_choices=3))
    with pytest.raises(InvalidInputError, match="max_choices 4"):
        check_poll(replace(POLL, choices=make_choices("abc"), multiple=True, max_choices=4))


def test_it_closes_after_it_opens() -> None:
    """Not at the same moment."""
    with pytest.raises(InvalidInputError, match="closes"):
        check_poll(replace(POLL, opens=100.0, closes=100.0))


@given(st.text(max_size=200), st.sets(st.text(max_size=5), max_size=3))
def test_an_id_can_be_made_of_any_text(text: str, taken: set[str]) -> None:
    """It is a good one, and not taken."""
    made = new_id(text, taken)

    assert POLL_ID.fullmatch(made)
    assert made not in taken
    assert made not in ("other", "current")


def test_ids_read_as_the_text_does() -> None:
    """Without marks; a second one gets a number."""
    assert new_id("Đường giao thông?", ()) == "duong-giao-thong"
    assert new_id("Tin tức", {"tin-tuc"}) == "tin-tuc-2"


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"question": {"vi": "Sửa?"}}, True),
        ({"choices": make_choices("abcd")}, True),
        ({"choices": make_choices("cba")}, True),
        ({"results_when": "admins"}, True),
        ({"other": 50}, True),
        ({"protection": Protection(per_address=5)}, True),
        ({"choices": make_choices("ab")}, False),
        ({"multiple": True}, False),
        ({"multiple": True, "max_choices": 2}, False),
        ({"change": True}, False),
    ],
)
def test_what_may_change_after_the_first_vote(
    services: Services,
    site: Site,
    client: FlaskClient,
    clock: FakeClock,
    changes: dict[str, Any],
    allowed: bool,
) -> None:
    """Before it everything may; the ballots stay as they were."""
    make_poll(services, id="before")
    make_poll(services, id="after")
    vote(client, new_voter(services), "a", poll="after")

    services.polls.edit("kimson", "before", WHO, clock.now(), **changes)
    if allowed:
        services.polls.edit("kimson", "after", WHO, clock.now(), **changes)
    else:
        with pytest.raises(ConflictError, match="Somebody has voted"):
            services.polls.edit("kimson", "after", WHO, clock.now(), **changes)

    assert services.polls.tally("kimson", "after").votes == {"a": 1}
    assert services.polls.get("kimson", "after").revision == (2 if allowed else 1)


def test_a_closed_poll_opens_again_only_while_its_voters_are_known(
    services: Services, site: Site, clock: FakeClock
) -> None:
    """Later, everybody could vote a second time."""
    make_poll(services)
    services.polls.close("kimson", "muc-quan-tam", WHO, clock.now())
    clock.advance(29 * 86_400)
    services.polls.open("kimson", "muc-quan-tam", WHO, clock.now())
    services.polls.close("kimson", "muc-quan-tam", WHO, clock.now())
    clock.advance(30 * 86_400)

    with pytest.raises(ConflictError, match="who has voted"):
        services.polls.open("kimson", "muc-quan-tam", WHO, clock.now())
