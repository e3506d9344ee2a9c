"""What to pay for next: behaviors of the top that others lack, the cheapest gap to close first.

Of each behavior with TOP_DOES_MORE in the profile, each party that is not TOP and does it less
often than the top misses (top's rate - own rate) x the weeks that its staff of today has in a
quarter. What they miss together, times the price of one, is what closing the gap costs if only
what is new were paid for: less than the bill, for what they do already is paid, too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from portal_api.domain.insights.basis import Basis
from portal_api.domain.insights.market import Company, Market, Party, Person
from portal_api.domain.insights.profile import BehaviorGap, Profile, weeks_of
from portal_api.domain.insights.ranking import Ranking, houses
from portal_api.domain.insights.sides import exposure
from portal_api.domain.weeks import DID


@dataclass(frozen=True, slots=True)
class Thresholds:
    """``quarter_weeks``: for so many weeks what is missing, and costs, is told."""

    quarter_weeks: int = 13


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A behavior to pay for. What closes the gap costs ``missing`` × ``price_minor`` a quarter.

    ``missing`` is how many more the others would do in 13 weeks if they did it as often as the top.
    No price: no rule pays for it yet.
    """

    behavior: str
    paid_already: bool
    parties: int
    missing: int
    price_minor: int | None
    cost_minor: int | None


@dataclass(frozen=True, slots=True)
class NextIncentives:
    """The suggestions, the cheapest first, then those without a price by what is missing."""

    basis: Basis
    sufficient: bool
    suggestions: tuple[Suggestion, ...]


def suggest(
    market: Market,
    profile: Profile,
    ranking: Ranking,
    parties: Sequence[Party],
    thresholds: Thresholds = Thresholds(),
) -> NextIncentives:
    """What to pay for next, of a profile of these parties by this ranking.

    Without suggestions where the profile has no behavior that the top does more of; not
    ``sufficient`` where it has no verdict at all.
    """
    at_top, house = ranking.at_top, houses(market)
    others = [one for one in parties if (house.get(id(one)), one.id) not in at_top]
    window = weeks_of(profile.basis, market)
    found = (
        _suggestion(market, gap, others, window, thresholds.quarter_weeks)
        for gap in profile.top_does_more
    )
    return NextIncentives(
        basis=Basis(
            method="Behaviors that the top sellers do more of: how many more the others would do in"
            " a quarter at the top's rate, with their staff of today, times what one more costs by"
            " all flat rules in force that pay for it, of the cheapest program. What they do"
            " already is paid in addition.",
            n=profile.basis.n,
            n_of=profile.basis.n_of,
            thresholds={
                **profile.basis.thresholds,
                "quarter_weeks": thresholds.quarter_weeks,
            },
            starts_on=profile.basis.starts_on,
            ends_on=profile.basis.ends_on,
        ),
        sufficient=profile.sufficient,
        suggestions=tuple(sorted((one for one in found if one.missing), key=_cheapest_first)),
    )


def _suggestion(
    market: Market,
    gap: BehaviorGap,
    others: Sequence[Party],
    window: tuple[int, int],
    weeks: int,
) -> Suggestion:
    """One behavior; what is missing is rounded once, for all parties together."""
    short = [
        (gap.top_per_week_milli / 1000 - one.series.total(DID + gap.behavior, *window) / worked)
        * weeks
        * _staff(one, market.weeks - 1)
        for one in others
        if (worked := exposure(one, *window))
    ]
    lacking = [one for one in short if one > 0]
    missing = round(sum(lacking))
    price = market.prices.get(gap.behavior)
    return Suggestion(
        behavior=gap.behavior,
        paid_already=any(
            one.behavior == gap.behavior and (one.ends is None or one.ends >= market.weeks)
            for one in market.incentives
        ),
        parties=len(lacking),
        missing=missing,
        price_minor=price,
        cost_minor=None if price is None else missing * price,
    )


def _staff(party: Party, week: int) -> int:
    """How many people a party is, in the last week."""
    if isinstance(party, Company):
        return len(party.staff(week))
    if isinstance(party, Person):
        return party.employed[0] <= week < party.employed[1]
    return 1


def _cheapest_first(one: Suggestion) -> tuple[bool, int, str]:
    cost = one.missing if one.cost_minor is None else one.cost_minor
    return one.cost_minor is None, cost, one.behavior
