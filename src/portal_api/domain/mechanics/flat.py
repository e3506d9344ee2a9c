"""Flat: a fixed amount each time a behavior occurs.

Worked example: 50 points for TRAINING_COMPLETED. Three trainings of one person earn 50 each, 150
in all; the same training reported twice is one activity and earns once.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from portal_api.domain.goals import Measure
from portal_api.domain.money import LARGEST_AMOUNT_MINOR, to_text
from portal_api.domain.rewards import Ahead, Facts, Mechanic, Part, PlanVersion, Rule, TakeBack


@dataclass(frozen=True)
class Flat(Mechanic):
    """``amount_minor`` of the rule's asset for every activity of ``behavior``."""

    kind: ClassVar[str] = "flat"
    behavior: Annotated[str, "The code of the behavior that it pays for."]
    amount_minor: Annotated[int, "What it pays each time."]

    def parts(self, rule: Rule, facts: Facts) -> tuple[Part | TakeBack, ...]:
        """The amount, once for each activity of the behavior."""
        if facts.activity.behavior != self.behavior:
            return ()
        because = f"{to_text(self.amount_minor, rule.asset)} {rule.asset} for each {self.behavior}."
        return (Part(self.amount_minor, facts.activity.id, self.behavior, because),)

    def behaviors(self) -> frozenset[str]:
        """The one behavior."""
        return frozenset({self.behavior})

    def problems(self, plan: PlanVersion) -> tuple[str, ...]:
        """An amount that no transfer can move."""
        if 0 < self.amount_minor <= LARGEST_AMOUNT_MINOR:
            return ()
        return ("A flat amount is larger than zero and at most 10^12 minor units.",)

    def still_pays(self, rule: Rule, ahead: Ahead) -> int:
        """The amount for each occurrence that is missing, where the goal counts this behavior."""
        goal = ahead.goal
        counts_it = goal.measure is Measure.BEHAVIOR_COUNT and goal.behavior == self.behavior
        return ahead.missing * self.amount_minor if counts_it else 0
