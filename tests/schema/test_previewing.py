"""Previews through the API: who is told what, of which deals and programs, and what is refused."""

from typing import Any

import pytest

from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person
from tests.schema.planning import MILESTONES, create, paying, publish_plan
from tests.schema.selling import Selling
from tests.schema.test_previews import (
    COMPANY,
    DEALS,
    NEW,
    PREVIEW,
    PROOF,
    drafted,
    previewed,
    ran,
    shown,
    steps,
)
from tests.services.stores import CountingEngine
from tests.services.world import World

SHADOW = paying("try", MILESTONES, shadow=True, assetCode="USD")
SHARING = paying("team", {"flat": {"behavior": "PROOF", "amount": "100.00"}}, level="TEAM")
RULES = "query($id: ID!) { node(id: $id) { ... on Program { plan { rules { code } } } } }"
ACTIVITIES = """query($id: ID!) { node(id: $id) { ... on Individual { activities { edges { node {
    behavior outcomes { ruleCode status } } } } } } }"""


def told(preview: dict[str, Any]) -> tuple[str, str]:
    """The refusal and its field."""
    return preview["__typename"], preview["field"]


def totals(preview: dict[str, Any]) -> list[str]:
    return [shown(total) for total in preview["total"]]


def test_S9_what_a_shadow_rule_would_pay_is_told_to_the_vendor_only(quick_client: Client) -> None:
    """The rule, its outcomes of an activity and of a preview: nobody else is promised it."""
    selling = Selling(quick_client, DEALS, SHADOW)
    selling.approved()

    def codes(who: Person) -> list[str]:
        plan = quick_client.query(who, RULES, id=selling.program)["node"]["plan"]
        return [rule["code"] for rule in plan["rules"]]

    def outcomes(who: Person) -> list[str]:
        found = quick_client.query(who, ACTIVITIES, id=selling.rep.id)["node"]["activities"]
        return [one["status"] for edge in found["edges"] for one in edge["node"]["outcomes"]]

    assert [["deals"], ["deals"]] == [codes(who) for who in (selling.rep, selling.executive)]
    assert ["deals", "try"] == codes(selling.manager)
    assert ["AWARDED"] == outcomes(selling.rep)
    assert ["AWARDED", "SHADOW"] == outcomes(selling.manager)
    mine = previewed(selling, selling.rep, NEW)
    everything = previewed(selling, selling.manager, NEW, individual=selling.rep.id)
    won = ("AWARDED", "750.00 USD")
    assert ("DEAL_WON", [won]) == steps(mine)[-1]
    assert ("DEAL_WON", [won, ("SHADOW", "750.00 USD")]) == steps(everything)[-1]
    assert ["900.00 USD"] == totals(mine) == totals(everything)


def test_S8_a_program_that_is_not_for_the_partner_is_not_there_to_preview(
    quick_client: Client,
) -> None:
    """Its rules would show in what it pays; the vendor is told that it would pay nothing."""
    selling = Selling(quick_client, DEALS)
    program = create(quick_client, selling.manager, segment={"types": ["MSP"]})
    publish_plan(quick_client, selling.manager, program, DEALS)

    def asked(who: Person, subject: dict[str, Any]) -> dict[str, Any]:
        given = {"program": program, "subject": subject, "individual": selling.rep.id}
        found: dict[str, Any] = quick_client.query(who, PREVIEW, **given)["previewEarnings"]
        return found

    subjects: list[dict[str, Any]] = [{"deal": NEW}, {"activity": {"behavior": "PROOF"}}]
    assert [("NotFound", "programId")] * 2 == [
        told(asked(selling.rep, subject)) for subject in subjects
    ]
    by_vendor = asked(selling.manager, subjects[0])
    assert {"OUT_OF_SEGMENT"} == {
        one["reason"] for step in by_vendor["steps"] for one in step["outcomes"]
    }


def test_S8_nobody_previews_a_deal_shared_with_another_partner(quick_client: Client) -> None:
    """As when it is registered: ids of another partner's people lead to nobody."""
    selling, other = Selling(quick_client, DEALS), Selling(quick_client, DEALS)
    credits_of_both = [{"individualId": who.id, "weight": 1} for who in (selling.rep, other.rep)]
    preview = previewed(selling, selling.rep, {**NEW, "credits": credits_of_both})
    assert ("NotFound", "credits") == told(preview)
    wish = {"programId": selling.program, "credits": credits_of_both, **NEW}
    assert ("NotFound", "credits") == told(selling.do("registerDeal", selling.rep, **wish))


def test_S8_credits_are_checked_before_anything_is_read_for_them(
    sqlite_engine: SqliteEngine,
) -> None:
    """Any number of people costs nothing at all."""
    counting = CountingEngine(sqlite_engine)
    client = Client(World(TableStore(counting)))
    selling = Selling(client, DEALS)
    many = [{"individualId": selling.rep.id, "weight": 1}] * 500
    counting.forget()
    preview = previewed(selling, selling.rep, {**NEW, "credits": many})
    assert ("InvalidInput", "subject") == told(preview)
    assert "" == counting.waves


def test_S8_who_is_credited_with_a_known_deal_previews_its_own_share(quick_client: Client) -> None:
    """540.00 and 360.00 of 900.00; nobody of the two sees the other's, and the vendor sees all."""
    selling = Selling(quick_client, DEALS, COMPANY)
    shared = {"dealId": selling.register(credits=selling.shared(60, 40))}
    alone = {"dealId": selling.register()}

    mine, theirs = (previewed(selling, who, shared) for who in (selling.rep, selling.colleague))
    by_vendor = previewed(selling, selling.manager, shared, individual=selling.colleague.id)

    assert [
        ("DEAL_REGISTERED", [("AWARDED", "60.00 USD")]),
        ("DEAL_WON", [("AWARDED", "300.00 USD")]),
    ] == steps(theirs)
    assert [["540.00 USD"], ["360.00 USD"], ["360.00 USD"]] == [
        totals(one) for one in (mine, theirs, by_vendor)
    ]
    assert [2, 3] == [len(step["outcomes"]) for step in by_vendor["steps"]]
    assert ("NotFound", "dealId") == told(previewed(selling, selling.colleague, alone))


def test_S8_the_total_is_of_the_person_alone(quick_client: Client) -> None:
    """100.00 for the team and 10.00 for the company are steps that the vendor sees."""
    company = paying("company", {"flat": {"behavior": "PROOF", "amount": "10.00"}}, level="PARTNER")
    selling = Selling(quick_client, PROOF, company, SHARING)
    given = {"program": selling.program, "individual": selling.rep.id}
    subject = {"activity": {"behavior": "PROOF"}}
    preview = quick_client.query(selling.manager, PREVIEW, subject=subject, **given)
    by_vendor = preview["previewEarnings"]
    assert ["AWARDED", "AWARDED", "SHARED"] == [
        one["status"] for one in by_vendor["steps"][0]["outcomes"]
    ]
    assert ["25.00 USD"] == totals(by_vendor)


@pytest.mark.parametrize("more", ["product", "credits"])
def test_S8_a_known_deal_has_its_own_product_and_credits(quick_client: Client, more: str) -> None:
    """What a preview would leave out is refused."""
    selling = Selling(quick_client, DEALS)
    given = {"product": "Firewall", "credits": selling.shared(1, 1)}
    asked = {"dealId": selling.register(), more: given[more]}
    assert ("InvalidInput", "subject") == told(previewed(selling, selling.rep, asked))


def test_S9_a_dry_run_reads_the_same_whatever_a_team_earned(sqlite_engine: SqliteEngine) -> None:
    """Who shares is known from the history: five awards cost the reads of one."""
    counting = CountingEngine(sqlite_engine)
    client = Client(World(TableStore(counting)))
    selling = Selling(client, SHARING)
    drafted(selling, SHARING)

    def run() -> tuple[str, list[str]]:
        counting.forget()
        done = ran(selling)
        return counting.waves, [shown(total) for total in done["wouldPay"]]

    deal = selling.register()
    selling.prove(deal, "1")
    first, one = run()
    for number in range(2, 6):
        selling.prove(deal, str(number))
    last, five = run()

    assert (["100.00 USD"], ["500.00 USD"]) == (one, five)
    assert first == last
