"""Sales processes: defined by channel managers for a partner type, or for one of its tiers."""

import re
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from portal_api.domain.activities import BehaviorType
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.partners import PartnerType, Tier
from portal_api.domain.sales_process import ProcessStep, SalesProcess, process_id
from portal_api.domain.writes import Save
from portal_api.services.partners import MANAGERS, required
from portal_api.services.plans import codes_of
from portal_api.services.store import Many, One, of_vendor
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

MAX_STEPS = 30
MAX_BEHAVIORS = 20
LONGEST_FRICTION = 1_000

_CODE = re.compile(r"[A-Za-z0-9._-]{1,60}")


@dataclass(frozen=True, slots=True)
class SalesProcessDefined:
    """The process is there, in place of what it was before."""

    process: SalesProcess


def define_sales_process(
    portal: Portal,
    ask: Ask,
    *,
    partner_type: PartnerType,
    tier: Tier | None,
    steps: tuple[ProcessStep, ...],
) -> SalesProcessDefined:
    """Says how partners of a type sell, or those of one tier; all of its steps at once.

    Raises ``InvalidInput`` for steps that cannot be kept, ``NotFound`` for unknown behaviors.
    """
    process_want = One(SalesProcess, process_id(partner_type, tier))
    behaviors_want = Many(BehaviorType, of_vendor())

    def decide(s: Situation) -> Decision[SalesProcessDefined]:
        known, before = codes_of(s.found[behaviors_want].records), s.found[process_want]
        process = SalesProcess(
            id=process_want.id,
            partner_type=partner_type,
            tier=tier,
            steps=checked_steps(steps, known),
            defined_at=s.now,
            defined_by=s.viewer.id,
            version=before.version if before else 0,
        )
        return Decision(SalesProcessDefined(process), (Save(process),), process.id)

    arguments = {"type": partner_type, "tier": tier, "steps": steps}
    wants = (process_want, behaviors_want)
    return perform(
        portal, ask, "defineSalesProcess", arguments, MANAGERS, wants, decide, SalesProcessDefined
    )


def checked_steps(steps: Sequence[ProcessStep], known: AbstractSet[str]) -> tuple[ProcessStep, ...]:
    """Steps with their texts trimmed; ``known`` are the codes of all behaviors there are."""
    if not 0 < len(steps) <= MAX_STEPS:
        raise InvalidInput(f"A process has 1 to {MAX_STEPS} steps.", "steps")
    twice = _twice(step.code for step in steps)
    if twice is not None:
        raise InvalidInput(f"The step code {twice[:60]!r} is used twice.", "steps")
    return tuple(_checked_step(step, known) for step in steps)


def _checked_step(step: ProcessStep, known: AbstractSet[str]) -> ProcessStep:
    if not _CODE.fullmatch(step.code):
        raise InvalidInput(f"{step.code[:60]!r} is no code: 1 to 60 of A-Z a-z 0-9 . _ -", "steps")
    if len(step.behaviors) > MAX_BEHAVIORS or _twice(step.behaviors) is not None:
        raise InvalidInput(
            f"Step {step.code} names up to {MAX_BEHAVIORS} behaviors, each once.", "steps"
        )
    unknown = sorted({*step.behaviors} - known)
    if unknown:
        raise NotFound(f"{unknown[0][:60]!r} is no behavior of the catalogue.", "steps")
    points = step.incentive_points
    if not {*step.behaviors}.issuperset(points) or _twice(points) is not None:
        raise InvalidInput(
            f"The incentive points of step {step.code} are among its behaviors, each once.",
            "steps",
        )
    friction = step.friction
    if friction is not None:
        friction = required("steps", friction, LONGEST_FRICTION, lines=True)
    return replace(step, name=required("steps", step.name), friction=friction)


def _twice(codes: Iterable[str]) -> str | None:
    """A code that is there twice."""
    seen = set[str]()
    for code in codes:
        if code in seen:
            return code
        seen.add(code)
    return None
