"""Plans through the API: each way of paying, warnings, what cannot be, and drafts."""

import re
from typing import Any, ClassVar, get_origin, get_type_hints

import pytest

from portal_api.domain.goals import Level
from portal_api.domain.mechanics import MECHANICS
from portal_api.domain.plans import PlanVersion
from portal_api.schema.ids import split
from tests.schema.client import Client
from tests.schema.planning import BONUS, MILESTONES, TRAINING, create, paying, publish_plan, year

SAMPLES: dict[str, dict[str, Any]] = {
    "rebate": {
        "period": "HALF_YEAR",
        "bands": [{"start": 0, "rateBps": 100}, {"start": 10**15, "rateBps": 300}],
        "retrospective": True,
        "growth": True,
    },
    "tiered": {
        "goal": "Y",
        "bands": [{"start": 0, "rateBps": 200}, {"start": 10**15, "rateBps": 500}],
        "retrospective": True,
        "ofTarget": False,
    },
    "uplift": {"before": ["DEAL_REGISTERED", "TRAINING"], "rateBps": 200, "upliftedBps": 300},
}
"""Inputs of the mechanics whose parameters are no plain values; the others' are made up."""


def _sample(kind: str) -> dict[str, Any]:
    """An input of a mechanic, with all of its parameters."""
    if kind in SAMPLES:
        return SAMPLES[kind]
    values: dict[str, Any] = {"str": "TRAINING", "int": 7, "bool": False, "goal": "Y"}
    given = {}
    for field, hint in get_type_hints(MECHANICS[kind]).items():
        if get_origin(hint) is not ClassVar and field != "kind":
            name = re.sub(r"_(\w)", lambda m: m[1].upper(), field.removesuffix("_minor"))
            plain = values.get(field, values[hint.__name__])
            given[name] = "50.00" if field.endswith("_minor") else plain
    return given


def _selected(given: dict[str, Any]) -> str:
    """The fields of an input, to be read again."""
    return " ".join(
        f"{name} {{ {_selected(value[0])} }}"
        if isinstance(value, list) and isinstance(value[0], dict)
        else name
        for name, value in given.items()
    )


@pytest.mark.parametrize("kind", sorted(MECHANICS))
def test_every_mechanic_is_published_and_read_again_as_it_was_given(
    client: Client, kind: str
) -> None:
    """Lists, lists of objects and integers beyond 32 bits included, and hashed as it is stored."""
    manager, given = client.person("CHANNEL_MANAGER"), _sample(kind)
    client.behavior(manager)
    program = create(client, manager)
    limits = [
        {"period": "DAY", "count": 2, "amount": None},
        {"period": "QUARTER", "count": None, "amount": "1000.50"},
    ]
    segment = {
        "types": ["VAR"],
        "tiers": ["GOLD"],
        "regions": ["EMEA"],
        "roles": ["SALES_REP"],
        "products": ["Firewall"],
    }
    level = "INDIVIDUAL" if Level.INDIVIDUAL in MECHANICS[kind].levels else "PARTNER"
    rule = paying("r", {kind: given}, limits=limits, segment=segment, shadow=True, level=level)
    published = publish_plan(client, manager, program, rule, goals=[year(client)])
    assert "PlanPublished" == published["__typename"], published

    document = f"""query($id: ID!) {{ node(id: $id) {{ ... on Program {{ plan {{ hash rules {{
        code name level assetCode shadow segment {{ types tiers regions roles products }}
        limits {{ period count amount }}
        mechanic {{ ... on {MECHANICS[kind].__name__}Mechanic {{ {_selected(given)} }} }}
    }} }} }} }} }}"""
    plan = client.query(manager, document, id=program)["node"]["plan"]
    assert [rule | {"mechanic": given}] == plan["rules"]
    stored = client.world.load(PlanVersion, f"{split(program)[1]}.1")
    assert stored is not None
    assert plan["hash"] == stored.content_hash()


def test_C5_a_plan_that_does_not_pay_deal_registration_is_published_with_a_warning(
    client: Client,
) -> None:
    """It is a bad plan and no wrong one; a rule that only shadows pays nothing either."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    program = create(client, manager)
    unpaid = publish_plan(client, manager, program, paying("t", TRAINING))
    shadowed = publish_plan(
        client,
        manager,
        program,
        paying("t", TRAINING),
        paying("d", MILESTONES, shadow=True),
    )
    paid = publish_plan(client, manager, program, paying("d", MILESTONES))
    assert ["PlanPublished"] * 3 == [plan["__typename"] for plan in (unpaid, shadowed, paid)]
    codes = [
        [warning["code"] for warning in plan["plan"]["warnings"]]
        for plan in (unpaid, shadowed, paid)
    ]
    assert [["REGISTRATION_NOT_PAID"], ["REGISTRATION_NOT_PAID"], []] == codes
    assert "registered late or never" in unpaid["plan"]["warnings"][0]["message"]


def test_a_plan_whose_worst_case_does_not_fit_a_transaction_is_refused_with_the_number(
    quick_client: Client,
) -> None:
    """Its largest activity could not be recorded at all; the largest that can says how large."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = create(quick_client, manager)
    bonuses = [paying(f"b{number}", BONUS) for number in range(12)]
    goals = [year(quick_client)]
    refused = publish_plan(quick_client, manager, program, *bonuses, goals=goals)
    assert "PlanNotPublishable" == refused["__typename"]
    (problem,) = refused["problems"]
    found = re.search(r"could write (\d+) items, and a transaction takes 100", problem)
    assert found is not None, problem
    assert int(found[1]) > 100

    fitting = publish_plan(quick_client, manager, program, bonuses[0], goals=goals)
    assert 0 < fitting["plan"]["mostItems"] <= 100


DRAFT = """draft { number status problems effectiveFrom savedAt rules { code } goals { code }
    warnings { code } mostItems pointValue { points } }"""
STATE = f"""query($id: ID!) {{ node(id: $id) {{ ... on Program {{
    plans {{ number status hash }} plan {{ number }} {DRAFT} }} }} }}"""
DRAFTED = f"""... on PlanDrafted {{ program {{ plan {{ number hash }} }} {DRAFT} }}
    ... on PlanAlreadyPublished {{ number nextNumber }} ... on InvalidInput {{ field }}"""


def test_a_plan_is_drafted_changed_published_superseded_and_never_edited(client: Client) -> None:
    """A draft judges nothing and changes no published version, nor its hash."""
    manager = client.person("CHANNEL_MANAGER")
    program = client.program(manager)

    def state() -> dict[str, Any]:
        found: dict[str, Any] = client.query(manager, STATE, id=program)["node"]
        return found

    def draft(number: int, *rules: dict[str, Any], **given: Any) -> dict[str, Any]:
        wish: dict[str, Any] = {"programId": program, "number": number, "rules": list(rules)}
        return client.do(manager, "draftPlan", DRAFTED, **wish | given)

    def publish(number: int) -> dict[str, Any]:
        told = """... on PlanPublished { plan { number status warnings { code } } }
            ... on PlanNotPublishable { problems } ... on NotFound { field }
            ... on PlanAlreadyPublished { number nextNumber }"""
        return client.do(manager, "publishDraft", told, programId=program, number=number)

    before = state()
    assert ([1], None) == ([plan["number"] for plan in before["plans"]], before["draft"])
    unfinished = draft(2, paying("t", {"flat": {"behavior": "TYPO", "amount": "0"}}))
    drafted = unfinished["draft"]
    assert (2, "DRAFT", ["t"]) == (
        drafted["number"],
        drafted["status"],
        [rule["code"] for rule in drafted["rules"]],
    )
    assert 2 == len(drafted["problems"])
    assert drafted == state()["draft"]
    refused = publish(2)
    assert ("PlanNotPublishable", drafted["problems"]) == (
        refused["__typename"],
        refused["problems"],
    )

    client.world.wait()
    changed = draft(2, paying("d", MILESTONES), paying("t", TRAINING))["draft"]
    assert ([], ["d", "t"]) == (changed["problems"], [rule["code"] for rule in changed["rules"]])
    after = state()
    assert (before["plans"], {"number": 1}) == (after["plans"], after["plan"])

    published = publish(2)
    assert {"number": 2, "status": "PUBLISHED", "warnings": []} == published["plan"]
    final = state()
    assert [(1, "SUPERSEDED"), (2, "PUBLISHED")] == [
        (plan["number"], plan["status"]) for plan in final["plans"]
    ]
    assert before["plans"][0]["hash"] == final["plans"][0]["hash"]
    assert (None, {"number": 2}) == (final["draft"], final["plan"])

    for number in (1, 2):
        for answer in (draft(number, paying("d", MILESTONES)), publish(number)):
            assert ("PlanAlreadyPublished", number, 3) == (
                answer["__typename"],
                answer["number"],
                answer["nextNumber"],
            )
    assert ("InvalidInput", "number") == (draft(4)["__typename"], draft(4)["field"])
    assert ("NotFound", "number") == (publish(3)["__typename"], publish(3)["field"])
    assert final == state()


def test_a_version_to_come_supersedes_once_it_is_in_force(quick_client: Client) -> None:
    """Both are published; the one in force judges until the other one starts."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = quick_client.program(manager)
    later = quick_client.world.now.replace(month=3).isoformat()
    publish_plan(quick_client, manager, program, paying("d", MILESTONES), effectiveFrom=later)
    document = "query($id: ID!) { node(id: $id) { ... on Program { plans { status } } } }"

    def statuses() -> list[str]:
        plans = quick_client.query(manager, document, id=program)["node"]["plans"]
        return [plan["status"] for plan in plans]

    assert ["PUBLISHED", "PUBLISHED"] == statuses()
    quick_client.world.wait(90)
    assert ["SUPERSEDED", "PUBLISHED"] == statuses()


def test_a_draft_is_the_vendor_s(quick_client: Client) -> None:
    """What is not decided yet is told to no partner."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = quick_client.program(manager)
    rules = [paying("d", MILESTONES)]
    quick_client.do(manager, "draftPlan", "", programId=program, number=2, rules=rules)
    rep = quick_client.person("SALES_REP", quick_client.partner())
    document = "query($id: ID!) { node(id: $id) { ... on Program { draft { number } } } }"
    drafts = [
        quick_client.query(who, document, id=program)["node"]["draft"] for who in (manager, rep)
    ]
    assert [{"number": 2}, None] == drafts


def test_a_draft_that_is_saved_again_under_its_request_answers_the_same(client: Client) -> None:
    """It is saved once: what somebody else wrote meanwhile stays."""
    manager, other = client.person("CHANNEL_MANAGER"), client.person("CHANNEL_MANAGER")
    program, again = client.program(manager), client.request_id()
    wish: dict[str, Any] = {"programId": program, "number": 2}
    first = [paying("d", MILESTONES)]
    second = [paying("t", TRAINING)]
    client.do(manager, "draftPlan", DRAFTED, again=again, rules=first, **wish)
    written = client.do(other, "draftPlan", DRAFTED, rules=second, **wish)
    replayed = client.do(manager, "draftPlan", DRAFTED, again=again, rules=first, **wish)
    assert "PlanDrafted" == replayed["__typename"]
    assert [{"code": "t"}] == written["draft"]["rules"] == replayed["draft"]["rules"]


def test_a_program_says_how_long_a_deal_is_protected(quick_client: Client) -> None:
    """90 days where it does not say, and never no time at all."""
    manager = quick_client.person("CHANNEL_MANAGER")
    document = "query($id: ID!) { node(id: $id) { ... on Program { protectionDays } } }"
    days = [
        quick_client.query(manager, document, id=create(quick_client, manager, **given))["node"]
        for given in ({}, {"protectionDays": 30})
    ]
    assert [{"protectionDays": 90}, {"protectionDays": 30}] == days
    start = quick_client.world.now
    refused = quick_client.do(
        manager,
        "createProgram",
        "... on InvalidInput { field }",
        name="Growth",
        description="Register early.",
        startsAt=start.isoformat(),
        endsAt=start.replace(year=start.year + 1).isoformat(),
        currencyCode="USD",
        terms="Sell honestly.",
        protectionDays=0,
    )
    assert ("InvalidInput", "protectionDays") == (refused["__typename"], refused["field"])


def test_a_program_says_whether_it_is_a_promotion_or_a_habit(quick_client: Client) -> None:
    """A habit, where it does not say."""
    manager = quick_client.person("CHANNEL_MANAGER")
    document = "query($id: ID!) { node(id: $id) { ... on Program { incentiveClass } } }"
    classes = [
        quick_client.query(manager, document, id=create(quick_client, manager, **given))["node"]
        for given in ({}, {"incentiveClass": "TACTICAL"})
    ]
    assert [{"incentiveClass": "HABIT_FORMING"}, {"incentiveClass": "TACTICAL"}] == classes
