"""What stays of a text that somebody wrote: what is seen, and the unseen that it needs."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stats_service.errors import UnfitAnswerError
from stats_service.services.polls.texts import clean_text


@pytest.mark.parametrize(
    "text",
    [
        "Gia đình \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "Bác sĩ \U0001f469\u200d\u2695\ufe0f",
        "Tim \u2764\ufe0f\u200d\U0001f525",
        # Younger than the tables of Python 3.11.
        "Hay quá \U0001fae8",
        # Persian "I want"; Sinhala "Sri"; Khmer and Thai words.
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
        "\u1780\u17b6\u179a\u200b\u179f\u17b7\u1780\u17d2\u179f\u17b6",
        "\u0e01\u0e32\u0e23\u200b\u0e28\u0e36\u0e01\u0e29\u0e32",
        "Giá vé < 20.000đ",
    ],
)
def test_what_a_text_needs_stays(text: str) -> None:
    """Joiners inside emoji and words, spaces without width in scripts without spaces."""
    assert clean_text("other", text, 300) == text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        # Word's soft hyphens, marks at a text's begin, a joiner and a space between other letters.
        ("thông\u00ad tin", "thông tin"),
        ("\ufeffXin chào\u200e", "Xin chào"),
        ("\u202aC:\\tin\u202c", "C:\\tin"),
        ("a\u200db\u200cc\u200bd\u2060e", "abcde"),
        ("\u200d\u200b", ""),
        ("\u3164\uffa0\u2800 \u115f\u1160\u17b4", ""),
        ("Có\u3164", "Có"),
        ("\U0001f468\u200d\u200d\U0001f469\u200d", "\U0001f468\u200d\U0001f469"),
    ],
)
def test_what_nobody_sees_is_left_out(written: str, kept: str) -> None:
    """It is no fault of whoever pasted the text; two answers that look alike are one."""
    if kept:
        assert clean_text("other", written, 300) == kept
    else:
        with pytest.raises(UnfitAnswerError) as raised:
            clean_text("other", written, 300)
        assert raised.value.reason == "empty"


def test_endless_marks_are_not_hidden_behind_what_is_left_out() -> None:
    """They are looked for in what is put in order."""
    with pytest.raises(UnfitAnswerError, match="combining marks"):
        clean_text("other", "a" + "\u0301\u2060" * 100, 300)


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\u202db", "a\ue000b", "a\ud800b"])
def test_what_misleads_or_cannot_be_shown_is_refused(text: str) -> None:
    """Control characters, what turns a text around, private signs."""
    with pytest.raises(UnfitAnswerError) as raised:
        clean_text("other", text, 300)
    assert raised.value.reason == "sign"


#: What the rules look at: joiners, emoji, letters that join, marks, and signs of which the normal
#: form makes others (the angle bracket U+2329 is an emoji to the rules, what it becomes is none).
_FREAKS = st.text(
    st.sampled_from(
        "ab \t\u200b\u200c\u200d\u00ad\u2060\u0301\u0323\u0344\u0f73\u0938\u094d\u0958\u0627\u17b4"
        "\u1780\u0e01\u2329\u232a\u2126\u2260\u0338=\ufb1d\ufe0f\u2764\U0001f468"
    ),
    max_size=80,
)


@given(st.one_of(_FREAKS, st.text(max_size=80)))
@example("\u2764\u200d\u2329x")
@example("\u2329\u200d\u2764x")
def test_a_text_in_order_stays_as_it_is(text: str) -> None:
    """An import of what was exported, and a form that is saved again, change nothing."""
    try:
        clean = clean_text("other", text, 300)
    except UnfitAnswerError:
        return

    assert clean_text("other", clean, 300) == clean
