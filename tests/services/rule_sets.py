"""Random rules of any mechanic, for histories that publish them one after the other."""

import hashlib
from datetime import timedelta

from hypothesis import strategies as st

from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.percent_of_deal import PercentOfDeal
from portal_api.domain.mechanics.rebate import Band as RebateBand
from portal_api.domain.mechanics.rebate import Rebate
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Limit, Mechanic, Period, Rule
from tests.services.world import START

DAY = timedelta(days=1)
QUARTER = GoalDefinition("Q", "Quarter", Measure.WON_REVENUE, START, START + 90 * DAY)

amounts = st.integers(100_000, 5_000_000) | st.just(0)
pick = st.integers(0, 30)
rates = st.integers(1, 2_000)

mechanics: st.SearchStrategy[Mechanic] = st.one_of(
    st.builds(
        MilestoneSplit, rates, st.integers(0, 3), st.integers(1, 7), keep_on_loss=st.booleans()
    ),
    st.builds(
        Uplift,
        st.just(("DEMO",)) | st.just(("DEAL_REGISTERED",)),
        st.integers(0, 200),
        st.integers(201, 900),
    ),
    st.builds(PercentOfDeal, rates, st.just(0) | st.integers(1, 40_000)),
    st.builds(Overlay, st.just("DEMO"), st.integers(1, 50_000), st.sampled_from([0, 3])),
    st.builds(
        lambda low, high, step, retro, of_target: Tiered(
            "Q", (Band(0, low), Band(step, high)), retro, of_target
        ),
        rates,
        rates,
        st.integers(1, 4_000_000),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(
        lambda period, low, high, step, retro, growth: Rebate(
            period, (RebateBand(0, low), RebateBand(step, high)), retro, growth
        ),
        st.sampled_from([Period.MONTH, Period.QUARTER, Period.YEAR]),
        rates,
        rates,
        st.integers(1, 4_000_000),
        st.booleans(),
        st.booleans(),
    ),
    st.builds(Flat, st.sampled_from(["DEMO", "DEAL_WON", "DEAL_LOST"]), st.integers(1, 90_000)),
    st.builds(GoalBonus, st.just("Q"), st.integers(1, 9_000), st.integers(0, 9_000)),
)
limits: st.SearchStrategy[Limit | None] = st.none() | st.none() | st.none()
limits |= st.builds(Limit, st.sampled_from(Period), count=st.integers(1, 3), amount_minor=st.none())
limits |= st.builds(
    Limit, st.sampled_from(Period), count=st.none(), amount_minor=st.integers(1, 90_000)
)


def _going_on(mechanic: Mechanic) -> str:
    """The code with which a rule of it goes on: of another version's only if paid alike."""
    if not isinstance(mechanic, Tiered | Rebate):
        return mechanic.kind
    return f"{mechanic.kind}-{hashlib.sha256(repr(mechanic).encode()).hexdigest()[:8]}"


@st.composite
def rule_sets(draw: st.DrawFn) -> tuple[Rule, ...]:
    """The milestone rule, at one of three rates, and up to three others of any kind."""
    pot = MilestoneSplit(draw(st.sampled_from([300, 30, 1_500])), draw(st.integers(1, 2)), 5)
    found = [Rule("pot", "Pot", Level.INDIVIDUAL, "USD", pot)]
    for _ in range(draw(st.integers(0, 3))):
        mechanic, limit = draw(mechanics), draw(limits)
        sold = isinstance(mechanic, Flat) and mechanic.behavior == "DEAL_WON"
        levels = mechanic.levels - {Level.TEAM} if sold else mechanic.levels
        level = draw(st.sampled_from(sorted(levels)))
        code = f"{_going_on(mechanic)}-{level}"
        if code in {one.code for one in found}:
            continue
        found.append(
            Rule(
                code=code,
                name="Rule",
                level=level,
                asset="USD",
                mechanic=mechanic,
                limits=(limit,) if limit else (),
                shadow=draw(st.integers(0, 5)) == 0,
            )
        )
    return tuple(found)
