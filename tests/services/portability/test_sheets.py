"""Tables for spreadsheets: no cell of a visitor's is taken for a formula."""

import pytest

from stats_service.services.portability.sheets import escape_formula


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"),
        *("＝1+1", "＋1", "－1", "＠SUM(A1)", "﹦1+1", "﹢1", "﹣1", "﹫SUM(A1)"),
        *("\u200b=1+1", "\ufeff=1+1", "\u2060\u200d\u00ad＝1+1", "\u202e@SUM(A1)"),
        *(" =1+1", "\u00a0\u3000=1+1", "\n=1+1", "\x00=1+1", "\u2028=1+1"),
    ],
)
def test_what_a_spreadsheet_may_take_for_a_formula_is_quoted(text: str) -> None:
    """Also behind signs that it drops, and with those of East Asian type."""
    assert escape_formula(text) == f"'{text}"


@pytest.mark.parametrize(
    "value",
    ["/tin/1", "a=1", "1-2", "Giá ＝ 5", "\u200b", "\u200ba=1", "", "́=", "'=1", -5, 0.5, 7],
)
def test_everything_else_stays_as_it_is(value: str | float) -> None:
    """Negative numbers among it."""
    assert escape_formula(value) == value
