"""Whoever tries the portal finds in the demo what becomes of money once it is earned."""

import csv
import io
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal_api.demo import habits, world
from portal_api.demo.finance import TAX_CODE
from portal_api.schema.ids import encoded
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage import export_files
from tests.demo.asking import INES, MARA, earnings, listed, nodes, rep_of, worth
from tests.demo.telling import Told

OSKAR = "Oskar Brandvold"
OF = "{ money { amount } points }"
BALANCE = f"assetCode available {OF} pending {OF} held {OF} owed {OF}"
COLUMNS = ("earned", "released", "reversed", "adjusted", "paid", "expired")
LINE = (
    f"assetCode opening {{ {BALANCE} }} closing {{ {BALANCE} }} "
    f"{' '.join(f'{column} {OF}' for column in COLUMNS)}"
)
ADJUSTMENT = f"status reason note amount {OF} proposedBy {{ name }} decidedBy {{ name }}"
CONVERTED = f"assetCode program {{ name }} liability {OF}"


def own(demo: Told, name: str, field: str) -> Any:
    """A field of somebody, as the person itself sees it."""
    found = demo.ask(name, f"{{ viewer {{ individual {{ it: {field} }} }} }}")
    return found["viewer"]["individual"]["it"]


def balance(demo: Told, name: str, as_of: str = "") -> tuple[str, str]:
    """What somebody has available in dollars and owes, now or at an instant of the past."""
    field = f'balancesAsOf(asOf: "{as_of}")' if as_of else "balances"
    found = own(demo, name, f"{field} {{ {BALANCE} }}")
    (one,) = [one for one in found if one["assetCode"] == "USD"]
    return worth(one["available"]), worth(one["owed"])


def months(demo: Told, name: str, asset: str) -> dict[str, Any]:
    """Somebody's statement lines of an asset, by month, oldest first."""
    pages = own(
        demo, name, f"statements {{ edges {{ node {{ month status lines {{ {LINE} }} }} }} }}"
    )
    return {
        one["month"]: {"status": one["status"], **line}
        for one in reversed(nodes(pages))
        for line in one["lines"]
        if line["assetCode"] == asset
    }


def batches(demo: Told, fields: str) -> list[Any]:
    """The payout batches, oldest first."""
    document = f"{{ viewer {{ payoutBatches {{ edges {{ node {{ {fields} }} }} }} }} }}"
    return nodes(demo.ask(INES, document)["viewer"]["payoutBatches"])[::-1]


def exported(demo: Told, query: str, partner_id: str) -> list[dict[str, str]]:
    """The rows of an export, page by page."""
    document = (
        f"query($id: ID!, $after: String) {{ page: {query}(partnerId: $id, after: $after)"
        " { csv next } }"
    )
    rows: list[dict[str, str]] = []
    after: str | None = None
    while True:
        page = demo.ask(INES, document, id=partner_id, after=after)["page"]
        rows += csv.DictReader(io.StringIO(page["csv"]))
        after = page["next"]
        if after is None:
            return rows


def test_s3_earnings_are_held_and_released(demo: Told) -> None:
    """Sales for the days in which they can be returned, renewals for a year."""
    held = "ruleCode status availableAt deal { endCustomer }"
    found = listed(demo, MARA, "earnings", held)
    (renewal,) = [one for one in found if (one["availableAt"] or "")[:10] == "2027-06-08"]
    assert ("renewal-signed", "PENDING") == (renewal["ruleCode"], renewal["status"])
    (sale,) = [
        one
        for one in found
        if one["ruleCode"] == "sales" and one["deal"]["endCustomer"] == "Quarry Lane Brewery"
    ]
    assert ("2026-04-28", "AVAILABLE") == (sale["availableAt"][:10], sale["status"])
    released = [
        (entry["recordedAt"][:10], entry["transfers"][0]["text"])
        for entry in nodes(
            own(
                demo,
                MARA,
                'statement(month: "2026-05") { entries(first: 100)'
                " { edges { node { kind recordedAt transfers { text } } } } }",
            )["entries"]
        )
        if entry["kind"] == "RELEASE"
    ]
    assert {("2026-05-04", "Released: what was pending is available.")} <= set(released)


def test_s3_what_was_paid_already_is_owed_and_repaid(demo: Told) -> None:
    """900.00 of a deal that was given back: the next sale repays it, or it is owed still."""
    repaying = rep_of(demo, world.LARKSPUR)[-1].name
    (_, paid), (_, owed), (_, since) = (
        balance(demo, repaying, as_of)
        for as_of in ("2026-05-08T00:00:00Z", "2026-05-12T00:00:00Z", "2026-06-09T00:00:00Z")
    )
    assert ("0.00", "0.00") == (paid, since)
    assert 0 < Decimal(owed) <= 900
    moved = [
        transfer["text"]
        for entry in nodes(
            own(
                demo,
                repaying,
                'statement(month: "2026-06") { entries(first: 100)'
                " { edges { node { transfers { text } } } } }",
            )["entries"]
        )
        for transfer in entry["transfers"]
    ]
    assert "Repaid of what was owed." in moved
    sales = earnings(demo, repaying, world.SOLUTIONS, "sales")
    (returned,) = [one for one in sales if one["deal"]["endCustomer"] == "Birchwood Labs"]
    assert ("REVERSED", "900.00") == (returned["status"], worth(returned["reversed"]))
    assert ("0.00", "900.00") == balance(demo, rep_of(demo, world.HIGHMERE)[-1].name)


def test_s5_months_are_frozen_and_a_correction_is_in_the_open_one(demo: Told) -> None:
    """300.00 for a sale of April: adjusted in June, and April stays as it was."""
    found = months(demo, MARA, "USD")
    assert {"FROZEN"} == {one["status"] for one in found.values()}
    assert ("0.00", "300.00") == tuple(
        worth(found[month]["adjusted"]) for month in ("2026-04", "2026-06")
    )
    lines = list(found.values())
    assert all(before["closing"] == after["opening"] for before, after in pairwise(lines))


def test_s6_adjustments_need_a_second_person(demo: Told) -> None:
    document = f"{{ viewer {{ openAdjustments {{ edges {{ node {{ {ADJUSTMENT} }} }} }} }} }}"
    (waiting,) = nodes(demo.ask(INES, document)["viewer"]["openAdjustments"])
    assert ("PROPOSED", "50.00", OSKAR) == (
        waiting["status"],
        worth(waiting["amount"]),
        waiting["proposedBy"]["name"],
    )
    own = "adjustments { edges { node { status reason amount { points } } } }"
    document = f"{{ viewer {{ individual {{ {own} }} }} }}"
    own_ones = nodes(demo.ask(MARA, document)["viewer"]["individual"]["adjustments"])
    assert [("APPROVED", 40), ("REJECTED", -50)] == [
        (one["status"], one["amount"]["points"])
        for one in sorted(own_ones, key=lambda one: str(one["status"]))
        if one["amount"]["points"]
    ]


def test_s7_disputes_are_open_accepted_and_rejected(demo: Told) -> None:
    fields = "ruleCode dispute { status answer } corrections { kind } deal { endCustomer }"
    found = {
        (one["deal"]["endCustomer"], one["dispute"]["status"], len(one["corrections"]))
        for one in listed(demo, MARA, "earnings", fields)
        if one["dispute"]
    }
    assert {
        ("Redgate Dairy", "ACCEPTED", 1),
        ("Pinewood Press", "REJECTED", 0),
        ("Willow Academy", "OPEN", 0),
    } == found
    document = (
        "{ viewer { openDisputes { edges { node { dueAt overdue individual { name }"
        " earning { ruleCode } } } } } }"
    )
    (waiting,) = nodes(demo.ask(INES, document)["viewer"]["openDisputes"])
    assert (MARA, False) == (waiting["individual"]["name"], waiting["overdue"])
    document = (
        "query($id: ID!) { node(id: $id) { ... on Dispute {"
        f" adjustment {{ {ADJUSTMENT} }} }} }} }}"
    )
    (accepted,) = [
        one
        for one in listed(demo, MARA, "earnings", "dispute { id status }")
        if one["dispute"] and one["dispute"]["status"] == "ACCEPTED"
    ]
    adjustment = demo.ask(INES, document, id=accepted["dispute"]["id"])["node"]["adjustment"]
    assert ("APPROVED", "300.00", INES, OSKAR) == (
        adjustment["status"],
        worth(adjustment["amount"]),
        adjustment["proposedBy"]["name"],
        adjustment["decidedBy"]["name"],
    )


def test_s11_one_batch_is_settled_but_for_one_payout_and_one_is_ready(demo: Told) -> None:
    settled, ready = batches(demo, "status reference count parts { status count }")
    counts = {part["status"]: part["count"] for part in settled["parts"]}
    assert ("CLOSED", "BANK-20260515", settled["count"] - 1, 1) == (
        settled["status"],
        settled["reference"],
        counts["SETTLED"],
        counts["FAILED"],
    )
    assert ("READY", "BANK-20260626") == (ready["status"], ready["reference"])
    policies = demo.ask(MARA, f"{{ payoutPolicies {{ assetCode minimum {OF} }} }}")
    assert {"USD": "25.00", "EUR": "25.00"} == {
        one["assetCode"]: worth(one["minimum"]) for one in policies["payoutPolicies"]
    }


def test_s11_an_executive_has_chosen_that_the_company_is_paid(demo: Told) -> None:
    """What was earned under that consent names the company in the bank's file."""
    elected = rep_of(demo, world.GLASSWATER)[0].name
    payees = {
        (one["program"]["name"], one["payee"])
        for one in listed(demo, elected, "earnings", "payee program { name }")
    }
    assert {
        (world.GROWTH, "PARTNER"),
        (world.ENABLEMENT, "INDIVIDUAL"),
        (world.CIRCLE, "INDIVIDUAL"),
        *((name, "INDIVIDUAL") for name in (habits.PLANNING, habits.WEBINARS, habits.QUOTES)),
    } == payees
    (_, ready) = batches(demo, "csv")
    rows = {row["payee_name"]: row for row in csv.DictReader(io.StringIO(ready["csv"]))}
    assert ("PARTNER", "INDIVIDUAL") == tuple(
        rows[name]["payee_type"] for name in (world.GLASSWATER, MARA)
    )
    year = f"taxYear(year: 2026) {{ toCompany {OF} reportable {OF} }}"
    taxed = own(demo, elected, year)
    assert "0.00" != worth(taxed["toCompany"][0])
    assert [] == taxed["reportable"]


def test_s12_a_years_payouts_stand_beside_the_threshold_of_that_year(demo: Told) -> None:
    (threshold,) = demo.ask(
        MARA, "{ taxThresholds { code amounts { fromYear amount { amount } } } }"
    )["taxThresholds"]
    assert (TAX_CODE, [(2020, "600.00"), (2026, "2000.00")]) == (
        threshold["code"],
        [(one["fromYear"], one["amount"]["amount"]) for one in threshold["amounts"]],
    )
    standing = f"standings {{ threshold {OF} reportable {OF} reached missing {OF} source }}"
    now, before = (
        own(demo, MARA, f"taxYear(year: {year}) {{ {standing} }}") for year in (2026, 2025)
    )
    (reached,), (missing,) = now["standings"], before["standings"]
    assert ("2000.00", True) == (worth(reached["threshold"]), reached["reached"])
    assert "Public Law 119-21, section 70433" == reached["source"]
    assert ("600.00", "600.00") == (worth(missing["threshold"]), worth(missing["missing"]))


def test_s13_points_have_expired_and_others_will_soon(demo: Told) -> None:
    """Those of February after four months; those of March in the 60 days to come, not May's."""
    line = months(demo, MARA, "POINTS")["2026-06"]
    assert "0 P" != worth(line["expired"])
    found = listed(demo, MARA, "earnings", "status expiresAt")
    assert {"2026-06-30"} == {one["expiresAt"][:10] for one in found if one["status"] == "EXPIRED"}
    fields = f"assetCode expiringSoon {{ amount {OF} expiresAt }}"
    (points,) = [one for one in own(demo, MARA, f"balances {{ {fields} }}") if one["expiringSoon"]]
    assert ["2026-07-31", "2026-08-31"] == [one["expiresAt"][:10] for one in points["expiringSoon"]]


def test_s13_some_points_expire_soon_in_every_month_to_come(demo: Told) -> None:
    """Whenever somebody tries the demo, from the end of the story on and for a year."""
    fields = "balances { expiringSoon(withinDays: 425) { expiresAt } }"
    soon = {
        part["expiresAt"][:7] for one in own(demo, MARA, fields) for part in one["expiringSoon"]
    }
    # A month that ends in Berlin ends on its last day in UTC.
    expected = {f"2026-{month:02}" for month in range(7, 13)}
    assert expected | {f"2027-{month:02}" for month in range(1, 9)} == soon


def test_s17_a_report_converts_by_the_rates_of_its_day(demo: Told) -> None:
    """Euros by the last rate that was set before, points where they have a value."""
    document = (
        'query($at: DateTime!) { financeReport(asOf: $at, currencyCode: "USD") { converted {'
        " assets { assetCode program { name } rate { rate } }"
        " notConverted { program { name } } } } }"
    )
    rates = {}
    for at in ("2026-03-31", "2026-05-31", "2026-07-01"):
        made = demo.ask(INES, document, at=f"{at}T12:00:00Z")["financeReport"]["converted"]
        for one in made["assets"]:
            rates[at, one["assetCode"]] = (one["rate"] or {}).get("rate")
            assert (one["program"] or {}).get("name") in (None, world.SOLUTIONS)
        left = {one["program"]["name"] for one in made["notConverted"]}
        assert {world.GROWTH, world.ENABLEMENT, world.MAKERS} == left
    assert {
        ("2026-03-31", "EUR"): "1.092",
        ("2026-05-31", "EUR"): "1.1045",
        ("2026-07-01", "EUR"): "1.121",
    } == {key: rate for key, rate in rates.items() if key[1] == "EUR"}


def test_s17_a_corrected_rate_stays_on_record(demo: Told) -> None:
    document = (
        '{ exchangeRates(fromCurrency: "EUR", toCurrency: "USD", first: 2)'
        " { edges { node { validFrom rate } } } }"
    )
    found = nodes(demo.ask(INES, document)["exchangeRates"])
    assert [("2026-06-01", "1.121"), ("2026-06-01", "1.211")] == [
        (one["validFrom"], one["rate"]) for one in found
    ]


def test_s18_people_and_activities_came_with_files_and_go_out_as_such(demo: Told) -> None:
    """A row that was wrong was left out; a closed account's training is recorded, and withheld."""
    partner_id = next(one.partner_id for one in demo.people if one.partner == world.LARKSPUR)
    global_id = encoded("Partner", str(partner_id))
    people = exported(demo, "exportPeople", global_id)
    assert {"HR-2210": "Signe Aldaine", "HR-2211": "Torvald Pryce"} == {
        row["external_id"]: row["name"] for row in people if row["external_id"]
    }
    activities = exported(demo, "exportActivities", global_id)
    came = {
        row["source_event_id"]: row["outcomes"] for row in activities if row["source"] == "academy"
    }
    assert {
        "course-7001": "training:AWARDED",
        "course-7003": "training:WITHHELD:ACCOUNT_CLOSED",
    } == came


def test_n11_a_partners_part_of_the_ledger_verifies_without_the_portal(
    demo: Told, tmp_path: Path
) -> None:
    """What Mara takes home proves itself, and shows what somebody changed in it."""
    document = "{ verifyLedger(first: 500) { findings { text } complete } }"
    assert {"findings": [], "complete": True} == demo.ask(MARA, document)["verifyLedger"]
    path = tmp_path / "mara.jsonl"
    lines, after = "", None
    document = "query($after: String) { ledgerExport(after: $after) { lines next } }"
    while not lines or after:
        page = demo.ask(MARA, document, after=after)["ledgerExport"]
        lines, after = lines + "".join(page["lines"]), page["next"]
    path.write_text(lines, "utf-8")
    assert 0 == findings(path)
    path.write_text(lines.replace('"amount_minor":15000', '"amount_minor":95000', 1), "utf-8")
    assert 0 < findings(path)


def findings(path: Path) -> int:
    """How much is wrong with an exported file."""
    with export_files.opened(path) as (file, store):
        bad_lines = sum(found is not None for found in file.load())
        steps = list(verify(store, True, file.manifest.at, file.manifest.scope))
    (summary,) = [step for step in steps if isinstance(step, LedgerSummary)]
    return bad_lines + summary.findings
