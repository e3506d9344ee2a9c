"""Files through the API: people and activities in, with a report by line, and out as CSV."""

import csv
import io
from typing import Any

from portal_api.domain.cells import csv_text
from portal_api.schema.ids import pair
from tests.schema.client import Client, Person
from tests.schema.planning import TRAINING, create, paying, publish_plan

PEOPLE = ("external_id", "name", "email", "partner", "team", "role", "from")
EVENTS = ("source", "source_event_id", "individual", "program", "behavior", "occurred_at")
REPORT = "report { imported unchanged nextLine problems { line code message } }"
TOLD = {
    "importPeople": f"... on PeopleImported {{ {REPORT} }} ... on InvalidInput {{ field }}",
    "importActivities": f"... on ActivitiesImported {{ {REPORT} }} ... on InvalidInput {{ field }}",
}
EXPORT = "query($partner: ID!, $after: String) { %s(partnerId: $partner, after: $after) { %s } }"


def _send(client: Client, who: Person, mutation: str, **given: Any) -> dict[str, Any]:
    return client.do(who, mutation, TOLD[mutation], **given)


def _import(
    client: Client, who: Person, mutation: str, *rows: tuple[str, ...], **given: Any
) -> tuple[int, int, list[tuple[int, str]]]:
    """What went in, what was there, and each problem's line and code."""
    header = PEOPLE if mutation == "importPeople" else EVENTS
    answer = _send(client, who, mutation, content=csv_text(header, rows), **given)
    report = answer["report"]
    problems = [(one["line"], one["code"]) for one in report["problems"]]
    assert all(one["message"] for one in report["problems"])
    assert report["nextLine"] is None
    return report["imported"], report["unchanged"], problems


def _exported(client: Client, who: Person, field: str, partner: str) -> list[dict[str, str]] | None:
    document = EXPORT % (field, "csv rows next complete")
    page = client.query(who, document, partner=partner)[field]
    if page is None:
        return None
    found = list(csv.DictReader(io.StringIO(page["csv"], newline="")))
    assert (page["rows"], None, True) == (len(found), page["next"], page["complete"])
    return found


def _mail(partner: str, number: int) -> str:
    """An address that nobody of another partner has."""
    return f"p{number}@{partner.strip('=').lower()}.example"


def _staff(partner: str, number: int, **changed: str) -> tuple[str, ...]:
    row = {
        "external_id": f"HR-{number}",
        "name": f"Person {number}",
        "email": _mail(partner, number),
        "partner": partner,
        "team": "Field",
        "role": "SALES_REP",
        "from": "",
    }
    return tuple((row | changed).values())


def test_S18_people_go_in_once_and_bad_rows_are_told_by_line(client: Client) -> None:
    """The good ones go in; the same file again changes nothing, under any request id."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    rows = [
        _staff(partner, 1),
        _staff(partner, 2, role="PARTNER_EXECUTIVE", team=""),
        _staff(partner, 2),
        _staff(partner, 3, role="ADMIN"),
        _staff(partner, 4, name="=1+1", **{"from": "2025-01-31"}),
        _staff(partner, 5, **{"from": "31.01.2025"}),
        _staff("Northwind", 6),
        _staff(partner, 7, name="x" * 300),
    ]
    bad = [
        (4, "DUPLICATE_ROW"),
        (5, "WRONG_VALUE"),
        (7, "WRONG_DATE"),
        (8, "NOT_FOUND"),
        (9, "FIELD_TOO_LONG"),
    ]
    again = client.request_id()
    assert (3, 0, bad) == _import(client, manager, "importPeople", *rows, again=again)
    assert (3, 0, bad) == _import(client, manager, "importPeople", *rows, again=again)
    refused = _send(
        client, manager, "importPeople", content=csv_text(PEOPLE, rows[:1]), again=again
    )
    assert "IdempotencyConflict" == refused["__typename"]
    assert (0, 3, bad) == _import(client, client.admin, "importPeople", *rows)
    other = [(2, "CONTRADICTED")]
    renamed = _staff(partner, 1, name="Somebody else")
    assert (0, 0, other) == _import(client, manager, "importPeople", renamed)

    found = _exported(client, manager, "exportPeople", partner)
    assert found is not None
    assert {"HR-1": "Person 1", "HR-2": "Person 2", "HR-4": "'=1+1"} == {
        row["external_id"]: row["name"] for row in found
    }
    assert {"Field", ""} == {row["team"] for row in found}
    assert "2025-01-31T00:00:00Z" in {row["from"] for row in found}


def test_S18_activities_go_in_once_are_rewarded_and_come_out(client: Client) -> None:
    """By the ids that the API shows or by address; a person of an import is paid like others."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive, service = client.person("PARTNER_EXECUTIVE", partner), client.person("SERVICE")
    client.behavior(manager)
    program = create(client, manager)
    rule = paying("training", TRAINING, assetCode="POINTS")
    assert "PlanPublished" == publish_plan(client, manager, program, rule)["__typename"]
    _import(client, manager, "importPeople", _staff(partner, 1), _staff(partner, 2))
    staff = _exported(client, executive, "exportPeople", partner)
    assert staff is not None
    one, two = (_person(row["individual"]) for row in staff if row["external_id"])
    client.consent(executive, partner, program)
    for rep in (one, two):
        client.enroll(rep, partner, program)
    client.world.wait(2)
    then = client.world.now.isoformat()
    client.world.wait()

    def event(number: int, who: str, **changed: str) -> tuple[str, ...]:
        row = dict(zip(EVENTS, ("lms", f"{number}", who, program, "TRAINING", then), strict=True))
        return tuple((row | changed).values())

    rows = [
        event(1, one.id),
        event(1, _mail(partner, 2).upper()),
        event(1, one.id),
        event(2, one.id, behavior="TYPO"),
        event(3, one.id, occurred_at="2030-01-01"),
        event(4, "nobody@northwind.example"),
        event(5, one.id, occurred_at="soon"),
        event(6, one.id, source_event_id="=cmd()"),
    ]
    bad = [
        (4, "DUPLICATE_ROW"),
        (5, "NOT_FOUND"),
        (6, "INVALID_INPUT"),
        (7, "NOT_FOUND"),
        (8, "WRONG_DATE"),
    ]
    assert (3, 0, bad) == _import(client, service, "importActivities", *rows)
    assert (0, 3, bad) == _import(client, service, "importActivities", *rows)
    assert ["100", "50"] == [_points(client, rep) for rep in (one, two)]

    found = _exported(client, manager, "exportActivities", partner)
    assert found is not None
    told = {(row["individual"], row["source_event_id"], row["outcomes"]) for row in found}
    paid = "training:AWARDED"
    assert {(one.id, "1", paid), (two.id, "1", paid), (one.id, "'=cmd()", paid)} == told
    again = [tuple(row[name] for name in EVENTS) for row in found]
    assert (0, 3, []) == _import(client, service, "importActivities", *again)


def _person(individual: str) -> Person:
    return Person(pair(individual, "Individual", "id")[1], individual)


def _points(client: Client, who: Person) -> str:
    told = "{ viewer { individual { balances { available { points } } } } }"
    (balance,) = client.query(who, told)["viewer"]["individual"]["balances"]
    return str(balance["available"]["points"])


def test_S18_an_executive_exports_the_people_of_its_own_company_only(quick_client: Client) -> None:
    """And nobody exports activities but the vendor."""
    client = quick_client
    manager, partner, other = client.person("CHANNEL_MANAGER"), client.partner(), client.partner()
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    rival = client.person("PARTNER_EXECUTIVE", other)
    sees = [manager, executive]
    for who in (manager, executive, rep, rival):
        found = _exported(client, who, "exportPeople", partner)
        assert (found is not None) is (who in sees)
        assert (who is manager) is (_exported(client, who, "exportActivities", partner) is not None)


def test_S18_a_file_that_is_too_large_or_none_is_refused(quick_client: Client) -> None:
    """Before any row of it is used; a wrong header is one problem of line 1."""
    manager, partner = quick_client.person("CHANNEL_MANAGER"), quick_client.partner()
    rows = [_staff(partner, number) for number in range(501)]
    for content in (csv_text(PEOPLE, rows), "x" * 150_001):
        answer = _send(quick_client, manager, "importPeople", content=content)
        assert ("InvalidInput", "content") == (answer["__typename"], answer["field"])
    answer = _send(quick_client, manager, "importPeople", content="name;email\nAnn;a@b\n")
    assert [(1, "MISSING_COLUMN")] == [
        (one["line"], one["code"]) for one in answer["report"]["problems"]
    ]
    answer = _send(quick_client, manager, "importActivities", content="", again="short")
    assert ("InvalidInput", "requestId") == (answer["__typename"], answer["field"])


def test_S18_a_cursor_that_is_none_is_refused(quick_client: Client) -> None:
    """As in every list."""
    manager, partner = quick_client.person("CHANNEL_MANAGER"), quick_client.partner()
    for field in ("exportPeople", "exportActivities"):
        answer = quick_client.answer(manager, EXPORT % (field, "rows"), partner=partner, after="x")
        assert "BAD_CURSOR" == answer["errors"][0]["extensions"]["code"]
