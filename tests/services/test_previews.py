"""A preview says what then happens, and writes nothing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.consent import Cap
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.partners import Role
from portal_api.domain.plans import Limit, Period, PlanVersion, Rule
from portal_api.services import plans
from portal_api.services.deals import DealTerms
from portal_api.services.previews import DealPreview, preview_activity, preview_deal
from portal_api.services.store import Many, of_person
from portal_api.storage.sqlite import SqliteEngine
from tests.services.steps import TRAINING, define
from tests.services.stores import FaultyStore
from tests.services.test_rule_races import Torn
from tests.services.world import (
    MILESTONES,
    QUARTER,
    Company,
    World,
    awarded,
    outcomes_of,
    withheld,
)

SUBMITTED = Rule("submitted", "Submitted", Level.INDIVIDUAL, "USD", Flat("DEAL_SUBMITTED", 10))
WON = Rule("won", "Won", Level.INDIVIDUAL, "USD", Flat("DEAL_WON", 100))
COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 300))
BONUS = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
BANDS = Rule(
    "bands", "Bands", Level.INDIVIDUAL, "USD", Tiered("Q", (Band(0, 200), Band(4_000_000, 500)))
)
UPLIFT = Rule("up", "Up", Level.INDIVIDUAL, "USD", Uplift(("DEAL_REGISTERED",), 200, 300))
PROOF = Rule("proof", "Proof", Level.INDIVIDUAL, "USD", Overlay("PROOF", 10_000))


def content(engine: SqliteEngine) -> list[Any]:
    """Everything that is stored."""
    statement = "SELECT pk, sk, attributes FROM items ORDER BY pk, sk"
    return engine._session().execute(statement).fetchall()


def previewed(
    world: World,
    company: Company,
    program: str,
    asked: DealPreview | None = None,
    *,
    rep: str | None = None,
    who: str | None = None,
    terms: DealTerms | None = None,
) -> tuple[Activity, ...]:
    """A deal as its owner previews it; a new one of 30,000.00 unless told otherwise."""
    person = rep or company.rep
    store = FaultyStore(world.store)
    steps = preview_deal(
        world.on(store),
        world.viewer(who or person),
        partner_id=company.id,
        individual_id=person,
        program_id=program,
        asked=asked or DealPreview(terms=terms or DealTerms(None, "Product", 3_000_000, "USD")),
    )
    assert 0 == store.commits
    return steps


def told(steps: tuple[Activity, ...]) -> dict[str, list[tuple[Any, ...]]]:
    """The outcomes of every step, with their rule, recipient and arithmetic."""
    return {
        step.behavior: [
            (one.rule_code, one.recipient_id, one.status, one.amount_minor, one.reason, one.because)
            for one in step.outcomes
        ]
        for step in steps
    }


def lived(world: World, company: Company, program: str, credits: tuple[Credit, ...] = ()) -> Any:  # noqa: A002
    """The same deal registered, approved and won."""
    deal = world.register(company, program, credits=credits)
    approval = world.approve(deal)
    world.now += timedelta(microseconds=1)
    won = world.win(deal)
    of = Many(Activity, of_person(company.id, company.rep))
    found = {one.id: one for one in world.store.read([of])[of].records}
    (submitted,) = (
        one for one in found.values() if (one.deal_id, one.behavior) == (deal.id, "DEAL_SUBMITTED")
    )
    return told((submitted, approval.activity, won.activity))


def test_a_deal_that_is_not_there_is_previewed_as_it_then_goes(
    quick_world: World, sqlite_engine: SqliteEngine
) -> None:
    """Capability S8: every step and every rule, the company's too, and not an item is written."""
    world = quick_world
    company = world.company()
    rules = (SUBMITTED, MILESTONES, WON, COMPANY, BONUS, BANDS, UPLIFT)
    program = world.program(*rules, goals=(QUARTER,))
    world.consent(company, program)
    world.enroll(company, program)
    world.target(company, program, company.rep, 5_000_000, 6_000_000)
    expected: tuple[Activity, ...] = ()
    for _ in range(2):
        before = content(sqlite_engine)
        expected = previewed(world, company, program)
        assert before == content(sqlite_engine)
        assert told(expected) == lived(world, company, program)
    # The second of the two deals reaches goal, stretch goal and the second band.
    assert [15_000, 75_000, 100, 300, 50_000, 30_000, 120_000, 90_000] == [
        one.amount_minor for step in expected[1:] for one in step.outcomes
    ]


def test_a_shared_deal_is_previewed_for_everybody_in_it(quick_world: World) -> None:
    """Capability S15: 60 : 40, and the colleague without consent is told why not."""
    world = quick_world
    company, program = world.company(reps=2), world.program(MILESTONES, WON)
    ann, bob = company.reps
    world.consent(company, program, ann)
    world.enroll(company, program)
    credits_of_both = (Credit(ann, 3), Credit(bob, 2))
    terms = DealTerms(None, "Product", 3_000_000, "USD", credits=credits_of_both)
    _, _, won = expected = previewed(world, company, program, terms=terms)
    short = WithheldReason.NO_CONSENT
    assert [awarded(45_000), withheld(30_000, short), awarded(60), withheld(40, short)] == (
        outcomes_of(won)
    )
    assert told(expected) == lived(world, company, program, credits_of_both)


def test_without_a_registration_the_winning_part_alone_is_previewed(quick_world: World) -> None:
    company, program = quick_world.ready(MILESTONES, UPLIFT)
    terms = DealTerms(None, "Product", 3_000_000, "USD")
    steps = previewed(quick_world, company, program, DealPreview(terms=terms, registered=False))
    assert ["DEAL_SUBMITTED", "DEAL_WON"] == [step.behavior for step in steps]
    assert [awarded(75_000), awarded(60_000)] == outcomes_of(steps[-1])


def test_a_known_deal_is_previewed_from_where_it_stands(quick_world: World) -> None:
    """Submitted, approved, won but not approved, lost; at its estimate or another amount."""
    world = quick_world
    company, program = world.ready()
    deal = world.register(company, program)

    def steps(known: Deal, **more: Any) -> list[list[tuple[Any, ...]]]:
        asked = DealPreview(deal_id=known.id, **more)
        return [outcomes_of(step) for step in previewed(world, company, program, asked)]

    assert [[awarded(15_000)], [awarded(75_000)]] == steps(deal)
    world.approve(deal)
    assert [[awarded(75_000)]] == steps(deal)
    assert [[awarded(57_000)]] == steps(deal, amount_minor=2_400_000, currency="USD")
    assert [[(OutcomeStatus.TAKEN_BACK, 15_000, None)]] == steps(deal, amount_minor=0)
    late, lost = world.register(company, program), world.register(company, program)
    world.win(late)
    world.lose(lost)
    assert [[]] == steps(late)
    assert [] == steps(lost)


def test_an_overlay_is_previewed_pending_and_released(quick_world: World) -> None:
    """Capability C2, and an activity for a deal is previewed too."""
    world = quick_world
    define(world, "PROOF")
    company, program = world.ready(PROOF)
    deal = world.register(company, program)
    (proof,) = activity(world, company, program, "PROOF", deal_id=deal.id)
    assert [(OutcomeStatus.PENDING, 10_000, None)] == outcomes_of(proof)
    world.record(company, program, "PROOF", "1", deal_id=deal.id)
    world.now += timedelta(microseconds=1)
    _, won = previewed(world, company, program, DealPreview(deal_id=deal.id))
    assert [(OutcomeStatus.RELEASED, 10_000, None)] == outcomes_of(won)


def activity(
    world: World, company: Company, program: str, behavior: str = "TRAINING", **given: Any
) -> tuple[Activity, ...]:
    asked: dict[str, Any] = {"occurred_at": None, "deal_id": None, **given}
    return preview_activity(
        world.portal,
        world.viewer(company.rep),
        partner_id=company.id,
        individual_id=company.rep,
        program_id=program,
        behavior=behavior,
        **asked,
    )


def test_an_activity_is_previewed_as_it_then_goes_limit_and_cap_included(
    quick_world: World,
) -> None:
    """One a day, 120 points under the consent: the preview says when either is reached."""
    world = quick_world
    define(world)
    limited = replace(TRAINING, limits=(Limit(Period.DAY, count=1),))
    company, program = world.company(), world.program(limited, budget={"POINTS": 1_000})
    world.consent(company, program, caps=(Cap("POINTS", 120),))
    world.enroll(company, program)
    seen = []
    for number, days in enumerate((0, 0, 1, 1, 1)):
        world.wait(days)
        (expected,) = activity(world, company, program)
        recorded = world.record(company, program, "TRAINING", str(number)).activity
        assert told((expected,)) == told((recorded,))
        seen += outcomes_of(recorded)
    limit, cap = WithheldReason.LIMIT_REACHED, WithheldReason.CAP_REACHED
    assert [
        awarded(50),
        withheld(50, limit),
        awarded(50),
        withheld(50, cap),
        withheld(50, cap),
    ] == seen


@pytest.mark.parametrize(
    ("lacks", "reason"),
    [
        ("consent", WithheldReason.NO_CONSENT),
        ("enrollment", WithheldReason.NOT_ENROLLED),
        ("budget", WithheldReason.BUDGET_EXHAUSTED),
    ],
)
def test_what_would_be_withheld_is_previewed_with_its_reason(
    quick_world: World, lacks: str, reason: WithheldReason
) -> None:
    world = quick_world
    company = world.company()
    program = world.program(budget={"USD": 15_000} if lacks == "budget" else None)
    if lacks != "consent":
        world.consent(company, program)
    if lacks != "enrollment":
        world.enroll(company, program)
    *_, won = previewed(world, company, program)
    assert withheld(75_000, reason) in outcomes_of(won)


def test_one_previews_for_oneself_and_the_vendor_for_anybody(quick_world: World) -> None:
    world = quick_world
    define(world)
    company, program = world.ready(reps=2)
    ann, bob = company.reps
    stranger = world.company()
    for who in (bob, company.executive, stranger.rep):
        with pytest.raises(NotFound):
            previewed(world, company, program, rep=ann, who=who)
    newcomer = world.person(company.partner, Role.SALES_REP)
    assert [awarded(15_000)] == outcomes_of(
        previewed(world, company, program, rep=ann, who=world.admin)[1]
    )
    with pytest.raises(NotFound):
        preview_activity(
            world.portal,
            world.viewer(newcomer),
            partner_id=company.id,
            individual_id=ann,
            program_id=program,
            behavior="TRAINING",
            occurred_at=None,
            deal_id=None,
        )


def of_another_program(world: World, company: Company, program: str) -> DealPreview:
    return DealPreview(deal_id=world.register(company, world.program()).id)


def of_a_colleague(world: World, company: Company, program: str) -> DealPreview:
    return DealPreview(deal_id=world.register(company, program, rep=company.reps[1]).id)


def of_nobody(world: World, company: Company, program: str) -> DealPreview:
    return DealPreview(deal_id="none")


def shared_with_a_stranger(world: World, company: Company, program: str) -> DealPreview:
    shares = (Credit(company.rep, 1), Credit(world.company().rep, 1))
    return DealPreview(terms=DealTerms(None, "Product", 1, "USD", credits=shares))


@pytest.mark.parametrize(
    "asked", [of_another_program, of_a_colleague, of_nobody, shared_with_a_stranger]
)
def test_a_preview_of_what_is_not_there_is_refused(
    quick_world: World, asked: Callable[[World, Company, str], DealPreview]
) -> None:
    company, program = quick_world.ready(reps=2)
    with pytest.raises(NotFound):
        previewed(quick_world, company, program, asked(quick_world, company, program))


@pytest.mark.parametrize(
    "asked",
    [
        DealPreview(),
        DealPreview(terms=DealTerms(None, "Product", 1, "EUR")),
        DealPreview(terms=DealTerms(None, "Product", -1, "USD")),
        DealPreview(terms=DealTerms(None, "Product", 10**13, "USD")),
        DealPreview(terms=DealTerms(None, "", 1, "USD")),
    ],
)
def test_a_preview_of_what_cannot_be_is_refused(quick_world: World, asked: DealPreview) -> None:
    company, program = quick_world.ready()
    with pytest.raises(InvalidInput):
        previewed(quick_world, company, program, asked)


def test_a_known_deal_is_previewed_in_its_own_currency_only(quick_world: World) -> None:
    company, program = quick_world.ready()
    deal = quick_world.register(company, program)
    asked = DealPreview(deal_id=deal.id, amount_minor=1, currency="EUR")
    with pytest.raises(InvalidInput) as refused:
        previewed(quick_world, company, program, asked)
    assert "amount" == refused.value.field


def test_a_plan_that_is_published_while_a_preview_reads_is_looked_at_again(
    quick_world: World,
) -> None:
    """The reads of one wave are made one after the other; nobody is told of an inner conflict."""
    world = quick_world
    company, program = world.ready()
    torn = Torn(
        world.store,
        lambda want: isinstance(want, Many) and want.kind is PlanVersion,
        lambda: plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent((WON,), ()),
        ),
    )
    steps = preview_deal(
        world.on(torn),
        world.viewer(company.rep),
        partner_id=company.id,
        individual_id=company.rep,
        program_id=program,
        asked=DealPreview(terms=DealTerms(None, "Product", 3_000_000, "USD")),
    )
    assert [[], [], [awarded(100)]] == [outcomes_of(step) for step in steps]
