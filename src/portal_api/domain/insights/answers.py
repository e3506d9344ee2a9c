"""All questions about one market, asked and told as they are kept: a function of it and no more."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from portal_api.domain.goals import Level
from portal_api.domain.insights import (
    breadth,
    consistency,
    deadweight,
    durability,
    five_cs,
    next_incentive,
    obstacles,
    pace,
    pipeline,
    profile,
    ranking,
)
from portal_api.domain.insights.breadth import Breadth, BreadthAnswer
from portal_api.domain.insights.consistency import ConsistencyAnswer
from portal_api.domain.insights.durability import (
    Durability,
    DurabilityAnswer,
    DurabilityVerdict,
)
from portal_api.domain.insights.five_cs import FiveCs
from portal_api.domain.insights.kept import (
    MOST_PEOPLE,
    MOST_STANDINGS,
    CompanyInsight,
    ProgramInsight,
    habits_of,
)
from portal_api.domain.insights.market import Market
from portal_api.domain.insights.obstacles import Obstacles
from portal_api.domain.insights.pace import Pace
from portal_api.domain.insights.profile import Profile
from portal_api.domain.insights.ranking import Ranking, Standing
from portal_api.domain.obstacles import Intervention, ObstacleReport

MOST_EFFECTS = 1_000
"""So many effects of partners are kept of the consistency of all behaviors together."""
MOST_DURABILITIES = 400
"""So many are kept of a partner: of itself, its teams, and its people, with a verdict first."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What is kept of a program and of each of its partners."""

    program: ProgramInsight
    companies: tuple[CompanyInsight, ...]


def answers(
    market: Market, reports: Sequence[ObstacleReport], interventions: Sequence[Intervention]
) -> Answers:
    """All answers about a market and the obstacles that were told of it; asked again, the same."""
    asked = _asked(market)
    return Answers(
        _program(market, asked, obstacles.answer(market, reports, interventions)),
        _companies(market, asked),
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """The answers that both the program and its partners are told of."""

    ranking: Ranking
    people: Ranking
    profile: Profile
    people_profile: Profile
    pace: Pace
    durability: Mapping[Level, DurabilityAnswer]
    breadth: BreadthAnswer
    scorecards: FiveCs

    @property
    def habits(self) -> Profile:
        """The profile that partners are held against."""
        return habits_of(self.profile, self.people_profile)


def _asked(market: Market) -> _Asked:
    ranked = ranking.rank(market, market.companies, "partners")
    sellers = ranking.rank(market, market.people, "people")
    habits = profile.profile(market, market.companies, ranked, "partners")
    of_people = profile.profile(market, market.people, sellers, "people")
    told = habits_of(habits, of_people)
    lasting = {level: durability.durability(market, level) for level in Level}
    return _Asked(
        ranking=ranked,
        people=sellers,
        profile=habits,
        people_profile=of_people,
        pace=pace.pace(market, [one.behavior for one in told.top_does_more]),
        durability=lasting,
        breadth=breadth.breadth(market, lasting[Level.PARTNER]),
        scorecards=five_cs.scorecards(market),
    )


def _program(market: Market, asked: _Asked, reported: Obstacles) -> ProgramInsight:
    whose = (
        (asked.people, market.people)
        if asked.habits is asked.people_profile
        else (asked.ranking, market.companies)
    )
    return ProgramInsight(
        id=market.program_id,
        as_of=market.as_of,
        currency=market.currency,
        ranking=_first(asked.ranking),
        people_ranking=_first(asked.people),
        profile=asked.profile,
        people_profile=asked.people_profile,
        next_incentives=next_incentive.suggest(market, asked.habits, *whose),
        pace=replace(asked.pace, companies=()),
        durability=durability.overall(market),
        consistency=_largest(consistency.consistency(market)),
        deadweight=deadweight.deadweight(market),
        bottom_line=pipeline.bottom_line(market),
        obstacles=reported,
        unconverted=market.unconverted,
        breadth_basis=asked.breadth.basis,
        scorecard_basis=asked.scorecards.basis,
        left_out=market.left_out,
        flags=_flagged(asked.breadth, asked.ranking),
    )


def _companies(market: Market, asked: _Asked) -> tuple[CompanyInsight, ...]:
    standing = {one.party_id: one for one in asked.ranking.standings}
    paces = {one.partner_id: one for one in asked.pace.companies}
    cards = {one.partner_id: one for one in asked.scorecards.companies}
    pipelines = {one.partner_id: one for one in pipeline.companies(market)}
    lasting = _by_partner(one for found in asked.durability.values() for one in found.parties)
    spread = _by_partner(asked.breadth.companies)
    places: dict[str | None, list[Standing]] = {}
    for one in asked.people.standings:
        places.setdefault(one.partner_id, []).append(one)
    at_top = asked.people.at_top if asked.habits is asked.people_profile else None
    found = []
    for company in market.companies:
        people = tuple(places.get(company.id, ())[:MOST_PEOPLE])
        found.append(
            CompanyInsight(
                id=f"{market.program_id}.{company.id}",
                as_of=market.as_of,
                standing=standing[company.id],
                people=people,
                missing=profile.missing(asked.habits, company, market, at_top),
                pace=paces.get(company.id),
                durability=_told(lasting.get(company.id, []), people),
                breadth=tuple(spread.get(company.id, [])),
                scorecard=cards[company.id],
                pipeline=pipelines[company.id],
            )
        )
    return tuple(found)


def _first(ranked: Ranking) -> Ranking:
    return replace(ranked, standings=ranked.standings[:MOST_STANDINGS])


def _largest(found: ConsistencyAnswer) -> ConsistencyAnswer:
    """Without the smaller effects of many partners, in the order in which they are told."""
    most = MOST_EFFECTS // max(1, len(found.behaviors))
    behaviors = []
    for one in found.behaviors:
        sizes = sorted((abs(each.change_milli) for each in one.companies), reverse=True)
        least = sizes[most - 1] if len(sizes) > most else 0
        kept = [each for each in one.companies if abs(each.change_milli) >= least][:most]
        behaviors.append(replace(one, companies=tuple(kept)))
    return replace(found, behaviors=tuple(behaviors))


def _flagged(found: BreadthAnswer, ranked: Ranking) -> tuple[Breadth, ...]:
    """What somebody should do something about, at who sells most first."""
    place = {one.party_id: number for number, one in enumerate(ranked.standings)}
    flagged = [one for one in found.companies if one.flag is not None]
    flagged.sort(key=lambda one: (place[one.partner_id], one.behavior))
    return tuple(flagged[:MOST_STANDINGS])


def _told(found: Sequence[Durability], people: Sequence[Standing]) -> tuple[Durability, ...]:
    """Of the company, then of its teams and of those people that are told of: verdicts first.

    Teams and people share what is left of the room, half each; or more where the others are few.
    """
    place = {one.party_id: number for number, one in enumerate(people)}
    own = [one for one in found if one.level is Level.PARTNER]
    teams = [one for one in found if one.level is Level.TEAM]
    single = [one for one in found if one.level is Level.INDIVIDUAL and one.party_id in place]
    unknown = DurabilityVerdict.INSUFFICIENT_DATA
    single.sort(key=lambda one: (one.verdict is unknown, place[one.party_id]))
    teams.sort(key=lambda one: one.verdict is unknown)
    room = MOST_DURABILITIES - len(own)
    teams = teams[: max(room // 2, room - len(single))]
    return (*own, *teams, *single[: room - len(teams)])


class _OfPartner(Protocol):
    @property
    def partner_id(self) -> str: ...


T = TypeVar("T", bound=_OfPartner)


def _by_partner(found: Iterable[T]) -> dict[str, list[T]]:
    groups: dict[str, list[T]] = {}
    for one in found:
        groups.setdefault(one.partner_id, []).append(one)
    return groups
