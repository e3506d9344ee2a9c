"""The capabilities of rewards, one test each, through the API on both engines."""

from typing import Any

import pytest

from portal_api.demo.world import ADVANCED, APPOINTMENT, BEHAVIORS, EVENT, LEAD, PROOF, TRAINING
from portal_api.domain.events import Event
from portal_api.schema.ids import split
from portal_api.services.store import Many, of_events
from tests.schema.client import Client, Person, results, usd
from tests.schema.planning import MILESTONES, create, paying, publish_plan, rep_of, year
from tests.schema.selling import Selling, paid
from tests.services.world import DAY

DEALS = paying("deals", MILESTONES)
TRAINED = paying("trained", {"flat": {"behavior": "TRAINING", "amount": "50.00"}})
REBATE = {"rebate": {"period": "QUARTER", "bands": [{"start": 0, "rateBps": 100}]}}


def started(client: Client, *rules: dict[str, Any], **given: Any) -> tuple[Person, str, Person]:
    """A manager, a program of these rules and a rep that may earn."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    program = create(client, manager)
    published = publish_plan(client, manager, program, *rules, **given)
    assert "PlanPublished" == published["__typename"], published
    return manager, program, rep_of(client, manager, program)


def sold(
    client: Client, manager: Person, rep: Person, program: str, amount: str = "30000.00"
) -> dict[str, Any]:
    """A deal that is won without a registration."""
    return client.win(manager, client.register(rep, program, amount), amount)


def test_C1_a_training_and_a_sale_both_pay_under_one_program(client: Client) -> None:
    """50.00 for what leads to sales, on top of the sale's own 3 %."""
    manager, program, rep = started(client, DEALS, TRAINED)
    trained = client.record(rep, rep, program, "course-1")
    deal = client.register(rep, program)
    approved, won = client.approve(manager, deal), client.win(manager, deal)
    assert [
        [("AWARDED", "50.00", None)],
        [("AWARDED", "150.00", None)],
        [("AWARDED", "750.00", None)],
    ] == [results(answer) for answer in (trained, approved, won)]


def test_C6_every_behavior_that_leads_to_a_sale_is_in_the_catalogue_and_pays(
    client: Client,
) -> None:
    """From demand to the closed deal, trainings of two depths included, each with stage and C."""
    manager = client.person("CHANNEL_MANAGER")
    for one in BEHAVIORS:
        told = {"code": one.code, "name": one.name, "stage": one.stage, "fiveC": one.five_c}
        client.do(manager, "defineBehavior", "", reviewNeeded=False, **told)
    catalogue = client.query(manager, "{ behaviors { code stage fiveC } }")["behaviors"]
    known = {one["code"]: (one["stage"], one["fiveC"]) for one in catalogue}
    assert {
        EVENT: ("DEMAND_GENERATION", "COVERAGE"),
        LEAD: ("LEAD_MANAGEMENT", "COMMITMENT"),
        APPOINTMENT: ("OPPORTUNITY_MANAGEMENT", "COMMITMENT"),
        PROOF: ("OPPORTUNITY_MANAGEMENT", "CAPACITY"),
        TRAINING: ("ENABLEMENT", "CAPACITY"),
        ADVANCED: ("ENABLEMENT", "CAPACITY"),
        "DEAL_REGISTERED": ("DEAL_REGISTRATION", "COMMITMENT"),
        "DEAL_WON": ("CLOSING", "CONTRIBUTION"),
    }.items() <= known.items()
    assert [] == [code for code, (stage, five_c) in known.items() if not (stage and five_c)]

    codes = [EVENT, LEAD, APPOINTMENT, PROOF, TRAINING, ADVANCED]
    program = create(client, manager)
    rules = [paying(c, {"flat": {"behavior": c, "amount": "5.00"}}) for c in [*codes, "DEAL_WON"]]
    publish_plan(client, manager, program, *rules)
    rep = rep_of(client, manager, program)
    answers = [client.record(rep, rep, program, code, behavior=code) for code in codes]
    answers.append(sold(client, manager, rep, program))
    assert [[("AWARDED", "5.00", None)]] * 7 == [results(answer) for answer in answers]


def test_C8_points_cash_percentage_and_the_companys_rebate_are_in_one_program(
    client: Client,
) -> None:
    """One sale of 30,000.00: 500 points, 25.00 in cash, 2 % of it at most 400.00, 1 % to them."""
    rules = (
        paying("points", {"flat": {"behavior": "DEAL_WON", "amount": "500"}}, assetCode="POINTS"),
        paying("spiff", {"flat": {"behavior": "DEAL_WON", "amount": "25.00"}}),
        paying("percent", {"percentOfDeal": {"rateBps": 200, "atMost": "400.00"}}),
        paying("rebate", REBATE, level="PARTNER"),
    )
    manager, program, rep = started(client, *rules)
    assert ["500", "25.00", "400.00", "300.00"] == [
        amount for _, amount, _ in results(sold(client, manager, rep, program))
    ]
    balances = "balances { assetCode available { money { amount } points } }"
    seen = client.query(rep, f"{{ viewer {{ individual {{ {balances} }} }} }}")
    assert [("POINTS", 500, None), ("USD", None, {"amount": "425.00"})] == [
        (one["assetCode"], one["available"]["points"], one["available"]["money"])
        for one in seen["viewer"]["individual"]["balances"]
    ]


def test_C9_behavior_points_and_deal_points_are_on_one_scale(client: Client) -> None:
    """100 points are 1.00: a training's 50 points are worth 0.50, and so are the deal's of 1 %."""
    training = {"flat": {"behavior": "TRAINING", "amount": "50"}}
    manager, program, rep = started(
        client,
        paying("trained", training, assetCode="POINTS"),
        paying("percent", {"percentOfDeal": {"rateBps": 100}}, assetCode="POINTS"),
        pointValue={"points": 100, "amount": usd("1.00")},
    )
    client.record(rep, rep, program, "course-1")
    sold(client, manager, rep, program, "50.00")
    earned = "earnings { edges { node { ruleCode amount { points } worth { amount } } } }"
    seen = client.query(rep, f"{{ viewer {{ individual {{ {earned} }} }} }}")
    assert {("percent", 50, "0.50"), ("trained", 50, "0.50")} == {
        (one["node"]["ruleCode"], one["node"]["amount"]["points"], one["node"]["worth"]["amount"])
        for one in seen["viewer"]["individual"]["earnings"]["edges"]
    }


def test_C10_a_plan_is_changed_while_it_runs_and_both_versions_explain_theirs(
    client: Client,
) -> None:
    """From February a sale pays by two other rules; what January earned stays as it was."""
    manager, program, rep = started(client, DEALS)
    old = client.register(rep, program)
    client.approve(manager, old)
    start = client.world.now.replace(month=2, day=1)
    percent = paying("percent", {"percentOfDeal": {"rateBps": 100}})
    cash = paying("cash", {"flat": {"behavior": "DEAL_WON", "amount": "9.00"}})
    changed = publish_plan(client, manager, program, percent, cash, effectiveFrom=start.isoformat())
    assert 2 == changed["plan"]["number"]
    january = client.win(manager, old)
    client.world.now = start
    february = sold(client, manager, rep, program)

    assert [("AWARDED", "750.00", None)] == results(january)
    assert [("AWARDED", "300.00", None), ("AWARDED", "9.00", None)] == results(february)
    explain = "explain { words replays plan { number hash } rule { code } }"
    earned = f"earnings {{ edges {{ node {{ {explain} }} }} }}"
    seen = client.query(rep, f"{{ viewer {{ individual {{ {earned} }} }} }}")
    told = [one["node"]["explain"] for one in seen["viewer"]["individual"]["earnings"]["edges"]]
    assert {("percent", 2), ("cash", 2), ("deals", 1)} == {
        (one["rule"]["code"], one["plan"]["number"]) for one in told
    }
    assert all(one["replays"] for one in told)
    assert all(f"of plan version {one['plan']['number']}" in " ".join(one["words"]) for one in told)


def test_C11_a_time_boxed_promotion_pays_what_happened_in_it_whenever_it_is_told(
    client: Client,
) -> None:
    """Its window is looked at with the instant of what happened, not of the report."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    first, end = client.world.now + 2 * DAY, client.world.now + 9 * DAY
    given = {"startsAt": first.isoformat(), "endsAt": end.isoformat()}
    terms = {"name": "Sprint", "description": "A week.", "currencyCode": "USD", "terms": "Fair."}
    created = client.do(
        manager, "createProgram", "... on ProgramCreated { program { id } }", **terms, **given
    )
    program = created["program"]["id"]
    budget = {"programId": program, "amount": {"money": usd("1000.00")}}
    client.do(manager, "fundProgram", "", **budget)
    publish_plan(client, manager, program, TRAINED)
    rep = rep_of(client, manager, program)
    client.world.now = end + 3 * DAY
    instants = {"before": first - DAY / 24, "first": first, "last": end - DAY / 24, "end": end}
    told = {
        name: results(client.record(rep, rep, program, name, occurredAt=at.isoformat()))
        for name, at in instants.items()
    }
    inside, outside = [("AWARDED", "50.00", None)], [("WITHHELD", "50.00", "OUT_OF_WINDOW")]
    assert {"before": outside, "first": inside, "last": inside, "end": outside} == told


def test_S4_an_activity_that_is_told_late_is_judged_by_the_version_of_its_day(
    client: Client,
) -> None:
    """Backdated, it is paid 50.00 by version 1; today's training is paid 80.00 by version 2."""
    manager, program, rep = started(client, TRAINED)
    then = client.world.now.isoformat()
    client.world.wait(10)
    more = paying("trained", {"flat": {"behavior": "TRAINING", "amount": "80.00"}})
    publish_plan(client, manager, program, more)
    client.world.wait()
    late = client.record(manager, rep, program, "late", occurredAt=then)
    today = client.record(rep, rep, program, "today")
    assert [[("AWARDED", "50.00", None)], [("AWARDED", "80.00", None)]] == [
        results(late),
        results(today),
    ]


@pytest.mark.parametrize("period", ["DAY", "WEEK", "MONTH", "QUARTER", "PROGRAM"])
def test_S10_a_rule_pays_a_person_so_often_in_a_period_and_says_so(
    client: Client, period: str
) -> None:
    """The third is withheld with LIMIT_REACHED; a colleague has its own, the next period too."""
    limits = [{"period": period, "count": 2}, {"period": "PROGRAM", "amount": "200.00"}]
    selling = Selling(
        client,
        paying(
            "proof",
            {"flat": {"behavior": "PROOF", "amount": "50.00"}},
            limits=limits[: 1 if period == "PROGRAM" else 2],
        ),
    )

    def proofs(who: Person, event: str, count: int) -> list[tuple[str, str, str | None]]:
        behavior = {"behavior": "PROOF"}
        answers = [
            client.record(who, who, selling.program, f"{event} {number}", **behavior)
            for number in range(count)
        ]
        return [outcome for answer in answers for outcome in results(answer)]

    inside, over = ("AWARDED", "50.00", None), ("WITHHELD", "50.00", "LIMIT_REACHED")
    assert [inside, inside, over] == proofs(selling.rep, "first", 3)
    assert [inside] == proofs(selling.colleague, "other", 1)
    client.world.wait(100)
    later = [over, over] if period == "PROGRAM" else [inside, inside]
    assert [*later, over] == proofs(selling.rep, "later", 3)
    client.world.wait(100)
    assert [over] == proofs(selling.rep, "at last", 1), "200.00 are all that the program pays"


def test_S10_a_budget_is_never_exceeded_and_never_paid_in_part(client: Client) -> None:
    """The program has 100,000.00: a part of 90,000.00 fits, and another does not.

    More than 80 % is used then, which the vendor sees and an event has told.
    """
    selling = Selling(client, paying("deals", {"percentOfDeal": {"rateBps": 10_000}}))
    assert [False] == _low(client, selling)
    answers = [
        sold(client, selling.manager, who, selling.program, "90000.00")
        for who in (selling.rep, selling.colleague)
    ]
    assert [
        [("AWARDED", "90000.00", None)],
        [("WITHHELD", "90000.00", "BUDGET_EXHAUSTED")],
    ] == [results(answer) for answer in answers]
    assert [True] == _low(client, selling)
    want = Many(Event, of_events(None))
    events = client.world.store.read([want])[want].records
    program = split(selling.program)[1]
    assert ["BudgetLow"] == [e.kind for e in events if e.subject_id == program][-1:]


def _low(client: Client, selling: Selling) -> list[bool]:
    """Whether each asset's budget is nearly used up, as the vendor sees it."""
    document = """query($id: ID!) { node(id: $id) { ... on Program {
        budgetUse { low funded { money { amount } } left { money { amount } } } } } }"""
    uses = client.query(selling.manager, document, id=selling.program)["node"]["budgetUse"]
    money = [use for use in uses if use["funded"]["money"]]
    assert ["100000.00"] == [use["funded"]["money"]["amount"] for use in money]
    return [use["low"] for use in money]


def test_S16_marginal_and_retrospective_bands_make_two_results_of_the_same_sales(
    client: Client,
) -> None:
    """2 % up to 100,000.00, 5 % from there; sales of 80,000.00 and 60,000.00."""
    bands = [{"start": 0, "rateBps": 200}, {"start": 10_000_000, "rateBps": 500}]
    by_band = {"goal": "Y", "bands": bands}
    rules = (
        paying("marginal", {"tiered": by_band}),
        paying("retro", {"tiered": {**by_band, "retrospective": True}}),
    )
    manager, program, rep = started(client, *rules, goals=[year(client)])
    first, second = (
        sold(client, manager, rep, program, amount) for amount in ("80000.00", "60000.00")
    )
    assert [("AWARDED", "1600.00", None), ("AWARDED", "1600.00", None)] == results(first)
    # 2 % of 20,000.00 and 5 % of 40,000.00; 5 % of all 140,000.00, less what was paid.
    assert [("AWARDED", "2400.00", None), ("AWARDED", "5400.00", None)] == results(second)


@pytest.mark.parametrize("weights", [(60, 40), (1, 2), (999_999, 1)])
def test_N7_a_split_and_its_clawback_sum_exactly(client: Client, weights: tuple[int, int]) -> None:
    """3 % of 33,333.33 is 1,000.00; returned, every part comes back to the budget, to the cent."""
    selling = Selling(
        client, paying("deals", {"milestoneSplit": {"rateBps": 300, "keepOnLoss": False}})
    )
    people = (selling.rep, selling.colleague)
    deal = selling.approved(credits=selling.shared(*weights))
    selling.win(deal, "33333.33")
    cents = [int(selling.balance(who).replace(".", "")) for who in people]
    assert 100_000 == sum(cents)
    returned = selling.do("returnDeal", dealId=deal)
    assert {"TAKEN_BACK"} == {status for status, _ in paid(returned)}
    back = [int(amount.replace(".", "")) for _, amount in paid(returned)]
    assert 100_000 == sum(back)
    assert ["0.00", "0.00"] == [selling.balance(who) for who in people]
    document = """query($id: ID!) { node(id: $id) { ... on Program {
        budget { money { amount } } } } }"""
    program = client.query(selling.manager, document, id=selling.program)["node"]
    assert {"money": {"amount": "100000.00"}} in program["budget"]
