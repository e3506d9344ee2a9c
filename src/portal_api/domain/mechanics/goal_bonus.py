"""GoalBonus: an amount on reaching the goal, another on reaching the stretch goal.

Worked example: the goal is 100,000.00 won with a bonus of 500.00, the stretch goal 120,000.00 with
another 300.00. Progress 95,000.00 and a deal won at 10,000.00: 500.00. A next deal at 20,000.00:
300.00. One deal of 130,000.00 from zero earns both at once. Each is decided once only.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.goals import GoalDefinition, Measure, Target, bonus_counter
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.rewards import Ahead, Facts, Mechanic, Part, PlanVersion, Rule, TakeBack

GOAL, STRETCH = "GOAL", "STRETCH"


@dataclass(frozen=True)
class GoalBonus(Mechanic):
    """A bonus on reaching a goal, and another on reaching its stretch.

    ``at_goal_minor`` is for the goal ``goal`` at the rule's level, ``at_stretch_minor`` for its
    stretch.
    """

    kind: ClassVar[str] = "goalBonus"
    goal: Annotated[str, "The code of the plan's goal."]
    at_goal_minor: Annotated[int, "What it pays on reaching the goal."]
    at_stretch_minor: Annotated[int, "What it pays besides on reaching the stretch goal."] = 0

    def parts(self, rule: Rule, facts: Facts) -> tuple[Part | TakeBack, ...]:
        """The bonuses of what this activity reaches and what was not decided before."""
        definition = next((goal for goal in facts.plan.goals if goal.code == self.goal), None)
        progress, target = (
            facts.progress.get(rule.level),
            facts.targets.get(rule.level, {}).get(self.goal),
        )
        if definition is None or progress is None or target is None:
            return ()
        added = definition.counted(facts.activity, facts.deal)
        after = progress.count(f"goal:{self.goal}") + added
        return tuple(
            Part(
                amount,
                f"{self.goal}:{step}",
                step,
                self._because(definition, facts, after, reached),
            )
            for step, reached, amount in self._steps(target)
            if added
            and amount
            and after >= reached
            and not progress.count(bonus_counter(rule.code, step))
        )

    def _because(self, definition: GoalDefinition, facts: Facts, after: int, reached: int) -> str:
        currency = facts.program.currency
        if definition.measure is Measure.WON_REVENUE:
            told = tuple(f"{to_text(value, currency)} {currency}" for value in (after, reached))
        else:
            told = (f"{after}", f"{reached}")
        return f"{definition.name}: {told[0]} reaches {told[1]}."

    def watched(self, rule: Rule, facts: Facts) -> tuple[str, ...]:
        """The goal's counter and what was decided of it, until all is decided.

        Without a target the counter alone: who sets one meanwhile must not hide this from others.
        """
        progress, target = (
            facts.progress.get(rule.level),
            facts.targets.get(rule.level, {}).get(self.goal),
        )
        definition = next((goal for goal in facts.plan.goals if goal.code == self.goal), None)
        if definition is None or progress is None:
            return ()
        if not definition.counted(facts.activity, facts.deal):
            return ()
        if target is None:
            return (f"goal:{self.goal}",)
        paying = (step for step, _, amount in self._steps(target) if amount)
        decided = tuple(bonus_counter(rule.code, step) for step in paying)
        if all(map(progress.count, decided)):
            return ()
        return (f"goal:{self.goal}", *decided)

    def behaviors(self) -> frozenset[str]:
        """None of its own: it follows the goal."""
        return frozenset()

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """A goal that the plan does not define, or amounts that cannot be paid."""
        found = []
        if self.goal not in {goal.code for goal in plan.goals}:
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

    def still_pays(self, rule: Rule, ahead: Ahead) -> int:
        """The bonuses that are not decided yet and that the reach would bring."""
        if ahead.goal.code != self.goal:
            return 0
        return sum(
            amount
            for step, reached, amount in self._steps(ahead.target)
            if ahead.reach >= reached and not ahead.progress.count(bonus_counter(rule.code, step))
        )

    def _steps(self, target: Target) -> tuple[tuple[str, int, int], ...]:
        """Each step with what it takes and what it pays."""
        return (
            (GOAL, target.goal, self.at_goal_minor),
            (STRETCH, target.stretch, self.at_stretch_minor),
        )
