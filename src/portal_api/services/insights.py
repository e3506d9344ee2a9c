"""Refreshes the insight: asks all questions of every program, and keeps the answers.

A refresh is a function of what is stored: run again, it comes to the same. It is also the only
place where they are computed, which takes SciPy and seconds; the API shows what is kept.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from portal_api.domain.insights.answers import Answers, answers
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.insights.market import Market
from portal_api.domain.writes import Save
from portal_api.services.affairs import portions
from portal_api.services.market import FAILURES, HORIZON, Gathered, gathered
from portal_api.services.obstacles import told_about
from portal_api.services.retrying import retried
from portal_api.services.series import Step, StepFailed, each, step
from portal_api.services.store import One, StoreUnavailable, TooLarge, Unreadable
from portal_api.services.use_case import Portal, Situation

K = TypeVar("K", ProgramInsight, CompanyInsight)

_DAY = timedelta(days=1)
_COMPANIES_AT_ONCE = 5
"""So many are kept by one commit, which has room for as many of the largest items twice."""
_ABSENT_AT_ONCE = 50
_NEVER = datetime.min.replace(tzinfo=UTC)


def refresh(portal: Portal, horizon: int = HORIZON) -> int:
    """Refreshes the insight of every program that has begun; says of how many it changed.

    Begun is with what was refreshed longest ago, so that a run that ends early comes to all in the
    end. First is kept what is told of each partner, then of the program, with an event where any
    of it has changed. Partners of whom the same is told as before are not written again, for
    answers change with the weeks and not with each hour; and what a later refresh has kept stays.
    One program or partner that cannot be done keeps no other waiting; raises ``StoreUnavailable``
    at the end where there is one, and as well as ``Unreadable`` where what all stand on cannot be
    read.
    """
    found = gathered(portal.store, portal.clock(), horizon)
    last = {program_id: _last(portal, program_id) for program_id in found.program_ids}
    told = "The insight of {left} programs is not refreshed, that of {done} others is."
    longest_ago = sorted(found.program_ids, key=lambda program_id: last[program_id])
    problems, done = list[str](), 0
    try:
        done = each(longest_ago, lambda program_id: _refreshed(portal, found, program_id), told)
    except StoreUnavailable as problem:
        problems.append(f"{problem}")
    if found.unreadable:
        number, place = len(found.unreadable), found.unreadable[0]
        problems.append(f"{number} partners are in no insight: {place} cannot be read.")
    if problems:
        raise StoreUnavailable(" ".join(problems))
    return done


def _last(portal: Portal, program_id: str) -> datetime:
    """When a program was refreshed last."""
    want = One(ProgramInsight, program_id)
    try:
        kept = portal.store.read([want])[want]
    except Unreadable:  # Told of when it is this program's turn.
        return _NEVER
    return _NEVER if kept is None else kept.as_of


def _refreshed(portal: Portal, found: Gathered, program_id: str) -> int:
    told = _answered(portal, found.market(program_id))
    if _last(portal, program_id) > told.program.as_of:
        return 0
    gone = _gone(portal, found, told)
    changed = [
        _keep(portal, some) for some in portions((*told.companies, *gone), _COMPANIES_AT_ONCE)
    ]
    want = One(ProgramInsight, program_id)

    def decide(s: Situation) -> Step | None:
        kept = s.found[want]
        insight = _after(kept, told.program)
        if insight is None and any(changed):
            insight = _again(kept, told.program)
        if insight is None:
            return None
        return Step("InsightRefreshed", insight.id, None, (Save(insight),))

    if step(portal, f"insights:{program_id}", (want,), decide):
        return 1
    _touch(portal, told.program)
    return 0


def _touch(portal: Portal, insight: ProgramInsight) -> None:
    """Keeps that the program was refreshed, where that is all that is new, once a day.

    Each hour it would be most of what the insight costs: the item is large.
    """
    want = One(ProgramInsight, insight.id)

    def attempt() -> None:
        kept = portal.store.read([want])[want]
        after = _again(kept, insight)
        if kept is not None and after is not None and insight.as_of - kept.as_of >= _DAY:
            portal.store.commit([Save(after)])

    retried(attempt)


def _gone(portal: Portal, found: Gathered, told: Answers) -> list[CompanyInsight]:
    """What is kept of partners that are not in the market any more, without what it told."""
    here = {one.id for one in told.companies}
    ids = [f"{told.program.id}.{partner_id}" for partner_id in found.partner_ids]
    absent = [one for one in ids if one not in here]
    blank = []
    for some in portions(absent, _ABSENT_AT_ONCE):
        wants = [One(CompanyInsight, one) for one in some]
        answered = portal.store.read(wants)
        kept = (answered[want] for want in wants)
        blank += [_blank(one, told.program.as_of) for one in kept if one and not one.gone]
    return blank


def _blank(kept: CompanyInsight, as_of: datetime) -> CompanyInsight:
    nothing = replace(kept, people=(), missing=(), pace=None, durability=(), breadth=())
    return replace(nothing, as_of=as_of, gone=True)


def _answered(portal: Portal, market: Market) -> Answers:
    """The answers; raises ``StepFailed`` where they cannot be computed."""
    try:
        return answers(market, *told_about(portal.store, market.program_id))
    except (*FAILURES, ImportError) as problem:
        raise StepFailed(f"insights:{market.program_id}: {problem}") from problem


def _keep(portal: Portal, insights: Sequence[CompanyInsight]) -> bool:
    """Keeps what is told of some partners, where nothing later is; says whether any is new."""
    wants = [One(CompanyInsight, one.id) for one in insights]

    def attempt() -> bool:
        found = portal.store.read(wants)
        answered = zip(insights, wants, strict=True)
        after = [_after(found[want], insight) for insight, want in answered]
        writes = [Save(one) for one in after if one is not None]
        if writes:
            portal.store.commit(writes)
        return bool(writes)

    try:
        return retried(attempt)
    except (TooLarge, ValueError) as problem:
        raise StepFailed(f"insights:{insights[0].id}: {problem}") from problem


def _after(kept: K | None, insight: K) -> K | None:
    """What is to be kept in place of what is; None where that is later, or says the same."""
    if kept is None:
        return insight
    if kept.as_of > insight.as_of or _same(kept, insight):
        return None
    return replace(insight, version=kept.version)


def _again(kept: ProgramInsight | None, insight: ProgramInsight) -> ProgramInsight | None:
    """The same with a later instant; None where that is not later, or it does not say the same."""
    if kept is None or kept.as_of >= insight.as_of or not _same(kept, insight):
        return None
    return replace(insight, version=kept.version)


def _same(kept: K, insight: K) -> bool:
    return replace(kept, as_of=insight.as_of, version=insight.version) == insight
