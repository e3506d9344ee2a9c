"""Holds, statements and expiry through the API: what a person is told of its money over time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal_api.services.due_series import run_all
from tests.schema.client import Client, Person, usd
from tests.schema.planning import (
    MILESTONES,
    TRAINING,
    create,
    paying,
    publish_plan,
    rep_of,
)
from tests.schema.selling import Selling

HELD = paying("deals", MILESTONES, holdDays=30)
POINTS = paying("trained", TRAINING, assetCode="POINTS")
AMOUNT = "{ money { amount } points }"
ACCOUNTS = f"available {AMOUNT} pending {AMOUNT} held {AMOUNT} owed {AMOUNT}"
LINES = f"""lines {{ assetCode opening {{ {ACCOUNTS} expiringSoon {{ expiresAt }} }}
    closing {{ {ACCOUNTS} }} earned {AMOUNT} released {AMOUNT} reversed {AMOUNT} adjusted {AMOUNT}
    paid {AMOUNT} paidToCompany {AMOUNT} expired {AMOUNT} }}"""
STATEMENT = f"month status firstSequence lastSequence headHash {LINES}"
ENTRIES = f"""entries(first: 50) {{ edges {{ node {{ sequence kind recordedAt hash previousHash
    balancesAfter {{ {ACCOUNTS} }} transfers {{ text debit credit amount {AMOUNT}
    earning {{ id }} }} }} }} }}"""
ONE = f"query($month: String!) {{ viewer {{ individual {{ statement(month: $month) {{ {STATEMENT}"
ONE += f" {ENTRIES} }} }} }} }}"


def statement(client: Client, who: Person, month: str) -> dict[str, Any]:
    """One's own statement of a month, with its entries."""
    found: dict[str, Any] = client.query(who, ONE, month=month)["viewer"]["individual"]["statement"]
    return found


def line(shown: dict[str, Any], asset: str = "USD") -> dict[str, Any]:
    """An asset's columns of a statement, those that are not zero, and its total at both ends."""
    (found,) = [one for one in shown["lines"] if one["assetCode"] == asset]
    columns = {
        name: plain(amount)
        for name, amount in found.items()
        if name not in {"assetCode", "opening", "closing"} and plain(amount) not in {"0.00", 0}
    }
    return columns | {end: total(found[end]) for end in ("opening", "closing")}


def total(balance: dict[str, Any]) -> float:
    """All that is there, less what is owed."""
    amounts = {name: float(plain(balance[name])) for name in ("available", "pending", "held")}
    return sum(amounts.values()) - float(plain(balance["owed"]))


def plain(amount: dict[str, Any]) -> str | int:
    """An amount as a value."""
    value: str | int = amount["money"]["amount"] if amount["money"] else amount["points"]
    return value


def moves(shown: dict[str, Any]) -> list[tuple[str, str, str | int]]:
    """Each transfer of a statement's entries: what caused it, in words, and how much."""
    return [
        (edge["node"]["kind"], transfer["text"], plain(transfer["amount"]))
        for edge in shown["entries"]["edges"]
        for transfer in edge["node"]["transfers"]
    ]


def balances(client: Client, who: Person, more: str = "") -> list[dict[str, Any]]:
    told = f"{{ viewer {{ individual {{ balances {{ assetCode {ACCOUNTS} {more} }} }} }} }}"
    found: list[dict[str, Any]] = client.query(who, told)["viewer"]["individual"]["balances"]
    return found


def earnings(client: Client, who: Person) -> list[dict[str, Any]]:
    """One's earnings, oldest first."""
    told = "status availableAt expiresAt payee"
    document = f"{{ viewer {{ individual {{ earnings {{ edges {{ node {{ {told} }} }} }} }} }} }}"
    found = client.query(who, document)["viewer"]["individual"]["earnings"]["edges"]
    return [edge["node"] for edge in found][::-1]


def pay_out(client: Client, who: Person, manager: Person, amount: dict[str, Any]) -> None:
    """A payout that is asked for and paid."""
    told = "... on PayoutRequested { payout { id } }"
    payout = client.do(who, "requestPayout", told, amount=amount)["payout"]["id"]
    done = client.do(manager, "resolvePayout", "", payoutId=payout, paid=True, reference="bank-1")
    assert "PayoutResolved" == done["__typename"], done


def on(month: int, day: int) -> datetime:
    return datetime(2026, month, day, 9, tzinfo=UTC)


def told(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")


def test_S3_what_is_earned_is_held_first_and_clawed_back_once_it_was_paid(client: Client) -> None:
    """150.00 for 30 days; then the deal is won, all is paid out, and the deal is returned."""
    selling = Selling(client, HELD)
    rep, world = selling.rep, client.world
    deal, approved_at = selling.approved(), client.world.now
    (held,) = earnings(client, rep)
    assert ("PENDING", told(approved_at + timedelta(days=30))) == (
        held["status"],
        held["availableAt"],
    )
    assert ("150.00", "0.00") == (selling.balance(rep, "pending"), selling.balance(rep))

    world.wait(30)
    run_all(world.portal)
    assert ["AVAILABLE"] == [one["status"] for one in earnings(client, rep)]
    selling.win(deal)
    world.wait(30)
    run_all(world.portal)
    assert ("0.00", "900.00") == (selling.balance(rep, "pending"), selling.balance(rep))
    pay_out(client, rep, selling.manager, {"money": usd("900.00")})
    selling.do("returnDeal", dealId=deal)
    assert ("750.00", "0.00") == (selling.balance(rep, "owed"), selling.balance(rep))

    # What is earned next is held too, and then repays what is owed.
    selling.approved(amount="180000.00")
    assert ("750.00", "900.00") == (
        selling.balance(rep, "owed"),
        selling.balance(rep, "pending"),
    )
    world.wait(30)
    run_all(world.portal)
    assert ("0.00", "150.00") == (selling.balance(rep, "owed"), selling.balance(rep))


def test_S3_what_is_taken_back_while_it_is_held_was_never_available(client: Client) -> None:
    """A deal that is lost within the hold cancels what its registration has earned."""
    rule = paying("deals", {"milestoneSplit": {"rateBps": 300, "keepOnLoss": False}}, holdDays=30)
    selling = Selling(client, rule)
    deal = selling.approved()
    selling.do("loseDeal", dealId=deal)
    client.world.wait(60)
    run_all(client.world.portal)

    assert ["CANCELLED"] == [one["status"] for one in earnings(client, selling.rep)]
    assert ("0.00", "0.00") == (
        selling.balance(selling.rep, "pending"),
        selling.balance(selling.rep),
    )


def test_S5_a_frozen_month_stays_and_a_correction_lands_in_the_open_one(client: Client) -> None:
    """Won and paid in January, returned in March: January does not change by anything."""
    selling = Selling(client, paying("deals", MILESTONES))
    rep, world = selling.rep, client.world
    deal = selling.approved()
    selling.win(deal)
    pay_out(client, rep, selling.manager, {"money": usd("100.00")})
    open_ = statement(client, rep, "2026-01")
    world.now = on(2, 1)
    frozen = statement(client, rep, "2026-01")
    world.now = on(3, 10)
    selling.do("returnDeal", dealId=deal)
    after = statement(client, rep, "2026-01")
    march = statement(client, rep, "2026-03")

    assert ("OPEN", "FROZEN", "OPEN") == (open_["status"], frozen["status"], march["status"])
    assert {**open_, "status": "FROZEN"} == frozen == after
    january = {"opening": 0.0, "earned": "900.00", "paid": "100.00", "closing": 800.0}
    assert january == line(after)
    assert {"opening": 800.0, "reversed": "750.00", "closing": 50.0} == line(march)
    assert [
        ("REWARD", "Earned; available.", "150.00"),
        ("REWARD", "Earned; available.", "750.00"),
        ("PAYOUT_HELD", "Set aside for a payout.", "100.00"),
        ("PAYOUT_SETTLED", "Paid out.", "100.00"),
    ] == moves(after)
    assert [("REWARD", "Taken back.", "750.00")] == moves(march)


def test_S5_the_entries_are_a_chain_that_the_statements_name(client: Client) -> None:
    """Number by number and hash by hash, over the months; each names its earning."""
    selling = Selling(client, paying("deals", MILESTONES))
    rep, world = selling.rep, client.world
    for month in (1, 3):
        world.now = on(month, 20)
        selling.win(selling.approved())
    first, gap, last = (statement(client, rep, f"2026-0{month}") for month in (1, 2, 3))

    nodes = [edge["node"] for one in (first, gap, last) for edge in one["entries"]["edges"]]
    assert [1, 2, 3, 4] == [node["sequence"] for node in nodes]
    assert ["0" * 64, *(node["hash"] for node in nodes[:-1])] == [
        node["previousHash"] for node in nodes
    ]
    assert [(1, 2), (None, None), (3, 4)] == [
        (one["firstSequence"], one["lastSequence"]) for one in (first, gap, last)
    ]
    assert [nodes[1]["hash"]] * 2 == [first["headHash"], gap["headHash"]]
    assert nodes[3]["hash"] == last["headHash"]
    assert {"opening": 900.0, "closing": 900.0} == line(gap)
    assert ("FROZEN", []) == (gap["status"], gap["entries"]["edges"])
    assert all(transfer["earning"] for node in nodes for transfer in node["transfers"])
    assert [last["lines"][0]["closing"]] == nodes[3]["balancesAfter"]


def test_S5_the_months_are_listed_newest_first_page_by_page(client: Client) -> None:
    """Those in which something moved, the running one among them; each once."""
    selling = Selling(client, paying("deals", MILESTONES))
    for month in (1, 2, 4, 5):
        client.world.now = on(month, 20)
        selling.approved()
    listed = """query($first: Int!, $after: String) { viewer { individual {
        statements(first: $first, after: $after) { edges { node { month status } }
            pageInfo { hasNextPage endCursor } } } } }"""
    everything = ["2026-05", "2026-04", "2026-02", "2026-01"]
    for size in (1, 2, 3, 4, 100):
        seen: list[str] = []
        after, more = None, True
        while more:
            answer = client.query(selling.rep, listed, first=size, after=after)
            page = answer["viewer"]["individual"]["statements"]
            assert len(page["edges"]) <= size
            seen += [edge["node"]["month"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        assert everything == seen
    client.world.now = on(7, 1)
    answer = client.query(selling.rep, listed, first=9)
    found = answer["viewer"]["individual"]["statements"]["edges"]
    assert [(month, "FROZEN") for month in everything] == [
        (edge["node"]["month"], edge["node"]["status"]) for edge in found
    ]
    nobody = client.query(selling.colleague, listed, first=9)["viewer"]["individual"]
    assert [] == nobody["statements"]["edges"]


AS_OF = f"""query($at: DateTime!) {{ viewer {{ individual {{ balancesAsOf(asOf: $at) {{ assetCode
    {ACCOUNTS} availableForCompany {AMOUNT} expiringSoon {{ expiresAt }} }} }} }} }}"""


def test_S5_the_balances_of_any_instant_of_the_past_can_be_read(client: Client) -> None:
    """With what was recorded at that instant, without what came after; before the first, none."""
    selling = Selling(client, paying("deals", MILESTONES))
    deal, approved_at = selling.approved(), client.world.now
    selling.win(deal)
    won_at = client.world.now

    def then(instant: datetime) -> list[dict[str, Any]]:
        found = client.query(selling.rep, AS_OF, at=told(instant))["viewer"]["individual"]
        shown: list[dict[str, Any]] = found["balancesAsOf"]
        return shown

    tick = timedelta(microseconds=1)
    assert [] == then(approved_at - tick)
    assert ["150.00", "150.00", "900.00"] == [
        then(instant)[0]["available"]["money"]["amount"]
        for instant in (approved_at, won_at - tick, won_at)
    ]
    assert [(None, None)] == [
        (one["availableForCompany"], one["expiringSoon"]) for one in then(won_at)
    ]
    (error,) = client.answer(selling.rep, AS_OF, at=told(won_at + tick))["errors"]
    assert ("BAD_INSTANT", "This instant is still to come.") == (
        error["extensions"]["code"],
        error["message"],
    )


@pytest.mark.parametrize(
    ("month", "text"),
    [("2026-02", "still to come"), ("9999-12", "still to come"), ("January", "named like")],
)
def test_S5_a_month_to_come_or_that_is_none_is_refused(
    quick_client: Client, month: str, text: str
) -> None:
    """With a code of its own, and nothing else of the answer lost."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    answer = quick_client.answer(rep, ONE, month=month)
    (error,) = answer["errors"]
    assert "BAD_MONTH" == error["extensions"]["code"]
    assert text in error["message"]


def points_of(client: Client, months: int = 1) -> tuple[Person, Person, str]:
    """A manager, and a rep who earns 50 points for a training, which expire."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    program = create(client, manager)
    published = publish_plan(client, manager, program, POINTS, pointsExpireAfterMonths=months)
    assert "PlanPublished" == published["__typename"], published
    return manager, rep_of(client, manager, program), program


SOON = "expiringSoon(withinDays: 20) { amount { points } expiresAt }"
LATER = "expiringSoon { amount { points } expiresAt }"


def test_S13_points_expire_first_in_first_out_and_are_warned_of(client: Client) -> None:
    """50 of January and 50 of February, 20 used: 30 are told of first, and expire first."""
    manager, rep, program = points_of(client)
    world = client.world
    client.record(rep, rep, program, "january")
    world.now = on(2, 12)
    client.record(rep, rep, program, "february")
    pay_out(client, rep, manager, {"points": 20})
    january, february = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")

    (soon,) = balances(client, rep, SOON)
    (later,) = balances(client, rep, LATER)
    assert [{"amount": {"points": 30}, "expiresAt": january}] == soon["expiringSoon"]
    assert [(30, january), (50, february)] == [
        (one["amount"]["points"], one["expiresAt"]) for one in later["expiringSoon"]
    ]
    assert [january, february] == [one["expiresAt"] for one in earnings(client, rep)]

    world.now = datetime(2026, 3, 1, tzinfo=UTC)
    run_all(world.portal)

    (now,) = balances(client, rep, LATER)
    assert 50 == now["available"]["points"]
    assert [february] == [one["expiresAt"] for one in now["expiringSoon"]]
    assert ["EXPIRED", "AVAILABLE"] == [one["status"] for one in earnings(client, rep)]
    march = statement(client, rep, "2026-03")
    assert {"opening": 80.0, "expired": 30, "closing": 50.0} == line(march, "POINTS")
    assert [("EXPIRY", "Expired.", 30)] == moves(march)


def test_S13_what_is_set_aside_for_a_payout_is_not_told_of_and_expires_when_it_fails(
    client: Client,
) -> None:
    """Held it cannot expire; back from a payout that failed after its end, it does."""
    manager, rep, program = points_of(client)
    client.record(rep, rep, program, "january")
    asked = "... on PayoutRequested { payout { id } }"
    payout = client.do(rep, "requestPayout", asked, amount={"points": 50})["payout"]["id"]
    (held,) = balances(client, rep, LATER)
    client.world.now = on(3, 9)
    run_all(client.world.portal)
    (kept,) = balances(client, rep, LATER)
    client.do(manager, "resolvePayout", "", payoutId=payout, paid=False, reference="no account")
    run_all(client.world.portal)
    (gone,) = balances(client, rep, LATER)

    assert [(50, []), (50, []), (0, [])] == [
        (one["held"]["points"], one["expiringSoon"]) for one in (held, kept, gone)
    ]
    assert 0 == gone["available"]["points"]
    assert ["EXPIRED"] == [one["status"] for one in earnings(client, rep)]


@pytest.mark.parametrize("days", [0, -1, 3_661, 2**31 - 1])
def test_S13_how_soon_is_a_number_of_days_that_can_be(quick_client: Client, days: int) -> None:
    """With a code of its own."""
    _, rep, program = points_of(quick_client)
    quick_client.record(rep, rep, program, "january")
    soon = f"expiringSoon(withinDays: {days}) {{ expiresAt }}"
    document = f"{{ viewer {{ individual {{ balances {{ {soon} }} }} }} }}"
    (error,) = quick_client.answer(rep, document)["errors"]
    assert "BAD_DAYS" == error["extensions"]["code"]


def test_what_a_consent_sends_to_the_company_is_told_apart(client: Client) -> None:
    """S11's payee: of each earning, of the balance, and of the consent itself."""
    selling = Selling(client, paying("deals", MILESTONES), payee="PARTNER")
    selling.approved()
    for_company = f"availableForCompany {AMOUNT}"
    consents = "{ viewer { partner { consents { payee } } } }"

    (balance,) = balances(client, selling.rep, for_company)
    assert ("150.00", "150.00") == (
        plain(balance["available"]),
        plain(balance["availableForCompany"]),
    )
    assert ["PARTNER"] == [one["payee"] for one in earnings(client, selling.rep)]
    found = client.query(selling.executive, consents)["viewer"]["partner"]["consents"]
    assert [{"payee": "PARTNER"}] == found
    own = Selling(client, paying("deals", MILESTONES))
    own.approved()
    (balance,) = balances(client, own.rep, for_company)
    assert ("150.00", "0.00") == (
        plain(balance["available"]),
        plain(balance["availableForCompany"]),
    )
    assert ["INDIVIDUAL"] == [one["payee"] for one in earnings(client, own.rep)]


def test_a_plan_says_how_long_its_rules_hold_and_when_its_points_expire(client: Client) -> None:
    """As it was drafted so it is published; what cannot be is told of, with all else."""
    manager = client.person("CHANNEL_MANAGER")
    client.behavior(manager)
    program = create(client, manager)
    read = "pointsExpireAfterMonths rules { code holdDays }"
    wish: dict[str, Any] = {"programId": program, "number": 1, "pointsExpireAfterMonths": 12}
    drafted = client.do(
        manager,
        "draftPlan",
        f"... on PlanDrafted {{ draft {{ {read} problems }} }}",
        rules=[POINTS | {"holdDays": 14}, HELD],
        **wish,
    )
    published = client.do(
        manager,
        "publishDraft",
        f"... on PlanPublished {{ plan {{ {read} }} }}",
        programId=program,
        number=1,
    )
    wrong = publish_plan(
        client,
        manager,
        program,
        POINTS | {"holdDays": 367},
        HELD | {"holdDays": -1},
        pointsExpireAfterMonths=0,
    )

    rules = [{"code": "trained", "holdDays": 14}, {"code": "deals", "holdDays": 30}]
    assert {"pointsExpireAfterMonths": 12, "rules": rules} == published["plan"]
    assert {**published["plan"], "problems": []} == drafted["draft"]
    assert [
        "Rule trained holds what it pays for 0 to 366 days.",
        "Rule deals holds what it pays for 0 to 366 days.",
        "Points stay for 1 to 120 months.",
    ] == wrong["problems"]


def test_a_statement_is_for_who_may_read_the_balances(client: Client) -> None:
    """A person's is the person's and the vendor's, the company's is its executive's."""
    proof = {"flat": {"behavior": "PROOF", "amount": "50"}}
    company = paying("company", proof, level="PARTNER", assetCode="POINTS")
    selling = Selling(client, paying("deals", MILESTONES), company)
    selling.approved()
    client.record(selling.rep, selling.rep, selling.program, "once", behavior="PROOF")
    stranger = client.person("PARTNER_EXECUTIVE", client.partner())
    told_of = """month lines { assetCode } entries { edges { node { sequence } } }"""
    document = f"""query($id: ID!, $at: DateTime!) {{ node(id: $id) {{
        ... on Individual {{ statement(month: "2026-01") {{ {told_of} }}
            statements {{ edges {{ node {{ month }} }} }} balancesAsOf(asOf: $at) {{ assetCode }} }}
        ... on Partner {{ statement(month: "2026-01") {{ {told_of} }}
            statements {{ edges {{ node {{ month }} }} }} balancesAsOf(asOf: $at) {{ assetCode }} }}
        }} }}"""

    def seen(who: Person, of: str) -> list[bool] | None:
        node = client.query(who, document, id=of, at=told(client.world.now))["node"]
        return None if node is None else [node[name] is not None for name in sorted(node)]

    everything, nothing = [True] * 3, [False] * 3
    rep, partner = selling.rep.id, selling.partner
    assert everything == seen(selling.rep, rep) == seen(selling.manager, rep)
    assert nothing == seen(selling.executive, rep)
    assert seen(selling.colleague, rep) in (None, nothing)
    assert everything == seen(selling.executive, partner) == seen(selling.manager, partner)
    assert nothing == seen(selling.rep, partner)
    assert None is seen(stranger, rep) is seen(stranger, partner)
