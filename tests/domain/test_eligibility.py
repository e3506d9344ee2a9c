"""Whom a program is for, what is in the way of earning in it, and what to do next."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from portal_api.domain.consent import Consent, ConsentFile, ConsentRequest, ConsentScope, Who
from portal_api.domain.eligibility import (
    NextStep,
    Obstacle,
    Party,
    disclosed,
    judged,
    offered,
)
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.partners import (
    BusinessModel,
    ParticipationPolicy,
    PartnerType,
    Role,
    SalesStrategy,
    Segment,
    Tier,
    TierAssignment,
)
from portal_api.domain.plans import Period, Rule
from portal_api.domain.programs import Program
from portal_api.domain.rebates import Participation
from tests.domain.facts import CONSENTS, DAY, ENROLLMENT, PARTNER, PROGRAM, T0, a_plan, a_rule

NOW = T0 + DAY
ANN = Who("ann", "north", Role.SALES_REP)
FLAT = Flat("TRAINING", 50)
PERSON, COMPANY = a_rule(FLAT, code="person"), a_rule(FLAT, Level.PARTNER, code="company")
PLAN = a_plan(PERSON, COMPANY)
REP = Party(PARTNER, ParticipationPolicy.SELECTIVE, CONSENTS, ANN, ENROLLMENT)
EXECUTIVE = replace(REP, who=None, enrollment=None)
ASKED = replace(CONSENTS, consents=(), requests=(ConsentRequest(1, ("ann",), "ann", T0),))


def consenting(**changes: Any) -> ConsentFile:
    """A file of one consent for the whole company, changed."""
    consent = Consent(1, ConsentScope.COMPANY, (), 1, "boss", T0, T0)
    return replace(CONSENTS, consents=(replace(consent, **changes),))


def told(
    party: Party, program: Program = PROGRAM, *rules: Rule, at: datetime = NOW
) -> tuple[list[Obstacle], NextStep]:
    """What is in the way, and what is next."""
    plan = a_plan(*rules) if rules else PLAN
    judgement = judged(program, (plan,), party, at)
    assert judgement.eligible is (not judgement.obstacles)
    return list(judgement.obstacles), judgement.next_step


@pytest.mark.parametrize("party", [REP, EXECUTIVE], ids=["a rep", "a company"])
def test_whoever_has_all_of_it_earns(party: Party) -> None:
    assert ([], NextStep.EARNING) == told(party)


@pytest.mark.parametrize(
    ("segment", "obstacle"),
    [
        (Segment(types=(PartnerType.MSP,)), Obstacle.TYPE),
        (Segment(regions=("APAC",)), Obstacle.REGION),
        (Segment(business_models=(BusinessModel.RESALE,)), Obstacle.BUSINESS_MODEL),
        (Segment(strategies=(SalesStrategy.HUNTING,)), Obstacle.STRATEGY),
        (Segment(tiers=(Tier.PLATINUM,)), Obstacle.TIER),
        (Segment(roles=(Role.MARKETER,)), Obstacle.ROLE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_part_of_a_segment_is_an_obstacle_of_its_own(
    segment: Segment, obstacle: Obstacle
) -> None:
    """Nothing can be done about it, whatever else is missing."""
    program = replace(PROGRAM, segment=segment)
    stranger = replace(REP, consents=None, enrollment=None)
    missing = [Obstacle.NO_CONSENT, Obstacle.NOT_ENROLLED]

    assert ([obstacle], NextStep.NOTHING) == told(REP, program)
    assert ([obstacle, *missing], NextStep.NOTHING) == told(stranger, program)


def test_a_company_has_no_role() -> None:
    program = replace(PROGRAM, segment=Segment(roles=(Role.MARKETER,)))
    assert ([], NextStep.EARNING) == told(EXECUTIVE, program)


def test_the_tiers_and_roles_that_are_needed_are_told() -> None:
    segment = Segment(tiers=(Tier.PLATINUM,), roles=(Role.MARKETER,))
    judgement = judged(replace(PROGRAM, segment=segment), (PLAN,), REP, NOW)
    assert ((Tier.PLATINUM,), (Role.MARKETER,)) == (judgement.tiers, judgement.roles)
    fits = replace(PROGRAM, segment=Segment(tiers=(Tier.GOLD,), roles=(Role.SALES_REP,)))
    judgement = judged(fits, (PLAN,), REP, NOW)
    assert ((), ()) == (judgement.tiers, judgement.roles)


@pytest.mark.parametrize(
    ("party", "step"),
    [
        (replace(REP, enrollment=None), NextStep.ENROLL),
        (replace(REP, enrollment=replace(ENROLLMENT, withdrawn_at=NOW)), NextStep.ENROLL),
        (replace(REP, enrollment=None, consents=None), NextStep.ENROLL),
        (replace(REP, consents=None), NextStep.ASK_FOR_CONSENT),
        (replace(REP, consents=ASKED), NextStep.WAIT_FOR_EXECUTIVE),
        (
            replace(REP, consents=None, policy=ParticipationPolicy.COMPANY_WIDE),
            NextStep.WAIT_FOR_EXECUTIVE,
        ),
        (
            replace(REP, consents=replace(ASKED, requests=(ConsentRequest(1, ("b",), "b", T0),))),
            NextStep.ASK_FOR_CONSENT,
        ),
        (replace(REP, consents=consenting(valid_from=NOW + DAY)), NextStep.WAIT_FOR_START),
        (replace(REP, consents=consenting(revoked_at=NOW)), NextStep.ASK_FOR_CONSENT),
        (replace(EXECUTIVE, consents=None), NextStep.GRANT_CONSENT),
        (replace(EXECUTIVE, consents=ASKED), NextStep.ANSWER_REQUEST),
        (replace(EXECUTIVE, consents=consenting(valid_from=NOW + DAY)), NextStep.WAIT_FOR_START),
        (replace(EXECUTIVE, consents=consenting(valid_to=NOW)), NextStep.GRANT_CONSENT),
    ],
)
def test_the_next_step_is_what_can_be_done_first(party: Party, step: NextStep) -> None:
    """Somebody else's request is not one's own; a consent to come needs no other."""
    obstacles, found = told(party)
    assert step == found
    assert obstacles


def test_a_request_waits_for_the_executive_whatever_is_granted_already() -> None:
    waiting = replace(EXECUTIVE, consents=replace(CONSENTS, requests=ASKED.requests))
    assert ([], NextStep.ANSWER_REQUEST) == told(waiting)


def test_new_terms_are_to_be_accepted_and_consented_anew() -> None:
    program = replace(PROGRAM, terms_version=2, terms_since=(NOW,))
    missing = [Obstacle.NO_CONSENT, Obstacle.NOT_ENROLLED]
    assert (missing, NextStep.ACCEPT_NEW_TERMS) == told(REP, program)
    assert ([Obstacle.NO_CONSENT], NextStep.GRANT_CONSENT) == told(EXECUTIVE, program)


@pytest.mark.parametrize("party", [REP, EXECUTIVE], ids=["a rep", "a company"])
def test_a_program_to_come_is_waited_for_and_one_that_is_over_is_not(party: Party) -> None:
    outside = [Obstacle.OUT_OF_WINDOW]
    coming = replace(PROGRAM, starts_at=NOW + DAY)
    assert (outside, NextStep.WAIT_FOR_START) == told(party, coming)
    assert (outside, NextStep.NOTHING) == told(party, replace(PROGRAM, ends_at=NOW))


def test_before_its_first_plan_a_program_is_waited_for() -> None:
    later = a_plan(PERSON, effective_from=NOW + DAY)
    for plans in ((), (later,)):
        judgement = judged(PROGRAM, plans, REP, NOW)
        assert ((Obstacle.OUT_OF_WINDOW,), NextStep.WAIT_FOR_START) == (
            judgement.obstacles,
            judgement.next_step,
        )


def test_what_can_be_prepared_for_a_program_to_come_is_the_next_step() -> None:
    coming = replace(PROGRAM, starts_at=NOW + DAY)
    assert NextStep.ENROLL is told(replace(REP, enrollment=None), coming)[1]


def test_a_company_needs_no_consent_where_its_rules_pay_it_alone() -> None:
    """Its people have nothing to earn there."""
    unconsented = replace(EXECUTIVE, consents=None)
    assert ([], NextStep.EARNING) == told(unconsented, PROGRAM, COMPANY)
    assert ([Obstacle.NO_RULE], NextStep.NOTHING) == told(REP, PROGRAM, COMPANY)


@pytest.mark.parametrize(
    "rule",
    [
        replace(PERSON, shadow=True),
        replace(PERSON, segment=Segment(tiers=(Tier.SILVER,))),
        replace(PERSON, segment=Segment(roles=(Role.MARKETER,))),
    ],
    ids=["a shadow", "another tier", "another role"],
)
def test_a_plan_that_pays_somebody_nothing_is_an_obstacle(rule: Rule) -> None:
    assert ([Obstacle.NO_RULE], NextStep.NOTHING) == told(REP, PROGRAM, rule)


def test_an_offer_is_the_rules_that_pay_the_company_or_its_people() -> None:
    marketer = replace(PERSON, code="marketer", segment=Segment(roles=(Role.MARKETER,)))
    other = replace(COMPANY, code="other", segment=Segment(types=(PartnerType.MSP,)))
    promoted = replace(COMPANY, code="promoted", segment=Segment(roles=(Role.MARKETER,)))
    plan = a_plan(PERSON, COMPANY, marketer, other, promoted)

    def codes(role: Role | None) -> list[str]:
        return [rule.code for rule in offered(plan, PARTNER, role, NOW)]

    assert ["person", "company", "marketer", "promoted"] == codes(None)
    assert ["person", "company", "promoted"] == codes(Role.SALES_REP)
    assert () == offered(None, PARTNER, None, NOW)


@pytest.mark.parametrize(
    ("segment", "known"),
    [
        (Segment(), True),
        (Segment(tiers=(Tier.GOLD,)), True),
        (Segment(tiers=(Tier.PLATINUM,)), True),
        (Segment(tiers=(Tier.BRONZE, Tier.PLATINUM)), True),
        (Segment(tiers=(Tier.BRONZE, Tier.SILVER)), False),
        (Segment(roles=(Role.MARKETER,)), True),
        (Segment(types=(PartnerType.MSP,)), False),
        (Segment(regions=("APAC",)), False),
        (Segment(business_models=(BusinessModel.RESALE,)), False),
        (Segment(strategies=(SalesStrategy.HUNTING,)), False),
        (Segment(types=(PartnerType.MSP,), tiers=(Tier.PLATINUM,)), False),
    ],
)
def test_a_program_is_known_to_whom_it_admits_now_or_with_a_higher_tier(
    segment: Segment, known: bool
) -> None:
    """The partner is a gold VAR of EMEA, of no model or strategy; a lower tier is not reached."""
    assert known is disclosed(segment, PARTNER, NOW)


def test_before_its_first_tier_a_partner_can_reach_each() -> None:
    later = replace(PARTNER, tiers=(TierAssignment(Tier.GOLD, NOW + timedelta(days=9)),))
    segment = Segment(tiers=(Tier.BRONZE,))
    assert disclosed(segment, later, NOW)
    assert not disclosed(segment, later, NOW + timedelta(days=9))


REQUIRED = replace(PROGRAM, id="prg-required")
SALES = a_rule(Rebate(Period.QUARTER, (Band(0, 100),)), Level.PARTNER, code="rebate")


@pytest.mark.parametrize(
    ("required", "file", "step"),
    [
        (REQUIRED, None, NextStep.TAKE_PART),
        (REQUIRED, consenting(revoked_at=NOW), NextStep.TAKE_PART),
        (REQUIRED, consenting(valid_from=NOW + DAY), NextStep.WAIT_FOR_START),
        (replace(REQUIRED, terms_version=2), consenting(), NextStep.TAKE_PART),
        # There is nothing that the company could consent to.
        (replace(REQUIRED, ends_at=NOW), None, NextStep.NOTHING),
        (replace(REQUIRED, segment=Segment(regions=("APAC",))), None, NextStep.NOTHING),
    ],
)
def test_a_rebate_needs_that_the_company_takes_part_elsewhere(
    required: Program, file: ConsentFile | None, step: NextStep
) -> None:
    """A rep waits for what its executive can do, and can do nothing where nobody can."""
    party = replace(EXECUTIVE, consents=None, participation=Participation(required, file))
    rep = replace(party, who=ANN, enrollment=None)
    waits = step if step is not NextStep.TAKE_PART else NextStep.WAIT_FOR_EXECUTIVE

    assert ([Obstacle.NO_PARTICIPATION], step) == told(party, PROGRAM, SALES)
    assert ([Obstacle.NO_RULE, Obstacle.NO_PARTICIPATION], waits) == told(rep, PROGRAM, SALES)


def test_what_pays_besides_a_rebate_needs_no_participation() -> None:
    """And a program that is not for the company asks for none, nor one that is over."""
    party = replace(EXECUTIVE, participation=Participation(REQUIRED, None))
    elsewhere = replace(PROGRAM, segment=Segment(regions=("APAC",)))
    taking = replace(party, participation=Participation(REQUIRED, consenting()))

    assert ([], NextStep.EARNING) == told(party, PROGRAM, SALES, COMPANY)
    assert ([], NextStep.EARNING) == told(taking, PROGRAM, SALES)
    assert NextStep.NOTHING is told(party, elsewhere, SALES)[1]
    assert NextStep.NOTHING is told(party, replace(PROGRAM, ends_at=NOW), SALES)[1]
