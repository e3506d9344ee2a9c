"""A plan over what really happened: what it would have paid, against what was. Nothing is written.

Every activity of a partner in a program is judged again, in the order in which it occurred, by the
function that pays: with the consents, enrollments and targets that there are, from empty counters,
and with all the budget that it needs. A deal's credit is taken as it is now.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from portal_api.domain import plan_checks
from portal_api.domain.activities import Activity, Outcome, OutcomeStatus
from portal_api.domain.consent import ConsentFile
from portal_api.domain.deals import Deal
from portal_api.domain.errors import NotFound, PlanNotPublishable
from portal_api.domain.histories import after, as_new
from portal_api.domain.ledger import Wallet
from portal_api.domain.partners import PersonStatus
from portal_api.domain.plans import PlanDraft, PlanVersion
from portal_api.domain.programs import Program, ProgramShard, shards_of
from portal_api.services.budget import Budget
from portal_api.services.counters import Counters
from portal_api.services.loads import Loads
from portal_api.services.members import Member
from portal_api.services.partners import ever_at
from portal_api.services.plans import version_of
from portal_api.services.postings import Postings
from portal_api.services.rewards import Settlement
from portal_api.services.settling import Books
from portal_api.services.store import Found, Many, One, Want, of_person
from portal_api.services.use_case import Portal, Situation, system_viewer

R = TypeVar("R", Deal, Activity)

_ENOUGH_MINOR = 10**18


@dataclass(frozen=True, slots=True)
class DryRunLine:
    """One rule and one recipient (a person, a team or the partner), over the whole history.

    In minor units of ``asset``: what the plan would have paid and withheld, and what a rule of this
    code has paid.
    """

    rule_code: str
    recipient_id: str
    asset: str
    would_pay_minor: int
    would_withhold_minor: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a plan would have made of one partner's history in a program.

    ``plan`` is the version that was run, or that ``draft`` would be.
    """

    program: Program
    partner_id: str
    plan: PlanVersion
    draft: PlanDraft | None
    activities: int
    lines: tuple[DryRunLine, ...]


def dry_run(
    portal: Portal, *, program_id: str, partner_id: str, number: int | None = None
) -> DryRun:
    """Runs a program's draft, or one of its published versions, over a partner's history.

    Raises ``NotFound``, and ``PlanNotPublishable`` for a draft that could not pay either. The same
    history gives the same answer.
    """
    program, plan, draft = _plan(portal, program_id, number)
    history = _History(portal, partner_id, program_id)
    # As if it had been in force from the first day.
    settlement = history.settlement(replace(plan, effective_from=program.starts_at))
    lines: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
    deals = {deal.id: as_new(deal) for deal in history.deals}
    for activity in history.activities:
        for outcome in activity.outcomes:
            lines[_of(outcome)][2] += outcome.net_minor
        deal = deals.get(activity.deal_id or "") if activity.saw_deal else None
        deal = after(deal, activity) if deal is not None else None
        settlement.books.consents = history.consents_at(activity.recorded_at)
        again = replace(activity, outcomes=(), version=0)
        judged, changed = settlement.record(again, deal)
        if changed is not None:
            deals[changed.id] = changed
        for outcome in judged.outcomes:
            sums = lines[_of(outcome)]
            sums[0] += outcome.net_minor
            sums[1] += outcome.amount_minor * (outcome.status is OutcomeStatus.WITHHELD)
    told = tuple(DryRunLine(*key, *sums) for key, sums in sorted(lines.items()) if any(sums))
    return DryRun(program, partner_id, plan, draft, len(history.activities), told)


def _of(outcome: Outcome) -> tuple[str, str, str]:
    return outcome.rule_code, outcome.recipient_id, outcome.asset


def _plan(
    portal: Portal, program_id: str, number: int | None
) -> tuple[Program, PlanVersion, PlanDraft | None]:
    """The program, a version of its plan, and the draft where it is that one's."""
    program_want, draft_want = One(Program, program_id), One(PlanDraft, program_id)
    plan_want = One(PlanVersion, f"{program_id}.{number}")
    found = portal.store.read([program_want, draft_want, plan_want])
    program, draft, plan = found[program_want], found[draft_want], found[plan_want]
    if program is None:
        raise NotFound.of("programId")
    if plan is not None:
        return program, plan, None
    if number is not None or draft is None or draft.empty:
        raise NotFound.of("number")
    plan = version_of(draft, program)
    problems = plan_checks.problems(plan, program)
    if problems:
        raise PlanNotPublishable("The draft cannot be run.", problems)
    return program, plan, draft


class _History:
    """A partner's people, deals and activities in a program, in the order of what occurred."""

    def __init__(self, portal: Portal, partner_id: str, program_id: str) -> None:
        self._portal, self._partner_id, self._program_id = portal, partner_id, program_id
        # What somebody did who has left is part of the history.
        people = ever_at(portal.store, partner_id)
        self._loads = [Loads(partner_id, person, program_id) for person in people]
        if not self._loads:
            raise NotFound.of("partnerId")
        wants: list[Want[object]] = [*self._loads[0].wants()]
        for loads in self._loads:
            wants += [loads.individual, loads.enrollment]
            of = of_person(partner_id, loads.individual_id)
            wants += [Many(Deal, of), Many(Activity, of)]
        self._found: Found = portal.store.read(list(dict.fromkeys(wants)))
        self.deals = tuple(deal for deal in self._all(Deal) if deal.program_id == program_id)
        mine = (act for act in self._all(Activity) if act.program_id == program_id)
        self.activities = tuple(
            sorted(mine, key=lambda one: (one.occurred_at, one.recorded_at, one.id))
        )

    def settlement(self, plan: PlanVersion) -> Settlement:
        """A settlement under the plan alone, from nothing; it is never written."""
        loads, found = self._loads[0], self._found
        partner, program = found[loads.partner], found[loads.program]
        if partner is None or program is None:
            raise NotFound.of("partnerId")
        situation = Situation(self._portal, system_viewer(), found, self._portal.clock(), "dry-run")
        members = {}
        for one in self._loads:
            person = found[one.individual]
            if person is not None:
                # Whoever is erased by now has earned until then.
                known = replace(person, status=PersonStatus.ACTIVE)
                members[person.id] = Member(known, found[one.enrollment], one)
        assets = dict.fromkeys((rule.asset for rule in plan.rules), _ENOUGH_MINOR)
        shards = {shard: ProgramShard(shard, assets) for shard in shards_of(program.id)}
        books = Books(
            situation=situation,
            loads=loads,
            program=program,
            consents=found[loads.consents],
            postings=Postings(situation, {ref: Wallet(ref) for ref in (partner.id, *members)}),
            counters=Counters({}),
            budget=Budget(self._portal.store, program, shards),
            enrolled=tuple(members.values()),
        )
        return Settlement(
            books=books,
            person_field="partnerId",
            plans=(plan,),
            partner=partner,
            members=members,
            sheet=found[loads.sheet],
        )

    def consents_at(self, instant: datetime) -> ConsentFile | None:
        """The consents as they were then: what was revoked later was in force."""
        file = self._found[self._loads[0].consents]
        if file is None:
            return None
        then = tuple(
            replace(one, revoked_at=None)
            if one.revoked_at is not None and instant < one.revoked_at
            else one
            for one in file.consents
        )
        return replace(file, consents=then)

    def _all(self, kind: type[R]) -> Iterator[R]:
        for loads in self._loads:
            of = of_person(self._partner_id, loads.individual_id)
            yield from self._found[Many(kind, of)].records
