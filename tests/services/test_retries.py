"""What was withheld is paid on purpose, once, and only if it can be paid by now."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.errors import NotFound, NothingWithheld, NotPermitted
from portal_api.domain.goals import Level
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.plans import Limit, Period, Rule
from portal_api.services import consent, deal_changes, retries
from portal_api.services.retries import WithheldRetried
from portal_api.services.use_case import Ask, Portal
from portal_api.services.verify import LedgerSummary, verify
from tests.services.racing import Together, a_trained, training
from tests.services.stores import FaultyStore, first, in_parallel, lost_after
from tests.services.world import (
    MILESTONES,
    QUARTER,
    Company,
    World,
    awarded,
    outcomes_of,
    withheld,
)

SHORT = WithheldReason.BUDGET_EXHAUSTED
BONUS = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))


def retry(
    world: World, activity: Activity, ask: Ask | None = None, portal: Portal | None = None
) -> WithheldRetried:
    return retries.retry_withheld(
        portal or world.portal, ask or world.manage(), activity_id=activity.id
    )


def without_money(world: World, *rules: Rule, reps: int = 1) -> tuple[Company, str]:
    """A company that consented and enrolled, in a program without a budget."""
    company = world.company(reps=reps)
    program = world.program(*rules, goals=(QUARTER,), budget={})
    world.consent(company, program)
    world.enroll(company, program)
    return company, program


def stored_outcomes(
    world: World, activity: Activity
) -> list[tuple[OutcomeStatus, int, str | None]]:
    found = world.load(Activity, activity.id)
    assert found is not None
    return outcomes_of(found)


def clean(world: World, program: str, company: Company) -> None:
    assert [] == world.audit(program, company.parties)


def test_a_refilled_budget_pays_what_was_withheld_once_and_on_purpose(world: World) -> None:
    """Refilling alone pays nothing; a second retry finds nothing to pay."""
    company, program = without_money(world)
    withheld_one = world.approve(world.register(company, program)).activity
    assert [withheld(15_000, SHORT)] == outcomes_of(withheld_one)
    with pytest.raises(NothingWithheld):
        retry(world, withheld_one)
    world.fund(program, 100_000)
    assert Balance() == world.balance(company.rep)
    assert [withheld(15_000, SHORT)] == stored_outcomes(world, withheld_one)

    done = retry(world, withheld_one)

    assert [awarded(15_000)] == outcomes_of(done.activity)
    assert [15_000] == [earning.trace.amount_minor for earning in done.earnings]
    assert withheld_one.id == done.earnings[0].trace.activity_id
    with pytest.raises(NothingWithheld):
        retry(world, withheld_one)
    assert Balance(available=15_000) == world.balance(company.rep)
    assert [awarded(15_000)] == stored_outcomes(world, withheld_one)
    clean(world, program, company)


@pytest.mark.parametrize(
    ("estimate", "final", "on_winning", "on_retry", "in_all"),
    [
        (3_000_000, 3_000_000, 75_000, 15_000, 90_000),
        # Of 720.00, 600.00 are the winning's part, and 120.00 the registration's.
        (3_000_000, 2_400_000, 60_000, 12_000, 72_000),
    ],
)
def test_a_registration_that_is_paid_after_the_sale_completes_the_pot_of_the_final_amount(
    quick_world: World, estimate: int, final: int, on_winning: int, on_retry: int, in_all: int
) -> None:
    """Domain rule 4.3: the parts sum to the pot, in whichever order they are paid."""
    world = quick_world
    company, program = without_money(world)
    deal = world.register(company, program, estimate)
    approval = world.approve(deal)
    world.fund(program, 1_000_000)
    world.wait()
    win = world.win(deal, final)
    assert [awarded(on_winning)] == outcomes_of(win.activity)

    assert [awarded(on_retry)] == outcomes_of(retry(world, approval.activity).activity)

    stored = world.load(Deal, deal.id)
    assert stored is not None
    assert in_all == sum(award.amount_minor for award in stored.awards)
    assert Balance(available=in_all) == world.balance(company.rep)
    clean(world, program, company)


def test_a_registration_that_is_paid_before_the_sale_is_settled_with_it(quick_world: World) -> None:
    """150.00 withheld and retried, the estimate changed meanwhile: 720.00 in all."""
    world = quick_world
    company, program = without_money(world)
    deal = world.register(company, program)
    approval = world.approve(deal)
    world.fund(program, 1_000_000)
    deal_changes.change_deal_amount(
        world.portal, world.manage(), deal_id=deal.id, amount_minor=2_400_000, currency="USD"
    )
    assert [awarded(12_000)] == outcomes_of(retry(world, approval.activity).activity)
    assert [awarded(60_000)] == outcomes_of(world.win(deal, 2_400_000).activity)


def test_both_steps_that_were_withheld_are_paid_in_either_order(quick_world: World) -> None:
    world = quick_world
    company, program = without_money(world)
    steps = []
    for _ in range(2):
        deal = world.register(company, program)
        approval = world.approve(deal).activity
        world.wait()
        steps.append((approval, world.win(deal).activity))
    world.fund(program, 180_000)
    (first_approval, first_win), (second_approval, second_win) = steps
    order = (first_approval, first_win, second_win, second_approval)
    paid = [outcomes_of(retry(world, one).activity) for one in order]
    assert [[awarded(amount)] for amount in (15_000, 75_000, 75_000, 15_000)] == paid
    assert [0] * 16 == world.budget(program)
    clean(world, program, company)


def test_a_sale_that_was_returned_by_now_is_not_paid_any_more(quick_world: World) -> None:
    world = quick_world
    company, program = without_money(world)
    deal = world.register(company, program)
    win = world.win(deal)
    world.fund(program, 1_000_000)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    with pytest.raises(NothingWithheld):
        retry(world, win.activity)


def test_what_was_judged_of_other_shares_is_not_paid_any_more(quick_world: World) -> None:
    """Divided otherwise by now, it would pay whom it was not judged for; divided back, it pays."""
    world = quick_world
    company, program = without_money(world, reps=2)
    ann, bob = company.reps
    deal = world.register(company, program, credits=(Credit(ann, 3), Credit(bob, 2)))
    approval = world.approve(deal).activity
    world.fund(program, 1_000_000)

    def credit(*shares: Credit) -> None:
        deal_changes.credit_deal(world.portal, world.manage(), deal_id=deal.id, credits=shares)

    for shares in ((), (Credit(ann, 2), Credit(bob, 3)), (Credit(bob, 1),)):
        credit(*shares)
        with pytest.raises(NothingWithheld):
            retry(world, approval)
    assert [Balance(), Balance()] == [world.balance(rep) for rep in company.reps]
    credit(Credit(ann, 3), Credit(bob, 2))
    assert [awarded(9_000), awarded(6_000)] == outcomes_of(retry(world, approval).activity)
    clean(world, program, company)


@pytest.mark.parametrize("sold_again", [False, True])
def test_a_bonus_of_a_sale_that_does_not_hold_any_more_is_not_paid_by_it(
    quick_world: World, sold_again: bool
) -> None:
    """Where the deal is sold again, that is another sale, and reaches the goal anew."""
    world = quick_world
    company, program = without_money(world, BONUS)
    world.target(company, program, company.rep, 3_000_000, 6_000_000)
    win = world.win(world.register(company, program))
    assert [withheld(50_000, SHORT)] == outcomes_of(win.activity)
    world.fund(program, 1_000_000)
    world.wait()
    portal, deal_id = world.portal, win.deal.id
    deal_changes.return_deal(portal, world.manage(), deal_id=deal_id, occurred_at=None)
    if sold_again:
        deal_changes.reopen_deal(portal, world.manage(), deal_id=deal_id, occurred_at=None)
        assert [awarded(50_000)] == outcomes_of(world.win(win.deal).activity)
    with pytest.raises(NothingWithheld):
        retry(world, win.activity)
    assert Balance(available=50_000 * sold_again) == world.balance(company.rep)


def test_a_bonus_that_was_withheld_is_paid_once_by_the_activity_that_reached_it(
    quick_world: World,
) -> None:
    """Goal and stretch goal were decided then: the next sale does not pay them, the retry does."""
    world = quick_world
    company, program = without_money(world, BONUS)
    world.target(company, program, company.rep, 3_000_000, 6_000_000)
    reached = world.win(world.register(company, program)).activity
    assert [withheld(50_000, SHORT)] == outcomes_of(reached)
    world.fund(program, 50_000)
    stretch = world.win(world.register(company, program)).activity
    assert [awarded(30_000)] == outcomes_of(stretch)
    world.fund(program, 1_000_000)

    assert [awarded(50_000)] == outcomes_of(retry(world, reached).activity)

    with pytest.raises(NothingWithheld):
        retry(world, reached)
    assert [] == outcomes_of(world.win(world.register(company, program)).activity)
    assert Balance(available=80_000) == world.balance(company.rep)
    clean(world, program, company)


def test_what_a_limit_withheld_stays_withheld_and_beside_it_is_paid_what_can_be(
    quick_world: World,
) -> None:
    """Two rules on one activity: the limit is none of the budget's business."""
    world = quick_world
    program, (company,) = a_trained(world, 10, 10)
    limited = replace(training(7), code="limited", limits=(Limit(Period.DAY, count=1),))
    program = world.program(training(10), limited, budget={"USD": 24})
    world.consent(company, program)
    world.enroll(company, program)
    world.record(company, program, "TRAINING", "1")
    second = world.record(company, program, "TRAINING", "2").activity
    limit = withheld(7, WithheldReason.LIMIT_REACHED)
    assert [withheld(10, SHORT), limit] == outcomes_of(second)
    world.fund(program, 100)

    assert [awarded(10), limit] == outcomes_of(retry(world, second).activity)
    with pytest.raises(NothingWithheld):
        retry(world, second)
    clean(world, program, company)


def test_what_is_withheld_for_want_of_consent_stays_so(quick_world: World) -> None:
    """Nothing is backdated: a consent that is granted later covers nothing before it."""
    world = quick_world
    company, program = world.company(), world.program()
    world.enroll(company, program)
    approval = world.approve(world.register(company, program))
    world.wait()
    world.consent(company, program)
    with pytest.raises(NothingWithheld):
        retry(world, approval.activity)


def test_a_consent_that_is_revoked_before_the_commit_of_a_retry_pays_nothing(world: World) -> None:
    """Invariant L12 holds for every payment, also a late one."""
    company, program = world.company(), world.program(budget={})
    given = world.consent(company, program)
    world.enroll(company, program)
    approval = world.approve(world.register(company, program))
    world.fund(program, 100_000)
    revoke = first(
        lambda: consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    )
    with pytest.raises(NothingWithheld):
        retry(world, approval.activity, portal=world.on(FaultyStore(world.store, revoke)))
    assert Balance() == world.balance(company.rep)


def test_the_same_retry_again_answers_the_same_and_pays_nothing(world: World) -> None:
    """Invariant L8, also where the first answer was lost."""
    company, program = without_money(world)
    approval = world.approve(world.register(company, program))
    world.fund(program, 100_000)
    ask = world.manage()
    lost = retry(world, approval.activity, ask, world.on(FaultyStore(world.store, lost_after)))
    again = retry(world, approval.activity, ask)
    assert [awarded(15_000)] == outcomes_of(lost.activity) == outcomes_of(again.activity)
    assert [one.id for one in lost.earnings] == [one.id for one in again.earnings]
    assert Balance(available=15_000) == world.balance(company.rep)


def test_of_two_retries_at_once_one_pays(world: World) -> None:
    company, program = without_money(world)
    approval = world.approve(world.register(company, program))
    world.fund(program, 100_000)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda: retry(world, approval.activity, portal=portal)] * 2)

    assert {WithheldRetried, NothingWithheld} == {type(answer) for answer in answers}
    assert Balance(available=15_000) == world.balance(company.rep)
    clean(world, program, company)


def test_a_retry_against_the_sale_has_a_serial_outcome(world: World) -> None:
    """Either is decided on what the other left: the pot is paid once."""
    company, program = without_money(world)
    deal = world.register(company, program)
    approval = world.approve(deal)
    world.fund(program, 1_000_000)
    world.wait()
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        lambda: retry(world, approval.activity, portal=portal),
        lambda: world.win(deal, portal=portal),
    )

    assert [] == [answer for answer in answers if isinstance(answer, Exception)]
    assert Balance(available=90_000) == world.balance(company.rep)
    clean(world, program, company)


def test_a_retry_is_the_vendors_and_of_what_is_there(quick_world: World) -> None:
    world = quick_world
    company, program = without_money(world)
    approval = world.approve(world.register(company, program))
    world.fund(program, 100_000)
    for who in (company.rep, company.executive):
        with pytest.raises(NotPermitted):
            retry(world, approval.activity, world.ask(who))
    for unknown in ("none", f"{approval.activity.id}0", "a.b.c.d"):
        with pytest.raises(NotFound):
            retry(world, replace(approval.activity, id=unknown))


def test_what_is_retried_is_proved_by_verify(quick_world: World) -> None:
    """Invariant L18: what was paid late is recomputed from what it kept."""
    world = quick_world
    company, program = without_money(world, MILESTONES, BONUS)
    world.target(company, program, company.rep, 3_000_000, 6_000_000)
    deal = world.register(company, program)
    approval = world.approve(deal).activity
    world.wait()
    won = world.win(deal, 2_000_000).activity
    later = world.win(world.register(company, program), 2_000_000).activity
    world.fund(program, 1_000_000)
    for activity in (later, won, approval):
        done = retry(world, activity)
        assert OutcomeStatus.WITHHELD not in [one.status for one in done.activity.outcomes]
    *findings, summary = verify(world.store, replay=True)
    assert isinstance(summary, LedgerSummary)
    assert (0, 4) == (summary.findings, summary.replayed), findings
