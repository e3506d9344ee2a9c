"""A deal is registered, decided and closed once, and settled on its final amount."""

from dataclasses import replace

import pytest

from portal_api.domain.errors import (
    DealNotOpen,
    InvalidInput,
    NotFound,
    NotPermitted,
    ReferenceAlreadyUsed,
    RegistrationDecided,
    ReviewRequired,
)
from portal_api.domain.goals import Progress
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.services import deals
from portal_api.services.store import Listed
from tests.services.steps import define
from tests.services.world import DAY, MILESTONES, World, awarded, outcomes_of, taken_back


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
    """Registered afterwards, it is recognized and earns nothing more."""
    company, program = world.ready()
    deal = world.register(company, program)

    win = world.win(deal)
    late = world.approve(deal)

    assert [awarded(75_000)] == outcomes_of(win.activity)
    assert [] == outcomes_of(late.activity)
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


def test_a_rejected_registration_frees_its_reference(world: World) -> None:
    """Domain rule 3.3: the first approved wins, so what was rejected keeps nobody out."""
    company, program = world.ready()
    first = world.register(company, program, reference="CRM-1")
    deals.reject_deal(world.portal, world.manage(), deal_id=first.id, reason="Too early.")
    second = world.register(company, program, reference="CRM-1")
    with pytest.raises(ReferenceAlreadyUsed):
        world.register(company, program, reference="CRM-1")
    assert first.id != second.id
