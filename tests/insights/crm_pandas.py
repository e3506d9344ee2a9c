"""The insight of a CRM export, computed by pandas from its raw CSV files.

It knows nothing of the portal: what counts as a deal, who is at the top and what a window holds is
said here once more, from the files' own rules and the words of the README.
"""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pandas as pd

_NO_TEXT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffd]")
_WEEK = timedelta(weeks=1)
_COLUMNS = (
    *("opportunity_id", "sales_agent", "product", "deal_stage"),
    *("engage_date", "close_date", "close_value"),
)
_STAGES = {"engaging": "OPEN", "won": "WON", "lost": "LOST"}


@dataclass(frozen=True)
class Place:
    """A seller's place. ``at_top`` is in how many months of four weeks."""

    rank: int
    cohort: str
    sales_minor: int
    won: int
    at_top: int


@dataclass(frozen=True)
class Habit:
    """Registrations of the top and of others: how many do it, and how often a week and person."""

    occurrences: int
    top_adoption_bps: int
    others_adoption_bps: int
    top_milli: int
    others_milli: int


@dataclass(frozen=True)
class Sales:
    """What a window of weeks holds, and the pipeline at its end."""

    weeks: int
    pipeline: int
    pipeline_minor: int
    won: int
    lost: int
    win_ratio_bps: int | None
    days_to_close_milli: int | None
    sales_minor: int


@dataclass(frozen=True)
class Export:
    """The deals of an export with the Mondays of their weeks, and the agents with their offices."""

    deals: pd.DataFrame
    agents: pd.DataFrame

    @property
    def last_day(self) -> date:
        """The last day that it tells of."""
        days = pd.concat([self.deals.engaged, self.deals.closed.dropna()])
        last: date = days.max()
        return last

    def places(self, by: str, ends: date, weeks: int = 52, month: int = 4) -> dict[str, Place]:
        """Everybody's place by what was won in the last weeks, of ``agent`` or ``office``."""
        window = self._won(ends - weeks * _WEEK, ends)
        everybody = sorted(self.agents[by].unique())
        sums = window.groupby(by).value.sum().reindex(everybody, fill_value=0)
        counts = window.groupby(by).value.size().reindex(everybody, fill_value=0)
        top = _top(sums)
        at_top = dict.fromkeys(everybody, 0)
        for number in range(weeks // month):
            end = ends - number * month * _WEEK
            sold = self._won(end - month * _WEEK, end).groupby(by).value.sum()
            for one in _top(sold[[name for name in sold.index if sums[name] > 0]]):
                at_top[one] += 1
        return {
            one: Place(
                rank=1 + int((sums > sums[one]).sum()),
                cohort="TOP" if one in top else "LOW" if sums[one] else "NON",
                sales_minor=int(sums[one]),
                won=int(counts[one]),
                at_top=at_top[one],
            )
            for one in everybody
        }

    def habit(self, by: str, begins: date, ends: date, weeks: int = 52) -> Habit:
        """How the top differs from others in registrations.

        An agent was there from the day on from which the export counts, or from its first deal.
        """
        since = self.deals.groupby("agent")[["engaged_week", "closed_week"]].min().min(axis=1)
        first = ends - weeks * _WEEK
        staff = self.agents.set_index("agent")
        staff["since"] = [min(since.get(one, begins), _monday(begins)) for one in staff.index]
        staff["weeks"] = [(ends - max(first, one)).days // 7 for one in staff.since]
        staff = staff.reset_index()
        engaged = self.deals[(self.deals.engaged_week >= first) & (self.deals.engaged_week < ends)]
        done = engaged.groupby(by).reference.count()
        people = staff.groupby(by).weeks.sum()
        top = [one for one, place in self.places(by, ends, weeks).items() if place.cohort == "TOP"]
        others = [one for one in people.index if one not in top]

        def adopted(side: list[str]) -> int:
            some = sum(done.get(one, 0) > 0 for one in side)
            return round(Fraction(10_000 * some, max(1, len(side))))

        def often(side: list[str]) -> int:
            rates = [Fraction(int(done.get(one, 0)), int(people[one])) for one in side]
            return round(1000 * sum(rates) / max(1, len(side)))

        return Habit(len(engaged), adopted(top), adopted(others), often(top), often(others))

    def sales(self, starts: date, ends: date, office: str | None = None) -> Sales:
        """What some weeks hold, of one office or of all."""
        deals = self.deals if office is None else self.deals[self.deals.office == office]
        closed = deals[(deals.closed_week >= starts) & (deals.closed_week < ends)]
        won, lost = closed[closed.stage == "WON"], closed[closed.stage == "LOST"]
        still = deals.closed_week.isna() | (deals.closed_week >= ends)
        open_then = deals[(deals.engaged_week < ends) & still]
        days = sum((b - a).days for a, b in zip(won.engaged, won.closed, strict=True))
        return Sales(
            weeks=(ends - starts).days // 7,
            pipeline=len(open_then),
            pipeline_minor=int(open_then.price.sum()),
            won=len(won),
            lost=len(lost),
            win_ratio_bps=_of(10_000, len(won), len(closed)),
            days_to_close_milli=_of(1000, days, len(won)),
            sales_minor=int(won.value.sum()),
        )

    def _won(self, starts: date, ends: date) -> pd.DataFrame:
        deals = self.deals
        return deals[
            (deals.stage == "WON") & (deals.closed_week >= starts) & (deals.closed_week < ends)
        ]


def read(folder: Path) -> Export:
    """The deals of an export that can be used, each once."""
    agents = _table(folder / "sales_teams.csv", "sales_agent", "manager", "regional_office")
    agents = agents[(agents != "").all(axis=1)].drop_duplicates("sales_agent")
    agents = agents.rename(columns={"sales_agent": "agent", "regional_office": "office"})
    products = _table(folder / "products.csv", "product", "sales_price")
    prices = {
        _folded(one.product): price
        for one in products.itertuples()
        if (price := _minor(one.sales_price)) is not None
    }
    rows = _table(folder / "sales_pipeline.csv", *_COLUMNS)
    deals = pd.DataFrame(_deals(rows.itertuples(), prices, set(agents.agent)))
    deals = deals.drop_duplicates("reference").merge(agents[["agent", "office"]], on="agent")
    for name in ("engaged", "closed"):
        deals[f"{name}_week"] = deals[name].map(_monday, na_action="ignore")
    return Export(deals, agents[["agent", "office"]])


def _deals(
    rows: Iterable[Any], prices: Mapping[str, int], agents: set[str]
) -> Iterable[dict[str, Any]]:
    for row in rows:
        stage = _STAGES.get(row.deal_stage.casefold())
        price, value = prices.get(_folded(row.product)), _minor(row.close_value or "0")
        engaged, closed = _day(row.engage_date), _day(row.close_date)
        if price is None or value is None or engaged is None or row.sales_agent not in agents:
            continue
        if stage is None or not row.opportunity_id or bool(row.close_date) != (stage != "OPEN"):
            continue
        if stage != "OPEN" and (closed is None or closed < engaged):
            continue
        if (stage == "WON" and not row.close_value) or (stage != "WON" and value):
            continue
        yield {
            "reference": row.opportunity_id,
            "agent": row.sales_agent,
            "stage": stage,
            "price": price,
            "value": value,
            "engaged": engaged,
            "closed": closed,
        }


def _table(path: Path, *columns: str) -> pd.DataFrame:
    """The usable lines of a file, one record for each physical line."""
    lines = path.read_bytes().decode("utf-8", "surrogateescape").split("\n")
    header = _cells(lines[0].removeprefix("\ufeff").rstrip("\r")) or []
    found = [cells for line in lines[1:] if (cells := _cells(line.rstrip("\r")))]
    frame = pd.DataFrame([one for one in found if len(one) == len(header)], columns=header)
    return frame[list(columns)]


def _cells(line: str) -> list[str] | None:
    if not line.strip() or _NO_TEXT.search(line):
        return None
    try:
        (fields,) = csv.reader([line], strict=True)
    except csv.Error:
        return None
    cells = [" ".join(unicodedata.normalize("NFC", one).split()) for one in fields]
    if any(len(one) > 200 for one in fields):
        return None
    return ["" if one.casefold() == "null" else one for one in cells]


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


def _minor(text: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,2})?", text, re.ASCII):
        return None
    whole, _, cents = text.partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


def _day(text: str) -> date | None:
    for pattern in ("%d-%m-%Y", "%Y-%m-%d"):
        found = pd.to_datetime(text, format=pattern, exact=True, errors="coerce")
        if not pd.isna(found) and len(text) == 10:
            day: date = found.date()
            return day
    return None


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _top(sums: "pd.Series[int]") -> set[str]:
    """A quarter of those who sell: as many as are closest, where several sold the same."""
    sold = sums[sums > 0].sort_values(ascending=False)
    places = {amount: int((sold >= amount).sum()) for amount in sold.unique()}
    wanted = Fraction(len(sold), 4)
    edge = min(places, key=lambda one: (abs(places[one] - wanted), one), default=0)
    return {str(name) for name, amount in sold.items() if amount >= edge}


def _of(scale: int, part: int, whole: int) -> int | None:
    return round(Fraction(scale * part, whole)) if whole else None
