"""Recomputing earnings from nothing but what they kept and the plan that they name; L18."""

from dataclasses import dataclass, field

from portal_api.domain.earnings import Trace
from portal_api.domain.plans import PlanVersion
from portal_api.domain.rewards import replayed
from portal_api.services.store import One, Store
from portal_api.services.verify_reading import Answers

_PLANS_KEPT = 256


@dataclass
class Replays:
    """The plans of the earnings seen last, and how many earnings were recomputed.

    ``whole``: plans are there with all of their rules, so that their hash can be made again.
    """

    store: Store
    whole: bool = True
    count: int = 0
    _plans: dict[str, PlanVersion | None] = field(default_factory=dict)

    def problem(self, trace: Trace, wallet_id: str) -> str | None:
        """Why an earning does not come out again as it is stored; none where it does."""
        self.count += 1
        plan = self._plan(f"{trace.program_id}.{trace.plan_number}")
        if plan is None:
            return f"names plan version {trace.plan_number}, which is not there, or not whole."
        if trace.plan_hash != plan.hash:
            return f"names a plan version {trace.plan_number} of another content."
        part = replayed(plan, trace, wallet_id)
        if part is None:
            return f"is not what rule {trace.rule_code} makes of its inputs."
        if (part.amount_minor, part.of_minor) != (trace.amount_minor, trace.of_minor):
            return f"is {trace.amount_minor}, and {part.amount_minor} when it is recomputed."
        return None

    def _plan(self, plan_id: str) -> PlanVersion | None:
        if plan_id not in self._plans:
            if len(self._plans) >= _PLANS_KEPT:
                self._plans.pop(next(iter(self._plans)))
            want = One(PlanVersion, plan_id)
            plan = Answers(self.store, [want])[want]
            # Its hash is that of its content, or what is named by it is not there.
            intact = plan is not None and (not self.whole or plan.hash == plan.content_hash())
            self._plans[plan_id] = plan if intact else None
        return self._plans[plan_id]
