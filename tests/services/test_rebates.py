"""Rebates and participation: what accrues when, what it costs, and what growth is measured by."""

from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

import pytest

from portal_api.domain.activities import OutcomeStatus
from portal_api.domain.consent import Whom
from portal_api.domain.errors import (
    InvalidInput,
    NotFound,
    NothingWithheld,
    NotPermitted,
    PlanNotPublishable,
)
from portal_api.domain.goals import COMPANY as COMPANY_PARTY
from portal_api.domain.goals import Progress
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.rebate import Band, Rebate
from portal_api.domain.plans import Period, Rule
from portal_api.domain.rebates import RebateBaselines
from portal_api.services import consent, deal_changes, deals, plans, rebates, reversals
from portal_api.services.dry_runs import dry_run
from portal_api.services.previews import DealPreview, preview_deal
from portal_api.services.retries import retry_withheld
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.services.rebating import (
    COMPANY,
    GROWTH,
    HOUR,
    NO_PARTICIPATION,
    REBATE,
    declare,
    found_in,
    give_back,
    offering,
    revoke,
    sell,
    update_terms,
    worth,
)
from tests.services.stores import CountingEngine
from tests.services.world import Company, World, awarded, outcomes_of, taken_back, withheld


def test_a_rebate_accrues_with_participation_only(world: World) -> None:
    """Before, during and after it; what is no rebate needs none. 80,000.00 are withheld first."""
    company, people, program = offering(world, REBATE, COMPANY)
    before = sell(world, company, program)
    given = world.consent(company, people)
    during = [sell(world, company, program) for _ in range(2)]
    revoke(world, company, given)
    after = sell(world, company, program)

    flat = awarded(700)
    assert [withheld(80_000, NO_PARTICIPATION), flat] == outcomes_of(before.activity)
    assert [[awarded(80_000), flat], [awarded(20_000 + 180_000), flat]] == [
        outcomes_of(one.activity) for one in during
    ]
    assert [withheld(240_000, NO_PARTICIPATION), flat] == outcomes_of(after.activity)
    assert Balance(available=280_000 + 4 * 700) == world.balance(company.id)
    assert ["rebate", None] == [
        "rebate" if one.trace.participation_id == given else None for one in during[0].earnings
    ]
    assert [] == found_in(world)


def test_a_returned_deal_gives_back_its_rebate_also_after_the_revocation(world: World) -> None:
    """It had lifted the other to 3 %: 1,200.00 too much, which the next sales work off."""
    company, people, program = offering(world)
    given = world.consent(company, people)
    sold = [sell(world, company, program) for _ in range(2)]
    revoke(world, company, given)
    back = give_back(world, sold[0].deal)
    world.consent(company, people)
    third = sell(world, company, program, 1_000_000)
    last = sell(world, company, program, 6_000_000)

    assert [taken_back(80_000)] == outcomes_of(back.activity)
    assert [awarded(0)] == outcomes_of(third.activity)
    # 1 % of 10,000.00 and 3 % of 50,000.00, less the 1,100.00 that are left of it.
    assert [awarded(50_000)] == outcomes_of(last.activity)
    assert Balance(available=worth(15_000_000)) == world.balance(company.id)
    assert [] == found_in(world)


@pytest.mark.parametrize("retrospective", [False, True])
def test_what_a_returned_sale_had_lifted_is_worked_off_in_the_next_period(
    quick_world: World, retrospective: bool
) -> None:
    """A great deal for a day pays nobody: 100,000.00 less 0.01, then 10,000.00 at 3 %."""
    world = quick_world
    mechanic = replace(REBATE.mechanic, retrospective=retrospective)  # type: ignore[type-var]
    company, program = world.company(), world.program(replace(REBATE, mechanic=mechanic), days=200)
    sold = [sell(world, company, program, amount) for amount in (9_999_999, 1_000_000)]
    paid = world.balance(company.id).available
    give_back(world, sold[0].deal)
    left = world.balance(company.id).available
    world.now = datetime(2026, 4, 2, tzinfo=UTC)
    sell(world, company, program, 9_000_000)
    after = [world.balance(company.id).available]
    sell(world, company, program, 40_000_000)
    after.append(world.balance(company.id).available)

    assert paid - 100_000 == left > 10_000
    assert [max(left, 10_000 + 90_000), 10_000 + all_of(49_000_000, retrospective)] == after
    assert [] == found_in(world)


def all_of(revenue: int, retrospective: bool) -> int:
    """What the revenue of a quarter above 100,000.00 is worth."""
    return revenue * 3 // 100 if retrospective else worth(revenue)


def test_growth_rates_what_a_return_leaves_by_what_is_known_then(quick_world: World) -> None:
    """80,000.00 at 1 %, then 50,000.00 are declared for the year before, and 10,000.00 at 3 %."""
    world = quick_world
    company, program = world.company(), world.program(GROWTH)
    unknown = sell(world, company, program)
    declare(world, company, program)
    known = sell(world, company, program, 1_000_000)
    give_back(world, unknown.deal)
    (left,) = counters(world, company, program, "over:growth")
    give_back(world, known.deal)

    assert 30_000 - 10_000 == left
    assert (0, 0, 0) == counters(
        world, company, program, "base:growth:Q2026-1", "worth:growth:Q2026-1", "over:growth"
    )
    assert [awarded(10_000)] == outcomes_of(sell(world, company, program, 1_000_000).activity)
    assert [] == found_in(world)


def test_what_was_reversed_by_hand_is_not_taken_off_the_next_sales(quick_world: World) -> None:
    world = quick_world
    company, program = world.company(), world.program(REBATE)
    sold = sell(world, company, program)
    (earning,) = sold.earnings
    reversals.reverse_earning(
        world.portal,
        world.manage(),
        earning_id=earning.id,
        amount_minor=30_000,
        asset="USD",
        reason="By hand.",
    )
    back = give_back(world, sold.deal)

    assert [taken_back(50_000)] == outcomes_of(back.activity)
    assert (0,) == counters(world, company, program, "over:rebate")
    assert [awarded(80_000)] == outcomes_of(sell(world, company, program).activity)


def counters(world: World, company: Company, program: str, *names: str) -> tuple[int, ...]:
    """What is counted of a company in a program."""
    progress = world.load(Progress, f"{company.id}.{program}.{COMPANY_PARTY}")
    return tuple(progress.count(name) for name in names) if progress is not None else ()


@pytest.mark.parametrize(
    ("terms", "accrues"),
    [
        (Terms(Whom()), True),
        (Terms(Whom(("rep",))), False),
        (Terms(Whom(team_ids=("team",))), False),
    ],
)
def test_only_the_whole_company_takes_part(quick_world: World, terms: Terms, accrues: bool) -> None:
    world = quick_world
    company, people, program = offering(world)
    whom = Whom(
        (company.rep,) * len(terms.whom.individual_ids),
        (company.partner.teams[0].id,) * len(terms.whom.team_ids),
    )
    consent.grant_consent(
        world.portal,
        world.ask(company.executive),
        partner_id=company.id,
        program_id=people,
        terms=replace(terms, whom=whom),
    )

    expected = [awarded(80_000) if accrues else withheld(80_000, NO_PARTICIPATION)]
    assert expected == outcomes_of(sell(world, company, program).activity)


def test_consent_to_former_terms_is_no_participation_in_the_new_ones(quick_world: World) -> None:
    """A sale that occurred under the former terms, and is recorded now, still accrues."""
    world = quick_world
    company, people, program = offering(world)
    world.consent(company, people)
    deal = world.register(company, program, 8_000_000)
    world.now += HOUR
    sold_at = world.now
    world.now += HOUR
    update_terms(world, people)
    late = world.win(deal, 8_000_000, occurred_at=sold_at)
    new = sell(world, company, program)

    assert [awarded(80_000)] == outcomes_of(late.activity)
    assert [withheld(200_000, NO_PARTICIPATION)] == outcomes_of(new.activity)
    assert [] == found_in(world)


def test_what_was_withheld_stays_so_since_participation_is_not_backdated(
    quick_world: World,
) -> None:
    world = quick_world
    company, people, program = offering(world)
    sold = sell(world, company, program)
    world.consent(company, people)

    with pytest.raises(NothingWithheld):
        retry_withheld(world.portal, world.manage(), activity_id=sold.activity.id)
    assert Balance() == world.balance(company.id)


@pytest.fixture
def counting(sqlite_engine: SqliteEngine) -> CountingEngine:
    return CountingEngine(sqlite_engine)


def test_a_rebate_reads_one_wave_more_and_checks_what_it_read(
    quick_world: World, counting: CountingEngine
) -> None:
    """Three items: the required program, its consents, what was declared. Nothing for others."""
    world = quick_world
    company, people, program = offering(world, REBATE)
    free, flat = world.program(REBATE), world.program(COMPANY)
    world.consent(company, people)
    sell(world, company, flat)  # From now on its wallet is in the list of wallets.
    portal, costs = world.on(TableStore(counting)), {}
    for name, of in (("required", program), ("free", free), ("flat", flat)):
        deal = world.register(company, of)
        counting.forget()
        won = world.win(deal, portal=portal)
        assert OutcomeStatus.AWARDED is won.activity.outcomes[0].status
        costs[name] = counting.waves, len(counting.written[0])
        counting.forget()
        deal_changes.return_deal(portal, world.manage(), deal_id=deal.id, occurred_at=None)
        assert "RRW" == counting.waves  # What the sale was paid is found by its deal.

    items = costs["flat"][1]
    assert {"required": ("RRW", items + 3), "free": ("RW", items), "flat": ("RW", items)} == costs


def test_growth_is_measured_by_what_the_vendor_declares_of_the_time_before(world: World) -> None:
    company, program = world.company(), world.program(GROWTH)
    unknown = sell(world, company, program)
    declared = declare(world, company, program)
    known = sell(world, company, program, 1_000_000)

    assert [awarded(80_000)] == outcomes_of(unknown.activity)
    assert [awarded(30_000)] == outcomes_of(known.activity)
    assert 5_000_000 == declared.baselines.amount("Q2025-1")
    assert [] == found_in(world)


def test_a_year_later_growth_is_measured_by_what_the_program_has_counted(
    quick_world: World,
) -> None:
    """All that was won, also what accrued nothing and by whomever; net of returns."""
    world = quick_world
    people = world.program(days=800)
    company = world.company(reps=2)
    program = world.program(GROWTH, participation_in=people, days=800)
    world.now = datetime(2026, 4, 10, tzinfo=UTC)
    sold = [sell(world, company, program, amount) for amount in (3_000_000, 900_000, 2_000_000)]
    give_back(world, sold[1].deal)
    world.now = datetime(2027, 4, 1, 12, tzinfo=UTC)
    world.consent(company, people)
    won = sell(world, company, program)

    assert [awarded(50_000 + 90_000)] == outcomes_of(won.activity)
    with pytest.raises(InvalidInput, match="counts this period itself"):
        declare(world, company, program, "Q2026-2")


def test_a_declaration_is_of_a_known_company_and_of_a_time_before_the_program(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.company(), world.program(GROWTH)
    for period, amount in (
        ("2025", 1),
        ("Q2025-5", 1),
        ("D2025-01-01", 1),
        ("P", 1),
        ("Q2026-2", 1),
        ("M2026-02", 1),
        ("Y0000", 1),
        ("Y0001", 1),
        ("M1899-12", 1),
        ("Y2200", 1),
        ("Y2025", 0),
        ("Y2025", 10**15 + 1),
    ):
        with pytest.raises(InvalidInput):
            declare(world, company, program, period, amount)
    with pytest.raises(NotFound):
        declare(world, company, "prg-none")
    with pytest.raises(NotPermitted):
        rebates.declare_rebate_baseline(
            world.portal,
            world.ask(company.executive),
            partner_id=company.id,
            program_id=program,
            period="Y2025",
            amount_minor=1,
            currency="USD",
        )
    declare(world, company, program, "Y2025", 1)
    declare(world, company, program, "M2026-01", 2)
    declare(world, company, program, "Y2025", 3)

    kept = world.load(RebateBaselines, f"{company.id}.{program}")
    assert kept is not None
    assert [("M2026-01", 2), ("Y2025", 3)] == [
        (one.period, one.amount_minor) for one in kept.baselines
    ]
    assert {world.admin} == {one.declared_by for one in kept.baselines}


def test_a_shadow_rebate_notes_what_it_would_pay_and_relies_on_nothing(
    quick_world: World, counting: CountingEngine
) -> None:
    world = quick_world
    company, people, program = offering(world, replace(REBATE, shadow=True), COMPANY)
    first_sale = sell(world, company, program)
    world.consent(company, people)
    deal = world.register(company, program, 8_000_000)
    counting.forget()
    second = world.win(deal, 8_000_000, world.on(TableStore(counting)))

    assert NO_PARTICIPATION is first_sale.activity.outcomes[0].reason
    assert OutcomeStatus.SHADOW is second.activity.outcomes[0].status
    assert [] == [op for op in counting.written[0] if people in f"{getattr(op, 'key', '')}"]


def test_a_preview_and_a_dry_run_decide_as_the_payment_does(quick_world: World) -> None:
    world = quick_world
    company, people, program = offering(world)
    wish = DealPreview(terms=deals.DealTerms("New", "Product", 8_000_000, "USD", None, ()))
    preview = partial(
        preview_deal,
        world.portal,
        world.viewer(world.admin),
        partner_id=company.id,
        individual_id=company.rep,
        program_id=program,
        asked=wish,
    )
    without = preview()
    sell(world, company, program)
    world.consent(company, people)
    within = preview()
    sell(world, company, program)

    assert [withheld(80_000, NO_PARTICIPATION)] == outcomes_of(without[-1])
    assert [awarded(80_000)] == outcomes_of(within[-1])
    (line,) = dry_run(world.portal, program_id=program, partner_id=company.id, number=1).lines
    assert (80_000, 80_000, 80_000) == (
        line.would_pay_minor,
        line.would_withhold_minor,
        line.paid_minor,
    )


def test_bands_go_on_under_their_code_only_as_they_are(quick_world: World) -> None:
    """What was counted by other bands is not theirs: another code begins anew."""
    world = quick_world
    program = world.program(REBATE)
    other = replace(REBATE, mechanic=Rebate(Period.QUARTER, (Band(0, 100),)))

    def publish(*rules: Rule) -> object:
        return plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent(rules, (), None),
        )

    with pytest.raises(PlanNotPublishable):
        publish(other)
    publish(REBATE, replace(other, code="more"))
