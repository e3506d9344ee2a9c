"""Whoever tries the portal finds in the demo what guides people: processes, goals, notices."""

from typing import Any

from portal_api.demo import world
from portal_api.demo.staffing import BOARD
from portal_api.domain.inbox import InboxKind
from portal_api.domain.sales_process import GapCode
from portal_api.schema.ids import encoded
from tests.demo.asking import (
    INES,
    MARA,
    listed,
    nodes,
    partner,
    program,
)
from tests.demo.telling import Told


def process(demo: Told, tier: str) -> Any:
    """The process of value-added resellers, read from the close."""
    document = (
        f"{{ salesProcess(partnerType: VAR{tier}, direction: BACKWARDS) {{ tier"
        " steps { code journeyStage friction behaviors { incentivePoint paidBy { rule { words } } }"
        " gaps { code } } gaps { code } } }"
    )
    return demo.ask(INES, document)["salesProcess"]


def test_c13_a_process_of_a_tier_goes_from_demand_to_close(demo: Told) -> None:
    """Read backwards: each of its steps is paid and beside the customer's journey."""
    gold = process(demo, ", tier: GOLD")
    codes = ["renew", "close", "register", "prove", "meet", "follow-up", "event"]
    assert ("GOLD", codes) == (gold["tier"], [step["code"] for step in gold["steps"]])
    assert all(step["journeyStage"] and not step["gaps"] for step in gold["steps"])


def test_c13_the_usual_process_has_a_gap_of_each_kind(demo: Told) -> None:
    """A tier without a process of its own has that of its type."""
    usual = process(demo, ", tier: SILVER")
    assert usual["tier"] is None
    assert set(GapCode) == {gap["code"] for gap in usual["gaps"]}
    unpaid = [
        step for step in usual["steps"] if "NO_INCENTIVE" in {g["code"] for g in step["gaps"]}
    ]
    assert [("offer", "Each offer is approved three times.")] == [
        (step["code"], step["friction"]) for step in unpaid
    ]


def test_c14_a_step_says_its_friction_and_what_pays_for_it(demo: Told) -> None:
    (proof,) = [step for step in process(demo, ", tier: GOLD")["steps"] if step["code"] == "prove"]
    assert proof["friction"]
    paid = [one["rule"]["words"] for done in proof["behaviors"] for one in done["paidBy"]]
    assert "80 POINTS for each PROOF_OF_CONCEPT." in paid


def test_c23_n10_goals_sum_up_at_three_levels_or_say_how_much_more_is_assigned(
    demo: Told,
) -> None:
    """A tenth more than the company's goal is below it at one partner."""
    value = "{ money { amount } count }"
    fields = (
        'goalTrees(goalCode: "Y2026") { company { addsUp goal { goal { money { amount } } }'
        f" goalBelow {value} goalOverAssigned {value} }}"
        " individuals { edges { node { name } } } }"
    )
    (tree,) = partner(demo, world.LARKSPUR, fields)["goalTrees"]
    company = tree["company"]
    assert company["addsUp"]
    assert ("981818.18", "1080000.00", "98181.82") == tuple(
        one["money"]["amount"]
        for one in (company["goal"]["goal"], company["goalBelow"], company["goalOverAssigned"])
    )
    assert 3 == len(nodes(tree["individuals"]))


def test_c24_a_goal_is_exceeded_and_a_stretch_goal_reached(demo: Told) -> None:
    """Certified people are counted once each: two of four."""
    fields = "goals { code measure attainment progress { count money { amount } } }"
    goals = {
        one["code"]: one
        for one in demo.ask(MARA, f"{{ viewer {{ individual {{ {fields} }} }} }}")["viewer"][
            "individual"
        ]["goals"]
    }
    assert "150.0" == goals["SPRING"]["attainment"]
    assert ("CERTIFIED_PEOPLE", 1) == (
        goals["CERTIFIED"]["measure"],
        goals["CERTIFIED"]["progress"]["count"],
    )
    steps = {
        one["step"]
        for person in demo.people
        if person.partner
        for one in listed(demo, person.name, "earnings", "ruleCode step")
        if one["ruleCode"] == "year-bonus"
    }
    assert "GOAL" in steps
    company = nodes(
        partner(demo, world.FERNHILL, "earnings(first: 100) { edges { node { step } } }")[
            "earnings"
        ]
    )
    assert {"GOAL", "STRETCH"} <= {one["step"] for one in company}


def test_c29_a_leaderboard_has_those_who_want_to_be_on_it(demo: Told) -> None:
    """By the names of their choice: three of one company, and one of another."""
    program_id = program(demo, world.GROWTH, "id")["id"]
    document = (
        "query($id: ID!, $scope: BoardScope!) { leaderboard(programId: $id, scope: $scope,"
        " measure: DEALS_WON) { me { displayName } places { displayName score } } }"
    )
    boards = {
        scope: demo.ask(MARA, document, id=program_id, scope=scope)["leaderboard"]
        for scope in ("PROGRAM", "COMPANY")
    }
    shown = {
        scope: {one["displayName"] for one in board["places"]} for scope, board in boards.items()
    }
    assert {"PROGRAM": set(BOARD), "COMPANY": set(BOARD[:3])} == shown
    assert BOARD[0] == boards["PROGRAM"]["me"]["displayName"]
    scores = [one["score"] for one in boards["PROGRAM"]["places"]]
    assert sorted(scores, reverse=True) == scores


def test_s20_the_audit_log_says_who_did_what(demo: Told) -> None:
    """Of a person who was erased too, without its name."""
    partner_id = next(one.id for one in demo.partners() if one.name == world.EASTFOLD)
    document = (
        "query($id: ID!) { viewer { auditLog(filter: { partnerId: $id, kinds:"
        ' ["EmploymentEnded", "IndividualErased", "ConsentRenewed"] }, first: 10)'
        " { edges { node { kind actor { name role } } } } } }"
    )
    log = nodes(demo.ask(INES, document, id=encoded("Partner", partner_id))["viewer"]["auditLog"])
    assert ["IndividualErased", "ConsentRenewed", "EmploymentEnded"] == [one["kind"] for one in log]
    assert ["ADMIN", "PARTNER_EXECUTIVE", "PARTNER_EXECUTIVE"] == [
        one["actor"]["role"] for one in log
    ]


def test_s21_every_kind_of_notice_is_in_somebodys_inbox(demo: Told) -> None:
    """But for one: this vendor answers its disputes in time."""
    document = "{ viewer { inbox { items { kind } } } }"
    found = {
        item["kind"]
        for person in demo.people
        for item in demo.ask(person.name, document)["viewer"]["inbox"]["items"]
    }
    assert set(InboxKind) - {InboxKind.DISPUTES_OVERDUE} == found
