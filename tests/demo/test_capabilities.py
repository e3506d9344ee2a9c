"""Whoever tries the portal finds each of its capabilities in the demo, by asking its API."""

from typing import Any

from portal_api.demo import world
from tests.demo.asking import (
    AMOUNT,
    ANSELM,
    EARNING,
    INES,
    MARA,
    colleague,
    earnings,
    listed,
    nodes,
    program,
    rep_of,
    worth,
)
from tests.demo.telling import Told

OUTCOME = (
    f"ruleCode step status reason {AMOUNT} recipient {{"
    " ... on Individual { name } ... on Team { name } ... on Partner { name } }"
)
ACTIVITY = f"behavior occurredAt recordedAt deal {{ endCustomer product }} outcomes {{ {OUTCOME} }}"
CLAIM = "status behavior near rejectionCode rejectionReason decidedAt activity { id }"


def outcomes(demo: Told, name: str, customer: str, behavior: str) -> dict[str, Any]:
    """What each rule made of a change of somebody's deal."""
    (activity,) = [
        one
        for one in listed(demo, name, "activities", ACTIVITY)
        if one["behavior"] == behavior and (one["deal"] or {}).get("endCustomer") == customer
    ]
    return {one["ruleCode"]: one for one in activity["outcomes"]}


def sprint_sale(demo: Told, name: str, customer: str) -> dict[str, Any]:
    """What the sprint's rules made of a sale to a customer that bought twice."""
    found = [
        {one["ruleCode"]: one for one in activity["outcomes"]}
        for activity in listed(demo, name, "activities", ACTIVITY)
        if activity["behavior"] == "DEAL_WON"
        and activity["deal"]["endCustomer"] == customer
        and any(one["ruleCode"] in ("bands", "beacon") for one in activity["outcomes"])
    ]
    assert 1 == len(found)
    return found[0]


def test_c1_a_training_and_a_sale_pay_under_one_program(demo: Told) -> None:
    found = listed(demo, MARA, "earnings", EARNING)
    rules = {one["ruleCode"] for one in found if one["program"]["name"] == world.GROWTH}
    assert {"training", "deals"} <= rules


def test_c2_an_overlay_is_pending_released_and_cancelled(demo: Told) -> None:
    found = earnings(demo, MARA, world.SOLUTIONS, "proofs")
    assert [
        ("Quarry Lane Brewery", "PAID"),
        ("Tideway Ferries", "CANCELLED"),
        ("Upland Water", "PENDING"),
    ] == [(one["deal"]["endCustomer"], one["status"]) for one in found]
    released = outcomes(demo, MARA, "Quarry Lane Brewery", "DEAL_WON")["proofs"]
    cancelled = outcomes(demo, MARA, "Tideway Ferries", "DEAL_LOST")["proofs"]
    assert ("RELEASED", "CANCELLED") == (released["status"], cancelled["status"])


def test_c3_the_same_sale_pays_more_to_who_registered_it_before(demo: Told) -> None:
    """3 % of 30,000.00; 2 % if it was registered after, never, or by another seller."""
    own = {
        one["deal"]["endCustomer"]: worth(one["amount"])
        for one in earnings(demo, MARA, world.SOLUTIONS, "sales")
    }
    assert ("900.00", "600.00", "600.00") == (
        own["Quarry Lane Brewery"],
        own["Pinewood Press"],
        own["Redgate Dairy"],
    )
    anothers = earnings(demo, colleague(demo, 2), world.SOLUTIONS, "sales")
    assert [("Saffron Stores", "600.00")] == [
        (one["deal"]["endCustomer"], worth(one["amount"]))
        for one in anothers
        if one["deal"]["endCustomer"] == "Saffron Stores"
    ]


def test_c4_a_milestone_split_pays_150_and_750_of_900(demo: Told) -> None:
    parts = [
        (one["step"], worth(one["amount"]))
        for one in earnings(demo, MARA, world.GROWTH, "deals")
        if one["ofAmount"]["money"]["amount"] == "900.00"
    ]
    assert {("DEAL_REGISTERED", "150.00"), ("DEAL_WON", "750.00")} == set(parts)


def test_c5_a_plan_that_does_not_pay_registrations_has_a_warning(demo: Told) -> None:
    fields = "plans { warnings { code } }"
    warned = program(demo, world.SPRINT, fields)["plans"]
    assert [{"warnings": [{"code": "REGISTRATION_NOT_PAID"}]}] == warned
    assert [{"warnings": []}] == program(demo, world.SOLUTIONS, fields)["plans"]


def test_c6_the_catalogue_goes_from_demand_to_the_close(demo: Told) -> None:
    known = {
        one["code"]: (one["stage"], one["fiveC"])
        for one in demo.ask(MARA, "{ behaviors { code stage fiveC } }")["behaviors"]
    }
    assert ("DEMAND_GENERATION", "COVERAGE") == known[world.EVENT]
    assert ("LEAD_MANAGEMENT", "COMMITMENT") == known[world.LEAD]
    assert ("OPPORTUNITY_MANAGEMENT", "COMMITMENT") == known[world.APPOINTMENT]
    assert ("OPPORTUNITY_MANAGEMENT", "CAPACITY") == known[world.PROOF]
    assert ("ENABLEMENT", "CAPACITY") == known[world.TRAINING] == known[world.ADVANCED]
    assert ("CLOSING", "CONTRIBUTION") == known["DEAL_WON"]


def test_c7_a_behavior_that_came_later_is_paid_at_once(demo: Told) -> None:
    (paid,) = earnings(demo, MARA, world.ENABLEMENT, "customer-workshop")
    assert (2, "40 P") == (paid["planNumber"], worth(paid["amount"]))


def test_c8_points_cash_a_percentage_and_the_companys_part_are_in_one_program(demo: Told) -> None:
    found = outcomes(demo, MARA, "Quarry Lane Brewery", "DEAL_WON")
    assert ("150 P", "50.00", "900.00", "300.00") == tuple(
        worth(found[rule]["amount"]) for rule in ("sale-points", "fleet-spiff", "sales", "company")
    )
    assert {"name": world.FERNHILL} == found["company"]["recipient"]
    document = "{ viewer { partner { earnings(first: 20) { edges { node { ruleCode } } } } } }"
    company = nodes(demo.ask(ANSELM, document)["viewer"]["partner"]["earnings"])
    assert {"company", "company-bands"} <= {one["ruleCode"] for one in company}


def test_c9_points_of_behaviors_and_of_deals_are_worth_money_on_one_scale(demo: Told) -> None:
    value = program(demo, world.SOLUTIONS, "plan { pointValue { points amount { amount } } }")
    assert {"points": 1, "amount": {"amount": "1.00"}} == value["plan"]["pointValue"]
    behavior = earnings(demo, MARA, world.SOLUTIONS, "appointments")[0]
    deal = earnings(demo, MARA, world.SOLUTIONS, "sale-points")[0]
    assert ("20 P", "20.00") == (worth(behavior["amount"]), behavior["worth"]["amount"])
    assert ("150 P", "150.00") == (worth(deal["amount"]), deal["worth"]["amount"])


def test_c10_s4_a_second_version_pays_more_and_a_late_activity_is_judged_by_the_first(
    demo: Told,
) -> None:
    versions = program(demo, world.ENABLEMENT, "plans { number status effectiveFrom }")["plans"]
    assert [(1, "SUPERSEDED"), (2, "PUBLISHED")] == [
        (one["number"], one["status"]) for one in versions
    ]
    paid = earnings(demo, MARA, world.ENABLEMENT, "lead-follow-up")
    assert {(1, "10 P"), (2, "15 P")} == {(one["planNumber"], worth(one["amount"])) for one in paid}
    leads = [
        one
        for one in listed(demo, MARA, "activities", ACTIVITY)
        if one["behavior"] == world.LEAD and one["recordedAt"][:10] > one["occurredAt"][:10]
    ]
    assert [("2026-04-21", "2026-05-20", "10 P")] == [
        (one["occurredAt"][:10], one["recordedAt"][:10], worth(one["outcomes"][0]["amount"]))
        for one in leads
    ]


def test_c11_a_promotion_has_its_time_and_its_class(demo: Told) -> None:
    """What came a day too early is withheld; the sprint is over, and the others go on."""
    sprint = program(demo, world.SPRINT, "incentiveClass startsAt endsAt")
    assert ("TACTICAL", "2026-04-01", "2026-07-01") == (
        sprint["incentiveClass"],
        sprint["startsAt"][:10],
        sprint["endsAt"][:10],
    )
    assert "HABIT_FORMING" == program(demo, world.GROWTH, "incentiveClass")["incentiveClass"]
    early = outcomes(demo, colleague(demo, 2), "Quarry Lane Brewery", "DEAL_WON")["beacon"]
    assert ("WITHHELD", "OUT_OF_WINDOW") == (early["status"], early["reason"])


def test_c12_a_product_is_promoted_in_a_region(demo: Told) -> None:
    far = rep_of(demo, world.LARKSPUR)[0].name
    for name, customer, expected in (
        (MARA, "Pinewood Press", ("AWARDED", None)),
        (MARA, "Redgate Dairy", ("WITHHELD", "OUT_OF_SEGMENT")),
        (far, "Saffron Stores", ("WITHHELD", "OUT_OF_SEGMENT")),
    ):
        found = sprint_sale(demo, name, customer)["beacon"]
        assert expected == (found["status"], found["reason"]), customer


def test_s1_s2_claims_are_approved_held_rejected_and_waiting(demo: Told) -> None:
    """One at once, one by a reviewer, one not; a number that looks like another's waits too."""
    own = [
        (one["behavior"], one["status"], one["rejectionCode"])
        for one in listed(demo, MARA, "claims", CLAIM)
    ]
    assert [
        (world.SELL_OUT, "APPROVED", None),
        (world.TRAINING, "APPROVED", None),
        (world.TRAINING, "REJECTED", "UNREADABLE_PROOF"),
        (world.TRAINING, "IN_REVIEW", None),
    ] == own
    queue = demo.ask(
        INES,
        "{ viewer { claimsToReview { edges { node { near proof { invoice }"
        " similarClaim { proof { invoice } individual { name } } } } } } }",
    )
    held, waiting = nodes(queue["viewer"]["claimsToReview"])
    assert ("INVOICE", None) == (held["near"], waiting["near"])
    assert ("inv 20417", "INV-20417", MARA) == (
        held["proof"]["invoice"],
        held["similarClaim"]["proof"]["invoice"],
        held["similarClaim"]["individual"]["name"],
    )


def test_s9_a_draft_waits_and_a_shadow_rule_tells_what_it_would_pay(demo: Told) -> None:
    draft = program(demo, world.GROWTH, "draft { number mostItems warnings { code } }")["draft"]
    assert (2, []) == (draft["number"], draft["warnings"])
    shadow = outcomes(demo, MARA, "Quarry Lane Brewery", "DEAL_WON")["what-if"]
    assert ("SHADOW", "1200.00") == (shadow["status"], worth(shadow["amount"]))
    assert [] == earnings(demo, MARA, world.SOLUTIONS, "what-if")


def test_s10_a_limit_and_a_cap_withhold(demo: Told) -> None:
    """Two appointments a week; and 1,000.00 for each person, as its executive wishes."""
    weeks = [
        (one["outcomes"][0]["status"], one["outcomes"][0]["reason"])
        for one in listed(demo, MARA, "activities", ACTIVITY)
        if one["occurredAt"][:7] == "2026-06"
        and any(outcome["ruleCode"] == "appointments" for outcome in one["outcomes"])
    ]
    assert [("AWARDED", None), ("AWARDED", None), ("WITHHELD", "LIMIT_REACHED")] == weeks
    second = rep_of(demo, world.IVORYGATE)[1].name
    capped = outcomes(demo, second, "Verdant Gardens", "DEAL_WON")["sales"]
    assert ("WITHHELD", "CAP_REACHED", "1200.00") == (
        capped["status"],
        capped["reason"],
        worth(capped["amount"]),
    )


def test_s14_a_protected_deal_waits_for_longer_and_a_second_registration_lost(demo: Told) -> None:
    document = (
        "{ viewer { requestedExtensions { edges { node { endCustomer registration protectedUntil"
        " extension { until reason } owner { name } } } } } }"
    )
    (waiting,) = nodes(demo.ask(INES, document)["viewer"]["requestedExtensions"])
    assert ("Upland Water", "APPROVED", MARA) == (
        waiting["endCustomer"],
        waiting["registration"],
        waiting["owner"]["name"],
    )
    assert waiting["protectedUntil"] < waiting["extension"]["until"]
    rival = rep_of(demo, world.IVORYGATE)[0].name
    (lost,) = [
        one
        for one in listed(demo, rival, "deals", "endCustomer registration rejectionReason")
        if one["endCustomer"] == "Upland Water"
    ]
    assert "REJECTED" == lost["registration"]


def test_s15_a_deal_is_divided_60_to_40(demo: Told) -> None:
    """90.00 and 60.00 of 150.00, then 450.00 and 300.00 of 750.00."""
    parts = [
        [
            worth(one["amount"])
            for one in earnings(demo, name, world.GROWTH, "deals")
            if one["deal"]["endCustomer"] == "Willow Academy"
        ]
        for name in (MARA, colleague(demo, 2))
    ]
    assert [["90.00", "450.00"], ["60.00", "300.00"]] == parts


def test_s16_the_same_sales_pay_marginal_and_retrospective_bands(demo: Told) -> None:
    """Twice 30,000.00: 1 % to the goal and 3 % beyond it; 1 %, then 2 % of everything."""
    first, second = (sprint_sale(demo, MARA, name) for name in ("Pinewood Press", "Redgate Dairy"))
    assert ["300.00", "700.00"] == [worth(one["bands"]["amount"]) for one in (first, second)]
    assert ["300.00", "900.00"] == [
        worth(one["company-bands"]["amount"]) for one in (first, second)
    ]


def test_n7_a_returned_deal_gives_back_and_a_reopened_one_pays_again(demo: Told) -> None:
    returned = [
        (one["status"], worth(one["amount"]), worth(one["reversed"]))
        for one in earnings(demo, colleague(demo, 2), world.SOLUTIONS, "sales")
        if one["deal"]["endCustomer"] == "Yarrow Clinics"
    ]
    assert [("REVERSED", "900.00", "900.00")] == returned
    again = [
        (one["status"], worth(one["amount"]))
        for one in earnings(demo, colleague(demo, 3), world.SOLUTIONS, "sales")
        if one["deal"]["endCustomer"] == "Zephyr Cycles"
    ]
    assert [("REVERSED", "900.00"), ("PENDING", "720.00")] == again


def test_n8_every_earning_explains_itself_and_replays(demo: Told) -> None:
    found = listed(demo, MARA, "earnings", "ruleCode explain { words replays }")
    assert {True} == {one["explain"]["replays"] for one in found}
    assert all(len(one["explain"]["words"]) >= 5 for one in found)


def test_a_teams_bonus_is_shared_among_its_members(demo: Told) -> None:
    """600.00 for a team of two: 300.00 each."""
    shared = sprint_sale(demo, MARA, "Redgate Dairy")["team-prize"]
    assert ("SHARED", "600.00") == (shared["status"], worth(shared["amount"]))
    for name in (MARA, colleague(demo, 3)):
        (share,) = earnings(demo, name, world.SPRINT, "team-prize")
        assert ("300.00", "600.00") == (
            worth(share["amount"]),
            share["ofAmount"]["money"]["amount"],
        )
