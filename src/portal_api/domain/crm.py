r"""Reading a CRM export: four CSV files in, opportunities and complaints out.

The files, each with a header, comma separated, UTF-8 (a byte order mark and CRLF are fine):

* ``sales_teams.csv``: sales_agent, manager, regional_office
* ``products.csv``: product, series, sales_price
* ``accounts.csv``: account, and any other columns, which are ignored
* ``sales_pipeline.csv``: opportunity_id, sales_agent, product, account, deal_stage, engage_date,
  close_date, close_value

The rules:

* A header that lacks a column is an error for the whole file. A column that is not part of the
  format is ignored, with one warning.
* One physical line is one record: a line break inside a field is not part of the format, so an
  unclosed quote spoils its own line only. Blank lines are nothing.
* White space around a field is dropped, and a run of it inside counts as one space. An empty field
  and the word ``null`` are the same: absent.
* Dates are day-month-year (20-10-2016) or ISO (2016-10-20), nothing else, years 1900 to 2199.
* Money is plain decimals without thousands marks, turned into whole minor units; more decimals than
  the currency has, or more than the largest amount, is a bad value.
* Won and Lost need both dates, and Won a value. Engaging is an open deal: engage date, no close
  date. A deal that is not won has no value or 0. Prospecting is not a registration yet.
* Products and accounts are matched without white space and case, and come out in the spelling of
  their list; agents are people, and matched exactly.
* A row that cannot be used is reported with its file, line, first reason and a sentence. It claims
  nothing: a later, usable row with the same reference goes in. All other rows go in.

Nothing here opens a file. Open one with ``encoding="utf-8"``, ``errors="surrogateescape"`` and
``newline="\n"``, so that a byte that is no UTF-8 costs one row and line numbers are physical.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import blake2b
from typing import Final, Generic, TypeVar

from portal_api.domain.money import LARGEST_AMOUNT_MINOR

TEAMS_FILE: Final = "sales_teams.csv"
PRODUCTS_FILE: Final = "products.csv"
ACCOUNTS_FILE: Final = "accounts.csv"
PIPELINE_FILE: Final = "sales_pipeline.csv"

TEAMS_COLUMNS: Final = ("sales_agent", "manager", "regional_office")
PRODUCTS_COLUMNS: Final = ("product", "series", "sales_price")
ACCOUNTS_COLUMNS: Final = ("account",)
PIPELINE_COLUMNS: Final = (
    "opportunity_id",
    "sales_agent",
    "product",
    "account",
    "deal_stage",
    "engage_date",
    "close_date",
    "close_value",
)

MAX_FIELD: Final = 200
MAX_LINE: Final = 65_536  # Below the csv module's own limit, which raises.
MAX_QUOTED: Final = 40

_NOT_TEXT: Final = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]",
)
_DATE: Final = re.compile(
    r"(?P<d>[0-9]{2})-(?P<m>[0-9]{2})-(?P<y>[0-9]{4})"
    r"|(?P<iso_y>[0-9]{4})-(?P<iso_m>[0-9]{2})-(?P<iso_d>[0-9]{2})",
)
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
_DECIMAL: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


class Reason(StrEnum):
    """Why a row cannot be used."""

    NOT_TEXT = "NOT_TEXT"
    FIELD_TOO_LONG = "FIELD_TOO_LONG"
    BAD_QUOTING = "BAD_QUOTING"
    WRONG_FIELD_COUNT = "WRONG_FIELD_COUNT"
    MISSING_REFERENCE = "MISSING_REFERENCE"
    DUPLICATE_REFERENCE = "DUPLICATE_REFERENCE"
    UNKNOWN_AGENT = "UNKNOWN_AGENT"
    UNKNOWN_PRODUCT = "UNKNOWN_PRODUCT"
    UNKNOWN_STAGE = "UNKNOWN_STAGE"
    NOT_YET_ENGAGED = "NOT_YET_ENGAGED"
    MISSING_DATE = "MISSING_DATE"
    IMPOSSIBLE_DATE = "IMPOSSIBLE_DATE"
    CLOSE_BEFORE_ENGAGE = "CLOSE_BEFORE_ENGAGE"
    MISSING_VALUE = "MISSING_VALUE"
    BAD_VALUE = "BAD_VALUE"
    NEGATIVE_VALUE = "NEGATIVE_VALUE"
    STAGE_CONTRADICTED = "STAGE_CONTRADICTED"


class WarningKind(StrEnum):
    """What is odd about a row or a file, without stopping anything."""

    EXTRA_COLUMN = "EXTRA_COLUMN"
    DUPLICATE_ROW = "DUPLICATE_ROW"
    PRODUCT_SPELLING = "PRODUCT_SPELLING"
    END_CUSTOMER_UNKNOWN = "END_CUSTOMER_UNKNOWN"
    END_CUSTOMER_UNLISTED = "END_CUSTOMER_UNLISTED"


class Stage(StrEnum):
    """Where a deal stands."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


_STAGES: Final[Mapping[str, Stage]] = {
    "engaging": Stage.OPEN,
    "won": Stage.WON,
    "lost": Stage.LOST,
}


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used."""

    file: str
    line: int
    reason: Reason
    text: str


@dataclass(frozen=True, slots=True)
class RowWarning:
    """Something odd: about a row that goes in, a repeated row that was skipped, or the header."""

    file: str
    line: int
    kind: WarningKind
    text: str


@dataclass(frozen=True, slots=True)
class Agent:
    """Who sells, under which manager, from which office."""

    name: str
    manager: str
    office: str


@dataclass(frozen=True, slots=True)
class Product:
    """What is sold, and its list price."""

    name: str
    series: str
    list_price_minor: int


@dataclass(frozen=True, slots=True)
class Opportunity:
    """A usable row of the pipeline; the value is there on a won deal and on no other."""

    line: int
    reference: str
    agent: str
    product: str
    list_price_minor: int
    customer: str | None
    stage: Stage
    engaged_on: date
    closed_on: date | None
    value_minor: int | None
    warnings: tuple[RowWarning, ...]


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One of the three small files: its usable entries, and what was found on the way."""

    entries: tuple[T, ...]
    bad_rows: tuple[BadRow, ...]
    warnings: tuple[RowWarning, ...]


class CrmExportError(ValueError):
    """A file that is no such export at all: its header lacks columns."""

    def __init__(self, file: str, columns: tuple[str, ...], problem: str) -> None:
        """Name the file and the columns it should have had."""
        super().__init__(f"{file}: {problem}: {', '.join(columns)}")
        self.file = file
        self.columns = columns


class _Unusable(Exception):
    def __init__(self, reason: Reason, text: str) -> None:
        super().__init__(text)
        self.reason = reason
        self.text = text


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Lists:
    agents: frozenset[str]
    products: Mapping[str, Product]
    accounts: Mapping[str, str]
    exponent: int


def read_teams(lines: Iterable[str]) -> Listing[Agent]:
    """Read the agents."""

    def agent(cells: tuple[str, ...]) -> Agent:
        for column, cell in zip(TEAMS_COLUMNS, cells, strict=True):
            _need(column, cell)
        return Agent(*cells)

    return _listing(TEAMS_FILE, lines, TEAMS_COLUMNS, agent, str)


def read_products(lines: Iterable[str], *, exponent: int = 2) -> Listing[Product]:
    """Read the products; the prices in minor units of a currency with so many decimals."""

    def product(cells: tuple[str, ...]) -> Product:
        _need("product", cells[0])
        price = _money("list price", cells[2], exponent)
        if price is None:
            raise _Unusable(Reason.MISSING_VALUE, "The product has no list price.")
        return Product(cells[0], cells[1], price)

    return _listing(PRODUCTS_FILE, lines, PRODUCTS_COLUMNS, product, _fold)


def read_accounts(lines: Iterable[str]) -> Listing[str]:
    """Read the names of the accounts."""

    def account(cells: tuple[str, ...]) -> str:
        _need("account", cells[0])
        return cells[0]

    return _listing(ACCOUNTS_FILE, lines, ACCOUNTS_COLUMNS, account, _fold)


def read_opportunities(
    lines: Iterable[str],
    *,
    teams: Iterable[Agent],
    products: Iterable[Product],
    accounts: Iterable[str],
    exponent: int = 2,
) -> Iterator[Opportunity | BadRow | RowWarning]:
    """Read the pipeline row by row, keeping nothing but a hash of each reference and its row.

    What is odd about a row that goes in stands in the opportunity; a warning comes by itself only
    for a repeated row, which is skipped, and for the header.
    """
    lists = _Lists(
        agents=frozenset(agent.name for agent in teams),
        products={_fold(product.name): product for product in products},
        accounts={_fold(account): account for account in accounts},
        exponent=exponent,
    )
    seen: dict[bytes, bytes] = {}
    for row in _rows(PIPELINE_FILE, lines, PIPELINE_COLUMNS):
        if not isinstance(row, _Row):
            yield row
            continue
        reference = _digest(row.cells[:1])
        content = _digest(row.cells)
        try:
            if reference not in seen:
                opportunity = _opportunity(row, lists)
                seen[reference] = content
                yield opportunity
            elif seen[reference] == content:
                yield _repeated(PIPELINE_FILE, row)
            else:
                yield _contradicted(PIPELINE_FILE, row)
        except _Unusable as refusal:
            yield _bad(PIPELINE_FILE, row.line, refusal)


def _opportunity(row: _Row, lists: _Lists) -> Opportunity:
    reference, agent, product_text, account, stage_text, engaged, closed, value_text = row.cells
    _need("opportunity_id", reference)
    if agent not in lists.agents:
        raise _Unusable(Reason.UNKNOWN_AGENT, f"No sales agent is called {_shown(agent)}.")
    product = lists.products.get(_fold(product_text))
    if product is None:
        raise _Unusable(Reason.UNKNOWN_PRODUCT, f"No product is called {_shown(product_text)}.")
    stage = _stage(stage_text)
    engaged_on, closed_on = _days(stage, engaged, closed)
    value = _value(stage, _money("close value", value_text, lists.exponent))
    warnings: list[RowWarning] = []
    if product_text != product.name:
        text = f"The product {_shown(product.name)} is spelled {_shown(product_text)}."
        warnings.append(
            RowWarning(PIPELINE_FILE, row.line, WarningKind.PRODUCT_SPELLING, text),
        )
    customer = lists.accounts.get(_fold(account), account) or None
    if customer is None:
        kind, text = WarningKind.END_CUSTOMER_UNKNOWN, "The row names no account."
        warnings.append(RowWarning(PIPELINE_FILE, row.line, kind, text))
    elif _fold(account) not in lists.accounts:
        kind, text = WarningKind.END_CUSTOMER_UNLISTED, f"No account is called {_shown(account)}."
        warnings.append(RowWarning(PIPELINE_FILE, row.line, kind, text))
    return Opportunity(
        line=row.line,
        reference=reference,
        agent=agent,
        product=product.name,
        list_price_minor=product.list_price_minor,
        customer=customer,
        stage=stage,
        engaged_on=engaged_on,
        closed_on=closed_on,
        value_minor=value,
        warnings=tuple(warnings),
    )


def _stage(text: str) -> Stage:
    if text.casefold() == "prospecting":
        raise _Unusable(Reason.NOT_YET_ENGAGED, "The deal is prospecting: nothing is engaged yet.")
    stage = _STAGES.get(text.casefold())
    if stage is None:
        raise _Unusable(Reason.UNKNOWN_STAGE, f"No deal stage is called {_shown(text)}.")
    return stage


def _days(stage: Stage, engaged: str, closed: str) -> tuple[date, date | None]:
    if not engaged or (not closed and stage is not Stage.OPEN):
        column = "close date" if engaged else "engage date"
        raise _Unusable(Reason.MISSING_DATE, f"The {stage.lower()} deal has no {column}.")
    engaged_on = _day("engage date", engaged)
    if not closed:
        return engaged_on, None
    closed_on = _day("close date", closed)
    if stage is Stage.OPEN:
        text = f"The open deal has a close date, {_shown(closed)}."
        raise _Unusable(Reason.STAGE_CONTRADICTED, text)
    if closed_on < engaged_on:
        text = f"The close date {_shown(closed)} is before the engage date {_shown(engaged)}."
        raise _Unusable(Reason.CLOSE_BEFORE_ENGAGE, text)
    return engaged_on, closed_on


def _day(column: str, text: str) -> date:
    match = _DATE.fullmatch(text)
    try:
        parts = match.groupdict(default="") if match else {}
        found = date(*(int(parts[part] or parts[f"iso_{part}"]) for part in ("y", "m", "d")))
    except (KeyError, ValueError):
        found = date.min
    if not _FIRST_DAY <= found <= _LAST_DAY:
        refusal = f"The {column} {_shown(text)} is no date such as 31-12-2026 or 2026-12-31."
        raise _Unusable(Reason.IMPOSSIBLE_DATE, refusal)
    return found


def _value(stage: Stage, value_minor: int | None) -> int | None:
    if stage is Stage.WON:
        if value_minor is None:
            raise _Unusable(Reason.MISSING_VALUE, "The won deal has no close value.")
        return value_minor
    if value_minor:
        text = f"The deal is {stage.lower()}, and has a close value all the same."
        raise _Unusable(Reason.STAGE_CONTRADICTED, text)
    return None


def _money(column: str, text: str, exponent: int) -> int | None:
    if not text:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None or len(match[3] or "") > exponent:
        refusal = f"The {column} {_shown(text)} is no number with up to {exponent} decimals."
        raise _Unusable(Reason.BAD_VALUE, refusal)
    minor = int(match[2] + (match[3] or "").ljust(exponent, "0"))
    if minor > LARGEST_AMOUNT_MINOR:
        refusal = f"The {column} {_shown(text)} is larger than an amount may be."
        raise _Unusable(Reason.BAD_VALUE, refusal)
    if match[1] and minor:
        raise _Unusable(Reason.NEGATIVE_VALUE, f"The {column} {_shown(text)} is negative.")
    return minor


def _listing(
    file: str,
    lines: Iterable[str],
    columns: tuple[str, ...],
    make: Callable[[tuple[str, ...]], T],
    key: Callable[[str], str],
) -> Listing[T]:
    entries: dict[str, T] = {}
    found: list[BadRow | RowWarning] = []
    for row in _rows(file, lines, columns):
        if not isinstance(row, _Row):
            found.append(row)
            continue
        try:
            entry = make(row.cells)
        except _Unusable as refusal:
            found.append(_bad(file, row.line, refusal))
            continue
        first = entries.setdefault(key(row.cells[0]), entry)
        if first is not entry:
            found.append(_repeated(file, row) if first == entry else _contradicted(file, row))
    return Listing(
        entries=tuple(entries.values()),
        bad_rows=tuple(item for item in found if isinstance(item, BadRow)),
        warnings=tuple(item for item in found if isinstance(item, RowWarning)),
    )


def _rows(
    file: str, lines: Iterable[str], columns: tuple[str, ...]
) -> Iterator[_Row | BadRow | RowWarning]:
    numbered = enumerate(lines, start=1)
    header = _header(file, next(numbered, (1, ""))[1].removeprefix("\ufeff"), columns)
    places = tuple(header.index(column) for column in columns)
    others = [name for name in header if name not in columns]
    if others and file != ACCOUNTS_FILE:
        text = f"Columns that are not part of the format are ignored: {_shown(', '.join(others))}."
        yield RowWarning(file, 1, WarningKind.EXTRA_COLUMN, text)
    for number, line in numbered:
        if not line.strip("\r\n\t "):
            continue
        try:
            fields = _fields(line)
            if len(fields) != len(header):
                text = (
                    f"The row has {len(fields)} fields, the header {len(header)}: {_shown(line)}."
                )
                raise _Unusable(Reason.WRONG_FIELD_COUNT, text)  # noqa: TRY301 - one report for all
            yield _Row(number, tuple(_clean(fields[place]) for place in places))
        except _Unusable as refusal:
            yield _bad(file, number, refusal)


def _header(file: str, line: str, columns: tuple[str, ...]) -> list[str]:
    try:
        header = [" ".join(name.split()).casefold() for name in _fields(line)]
    except _Unusable as refusal:
        raise CrmExportError(file, columns, f"the header cannot be read ({refusal.text})") from None
    if missing := tuple(column for column in columns if column not in header):
        raise CrmExportError(file, missing, "the header lacks columns")
    if twice := tuple(column for column in columns if header.count(column) > 1):
        raise CrmExportError(file, twice, "the header has columns twice")
    return header


def _fields(line: str) -> list[str]:
    line = line.rstrip("\r\n")
    if _NOT_TEXT.search(line):
        raise _Unusable(Reason.NOT_TEXT, f"The row holds bytes that are no text: {_shown(line)}.")
    if len(line) > MAX_LINE:
        raise _Unusable(Reason.FIELD_TOO_LONG, f"The row is too long: {_shown(line)}.")
    try:
        return next(csv.reader((line,), strict=True), [])
    except csv.Error:
        text = f"The row opens or closes a quote in the wrong place: {_shown(line)}."
        raise _Unusable(Reason.BAD_QUOTING, text) from None


def _clean(field: str) -> str:
    """The field as it is compared and kept: absent is the empty string."""
    if len(field) > MAX_FIELD:
        text = f"A field is longer than {MAX_FIELD} characters: {_shown(field)}."
        raise _Unusable(Reason.FIELD_TOO_LONG, text)
    text = " ".join(unicodedata.normalize("NFC", field).split())
    return "" if text.casefold() == "null" else text


def _fold(text: str) -> str:
    return "".join(text.split()).casefold()


def _shown(text: str) -> str:
    """What a report may quote of a value that came from outside."""
    printable = "".join(character for character in text[:MAX_LINE] if character.isprintable())
    cut = printable if len(printable) <= MAX_QUOTED else f"{printable[: MAX_QUOTED - 1]}…"
    return f'"{cut}"'


def _digest(cells: tuple[str, ...]) -> bytes:
    return blake2b("\n".join(cells).encode(), digest_size=16).digest()


def _need(column: str, cell: str) -> None:
    if not cell:
        raise _Unusable(Reason.MISSING_REFERENCE, f"The column {column} is empty.")


def _bad(file: str, line: int, refusal: _Unusable) -> BadRow:
    return BadRow(file, line, refusal.reason, refusal.text)


def _repeated(file: str, row: _Row) -> RowWarning:
    text = f"The row of {_shown(row.cells[0])} is there before, and is skipped."
    return RowWarning(file, row.line, WarningKind.DUPLICATE_ROW, text)


def _contradicted(file: str, row: _Row) -> BadRow:
    text = f"An earlier row of {_shown(row.cells[0])} says something else."
    return BadRow(file, row.line, Reason.DUPLICATE_REFERENCE, text)
