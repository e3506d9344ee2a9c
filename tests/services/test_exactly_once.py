"""One request id, one effect: under replays, other arguments, races, lost answers and deaths."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.errors import (
    DealNotOpen,
    IdempotencyConflict,
    InsufficientBalance,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
)
from portal_api.domain.events import Answer, Event
from portal_api.domain.goals import Level
from portal_api.domain.ledger import Balance, JournalKind, Wallet
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Individual, Role
from portal_api.domain.payouts import Payout
from portal_api.domain.rewards import Rule
from portal_api.domain.writes import Save
from portal_api.services import activities, consent, deals, partners, payouts, programs
from portal_api.services.store import Many, Store, StoreUnavailable, of_events, of_wallet
from portal_api.services.use_case import Ask, Unauthenticated
from tests.services.stores import (
    FaultyStore,
    Killed,
    conflicting,
    first,
    in_parallel,
    killed_after,
    killed_before,
    lost_after,
    lost_before,
)
from tests.services.world import DAY, Company, World, awarded, outcomes_of

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))


@pytest.fixture
def funded(world: World) -> tuple[World, Company]:
    """A rep with 150.00, on each engine."""
    company, program = world.ready()
    world.approved(company, program)
    return world, company


@pytest.fixture
def quick(quick_world: World) -> tuple[World, Company]:
    """A rep with 150.00, on SQLite."""
    company, program = quick_world.ready()
    quick_world.approved(company, program)
    return quick_world, company


def events(world: World, partner: str) -> list[tuple[str, str, str, str]]:
    want = Many(Event, of_events(partner))
    return [
        (event.kind, event.subject_id, event.actor_id, event.request_id)
        for event in world.store.read([want])[want].records
    ]


def payouts_of(world: World, wallet: str) -> list[Payout]:
    want = Many(Payout, of_wallet(wallet))
    return list(world.store.read([want])[want].records)


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
    assert approval.activity == replayed.activity
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
        lambda: consent.end_enrollment(
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
            programs.publish_plan(
                world.portal, ask, program_id=program, effective_from=None, rules=(), goals=()
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
        world.pay_out(world.admin, 1_000, ask=ask)

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


def a_training(world: World) -> tuple[Company, str]:
    """A company in a program that pays 0.50 for a training."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    return world.ready(TRAINING)


def test_a_source_event_twice_under_different_request_ids_is_answered_with_its_first_result(
    world: World,
) -> None:
    """Domain rule 3.2: it changes nothing, whatever else the second report says."""
    company, program = a_training(world)
    one = world.record(company, program, "TRAINING", "course-1")
    told = events(world, company.id)
    world.wait()

    two = world.record(company, program, "TRAINING", " course-1 ", occurred_at=world.now - DAY / 2)
    other = world.record(company, program, "TRAINING", "course-2")

    assert one.activity == two.activity
    assert [replace(earning, version=1) for earning in one.earnings] == list(two.earnings)
    assert [awarded(50)] == outcomes_of(other.activity)
    assert 100 == world.balance(company.rep).available
    assert len(told) + 1 == len(events(world, company.id))


def test_a_source_event_reported_by_many_at_once_is_one_activity(world: World) -> None:
    """Invariant L14."""
    company, program = a_training(world)

    answers = in_parallel(*[lambda: world.record(company, program, "TRAINING", "course-1")] * 8)

    found = {getattr(getattr(answer, "activity", answer), "id", answer) for answer in answers}
    assert 1 == len(found)
    assert 50 == world.balance(company.rep).available


@pytest.mark.parametrize(
    ("source", "event"), [("", "1"), ("a:b", "1"), ("x" * 61, "1"), ("lms", ""), ("lms", "x" * 201)]
)
def test_a_source_that_names_no_event_is_refused(
    quick_world: World, source: str, event: str
) -> None:
    """With a colon, the event b:1 of a would be the event 1 of a:b."""
    company, program = a_training(quick_world)

    with pytest.raises(InvalidInput):
        activities.record_activity(
            quick_world.portal,
            quick_world.ask(company.rep),
            partner_id=company.id,
            individual_id=company.rep,
            program_id=program,
            behavior="TRAINING",
            source=source,
            source_event_id=event,
            occurred_at=None,
        )


@pytest.mark.parametrize(
    "faults",
    [
        (lost_after,),
        (lost_before,),
        (conflicting,),
        (lost_before, conflicting, lost_after),
        (conflicting,) * 5,
    ],
    ids=lambda faults: "-".join(fault.__name__ for fault in faults),
)
def test_lost_answers_and_conflicts_are_resolved_to_one_effect(
    funded: tuple[World, Company], faults: tuple[Callable[[Callable[[], None]], None], ...]
) -> None:
    """Faults F2, F4, F5 and F6: the next load tells whether it was done."""
    world, company = funded
    portal = world.on(FaultyStore(world.store, *faults))

    answer = world.pay_out(company.rep, 1_000, portal=portal)

    assert [answer.payout.id] == [payout.id for payout in payouts_of(world, company.rep)]
    assert 1 == world.kinds(company.rep)[JournalKind.PAYOUT_HELD]
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_a_refusal_whose_answer_was_lost_is_the_same_refusal(
    funded: tuple[World, Company],
) -> None:
    world, company = funded
    store = FaultyStore(world.store, lost_after)

    with pytest.raises(InsufficientBalance):
        world.pay_out(company.rep, 20_000, portal=world.on(store))

    assert 1 == store.commits


def test_after_a_conflict_the_decision_is_made_again_on_what_is_there_now(
    funded: tuple[World, Company],
) -> None:
    """Fault F3: the refusal is that of the new state, not of the conflict."""
    world, company = funded
    others = first(lambda: world.pay_out(company.rep, 10_000))

    with pytest.raises(InsufficientBalance) as refused:
        world.pay_out(company.rep, 10_000, portal=world.on(FaultyStore(world.store, others)))

    assert 5_000 == refused.value.available_minor
    assert Balance(available=5_000, held=10_000) == world.balance(company.rep)


def test_a_store_that_never_lets_a_commit_through_ends_with_a_retryable_error(
    quick: tuple[World, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault F1: bounded, and nothing written."""
    world, company = quick
    monkeypatch.setattr("portal_api.services.use_case._DEADLINE_SECONDS", 0.05)
    portal = world.on(FaultyStore(world.store, *[conflicting] * 1_000))

    with pytest.raises(StoreUnavailable):
        world.pay_out(company.rep, 1_000, portal=portal)

    assert [] == payouts_of(world, company.rep)


@pytest.mark.parametrize(("fault", "before"), [(killed_before, 0), (killed_after, 1)])
def test_a_death_before_or_after_the_commit_leaves_all_or_nothing_and_the_replay_completes_it(
    funded: tuple[World, Company],
    fault: Callable[[Callable[[], None]], None],
    before: int,
) -> None:
    """Faults F7 and F8: no stuck "in progress", no second effect."""
    world, company = funded
    ask = world.ask(company.rep)
    with pytest.raises(Killed):
        world.pay_out(company.rep, 1_000, ask=ask, portal=world.on(FaultyStore(world.store, fault)))
    left = len(payouts_of(world, company.rep))

    replayed = world.pay_out(company.rep, 1_000, ask=ask)

    assert before == left
    assert [replayed.payout.id] == [payout.id for payout in payouts_of(world, company.rep)]
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


def employ(world: World, person_id: str, partner: str | None, role: Role) -> None:
    """The person's employment ends and another begins."""
    person = world.load(Individual, person_id)
    assert person is not None
    before = replace(person.employments[-1], valid_to=world.now)
    after = replace(
        person.employments[-1], partner_id=partner, role=role, valid_from=world.now, team_id=None
    )
    world.store.commit([Save(replace(person, employments=(before, after)))])


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


def test_after_a_change_of_role_an_old_request_is_still_answered_and_a_new_one_is_refused(
    funded: tuple[World, Company],
) -> None:
    """Invariant L8: the answer is ids only, and each field is authorized for who asks now."""
    world, company = funded
    ask = world.ask(company.rep)
    once = world.pay_out(company.rep, 1_000, ask=ask)
    world.wait()
    employ(world, company.rep, company.id, Role.PARTNER_EXECUTIVE)

    again = world.pay_out(company.rep, 1_000, ask=ask)
    with pytest.raises(NotFound):
        world.pay_out(company.rep, 1_000)

    assert once.payout.id == again.payout.id
    assert Balance(available=14_000, held=1_000) == world.balance(company.rep)


def test_what_an_outcome_needs_is_all_stored_with_it(quick: tuple[World, Company]) -> None:
    """The record keeps the request's hash and the ids of the outcome, never a text of it."""
    world, company = quick
    stored: list[Answer] = []

    class Spy(FaultyStore):
        def commit(self, writes: object) -> None:
            assert isinstance(writes, tuple)
            stored.extend(
                write.record for write in writes if isinstance(getattr(write, "record", 0), Answer)
            )
            super().commit(writes)

    spy: Store = Spy(world.store)
    answer = world.pay_out(company.rep, 1_000, portal=world.on(spy))

    assert [{"payout": answer.payout.id, "wallet": company.rep}] == [one.values for one in stored]
    assert [int((world.now + 90 * DAY).timestamp())] == [one.expires_at for one in stored]


def test_an_outcome_is_of_records_that_exist(funded: tuple[World, Company]) -> None:
    """Invariant L10: what was acknowledged is read by the next request, by id."""
    world, company = funded
    program = world.program()
    deal = world.register(company, program)

    with pytest.raises(DealNotOpen):
        world.win(world.lose(deal).deal)

    found = world.load(Deal, deal.id)
    assert found is not None
    assert DealStage.LOST is found.stage
    assert world.load(Wallet, company.rep) is not None
