"""How much a rule pays whom: limits, the cap of a consent, and rules that only shadow."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portal_api.domain.activities import OutcomeStatus, WithheldReason
from portal_api.domain.consent import Cap
from portal_api.domain.goals import Level, Progress
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.plans import Limit, Period, Rule
from portal_api.services import consent, deal_changes, plans
from portal_api.services.activities import ActivityRecorded
from portal_api.services.store import One
from portal_api.services.use_case import Portal
from tests.services.racing import Together, a_trained, training
from tests.services.steps import define
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.test_rule_races import Torn
from tests.services.world import (
    MILESTONES,
    START,
    Company,
    World,
    awarded,
    outcomes_of,
    withheld,
)

LIMIT, CAP = WithheldReason.LIMIT_REACHED, WithheldReason.CAP_REACHED
PAID, OVER = awarded(100), withheld(100, LIMIT)
SALE = Rule("sale", "Sale", Level.INDIVIDUAL, "USD", Flat("DEAL_WON", 100))


def limited(world: World, *limits: Limit, zone: str = "UTC") -> tuple[Company, str]:
    """A company that earns 1.00 for each training, within limits, for two years."""
    define(world)
    company = world.company()
    program = world.program(replace(training(100), limits=limits), time_zone=zone, days=700)
    world.consent(company, program)
    world.enroll(company, program)
    return company, program


def trained(
    world: World, company: Company, program: str, event: str, portal: Portal | None = None
) -> ActivityRecorded:
    return world.record(company, program, "TRAINING", event, portal=portal)


def on_days(world: World, company: Company, program: str, *days: int) -> list[object]:
    """The outcome of a training on each of some days after the start."""
    found: list[object] = []
    for number, day in enumerate(days):
        world.now = START + timedelta(days=day)
        found += outcomes_of(trained(world, company, program, f"{day} {number}").activity)
    return found


@pytest.mark.parametrize(
    ("period", "days", "expected"),
    [
        # The first is a Monday, the 5th of January.
        (Period.DAY, (0, 0, 1, 1), [PAID, OVER, PAID, OVER]),
        (Period.WEEK, (0, 6, 7, 13), [PAID, OVER, PAID, OVER]),
        (Period.MONTH, (0, 26, 27, 54, 55), [PAID, OVER, PAID, OVER, PAID]),
        (Period.QUARTER, (0, 85, 86, 176, 177), [PAID, OVER, PAID, OVER, PAID]),
        (Period.PROGRAM, (0, 1, 400), [PAID, OVER, OVER]),
    ],
)
@pytest.mark.parametrize("limit", [{"count": 1}, {"amount_minor": 199}])
def test_a_limit_holds_for_its_period(
    quick_world: World,
    period: Period,
    days: tuple[int, ...],
    expected: list[object],
    limit: dict[str, int],
) -> None:
    """By count or by amount, which is never paid in part; the next period begins anew."""
    company, program = limited(quick_world, Limit(period, **limit))
    assert expected == on_days(quick_world, company, program, *days)


def test_two_limits_both_hold(quick_world: World) -> None:
    """One a day and 3.00 in all."""
    limits = (Limit(Period.DAY, count=1), Limit(Period.PROGRAM, amount_minor=300))
    company, program = limited(quick_world, *limits)
    assert [PAID, OVER, PAID, PAID, OVER, OVER] == on_days(
        quick_world, company, program, 0, 0, 1, 2, 3, 4
    )


def test_the_program_s_time_zone_says_what_a_day_is(quick_world: World) -> None:
    """In New York a day of January ends at five in the morning UTC."""
    world = quick_world
    company, program = limited(world, Limit(Period.DAY, count=1), zone="America/New_York")
    outcomes = []
    for hour, minute in ((4, 59), (5, 0), (23, 59)):
        world.now = datetime(2026, 1, 7, hour, minute, tzinfo=UTC)
        outcomes += outcomes_of(trained(world, company, program, f"{hour}").activity)
    world.now = datetime(2026, 1, 8, 4, 59, tzinfo=UTC)
    outcomes += outcomes_of(trained(world, company, program, "next morning").activity)
    assert [PAID, PAID, OVER, OVER] == outcomes


def test_a_late_report_counts_in_the_period_in_which_it_happened(quick_world: World) -> None:
    world = quick_world
    company, program = limited(world, Limit(Period.DAY, count=1))
    world.wait(3)
    outcomes = []
    for number, back in enumerate((1, 0, 1)):
        at = world.now - timedelta(days=back)
        recorded = world.record(company, program, "TRAINING", str(number), occurred_at=at)
        outcomes += outcomes_of(recorded.activity)
    assert [PAID, PAID, OVER] == outcomes


def test_everybody_has_a_limit_of_its_own_and_a_rule_too(quick_world: World) -> None:
    world = quick_world
    define(world)
    once = (Limit(Period.PROGRAM, count=1),)
    rules = (
        replace(training(100), limits=once),
        replace(training(100), code="other", limits=once),
        Rule("company", "Company", Level.PARTNER, "USD", Flat("TRAINING", 100), limits=once),
    )
    company, program = world.ready(*rules, reps=2)
    outcomes = [
        outcomes_of(world.record(company, program, "TRAINING", str(event), rep=rep).activity)
        for event in (1, 2)
        for rep in company.reps
    ]
    assert [[PAID, PAID, PAID], [PAID, PAID, OVER], [OVER] * 3, [OVER] * 3] == outcomes


def test_a_return_frees_what_it_gives_back(quick_world: World) -> None:
    """The limit counts what is paid, net; what is taken back in part still counts as one."""
    world = quick_world
    whole = replace(MILESTONES, limits=(Limit(Period.PROGRAM, amount_minor=90_000),))
    company, program = world.ready(whole)
    deal = world.approved(company, program)
    world.win(deal)
    other = world.register(company, program)
    assert [withheld(15_000, LIMIT)] == outcomes_of(world.approve(other).activity)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    # The registration's 150.00 are kept, so the winning's 750.00 are free.
    assert [awarded(75_000)] == outcomes_of(world.win(other).activity)
    own = world.load(Progress, f"{company.id}.{program}.individual.{company.rep}")
    assert own is not None
    assert 90_000 == own.count("amount:deals:P") == own.count("earned:USD")


def test_a_return_frees_a_limit_by_count(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready(replace(SALE, limits=(Limit(Period.PROGRAM, count=1),)))
    deal = world.register(company, program)
    world.win(deal)
    assert [OVER] == outcomes_of(world.win(world.register(company, program)).activity)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    outcomes = [outcomes_of(world.win(world.register(company, program)).activity) for _ in range(2)]
    assert [[PAID], [OVER]] == outcomes


def test_a_return_frees_nothing_of_a_limit_that_it_never_used(quick_world: World) -> None:
    """Paid by a version without limits: under the next, one sale is paid, not two."""
    world = quick_world
    company, program = world.ready(SALE)
    deal = world.register(company, program)
    world.win(deal)
    world.wait()
    limits = (Limit(Period.PROGRAM, count=1),)
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((replace(SALE, limits=limits),), ()),
    )
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    outcomes = [outcomes_of(world.win(world.register(company, program)).activity) for _ in range(2)]
    assert [[PAID], [OVER]] == outcomes


def test_a_cap_holds_for_each_person_and_consent(quick_world: World) -> None:
    """2.00 under the first consent; a new one that follows it begins anew."""
    world = quick_world
    define(world)
    company, program = world.company(reps=2), world.program(training(100))
    ann, bob = company.reps
    given = world.consent(company, program, caps=(Cap("USD", 200),))
    world.enroll(company, program)
    over = withheld(100, CAP)

    def of(rep: str, *events: int) -> list[object]:
        return [
            outcome
            for event in events
            for outcome in outcomes_of(
                world.record(company, program, "TRAINING", str(event), rep=rep).activity
            )
        ]

    assert [PAID, PAID, over] == of(ann, 1, 2, 3)
    assert [PAID] == of(bob, 1)
    consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    world.wait()
    world.consent(company, program, caps=(Cap("USD", 100),))
    assert [PAID, over] == of(ann, 4, 5)


def test_a_cap_is_freed_by_a_return(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program(SALE)
    world.consent(company, program, caps=(Cap("USD", 100), Cap("POINTS", 1)))
    world.enroll(company, program)
    deal = world.register(company, program)
    world.win(deal)
    over = world.win(world.register(company, program))
    deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    again = world.win(world.register(company, program))
    assert [[withheld(100, CAP)], [PAID]] == [outcomes_of(one.activity) for one in (over, again)]


def of_one(world: World) -> tuple[Company, str]:
    return limited(world, Limit(Period.PROGRAM, count=1))


def of_an_amount(world: World) -> tuple[Company, str]:
    return limited(world, Limit(Period.PROGRAM, amount_minor=150))


def of_a_cap(world: World) -> tuple[Company, str]:
    program, _ = a_trained(world, 100, 1_000)
    company = world.company()
    world.consent(company, program, caps=(Cap("USD", 150),))
    world.enroll(company, program)
    return company, program


@pytest.mark.parametrize("limit", [of_one, of_an_amount, of_a_cap])
def test_two_awards_at_once_against_room_for_one_pay_one(
    world: World, limit: Callable[[World], tuple[Company, str]]
) -> None:
    """Fault F15: both decide on the same counters, and one decides again."""
    company, program = limit(world)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[
            lambda event=event: trained(world, company, program, event, portal)
            for event in ("1", "2")
        ]
    )

    statuses = [
        outcome.status
        for answer in answers
        if isinstance(answer, ActivityRecorded)
        for outcome in answer.activity.outcomes
    ]
    assert {OutcomeStatus.AWARDED, OutcomeStatus.WITHHELD} == set(statuses)
    assert 2 == len(statuses)
    assert 100 == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_an_award_that_comes_before_the_commit_uses_the_limit_up(world: World) -> None:
    """The same in the one dangerous order."""
    company, program = of_one(world)
    store = FaultyStore(world.store, first(lambda: trained(world, company, program, "1")))
    late = trained(world, company, program, "2", world.on(store))
    assert [OVER] == outcomes_of(late.activity)


def test_a_limit_that_is_used_up_between_two_reads_of_one_wave_is_not_exceeded(
    world: World,
) -> None:
    """The counters were read before it and the wallet after it: both are checked by themselves."""
    company, program = of_one(world)
    own = f"{company.id}.{program}.individual.{company.rep}"
    store = Torn(
        world.store,
        lambda want: isinstance(want, One) and want.id == own,
        lambda: trained(world, company, program, "1"),
    )
    late = trained(world, company, program, "2", world.on(store))
    assert [OVER] == outcomes_of(late.activity)


def test_a_shadow_rule_notes_and_uses_nothing_of_anybody(quick_world: World) -> None:
    """Capability S9: no earning, no budget, no cap, no progress of anybody's pay."""
    world = quick_world
    define(world)
    shadow = replace(training(100), code="shadow", shadow=True)
    company = world.company()
    program = world.program(shadow, training(100), budget={"USD": 100})
    world.consent(company, program, caps=(Cap("USD", 150),))
    world.enroll(company, program)

    recorded = trained(world, company, program, "1")

    assert [(OutcomeStatus.SHADOW, 100, None), PAID] == outcomes_of(recorded.activity)
    assert 1 == len(recorded.earnings)
    assert 100 == world.balance(company.rep).available
    own = world.load(Progress, f"{company.id}.{program}.individual.{company.rep}")
    assert own is not None
    among = f"among:{company.partner.teams[0].id}:USD"
    assert {"earned:USD": 100, among: 100, "under:1:USD": 100} == dict(own.counters)
    assert [] == world.audit(program, company.parties)


def test_what_a_shadow_rule_noted_leaves_its_limit_free_when_it_pays(quick_world: World) -> None:
    """As a shadow it keeps its own limit too, so that it tells what it would have paid."""
    world = quick_world
    define(world)
    rule = replace(training(100), limits=(Limit(Period.PROGRAM, count=1),))
    company, program = world.ready(replace(rule, shadow=True))
    noted = [outcomes_of(trained(world, company, program, str(n)).activity) for n in (1, 2)]
    world.wait()
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((rule,), ()),
    )
    paid = [outcomes_of(trained(world, company, program, str(n)).activity) for n in (3, 4)]
    assert [[(OutcomeStatus.SHADOW, 100, None)], [OVER]] == noted
    assert [[PAID], [OVER]] == paid


def test_a_shadow_rule_of_a_deal_notes_every_step_and_takes_back_what_it_noted(
    quick_world: World,
) -> None:
    """Nothing is paid, and the pot that it would have paid is on the deal."""
    world = quick_world
    rule = replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False), shadow=True)
    company, program = world.ready(rule)
    deal = world.register(company, program)
    activities = [world.approve(deal).activity, world.win(deal).activity]
    back = deal_changes.return_deal(world.portal, world.manage(), deal_id=deal.id, occurred_at=None)
    shadow = OutcomeStatus.SHADOW
    assert [[(shadow, 15_000, None)], [(shadow, 75_000, None)]] == [
        outcomes_of(one) for one in activities
    ]
    assert [(shadow, -75_000, None), (shadow, -15_000, None)] == outcomes_of(back.activity)
    assert [0, 0] == [award.amount_minor for award in back.deal.awards]
    assert 0 == world.balance(company.rep).available
    assert 10_000_000 == sum(world.budget(program))
