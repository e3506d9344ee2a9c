"""The whole path on both engines, from a plan to money in a wallet, and what is withheld on it."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import ConsentFile
from portal_api.domain.deals import RegistrationStatus
from portal_api.domain.errors import AlreadyEnrolled, ConsentNotActive, NotEligible, NotEnrolled
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind
from portal_api.domain.partners import Segment, Tier
from portal_api.domain.payouts import PayoutStatus
from portal_api.domain.programs import Program
from portal_api.services import consent, enrollment, payouts, programs
from tests.services.steps import TRAINING, ask_for_consent, define
from tests.services.world import DAY, MILESTONES, World, awarded, outcomes_of, withheld


def test_the_whole_path_pays_150_of_900_on_approval_and_750_on_winning(world: World) -> None:
    """The issue's own example, from the rep's wish to the payout, with every number on the way."""
    company, program = world.company(), world.program()

    asked = ask_for_consent(world, company, program, company.rep)
    granted = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    approval = world.approve(deal)
    after_approval = world.balance(company.rep)
    world.wait()
    win = world.win(approval.deal)
    payout = world.pay_out(company.rep, 90_000).payout
    settled = payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank-1"
    )

    assert [((company.rep,), None)] == [
        (one.individual_ids, one.answered_at) for one in asked.requests
    ]
    assert () == (world.load(ConsentFile, asked.id) or asked).waiting()
    assert RegistrationStatus.SUBMITTED is deal.registration
    assert RegistrationStatus.APPROVED is approval.deal.registration
    assert [awarded(15_000)] == outcomes_of(approval.activity)
    assert Balance(available=15_000) == after_approval
    assert [awarded(75_000)] == outcomes_of(win.activity)
    assert [15_000, 75_000] == [award.amount_minor for award in win.deal.awards]
    traces = [approval.earnings[0].trace, win.earnings[0].trace]
    assert [(90_000, granted, 2)] * 2 == [
        (trace.of_minor, trace.consent_id, trace.consent_version) for trace in traces
    ]
    assert PayoutStatus.SETTLED is settled.payout.status
    assert Balance() == world.balance(company.rep)
    assert {
        JournalKind.REWARD: 2,
        JournalKind.PAYOUT_HELD: 1,
        JournalKind.PAYOUT_SETTLED: 1,
    } == world.kinds(company.rep)
    assert 10_000_000 - 90_000 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_without_consent_the_same_steps_are_recorded_and_show_what_they_would_have_paid(
    world: World,
) -> None:
    """Domain rule 2.5; a later consent is not backdated, so the winning pays its own part only."""
    company, program = world.company(), world.program()
    world.enroll(company, program)

    approval = world.approve(world.register(company, program))
    world.wait()
    world.consent(company, program)
    win = world.win(approval.deal)

    assert [withheld(15_000, WithheldReason.NO_CONSENT)] == outcomes_of(approval.activity)
    assert () == approval.earnings
    assert [awarded(75_000)] == outcomes_of(win.activity)
    assert Balance(available=75_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


def test_what_occurred_before_the_consent_earns_nothing_when_it_is_reported_after_it(
    quick_world: World,
) -> None:
    world = quick_world
    define(world)
    company, program = world.company(), world.program(TRAINING, budget={"POINTS": 1_000})
    world.wait()
    world.consent(company, program)
    world.enroll(company, program)

    before = world.record(company, program, "TRAINING", "1", occurred_at=world.now - DAY)
    after = world.record(company, program, "TRAINING", "2")

    assert [withheld(50, WithheldReason.NO_CONSENT)] == outcomes_of(before.activity)
    assert [awarded(50)] == outcomes_of(after.activity)


def test_consent_without_enrollment_pays_nothing(world: World) -> None:
    company, program = world.company(), world.program()
    world.consent(company, program)

    approval = world.approve(world.register(company, program))

    assert [withheld(15_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(approval.activity)
    assert Balance() == world.balance(company.rep)


def test_who_has_left_the_program_earns_no_more_and_may_come_back(world: World) -> None:
    company, program = world.ready()
    deal = world.approved(company, program)
    enrollment.end_enrollment(
        world.portal, world.ask(company.rep), partner_id=company.id, program_id=program
    )
    win = world.win(deal)
    with pytest.raises(NotEnrolled):
        enrollment.end_enrollment(
            world.portal, world.ask(company.rep), partner_id=company.id, program_id=program
        )
    world.enroll(company, program)
    again = world.approve(world.register(company, program))

    assert [withheld(75_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(win.activity)
    assert [awarded(15_000)] == outcomes_of(again.activity)
    with pytest.raises(AlreadyEnrolled):
        world.enroll(company, program)


def test_new_terms_are_accepted_without_leaving_and_need_a_new_consent(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    found = world.load(Program, program)
    assert found is not None
    world.store.commit(programs.program_writes(replace(found, terms_version=2)))

    enrollment.enroll(
        world.portal,
        world.ask(company.rep),
        partner_id=company.id,
        program_id=program,
        terms_version=2,
    )
    before = world.approve(world.register(company, program))
    world.consent(company, program)
    after = world.approve(world.register(company, program))

    assert [withheld(15_000, WithheldReason.NO_CONSENT)] == outcomes_of(before.activity)
    assert [awarded(15_000)] == outcomes_of(after.activity)


def test_outside_the_program_s_window_nothing_is_paid(world: World) -> None:
    company = world.company()
    program = world.program(starts_in=2, days=10)
    world.consent(company, program)
    world.enroll(company, program)

    early = world.approve(world.register(company, program))
    world.wait(2)
    within = world.approve(world.register(company, program))
    world.wait(10)
    late = world.win(within.deal)

    assert [withheld(15_000, WithheldReason.OUT_OF_WINDOW)] == outcomes_of(early.activity)
    assert [awarded(15_000)] == outcomes_of(within.activity)
    assert [withheld(75_000, WithheldReason.OUT_OF_WINDOW)] == outcomes_of(late.activity)
    with pytest.raises(NotEligible):
        world.enroll(world.company(), program)


def test_outside_the_segment_of_the_program_or_of_the_rule_nothing_is_paid(world: World) -> None:
    gold_only = replace(MILESTONES, code="gold", segment=Segment(tiers=(Tier.GOLD,)))
    company = world.company(tier=Tier.SILVER)
    program = world.program(MILESTONES, gold_only)
    elsewhere = world.program(segment=Segment(tiers=(Tier.PLATINUM,)))
    world.consent(company, program)
    world.enroll(company, program)
    world.consent(company, elsewhere)

    by_rule = world.approve(world.register(company, program))
    by_program = world.approve(world.register(company, elsewhere))

    out = withheld(15_000, WithheldReason.OUT_OF_SEGMENT)
    assert [awarded(15_000), out] == outcomes_of(by_rule.activity)
    assert [out] == outcomes_of(by_program.activity)
    with pytest.raises(NotEligible) as refused:
        world.enroll(company, elsewhere)
    assert WithheldReason.OUT_OF_SEGMENT == refused.value.reason


@pytest.mark.parametrize(
    ("budget", "left"), [(15_000, 0), (15_001, 1), (20_000, 5_000)], ids=["all", "1 over", "more"]
)
def test_the_last_units_of_a_budget_are_found_in_whatever_shard_they_are(
    world: World, budget: int, left: int
) -> None:
    """Fault F16: no shard alone has enough, all together have."""
    company = world.company()
    program = world.program(budget={"USD": budget})
    world.consent(company, program)
    world.enroll(company, program)

    approval = world.approve(world.register(company, program))

    assert [awarded(15_000)] == outcomes_of(approval.activity)
    assert left == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_a_budget_that_is_truly_short_pays_nothing_rather_than_a_part(world: World) -> None:
    """Domain rule 4.6; and refilling does not pay what was withheld."""
    company = world.company()
    program = world.program(budget={"USD": 14_999})
    world.consent(company, program)
    world.enroll(company, program)

    approval = world.approve(world.register(company, program))
    left = sum(world.budget(program))
    world.fund(program, 1_000_000)
    win = world.win(approval.deal)

    assert [withheld(15_000, WithheldReason.BUDGET_EXHAUSTED)] == outcomes_of(approval.activity)
    assert () == approval.deal.awards
    assert 14_999 == left
    assert [awarded(75_000)] == outcomes_of(win.activity)
    assert [] == world.audit(program, company.parties)


def test_a_budget_in_another_asset_pays_nothing(quick_world: World) -> None:
    company = quick_world.company()
    program = quick_world.program(budget={"EUR": 1_000_000})
    quick_world.consent(company, program)
    quick_world.enroll(company, program)

    approval = quick_world.approve(quick_world.register(company, program))

    assert [withheld(15_000, WithheldReason.BUDGET_EXHAUSTED)] == outcomes_of(approval.activity)


def test_after_the_revocation_nothing_is_earned_and_what_was_earned_stays(world: World) -> None:
    """Domain rule 2.6, and 2.4: unrevoked at commit also for what occurred before."""
    define(world)
    company = world.company()
    program = world.program(MILESTONES, TRAINING, budget={"USD": 1_000_000, "POINTS": 1_000})
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.approved(company, program)
    world.wait()

    consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    win = world.win(deal)
    before = world.record(company, program, "TRAINING", "1", occurred_at=world.now - DAY)

    assert [withheld(75_000, WithheldReason.NO_CONSENT)] == outcomes_of(win.activity)
    assert [withheld(50, WithheldReason.NO_CONSENT)] == outcomes_of(before.activity)
    assert Balance(available=15_000) == world.balance(company.rep)
    assert 15_000 == world.pay_out(company.rep, 15_000).payout.amount_minor
    with pytest.raises(ConsentNotActive):
        consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)


def test_a_consent_for_one_rep_pays_no_other(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(reps=2), world.program()
    world.consent(company, program, company.reps[1])
    world.enroll(company, program)

    approvals = [world.approve(world.register(company, program, rep=rep)) for rep in company.reps]

    assert [[withheld(15_000, WithheldReason.NO_CONSENT)], [awarded(15_000)]] == [
        outcomes_of(approval.activity) for approval in approvals
    ]
