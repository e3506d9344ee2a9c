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

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, Generic, TypeVar

from portal_api.domain.crm_rows import (
    BadRow,
    CrmExportError,
    Reason,
    Row,
    RowWarning,
    Unusable,
    WarningKind,
    bad,
    contradicted,
    digest,
    fold,
    need,
    quoted,
    repeated,
    rows,
)
from portal_api.domain.money import LARGEST_AMOUNT_MINOR

__all__ = [
    "ACCOUNTS_COLUMNS",
    "ACCOUNTS_FILE",
    "PIPELINE_COLUMNS",
    "PIPELINE_FILE",
    "PRODUCTS_COLUMNS",
    "PRODUCTS_FILE",
    "TEAMS_COLUMNS",
    "TEAMS_FILE",
    "Agent",
    "BadRow",
    "CrmExportError",
    "Listing",
    "Opportunity",
    "Product",
    "Reason",
    "RowWarning",
    "Stage",
    "WarningKind",
    "read_accounts",
    "read_opportunities",
    "read_products",
    "read_teams",
]

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

_DATE: Final = re.compile(
    r"(?P<d>[0-9]{2})-(?P<m>[0-9]{2})-(?P<y>[0-9]{4})"
    r"|(?P<iso_y>[0-9]{4})-(?P<iso_m>[0-9]{2})-(?P<iso_d>[0-9]{2})",
)
_FIRST_DAY: Final = date(1900, 1, 1)
_LAST_DAY: Final = date(2199, 12, 31)
_DECIMAL: Final = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


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
            need(column, cell)
        return Agent(*cells)

    return _listing(TEAMS_FILE, lines, TEAMS_COLUMNS, agent, str)


def read_products(lines: Iterable[str], *, exponent: int = 2) -> Listing[Product]:
    """Read the products; the prices in minor units of a currency with so many decimals."""

    def product(cells: tuple[str, ...]) -> Product:
        need("product", cells[0])
        price = _money("list price", cells[2], exponent)
        if price is None:
            raise Unusable(Reason.MISSING_VALUE, "The product has no list price.")
        return Product(cells[0], cells[1], price)

    return _listing(PRODUCTS_FILE, lines, PRODUCTS_COLUMNS, product, fold)


def read_accounts(lines: Iterable[str]) -> Listing[str]:
    """Read the names of the accounts."""

    def account(cells: tuple[str, ...]) -> str:
        need("account", cells[0])
        return cells[0]

    return _listing(ACCOUNTS_FILE, lines, ACCOUNTS_COLUMNS, account, fold)


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
        products={fold(product.name): product for product in products},
        accounts={fold(account): account for account in accounts},
        exponent=exponent,
    )
    seen: dict[bytes, bytes] = {}
    for row in rows(PIPELINE_FILE, lines, PIPELINE_COLUMNS):
        if not isinstance(row, Row):
            yield row
            continue
        reference = digest(row.cells[:1])
        content = digest(row.cells)
        try:
            if reference not in seen:
                opportunity = _opportunity(row, lists)
                seen[reference] = content
                yield opportunity
            elif seen[reference] == content:
                yield repeated(PIPELINE_FILE, row)
            else:
                yield contradicted(PIPELINE_FILE, row)
        except Unusable as refusal:
            yield bad(PIPELINE_FILE, row.line, refusal)


def _opportunity(row: Row, lists: _Lists) -> Opportunity:
    reference, agent, product_text, account, stage_text, engaged, closed, value_text = row.cells
    need("opportunity_id", reference)
    if agent not in lists.agents:
        raise Unusable(Reason.UNKNOWN_AGENT, f"No sales agent is called {quoted(agent)}.")
    product = lists.products.get(fold(product_text))
    if product is None:
        raise Unusable(Reason.UNKNOWN_PRODUCT, f"No product is called {quoted(product_text)}.")
    stage = _stage(stage_text)
    engaged_on, closed_on = _days(stage, engaged, closed)
    value = _value(stage, _money("close value", value_text, lists.exponent))
    warnings: list[RowWarning] = []
    if product_text != product.name:
        text = f"The product {quoted(product.name)} is spelled {quoted(product_text)}."
        warnings.append(
            RowWarning(PIPELINE_FILE, row.line, WarningKind.PRODUCT_SPELLING, text),
        )
    customer = lists.accounts.get(fold(account), account) or None
    if customer is None:
        kind, text = WarningKind.END_CUSTOMER_UNKNOWN, "The row names no account."
        warnings.append(RowWarning(PIPELINE_FILE, row.line, kind, text))
    elif fold(account) not in lists.accounts:
        kind, text = WarningKind.END_CUSTOMER_UNLISTED, f"No account is called {quoted(account)}."
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
        raise Unusable(Reason.NOT_YET_ENGAGED, "The deal is prospecting: nothing is engaged yet.")
    stage = _STAGES.get(text.casefold())
    if stage is None:
        raise Unusable(Reason.UNKNOWN_STAGE, f"No deal stage is called {quoted(text)}.")
    return stage


def _days(stage: Stage, engaged: str, closed: str) -> tuple[date, date | None]:
    if not engaged or (not closed and stage is not Stage.OPEN):
        column = "close date" if engaged else "engage date"
        raise Unusable(Reason.MISSING_DATE, f"The {stage.lower()} deal has no {column}.")
    engaged_on = _day("engage date", engaged)
    if not closed:
        return engaged_on, None
    closed_on = _day("close date", closed)
    if stage is Stage.OPEN:
        text = f"The open deal has a close date, {quoted(closed)}."
        raise Unusable(Reason.STAGE_CONTRADICTED, text)
    if closed_on < engaged_on:
        text = f"The close date {quoted(closed)} is before the engage date {quoted(engaged)}."
        raise Unusable(Reason.CLOSE_BEFORE_ENGAGE, text)
    return engaged_on, closed_on


def _day(column: str, text: str) -> date:
    match = _DATE.fullmatch(text)
    try:
        parts = match.groupdict(default="") if match else {}
        found = date(*(int(parts[part] or parts[f"iso_{part}"]) for part in ("y", "m", "d")))
    except (KeyError, ValueError):
        found = date.min
    if not _FIRST_DAY <= found <= _LAST_DAY:
        refusal = f"The {column} {quoted(text)} is no date such as 31-12-2026 or 2026-12-31."
        raise Unusable(Reason.IMPOSSIBLE_DATE, refusal)
    return found


def _value(stage: Stage, value_minor: int | None) -> int | None:
    if stage is Stage.WON:
        if value_minor is None:
            raise Unusable(Reason.MISSING_VALUE, "The won deal has no close value.")
        return value_minor
    if value_minor:
        text = f"The deal is {stage.lower()}, and has a close value all the same."
        raise Unusable(Reason.STAGE_CONTRADICTED, text)
    return None


def _money(column: str, text: str, exponent: int) -> int | None:
    if not text:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None or len(match[3] or "") > exponent:
        refusal = f"The {column} {quoted(text)} is no number with up to {exponent} decimals."
        raise Unusable(Reason.BAD_VALUE, refusal)
    minor = int(match[2] + (match[3] or "").ljust(exponent, "0"))
    if minor > LARGEST_AMOUNT_MINOR:
        refusal = f"The {column} {quoted(text)} is larger than an amount may be."
        raise Unusable(Reason.BAD_VALUE, refusal)
    if match[1] and minor:
        raise Unusable(Reason.NEGATIVE_VALUE, f"The {column} {quoted(text)} is negative.")
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
    for row in rows(file, lines, columns, others_told=file != ACCOUNTS_FILE):
        if not isinstance(row, Row):
            found.append(row)
            continue
        try:
            entry = make(row.cells)
        except Unusable as refusal:
            found.append(bad(file, row.line, refusal))
            continue
        first = entries.setdefault(key(row.cells[0]), entry)
        if first is not entry:
            found.append(repeated(file, row) if first == entry else contradicted(file, row))
    return Listing(
        entries=tuple(entries.values()),
        bad_rows=tuple(item for item in found if isinstance(item, BadRow)),
        warnings=tuple(item for item in found if isinstance(item, RowWarning)),
    )
