"""One request id, one effect: under replays, other arguments, races and changes of who asks."""

from dataclasses import replace

import pytest

from portal_api.domain.consent import Whom
from portal_api.domain.deals import DealStage
from portal_api.domain.errors import (
    IdempotencyConflict,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
)
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Balance
from portal_api.domain.ledger import JournalKind
from portal_api.domain.partners import Individual, Role
from portal_api.domain.writes import Save
from portal_api.services import consent, deals, enrollment, partners, payouts, plans
from portal_api.services.use_case import Ask, Unauthenticated
from tests.services.replaying import a_rep_with_150, employ, events, payouts_of
from tests.services.stores import in_parallel
from tests.services.world import Company, World


@pytest.fixture
def funded(world: World) -> tuple[World, Company]:
    """A rep with 150.00, on each engine."""
    return a_rep_with_150(world)


@pytest.fixture
def quick(quick_world: World) -> tuple[World, Company]:
    """A rep with 150.00, on SQLite."""
    return a_rep_with_150(quick_world)


def test_the_same_request_again_gets_the_same_answer_and_does_nothing_new(
    funded: tuple[World, Company],
) -> None:
    """Invariants L8 and L21; also half a year later, for what is kept longer than promised."""
    world, company = funded
    ask = world.ask(company.rep)

    once = world.pay_out(company.rep, 10_000, ask=ask)
    journals, told = world.journals(company.rep), events(world, company.id)
    again = world.pay_out(company.rep, 10_000, ask=ask)
    world.wait(180)
    late = world.pay_out(company.rep, 10_000, ask=ask)

    assert replace(once.payout, version=1) == again.payout == late.payout
    assert replace(once.wallet, version=again.wallet.version) == again.wallet == late.wallet
    assert journals == world.journals(company.rep)
    assert told == events(world, company.id)
    assert ("PayoutRequested", once.payout.id, company.rep, ask.request_id) == told[-1]
    assert Balance(available=5_000, held=10_000) == world.balance(company.rep)


def test_a_replayed_deal_answers_with_its_activity_and_its_earnings(
    funded: tuple[World, Company],
) -> None:
    """Records are answered as they are now: the deal has been won since it was approved."""
    world, company = funded
    program = world.program()
    world.consent(company, program)
    world.enroll(company, program)
    deal, ask = world.register(company, program), world.manage()
    approval = deals.approve_deal(world.portal, ask, deal_id=deal.id)
    world.win(approval.deal)

    replayed = deals.approve_deal(world.portal, ask, deal_id=deal.id)

    assert deals.DealApproved is type(replayed)
    assert approval.activity == replace(replayed.activity, version=0)
    assert [replace(earning, version=1) for earning in approval.earnings] == list(replayed.earnings)
    assert DealStage.WON is replayed.deal.stage


def test_the_same_request_id_for_something_else_is_a_conflict_and_does_nothing(
    funded: tuple[World, Company],
) -> None:
    world, company = funded
    ask = world.ask(company.rep)
    world.pay_out(company.rep, 1_000, ask=ask)

    for attempt in (
        lambda: world.pay_out(company.rep, 1_001, ask=ask),
        lambda: enrollment.end_enrollment(
            world.portal, ask, partner_id=company.id, program_id="prg-none"
        ),
    ):
        with pytest.raises(IdempotencyConflict) as refused:
            attempt()
        assert ask.request_id == refused.value.request_id
    answered = world.pay_out(company.rep, 1_000, ask=ask)

    assert 1_000 == answered.payout.amount_minor
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_the_same_request_id_of_another_caller_is_another_request(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready(reps=2)
    for rep in company.reps:
        world.approved(company, program, rep=rep)

    ids = {
        world.pay_out(rep, 1_000, ask=Ask(rep, "same-request-id")).payout.id for rep in company.reps
    }

    assert 2 == len(ids)


def test_a_refusal_of_state_is_replayed_even_when_the_state_has_changed(
    funded: tuple[World, Company],
) -> None:
    """Invariant L9; with the same words, and without an event of its own (L22)."""
    world, company = funded
    program = world.program()
    world.consent(company, program)
    world.enroll(company, program)
    ask = world.ask(company.rep)
    told = events(world, company.id)
    with pytest.raises(InsufficientBalance) as refused:
        world.pay_out(company.rep, 20_000, ask=ask)
    after = events(world, company.id)
    world.approved(company, program)

    with pytest.raises(InsufficientBalance) as replayed:
        world.pay_out(company.rep, 20_000, ask=ask)
    asked_anew = world.pay_out(company.rep, 20_000)

    assert vars(refused.value) == vars(replayed.value)
    assert ("USD", 15_000) == (replayed.value.asset, replayed.value.available_minor)
    assert told == after
    assert 20_000 == asked_anew.payout.amount_minor


def test_a_refusal_with_a_list_of_reasons_is_replayed_as_it_was(quick_world: World) -> None:
    world = quick_world
    program, ask = world.program(), world.manage()

    def publish() -> tuple[type[Refusal], object]:
        with pytest.raises(Refusal) as refused:
            plans.publish_plan(
                world.portal, ask, program_id=program, content=plans.PlanContent((), ())
            )
        return type(refused.value), vars(refused.value)

    assert publish() == publish()


@pytest.mark.parametrize(
    ("wrong", "refusal"),
    [
        ({"amount_minor": 0}, InvalidInput),
        ({"asset": "usd"}, InvalidInput),
        ({"wallet_id": "nobody"}, NotFound),
    ],
)
def test_a_mistake_in_the_input_does_not_burn_the_request_id(
    quick: tuple[World, Company], wrong: dict[str, object], refusal: type[Refusal]
) -> None:
    """Invariants L9 and L22: the corrected request may use the same id."""
    world, company = quick
    ask = world.ask(company.rep)
    right = {"wallet_id": company.rep, "asset": "USD", "amount_minor": 1_000}

    with pytest.raises(refusal):
        payouts.request_payout(world.portal, ask, **{**right, **wrong})  # type: ignore[arg-type]
    corrected = payouts.request_payout(world.portal, ask, **right)  # type: ignore[arg-type]

    assert 1_000 == corrected.payout.amount_minor


def test_a_forbidden_request_does_not_burn_the_request_id_either(
    quick: tuple[World, Company],
) -> None:
    world, company = quick
    ask = world.manage()
    with pytest.raises(NotPermitted):
        payouts.cancel_payout(world.portal, ask, payout_id=f"{company.rep}.0")

    added = partners.add_partner(
        world.portal,
        ask,
        name="Other",
        partner_type=company.partner.type,
        tier=company.partner.tiers[0].tier,
        region="EMEA",
        team_names=(),
    )
    assert "Other" == added.partner.name


@pytest.mark.parametrize("request_id", ["", "short", "x" * 101, "request\n0001", "requést-0001"])
def test_a_request_id_that_is_none_is_refused(
    quick: tuple[World, Company], request_id: str
) -> None:
    world, company = quick

    with pytest.raises(InvalidInput) as refused:
        world.pay_out(company.rep, 1, ask=Ask(company.rep, request_id))

    assert "requestId" == refused.value.field


def test_twenty_at_once_with_one_request_id_make_one_journal_and_get_one_answer(
    funded: tuple[World, Company],
) -> None:
    world, company = funded
    ask = world.ask(company.rep)

    answers = in_parallel(*[lambda: world.pay_out(company.rep, 1_000, ask=ask)] * 20)

    found = {getattr(getattr(answer, "payout", answer), "id", answer) for answer in answers}
    assert [payout.id for payout in payouts_of(world, company.rep)] == list(found)
    assert 1 == world.kinds(company.rep)[JournalKind.PAYOUT_HELD]
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_a_suspended_person_is_refused_at_once_also_for_a_replay(
    funded: tuple[World, Company],
) -> None:
    world, company = funded
    ask = world.ask(company.rep)
    world.pay_out(company.rep, 1_000, ask=ask)
    partners.suspend_individual(world.portal, world.manage(), individual_id=company.rep)

    for attempt in (ask, world.ask(company.rep)):
        with pytest.raises(Unauthenticated):
            world.pay_out(company.rep, 1_000, ask=attempt)

    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


@pytest.mark.parametrize("subject", ["nobody", "", "a.b", "a#b"])
def test_a_stranger_is_nobody(quick_world: World, subject: str) -> None:
    with pytest.raises(Unauthenticated):
        quick_world.pay_out(subject, 1)


def test_a_leaver_is_nobody_and_a_mover_does_nothing_new_at_its_old_partner(
    quick: tuple[World, Company],
) -> None:
    world, company = quick
    other = world.company()
    program = world.program()
    world.wait()
    employ(world, company.rep, other.id, Role.SALES_REP)
    with pytest.raises(NotFound):
        world.register(company, program)
    person = world.load(Individual, company.rep)
    assert person is not None
    gone = replace(person.employments[-1], valid_to=world.now)
    left = replace(person, employments=(person.employments[0], gone))
    world.store.commit([Save(left)])

    with pytest.raises(Unauthenticated):
        world.pay_out(company.rep, 1)


def test_after_a_promotion_an_old_request_is_still_answered_and_the_own_wallet_stays_open(
    funded: tuple[World, Company],
) -> None:
    """Invariant L8, and domain rule 2.6: what an individual earned stays theirs."""
    world, company = funded
    ask = world.ask(company.rep)
    once = world.pay_out(company.rep, 1_000, ask=ask)
    world.wait()
    employ(world, company.rep, company.id, Role.PARTNER_EXECUTIVE)

    again = world.pay_out(company.rep, 1_000, ask=ask)
    world.pay_out(company.rep, 2_000)

    assert once.payout.id == again.payout.id
    assert Balance(available=12_000, held=3_000) == world.balance(company.rep)


def test_a_consent_that_was_granted_is_answered_again_also_when_another_followed(
    quick: tuple[World, Company],
) -> None:
    """Invariant L8: the same answer, and not the last of the file."""
    world, company = quick
    program, ask = world.program(), world.ask(company.executive)

    def grant() -> consent.ConsentGranted:
        return consent.grant_consent(
            world.portal,
            ask,
            partner_id=company.id,
            program_id=program,
            terms=Terms(whom=Whom((company.rep,))),
        )

    once = grant()
    world.consent(company, program)
    again = grant()

    assert (1, 1) == (once.number, again.number)
    assert 2 == len(again.file.consents)


def test_a_role_that_may_not_ask_is_not_answered_again_either(
    quick: tuple[World, Company],
) -> None:
    world, company = quick
    program, ask = world.program(), world.ask(company.executive)

    def grant() -> consent.ConsentGranted:
        return consent.grant_consent(
            world.portal, ask, partner_id=company.id, program_id=program, terms=Terms()
        )

    grant()
    world.wait()
    employ(world, company.executive, company.id, Role.SALES_REP)

    with pytest.raises(NotPermitted):
        grant()
