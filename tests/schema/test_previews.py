"""Previews, dry runs and retries through the API: what would be, what would have been, and late."""

from typing import Any

import pytest

from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying, publish_plan
from tests.schema.selling import Selling

DEALS = paying("deals", MILESTONES)
COMPANY = paying("company", {"flat": {"behavior": "DEAL_WON", "amount": "10.00"}}, level="PARTNER")
PROOF = paying("proof", {"flat": {"behavior": "PROOF", "amount": "25.00"}})
AMOUNT = "money { amount currencyCode } points"
PREVIEW = f"""
    query Preview($program: ID!, $subject: PreviewSubjectInput!, $individual: ID) {{
      previewEarnings(programId: $program, subject: $subject, individualId: $individual) {{
        __typename
        ... on EarningsPreviewed {{
          steps {{ behavior outcomes {{ ruleCode status reason amount {{ {AMOUNT} }} }} }}
          total {{ {AMOUNT} }}
        }}
        ... on InvalidInput {{ field }} ... on NotFound {{ field }} ... on Refusal {{ code }}
      }}
    }}
"""
DRY_RUN = f"""
    query DryRun($program: ID!, $partner: ID!, $number: Int) {{
      dryRun(programId: $program, partnerId: $partner, number: $number) {{
        __typename
        ... on DryRun {{
          plan {{ __typename number ... on PlanVersion {{ status }} }} activities
          wouldPay {{ {AMOUNT} }} paid {{ {AMOUNT} }}
          lines {{ ruleCode recipient {{ ... on Individual {{ id }} ... on Partner {{ id }} }}
            wouldPay {{ {AMOUNT} }} wouldWithhold {{ {AMOUNT} }} paid {{ {AMOUNT} }} }}
        }}
        ... on PlanNotPublishable {{ problems }} ... on NotFound {{ field }}
        ... on Refusal {{ code }}
      }}
    }}
"""
NEW = {"product": "Firewall", "amount": usd("30000.00")}


def shown(amounts: dict[str, Any]) -> str:
    """An amount as one text."""
    money = amounts["money"]
    return str(amounts["points"]) if money is None else f"{money['amount']} {money['currencyCode']}"


def previewed(selling: Selling, who: Person, deal: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The preview of a deal."""
    given = {"program": selling.program, "subject": {"deal": deal}, **more}
    found: dict[str, Any] = selling.client.query(who, PREVIEW, **given)["previewEarnings"]
    return found


def steps(preview: dict[str, Any]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Status and amount of each step's outcomes."""
    assert "EarningsPreviewed" == preview["__typename"], preview
    return [
        (step["behavior"], [(one["status"], shown(one["amount"])) for one in step["outcomes"]])
        for step in preview["steps"]
    ]


def ran(selling: Selling, number: int | None = None, who: Person | None = None) -> dict[str, Any]:
    """A dry run over the partner's history."""
    given = {"program": selling.program, "partner": selling.partner, "number": number}
    found: dict[str, Any] = selling.client.query(who or selling.manager, DRY_RUN, **given)["dryRun"]
    return found


def lines(done: dict[str, Any]) -> dict[tuple[str, str], tuple[str, str]]:
    """What each rule would have paid whom, and has paid."""
    assert "DryRun" == done["__typename"], done
    return {
        (line["ruleCode"], line["recipient"]["id"]): (shown(line["wouldPay"]), shown(line["paid"]))
        for line in done["lines"]
    }


def drafted(selling: Selling, *rules: dict[str, Any]) -> None:
    given: dict[str, Any] = {"programId": selling.program, "number": 2, "rules": list(rules)}
    told = "... on PlanDrafted { draft { number } }"
    answer = selling.client.do(selling.manager, "draftPlan", told, **given)
    assert "PlanDrafted" == answer["__typename"], answer


def test_S8_a_seller_previews_a_deal_that_is_not_registered_and_then_earns_it(
    client: Client,
) -> None:
    """150.00 and 750.00 of 30,000.00; what the company earns is the vendor's to see."""
    selling = Selling(client, DEALS, COMPANY)
    preview = previewed(selling, selling.rep, NEW)
    everything = previewed(selling, selling.manager, NEW, individual=selling.rep.id)
    assert "0.00" == selling.balance(selling.rep)
    selling.win(selling.approved())

    sale = ("AWARDED", "750.00 USD")
    registered = ("DEAL_REGISTERED", [("AWARDED", "150.00 USD")])
    submitted: tuple[str, list[tuple[str, str]]] = ("DEAL_SUBMITTED", [])
    assert [submitted, registered, ("DEAL_WON", [sale])] == steps(preview)
    assert ["900.00 USD"] == [shown(total) for total in preview["total"]]
    assert [submitted, registered, ("DEAL_WON", [sale, ("AWARDED", "10.00 USD")])] == steps(
        everything
    )
    assert "900.00" == selling.balance(selling.rep)


def test_S8_a_known_deal_a_shared_one_and_an_unregistered_one_are_previewed(
    quick_client: Client,
) -> None:
    """At another amount than the estimate; a seller sees its own share of a shared one."""
    selling = Selling(quick_client, DEALS)
    known = {"dealId": selling.approved(), "amount": usd("24000.00")}
    shared = {**NEW, "credits": selling.shared(60, 40)}
    unregistered = {**NEW, "registered": False}
    assert [
        [("DEAL_WON", [("AWARDED", "570.00 USD")])],
        [
            ("DEAL_SUBMITTED", []),
            ("DEAL_REGISTERED", [("AWARDED", "90.00 USD")]),
            ("DEAL_WON", [("AWARDED", "450.00 USD")]),
        ],
        [("DEAL_SUBMITTED", []), ("DEAL_WON", [("AWARDED", "750.00 USD")])],
    ] == [steps(previewed(selling, selling.rep, deal)) for deal in (known, shared, unregistered)]


def test_S8_an_activity_is_previewed_with_the_reason_why_not(quick_client: Client) -> None:
    """Before the program's start it is out of its window; now it pays."""
    selling = Selling(quick_client, PROOF)

    def of(**given: Any) -> list[tuple[str, str | None]]:
        subject = {"activity": {"behavior": "PROOF", **given}}
        asked = {"program": selling.program, "subject": subject}
        found = quick_client.query(selling.rep, PREVIEW, **asked)["previewEarnings"]
        (step,) = found["steps"]
        return [(one["status"], one["reason"]) for one in step["outcomes"]]

    assert [("AWARDED", None)] == of()
    assert [("AWARDED", None)] == of(dealId=selling.register())
    assert [("WITHHELD", "OUT_OF_WINDOW")] == of(occurredAt=selling.in_days(-300))


@pytest.mark.parametrize(
    ("deal", "field"),
    [
        ({}, "subject"),
        ({"product": "Firewall"}, "subject"),
        ({"product": "Firewall", "amount": {"amount": "1.00", "currencyCode": "EUR"}}, "amount"),
    ],
)
def test_S8_a_preview_of_nothing_is_invalid(
    quick_client: Client, deal: dict[str, Any], field: str
) -> None:
    selling = Selling(quick_client, DEALS)
    refused = previewed(selling, selling.rep, deal)
    assert ("InvalidInput", field) == (refused["__typename"], refused["field"])


def test_S8_nobody_previews_for_a_colleague(quick_client: Client) -> None:
    """Nor an executive for its staff, nor a colleague's deal: peers see nothing of each other."""
    selling = Selling(quick_client, DEALS)
    mine = selling.register()
    answers = [
        previewed(selling, who, NEW, individual=selling.rep.id)
        for who in (selling.colleague, selling.executive)
    ]
    answers.append(previewed(selling, selling.colleague, {"dealId": mine}))
    assert [("NotFound", "individualId")] * 2 + [("NotFound", "dealId")] == [
        (answer["__typename"], answer["field"]) for answer in answers
    ]


def test_S9_a_draft_is_run_over_the_real_history_and_pays_nothing(client: Client) -> None:
    """Capability N9: 2 % instead of 3 %, and 10.00 to the company, against what was paid."""
    selling = Selling(client, DEALS)
    selling.win(selling.approved(credits=selling.shared(60, 40)))
    drafted(selling, paying("deals", {"milestoneSplit": {"rateBps": 200}}), COMPANY)

    once, again = ran(selling), ran(selling)

    assert once == again
    assert {
        ("deals", selling.rep.id): ("360.00 USD", "540.00 USD"),
        ("deals", selling.colleague.id): ("240.00 USD", "360.00 USD"),
        ("company", selling.partner): ("10.00 USD", "0.00 USD"),
    } == lines(once)
    assert ({"__typename": "PlanDraft", "number": 2}, 3) == (once["plan"], once["activities"])
    assert (["610.00 USD"], ["900.00 USD"]) == tuple(
        [shown(total) for total in once[name]] for name in ("wouldPay", "paid")
    )
    assert ["540.00", "360.00"] == [
        selling.balance(who) for who in (selling.rep, selling.colleague)
    ]
    first = ran(selling, 1)
    assert {"__typename": "PlanVersion", "number": 1, "status": "PUBLISHED"} == first["plan"]
    assert "900.00 USD" == shown(first["wouldPay"][0]) == shown(first["paid"][0])


def test_S9_a_draft_with_problems_is_not_run(quick_client: Client) -> None:
    selling = Selling(quick_client, DEALS)
    drafted(selling, paying("d", {"milestoneSplit": {"rateBps": 0, "winningWeight": 0}}))
    refused = ran(selling)
    assert ("PlanNotPublishable", 2) == (refused["__typename"], len(refused["problems"]))


def test_S9_a_dry_run_is_the_vendors_and_of_what_is_there(quick_client: Client) -> None:
    """No partner learns what a plan that is only considered would pay it."""
    selling = Selling(quick_client, DEALS)
    assert ["NotPermitted"] * 2 == [
        ran(selling, 1, who)["__typename"] for who in (selling.rep, selling.executive)
    ]
    for number in (None, 2):
        refused = ran(selling, number)
        assert ("NotFound", "number") == (refused["__typename"], refused["field"])


def test_S9_a_shadow_rule_tells_what_it_would_have_paid_and_pays_nothing(client: Client) -> None:
    """As an outcome of each activity, and as a line of a dry run that counts as nothing."""
    selling = Selling(client, DEALS, paying("try", MILESTONES, shadow=True))
    answer = selling.do("approveDeal", dealId=selling.register())
    assert [("AWARDED", "150.00"), ("SHADOW", "150.00")] == [
        (one["status"], one["amount"]["money"]["amount"]) for one in answer["activity"]["outcomes"]
    ]
    assert "150.00" == selling.balance(selling.rep)
    assert {("deals", selling.rep.id): ("150.00 USD", "150.00 USD")} == lines(ran(selling, 1))


RETRIED = """... on WithheldRetried { activity { id outcomes {
    status amount { money { amount } } earning { status } } } }"""


def test_S10_what_a_budget_withheld_is_paid_by_a_retry_once_it_is_refilled(client: Client) -> None:
    """Refilling pays nothing; the retry pays once, and the next finds nothing to pay."""
    selling = Selling(client, paying("deals", MILESTONES, assetCode="USD"))
    huge = selling.register("90000000.00")
    approved = selling.do("approveDeal", dealId=huge)
    activity, (outcome,) = approved["activity"]["id"], approved["activity"]["outcomes"]
    assert ("WITHHELD", "BUDGET_EXHAUSTED") == (outcome["status"], outcome["reason"])

    def retry(who: Person = selling.manager, again: str | None = None) -> dict[str, Any]:
        return client.do(who, "retryWithheld", RETRIED, again=again, activityId=activity)

    assert "NothingWithheld" == retry()["__typename"]
    refill: dict[str, Any] = {"programId": selling.program, "amount": {"money": usd("400000.00")}}
    client.do(selling.manager, "fundProgram", "", **refill)
    assert "0.00" == selling.balance(selling.rep)
    assert "NotPermitted" == retry(selling.rep)["__typename"]

    request = client.request_id()
    done, repeated = retry(again=request), retry(again=request)

    assert done == repeated
    (paid,) = done["activity"]["outcomes"]
    assert ("AWARDED", "450000.00", "AVAILABLE") == (
        paid["status"],
        paid["amount"]["money"]["amount"],
        paid["earning"]["status"],
    )
    assert "NothingWithheld" == retry()["__typename"]
    assert "450000.00" == selling.balance(selling.rep)


def test_a_preview_follows_the_plan_in_force(quick_client: Client) -> None:
    """Version 2 is in force from now on: the preview is of what would happen now."""
    selling = Selling(quick_client, DEALS)
    publish_plan(quick_client, selling.manager, selling.program, COMPANY)
    assert [("DEAL_SUBMITTED", []), ("DEAL_REGISTERED", []), ("DEAL_WON", [])] == steps(
        previewed(selling, selling.rep, NEW)
    )
