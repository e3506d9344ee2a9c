"""Markets are built of what is stored: whole weeks, who took part when, what is paid for."""

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from portal_api.domain.activities import Activity, FiveC, ProcessStage
from portal_api.domain.deals import Credit, Deal, DealStage
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.insights.answers import answers
from portal_api.domain.insights.market import Company, Incentive, Market, Series
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.money import split
from portal_api.domain.partners import Role, Segment, Tier
from portal_api.domain.plans import PointValue, Rule
from portal_api.services import (
    consent,
    currencies,
    deal_changes,
    deals,
    directory,
    people,
    plans,
    programs,
)
from portal_api.services.currencies import GivenRate
from portal_api.services.market import markets
from portal_api.services.store import Many, of_person
from tests.services.world import DAY, MILESTONES, START, World
from tests.services.world import Company as House

WEEK = 7 * DAY
WEEKS = 28
TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))
DEMO = Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Flat("DEMO", 900))


def behaviors(world: World, *codes: str) -> None:
    for code in codes:
        programs.define_behavior(
            world.portal,
            world.manage(),
            code=code,
            name=code.title(),
            stage=ProcessStage.ENABLEMENT,
            five_c=FiveC.CAPACITY,
            review_needed=False,
        )


def market_of(world: World, program: str) -> Market:
    found = {one.program_id: one for one in markets(world.store, world.now)}
    return found[program]


def company_of(market: Market, house: House) -> Company:
    return next(one for one in market.companies if one.id == house.id)


def given(series: Series) -> dict[str, tuple[int, ...]]:
    """What was counted, without counters that came to nothing in every week."""
    return {name: numbers for name, numbers in series.counts.items() if any(numbers)}


def publish(world: World, program: str, at: datetime, *rules: Rule, **more: object) -> None:
    content = plans.PlanContent(rules, (), at, **more)  # type: ignore[arg-type]
    plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)


def test_L24_the_series_are_what_all_stored_activities_come_to(quick_world: World) -> None:
    """Folded once more from activities and deals, by the program's own calendar.

    Sales are in the week in which they were made, whenever they were returned; the pipeline is that
    of open deals whose registration was approved.
    """
    world = quick_world
    behaviors(world, "TRAINING")
    zone = ZoneInfo("America/New_York")
    program = world.program(TRAINING, budget={"USD": 10**9}, time_zone=zone.key)
    houses = [world.company(reps=2), world.company(reps=1)]
    for house in houses:
        world.consent(house, program)
        world.enroll(house, program)
    chance = Random(7)
    for day in range(45):
        _live(world, houses, program, day, chance)
        world.wait()
    world.now = START + WEEKS * WEEK

    market = market_of(world, program)
    assert date(2026, 1, 5) == market.first_week
    assert WEEKS == market.weeks
    for house in houses:
        company = company_of(market, house)
        expected = {person: _folded(world, house, program, person, zone) for person in house.reps}
        shown = {person.id: given(person.series) for person in company.people}
        assert expected == shown
        together: dict[str, list[int]] = defaultdict(lambda: [0] * WEEKS)
        for own in expected.values():
            for name, numbers in own.items():
                together[name] = [a + b for a, b in zip(together[name], numbers, strict=True)]
        whole = {name: tuple(numbers) for name, numbers in together.items() if any(numbers)}
        assert whole == given(company.series)
        assert {"won", "lost", "pipeline", "product:Product", "won_registered"} < set(whole)
        assert {"did:DEAL_RETURNED", "did:DEAL_REOPENED", "paid:training:TRAINING:USD"} < set(whole)
        (team,) = company.teams
        assert company.series == team.series


def _live(world: World, houses: list[House], program: str, day: int, chance: Random) -> None:
    """A day: trainings, some of them told late, and what becomes of a deal."""
    house = chance.choice(houses)
    rep = chance.choice(house.reps)
    world.record(house, program, "TRAINING", f"t-{day}", rep=rep)
    if day % 7 == 6:  # Sunday evening in New York, and Monday in UTC.
        late = world.now.replace(hour=2) + DAY
        world.now = late + timedelta(hours=1)
        world.record(house, program, "TRAINING", f"late-{day}", rep=rep, occurred_at=late)
    shared = tuple(Credit(one, chance.randrange(1, 9)) for one in house.reps)
    deal = world.register(house, program, 1_000_00 + day, rep=rep, credits=shared)
    end = chance.choice(["waits", "open", "lost", "reopened", "won", "won", "returned"])
    if end == "waits":
        return
    deal = world.approve(deal).deal
    world.wait(chance.randrange(4))
    if end in ("lost", "reopened"):
        world.lose(deal)
    elif end in ("won", "returned"):
        world.win(deal, 2_000_01 + day)
    world.wait(chance.randrange(2))
    more = {"reopened": deal_changes.reopen_deal, "returned": deal_changes.return_deal}
    if end in more:
        world.wait(chance.randrange(9))
        more[end](world.portal, world.manage(), deal_id=deal.id, occurred_at=None)


def _folded(
    world: World, house: House, program: str, person: str, zone: ZoneInfo
) -> dict[str, tuple[int, ...]]:
    """A person's counters by week, from what became of each deal and what was done."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * WEEKS)

    def count(counter: str, at: datetime, amount: int = 1) -> None:
        week = (at.astimezone(zone).date() - date(2026, 1, 5)).days // 7
        counts[counter][week] += amount

    for colleague in house.reps:
        of = of_person(house.id, colleague)
        acts_want, deals_want = Many(Activity, of), Many(Deal, of)
        found = world.store.read([acts_want, deals_want])
        acts, own_deals = found[acts_want].records, found[deals_want].records
        for deal in own_deals:
            if deal.stage is DealStage.WON:
                assert deal.closed_at is not None
                parts = split(deal.amount_minor, [one.weight for one in deal.credited])
                for one, part in zip(deal.credited, parts, strict=True):
                    if one.individual_id == person:
                        count("won_minor", deal.closed_at, part)
        if colleague != person:
            continue
        for deal in own_deals:
            _count_deal(deal, [one for one in acts if one.deal_id == deal.id], count)
        for act in acts:
            count(f"did:{act.behavior}", act.occurred_at)
            for outcome in act.outcomes:
                paid = f"paid:{outcome.rule_code}:{outcome.step}:{outcome.asset}"
                count(paid, act.occurred_at, outcome.net_minor)
    return {name: tuple(numbers) for name, numbers in counts.items() if any(numbers)}


def _count_deal(deal: Deal, acts: list[Activity], count) -> None:  # type: ignore[no-untyped-def]
    if deal.stage is DealStage.WON and deal.closed_at is not None:
        count("won", deal.closed_at)
        count(f"product:{deal.product}", deal.closed_at)
        count("days_to_close", deal.closed_at, (deal.closed_at - deal.submitted_at).days)
        if deal.approved_at is not None and deal.approved_at < deal.closed_at:
            count("won_registered", deal.closed_at)
    if deal.stage is DealStage.LOST:
        count("lost", deal.closed_at)
    open_minor = None
    for act in sorted(acts, key=lambda one: one.recorded_at):
        if act.behavior in ("DEAL_REGISTERED", "DEAL_REOPENED"):
            open_minor = act.deal_amount_minor
            assert open_minor is not None
            count("pipeline", act.occurred_at)
            count("pipeline_minor", act.occurred_at, open_minor)
        if act.behavior in ("DEAL_WON", "DEAL_LOST"):
            assert open_minor is not None
            count("pipeline", act.occurred_at, -1)
            count("pipeline_minor", act.occurred_at, -open_minor)


def test_a_market_has_whole_weeks_that_were_over_an_hour_ago(quick_world: World) -> None:
    """By the program's calendar: Monday begins at 5 o'clock in UTC for New York in winter."""
    world = quick_world
    behaviors(world, "TRAINING")
    program = world.program(TRAINING, time_zone="America/New_York")
    house = world.company()
    world.record(house, program, "TRAINING", "1")
    monday = datetime(2026, 1, 19, 5, tzinfo=UTC)
    for minutes, weeks in ((59, 1), (60, 2)):
        world.now = monday + timedelta(minutes=minutes)
        market = market_of(world, program)
        assert (date(2026, 1, 5), weeks) == (market.first_week, market.weeks)
        assert world.now == market.as_of


def test_weeks_before_anything_was_recorded_are_not_taken_for_weeks_of_nothing(
    quick_world: World,
) -> None:
    """There are as many as the horizon has, from the first record anywhere or the program on."""
    world = quick_world
    behaviors(world, "TRAINING")
    first = world.program(TRAINING)
    house = world.company()
    world.wait(21)
    second = world.program(TRAINING, starts_in=7)
    world.record(house, first, "TRAINING", "1")
    world.now = START + 10 * WEEK
    weeks = {one.program_id: one for one in markets(world.store, world.now)}
    assert (date(2026, 1, 5), 10) == (weeks[first].first_week, weeks[first].weeks)
    assert (date(2026, 1, 26), 7) == (weeks[second].first_week, weeks[second].weeks)
    short = {one.program_id: one for one in markets(world.store, world.now, horizon=2)}
    assert (date(2026, 3, 2), 2) == (short[first].first_week, short[first].weeks)


def test_the_pipeline_goes_back_before_the_first_week_and_nothing_else_does(
    quick_world: World,
) -> None:
    world = quick_world
    house, program = world.ready()
    deal = world.approved(house, program, 500_00)
    won = world.approved(house, program, 700_00)
    world.win(won, 700_00)
    world.wait(35)
    world.lose(deal)
    world.wait(14)
    (market,) = markets(world.store, world.now, horizon=3)
    assert {
        "did:DEAL_LOST": (0, 1, 0),
        "lost": (0, 1, 0),
        "pipeline": (1, -1, 0),
        "pipeline_minor": (500_00, -500_00, 0),
    } == given(market.companies[0].series)
    (earlier,) = markets(world.store, START + 5 * WEEK, horizon=3)
    assert (1, 0, 0) == earlier.companies[0].series.of("pipeline")
    assert (500_00, 0, 0) == earlier.companies[0].series.of("pipeline_minor")
    assert 0 == earlier.companies[0].series.total("won")


def test_incentives_are_the_whole_weeks_in_which_a_version_in_force_pays(
    quick_world: World,
) -> None:
    """Without goal bonuses, which pay for no single behavior, and shadows, which pay nobody."""
    world = quick_world
    behaviors(world, "TRAINING", "DEMO", "CALL")
    goal = GoalDefinition("Q", "Q", Measure.BEHAVIOR_COUNT, START, START + 90 * DAY, "CALL")
    bonus = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 100))
    shadow = Rule("call", "Call", Level.INDIVIDUAL, "USD", Flat("CALL", 1), shadow=True)
    program = world.program(TRAINING, bonus, shadow, goals=(goal,), days=7 * 20)
    content = plans.PlanContent((DEMO, bonus), (goal,), START + 6 * WEEK)
    plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)
    monday = (START + 12 * WEEK).replace(hour=0)
    again = replace(TRAINING, code="again")
    content = plans.PlanContent((DEMO, again, bonus), (goal,), monday)
    plans.publish_plan(world.portal, world.manage(), program_id=program, content=content)
    world.now = START + 18 * WEEK
    # The program began on a Monday at 9: that week is none of its whole ones.
    assert (
        Incentive("DEMO", 6, 7, None, ("demo",)),
        Incentive("TRAINING", 0, 1, 7, ("training",)),
        Incentive("TRAINING", 12, 12, None, ("again",)),
    ) == market_of(world, program).incentives
    world.now = START + 30 * WEEK
    ended = {one.behavior: one.ends for one in market_of(world, program).incentives}
    assert {"DEMO": 21, "TRAINING": 21} == ended


def test_who_took_part_is_told_week_by_week(quick_world: World) -> None:
    """By consent, enrollment and employment at the week's middle, Thursday noon."""
    world = quick_world
    behaviors(world, "TRAINING")
    program = world.program(TRAINING, days=7 * 6)
    house, other = world.company(reps=2), world.company()
    stays, leaves = house.reps
    world.wait(9)  # Wednesday of the second week.
    consent_id = world.consent(house, program)
    world.enroll(house, program, leaves)
    world.wait(2)  # Friday: one day too late for this week.
    world.enroll(house, program, stays)
    world.wait(14)
    people.end_employment(world.portal, world.manage(), at=house.id, individual_id=leaves)
    world.wait(7)
    consent.revoke_consent(world.portal, world.ask(house.executive), consent_id=consent_id)
    world.now = START + 8 * WEEK
    market = market_of(world, program)
    company = company_of(market, house)
    assert _weeks("01111000") == company.took_part
    assert {stays: _weeks("00111000"), leaves: _weeks("01110000")} == {
        one.id: one.took_part for one in company.people
    }
    assert {stays: (0, 8), leaves: (0, 4)} == {one.id: one.employed for one in company.people}
    assert not any(company_of(market, other).took_part)


def _weeks(text: str) -> tuple[bool, ...]:
    return tuple(mark == "1" for mark in text)


def test_a_program_that_pays_companies_alone_needs_no_consent(quick_world: World) -> None:
    """Its partners take part while it is open and their tier is right."""
    world = quick_world
    behaviors(world, "TRAINING")
    paid = replace(TRAINING, level=Level.PARTNER)
    program = world.program(paid, segment=Segment(tiers=(Tier.GOLD,)), days=7 * 3)
    house = world.company()
    world.company(tier=Tier.SILVER)
    world.now = START + 5 * WEEK
    (company,) = market_of(world, program).companies
    assert house.id == company.id
    assert _weeks("11100") == company.took_part == company.people[0].took_part


def test_partners_that_have_taken_part_stay_in_the_market(quick_world: World) -> None:
    """Also those that the program is not for any more: who was given a consent, or was paid.

    What was withheld makes nobody one who might have taken part.
    """
    world = quick_world
    behaviors(world, "TRAINING", "DEMO")
    open_to_all, gold = world.program(TRAINING), world.program(TRAINING, days=200)
    for_firms = replace(DEMO, level=Level.PARTNER)
    program = world.program(TRAINING, for_firms, segment=Segment(tiers=(Tier.GOLD,)))
    houses = [world.company() for _ in range(4)]
    world.consent(houses[0], program)
    world.record(houses[1], program, "DEMO", "1")
    world.record(houses[2], open_to_all, "TRAINING", "2")
    world.record(houses[3], program, "TRAINING", "3")
    world.wait(14)
    for house in houses:
        directory.assign_tier(
            world.portal,
            world.manage(),
            partner_id=house.id,
            tier=Tier.SILVER,
            valid_from=world.now,
        )
    world.wait(1)
    own = {one.id for one in market_of(world, program).companies}
    assert {house.id for house in houses[:2]} == own
    everybody = {one.id for one in market_of(world, gold).companies}
    assert {house.id for house in houses} == everybody


def test_sales_of_other_programs_are_converted_week_by_week(quick_world: World) -> None:
    """At the rate of the week's last day; of the pipeline its level is, so that it ends at zero."""
    world = quick_world
    euros = _program_in(world, "EUR")
    dollars, pounds = world.program(), _program_in(world, "GBP")
    house = world.company()
    rates = [
        GivenRate("EUR", "USD", START.date() - DAY, "2"),
        GivenRate("EUR", "USD", START.date() + 13 * DAY, "3"),
    ]
    currencies.set_exchange_rates(world.portal, world.manage(), rates=rates)
    deals_of = {"EUR": euros, "GBP": pounds}
    for currency, program in deals_of.items():
        deal = _deal(world, house, program, currency, 100_00)
        world.wait(7)
        world.now = world.now.replace(hour=10)
        deals.win_deal(
            world.portal,
            world.manage(),
            deal_id=deal.id,
            amount_minor=110_01,
            currency=currency,
            occurred_at=None,
        )
    world.now = START + 5 * WEEK
    series = market_of(world, dollars).companies[0].series
    assert (0, 330_03, 0, 0, 0) == series.of("won_minor")
    assert (0, 1, 1, 0, 0) == series.of("won")
    assert (200_00, -200_00, 0, 0, 0) == series.of("pipeline_minor")
    assert ("GBP",) == market_of(world, dollars).unconverted
    own = market_of(world, euros)
    assert ("GBP",) == own.unconverted
    assert (0, 110_01, 0, 0, 0) == own.companies[0].series.of("won_minor")


def _program_in(world: World, currency: str) -> str:
    program = programs.create_program(
        world.portal,
        world.manage(),
        terms=programs.ProgramTerms(
            name="Abroad",
            description="For the tests.",
            segment=Segment(),
            starts_at=world.now,
            ends_at=world.now + 300 * DAY,
            time_zone="UTC",
            currency=currency,
            terms="Be fair.",
        ),
    ).program
    split = replace(MILESTONES, asset=currency)
    content = plans.PlanContent((split,), ())
    plans.publish_plan(world.portal, world.manage(), program_id=program.id, content=content)
    return program.id


def _deal(world: World, house: House, program: str, currency: str, amount_minor: int) -> Deal:
    """An approved registration."""
    deal = deals.register_deal(
        world.portal,
        world.ask(house.rep),
        partner_id=house.id,
        owner_id=house.rep,
        program_id=program,
        terms=deals.DealTerms("Customer", "Product", amount_minor, currency, None, ()),
    ).deal
    return world.approve(deal).deal


def test_one_more_costs_what_all_flat_rules_pay_together(quick_world: World) -> None:
    """The rep and the firm are paid for the same demo; gold and silver partners never are.

    So one costs 900 + 300 by this program, and 1,500 by the other. Where points are of unknown
    worth, what one costs is unknown.
    """
    world = quick_world
    behaviors(world, "TRAINING", "DEMO")
    firm = Rule("firm", "Firm", Level.PARTNER, "USD", Flat("DEMO", 300))
    tiers = [
        replace(
            firm, code=tier.lower(), segment=Segment(tiers=(tier,)), mechanic=Flat("DEMO", sum_)
        )
        for tier, sum_ in ((Tier.GOLD, 200), (Tier.SILVER, 100))
    ]
    points = replace(TRAINING, code="points", asset="POINTS")
    world.program(replace(DEMO, mechanic=Flat("DEMO", 1_500)))
    program = world.program(DEMO, firm, TRAINING, points)
    world.now = START + 3 * DAY
    assert {"DEMO": 1_200} == market_of(world, program).prices
    publish(world, program, world.now + DAY, DEMO, *tiers)
    world.now += 2 * DAY
    assert {"DEMO": 1_100} == market_of(world, program).prices


def test_who_an_incentive_pays_and_which_companies_it_is_for_is_told(quick_world: World) -> None:
    """By the levels and segments of its rules; roles and products leave no company out.

    Without a consent, a company takes part in what pays it itself.
    """
    world = quick_world
    behaviors(world, "TRAINING", "DEMO", "CALL")
    gold = Segment(tiers=(Tier.GOLD,), roles=(Role.SALES_REP,), products=("Product",))
    firm = Rule("firm", "Firm", Level.PARTNER, "USD", Flat("CALL", 1), gold)
    both = replace(firm, code="both", mechanic=Flat("TRAINING", 1), segment=Segment())
    program = world.program(TRAINING, both, DEMO, firm, days=300)
    consenting, golden, silver = world.company(), world.company(), world.company(tier=Tier.SILVER)
    world.consent(consenting, program)
    later = START + 2 * WEEK
    publish(world, program, later, TRAINING, replace(DEMO, segment=replace(gold, tiers=())))
    world.now = START + 4 * WEEK
    market = market_of(world, program)
    call, demo, training = market.incentives
    for_all = {one.id for one in market.companies}
    assert {one.id for one in (consenting, golden, silver)} == for_all
    assert [(False, True), (True, False), (True, True)] == [
        (one.pays_people, one.pays_company) for one in (call, demo, training)
    ]
    assert frozenset({consenting.id, golden.id}) == call.admitted
    assert None is demo.admitted is training.admitted
    taking = {
        one.behavior: [
            any(market.took_part(one, company_of(market, house)))
            for house in (consenting, golden, silver)
        ]
        for one in market.incentives
    }
    assert {
        "CALL": [True, True, False],
        "DEMO": [True, False, False],
        "TRAINING": [True, True, True],
    } == taking
    assert _weeks("0000") == company_of(market, golden).took_part
    assert _weeks("1100") == company_of(market, golden).earning
    assert _weeks("1111") == company_of(market, consenting).earning


def test_a_company_is_one_of_those_that_an_incentive_is_for_by_the_tiers_that_it_had(
    quick_world: World,
) -> None:
    """Who was silver, and is gold for the last weeks, was let through; who was before was not."""
    world = quick_world
    behaviors(world, "TRAINING")
    rule = replace(TRAINING, segment=Segment(tiers=(Tier.GOLD,)))
    rises, falls = world.company(tier=Tier.SILVER), world.company(tier=Tier.GOLD)
    for house, tier, days in ((falls, Tier.SILVER, 3), (rises, Tier.GOLD, 30)):
        directory.assign_tier(
            world.portal,
            world.manage(),
            partner_id=house.id,
            tier=tier,
            valid_from=START + days * DAY,
        )
    program = world.program(rule, starts_in=14)
    world.now = START + 6 * WEEK
    (incentive,) = market_of(world, program).incentives
    assert frozenset({rises.id}) == incentive.admitted


def test_what_other_programs_pay_for_is_told_where_it_is_for_any_of_the_companies(
    quick_world: World,
) -> None:
    """In weeks, also of which only a part was paid; without shadows, and what is for others.

    The market of the last program begins with it, in the third week.
    """
    world = quick_world
    behaviors(world, "TRAINING", "DEMO", "CALL")
    program = world.program(TRAINING, days=300)
    world.company()
    shadow = replace(DEMO, code="shadow", shadow=True)
    silver = replace(DEMO, segment=Segment(tiers=(Tier.SILVER,)))
    world.program(TRAINING, starts_in=9, days=12)
    world.program(shadow, silver, days=300)
    world.program(replace(DEMO, mechanic=Flat("CALL", 1)), segment=Segment(tiers=(Tier.SILVER,)))
    runs = world.program(DEMO, starts_in=16, days=300)
    world.now = START + 5 * WEEK
    assert {"TRAINING": ((1, 4),), "DEMO": ((2, 5),)} == market_of(world, program).paid_elsewhere
    assert {"TRAINING": ((0, 2), (0, 3))} == market_of(world, runs).paid_elsewhere


def test_an_old_program_has_half_a_year_before_it_as_long_as_it_may(quick_world: World) -> None:
    """Of two years and a half 26 weeks before the plan are there; of six years, none any more."""
    world = quick_world
    behaviors(world, "TRAINING")
    old = world.program(TRAINING, days=7 * 40)
    house = world.company()
    world.record(house, old, "TRAINING", "1")
    world.wait(7 * 30)
    program = world.program(TRAINING, starts_in=14, days=7 * 300)
    for weeks, before, starts in ((20, 32, 33), (130, 26, 27), (240, 20, 21), (270, 0, 0)):
        world.now = START + (32 + weeks) * WEEK
        market = market_of(world, program)
        (incentive,) = market.incentives
        assert (before, starts) == (incentive.before, incentive.starts)
        assert market.weeks == min(before + weeks, 260)


def test_prices_are_those_of_the_cheapest_flat_rule_in_force_anywhere(quick_world: World) -> None:
    """Points are worth what their plan says; without that they are no price."""
    world = quick_world
    behaviors(world, "TRAINING", "DEMO")
    points = replace(TRAINING, asset="POINTS", mechanic=Flat("TRAINING", 30))
    program = world.program(TRAINING, DEMO)
    valued, worthless = world.program(points, days=100), world.program(points, days=100)
    publish(world, valued, world.now + WEEK, points, point_value=PointValue(100, 1_00))
    world.now = START + 3 * DAY
    assert {"TRAINING": 50, "DEMO": 900} == market_of(world, program).prices
    world.now = START + 2 * WEEK
    for one in (program, valued, worthless):
        assert {"TRAINING": 30, "DEMO": 900} == market_of(world, one).prices


def test_answers_of_a_market_without_weeks_or_parties_claim_nothing(quick_world: World) -> None:
    """A program that has just begun; its incentives run, and there is nothing to tell of them."""
    world = quick_world
    behaviors(world, "TRAINING")
    program = world.program(TRAINING)
    empty = market_of(world, program)
    assert (0, ()) == (empty.weeks, empty.companies)
    assert () == answers(empty, (), ()).companies
    house = world.company()
    world.record(house, program, "TRAINING", "1")
    for days in (0, 7, 14):
        world.now = START + days * DAY
        market = market_of(world, program)
        (incentive,) = market.incentives
        assert (0, min(1, market.weeks), None) == (
            incentive.before,
            incentive.starts,
            incentive.ends,
        )
        told = answers(market, (), ())
        assert house.id == told.companies[0].standing.party_id
        assert {"INSUFFICIENT_DATA"} == {one.verdict for one in told.program.bottom_line.changes}
        assert {"INSUFFICIENT_DATA"} == {one.verdict for one in told.program.deadweight.incentives}
        assert not told.program.profile.sufficient


def test_who_does_something_before_its_employment_was_there(quick_world: World) -> None:
    """As an import may tell; executives, who earn nothing, are no staff."""
    world = quick_world
    behaviors(world, "TRAINING")
    program = world.program(TRAINING)
    house = world.company()
    world.wait(21)
    late = world.person(house.partner, Role.SALES_REP)
    world.record(house, program, "TRAINING", "1", rep=late, occurred_at=START + WEEK)
    world.now = START + 4 * WEEK
    (company,) = market_of(world, program).companies
    assert {house.rep: (0, 4), late: (1, 4)} == {one.id: one.employed for one in company.people}
    assert [house.partner.teams[0].id] == [team.id for team in company.teams]
