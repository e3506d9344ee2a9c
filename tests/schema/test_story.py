"""The whole path through the API, as different people with their own tokens, on both engines."""

from tests.schema.client import Client, results, usd

PHONE = """
    query Phone {
      viewer {
        role
        individual {
          name
          team { name }
          enrollments { consented program { name plan { number } } }
          goals {
            code level attainment projectedAttainment
            goal { money { amount } } stretch { money { amount } } progress { money { amount } }
            earnings { now { money { amount } points } atGoal { money { amount } points }
                       atStretch { money { amount } points } }
          }
          balances { assetCode available { money { amount } points }
                     held { money { amount } points } }
          earnings(first: 20) {
            edges { node { ruleCode because status amount { money { amount } points }
                           ofAmount { money { amount } } program { name } deal { stage } } }
          }
        }
        programs { name }
      }
    }
"""
COMPANY = """
    query Company {
      viewer {
        partner {
          name tier participationPolicy
          consentRequests { program { name } individuals { name } }
          consents { id active scope }
          goals { code progress { money { amount } }
                  earnings { now { money { amount } } atGoal { money { amount } } } }
          balances { assetCode available { money { amount } } }
          participation { program { name } enrolled deals won wonRevenue { amount }
                          companyEarned { money { amount } } staffEarned { money { amount } } }
        }
      }
    }
"""


def test_the_whole_path_from_the_plan_to_the_screens(client: Client) -> None:
    """Before the consent all is WITHHELD, and why; after it 150.00 of 900.00, then 750.00."""
    manager = client.person("CHANNEL_MANAGER")
    partner = client.partner("VAR")
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    program = client.program(manager)

    early = client.register(rep, program)
    assert [("WITHHELD", "150.00", "NO_CONSENT")] == results(client.approve(manager, early))
    asked = client.do(
        rep,
        "requestConsent",
        "... on ConsentRequested { requestedAt }",
        partnerId=partner,
        programId=program,
    )
    assert "ConsentRequested" == asked["__typename"]
    seen = client.query(executive, COMPANY)["viewer"]["partner"]
    assert [{"program": {"name": "Growth"}, "individuals": [{"name": "Robin Reyes"}]}] == seen[
        "consentRequests"
    ]

    client.world.wait()
    assert "COMPANY" == client.consent(executive, partner, program)["consent"]["scope"]
    assert [] == client.query(executive, COMPANY)["viewer"]["partner"]["consentRequests"]
    client.world.wait()
    deal = client.register(rep, program)
    assert [("WITHHELD", "150.00", "NOT_ENROLLED")] == results(client.approve(manager, deal))
    assert {"consented": True} == client.enroll(rep, partner, program)["enrollment"]
    for party, goal, stretch in (
        (rep.id, "50000.00", "80000.00"),
        (partner, "200000.00", "250000.00"),
    ):
        client.do(
            manager,
            "setGoal",
            "... on GoalSet { goals { code } }",
            programId=program,
            partyId=party,
            goalCode="Y",
            goal={"money": usd(goal)},
            stretch={"money": usd(stretch)},
        )

    client.world.wait()
    deal = client.register(rep, program)
    assert [("AWARDED", "150.00", None)] == results(client.approve(manager, deal))
    first = client.query(rep, PHONE)["viewer"]["individual"]["earnings"]["edges"][0]["node"]
    assert ("150.00", "900.00") == (
        first["amount"]["money"]["amount"],
        first["ofAmount"]["money"]["amount"],
    )
    assert "3 % of 30000.00 USD is 900.00 USD" in first["because"]

    won = client.win(manager, deal)
    assert [("AWARDED", "750.00", None), ("AWARDED", "100.00", None)] == results(won)
    phone = client.query(rep, PHONE)["viewer"]["individual"]
    (goal_shown,) = phone["goals"]
    assert "60.0" == goal_shown["attainment"]
    assert "30000.00" == goal_shown["progress"]["money"]["amount"]
    earnings = goal_shown["earnings"]
    # At the goal 3 % of the missing 20,000.00 and 500.00; at the stretch of 50,000.00 and 800.00.
    assert [{"money": {"amount": "900.00"}, "points": None}] == earnings["now"][-1:]
    assert {"money": {"amount": "2000.00"}, "points": None} in earnings["atGoal"]
    assert {"money": {"amount": "3200.00"}, "points": None} in earnings["atStretch"]
    assert "900.00" == phone["balances"][0]["available"]["money"]["amount"]

    company = client.query(executive, COMPANY)["viewer"]["partner"]
    (shown,) = company["participation"]
    assert (1, 3, 1, "30000.00") == (
        shown["enrolled"],
        shown["deals"],
        shown["won"],
        shown["wonRevenue"]["amount"],
    )
    assert [{"money": {"amount": "100.00"}}] == shown["companyEarned"]
    assert shown["staffEarned"] is None, "fewer than three people are never summed"
    assert "30000.00" == company["goals"][0]["progress"]["money"]["amount"]
    assert "100.00" == company["balances"][0]["available"]["money"]["amount"]


def test_points_are_earned_by_an_activity_once_per_source_event(client: Client) -> None:
    """The same event under another request id answers the first result and pays nothing."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    program = client.program(manager)
    client.behavior(manager)
    client.consent(executive, partner, program, rep)
    client.enroll(rep, partner, program)
    client.world.wait()
    first = client.record(rep, rep, program, "course-1", source="LMS")
    again = client.record(rep, rep, program, "course-1", source="LMS")
    assert [("AWARDED", "50", None)] == results(first)
    assert first["activity"] == again["activity"]
    balances = client.query(rep, PHONE)["viewer"]["individual"]["balances"]
    assert [("POINTS", 50)] == [(b["assetCode"], b["available"]["points"]) for b in balances]


def test_a_payout_is_held_then_settled_or_released(client: Client) -> None:
    """Two-phase: hold, then settle or release, once; more than the balance is refused with it."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    program = client.program(manager)
    client.consent(executive, partner, program)
    client.enroll(rep, partner, program)
    client.world.wait()
    client.approve(manager, client.register(rep, program))
    ask = """... on PayoutRequested { payout { id status }
        balances { available { money { amount } } held { money { amount } } } }"""
    wanted = client.do(rep, "requestPayout", ask, amount={"money": usd("100.00")})
    assert ("50.00", "100.00") == tuple(
        wanted["balances"][0][account]["money"]["amount"] for account in ("available", "held")
    )
    short = client.do(
        rep,
        "requestPayout",
        "... on InsufficientBalance { available { money { amount } } }",
        amount={"money": usd("50.01")},
    )
    assert ("InsufficientBalance", "50.00") == (
        short["__typename"],
        short["available"]["money"]["amount"],
    )
    resolve = (
        "... on PayoutResolved { payout { status reference } } ... on PayoutNotOpen { status }"
    )
    settled = client.do(
        manager,
        "resolvePayout",
        resolve,
        payoutId=wanted["payout"]["id"],
        paid=True,
        reference="SEPA-1",
    )
    assert {"status": "SETTLED", "reference": "SEPA-1"} == settled["payout"]
    twice = client.do(
        manager,
        "resolvePayout",
        resolve,
        payoutId=wanted["payout"]["id"],
        paid=False,
        reference="no",
    )
    assert ("PayoutNotOpen", "SETTLED") == (twice["__typename"], twice["status"])


def test_withheld_says_why_and_later_consent_pays_only_what_comes_later(client: Client) -> None:
    """Out of window, out of segment, budget exhausted, and nothing after the revocation."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    other = client.program(manager, segment={"tiers": ["PLATINUM"]})
    late = client.program(manager, startsAt=client.world.now.replace(month=6).isoformat())
    program = client.program(manager)
    granted = client.consent(executive, partner, program)
    client.enroll(rep, partner, program)
    client.world.wait()
    assert [("WITHHELD", "150.00", "OUT_OF_SEGMENT")] == results(
        client.approve(manager, client.register(rep, other))
    )
    assert [("WITHHELD", "150.00", "OUT_OF_WINDOW")] == results(
        client.approve(manager, client.register(rep, late))
    )
    huge = client.approve(manager, client.register(rep, program, "30000000.00"))
    assert [("WITHHELD", "150000.00", "BUDGET_EXHAUSTED")] == results(huge)
    kept = client.register(rep, program)
    assert [("AWARDED", "150.00", None)] == results(client.approve(manager, kept))
    revoked = client.do(
        executive,
        "revokeConsent",
        "... on ConsentRevoked { consent { active } }",
        consentId=granted["consent"]["id"],
    )
    assert {"active": False} == revoked["consent"]
    client.world.wait()
    assert [("WITHHELD", "750.00", "NO_CONSENT"), ("AWARDED", "100.00", None)] == results(
        client.win(manager, kept)
    )
    phone = client.query(rep, PHONE)["viewer"]["individual"]
    assert "150.00" == phone["balances"][0]["available"]["money"]["amount"], "what was earned stays"


def test_an_executive_asks_for_the_company_s_money_and_a_rep_cannot(client: Client) -> None:
    """The company's wallet is its executive's; somebody else finds nothing there."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    program = client.program(manager)
    client.win(manager, client.register(rep, program))
    ask = "... on PayoutRequested { payout { status } } ... on NotFound { field }"
    answers = [
        client.do(who, "requestPayout", ask, amount={"money": usd("40.00")}, company=True)
        for who in (executive, rep)
    ]
    assert [{"status": "REQUESTED"}, "company"] == [answers[0]["payout"], answers[1]["field"]]
