"""The top of a ranking and the others, and how often each did something in the same weeks."""

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from portal_api.domain.insights.market import Company, Market, Party, Person
from portal_api.domain.insights.ranking import Ranking, houses


def exposure(party: Party, start: int, end: int) -> int:
    """The weeks in which a party could do anything: of a person employed, of a company's staff."""
    if isinstance(party, Company):
        return party.staff_weeks(start, end)
    if isinstance(party, Person):
        return max(0, min(end, party.employed[1]) - max(start, party.employed[0]))
    return end - start


@dataclass(frozen=True, slots=True)
class Sides:
    """The top and the others by stratum; ``present`` is how many of each were there each week."""

    strata: tuple[tuple[tuple[Party, ...], tuple[Party, ...]], ...]
    window: tuple[int, int]
    present: Mapping[int, tuple[int, ...]]

    @property
    def top(self) -> tuple[Party, ...]:
        """All at the top."""
        return tuple(one for own, _ in self.strata for one in own)

    @property
    def others(self) -> tuple[Party, ...]:
        """All others."""
        return tuple(one for _, own in self.strata for one in own)

    @property
    def everybody(self) -> tuple[Party, ...]:
        """Both."""
        return self.top + self.others

    def standardized(self, code: str) -> "Rates":
        """How often a week each would do it if all had been there in the same weeks."""
        start, end = self.window
        values: dict[int, float] = {}
        variances: dict[int, float] = {}
        for stratum in self.strata:
            own = [*stratum[0], *stratum[1]]
            done = {id(one): one.series.did(code)[start:end] for one in own}
            present = [self.present[id(one)] for one in own]
            weekly = [
                (sum(counts), sum(there))
                for counts, there in zip(
                    zip(*done.values(), strict=True), zip(*present, strict=True), strict=True
                )
            ]
            rates = [count / there if there else 0.0 for count, there in weekly]
            mean = sum(count for count, _ in weekly) / sum(there for _, there in weekly)
            for one, there in zip(own, present, strict=True):
                weeks = sum(there)
                expected = sum(map(operator.mul, there, rates))
                values[id(one)] = mean + (sum(done[id(one)]) - expected) / weeks
                variances[id(one)] = max(0.0, expected) / weeks**2
        return Rates(values, variances)


@dataclass(frozen=True, slots=True)
class Rates:
    """Of parties by identity: how often a week, and what that varies by nature."""

    values: Mapping[int, float]
    variances: Mapping[int, float]

    def of(self, one: Party) -> float:
        """Occurrences a week."""
        return self.values[id(one)]

    def vary_more(self, some: Sequence[Party], others: Sequence[Party]) -> bool:
        """Whether the rates of some vary more by nature than those of others."""
        sums = [sum(self.variances[id(one)] for one in side) for side in (some, others)]
        return sums[0] * len(others) > sums[1] * len(some) * (1 + 1e-9)


def sides_of(
    market: Market, parties: Sequence[Party], ranking: Ranking, window: tuple[int, int]
) -> Sides:
    """Who is compared: colleagues with each other, companies all with all."""
    at_top, house = ranking.at_top, houses(market)
    strata: dict[str | None, tuple[list[Party], list[Party]]] = {}
    present: dict[int, tuple[int, ...]] = {}
    for one in parties:
        there = tuple(exposure(one, week, week + 1) for week in range(*window))
        if sum(there):
            present[id(one)] = there
            company = house.get(id(one))
            stratum = strata.setdefault(company, ([], []))
            stratum[(company, one.id) not in at_top].append(one)
    both = tuple((tuple(top), tuple(others)) for top, others in strata.values())
    return Sides(both, window, present)
