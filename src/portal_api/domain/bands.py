"""Rates by band: what revenue is worth, each band for itself or all of it by the one reached.

What a rule has counted is the revenue that it has paid for, so that its parts sum to what all of
them are worth together. A returned deal gives back exactly what it was paid.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from portal_api.domain.activities import DEAL_WON
from portal_api.domain.cases import Case, DealTold
from portal_api.domain.money import percent, to_text
from portal_api.domain.plans import Move, Part, PlanVersion, Rule, TakeBack

MAX_BANDS = 10
LARGEST_START = 10**15


@dataclass(frozen=True, slots=True)
class Scale:
    """Rates in basis points, each from its start on, up to the next; the first starts at 0."""

    starts: tuple[int, ...]
    rates_bps: tuple[int, ...]

    def band_at(self, attained: int) -> int:
        """Which is the highest band that is reached, from 0; below all of them it is the first."""
        reached = [index for index, start in enumerate(self.starts) if start <= attained]
        return reached[-1] if reached else 0

    def rate_at(self, attained: int) -> int:
        """The rate of the highest band that is reached; below all of them it is 0."""
        return self.rates_bps[self.band_at(attained)] if self.starts[0] <= attained else 0

    def pieces(self, low: int, high: int) -> list[tuple[int, int]]:
        """The amount from ``low`` to ``high`` in each band, with the band's rate."""
        ends = (*self.starts[1:], max(high, self.starts[-1]))
        pieces = [
            (min(high, end) - max(low, start), rate_bps)
            for start, end, rate_bps in zip(self.starts, ends, self.rates_bps, strict=True)
        ]
        return [(amount, rate_bps) for amount, rate_bps in pieces if amount > 0]

    def summed(self, attained: int) -> int:
        """Ten thousand times what all of it from nothing is worth, so that it is rounded once."""
        return sum(amount * rate_bps for amount, rate_bps in self.pieces(0, attained))

    def told(self, low: int, high: int, currency: str) -> str:
        """The rate of each band's part, in words."""
        pieces = [
            f"{percent(rate_bps)} % of {to_text(amount, currency)}"
            for amount, rate_bps in self.pieces(low, high)
        ]
        return f"{' and '.join(pieces) or '0 %'} {currency}"


def of_share(whole: int, share_bps: int) -> int:
    """Where a band starts that is a share of a whole: rounded up, since all of it is needed."""
    return -(-whole * share_bps // 10_000)


def offered(scale: Scale, currency: str | None, retrospective: bool, of: str = "") -> str:
    """Each band with its rate, and whether the last one counts for all, in words.

    ``currency`` none: bands start at shares of something, in basis points; ``of`` says of what.
    """
    starts = [
        f"{percent(start)} %" if currency is None else f"{to_text(start, currency)} {currency}"
        for start in scale.starts
    ]
    rates = zip(scale.rates_bps, starts, strict=True)
    each = "; ".join(f"{percent(rate_bps)} % from {start} on" for rate_bps, start in rates)
    all_of_it, own = "The rate that is reached is for all of it.", "Each is for its own band."
    return f"{each}{of}. {all_of_it if retrospective else own}"


def problems(starts: Sequence[int], rates_bps: Sequence[int]) -> Iterator[str]:
    """Why these are no bands, one sentence each."""
    rising = list(starts) == sorted(set(starts))
    if not 0 < len(starts) <= MAX_BANDS or starts[0] != 0 or not rising:
        yield f"1 to {MAX_BANDS} bands start at 0 and rise."
    if starts and starts[-1] > LARGEST_START:
        yield "A band starts at 10^15 at most."
    if not all(0 <= rate_bps <= 10_000 for rate_bps in rates_bps):
        yield "A band's rate is from 0 to 10,000 basis points."


def counters_of(of: str, retrospective: bool) -> tuple[str, ...]:
    """The revenue that was paid for and, where all of it is rated anew, what was paid."""
    return (f"base:{of}", f"paid:{of}") if retrospective else (f"base:{of}",)


@dataclass(frozen=True, slots=True)
class Banded:
    """A rule that pays by a scale, and the counters that it keeps; ``retrospective``: of all."""

    rule: Rule
    plan: PlanVersion
    scale: Scale
    counters: tuple[str, ...]
    retrospective: bool

    def sale(self, case: Case, deal: DealTold, added: int) -> Part:
        """What a sale that adds so much revenue is paid."""
        rule, before = self.rule, case.count(self.counters[0])
        base = before + added
        amount = self.worth(case.inputs.counters, added)
        if self.retrospective:
            whole, rate_bps = self.of(base), self.scale.rate_at(base)
            told = f"{percent(rate_bps)} % of all {to_text(base, deal.currency)} {deal.currency}"
            told += f" is {to_text(whole, rule.asset)} {rule.asset}"
            told += f", {to_text(amount, rule.asset)} now." if amount != whole else "."
        else:
            told = self.scale.told(before, base, deal.currency)
            told += f" is {to_text(amount, rule.asset)} {rule.asset}."
        counts = dict(zip(self.counters, (added, amount), strict=False))
        return Part(amount, deal.turn, DEAL_WON, told, counts=counts)

    def worth(self, counted: Mapping[str, int], added: int) -> int:
        """What more revenue pays after what was counted."""
        before, *paid = (counted.get(counter, 0) for counter in self.counters)
        if self.retrospective:
            return max(0, self.of(before + added) - paid[0])
        return self.of(before + added) - self.of(before)

    def of(self, base: int) -> int:
        """What all revenue from nothing is worth."""
        if self.retrospective:
            return self.plan.of_rate(self.rule, base, self.scale.rate_at(base))
        return self.plan.in_asset(self.rule, self.scale.summed(base), 10_000)


def returned(case: Case, deal: DealTold, counters: tuple[str, ...]) -> tuple[Move, ...]:
    """What the sale was paid, and its revenue off what was counted; nothing if it was not paid."""
    told, found = "The deal was returned.", list[Move]()
    revenue = -deal.share(deal.amount_minor)
    for award in case.paid:
        if award.turn != deal.reopened:
            continue
        changed = dict(zip(counters, (revenue, -award.given_minor), strict=False))
        earning_id = award.earning_id or ""
        found.append(TakeBack(earning_id, award.step, award.amount_minor, told, changed))
    return tuple(found)
