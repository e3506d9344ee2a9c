"""Who sells most: parties ranked by sales in a window, in cohorts; and who does so all the time.

Sales are won deals' credited amounts less returns. Of the parties with sales, the first
``top_share_bps`` are TOP, the others LOW; those without are NON. Who sold the same is in the same
cohort: as many are TOP as are closest to the share, at least those who sold most. The window has
sub-periods of whole weeks, counted back from its end; of each one with sales, the same share is at
its top.

A party is consistent if it is at the top of ``periods_needed`` sub-periods. If all who sell were
alike, each sub-period's top would be a random choice of them, and the number of times that a party
is in it at most binomial (its p the mean share of sellers at the top, with ties: Hoeffding 1956).
The smallest number k with P(X >= k) <= (1 - level) / sellers is needed, so that of alike parties
any is called consistent in at most 1 - level of all cases (Bonferroni).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from portal_api.domain.insights import statistics
from portal_api.domain.insights.basis import Basis
from portal_api.domain.insights.market import Market, Party
from portal_api.domain.weeks import WON, WON_MINOR


class Cohort(StrEnum):
    """Where a party stands by its sales."""

    TOP = "TOP"
    LOW = "LOW"
    NON = "NON"


class Consistency(StrEnum):
    """Whether a party is at the top again and again, more often than chance would put it there."""

    CONSISTENT = "CONSISTENT"
    NOT_CONSISTENT = "NOT_CONSISTENT"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What decides. ``consistent_periods`` 0: as many as chance does not explain."""

    window_weeks: int = 52
    period_weeks: int = 4
    top_share_bps: int = 2_500
    consistent_periods: int = 0
    parties: int = 4
    periods: int = 4
    level_bps: int = 9_500


Places = frozenset[tuple[str | None, str]]
"""Parties by the company at which a person is, none of a company, and the id."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A party's place. ``rank`` is 1 for the most sales; equal sales have equal ranks.

    ``partner_id`` is the company at which a person sold this: who moved has a place at each.
    """

    party_id: str
    rank: int
    cohort: Cohort
    sales_minor: int
    won: int
    periods_at_top: int
    consistency: Consistency
    partner_id: str | None = None


@dataclass(frozen=True, slots=True)
class CohortTotal:
    """A cohort: how many parties, and what they sold together."""

    cohort: Cohort
    parties: int
    sales_minor: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """Everybody by sales. ``periods`` is how many sub-periods had sales at all.

    ``periods_needed`` of them at the top make a party consistent.
    """

    basis: Basis
    sufficient: bool
    periods: int
    periods_needed: int
    cohorts: tuple[CohortTotal, ...]
    standings: tuple[Standing, ...]

    @property
    def at_top(self) -> Places:
        """Where the TOP parties are."""
        top = (one for one in self.standings if one.cohort is Cohort.TOP)
        return frozenset((one.partner_id, one.party_id) for one in top)


def houses(market: Market) -> dict[int, str]:
    """The company of each of the market's people, by the object's identity: ids may be at two."""
    return {id(person): company.id for company in market.companies for person in company.people}


def rank(
    market: Market,
    parties: Sequence[Party],
    n_of: str,
    thresholds: Thresholds = Thresholds(),
) -> Ranking:
    """All parties by their sales in the last weeks, most first; ``n_of`` says what they are.

    INSUFFICIENT_DATA for consistency where there are fewer sellers or sub-periods with sales than
    the thresholds say, or where even the top of all sub-periods could be chance.
    """
    start, end = market.last(thresholds.window_weeks)
    sales = {place: one.series.total(WON_MINOR, start, end) for place, one in enumerate(parties)}
    sellers = {place: parties[place] for place, amount in sales.items() if amount > 0}
    tops = _tops(sellers, start, end, thresholds)
    needed = thresholds.consistent_periods or _needed(tops, len(sellers), thresholds)
    sufficient = len(sellers) >= thresholds.parties and len(tops) >= thresholds.periods
    told = sufficient and needed <= len(tops)
    top = _top(sales, thresholds.top_share_bps)
    house = houses(market)
    amounts = sorted(-amount for amount in sales.values())

    def standing(place: int) -> Standing:
        at_top = sum(place in own for own in tops)
        return Standing(
            party_id=parties[place].id,
            rank=1 + bisect_left(amounts, -sales[place]),
            cohort=_cohort(place in top, sales[place]),
            sales_minor=sales[place],
            won=parties[place].series.total(WON, start, end),
            periods_at_top=at_top,
            consistency=_consistency(at_top >= needed) if told else _UNKNOWN,
            partner_id=house.get(id(parties[place])),
        )

    ordered = sorted(sales, key=lambda place: (-sales[place], parties[place].id))
    standings = tuple(map(standing, ordered))
    return Ranking(
        basis=Basis(
            method="Parties by won sales less returns; TOP are the first share of those with sales."
            " Consistent: more often at the top of a sub-period than a binomial chance explains,"
            " with Bonferroni's correction for the number of sellers.",
            n=len(parties),
            n_of=n_of,
            thresholds=asdict(thresholds),
            starts_on=market.day(start),
            ends_on=market.day(end),
        ),
        sufficient=sufficient,
        periods=len(tops),
        periods_needed=needed,
        cohorts=tuple(_total(cohort, standings) for cohort in Cohort),
        standings=standings,
    )


_UNKNOWN = Consistency.INSUFFICIENT_DATA


def _tops(
    sellers: Mapping[int, Party], start: int, end: int, thresholds: Thresholds
) -> list[frozenset[int]]:
    """Who was at the top of each sub-period that had sales."""
    length = thresholds.period_weeks
    found = []
    for last in range(end, start + length - 1, -length):
        sales = {
            place: one.series.total(WON_MINOR, last - length, last)
            for place, one in sellers.items()
        }
        found.append(_top(sales, thresholds.top_share_bps))
    return [top for top in found if top]


def _top(sales: Mapping[int, int], share_bps: int) -> frozenset[int]:
    """The first share of those with sales, or as many as are closest where some are equal."""
    amounts = sorted((amount for amount in sales.values() if amount > 0), reverse=True)
    if not amounts:
        return frozenset()
    wanted = len(amounts) * share_bps / 10_000
    up_to = {amount: place for place, amount in enumerate(amounts, start=1)}
    edge = min(up_to, key=lambda amount: (abs(up_to[amount] - wanted), amount))
    return frozenset(one for one, amount in sales.items() if amount >= edge)


def _needed(tops: Sequence[frozenset[int]], sellers: int, thresholds: Thresholds) -> int:
    """The smallest number of times at the top that chance does not explain; one too many: none."""
    if not tops:
        return 1
    p = sum(map(len, tops)) / (len(tops) * sellers)
    allowed = (1 - statistics.share(thresholds.level_bps)) / sellers
    tails = (statistics.binomial_tail(k, len(tops), p) for k in range(len(tops) + 1))
    return next((k for k, tail in enumerate(tails) if tail <= allowed), len(tops) + 1)


def _cohort(at_top: bool, sales_minor: int) -> Cohort:
    if at_top:
        return Cohort.TOP
    return Cohort.LOW if sales_minor > 0 else Cohort.NON


def _consistency(enough: bool) -> Consistency:
    return Consistency.CONSISTENT if enough else Consistency.NOT_CONSISTENT


def _total(cohort: Cohort, standings: Iterable[Standing]) -> CohortTotal:
    own = [one.sales_minor for one in standings if one.cohort is cohort]
    return CohortTotal(cohort, len(own), sum(own))
