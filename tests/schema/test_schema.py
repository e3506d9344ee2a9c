"""The schema as a portal's developer meets it: every part of it says what it is."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
)

from portal_api.schema import build_schema
from tests.schema.client import Client, usd

_GRAPHQL = build_schema()._schema


def _described() -> Iterator[tuple[str, str | None]]:
    """Every type, field, argument, input field and enum value of ours, with its description."""
    for name, kind in _GRAPHQL.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", v.description) for value, v in kind.values.items())
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument, declared in field.args.items():
                    yield f"{name}.{field_name}({argument})", declared.description
        if isinstance(kind, GraphQLInputObjectType):
            yield from (
                (f"{name}.{input_name}", i.description) for input_name, i in kind.fields.items()
            )


def test_everything_in_the_schema_has_a_description() -> None:
    """Types, fields, arguments, input fields and enum values: it is the portal's manual."""
    assert [] == [name for name, told in _described() if not told or not told.strip()]


def test_a_mutation_answers_what_is_so_after_it_and_not_before_the_one_before_it(
    quick_client: Client,
) -> None:
    """Two fundings in one document: the second one's budget has both."""
    manager = quick_client.person("CHANNEL_MANAGER")
    program = quick_client.program(manager)
    document = """mutation($one: FundProgramInput!, $two: FundProgramInput!) {
        one: fundProgram(input: $one) { ...Budget } two: fundProgram(input: $two) { ...Budget } }
        fragment Budget on ProgramFunded { program { budget { points } } }"""
    wishes = {
        name: {"requestId": f"fund-{name}-1", "programId": program, "amount": {"points": 10}}
        for name in ("one", "two")
    }
    funded = quick_client.query(manager, document, **wishes)
    budgets = [funded[name]["program"]["budget"][0]["points"] for name in ("one", "two")]
    assert [100_010, 100_020] == budgets


@pytest.mark.parametrize("time_zone", ["", "Mars/Base", "Europe", "../UTC", "x" * 5_000, "a\0b"])
def test_a_time_zone_that_is_none_is_invalid_input(quick_client: Client, time_zone: str) -> None:
    """Also a folder of the zones' database, and a name that no file can have."""
    refused = _create(quick_client, timeZone=time_zone)
    assert ("InvalidInput", "timeZone") == (refused["__typename"], refused["field"])


def test_terms_and_description_may_have_paragraphs(quick_client: Client) -> None:
    """Terms of more than one line are the rule; a name has one."""
    assert (
        "ProgramCreated" == _create(quick_client, terms="1.\tSell.\r\n\n2. Report.")["__typename"]
    )
    assert "ProgramCreated" == _create(quick_client, description="Sell.\nWin.")["__typename"]
    assert "name" == _create(quick_client, name="Two\nlines")["field"]


def test_a_program_is_for_roles_that_earn(quick_client: Client) -> None:
    """For others it would be nobody's."""
    assert "segment" == _create(quick_client, segment={"roles": ["ADMIN"]})["field"]


def _create(client: Client, **changed: Any) -> dict[str, Any]:
    terms = {
        "name": "Growth",
        "description": "Register early.",
        "startsAt": "2026-01-01T00:00:00Z",
        "endsAt": "2027-01-01T00:00:00Z",
        "currencyCode": "USD",
        "terms": "Sell honestly.",
    }
    told = "... on InvalidInput { field }"
    return client.do(client.admin, "createProgram", told, **terms | changed)


FLAT = {"flat": {"behavior": "DEAL_WON", "amount": "1.00"}}
RULE = {"code": "r", "name": "R", "level": "INDIVIDUAL", "assetCode": "USD", "mechanic": FLAT}
GOAL = {"code": "G", "name": "G", "measure": "WON_REVENUE"}
GOAL |= {"startsAt": "2026-01-01T00:00:00Z", "endsAt": "2027-01-01T00:00:00Z"}


@pytest.mark.parametrize(
    ("rule", "goal", "problem"),
    [
        ({"assetCode": "EUR", "mechanic": {"milestoneSplit": {"rateBps": 300}}}, {}, "in USD only"),
        ({"assetCode": "POINTS", "mechanic": {"milestoneSplit": {"rateBps": 300}}}, {}, "in USD"),
        (
            {"mechanic": {"flat": {"behavior": "TYPO", "amount": "1.00"}}},
            {},
            "'TYPO' is no behavior",
        ),
        ({"name": " "}, {}, "'r' has no name"),
        ({"segment": {"roles": ["PARTNER_EXECUTIVE"]}}, {}, "does not earn"),
        ({}, {"name": "a\nb"}, "'G' has no name"),
        ({}, {"measure": "BEHAVIOR_COUNT"}, "names a behavior"),
        ({}, {"measure": "BEHAVIOR_COUNT", "behavior": "TYPO"}, "'TYPO' is no behavior"),
        ({}, {"behavior": "DEAL_WON"}, "names a behavior"),
    ],
)
def test_a_plan_that_would_pay_wrongly_or_never_is_not_published(
    quick_client: Client, rule: dict[str, Any], goal: dict[str, Any], problem: str
) -> None:
    """3 % of 30,000.00 USD are not 900.00 EUR, and a behavior that nobody defined never occurs."""
    manager = quick_client.person("CHANNEL_MANAGER")
    told = "... on PlanNotPublishable { problems }"
    refused = quick_client.do(
        manager,
        "publishPlan",
        told,
        programId=quick_client.program(manager),
        rules=[RULE | rule],
        goals=[GOAL | goal],
    )
    assert "PlanNotPublishable" == refused["__typename"]
    (told_problem,) = refused["problems"]
    assert problem in told_problem


def test_points_are_no_money(quick_client: Client) -> None:
    """POINTS is an asset and no currency, so an amount of money cannot be in it."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    amount = {"money": usd("1.00") | {"currencyCode": "POINTS"}}
    refused = quick_client.do(rep, "requestPayout", "... on InvalidInput { field }", amount=amount)
    assert ("InvalidInput", "amount") == (refused["__typename"], refused["field"])


def test_what_was_not_found_is_named_by_its_argument(quick_client: Client) -> None:
    """A client knows which of its ids it was, and is told no id that it did not send."""
    manager, partner = quick_client.person("CHANNEL_MANAGER"), quick_client.partner()
    executive = quick_client.person("PARTNER_EXECUTIVE", partner)
    stranger = quick_client.person("SALES_REP", quick_client.partner())
    program = quick_client.program(manager)
    told = "... on NotFound { field }"
    wish = {"partnerId": partner, "programId": program}
    refused = quick_client.do(executive, "grantConsent", told, **wish, individualIds=[stranger.id])
    assert "individualIds" == refused["field"]
    refused = quick_client.do(stranger, "enroll", told, **wish, termsVersion=1)
    assert "partnerId" == refused["field"]


def test_a_refusal_tells_dates_and_enums_in_their_types(quick_client: Client) -> None:
    """As everywhere else in the schema: an instant in UTC, a value of the enum, a global id."""
    manager, partner = quick_client.person("CHANNEL_MANAGER"), quick_client.partner()
    rep = quick_client.person("SALES_REP", partner)
    program = quick_client.program(manager)
    wish = {"partnerId": partner, "programId": program}
    left = quick_client.do(rep, "endEnrollment", "... on NotEnrolled { programId }", **wish)
    assert program == left["programId"]
    quick_client.enroll(rep, partner, program)
    again = quick_client.do(
        rep, "enroll", "... on AlreadyEnrolled { enrolledAt }", **wish, termsVersion=1
    )
    assert again["enrolledAt"].endswith("Z")
    types = {
        name: str(_GRAPHQL.type_map[name].fields[field].type)  # type: ignore[attr-defined]
        for name, field in (("DealNotOpen", "stage"), ("NotPermitted", "requiredRoles"))
    }
    assert {"DealNotOpen": "DealStage!", "NotPermitted": "[Role!]!"} == types


def test_whoever_decides_sees_whom_it_is_about(quick_client: Client) -> None:
    """Who is to be paid, who asks for consent and who gave it, and which deal was withheld."""
    manager, partner = quick_client.person("CHANNEL_MANAGER"), quick_client.partner()
    executive = quick_client.person("PARTNER_EXECUTIVE", partner)
    rep = quick_client.person("SALES_REP", partner)
    program = quick_client.program(manager)
    wish = {"partnerId": partner, "programId": program}
    quick_client.do(rep, "requestConsent", "", **wish, individualIds=[])
    asked = """{ viewer { partner { consentRequests { requestedBy { id } }
        consents { grantedBy { id } } } } }"""
    seen = quick_client.query(executive, asked)["viewer"]["partner"]
    assert [{"requestedBy": {"id": rep.id}}] == seen["consentRequests"]

    deal = quick_client.register(rep, program)
    quick_client.approve(manager, deal)
    history = """{ viewer { individual { activities(first: 1) { edges { node {
        deal { id } outcomes { reason } } } } } } }"""
    (edge,) = quick_client.query(rep, history)["viewer"]["individual"]["activities"]["edges"]
    assert {"deal": {"id": deal}, "outcomes": [{"reason": "NO_CONSENT"}]} == edge["node"]

    quick_client.consent(executive, partner, program)
    seen = quick_client.query(executive, asked)["viewer"]["partner"]
    assert {"consentRequests": [], "consents": [{"grantedBy": {"id": executive.id}}]} == seen
    quick_client.enroll(rep, partner, program)
    quick_client.world.wait()
    deal = quick_client.register(rep, program)
    quick_client.approve(manager, deal)
    quick_client.win(manager, deal)
    for who, amount in ((rep, "1.00"), (executive, "2.00")):
        amount_given = {"money": usd(amount)}
        quick_client.do(who, "requestPayout", "", amount=amount_given, company=who is executive)
    queue = "{ viewer { openPayouts { edges { node { individual { id } partner { id } } } } } }"
    payouts = quick_client.query(manager, queue)["viewer"]["openPayouts"]["edges"]
    assert [
        {"individual": None, "partner": {"id": partner}},
        {"individual": {"id": rep.id}, "partner": {"id": partner}},
    ] == [edge["node"] for edge in payouts]


def test_a_field_says_once_for_whom_it_is_null() -> None:
    """Two rules for one field could not both be true."""
    told = {
        f"{kind}.{name}": (field.description or "").count("Null unless")
        for kind, found in _GRAPHQL.type_map.items()
        if isinstance(found, GraphQLObjectType)
        for name, field in found.fields.items()
    }
    assert [] == [place for place, times in told.items() if times > 1]
    assert {1} == {told["Viewer.auditLog"], told["Query.auditExport"]}
