"""Answers of the insight made by hand, as a refresh would keep them: every number is another one.

``Answers`` is a program with a partner, which a test can change before it is kept; ``Told`` are
such answers in a portal, and what is asked of them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from portal_api.domain.goals import Level
from portal_api.domain.insights.basis import Basis, Estimate
from portal_api.domain.insights.breadth import Breadth, BreadthVerdict, Flag
from portal_api.domain.insights.consistency import (
    BehaviorConsistency,
    CompanyEffect,
    ConsistencyAnswer,
    ConsistencyVerdict,
)
from portal_api.domain.insights.deadweight import (
    Baseline,
    Deadweight,
    DeadweightAnswer,
    DeadweightVerdict,
    Money,
)
from portal_api.domain.insights.durability import Durability, DurabilityAnswer, DurabilityVerdict
from portal_api.domain.insights.five_cs import Scorecard
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.insights.next_incentive import NextIncentives, Suggestion
from portal_api.domain.insights.obstacles import Advice, BehaviorObstacles, Obstacles
from portal_api.domain.insights.pace import CompanyPace, Pace, PaceVerdict, TopChange
from portal_api.domain.insights.pipeline import (
    BottomLine,
    Change,
    ChangeVerdict,
    CompanyPipeline,
    Window,
)
from portal_api.domain.insights.profile import (
    BehaviorGap,
    GapVerdict,
    LevelGap,
    MissingBehavior,
    Profile,
)
from portal_api.domain.insights.ranking import (
    Cohort,
    CohortTotal,
    Consistency,
    Ranking,
    Standing,
)
from portal_api.domain.writes import Save
from portal_api.schema.ids import split
from portal_api.services.store import Store
from tests.schema.client import Client, Person

INTERVAL = "{ value low high level }"
MONEY = "{ amount currencyCode }"
STANDING = f"rank cohort sales {MONEY} won periodsAtTop consistency"
BREADTH = f"""breadth {{ basis {{ method }} behaviors {{ behavior {{ code }} staff doing occurrences
    doingShare {INTERVAL} verdict topOne topTwo flag }} }}"""

AS_OF = datetime(2026, 1, 5, 9, tzinfo=UTC)
TRAINING = "TRAINING"


def basis(method: str, n: int = 12, n_of: str = "partners") -> Basis:
    """What an answer stands on."""
    thresholds = {"window_weeks": 52, "level_bps": 9_500}
    return Basis(method, n, n_of, thresholds, date(2025, 1, 6), date(2026, 1, 5))


def around(value: int, by: int) -> Estimate:
    """A value and an interval of 99 %, lopsided."""
    return Estimate(value, value - by, value + 2 * by, 9_900)


def place(party: str, rank: int, sales_minor: int) -> Standing:
    """A place at the top, or lower than ten below it."""
    cohort = Cohort.TOP if rank <= 10 else Cohort.LOW
    return Standing(party, rank, cohort, sales_minor, 100 - rank, 7, Consistency.CONSISTENT)


def ranking(parties: Iterable[str], method: str) -> Ranking:
    """Everybody with a sale less than the one before."""
    standings = tuple(
        place(party, rank, 1_000_050 - 100 * rank) for rank, party in enumerate(parties, 1)
    )
    totals = (CohortTotal(Cohort.TOP, 3, 2_999_950), CohortTotal(Cohort.NON, 2, 0))
    return Ranking(basis(method, len(standings)), True, 13, 6, totals, standings)


def lasting(level: Level, party: str, during: int = 3_000, **changed: Any) -> Durability:
    """A spike: once a week, then more, then a little more than once."""
    spike = Durability(
        TRAINING, level, party, 13, 1_000, during, 1_125, around(2_000, 500), around(125, 250), 625,
        DurabilityVerdict.SPIKE,
    )  # fmt: skip
    return replace(spike, **changed)


WINDOW = Window(26, 5, 250_000_00, 7, 3, 7_000, 41_500, 700_000_00, 26_923_08)


@dataclass
class Answers:
    """A program's answers and those about one partner, by their ids in the store."""

    program: str
    partner: str
    people: tuple[str, ...]
    team: str = ""
    others: tuple[str, ...] = ()
    company: dict[str, Any] = field(default_factory=dict)
    whole: dict[str, Any] = field(default_factory=dict)

    def keep(self, store: Store) -> None:
        """As a refresh does."""
        store.commit([Save(self.of_program()), Save(self.of_partner())])

    def of_program(self) -> ProgramInsight:
        """What is kept of the program."""
        gap = BehaviorGap(
            TRAINING, 240, 10_000, 3_750, around(6_250, 1_000), 2_500, 250, around(2_250, 750),
            GapVerdict.TOP_DOES_MORE,
        )  # fmt: skip
        level = LevelGap(2, 9_000, 1_250, None, GapVerdict.INSUFFICIENT_DATA)
        sides = basis("top and others"), 3, 9
        kept = ProgramInsight(
            id=self.program,
            as_of=AS_OF,
            currency="USD",
            ranking=ranking((self.partner, *self.others), "ranking"),
            people_ranking=ranking(self.people, "people ranking"),
            profile=Profile(*sides, (gap,), (level,)),
            people_profile=Profile(*sides, (), ()),
            next_incentives=NextIncentives(
                basis("next"),
                True,
                (
                    Suggestion(TRAINING, True, 9, 263, 50_25, 13_215_75),
                    Suggestion("DEAL_REGISTERED", False, 4, 99, None, None),
                ),
            ),
            pace=Pace(
                basis("pace"), (TRAINING,), 2_500, 2_625, around(125, 300), TopChange.UNCHANGED, ()
            ),
            durability=DurabilityAnswer(basis("durability"), (lasting(Level.PARTNER, ""),)),
            consistency=ConsistencyAnswer(basis("consistency"), (self._uneven(),)),
            deadweight=DeadweightAnswer(basis("deadweight"), self._deadweight()),
            bottom_line=BottomLine(
                basis("bottom line"), 8, 4, WINDOW, replace(WINDOW, won=9, lost=1),
                (
                    Change("WIN_RATIO", around(2_000, 500), ChangeVerdict.ROSE),
                    Change("DAYS_TO_CLOSE", around(-3_500, 1_000), ChangeVerdict.FELL),
                    Change("SALES_PER_PARTNER", around(1_000_50, 500_00), ChangeVerdict.ROSE),
                ),
                around(750_25, 1_000_00), ChangeVerdict.NO_CHANGE, True,
            ),
            obstacles=Obstacles(
                basis("obstacles"),
                (BehaviorObstacles(TRAINING, True, 2, 3, 1, 0, 1, (), Advice.FIX_FIRST),),
            ),
            unconverted=("JPY",),
            breadth_basis=basis("breadth"),
            scorecard_basis=basis("five C's"),
            flags=(
                self.breadth(6, 3),
                *(
                    replace(
                        self.breadth(6, 5), partner_id=one, verdict=BreadthVerdict.ORG_WIDE,
                        flag=Flag.INVEST,
                    )
                    for one in self.others
                ),
            ),
        )  # fmt: skip
        return replace(kept, **self.whole)

    def _uneven(self) -> BehaviorConsistency:
        effects = [CompanyEffect(self.partner, -250, 125)]
        effects += [CompanyEffect(one, 100 * place, 50) for place, one in enumerate(self.others)]
        verdict = ConsistencyVerdict.INCONSISTENT
        return BehaviorConsistency(TRAINING, tuple(effects), 375, 31_415, 3, 8_125, verdict)

    def _deadweight(self) -> tuple[Deadweight, ...]:
        money = (
            Money("USD", 500_000_25, 350_000_10, 300_000_05, 400_000_20, 600_000_30),
            Money("POINTS", 9_000, 6_300, 5_400, 7_200, 9_500),
        )
        shares = around(200, 30), around(7_000, 1_000)
        verdict = DeadweightVerdict.MOSTLY_DEADWEIGHT
        told = Deadweight(TRAINING, Baseline.BEFORE, 8, 4, 286, *shares, money, verdict)
        silent = Deadweight(
            TRAINING, Baseline.LAST_YEAR, 8, 4, 286, None, None, (),
            DeadweightVerdict.INSUFFICIENT_DATA,
        )  # fmt: skip
        return told, silent

    def of_partner(self) -> CompanyInsight:
        """What is kept of the partner."""
        durable = (
            lasting(Level.PARTNER, self.partner, people=3),
            lasting(Level.TEAM, self.team, kept_bps=-2_505),
            *(lasting(Level.INDIVIDUAL, one) for one in self.people),
        )
        kept = CompanyInsight(
            id=f"{self.program}.{self.partner}",
            as_of=AS_OF,
            standing=place(self.partner, 1, 1_000_049_95),
            people=tuple(place(one, rank, 100) for rank, one in enumerate(self.people, 1)),
            missing=(MissingBehavior(TRAINING, 0, 2_500, never=True, staff=6),),
            pace=CompanyPace(
                self.partner, 500, 1_250, around(4_762, 900), PaceVerdict.BEHIND, 4, 3
            ),
            durability=durable,
            breadth=(self.breadth(6, 3),),
            scorecard=Scorecard(
                self.partner, 700_000_05, 1_234, 6, 3, 3, 1_500, 3, 5, 2, 4, 26, 52, 5_000, 7, 6,
                8_571, 9, 1_286, 4, 3, 3,
            ),
            pipeline=CompanyPipeline(self.partner, WINDOW, replace(WINDOW, won=8, pipeline=6)),
        )  # fmt: skip
        return replace(kept, **self.company)

    def breadth(self, staff: int, doing: int) -> Breadth:
        """How training is spread over so many people."""
        return Breadth(
            self.partner, TRAINING, staff, doing, around(5_000, 2_000), 40, 6_000, 9_025,
            BreadthVerdict.STAR_DEPENDENT, Flag.TALK_TO_LEADERSHIP,
        )  # fmt: skip


class Told:
    """A program with the answers about it, a partner of four people and another one."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        self.program = client.program(self.manager)
        self.partner, self.other = client.partner(), client.partner(name="Southwind")
        self.executive, self.rival = (
            client.person("PARTNER_EXECUTIVE", one) for one in (self.partner, self.other)
        )
        self.reps = [client.person("SALES_REP", self.partner) for _ in range(4)]
        document = "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }"
        (team,) = client.query(self.manager, document, id=self.partner)["node"]["teams"]
        self.answers = Answers(
            split(self.program)[1],
            split(self.partner)[1],
            tuple(one.user_name for one in self.reps),
            split(team["id"])[1].partition(".")[2],
            (split(self.other)[1],),
        )

    def kept(self) -> "Told":
        """As after a refresh."""
        self.answers.keep(self.client.world.store)
        return self

    def whole(self, asked: str, who: Person | None = None) -> Any:
        """Of the program."""
        document = f"""query($id: ID!) {{ node(id: $id) {{ ... on Program {{
            insights {{ {asked} }} }} }} }}"""
        found = self.client.query(who or self.manager, document, id=self.program)["node"]
        return found["insights"]

    def own(self, asked: str, who: Person | None = None, partner: str | None = None) -> Any:
        """Of a partner in the program; none where the partner is not there for who asks."""
        document = f"""query($id: ID!, $program: ID!) {{ node(id: $id) {{ ... on Partner {{
            insights(programId: $program) {{ {asked} }} }} }} }}"""
        given = {"id": partner or self.partner, "program": self.program}
        found = self.client.query(who or self.manager, document, **given)["node"]
        return found and found["insights"]
