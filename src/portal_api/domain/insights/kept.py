"""What a refresh keeps: one record for each program, and one for each of its partners."""

from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.insights.basis import Basis
from portal_api.domain.insights.breadth import Breadth
from portal_api.domain.insights.consistency import ConsistencyAnswer
from portal_api.domain.insights.deadweight import DeadweightAnswer
from portal_api.domain.insights.durability import Durability, DurabilityAnswer
from portal_api.domain.insights.five_cs import Scorecard
from portal_api.domain.insights.next_incentive import NextIncentives
from portal_api.domain.insights.obstacles import Obstacles
from portal_api.domain.insights.pace import CompanyPace, Pace
from portal_api.domain.insights.pipeline import BottomLine, CompanyPipeline
from portal_api.domain.insights.profile import MissingBehavior, Profile
from portal_api.domain.insights.ranking import Ranking, Standing

MOST_STANDINGS = 200
"""So many of the first of a ranking are kept with the program; each partner's own is with it."""
MOST_PEOPLE = 200
"""So many people of one partner are told of, those who sold most."""


def habits_of(partners: Profile, people: Profile) -> Profile:
    """The profile that partners are held against, and that says what to pay for next.

    That of partners; of people where partners are too few to tell the top from the others.
    """
    return partners if partners.sufficient or not people.sufficient else people


@dataclass(frozen=True, slots=True)
class ProgramInsight:
    """The answers about a program as a whole. ``id`` is the program's.

    ``as_of`` is of its last refresh, of its partners' answers too. ``left_out`` are so many
    incentives that are not judged any more.

    ``durability`` is of all who took part together. Rankings end after ``MOST_STANDINGS``; ``pace``
    has no companies, whose own is with them. ``unconverted`` are the currencies of sales without a
    rate, which are in no answer. ``breadth_basis`` and ``scorecard_basis`` are what those answers
    of each partner stand on. ``flags`` are of partners with something to do about, and end after
    ``MOST_STANDINGS``, too.
    """

    id: str
    as_of: datetime
    currency: str
    ranking: Ranking
    people_ranking: Ranking
    profile: Profile
    people_profile: Profile
    next_incentives: NextIncentives
    pace: Pace
    durability: DurabilityAnswer
    consistency: ConsistencyAnswer
    deadweight: DeadweightAnswer
    bottom_line: BottomLine
    obstacles: Obstacles
    unconverted: tuple[str, ...] = ()
    breadth_basis: Basis | None = None
    scorecard_basis: Basis | None = None
    left_out: int = 0
    version: int = 0
    flags: tuple[Breadth, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyInsight:
    """The answers about one partner in a program. ``id`` names the program, then the partner.

    ``durability`` is of the company, its teams and its people; ``people`` are their places.
    ``as_of`` is since when it says so. ``gone``: the last refresh did not find it in the market.
    """

    id: str
    as_of: datetime
    standing: Standing
    people: tuple[Standing, ...]
    missing: tuple[MissingBehavior, ...]
    pace: CompanyPace | None
    durability: tuple[Durability, ...]
    breadth: tuple[Breadth, ...]
    scorecard: Scorecard
    pipeline: CompanyPipeline
    gone: bool = False
    version: int = 0
