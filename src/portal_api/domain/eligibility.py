"""Which programs are for whom, what keeps somebody from earning in one, and what to do about it.

A partner's people hear of the programs whose segment lets their company through, and of those that
it would be let into with a higher tier, or they in another role. No other program exists for them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from portal_api.domain.access import Viewer
from portal_api.domain.consent import Consent, ConsentFile, Enrollment, Who
from portal_api.domain.goals import Level
from portal_api.domain.partners import ParticipationPolicy, Partner, Role, Segment, Tier
from portal_api.domain.plans import PlanVersion, Rule, plan_at
from portal_api.domain.programs import Program
from portal_api.domain.rebates import Participation, ParticipationStatus


class Obstacle(StrEnum):
    """What lies between somebody and earning in a program, in the order in which it is told."""

    OUT_OF_WINDOW = "OUT_OF_WINDOW"
    TYPE = "TYPE"
    REGION = "REGION"
    BUSINESS_MODEL = "BUSINESS_MODEL"
    STRATEGY = "STRATEGY"
    TIER = "TIER"
    ROLE = "ROLE"
    NO_RULE = "NO_RULE"
    NO_PARTICIPATION = "NO_PARTICIPATION"
    NO_CONSENT = "NO_CONSENT"
    NOT_ENROLLED = "NOT_ENROLLED"


class NextStep(StrEnum):
    """What to do next to earn in a program: first what can be done at once."""

    EARNING = "EARNING"
    ENROLL = "ENROLL"
    ACCEPT_NEW_TERMS = "ACCEPT_NEW_TERMS"
    ASK_FOR_CONSENT = "ASK_FOR_CONSENT"
    WAIT_FOR_EXECUTIVE = "WAIT_FOR_EXECUTIVE"
    ANSWER_REQUEST = "ANSWER_REQUEST"
    GRANT_CONSENT = "GRANT_CONSENT"
    TAKE_PART = "TAKE_PART"
    WAIT_FOR_START = "WAIT_FOR_START"
    NOTHING = "NOTHING"


_PROFILE = frozenset({Obstacle.TYPE, Obstacle.REGION, Obstacle.BUSINESS_MODEL, Obstacle.STRATEGY})
"""What a company is, and does not become by doing better."""

_LASTING = _PROFILE | {Obstacle.TIER, Obstacle.ROLE}
"""For whom the program is not as things are."""

_FINAL = _LASTING | {Obstacle.NO_RULE}
"""What neither consent nor enrollment gets over."""

_TO_PEOPLE = frozenset({Level.INDIVIDUAL, Level.TEAM})


@dataclass(frozen=True, slots=True)
class Party:
    """A company, or with ``who`` one of its people, and what it has to do with one program.

    ``policy`` is that of the partner's type; ``participation`` that in the program which the
    company's rebates here require, if any.
    """

    partner: Partner
    policy: ParticipationPolicy
    consents: ConsentFile | None = None
    who: Who | None = None
    enrollment: Enrollment | None = None
    participation: Participation | None = None

    @property
    def role(self) -> Role | None:
        """The person's role."""
        return self.who.role if self.who else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What keeps a party from earning in a program; nothing does where there is no obstacle.

    ``tiers`` and ``roles`` are those that the program is for, where they are an obstacle.
    """

    obstacles: tuple[Obstacle, ...]
    next_step: NextStep
    tiers: tuple[Tier, ...] = ()
    roles: tuple[Role, ...] = ()

    @property
    def eligible(self) -> bool:
        """Whether what is done now earns."""
        return not self.obstacles


def disclosed(segment: Segment, partner: Partner, at: datetime) -> bool:
    """Whether a partner's people may know of a program with this segment.

    It admits what their company is, and the tier that it has or a higher one.
    """
    if _PROFILE & {*_of_partner(segment, partner, at)}:
        return False
    ranks, held = list(Tier), partner.tier_at(at)
    return not segment.tiers or any(
        held is None or ranks.index(tier) >= ranks.index(held) for tier in segment.tiers
    )


def known_to(
    viewer: Viewer, program: Program | None, partner: Partner | None, at: datetime, *parts: object
) -> Program | None:
    """A program where it exists for somebody who asks about a partner; else none, as if unknown.

    Every program does for the vendor. For a partner's people it does where they may know of it,
    and where they have a part in it already: ``parts`` are what there may be of that, such as a
    consent, an enrollment or counters, and none where there is none.
    """
    if program is None or viewer.partner_id is None or any(part is not None for part in parts):
        return program
    return program if partner is not None and disclosed(program.segment, partner, at) else None


def judged(program: Program, plans: Sequence[PlanVersion], party: Party, at: datetime) -> Judgement:
    """What keeps a company's people, or one of them, from earning in a program at an instant.

    ``plans`` are those published. A company needs no consent where its rules pay it alone.
    """
    obstacles = tuple(_obstacles(program, plan_at(tuple(plans), at), party, at))
    return Judgement(
        obstacles,
        _next_step(program, obstacles, party, at),
        program.segment.tiers if Obstacle.TIER in obstacles else (),
        program.segment.roles if Obstacle.ROLE in obstacles else (),
    )


def offered(
    plan: PlanVersion | None, partner: Partner, role: Role | None, at: datetime
) -> tuple[Rule, ...]:
    """The rules of a plan that pay a company or its people; with ``role`` those in this role only.

    What is paid to the company is told whoever it was earned by.
    """
    return tuple(
        rule
        for rule in (plan.rules if plan else ())
        if not rule.shadow
        and rule.segment.admits_partner(partner, at)
        and (role is None or rule.level is Level.PARTNER or rule.segment.admits_role(role))
    )


def _of_partner(segment: Segment, partner: Partner, at: datetime) -> Iterator[Obstacle]:
    """Why a segment does not let a company through."""
    if segment.types and partner.type not in segment.types:
        yield Obstacle.TYPE
    if segment.regions and partner.region not in segment.regions:
        yield Obstacle.REGION
    if segment.business_models and partner.business_model not in segment.business_models:
        yield Obstacle.BUSINESS_MODEL
    if segment.strategies and partner.strategy not in segment.strategies:
        yield Obstacle.STRATEGY
    if segment.tiers and partner.tier_at(at) not in segment.tiers:
        yield Obstacle.TIER


def _obstacles(
    program: Program, plan: PlanVersion | None, party: Party, at: datetime
) -> Iterator[Obstacle]:
    if plan is None or plan.effective_from > at or not program.open_at(at):
        yield Obstacle.OUT_OF_WINDOW
    yield from _of_partner(program.segment, party.partner, at)
    if party.role is not None and not program.segment.admits_role(party.role):
        yield Obstacle.ROLE
    rules = offered(plan, party.partner, party.role, at)
    to_people = any(rule.level in _TO_PEOPLE for rule in rules)
    if plan is not None and not (to_people or (party.who is None and rules)):
        yield Obstacle.NO_RULE
    # Where anything else pays as well, what is done now earns without it.
    rebates_only = bool(rules) and all(rule.mechanic.of_participation for rule in rules)
    if rebates_only and _participates(party, at) is not ParticipationStatus.TAKES_PART:
        yield Obstacle.NO_PARTICIPATION
    if plan is not None and not to_people:
        return
    if not _consented(program, party, at):
        yield Obstacle.NO_CONSENT
    if party.who is not None and not _enrolled(program, party.enrollment, at):
        yield Obstacle.NOT_ENROLLED


def _participates(party: Party, at: datetime) -> ParticipationStatus:
    """Where the company stands in the program that its rebates require."""
    if party.participation is None:
        return ParticipationStatus.TAKES_PART
    return party.participation.at(at).status


def _consented(program: Program, party: Party, at: datetime) -> bool:
    """Whether a consent covers the person now, or any of the company's."""
    terms = program.terms_at(at)
    if party.consents is None:
        return False
    if party.who is not None:
        return party.consents.covering(party.who, at, terms) is not None
    return any(one.terms_version >= terms and one.active_at(at) for one in party.consents.consents)


def _enrolled(program: Program, enrollment: Enrollment | None, at: datetime) -> bool:
    return enrollment is not None and enrollment.covers(at, program.terms_at(at))


def _next_step(
    program: Program, obstacles: tuple[Obstacle, ...], party: Party, at: datetime
) -> NextStep:
    if Obstacle.NO_PARTICIPATION in obstacles and not _LASTING & {*obstacles}:
        return _to_participation(party, at) if at < program.ends_at else NextStep.NOTHING
    if _FINAL & {*obstacles} or program.ends_at <= at:
        return NextStep.NOTHING
    enrollment = party.enrollment
    if Obstacle.NOT_ENROLLED in obstacles:
        joined = enrollment is not None and enrollment.withdrawn_at is None
        return NextStep.ACCEPT_NEW_TERMS if joined else NextStep.ENROLL
    if party.who is None and party.consents is not None and party.consents.waiting():
        return NextStep.ANSWER_REQUEST
    if Obstacle.NO_CONSENT in obstacles:
        return _to_consent(program, party, at)
    return NextStep.WAIT_FOR_START if obstacles else NextStep.EARNING


def _to_participation(party: Party, at: datetime) -> NextStep:
    """What to do where the company does not take part in the program that its rebates require."""
    required = party.participation.program if party.participation else None
    if required is None or required.ends_at <= at:
        return NextStep.NOTHING
    if not disclosed(required.segment, party.partner, at):
        return NextStep.NOTHING
    if _participates(party, at) is ParticipationStatus.NOT_YET:
        return NextStep.WAIT_FOR_START
    return NextStep.TAKE_PART if party.who is None else NextStep.WAIT_FOR_EXECUTIVE


def _to_consent(program: Program, party: Party, at: datetime) -> NextStep:
    """What to do where no consent covers the party."""
    file, who = party.consents, party.who
    if file is not None and any(_will_cover(one, program, who, at) for one in file.consents):
        return NextStep.WAIT_FOR_START
    if who is None:
        return NextStep.GRANT_CONSENT
    asked = file is not None and any(request.whom.covers(who) for request in file.waiting())
    if asked or party.policy is ParticipationPolicy.COMPANY_WIDE:
        return NextStep.WAIT_FOR_EXECUTIVE
    return NextStep.ASK_FOR_CONSENT


def _will_cover(consent: Consent, program: Program, who: Who | None, at: datetime) -> bool:
    """Whether a consent that was granted begins to cover the party later."""
    if consent.valid_from <= at:
        return False
    terms = program.terms_at(consent.valid_from)
    if who is not None:
        return consent.covers(who, consent.valid_from, terms)
    return consent.terms_version >= terms and consent.active_at(consent.valid_from)
