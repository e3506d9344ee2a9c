"""CSV files: what is read of them, what is told of them, and what a spreadsheet cannot run."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain.cells import csv_text
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.import_files import Problem, ProblemCode
from portal_api.services.csv_files import (
    CONTENT_MAX,
    ROWS_MAX,
    Report,
    Row,
    Unusable,
    checked,
    imported,
    instant,
    once,
    rows,
)
from portal_api.services.store import StoreUnavailable

COLUMNS, NEEDED = ("id", "name", "note"), ("id", "name")


def _read(content: str) -> list[tuple[int, str]]:
    """Each line with the name that it gives, or the code of its problem."""
    return [
        (row.line, row.values["name"] if isinstance(row, Row) else row.code)
        for row in rows(content, COLUMNS, NEEDED)
    ]


def _line(cells: str) -> list[tuple[int, str]]:
    return _read(f"id,name,note\n{cells}\n")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ("1,Ann,", "Ann"),
        ('1," Ann  Lee ",', "Ann Lee"),
        ('1,"Lee, Ann",', "Lee, Ann"),
        ("1,=1+1,", "=1+1"),
        ("1,'=1+1,", "=1+1"),
        ("1,,", "MISSING_VALUE"),
        ("1,Ann", "WRONG_FIELD_COUNT"),
        ('1,"Ann,', "BAD_QUOTING"),
        ('1,"A"nn,', "BAD_QUOTING"),
        ("1,An\0n,", "NOT_TEXT"),
        ("1,An\udcffn,", "NOT_TEXT"),
        (f"1,{'x' * 201},", "FIELD_TOO_LONG"),
        (f"1,Ann,{'x' * 70_000}", "FIELD_TOO_LONG"),
    ],
)
def test_a_line_is_a_row_or_a_problem(cells: str, told: str) -> None:
    """A formula is a text like another; what cannot be used is said in one word."""
    assert [(2, told)] == _line(cells)


def test_a_bad_line_harms_no_other() -> None:
    """Also one with an open quote; lines are counted as an editor does, empty ones too."""
    content = 'id,name,note\r\n1,"Ann,\n\n2,Bob,\r3,Cid,"x"\n'
    assert [(2, "BAD_QUOTING"), (4, "Bob"), (5, "Cid")] == _read(content)


def test_columns_may_be_in_any_order_and_optional_ones_missing() -> None:
    """Names are read without case and spaces; a column that nobody asked for is told once."""
    assert [(1, "EXTRA_COLUMN"), (2, "Ann")] == _read("\ufeff Name ,more,ID\nAnn,x,1\n")


@pytest.mark.parametrize("header", ["", "id\n1", "id,name,name\n1,a,b", '"id,name\n1,a'])
def test_a_file_without_its_columns_is_told_as_one_problem(header: str) -> None:
    """Of the first line, and nothing else is looked at."""
    assert [(1, "MISSING_COLUMN")] == _read(header)


def test_a_row_that_was_there_before_is_told_with_its_line() -> None:
    """By its key columns; the first one is used."""
    found = once(rows("id,name\n1,a\n2,b\n1,c\n", COLUMNS, NEEDED), "id")
    told = [row.text if isinstance(row, Problem) else row.values["name"] for row in found]
    assert ["a", "b", "id are those of line 2."] == told


def test_a_report_counts_what_went_in_and_names_the_rest() -> None:
    """Refusals of a use case have their own code, and the argument that they are about."""

    def use(row: Row) -> bool:
        if row.values["id"] == "bad":
            raise Unusable(ProblemCode.WRONG_VALUE, "Bad.")
        if row.values["id"] == "gone":
            raise NotFound.of("partner")
        return row.values["id"] == "new"

    content = "id,name\nnew,a\nold,b\nbad,c\ngone,d\nnew2\n"
    found = imported(rows(content, COLUMNS, NEEDED), use)
    assert (1, 1, None) == (found.imported, found.unchanged, found.next_line)
    codes = ["WRONG_VALUE", "NOT_FOUND", "WRONG_FIELD_COUNT"]
    assert list(zip([4, 5, 6], codes, strict=True)) == [(p.line, p.code) for p in found.problems]
    assert found.problems[1].text.endswith("(partner)")
    assert "line 4: WRONG_VALUE: Bad." == str(found.problems[0])


def test_a_report_says_where_it_stopped() -> None:
    """Where the store failed, or there was no more time."""
    lines = "id,name\n1,a\n2,b\n3,c\n"

    def use(row: Row) -> bool:
        if row.line == 3:
            raise StoreUnavailable
        return True

    assert Report(1, 0, (), 3) == imported(rows(lines, COLUMNS, NEEDED), use)
    assert Report(0, 0, (), 2) == imported(rows(lines, COLUMNS, NEEDED), use, seconds=0)
    assert Report(3, 0, ()) == imported(rows(lines, COLUMNS), lambda _: True, seconds=None)


def test_a_file_that_is_too_large_is_refused_before_anything_is_done() -> None:
    """By its rows and by its characters."""
    assert 501 == len(checked("id\n" + "1\n\n" * ROWS_MAX).split()) == ROWS_MAX + 1
    for content in ("id\n" + "1\n" * (ROWS_MAX + 1), "x" * (CONTENT_MAX + 1)):
        with pytest.raises(InvalidInput):
            checked(content)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("2026-03-31", datetime(2026, 3, 31, tzinfo=UTC)),
        ("2026-03-31T17:00:00Z", datetime(2026, 3, 31, 17, tzinfo=UTC)),
        ("2026-03-31T17:00+02:00", datetime(2026, 3, 31, 15, tzinfo=UTC)),
    ],
)
def test_a_cell_can_be_an_instant_or_a_day(text: str, expected: datetime | None) -> None:
    """A day is its beginning in UTC."""
    assert expected == instant(Row(2, {"at": text}), "at")


@pytest.mark.parametrize(
    "text",
    [
        "31.03.2026",
        "2026-02-30",
        "2026-03-31T25:00Z",
        "2026-03-31T17:00:00",
        "20260331",
        "now",
        "0001-01-01T00:00+10:00",
        "9999-12-31",
        "٢٠٢٦-03-31",
        "2026-03-31T17:00:00+99:00",
    ],
)
def test_what_is_no_date_is_told(text: str) -> None:
    """No guess at day and month, and no time of day without its offset."""
    with pytest.raises(Unusable) as wrong:
        instant(Row(2, {"at": text}), "at")
    assert ProblemCode.WRONG_DATE == wrong.value.code


@pytest.mark.parametrize("cell", ["=1+1", "+A1", "-A1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"])
def test_no_cell_of_an_export_is_a_formula(cell: str) -> None:
    """An apostrophe before it makes it a text to every spreadsheet."""
    (_, (written,)) = csv.reader(_lines(csv_text(["h"], [[cell]])))
    assert f"'{cell}" == written


def test_numbers_stay_numbers_and_nothing_is_an_empty_cell() -> None:
    """A negative amount is no formula."""
    assert 'a,b,c,d\r\n-1.50,7,,"x,""y"""\r\n' == csv_text("abcd", [["-1.50", 7, None, 'x,"y"']])


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=60))
def test_what_was_exported_is_read_again(text: str) -> None:
    """But for the spaces and spellings that the reader makes one of."""
    (row,) = _rows(csv_text(COLUMNS, [["1", "x", text]]))
    (again,) = _rows(csv_text(COLUMNS, [["1", "x", row.values["note"]]]))
    if not row.values["note"].startswith("'"):
        assert row.values["note"] == again.values["note"]


def _rows(content: str) -> Iterator[Row]:
    for row in rows(content, COLUMNS, NEEDED):
        assert isinstance(row, Row)
        yield row


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True) if "\r=" not in text else [text[:3], text[3:]]
