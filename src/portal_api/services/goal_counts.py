"""What an activity changes of goals: who is certified by it, and what it reaches."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from portal_api.domain import goals
from portal_api.domain.activities import Activity
from portal_api.domain.events import Event
from portal_api.domain.goals import GoalSheet, Level, Part
from portal_api.domain.plans import PlanVersion
from portal_api.domain.writes import Create, Write
from portal_api.services.counters import Counters
from portal_api.services.members import Standing
from portal_api.services.use_case import Situation

TOLD_AT_ONCE = 3
"""So many goals that are reached are told of in one transaction, such as a person's and its team's,
and none in one of many items: it takes 100, of which others than rewards need some."""
MANY_ITEMS = 60


def newly_certified(
    parts: Mapping[str, Part],
    who: Standing,
    plan: PlanVersion | None,
    activity: Activity,
    counters: Counters,
) -> dict[str, Part]:
    """The parts of an activity of ``who``, with the goals of people that it counts somebody for.

    That nobody has counted that person meanwhile is checked at commit.
    """
    own = who.parties[Level.INDIVIDUAL]
    counted = plan.goals if plan is not None else ()
    codes = goals.newly_certified(counted, activity, counters.progress(own))
    counters.watch(own, map(goals.goal_counter, codes))
    return certified(parts, codes)


def certified(parts: Mapping[str, Part], codes: Iterable[str]) -> dict[str, Part]:
    """The parts of an activity that counts somebody for these goals of people."""
    certifies = frozenset(codes)
    return {party: replace(part, certifies=certifies) for party, part in parts.items()}


def reached(
    situation: Situation, counters: Counters, sheet: GoalSheet | None, beside: int
) -> list[Write]:
    """The events that parties have reached their goals or stretch goals, which is counted.

    Of each target once: told by the first change that finds it reached, since what two add at once
    neither of them sees. More than a few, or ``beside`` many items, wait for the next change.
    """
    events: list[Write] = []
    if sheet is None or beside > MANY_ITEMS:
        return events
    for progress_id, code, kind, target in _reached(counters, sheet):
        if len(events) == TOLD_AT_ONCE:
            break
        told = goals.told_counter(code)
        counters.watch(progress_id, (told,))
        counters.add(progress_id, {told: target - counters.progress(progress_id).count(told)})
        event = Event(
            id=f"{sheet.partner_id}.{situation.portal.new_id()}",
            kind=kind,
            subject_id=f"{progress_id}:{code}",
            actor_id=situation.viewer.id,
            request_id=situation.request_id,
            at=situation.now,
        )
        events.append(Create(event))
    return events


def _reached(counters: Counters, sheet: GoalSheet) -> Iterator[tuple[str, str, str, int]]:
    """Progress, goal, what is told and the target, of whatever has risen to what is not told."""
    for progress_id in counters.changed():
        progress = counters.progress(progress_id)
        targets = sheet.targets.get(progress_id[len(sheet.id) + 1 :], {})
        for code, target in targets.items():
            counter = goals.goal_counter(code)
            if counters.added(progress_id, counter) <= 0:
                continue
            told, count = progress.count(goals.told_counter(code)), progress.count(counter)
            if count >= target.stretch > told:
                yield progress_id, code, "StretchGoalReached", target.stretch
            elif count >= target.goal > told:
                yield progress_id, code, "GoalReached", target.goal
