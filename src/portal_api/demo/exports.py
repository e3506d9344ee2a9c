"""Invented CRM exports, clean or dirty, with the facts that a correct import of them shows.

The same rows, seed and dirt give the same bytes. Every name is made up. The facts are worked out
here from the deals themselves, by arithmetic of its own and without the reader of
``portal_api.domain.crm``, so that the two can be held against each other.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from random import Random
from typing import Final

from portal_api.domain.crm import (
    ACCOUNTS_FILE,
    PIPELINE_COLUMNS,
    PIPELINE_FILE,
    PRODUCTS_COLUMNS,
    PRODUCTS_FILE,
    TEAMS_COLUMNS,
    TEAMS_FILE,
    Reason,
    Stage,
    WarningKind,
)
from portal_api.domain.crm_rows import MAX_FIELD

RATE_BPS: Final = 300
WEIGHTS: Final = (1, 5)
_ONE: Final = 10_000  # In basis points.

_OFFICES: Final = ("Harbour", "Upland", "Riverside")
_MANAGERS: Final = (
    ("Ottilie Marrable", "Caspian Thwaite"),
    ("Benedikta Orrin", "Lucan Featherby"),
    ("Philippa Zantos", "Ruben Oakhollow"),
)
_FIRST_NAMES: Final = (
    *("Aurelio", "Bettina", "Cosmo", "Delphine", "Evander", "Florentine", "Gideon", "Hesper"),
    *("Ignatz", "Jorunn", "Kasimir", "Leocadia", "Maëlle", "Nikodem", "Ophélie", "Pascoe"),
)
_LAST_NAMES: Final = (
    *("Ashgrove", "Birkwood", "Corvane", "Dunmarsh", "Elverson", "Fennick", "Gorsewell", "Hallam"),
    *("Inskip", "Juniper", "Kettleby", "Lindqvist-Rowe"),
)
_AGENTS_PER_MANAGER: Final = 4
_PRODUCTS: Final = (
    ("Kestrel Base", "Kestrel", 49_50),
    ("Kestrel Plus", "Kestrel", 620_00),
    ("Kestrel Max", "Kestrel", 3_149_99),
    ("Lantern Go", "Lantern", 1_010_50),
    ("Lantern Fleet", "Lantern", 5_480_00),
    ("Beacon 900", "Beacon", 24_990_00),
)
_ACCOUNT_STEMS: Final = (
    *("Alderbrook", "Brightmoor", "Célandine", "Dovecote", "Eastfold", "Fernhill", "Glasswater"),
    *("Highmere", "Ivorygate", "Juniper Row", "Kingfisher", "Larkspur", "Münzer", "Northbeck"),
)
_ACCOUNT_TAILS: Final = ("Foods", "Freight", "Optics, Inc.", "Textiles", "Energy")
_FIRST_DAY: Final = date(2025, 1, 6)
_DAYS: Final = 540
_SHARES: Final = ((Stage.WON, 55), (Stage.LOST, 29), (Stage.OPEN, 16))
_STAGE_NAMES: Final = {Stage.WON: "Won", Stage.LOST: "Lost", Stage.OPEN: "Engaging"}
_REMEMBERED: Final = 64
_REASONS: Final = frozenset(reason.value for reason in Reason)
_WARNINGS: Final = frozenset(kind.value for kind in WarningKind)


class Dirt(StrEnum):
    """What can be wrong or odd about a row; the last three are harmless, and must stay so."""

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
    DUPLICATE_ROW = "DUPLICATE_ROW"
    PRODUCT_SPELLING = "PRODUCT_SPELLING"
    END_CUSTOMER_UNKNOWN = "END_CUSTOMER_UNKNOWN"
    END_CUSTOMER_UNLISTED = "END_CUSTOMER_UNLISTED"
    ACCOUNT_SPELLING = "ACCOUNT_SPELLING"
    ISO_DATES = "ISO_DATES"
    QUOTED_FIELDS = "QUOTED_FIELDS"


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """What a correct import shows, under a plan of 3 % in parts 1 (registered) to 5 (won).

    ``bad_rows`` are the physical lines of the pipeline file (the header is line 1) with the reason,
    ``warnings`` the kinds that occur, by name. A won deal earns the whole of its close value's pot,
    any other deal keeps the first part of its list price's pot.
    """

    rows: int
    usable: int
    won: int
    lost: int
    open: int
    won_minor: int
    won_earned_minor: int
    lost_earned_minor: int
    open_earned_minor: int
    warnings: tuple[tuple[WarningKind, int], ...]
    bad_rows: tuple[tuple[int, Reason], ...]

    @property
    def earned_minor(self) -> int:
        """All that is earned, on deals of every stage."""
        return self.won_earned_minor + self.lost_earned_minor + self.open_earned_minor


@dataclass(frozen=True, slots=True)
class _Deal:
    reference: str
    agent: str
    product: str
    list_price_minor: int
    account: str
    stage: Stage
    engaged_on: date
    closed_on: date | None
    value_minor: int

    def cells(self, day: str = "%d-%m-%Y") -> list[str]:
        value = "" if self.stage is Stage.LOST and self.engaged_on.day % 2 else self.value_minor
        return [
            self.reference,
            self.agent,
            self.product,
            self.account,
            _STAGE_NAMES[self.stage],
            self.engaged_on.strftime(day),
            self.closed_on.strftime(day) if self.closed_on else "",
            _amount(value) if isinstance(value, int) else value,
        ]


@dataclass(slots=True)
class _Tally:
    deals: Counter[Stage] = field(default_factory=Counter)
    earned: Counter[Stage] = field(default_factory=Counter)
    warnings: Counter[WarningKind] = field(default_factory=Counter)
    bad_rows: list[tuple[int, Reason]] = field(default_factory=list)
    won_minor: int = 0

    def add(self, deal: _Deal) -> None:
        self.deals[deal.stage] += 1
        if deal.stage is Stage.WON:
            self.won_minor += deal.value_minor
            self.earned[Stage.WON] += _pot(deal.value_minor)
        else:
            self.earned[deal.stage] += _first_part(_pot(deal.list_price_minor))

    def facts(self, rows: int) -> ExportFacts:
        return ExportFacts(
            rows=rows,
            usable=self.deals.total(),
            won=self.deals[Stage.WON],
            lost=self.deals[Stage.LOST],
            open=self.deals[Stage.OPEN],
            won_minor=self.won_minor,
            won_earned_minor=self.earned[Stage.WON],
            lost_earned_minor=self.earned[Stage.LOST],
            open_earned_minor=self.earned[Stage.OPEN],
            warnings=tuple(sorted(self.warnings.items())),
            bad_rows=tuple(self.bad_rows),
        )


def write_export(
    folder: Path, *, rows: int, seed: int, dirt: Mapping[Dirt, int] | None = None
) -> ExportFacts:
    """Write the four files into a folder that exists, and return what is in them.

    ``dirt`` says how many of the ``rows`` rows are wrong or odd, and how; they stand at random
    places after the first row, which is always clean. Raises ``ValueError`` when there are more of
    them than places.
    """
    plan = {kind: count for kind, count in (dirt or {}).items() if count}
    if rows < 0 or min(plan.values(), default=0) < 0 or sum(plan.values()) > max(rows - 1, 0):
        raise ValueError("rows and dirt are not negative, and one row stays clean")
    random = Random(seed)  # noqa: S311 - invented data, the same for the same seed
    market = _market(random)
    _write(folder / TEAMS_FILE, (TEAMS_COLUMNS, *market.teams))
    listed = ((name, series, _amount(price)) for name, series, price in _PRODUCTS)
    _write(folder / PRODUCTS_FILE, (PRODUCTS_COLUMNS, *listed))
    described = ((name, random.choice(("retail", "industry")), "") for name in market.accounts)
    _write(folder / ACCOUNTS_FILE, (("account", "sector", "subsidiary_of"), *described))
    kinds = [kind for kind in Dirt for _ in range(plan.get(kind, 0))]
    places = dict(zip(random.sample(range(1, max(rows, 1)), len(kinds)), kinds, strict=True))
    tally = _Tally()
    with (folder / PIPELINE_FILE).open("wb") as file:
        file.write(_bytes(_line(PIPELINE_COLUMNS)))
        for line in _pipeline(random, market, rows, places, tally):
            file.write(_bytes(line))
    return tally.facts(rows)


@dataclass(frozen=True, slots=True)
class _Market:
    teams: tuple[tuple[str, str, str], ...]
    accounts: tuple[str, ...]
    offset: int

    def deal(self, random: Random, number: int, stage: Stage | None = None) -> _Deal:
        if stage is None:
            (stage,) = random.choices(
                [stage for stage, _ in _SHARES], [share for _, share in _SHARES]
            )
        product, _, price = random.choice(_PRODUCTS)
        engaged_on = _FIRST_DAY + timedelta(days=random.randrange(_DAYS))
        days = random.randrange(140)
        paid = price * random.randrange(80, 106) // 100
        return _Deal(
            reference=_reference(self.offset + number),
            agent=random.choice(self.teams)[0],
            product=product,
            list_price_minor=price,
            account=random.choice(self.accounts),
            stage=stage,
            engaged_on=engaged_on,
            closed_on=None if stage is Stage.OPEN else engaged_on + timedelta(days=days),
            value_minor=paid if stage is Stage.WON else 0,
        )


def _market(random: Random) -> _Market:
    names = [f"{first} {last}" for first in _FIRST_NAMES for last in _LAST_NAMES]
    random.shuffle(names)
    teams = tuple(
        (names.pop(), manager, office)
        for office, managers in zip(_OFFICES, _MANAGERS, strict=True)
        for manager in managers
        for _ in range(_AGENTS_PER_MANAGER)
    )
    accounts = [f"{stem} {tail}" for stem in _ACCOUNT_STEMS for tail in _ACCOUNT_TAILS]
    random.shuffle(accounts)
    return _Market(teams, tuple(accounts[:50]), random.randrange(36**8))


def _pipeline(
    random: Random, market: _Market, rows: int, places: Mapping[int, Dirt], tally: _Tally
) -> Iterator[str]:
    earlier: list[_Deal] = []
    for index in range(rows):
        dirt = places.get(index)
        deal = market.deal(random, index, _NEEDS.get(dirt) if dirt else None)
        if dirt is None:
            tally.add(deal)
            if len(earlier) < _REMEMBERED:
                earlier.append(deal)
            else:
                earlier[random.randrange(_REMEMBERED)] = deal
            yield _line(deal.cells())
            continue
        if dirt.value in _REASONS:
            tally.bad_rows.append((index + 2, Reason(dirt)))
        elif dirt is not Dirt.DUPLICATE_ROW:
            tally.add(deal)
        if dirt.value in _WARNINGS:
            tally.warnings[WarningKind(dirt)] += 1
        if dirt is Dirt.DUPLICATE_ROW:
            yield _line(random.choice(earlier).cells())
        elif dirt is Dirt.DUPLICATE_REFERENCE:
            first = random.choice(earlier)
            yield _line(
                replace(deal, reference=first.reference, agent=_other(market, first)).cells()
            )
        else:
            yield _SPOIL[dirt](random, deal)


def _other(market: _Market, deal: _Deal) -> str:
    return next(agent for agent, _, _ in market.teams if agent != deal.agent)


def _with(**choices: tuple[str, ...]) -> Callable[[Random, _Deal], str]:
    """Spoil columns by one of these contents each."""

    def spoil(random: Random, deal: _Deal) -> str:
        cells = deal.cells()
        for column, contents in choices.items():
            cells[PIPELINE_COLUMNS.index(column)] = random.choice(contents)
        return _line(cells)

    return spoil


def _one_of(*spoilers: Callable[[Random, _Deal], str]) -> Callable[[Random, _Deal], str]:
    return lambda random, deal: random.choice(spoilers)(random, deal)


def _wrong_field_count(random: Random, deal: _Deal) -> str:
    cells = deal.cells()
    return _line(random.choice((cells[:-1], [*cells, ""], cells[:1])))


def _close_before_engage(random: Random, deal: _Deal) -> str:
    before = deal.engaged_on - timedelta(days=random.randrange(1, 90))
    return _line(replace(deal, closed_on=before).cells())


def _product_spelling(random: Random, deal: _Deal) -> str:
    spellings = (deal.product.replace(" ", ""), deal.product.upper(), deal.product.lower())
    return _line(replace(deal, product=random.choice(spellings)).cells())


def _account_spelling(random: Random, deal: _Deal) -> str:
    spellings = (deal.account.replace(" ", ""), deal.account.upper(), f" {deal.account.lower()}  ")
    return _line(replace(deal, account=random.choice(spellings)).cells())


def _bad_quoting(random: Random, deal: _Deal) -> str:
    cells = deal.cells()
    cells[random.randrange(len(cells))] = random.choice(('"unclosed', '"closed"twice'))
    return ",".join(cells)


def _quoted(_random: Random, deal: _Deal) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in deal.cells())


_IMPOSSIBLE: Final = ("31-02-2026", "2026-13-01", "1-3-2026", "03/04/2026", "soon", "0000-00-00")
_NO_VALUE: Final = ("1e3", "12.345", "1,054", "many", "NaN", "1_000", "10.", "\u0663", "9" * 30)

_NEEDS: Final[Mapping[Dirt, Stage]] = {
    Dirt.CLOSE_BEFORE_ENGAGE: Stage.WON,
    Dirt.IMPOSSIBLE_DATE: Stage.WON,
    Dirt.MISSING_DATE: Stage.WON,
    Dirt.MISSING_VALUE: Stage.WON,
    Dirt.STAGE_CONTRADICTED: Stage.OPEN,
}
_SPOIL: Final[Mapping[Dirt, Callable[[Random, _Deal], str]]] = {
    Dirt.NOT_TEXT: _with(account=("Caf\udce9", "Alder\0brook", "\x1b[2J")),
    Dirt.FIELD_TOO_LONG: _with(account=("x" * (MAX_FIELD + 1),)),
    Dirt.BAD_QUOTING: _bad_quoting,
    Dirt.WRONG_FIELD_COUNT: _wrong_field_count,
    Dirt.MISSING_REFERENCE: _with(opportunity_id=("", " ", "null")),
    Dirt.UNKNOWN_AGENT: _with(sales_agent=("Nobody Atall", "")),
    Dirt.UNKNOWN_PRODUCT: _with(product=("Snuffbox", "Kestrel", "")),
    Dirt.UNKNOWN_STAGE: _with(deal_stage=("Pondering", "")),
    Dirt.NOT_YET_ENGAGED: _with(
        deal_stage=("Prospecting",), engage_date=("",), close_date=("",), close_value=("", "0")
    ),
    Dirt.MISSING_DATE: _one_of(_with(engage_date=("", "null")), _with(close_date=("", "null"))),
    Dirt.IMPOSSIBLE_DATE: _one_of(_with(engage_date=_IMPOSSIBLE), _with(close_date=_IMPOSSIBLE)),
    Dirt.CLOSE_BEFORE_ENGAGE: _close_before_engage,
    Dirt.MISSING_VALUE: _with(close_value=("", "null")),
    Dirt.BAD_VALUE: _with(close_value=_NO_VALUE),
    Dirt.NEGATIVE_VALUE: _with(close_value=("-1", "-0.01")),
    Dirt.STAGE_CONTRADICTED: _one_of(
        _with(close_date=("01-03-2026",)),
        _with(close_value=("0.01", "700")),
    ),
    Dirt.PRODUCT_SPELLING: _product_spelling,
    Dirt.END_CUSTOMER_UNKNOWN: _with(account=("", "null", "NULL")),
    Dirt.END_CUSTOMER_UNLISTED: _with(account=("Wayside Newcomers", 'The "Other" Company')),
    Dirt.ACCOUNT_SPELLING: _account_spelling,
    Dirt.ISO_DATES: lambda _, deal: _line(deal.cells("%Y-%m-%d")),
    Dirt.QUOTED_FIELDS: _quoted,
}


def _pot(amount_minor: int) -> int:
    """The rate of an amount, half to even."""
    whole, rest = divmod(amount_minor * RATE_BPS, _ONE)
    return whole + (rest * 2 > _ONE or (rest * 2 == _ONE and whole % 2 == 1))


def _first_part(pot_minor: int) -> int:
    """The first of two parts: the larger remainder gets the odd unit, a tie the first."""
    first, second = WEIGHTS
    whole, rest = divmod(pot_minor * first, first + second)
    return whole + (rest > 0 and rest >= pot_minor * second % (first + second))


def _reference(number: int) -> str:
    """Eight letters and digits, another for every number below 36 to the eighth."""
    left = number * 1_000_003 % 36**8
    digits = []
    for _ in range(8):
        left, digit = divmod(left, 36)
        digits.append("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[digit])
    return "".join(digits)


def _amount(minor: int) -> str:
    whole, cents = divmod(minor, 100)
    return f"{whole}.{cents:02}" if cents else str(whole)


def _line(cells: list[str] | tuple[str, ...]) -> str:
    return ",".join(
        '"' + cell.replace('"', '""') + '"' if any(mark in cell for mark in ',"') else cell
        for cell in cells
    )


def _bytes(line: str) -> bytes:
    return line.encode("utf-8", "surrogateescape") + b"\r\n"


def _write(path: Path, rows: tuple[tuple[str, ...], ...]) -> None:
    path.write_bytes(b"".join(_bytes(_line(row)) for row in rows))
