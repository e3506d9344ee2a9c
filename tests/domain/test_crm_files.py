"""Whole files of a CRM export: their headers, the small ones, and laws for any text."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal_api.domain import crm
from portal_api.domain.crm import CrmExportError, Opportunity, Reason, WarningKind
from tests.domain.pipeline import ACCOUNTS, AGENTS, HEADER, PRODUCTS, WON, read, read_lines, row


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (HEADER.replace(",product", "").replace("close_date", "closed"), ("product", "close_date")),
        (f"{HEADER},product", ("product",)),
        (HEADER.replace(",", ";"), crm.PIPELINE_COLUMNS),
        ("", crm.PIPELINE_COLUMNS),
        ('"' + HEADER, crm.PIPELINE_COLUMNS),
        ("\udcff\udcfeo\0", crm.PIPELINE_COLUMNS),
    ],
)
def test_a_wrong_header_refuses_the_whole_file(header: str, columns: tuple[str, ...]) -> None:
    """The error names the file and the columns, and holds nothing that cannot be printed."""
    with pytest.raises(CrmExportError) as caught:
        read(WON, header=header)
    assert (crm.PIPELINE_FILE, columns) == (caught.value.file, caught.value.columns)
    assert crm.PIPELINE_FILE in str(caught.value)
    assert all(column in str(caught.value) for column in columns)
    assert str(caught.value).isprintable()


def test_an_empty_file_has_a_wrong_header() -> None:
    for reader in (crm.read_teams, crm.read_products, crm.read_accounts):
        with pytest.raises(CrmExportError):
            reader([])
    with pytest.raises(CrmExportError):
        read_lines([])


def test_the_small_files_are_read_with_their_bad_rows() -> None:
    teams = crm.read_teams(
        ["sales_agent,manager,regional_office", "Ada Quill,Max Holt,Harbour", "Bo,,Harbour", ""]
    )
    assert AGENTS == teams.entries
    assert [(3, Reason.MISSING_REFERENCE)] == [(bad.line, bad.reason) for bad in teams.bad_rows]
    products = crm.read_products(
        ["product,series,sales_price", "Kestrel Plus,Kestrel,620", "A,,", "B,,-1", "C,,x"]
    )
    assert PRODUCTS == products.entries
    expected = [Reason.MISSING_VALUE, Reason.NEGATIVE_VALUE, Reason.BAD_VALUE]
    assert expected == [bad.reason for bad in products.bad_rows]
    accounts = crm.read_accounts(["sector,account", "food,Fernhill Foods", "food,null"])
    assert ((ACCOUNTS[0],), ()) == (accounts.entries, accounts.warnings)
    assert [(3, Reason.MISSING_REFERENCE)] == [(b.line, b.reason) for b in accounts.bad_rows]


def test_two_products_that_cannot_be_told_apart_are_reported() -> None:
    """The first one counts; the same line again is only a warning."""
    listing = crm.read_products(
        [
            "product,series,sales_price",
            *("Kestrel Plus,Kestrel,620", "KestrelPlus,Kestrel,620", "Kestrel Plus,Kestrel,620"),
        ]
    )
    assert PRODUCTS == listing.entries
    assert [(3, Reason.DUPLICATE_REFERENCE)] == [(b.line, b.reason) for b in listing.bad_rows]
    assert [(4, WarningKind.DUPLICATE_ROW)] == [(w.line, w.kind) for w in listing.warnings]


JUNK = st.text(st.sampled_from('",\r\n\0\t \ufeff\udcff\u2028\x85null0-7RWonö')) | st.text(
    st.characters()
)


@given(st.lists(st.lists(JUNK, max_size=3), min_size=1, max_size=6))
def test_no_text_makes_a_good_row_disappear(junk: list[list[str]]) -> None:
    """Law: whatever stands between good rows, each of them goes in, with its own line number."""
    good = (row(opportunity_id=f"GOOD{number}") for number in itertools.count())
    lines = [HEADER]
    expected: list[tuple[int, str]] = []
    for block in junk:
        lines += [*block, next(good)]
        expected.append((len(lines), f"GOOD{len(expected)}"))
    items = read_lines(lines)
    deals = [item for item in items if isinstance(item, Opportunity)]
    assert expected == [(deal.line, deal.reference) for deal in deals]
    others = [item.line for item in items if not isinstance(item, Opportunity)]
    spoken_for = {line for line, _ in expected} | set(others) | {1}
    silent = [line for number, line in enumerate(lines, start=1) if number not in spoken_for]
    assert [] == [line for line in silent if line.strip("\r\n\t ")]


@given(st.lists(JUNK | st.just(HEADER)))
def test_no_text_raises_anything_but_a_wrong_header(lines: list[str]) -> None:
    """Law: a reader ends, or says that the header is wrong; what it says can be printed."""
    try:
        items = read_lines(lines)
    except CrmExportError as error:
        assert str(error).isprintable()  # noqa: PT017 - the header may as well be right
        return
    assert all(item.text.isprintable() for item in items if not isinstance(item, Opportunity))


@given(st.lists(st.lists(st.text(st.characters(), max_size=12), min_size=8, max_size=8)))
def test_no_cells_raise_or_are_lost(rows: list[list[str]]) -> None:
    """Law: of every row with the right number of fields, something is told."""
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in cells) for cells in rows]
    assert list(range(2, len(rows) + 2)) == [item.line for item in read(*lines)]


def test_a_file_is_read_as_it_comes() -> None:
    """Nothing is read ahead, so a file of any size is read in the memory of a row."""
    endless = (row(opportunity_id=f"R{number}") for number in itertools.count())
    items = crm.read_opportunities(
        itertools.chain([HEADER], endless), teams=AGENTS, products=PRODUCTS, accounts=ACCOUNTS
    )
    lines = [item.line for item in itertools.islice(items, 3)]
    assert [2, 3, 4] == lines
