"""What a consent would change, before it is granted: read in two waves, and never written."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.access import Viewer
from portal_api.domain.activities import Activity
from portal_api.domain.consent import ConsentFile, Who
from portal_api.domain.consent_previews import (
    Amounts,
    ConsentPreview,
    Covered,
    Unlocked,
    forgone_in,
    forgone_told,
    late_told,
    summed,
    unlocked,
)
from portal_api.domain.eligibility import known_to
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    InvalidInput,
    NotPermitted,
    NotRetroactive,
    Refusal,
)
from portal_api.domain.goals import COMPANY, Progress
from portal_api.domain.granting import Terms
from portal_api.domain.partners import STAFF_ROLES, VENDOR_ROLES, Partner, PersonStatus, Role
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.domain.programs import Program
from portal_api.domain.rebates import RebateBaselines
from portal_api.domain.teams import TeamAward
from portal_api.services.consent import FileOf, check_terms, checked_whom, with_grant
from portal_api.services.loads import Loads
from portal_api.services.partners import members_of
from portal_api.services.retroactive import PAID_AFTERWARDS
from portal_api.services.store import (
    Found,
    Listed,
    Many,
    One,
    Want,
    of_partner,
    of_person,
    of_vendor,
)
from portal_api.services.use_case import Portal, Situation

PREVIEWERS = VENDOR_ROLES | {Role.PARTNER_EXECUTIVE}
MOST_PEOPLE = 500
"""So many of a company's people are looked at."""
_MOST_ACTIVITIES = 200
"""So many of each person's activities are looked at, for a consent that looks back in part."""


def preview_consent(
    portal: Portal, viewer: Viewer, *, partner_id: str, program_id: str, terms: Terms
) -> ConsentPreview:
    """What a consent of these terms would change, for the partner's executive and the vendor.

    Raises ``NotPermitted``, ``NotFound`` and ``InvalidInput``. That it cannot be granted, by the
    policy of the partner's type or by the program, also by its end, is part of the answer.
    """
    if viewer.role not in PREVIEWERS:
        raise NotPermitted("Your role may not do this.", tuple(sorted(PREVIEWERS)))
    check_terms(terms)
    of = FileOf(partner_id, program_id, checked_whom(terms.whom))
    read = _Read(
        Listed(members_of(partner_id), MOST_PEOPLE + 1, newest_first=False),
        Many(Progress, of_partner(partner_id)),
        Many(Program, of_vendor()),
        Many(PlanVersion, of_vendor()),
    )
    wants = (*of.wants(), *read.wants())
    s = Situation(portal, viewer, portal.store.read(wants), portal.clock(), "preview")
    partner, program, before = of.loaded(s)
    after: ConsentFile | None = None
    refusal: Refusal | None = None
    try:
        after = with_grant(s, of, terms)
    except (CompanyWideConsentRequired, NotRetroactive) as refused:
        refusal = refused
    except InvalidInput as refused:
        if s.now < program.ends_at:
            raise
        refusal = refused  # That it has ended is no mistake of who asks.
    people, rebates = _second_wave(s, read, of, before, after)
    preview = ConsentPreview(
        partner=partner,
        program=program,
        whom=of.whom,
        before=before,
        after=after,
        refusal=refusal,
        people=people,
        complete=bool(of.whom.individual_ids) or len(s.found[read.members].ids) <= MOST_PEOPLE,
        rebates=rebates,
        admitted=program.segment.admits_partner(partner, s.now),
    )
    company = read.progress_of(s, program_id)
    return _with_amounts(s, preview, company, terms)


@dataclass(frozen=True, slots=True)
class _Read:
    """What is read of the company and of the vendor's programs."""

    members: Listed
    progress: Many[Progress]
    programs: Many[Program]
    plans: Many[PlanVersion]

    def wants(self) -> tuple[Want[object], ...]:
        """All of it."""
        return self.members, self.progress, self.programs, self.plans

    def progress_of(self, s: Situation, program_id: str) -> Progress:
        """The company's own counters in a program."""
        own = f"{self.progress.of[1]}.{program_id}.{COMPANY}"
        return self._counted(s).get(own, Progress(own))

    def needing(self, s: Situation, program: Program, partner: Partner) -> Iterator[Program]:
        """The programs whose rebate needs that the company takes part in this one.

        Of those that exist for the asker.
        """
        counted = self._counted(s)
        for one in s.found[self.programs].records:
            part = counted.get(f"{partner.id}.{one.id}.{COMPANY}")
            known = known_to(s.viewer, one, partner, s.now, part)
            if known is not None and one.participation_in == program.id:
                yield one

    def _counted(self, s: Situation) -> dict[str, Progress]:
        return {one.id: one for one in s.found[self.progress].records}


def _second_wave(
    s: Situation, read: _Read, of: FileOf, before: ConsentFile, after: ConsentFile | None
) -> tuple[tuple[Covered, ...], tuple[Unlocked, ...]]:
    """Those that are covered, and the rebates that depend on it."""
    partner, program, _ = of.loaded(s)
    ids: Sequence[str] = of.whom.individual_ids or s.found[read.members].ids[:MOST_PEOPLE]
    loads = [Loads(partner.id, person, program.id) for person in ids]
    needing = list(read.needing(s, program, partner))
    baselines = {one.id: One(RebateBaselines, f"{partner.id}.{one.id}") for one in needing}
    wants: list[Want[object]] = list(baselines.values())
    for one in loads:
        wants += [one.individual, one.enrollment, one.own_progress]
    found = s.portal.store.read(wants)
    people = (_person(s, found, one, of, before) for one in loads)
    plans = defaultdict[str, list[PlanVersion]](list)
    for plan in s.found[read.plans].records:
        plans[plan.program_id].append(plan)
    rebates = (
        unlocked(
            one,
            tuple(plans[one.id]),
            partner,
            read.progress_of(s, one.id),
            found[baselines[one.id]],
            (program, before, after),
            s.now,
        )
        for one in needing
    )
    return tuple(one for one in people if one is not None), tuple(rebates)


def _person(
    s: Situation, found: Found, loads: Loads, of: FileOf, file: ConsentFile
) -> Covered | None:
    """A person as it is placed now, where it would be covered and may act."""
    _, program, _ = of.loaded(s)
    individual, enrollment = found[loads.individual], found[loads.enrollment]
    employment = individual.employment_at(s.now) if individual is not None else None
    if individual is None or employment is None or employment.partner_id != file.partner_id:
        return None
    if individual.status is not PersonStatus.ACTIVE:
        return None
    who = Who(individual.id, employment.team_id, employment.role)
    if employment.role not in STAFF_ROLES or not of.whom.covers(who):
        return None
    progress = found[loads.own_progress] or Progress(loads.own_progress.id)
    return Covered(
        individual=individual,
        enrolled=enrollment is not None and enrollment.covers(s.now, program.terms_version),
        already=file.covering(who, s.now, program.terms_version) is not None,
        forgone=forgone_in(progress),
    )


def _with_amounts(
    s: Situation, preview: ConsentPreview, company: Progress, terms: Terms
) -> ConsentPreview:
    """The preview with what its lack has cost and what would be paid afterwards."""
    whole, executive = preview.whom.everybody, s.viewer.partner_id is not None
    covers_from = terms.covers_from if preview.after is not None else None
    since_ever = covers_from is not None and covers_from <= preview.program.starts_at
    if covers_from is not None and not executive and not since_ever:
        preview = _looking_back(s, preview, terms)
    elif since_ever:
        people = (replace(one, late=one.forgone if one.enrolled else {}) for one in preview.people)
        preview = replace(preview, people=tuple(people))
    if executive:
        late = since_ever and whole and preview.complete
        return replace(
            preview,
            forgone=forgone_told(company, preview.program) if whole else None,
            late=late_told(company, preview.program, preview.people) if late else None,
        )
    told = covers_from is not None and preview.complete
    return replace(
        preview,
        forgone=forgone_in(company) if whole else summed(one.forgone for one in preview.people),
        late=summed(one.late for one in preview.people) if told else None,
    )


def _looking_back(s: Situation, preview: ConsentPreview, terms: Terms) -> ConsentPreview:
    """The same with what was withheld of each enrolled person since the consent would cover it.

    Incomplete where somebody did more than is looked at.
    """
    partner_id, program_id = preview.before.partner_id, preview.program.id
    enrolled = [one for one in preview.people if one.enrolled]
    done = {
        one.individual.id: Many(
            Activity,
            of_person(partner_id, one.individual.id),
            first=_MOST_ACTIVITIES,
            newest_first=True,
        )
        for one in enrolled
    }
    awards = Many(TeamAward, of_partner(partner_id))
    published = s.found[Many(PlanVersion, of_vendor())].records
    plans = tuple(one for one in published if one.program_id == program_id)
    found = s.portal.store.read([*done.values(), awards])
    late, since = defaultdict[str, Counter[str]](Counter), terms.covers_from
    assert since is not None  # noqa: S101 - A consent that looks back does so from then on.
    for page in (found[want] for want in done.values()):
        for activity in page.records:
            if activity.program_id != program_id or activity.occurred_at < since:
                continue
            for outcome in activity.outcomes:
                noted = (activity.occurred_at, outcome.rule_code)
                if outcome.reason in PAID_AFTERWARDS and not _shadow(plans, *noted):
                    late[outcome.recipient_id][outcome.asset] += outcome.amount_minor
    for award in found[awards].records:
        if award.program_id == program_id and award.trace.occurred_at >= since:
            for share in award.shares:
                if share.outcome is not None and share.outcome.reason in PAID_AFTERWARDS:
                    late[share.individual_id][award.trace.asset] += share.amount_minor
    people = tuple(
        replace(one, late=_of(late[one.individual.id]) if one.enrolled else {})
        for one in preview.people
    )
    more = any(found[want].more for want in done.values())
    return replace(preview, people=people, complete=preview.complete and not more)


def _shadow(plans: tuple[PlanVersion, ...], at: datetime, rule_code: str) -> bool:
    """Whether the rule only noted what it would pay."""
    plan = plan_at(plans, at)
    rule = plan.rule(rule_code) if plan is not None else None
    return rule is not None and rule.shadow


def _of(amounts: Counter[str]) -> Amounts:
    return {asset: amount for asset, amount in amounts.items() if amount > 0}
