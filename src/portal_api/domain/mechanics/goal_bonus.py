"""GoalBonus: an amount on reaching the goal, another on reaching the stretch goal.

Worked example: the goal is 100,000.00 won with a bonus of 500.00, the stretch goal 120,000.00 with
another 300.00. Progress 95,000.00 and a deal won at 10,000.00: 500.00. A next deal at 20,000.00:
300.00. One deal of 130,000.00 from zero earns both at once. Each is decided once only; what was
reached stays reached when a deal is returned later.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.activities import DEAL_RETURNED
from portal_api.domain.cases import Case
from portal_api.domain.goals import GoalDefinition, Level, Measure, Target, bonus_counter
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.plans import Ahead, Mechanic, Move, Part, PlanVersion, Rule

GOAL, STRETCH = "GOAL", "STRETCH"


@dataclass(frozen=True)
class GoalBonus(Mechanic):
    """A bonus on reaching a goal, and another on reaching its stretch.

    ``at_goal_minor`` is for the goal ``goal`` at the rule's level, ``at_stretch_minor`` for its
    stretch.
    """

    kind: ClassVar[str] = "goalBonus"
    levels: ClassVar[frozenset[Level]] = frozenset(Level)
    goal: Annotated[str, "The code of the plan's goal."]
    at_goal_minor: Annotated[int, "What it pays on reaching the goal."]
    at_stretch_minor: Annotated[int, "What it pays besides on reaching the stretch goal."] = 0

    def parts(self, rule: Rule, plan: PlanVersion, case: Case) -> tuple[Move, ...]:
        """The bonuses of what this activity reaches and what was not decided before."""
        definition, measured = plan.goal(self.goal), case.inputs.measured
        if definition is None or measured is None or measured.target is None:
            return ()
        return tuple(
            Part(
                amount,
                f"{self.goal}:{step}",
                step,
                self._because(definition, case, measured.after, reached),
                decides=bonus_counter(rule.key, step),
            )
            for step, reached, amount in self._steps(measured.target)
            if amount
            and measured.after > measured.before
            and measured.after >= reached
            and not case.count(bonus_counter(rule.key, step))
        )

    def _because(self, definition: GoalDefinition, case: Case, after: int, reached: int) -> str:
        if definition.measure is Measure.WON_REVENUE and case.deal is not None:
            currency = case.deal.currency
            told = tuple(f"{to_text(value, currency)} {currency}" for value in (after, reached))
        else:
            told = (f"{after}", f"{reached}")
        return f"{definition.name}: {told[0]} reaches {told[1]}."

    @property
    def follows(self) -> str | None:
        """The goal."""
        return self.goal

    @property
    def by_target(self) -> bool:
        """It pays on reaching it."""
        return True

    @property
    def items_at_most(self) -> int:
        """Goal and stretch goal can be reached at once."""
        return 4

    @property
    def transfers_at_most(self) -> int:
        """Three for each."""
        return 6

    def counters(self, rule: Rule, period: str | None = None) -> tuple[str, ...]:
        """What was decided."""
        return bonus_counter(rule.key, GOAL), bonus_counter(rule.key, STRETCH)

    def goes_on(self, before: Mechanic) -> bool:
        """Decided once means once for its goal."""
        return isinstance(before, GoalBonus) and self.goal == before.goal

    def settled(self, case: Case) -> bool:
        """Whether both bonuses are decided.

        What comes later finds the same, whatever others add meanwhile.
        """
        decided = [bool(value) for value in case.inputs.counters.values()]
        return sum(decided) >= (2 if self.at_stretch_minor else 1)

    def words(self, rule: Rule, plan: PlanVersion, currency: str) -> str:
        """Both amounts, and the goal by its name."""
        definition = plan.goal(self.goal)
        name = definition.name if definition else self.goal
        told = f"{to_text(self.at_goal_minor, rule.asset)} {rule.asset} on reaching the goal {name}"
        if not self.at_stretch_minor:
            return f"{told}."
        more = f"{to_text(self.at_stretch_minor, rule.asset)} {rule.asset}"
        return f"{told}, another {more} on reaching its stretch goal."

    def behaviors(self) -> frozenset[str]:
        """None of its own: it follows the goal."""
        return frozenset()

    def fires_on(self, plan: PlanVersion) -> frozenset[str]:
        """What raises the goal: no return of a sale does."""
        goal = plan.goal(self.goal)
        if goal is None:
            return frozenset()
        revenue = goal.measure is Measure.WON_REVENUE
        return goal.counts - {DEAL_RETURNED} if revenue else goal.counts

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """A goal that the plan does not define, or amounts that cannot be paid."""
        found = []
        if plan.goal(self.goal) is None:
            found.append(
                f"A goal bonus names the goal {self.goal}, which the plan does not define."
            )
        if self.at_goal_minor <= 0 or self.at_stretch_minor < 0:
            found.append(
                "A goal bonus pays more than zero at the goal and not less than zero at the"
                " stretch."
            )
        if max(self.at_goal_minor, self.at_stretch_minor) > LARGEST_AMOUNT_MINOR:
            found.append("A goal bonus is at most 10^12 minor units.")
        return tuple(found)

    def still_pays(self, rule: Rule, plan: PlanVersion, ahead: Ahead) -> int:
        """The bonuses that are not decided yet and that the reach would bring."""
        if ahead.goal.code != self.goal:
            return 0
        bonuses = [
            amount
            for step, reached, amount in self._steps(ahead.target)
            if ahead.reach >= reached and not ahead.progress.count(bonus_counter(rule.key, step))
        ]
        return sum(bonuses[: ahead.at_most])

    def _steps(self, target: Target) -> tuple[tuple[str, int, int], ...]:
        """Each step with what it takes and what it pays."""
        return (
            (GOAL, target.goal, self.at_goal_minor),
            (STRETCH, target.stretch, self.at_stretch_minor),
        )
