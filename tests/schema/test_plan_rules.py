"""What the parts of a rule do, through the API: new behaviors, limits, products, points, shadow."""

from typing import Any

import pytest

from tests.schema.client import Client, results, usd
from tests.schema.planning import (
    BONUS,
    MILESTONES,
    TRAINING,
    create,
    paying,
    publish_plan,
    rep_of,
    year,
)


def test_C7_a_new_behavior_and_a_rule_on_it_pay_at_once_by_two_mutations(client: Client) -> None:
    """The catalogue is open: no release, no restart."""
    manager = client.person("CHANNEL_MANAGER")
    program = client.program(manager)
    rep = rep_of(client, manager, program)
    told = "... on BehaviorDefined { behavior { code evidenceNeeded claimWithinDays level } }"
    defined = client.do(
        manager,
        "defineBehavior",
        told,
        code="WEBINAR_HELD",
        name="Webinar held",
        stage="DEMAND_GENERATION",
        fiveC="COVERAGE",
        reviewNeeded=False,
        claimWithinDays=30,
        level=2,
    )
    behavior = {"code": "WEBINAR_HELD", "evidenceNeeded": False, "claimWithinDays": 30, "level": 2}
    assert behavior == defined["behavior"]
    webinar = {"flat": {"behavior": "WEBINAR_HELD", "amount": "75.00"}}
    publish_plan(client, manager, program, paying("webinars", webinar))
    paid = client.record(rep, rep, program, "webinar-1", behavior="WEBINAR_HELD")
    assert [("AWARDED", "75.00", None)] == results(paid)


@pytest.mark.parametrize("level", [0, 11])
def test_a_training_has_a_level_from_1_to_10(quick_client: Client, level: int) -> None:
    """Any other is refused, naming the field."""
    manager = quick_client.person("CHANNEL_MANAGER")
    refused = quick_client.do(
        *(manager, "defineBehavior", "... on InvalidInput { field }"),
        code="COURSE",
        name="Course",
        stage="ENABLEMENT",
        fiveC="CAPACITY",
        level=level,
    )
    assert "level" == refused["field"]


def test_a_rule_pays_once_a_day_where_it_says_so(client: Client) -> None:
    """The second one is recorded, and withheld; the next day has its own."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    program = create(client, manager)
    limit = {"period": "DAY", "count": 1}
    publish_plan(client, manager, program, paying("t", TRAINING, limits=[limit]))
    rep = rep_of(client, manager, program)
    first, second = (client.record(rep, rep, program, f"course-{n}") for n in (1, 2))
    client.world.wait()
    third = client.record(rep, rep, program, "course-3")
    assert [
        [("AWARDED", "50.00", None)],
        [("WITHHELD", "50.00", "LIMIT_REACHED")],
        [("AWARDED", "50.00", None)],
    ] == [results(answer) for answer in (first, second, third)]


@pytest.mark.parametrize(
    ("limits", "problem"),
    [
        ([{"period": "DAY"}], "count or an amount"),
        ([{"period": "DAY", "count": 0}], "count or an amount"),
        ([{"period": "DAY", "count": 1}, {"period": "DAY", "amount": "9.00"}], "two limits"),
    ],
)
def test_a_limit_that_limits_nothing_is_not_published(
    quick_client: Client, limits: list[dict[str, Any]], problem: str
) -> None:
    manager = quick_client.person("CHANNEL_MANAGER")
    program = create(quick_client, manager)
    refused = publish_plan(quick_client, manager, program, paying("d", MILESTONES, limits=limits))
    assert "PlanNotPublishable" == refused["__typename"]
    assert problem in refused["problems"][0]


def test_a_limit_s_amount_is_exact(quick_client: Client) -> None:
    """In the rule's asset: there is no half point."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = create(quick_client, manager)
    limits = [{"period": "DAY", "amount": "0.5"}]
    rule = paying("t", TRAINING, assetCode="POINTS", limits=limits)
    refused = publish_plan(quick_client, manager, program, rule)
    assert ("InvalidInput", "limits") == (refused["__typename"], refused["field"])


def test_C12_a_promoted_product_is_paid_and_another_is_out_of_segment(client: Client) -> None:
    """By the deal's product, whatever the case of its letters; all else of the rule is the same."""
    manager = client.person("CHANNEL_MANAGER")
    program = create(client, manager)
    promoted = paying("d", MILESTONES, segment={"products": ["FIREWALL"]})
    publish_plan(client, manager, program, promoted)
    rep = rep_of(client, manager, program)
    paid, unpaid = (
        client.approve(manager, client.register(rep, program, product=product))
        for product in ("Firewall", "Router")
    )
    assert [("AWARDED", "150.00", None)] == results(paid)
    assert [("WITHHELD", "150.00", "OUT_OF_SEGMENT")] == results(unpaid)


def test_the_value_of_points_is_told_and_pays_a_rate_of_a_deal_in_points(client: Client) -> None:
    """100 points are 1.00: 3 % of 30,000.00 are 90,000 points, a sixth of them on approval."""
    manager = client.person("CHANNEL_MANAGER")
    program = create(client, manager)
    rule = paying("d", MILESTONES, assetCode="POINTS")
    value = {"points": 100, "amount": usd("1.00")}
    published = publish_plan(client, manager, program, rule, pointValue=value)
    assert value == published["plan"]["pointValue"]
    document = """query($id: ID!) { node(id: $id) { ... on Program {
        plan { pointValue { points amount { amount currencyCode } } } } } }"""
    shown = client.query(manager, document, id=program)["node"]["plan"]["pointValue"]
    assert value == shown
    rep = rep_of(client, manager, program)
    approved = client.approve(manager, client.register(rep, program))
    assert [("AWARDED", "15000", None)] == results(approved)


@pytest.mark.parametrize("mutation", ["publishPlan", "draftPlan"])
def test_points_are_worth_the_program_s_currency(quick_client: Client, mutation: str) -> None:
    """There is no rate of exchange here."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = create(quick_client, manager)
    value = {"points": 100, "amount": {"amount": "1.00", "currencyCode": "EUR"}}
    wish: dict[str, Any] = {
        "programId": program,
        "rules": [paying("d", MILESTONES)],
        "pointValue": value,
    }
    number = {"number": 1} if mutation == "draftPlan" else {}
    refused = quick_client.do(manager, mutation, "... on InvalidInput { field }", **wish | number)
    assert ("InvalidInput", "pointValue") == (refused["__typename"], refused["field"])


def test_a_rule_in_the_shadow_pays_nothing_and_is_not_in_what_a_goal_promises(
    client: Client,
) -> None:
    """2 % up to 100,000.00 and 5 % from there promise 2,000.00, then 1,000.00; no shadow's 500."""
    manager = client.person("CHANNEL_MANAGER")
    program = create(client, manager)
    bands = [{"start": 0, "rateBps": 200}, {"start": 10_000_000, "rateBps": 500}]
    rules = (
        paying("tiers", {"tiered": {"goal": "Y", "bands": bands}}),
        paying("bonus", BONUS, shadow=True),
    )
    publish_plan(client, manager, program, *rules, goals=[year(client)])
    rep = rep_of(client, manager, program)
    targets = {"goal": {"money": usd("100000.00")}, "stretch": {"money": usd("120000.00")}}
    wish: dict[str, Any] = {"programId": program, "partyId": rep.id, "goalCode": "Y", **targets}
    client.do(manager, "setGoal", "", **wish)
    document = """{ viewer { individual { goals { earnings {
        now { money { amount } } atGoal { money { amount } } atStretch { money { amount } } } } } }
    }"""

    def earnings() -> list[str]:
        (goal,) = client.query(rep, document)["viewer"]["individual"]["goals"]
        return [
            amounts[0]["money"]["amount"] if amounts else "0"
            for amounts in (goal["earnings"][name] for name in ("now", "atGoal", "atStretch"))
        ]

    assert ["0", "2000.00", "3000.00"] == earnings()
    deal = client.register(rep, program)
    client.approve(manager, deal)
    won = client.win(manager, deal, "110000.00")
    assert [("AWARDED", "2500.00", None), ("SHADOW", "500.00", None)] == results(won)
    assert ["2500.00", "2500.00", "3000.00"] == earnings()
