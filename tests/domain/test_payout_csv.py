"""The file for the bank: every text survives it, and nothing in it is run by a spreadsheet."""

import csv
import io
import re
import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal_api.domain.batches import COLUMNS, bank_file
from portal_api.domain.cells import csv_text, neutral
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Individual, Partner, PartnerType
from portal_api.domain.payouts import Payout, PayoutStatus

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SIGNS = "=+-@"
FULL_WIDTH = "\uff1d\uff0b\uff0d\uff20"
SMALL = "\ufe66\ufe62\ufe63\ufe6b"
AT = datetime(2026, 3, 2, 10, 30, tzinfo=UTC)


def rows_of(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(TEXT, min_size=2, max_size=4), min_size=1, max_size=4))
@example([['=HYPERLINK("http://x","y")', 'a"b,c\r\nd']])
@example([["\u2003=1", "\u200b+1"], ["\x0b@", "\x1c-"]])
@example([["\r", "\n"], ["\t=1", "'"], ["\0", " \u3000\uff1d1"]])
def test_any_text_survives_and_never_begins_a_formula(rows: list[list[str]]) -> None:
    """What is read again is the text, behind an apostrophe where it would begin a formula."""
    read = rows_of(csv_text(["header"], rows))[1:]

    assert len(rows) == len(read)
    for before, after in zip(rows, read, strict=True):
        assert len(before) == len(after)
        for text, cell in zip(before, after, strict=True):
            assert cell in (text, f"'{text}")
            if re.fullmatch("[+-]?[0-9]+([.][0-9]+)?", cell, re.ASCII):
                continue  # A number is no formula, whatever its sign.
            assert unicodedata.normalize("NFKC", cell).lstrip()[:1] not in (*SIGNS, "\t", "\r")
            assert cell[:1] not in ("\t", "\r", "\n", "\0")


@given(TEXT)
def test_what_is_neutral_stays_as_it_is(text: str) -> None:
    assert neutral(text) == neutral(neutral(text))


@pytest.mark.parametrize("sign", [*SIGNS, *FULL_WIDTH, *SMALL])
@pytest.mark.parametrize("before", ["", " ", "\u00a0", "\u3000 ", "\ufeff", "\t", "\r", "\n"])
def test_a_sign_that_begins_a_formula_is_neutralized(sign: str, before: str) -> None:
    """Also full-width and small forms, which some programs read as the sign, and behind spaces."""
    text = f"{before}{sign}1+1"
    assert f"'{text}" == neutral(text)


@pytest.mark.parametrize("text", ["\tAnn", "\rAnn", "\nAnn", "\0Ann"])
def test_a_control_character_does_not_begin_a_cell(text: str) -> None:
    assert f"'{text}" == neutral(text)


@pytest.mark.parametrize("text", ["", "Ann Lee", "O'Neil", "a=b", "1-2", "10.00", "Überfeld & Co."])
def test_other_texts_are_let_be(text: str) -> None:
    assert text == neutral(text)


def payout(
    person: str,
    amount: int,
    payee: Payee = Payee.INDIVIDUAL,
    asset: str = "USD",
    status: PayoutStatus = PayoutStatus.BATCHED,
) -> Payout:
    own = f"{person}.06fh{amount}"
    return Payout(own, person, "ptn-1", asset, amount, AT, status, payee=payee)


def test_only_what_waits_for_the_bank_is_in_its_file() -> None:
    """What was settled, or has failed, would be paid a second time."""
    payouts = [payout("ind-1", n, status=status) for n, status in enumerate(PayoutStatus, 1)]

    _, *rows = rows_of(bank_file(payouts, {}, {}))

    waiting = [one.id for one in payouts if one.status is PayoutStatus.BATCHED]
    assert waiting == [row[0] for row in rows]


def test_a_file_has_one_line_for_each_payout_in_decimal_amounts() -> None:
    """To whom, for which company, how much; a name that is not known is empty."""
    people = {
        "ind-1": Individual("ind-1", "=cmd|' /C calc'!A0", "a@b", ()),
        "ind-2": Individual("ind-2", 'Ann "A" Lee, Jr.', "a@b", ()),
    }
    partners = {"ptn-1": Partner("ptn-1", "@North", PartnerType.VAR, (), "EMEA")}
    payouts = [
        payout("ind-1", 12_345),
        payout("ind-2", 5, Payee.PARTNER),
        payout("ind-3", 700, asset="JPY"),
    ]

    header, *rows = rows_of(bank_file(payouts, people, partners))

    at = "2026-03-02T10:30:00Z"
    assert list(COLUMNS) == header
    company = ["ptn-1", "'@North"]
    one = ["ind-1.06fh12345", "INDIVIDUAL", "ind-1", "'=cmd|' /C calc'!A0", *company]
    two = ["ind-2.06fh5", "PARTNER", *company, *company]
    three = ["ind-3.06fh700", "INDIVIDUAL", "ind-3", "", *company]
    assert [
        [*one, "USD", "123.45", at],
        [*two, "USD", "0.05", at],
        [*three, "JPY", "700", at],
    ] == rows
