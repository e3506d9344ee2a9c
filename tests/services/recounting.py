"""The weekly series told a second way: from deals as they are, and step by step as they went."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from portal_api.domain.activities import Activity, Outcome, OutcomeStatus
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.goals import Progress
from portal_api.domain.money import split
from portal_api.domain.weeks import WeekCounts
from portal_api.services.store import Many, One, Store, of_person, of_weeks

Told = Counter[tuple[str, date, str]]
"""By person, Monday (in UTC) and counter."""

_PAID = (OutcomeStatus.AWARDED, OutcomeStatus.PENDING, OutcomeStatus.SHARED)
_BACK = (OutcomeStatus.TAKEN_BACK, OutcomeStatus.CANCELLED)
_SAME = {"deals": "did:DEAL_REGISTERED", "won": "won", "won_minor": "won_minor"}
"""What goals' progress counts beside, and the series' name of it."""


def check_weeks(store: Store, partner_id: str, people: Sequence[str], program: str) -> None:
    """The series of a program whose calendar is UTC is what was done, and what progress says."""
    kept = series(store, partner_id, program)
    assert _without_zeros(told(store, partner_id, people, program)) == _summed(kept)
    parties: Counter[tuple[str, str]] = Counter()
    for week in kept:
        names = [f"individual.{week.individual_id}", "partner"]
        names += [f"team.{week.team_id}"] if week.team_id else []
        for name in names:
            for counter, own in _SAME.items():
                parties[name, counter] += week.count(own)
    for (name, counter), count in parties.items():
        want = One(Progress, f"{partner_id}.{program}.{name}")
        progress = store.read([want])[want]
        assert count == (progress.count(counter) if progress else 0), (name, counter)


def series(store: Store, partner_id: str, program: str) -> list[WeekCounts]:
    """What is kept."""
    want = Many(WeekCounts, of_weeks(partner_id))
    return [one for one in store.read([want])[want].records if one.program_id == program]


def told(store: Store, partner_id: str, people: Sequence[str], program: str) -> Told:
    """What was done, from each deal and each activity alone."""
    sums: Told = Counter()
    for person in people:
        of = of_person(partner_id, person)
        deals, done = Many(Deal, of), Many(Activity, of)
        found = store.read([deals, done])
        activities = [one for one in found[done].records if one.program_id == program]
        for deal in found[deals].records:
            if deal.program_id == program:
                _closed(sums, deal)
                _open(sums, [one for one in activities if one.deal_id == deal.id])
        for activity in activities:
            week = _monday(activity.occurred_at)
            sums[person, week, f"did:{activity.behavior}"] += 1
            for outcome in activity.outcomes:
                sign = (outcome.status in _PAID) - (outcome.status in _BACK)
                paid = f"paid:{outcome.rule_code}:{outcome.step}:{outcome.asset}"
                earned = _monday(_earned(activity, activities, outcome)) if sign < 0 else week
                sums[person, earned, paid] += sign * outcome.amount_minor
    return sums


def _closed(sums: Told, deal: Deal) -> None:
    """A deal that is won or lost now: what was returned or reopened since counts for nothing."""
    at = deal.closed_at
    if at is None or deal.stage not in (DealStage.WON, DealStage.LOST):
        return
    own = deal.owner_id, _monday(at)
    if deal.stage is DealStage.LOST:
        sums[*own, "lost"] += 1
        return
    sums[*own, "won"] += 1
    sums[*own, f"product:{deal.product}"] += 1
    sums[*own, "days_to_close"] += (at - deal.submitted_at).days
    sums[*own, "won_registered"] += deal.approved_at is not None and deal.approved_at < at
    credited = deal.credited
    parts = split(deal.amount_minor, [credit.weight for credit in credited])
    for credit, part in zip(credited, parts, strict=True):
        sums[credit.individual_id, _monday(at), "won_minor"] += part


def _earned(taking: Activity, activities: list[Activity], back: Outcome) -> datetime:
    """When what is taken back was earned: at its deal's standing sale or approval, if any."""
    stands: dict[str, datetime] = {}
    for one in sorted(activities, key=lambda one: one.id):
        if one.deal_id != taking.deal_id or one.id >= taking.id:
            continue
        if one.behavior in ("DEAL_WON", "DEAL_REGISTERED"):
            stands[one.behavior] = one.occurred_at
        elif one.behavior in ("DEAL_LOST", "DEAL_RETURNED", "DEAL_REOPENED"):
            stands.pop("DEAL_WON", None)
    changes = taking.behavior.startswith("DEAL_")
    return stands.get(back.step, taking.occurred_at) if changes else taking.occurred_at


def _open(sums: Told, steps: list[Activity]) -> None:
    """Each step of a deal, in the order in which they were recorded, moves the pipeline."""
    is_open, approved, before = True, False, (0, 0)
    for step in sorted(steps, key=lambda one: one.id):
        approved = approved or step.behavior == "DEAL_REGISTERED"
        if step.behavior in ("DEAL_WON", "DEAL_LOST", "DEAL_REOPENED"):
            is_open = step.behavior == "DEAL_REOPENED"
        if not step.behavior.startswith("DEAL_"):
            continue
        after = (1, step.deal_amount_minor or 0) if is_open and approved else (0, 0)
        week = step.individual_id, _monday(step.occurred_at)
        sums[*week, "pipeline"] += after[0] - before[0]
        sums[*week, "pipeline_minor"] += after[1] - before[1]
        before = after


def _monday(at: datetime) -> date:
    return at.date() - timedelta(days=at.isoweekday() - 1)


def _summed(kept: list[WeekCounts]) -> dict[tuple[str, date, str], int]:
    sums: Told = Counter()
    for one in kept:
        for counter, amount in one.counters.items():
            sums[one.individual_id, one.week, counter] += amount
    return _without_zeros(sums)


def _without_zeros(sums: Told) -> dict[tuple[str, date, str], int]:
    return {key: amount for key, amount in sums.items() if amount}
