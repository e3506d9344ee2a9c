"""Rows of a CRM export: what goes in, what is reported, and what is skipped."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import crm
from portal_api.domain.crm import BadRow, Opportunity, Reason, RowWarning, Stage, WarningKind
from tests.domain.pipeline import (
    ACCOUNTS,
    HEADER,
    WON,
    one,
    open_row,
    read,
    read_lines,
    refused,
    row,
)


def test_a_won_deal_is_read_whole() -> None:
    expected = Opportunity(
        line=2,
        reference="R1",
        agent="Ada Quill",
        product="Kestrel Plus",
        list_price_minor=62_000,
        customer="Fernhill Foods",
        stage=Stage.WON,
        engaged_on=date(2025, 10, 20),
        closed_on=date(2026, 3, 1),
        value_minor=61_050,
        warnings=(),
    )
    assert expected == one(WON)


@pytest.mark.parametrize("value", ["", "0", "null", "0.00"])
def test_a_lost_deal_has_a_close_date_and_no_value(value: str) -> None:
    """Exports write the value of a lost deal as 0 or not at all: both are no value."""
    deal = one(row(deal_stage="Lost", close_value=value))
    assert (Stage.LOST, date(2026, 3, 1), None) == (deal.stage, deal.closed_on, deal.value_minor)


@pytest.mark.parametrize(("closed", "value"), [("", ""), ("null", "null"), ("", "0")])
def test_an_engaging_deal_is_open(closed: str, value: str) -> None:
    deal = one(open_row(close_date=closed, close_value=value))
    assert (Stage.OPEN, None, None) == (deal.stage, deal.closed_on, deal.value_minor)


@pytest.mark.parametrize("changed", ["\ufeff{}\r\n", "{}\n", " {} \r\n", "{}"])
def test_byte_order_mark_line_ends_and_spaces_do_not_matter(changed: str) -> None:
    rows = [changed.format(HEADER), changed.format(WON).removeprefix("\ufeff"), "\r\n", "\n"]
    assert [one(WON)] == read_lines(rows)


def test_columns_may_come_in_any_order_and_quoted() -> None:
    header = ",".join(f'"{name.upper()}"' for name in reversed(crm.PIPELINE_COLUMNS))
    line = ",".join(f'"{cell}"' for cell in reversed(WON.split(",")))
    assert [one(WON)] == read(line, header=header)


def test_a_comma_and_quotes_stand_in_a_quoted_field() -> None:
    assert ACCOUNTS[1] == one(row(account='"Glass ""Water"", Inc."')).customer


def test_extra_columns_are_ignored_with_one_warning() -> None:
    first, *rest = read(f"{WON},x", f"{row(opportunity_id='R2')},y", header=f"{HEADER},Colour")
    assert isinstance(first, RowWarning)
    assert (1, WarningKind.EXTRA_COLUMN) == (first.line, first.kind)
    assert '"colour"' in first.text
    assert ["R1", "R2"] == [item.reference for item in rest if isinstance(item, Opportunity)]


@pytest.mark.parametrize("text", ["20-10-2025", "2025-10-20", " 20-10-2025 "])
def test_dates_are_day_month_year_or_iso(text: str) -> None:
    assert date(2025, 10, 20) == one(row(engage_date=text)).engaged_on


@pytest.mark.parametrize(
    "text",
    [
        *("31-02-2026", "2026-02-31", "00-01-2026", "2026-13-01", "1-3-2026", "01/03/2026"),
        *(
            "01-03-26",
            "20260301",
            "2026-03-01T00:00",
            "01-03-1899",
            "01-03-2200",
            "\u0660\u0661-03-2026",
        ),
    ],
)
def test_no_other_date_is_guessed_at(text: str) -> None:
    for column in ("engage_date", "close_date"):
        assert Reason.IMPOSSIBLE_DATE == refused(row(**{column: text})).reason


@pytest.mark.parametrize(
    ("text", "exponent", "expected"),
    [("1054", 2, 105_400), ("0.1", 2, 10), ("12.34", 2, 1_234), ("7", 0, 7), ("1.234", 3, 1_234)],
)
def test_values_become_minor_units(text: str, exponent: int, expected: int) -> None:
    assert expected == one(row(close_value=text), exponent=exponent).value_minor


@given(minor=st.integers(0, 10**12), exponent=st.integers(0, 4))
def test_every_amount_is_read_as_it_was_written(minor: int, exponent: int) -> None:
    """Law: writing minor units as a decimal and reading them gives them back, to the unit."""
    digits = str(minor).rjust(exponent + 1, "0")
    text = f"{digits[:-exponent]}.{digits[-exponent:]}" if exponent else digits
    assert minor == one(row(close_value=text), exponent=exponent).value_minor


@given(st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_every_day_is_read_as_it_was_written(day: date) -> None:
    """Law: a day is the same day in both forms."""
    both = (one(open_row(engage_date=text)) for text in (day.isoformat(), f"{day:%d-%m-%Y}"))
    assert [day, day] == [deal.engaged_on for deal in both]


@pytest.mark.parametrize("stage", ["Won", "WON", " won "])
def test_a_stage_is_read_in_any_case(stage: str) -> None:
    assert Stage.WON == one(row(deal_stage=stage)).stage


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (row(account="Caf\udce9"), Reason.NOT_TEXT),
        (row(account="a\0b"), Reason.NOT_TEXT),
        (row(account="a\ufffdb"), Reason.NOT_TEXT),
        (row(account="Fernhill\nFoods"), Reason.NOT_TEXT),
        (row(account="x" * 201), Reason.FIELD_TOO_LONG),
        (row(account="x" * 200_000), Reason.FIELD_TOO_LONG),
        (row(account='"Fernhill'), Reason.BAD_QUOTING),
        (row(account='"Fernhill"Foods'), Reason.BAD_QUOTING),
        (f"{WON},", Reason.WRONG_FIELD_COUNT),
        ("R1", Reason.WRONG_FIELD_COUNT),
        (row(opportunity_id=""), Reason.MISSING_REFERENCE),
        (row(opportunity_id="null"), Reason.MISSING_REFERENCE),
        (row(sales_agent="ada quill"), Reason.UNKNOWN_AGENT),
        (row(sales_agent=""), Reason.UNKNOWN_AGENT),
        (row(product="Kestrel"), Reason.UNKNOWN_PRODUCT),
        (row(product=""), Reason.UNKNOWN_PRODUCT),
        (row(deal_stage="Pondering"), Reason.UNKNOWN_STAGE),
        (row(deal_stage=""), Reason.UNKNOWN_STAGE),
        (open_row(deal_stage="Prospecting", engage_date=""), Reason.NOT_YET_ENGAGED),
        (row(engage_date=""), Reason.MISSING_DATE),
        (open_row(engage_date="null"), Reason.MISSING_DATE),
        (row(close_date=""), Reason.MISSING_DATE),
        (row(deal_stage="Lost", close_date="null", close_value="0"), Reason.MISSING_DATE),
        (row(close_date="19-10-2025"), Reason.CLOSE_BEFORE_ENGAGE),
        (row(close_value=""), Reason.MISSING_VALUE),
        (row(close_value="null"), Reason.MISSING_VALUE),
        (row(close_value="-0.01"), Reason.NEGATIVE_VALUE),
        (row(deal_stage="Lost", close_value="-5"), Reason.NEGATIVE_VALUE),
        (row(deal_stage="Lost", close_value="5"), Reason.STAGE_CONTRADICTED),
        (open_row(close_value="5"), Reason.STAGE_CONTRADICTED),
        (open_row(close_date="01-03-2026"), Reason.STAGE_CONTRADICTED),
    ],
)
def test_a_row_that_cannot_be_used_is_reported_with_its_reason(line: str, expected: Reason) -> None:
    assert expected == refused(line).reason


@pytest.mark.parametrize(
    "value",
    [
        "1.234",
        "1e3",
        "NaN",
        "inf",
        "1_000",
        '"1,054"',
        "\u0663",
        "1.",
        ".5",
        "+5",
        "5 EUR",
        "9" * 99,
    ],
)
def test_a_value_that_is_no_plain_amount_is_reported(value: str) -> None:
    """More decimals than the currency has are not rounded away; nothing else is read as money."""
    assert Reason.BAD_VALUE == refused(row(close_value=value)).reason


def test_decimals_are_bad_in_a_currency_without_any() -> None:
    assert Reason.BAD_VALUE == refused(row(close_value="5.0"), exponent=0).reason


def test_a_deal_may_close_on_the_day_it_was_engaged() -> None:
    assert date(2025, 10, 20) == one(row(close_date="20-10-2025")).closed_on


@pytest.mark.parametrize("spelling", ["KestrelPlus", "kestrel plus", "KESTREL PL US"])
def test_a_product_spelled_otherwise_goes_in_with_a_warning(spelling: str) -> None:
    """The canonical spelling goes in; the warning quotes the row's."""
    deal = one(row(product=spelling))
    (warning,) = deal.warnings
    assert ("Kestrel Plus", 62_000) == (deal.product, deal.list_price_minor)
    assert (crm.PIPELINE_FILE, 2) == (warning.file, warning.line)
    assert WarningKind.PRODUCT_SPELLING == warning.kind
    assert f'"{spelling}"' in warning.text


@pytest.mark.parametrize("account", ["", "null", "NULL", "  "])
def test_a_row_without_account_goes_in_with_a_warning(account: str) -> None:
    deal = one(row(account=account))
    assert deal.customer is None
    assert [WarningKind.END_CUSTOMER_UNKNOWN] == [warning.kind for warning in deal.warnings]


def test_an_account_that_is_not_listed_goes_in_with_a_warning() -> None:
    deal = one(row(account=" New   Comer "))
    assert "New Comer" == deal.customer
    assert [WarningKind.END_CUSTOMER_UNLISTED] == [warning.kind for warning in deal.warnings]


def test_a_listed_account_comes_out_in_the_spelling_of_the_list() -> None:
    deal = one(row(account="FERNHILL foods"))
    assert ("Fernhill Foods", ()) == (deal.customer, deal.warnings)


def test_a_row_may_have_two_warnings() -> None:
    deal = one(row(product="kestrelplus", account=""))
    expected = [WarningKind.PRODUCT_SPELLING, WarningKind.END_CUSTOMER_UNKNOWN]
    assert expected == [warning.kind for warning in deal.warnings]


def test_a_repeated_row_is_skipped_and_a_contradicting_one_reported() -> None:
    """The first usable row of a reference counts, whatever comes after it."""
    first, repeated, other = read(WON, f" {WON}", row(close_value="1"))
    assert isinstance(first, Opportunity)
    assert isinstance(repeated, RowWarning)
    assert isinstance(other, BadRow)
    assert (3, WarningKind.DUPLICATE_ROW) == (repeated.line, repeated.kind)
    assert (4, Reason.DUPLICATE_REFERENCE) == (other.line, other.reason)


def test_a_row_that_cannot_be_used_does_not_claim_its_reference() -> None:
    bad, good = read(row(close_value="many"), WON)
    assert isinstance(bad, BadRow)
    assert isinstance(good, Opportunity)
    assert (Reason.BAD_VALUE, 3) == (bad.reason, good.line)


def test_an_unclosed_quote_spoils_its_own_line_only() -> None:
    """A line break inside a field is not part of the format: each physical line is a record."""
    torn = row(opportunity_id="R2", account='"Fernhill\n').split("\n")
    last = row(opportunity_id="R3")
    items = read(WON, f"{torn[0]}\r\n", f"{torn[1]}\r\n", last)
    reasons = [(item.line, item.reason) for item in items if isinstance(item, BadRow)]
    deals = [(item.line, item.reference) for item in items if isinstance(item, Opportunity)]
    assert [(3, Reason.BAD_QUOTING), (4, Reason.WRONG_FIELD_COUNT)] == reasons
    assert [(2, "R1"), (5, "R3")] == deals


def test_a_report_quotes_the_value_short_and_printable() -> None:
    """At most 40 characters of what came from outside, without those that steer a terminal."""
    assert f'"{"x" * 39}…"' in refused(row(sales_agent="x" * 100)).text
    assert f'"{"y" * 40}"' in refused(row(sales_agent="y" * 40)).text
    assert "\u202e" not in refused(row(sales_agent="a\u202eb")).text
    assert '"ab"' in refused(row(sales_agent="a\u202eb")).text
    assert refused(row(account="\x1b[31m\0\udce9")).text.isprintable()
