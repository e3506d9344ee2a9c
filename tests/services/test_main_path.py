"""The whole path on both engines, from a plan to money in a wallet, and every way off it."""

from dataclasses import replace

import pytest

from portal_api.domain import ledger
from portal_api.domain.activities import FiveC, ProcessStage, WithheldReason
from portal_api.domain.consent import ConsentFile, ConsentScope
from portal_api.domain.deals import RegistrationStatus
from portal_api.domain.errors import (
    AlreadyEnrolled,
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    DealNotOpen,
    InsufficientBalance,
    InvalidInput,
    NotEligible,
    NotEnrolled,
    NotFound,
    NotPermitted,
    PlanNotPublishable,
    ReferenceAlreadyUsed,
    RegistrationDecided,
    ReviewRequired,
    SelfStartNotAllowed,
)
from portal_api.domain.goals import Level, Progress
from portal_api.domain.ledger import (
    RECEIVABLE,
    VENDOR_FUNDING,
    Balance,
    EarningStatus,
    JournalKind,
    Transfer,
    Wallet,
)
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import (
    Employment,
    Individual,
    PartnerType,
    Role,
    Segment,
    Tier,
)
from portal_api.domain.payouts import PayoutStatus
from portal_api.domain.programs import Program
from portal_api.domain.rewards import Rule
from portal_api.services import consent, deals, goals, partners, payouts, programs
from portal_api.services.rewards import posting
from portal_api.services.store import Listed
from tests.services.world import (
    DAY,
    MILESTONES,
    QUARTER,
    Company,
    World,
    awarded,
    outcomes_of,
    taken_back,
    withheld,
)

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "POINTS", Flat("TRAINING", 50))


def define(world: World, code: str = "TRAINING", *, review: bool = False) -> None:
    programs.define_behavior(
        world.portal,
        world.manage(),
        code=code,
        name="Training completed",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=review,
    )


def ask_for_consent(
    world: World, company: Company, program: str, who: str, *people: str
) -> ConsentFile:
    return consent.request_consent(
        world.portal,
        world.ask(who),
        partner_id=company.id,
        program_id=program,
        individual_ids=people,
    ).file


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
    consent.end_enrollment(
        world.portal, world.ask(company.rep), partner_id=company.id, program_id=program
    )
    win = world.win(deal)
    with pytest.raises(NotEnrolled):
        consent.end_enrollment(
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

    consent.enroll(
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
    elsewhere = world.program(segment=Segment(regions=("APAC",)))
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


@pytest.mark.parametrize("kind", [PartnerType.DMR, PartnerType.LAR])
def test_a_company_wide_partner_is_asked_by_the_manager_and_answers_for_all(
    world: World, kind: PartnerType
) -> None:
    """Domain rule 2.3: COMPANY only, no rep may start it, a manager or the executive does."""
    company, program = world.company(kind), world.program()

    with pytest.raises(SelfStartNotAllowed):
        ask_for_consent(world, company, program, company.rep)
    with pytest.raises(CompanyWideConsentRequired):
        ask_for_consent(world, company, program, world.admin, company.rep)
    with pytest.raises(CompanyWideConsentRequired):
        world.consent(company, program, company.rep)
    nothing = world.load(ConsentFile, f"{company.id}.{program}")
    asked = ask_for_consent(world, company, program, world.admin)
    world.consent(company, program)
    answered = world.load(ConsentFile, asked.id)

    assert nothing is None
    assert 1 == len(asked.waiting())
    assert answered is not None
    assert () == answered.waiting()
    assert [ConsentScope.COMPANY] == [one.scope for one in answered.consents]


def test_a_rep_asks_for_itself_only_and_once(quick_world: World) -> None:
    """Also not whether a colleague has asked: peers see nothing of each other."""
    world = quick_world
    company, program = world.company(reps=2), world.program()
    ann, bob = company.reps
    ask_for_consent(world, company, program, bob)

    with pytest.raises(NotPermitted):
        ask_for_consent(world, company, program, ann, bob)
    with pytest.raises(NotPermitted):
        ask_for_consent(world, company, program, ann, ann, bob)
    ask_for_consent(world, company, program, ann, ann)
    with pytest.raises(ConsentAlreadyRequested):
        ask_for_consent(world, company, program, ann)


def test_another_partner_s_executive_finds_nothing(world: World) -> None:
    """Invariant L20: refused as what does not exist is, and nothing is written."""
    company, other, program = world.company(), world.company(), world.program(goals=(QUARTER,))
    given = world.consent(company, program)
    stranger = other.executive

    for attempt in (
        lambda: consent.grant_consent(
            world.portal,
            world.ask(stranger),
            partner_id=company.id,
            program_id=program,
            individual_ids=(),
            valid_to=None,
        ),
        lambda: consent.revoke_consent(world.portal, world.ask(stranger), consent_id=given),
        lambda: ask_for_consent(world, company, program, stranger),
        lambda: ask_for_consent(world, other, program, stranger, company.rep),
        lambda: world.pay_out(stranger, 1, wallet=company.id),
        lambda: world.pay_out(stranger, 1, wallet=company.rep),
        lambda: world.register(company, program, ask=world.ask(stranger)),
        lambda: goals.set_goal(
            world.portal,
            world.ask(stranger),
            partner_id=company.id,
            program_id=program,
            level=Level.INDIVIDUAL,
            party_id=company.rep,
            goal_code="Q",
            goal=1,
            stretch=1,
        ),
    ):
        with pytest.raises(NotFound) as refused:
            attempt()
        assert NotFound.of("anything").message == refused.value.message
    file = world.load(ConsentFile, f"{company.id}.{program}")
    assert file is not None
    assert (1, 1, None) == (file.version, len(file.consents), file.consents[0].revoked_at)
    assert file.requests == ()


def test_a_refusal_does_not_tell_whether_the_people_or_the_program_exist(
    quick_world: World,
) -> None:
    world = quick_world
    company, other, program = world.company(), world.company(), world.program()
    told = []
    for owner, of in ((company.rep, program), ("ind-none", program), (company.rep, "prg-none")):
        with pytest.raises(NotFound) as refused:
            world.register(company, of, rep=owner, ask=world.ask(other.rep))
        told.append(
            (refused.value.message, refused.value.node_id.replace(owner, "").replace(of, ""))
        )

    assert 1 == len(set(told))


@pytest.mark.parametrize(
    "consent_id", ["", "x", "p.g", "{p}.{g}", "{p}.{g}.", "{p}.{g}.x", "{p}.{g}.2", "{p}.{g}.-1"]
)
def test_an_id_that_is_no_consent_finds_nothing(quick_world: World, consent_id: str) -> None:
    company, program = quick_world.company(), quick_world.program()
    quick_world.consent(company, program)
    executive = quick_world.ask(company.executive)

    with pytest.raises(NotFound):
        consent.revoke_consent(
            quick_world.portal, executive, consent_id=consent_id.format(p=company.id, g=program)
        )


def test_a_consent_number_of_5000_digits_finds_nothing(quick_world: World) -> None:
    company, program = quick_world.company(), quick_world.program()
    executive = quick_world.ask(company.executive)

    with pytest.raises(NotFound):
        consent.revoke_consent(
            quick_world.portal, executive, consent_id=f"{company.id}.{program}.{'1' * 5_000}"
        )


@pytest.mark.parametrize(
    ("final", "outcome", "available"),
    [
        (3_000_000, awarded(75_000), 90_000),
        (2_400_000, awarded(57_000), 72_000),
        (6_000_000, awarded(165_000), 180_000),
        (300_000, taken_back(6_000), 9_000),
        (0, taken_back(15_000), 0),
    ],
)
def test_another_final_amount_settles_on_winning(
    world: World, final: int, outcome: object, available: int
) -> None:
    """Domain rule 4.3: the parts sum to the pot of the final amount, to the minor unit."""
    company, program = world.ready()
    deal = world.approved(company, program)

    win = world.win(deal, final)

    assert [outcome] == outcomes_of(win.activity)
    assert available == sum(award.amount_minor for award in win.deal.awards)
    assert Balance(available=available) == world.balance(company.rep)
    assert 10_000_000 - available == sum(world.budget(program))
    own = world.load(Progress, f"{company.id}.{program}.individual.{company.rep}")
    assert own is not None
    assert available == own.count("earned:USD")
    shared = world.load(Progress, f"{company.id}.{program}.partner")
    assert shared is not None
    assert int(available > 0) == shared.count("earners:USD")
    assert [] == world.audit(program, company.parties)


def test_what_was_paid_out_already_is_owed_and_repaid_by_later_earnings(world: World) -> None:
    """Domain rule 6.5 and invariant L23."""
    company, program = world.ready()
    deal = world.approved(company, program)
    payout = world.pay_out(company.rep, 12_000).payout
    win = world.win(deal, 300_000)
    owed = world.balance(company.rep)
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=True, reference="bank-1"
    )
    with pytest.raises(InsufficientBalance):
        world.pay_out(company.rep, 1)
    later = world.approve(world.register(company, program))

    assert [taken_back(6_000)] == outcomes_of(win.activity)
    assert [(6_000, EarningStatus.AVAILABLE)] == [
        (earning.reversed_minor, earning.status) for earning in win.earnings
    ]
    assert Balance(held=12_000, receivable=-3_000) == owed
    assert [awarded(15_000)] == outcomes_of(later.activity)
    assert Balance(available=12_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize(("keeps", "left"), [(True, 15_000), (False, 0)])
def test_a_lost_deal_keeps_or_takes_back_its_registration_as_the_plan_says(
    world: World, keeps: bool, left: int
) -> None:
    rule = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=keeps))
    company, program = world.ready(rule)
    deal = world.approved(company, program)

    loss = world.lose(deal)

    assert ([] if keeps else [taken_back(15_000)]) == outcomes_of(loss.activity)
    assert left == world.balance(company.rep).available
    assert left == sum(award.amount_minor for award in loss.deal.awards)
    assert 10_000_000 - left == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def test_a_deal_won_without_registration_earns_the_winning_part_only(world: World) -> None:
    """And it cannot be registered afterwards, which would pay the other part after all."""
    company, program = world.ready()
    deal = world.register(company, program)

    win = world.win(deal)
    with pytest.raises(DealNotOpen):
        world.approve(deal)

    assert [awarded(75_000)] == outcomes_of(win.activity)
    assert 75_000 == world.balance(company.rep).available


def test_a_deal_is_decided_and_closed_once(world: World) -> None:
    company, program = world.ready()
    deal = world.approved(company, program)
    with pytest.raises(RegistrationDecided):
        world.approve(deal)
    with pytest.raises(RegistrationDecided):
        deals.reject_deal(world.portal, world.manage(), deal_id=deal.id, reason="late")
    world.win(deal)
    with pytest.raises(DealNotOpen):
        world.win(deal)
    with pytest.raises(DealNotOpen):
        world.lose(deal)

    assert 90_000 == world.balance(company.rep).available


def test_a_decided_registration_is_off_the_list_of_those_that_wait(world: World) -> None:
    company, program = world.ready()
    first, second, third = (world.register(company, program) for _ in range(3))
    want = Listed(deals.SUBMITTED_DEALS)

    def waiting() -> list[str]:
        ids = world.store.read([want])[want].ids
        return [deal_id for deal_id in ids if deal_id.startswith(company.id)]

    before = waiting()
    world.approve(first)
    deals.reject_deal(world.portal, world.manage(), deal_id=second.id, reason="known")

    assert [third.id, second.id, first.id] == before
    assert [third.id] == waiting()


@pytest.mark.parametrize("again", ["OPP-1", " OPP-1 "])
def test_a_reference_names_one_deal_of_a_program(quick_world: World, again: str) -> None:
    """Domain rule 3.3: the import's key; spaces around it make no other."""
    world = quick_world
    company, other, program = world.company(), world.company(), world.program()
    elsewhere = world.program()

    first = world.register(company, program, reference="OPP-1")
    with pytest.raises(ReferenceAlreadyUsed) as refused:
        world.register(other, program, reference=again)
    second = world.register(company, elsewhere, reference=again)

    assert ("OPP-1", "OPP-1") == (first.reference, second.reference)
    assert company.id not in refused.value.message


@pytest.mark.parametrize("reference", ["x" * 101, "x" * 5_000, " ", "a\nb"])
def test_a_reference_that_is_no_reference_is_refused(quick_world: World, reference: str) -> None:
    company, program = quick_world.company(), quick_world.program()

    with pytest.raises(InvalidInput) as refused:
        quick_world.register(company, program, reference=reference)

    assert "reference" == refused.value.field


def test_a_goal_bonus_is_paid_once_at_the_goal_and_once_at_the_stretch_goal(world: World) -> None:
    """Individual and partner level side by side; the company's is paid to the company's wallet."""
    own = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
    company_s = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
    company = world.company(reps=2)
    ann, bob = company.reps
    program = world.program(own, company_s, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, ann, 5_000_000, 8_000_000)
    world.target(company, program, company.id, 6_000_000, 9_000_000, Level.PARTNER)

    wins = [
        world.win(world.approved(company, program, rep=rep), 3_000_000)
        for rep in (ann, bob, ann, ann, ann)
    ]

    assert [
        [],
        [awarded(200_000)],
        [awarded(50_000)],
        [awarded(30_000)],
        [],
    ] == [outcomes_of(win.activity) for win in wins]
    assert [80_000, 0, 200_000] == [
        world.balance(party).available for party in (ann, bob, company.id)
    ]
    assert [] == world.audit(program, company.parties)


def test_a_company_s_bonus_needs_no_individual_s_consent(quick_world: World) -> None:
    world = quick_world
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000, 1))
    company, program = world.company(), world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 1, 1, Level.PARTNER)

    win = world.win(world.register(company, program))

    assert [awarded(200_000), awarded(1)] == outcomes_of(win.activity)
    assert 200_001 == world.balance(company.id).available
    assert 1 == world.pay_out(company.executive, 1, wallet=company.id).payout.amount_minor


def test_a_withheld_bonus_is_decided_and_not_paid_by_the_next_deal(quick_world: World) -> None:
    world = quick_world
    bonus = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
    company, program = world.company(), world.program(bonus, goals=(QUARTER,))
    world.enroll(company, program)
    world.target(company, program, company.rep, 3_000_000, 6_000_000)

    first = world.win(world.approved(company, program))
    world.consent(company, program)
    second = world.win(world.approved(company, program))

    assert [withheld(50_000, WithheldReason.NO_CONSENT)] == outcomes_of(first.activity)
    assert [awarded(30_000)] == outcomes_of(second.activity)


def test_a_mover_reaches_the_goals_of_its_new_partner_too(quick_world: World) -> None:
    """Its wallet goes with it; the bonus of the old partner must not block that of the new one."""
    world = quick_world
    bonus = Rule("own", "Own", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000))
    old, new = world.company(), world.company()
    program, mover = world.program(bonus, goals=(QUARTER,)), old.rep
    for company in (old, new):
        world.consent(company, program)
    world.enroll(old, program)
    world.target(old, program, mover, 3_000_000, 3_000_000)
    world.win(world.approved(old, program))
    world.wait()
    person = world.load(Individual, mover)
    assert person is not None
    left = replace(person.employments[0], valid_to=world.now)
    arrived = Employment(new.id, Role.SALES_REP, world.now)
    moved = replace(person, employments=(left, arrived))
    world.store.commit(partners.individual_writes(moved))
    world.enroll(new, program, mover)
    world.target(new, program, mover, 3_000_000, 3_000_000)

    win = world.win(world.approved(new, program, rep=mover))

    assert [awarded(50_000)] == outcomes_of(win.activity)
    assert 100_000 == world.balance(mover).available
    with pytest.raises(NotFound):
        world.register(old, program, rep=mover)


def test_activities_count_for_person_team_and_partner_and_pay_is_counted_beside_them(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.ready(reps=2)
    for rep in company.reps:
        world.win(world.approved(company, program, rep=rep), 2_400_000)
    world.approved(company, program)
    team = company.partner.teams[0].id
    prefix = f"{company.id}.{program}"
    won = {"won": 1, "won_minor": 2_400_000}

    found = {
        party: world.load(Progress, f"{prefix}.{party}")
        for party in (f"individual.{company.reps[1]}", f"team.{team}", "partner")
    }

    shared = {"won": 2, "won_minor": 4_800_000, "deals": 3, "earned:USD": 159_000, "earners:USD": 2}
    assert {
        f"individual.{company.reps[1]}": {**won, "deals": 1, "earned:USD": 72_000},
        f"team.{team}": shared,
        "partner": shared,
    } == {party: dict(progress.counters) if progress else None for party, progress in found.items()}


def test_a_payout_is_on_the_vendor_s_list_until_it_is_resolved(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    world.approved(company, program)
    first, second = (world.pay_out(company.rep, amount).payout for amount in (1_000, 2_000))
    want = Listed(payouts.OPEN_PAYOUTS)
    waiting = world.store.read([want])[want].ids
    payouts.resolve_payout(
        world.portal, world.manage(), payout_id=first.id, paid=True, reference="bank-1"
    )

    assert (second.id, first.id) == waiting
    assert (second.id,) == world.store.read([want])[want].ids


def test_a_payout_that_fails_is_available_again(world: World) -> None:
    company, program = world.ready()
    world.approved(company, program)
    payout = world.pay_out(company.rep, 10_000).payout
    held = world.balance(company.rep)

    failed = payouts.resolve_payout(
        world.portal, world.manage(), payout_id=payout.id, paid=False, reference="no account"
    )

    assert Balance(available=5_000, held=10_000) == held
    assert PayoutStatus.FAILED is failed.payout.status
    assert Balance(available=15_000) == world.balance(company.rep)
    assert [] == world.audit(program, company.parties)


@pytest.mark.parametrize("amount", [0, -1, 10**12 + 1, 10**39])
def test_a_payout_of_no_amount_is_refused(quick_world: World, amount: int) -> None:
    company, program = quick_world.ready()
    quick_world.approved(company, program)

    with pytest.raises(InvalidInput):
        quick_world.pay_out(company.rep, amount)

    assert Balance(available=15_000) == quick_world.balance(company.rep)


def test_nobody_pays_out_of_another_s_wallet(quick_world: World) -> None:
    company, program = quick_world.ready(reps=2)
    quick_world.approved(company, program)
    ann, bob = company.reps

    for who, wallet in ((bob, ann), (company.executive, ann), (ann, company.id), (ann, program)):
        with pytest.raises(NotFound):
            quick_world.pay_out(who, 1, wallet=wallet)
    with pytest.raises(NotPermitted):
        quick_world.pay_out(quick_world.admin, 1, wallet=ann)

    assert Balance(available=15_000) == quick_world.balance(ann)


def test_a_rep_decides_on_no_deal_and_records_for_nobody_else(quick_world: World) -> None:
    world = quick_world
    define(world)
    define(world, "AUDITED", review=True)
    company, program = world.ready(reps=2)
    ann, bob = company.reps
    deal = world.register(company, program)
    rep = world.portal

    for role_only in (
        lambda: deals.approve_deal(rep, world.ask(ann), deal_id=deal.id),
        lambda: deals.lose_deal(rep, world.ask(ann), deal_id=deal.id, occurred_at=None),
        lambda: deals.approve_deal(rep, world.ask(company.executive), deal_id=deal.id),
        lambda: world.register(company, program, rep=ann, ask=world.ask(bob)),
        lambda: world.record(company, program, "TRAINING", "1", rep=ann, ask=world.ask(bob)),
        lambda: world.consent(replace(company, executive=ann), program),
    ):
        with pytest.raises(NotPermitted):
            role_only()
    with pytest.raises(ReviewRequired):
        world.record(company, program, "AUDITED", "1")
    with pytest.raises(NotFound):
        world.record(company, program, "UNKNOWN", "1")


def test_the_future_cannot_be_recorded(quick_world: World) -> None:
    world = quick_world
    define(world)
    company, program = world.ready()

    with pytest.raises(InvalidInput):
        world.record(company, program, "TRAINING", "1", occurred_at=world.now + DAY)


def test_the_plan_in_force_when_it_occurred_pays_whenever_it_arrives(world: World) -> None:
    """Domain rule 4.1: a published version never changes, and a new one does not look back."""
    define(world)
    company = world.company()
    program = world.program(TRAINING, budget={"POINTS": 1_000})
    world.consent(company, program)
    world.enroll(company, program)
    world.wait()
    programs.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        effective_from=None,
        rules=(replace(TRAINING, mechanic=Flat("TRAINING", 70)),),
        goals=(),
    )
    first = world.record(company, program, "TRAINING", "1", occurred_at=world.now)
    late = world.record(company, program, "TRAINING", "2", occurred_at=world.now - DAY / 2)

    assert [awarded(70)] == outcomes_of(first.activity)
    assert [awarded(50)] == outcomes_of(late.activity)
    assert [2, 1] == [recorded.earnings[0].trace.plan_number for recorded in (first, late)]
    with pytest.raises(InvalidInput):
        programs.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            effective_from=world.now - DAY,
            rules=(TRAINING,),
            goals=(),
        )


def test_a_refill_of_the_budget_and_a_new_plan_keep_what_is_there(world: World) -> None:
    """The shards change their version with the program, and their counters must survive that."""
    program = world.program(budget={"USD": 1_600})
    world.fund(program, 16)
    programs.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        effective_from=None,
        rules=(MILESTONES,),
        goals=(),
    )
    world.fund(program, 1)

    assert [102, *[101] * 15] == world.budget(program)
    assert [] == world.audit(program, ())


def test_the_largest_plan_fits_a_transaction_and_a_larger_one_is_not_published(
    quick_world: World,
) -> None:
    """All bonuses at once, drawn from all shards, for somebody who owes: at most 100 items."""
    world = quick_world
    rules = tuple(
        Rule(f"r{number}", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 1_000, 1_000))
        for number in range(programs.MAX_RULES)
    )
    bonuses, debt = 2_000 * programs.MAX_RULES, 10**9
    company = world.company()
    program = world.program(*rules, goals=(QUARTER,), budget={"USD": bonuses})
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, company.rep, 1, 1)
    owed = Transfer(RECEIVABLE, VENDOR_FUNDING, "USD", debt)
    indebted = ledger.post(Wallet(company.rep), JournalKind.REWARD, (owed,), {}, world.now)
    world.store.commit(posting(*indebted))

    win = world.win(world.approved(company, program))

    assert [awarded(1_000)] * 2 * programs.MAX_RULES == outcomes_of(win.activity)
    assert [0] * 16 == world.budget(program)
    assert bonuses - debt == world.balance(company.rep).receivable
    assert [] == world.audit(program, company.parties)
    with pytest.raises(PlanNotPublishable):
        world.program(*rules, replace(MILESTONES), goals=(QUARTER,))
