"""Texts that a regular expression needs: nothing that it matches is left out for want of one."""

import re

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given, settings
from hypothesis import strategies as st
from ua_parser.loaders import load_lazy_builtins

from stats_service.services.visitors import bots
from stats_service.services.visitors.pattern_words import Sieve, needed_texts


@pytest.mark.parametrize(
    ("pattern", "needed"),
    [
        ("Chrome/(\\d+)", (("chrome/",),)),
        ("(Firefox|FxiOS)/(\\d+)", (("fxios", "firefox"),)),
        ("(?:Mobile).{1,9}(OPR)/1", (("opr",), ("mobile",), ("/1",))),
        ("ab?cd+e", (("cd",),)),
        ("(foo)?bar", (("bar",),)),
        ("a{2}bc", (("bc",),)),
        ("foo{0,2}x", (("fo",),)),
        ("[Ss]pi[Dd]er[a-z]", (("spider",),)),
        ("foo|[0-9]", ()),
        ("foo|b.ar", (("foo", "ar"),)),
        ("(?!foo)bar|baz(?=q)", (("bar", "baz"),)),
        ("[(]x\\.y[])]z", (("x.y",),)),
        ("(?i)foo", ()),
        ("\\x41bc", ()),
        ("@[a-z]", (("@",),)),
        ("(?P<name>foo)(?P=name)", (("foo",),)),
    ],
)
def test_what_a_pattern_needs(pattern: str, needed: tuple[tuple[str, ...], ...]) -> None:
    """In small letters; what is optional, or one of many, is not needed."""
    assert {frozenset(texts) for texts in needed_texts(pattern)} == {
        frozenset(one) for one in needed
    }


def test_every_pattern_that_matches_is_a_candidate() -> None:
    """Of all user agents of the list, which name every kind of program and many browsers."""
    agents = [agent for entry in CRAWLER_USER_AGENTS_DATA for agent in entry["instances"]]
    browsers, systems, _ = load_lazy_builtins()
    patterns = [matcher.regex for matcher in (*browsers, *systems)]
    patterns += [entry["pattern"] for entry in CRAWLER_USER_AGENTS_DATA]
    sieve = Sieve((pattern, re.compile(pattern)) for pattern in patterns)

    for agent in agents[::7]:
        matching = [one.pattern for one in sieve.items() if one.search(agent)]
        candidates = [one.pattern for one in sieve.candidates(agent)]
        assert [one for one in candidates if re.search(one, agent)] == matching
        assert len(candidates) < len(patterns) / 5


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_matches_has_what_is_needed(data: st.DataObject) -> None:
    """Of texts that are made from the patterns themselves."""
    pattern = data.draw(st.sampled_from(PATTERNS))
    text = data.draw(st.from_regex(re.compile(pattern, re.ASCII)))

    lower = text.lower()

    assert all(any(one in lower for one in texts) for texts in needed_texts(pattern))


PATTERNS = [
    *(form for form in bots._FORMS if "\\b" not in form),
    *(matcher.regex for matcher in load_lazy_builtins()[1][::9]),
]
