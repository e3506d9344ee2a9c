"""Who may read and do what: every mutation as every role, every node as every kind of viewer."""

from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
)
from strawberry.types.base import StrawberryObjectDefinition

from portal_api import schema as schema_package
from portal_api.domain.access import Audience
from portal_api.domain.partners import VENDOR_ROLES, Individual, Role
from portal_api.domain.writes import Save
from portal_api.schema import build_schema
from portal_api.schema.access import may_see
from portal_api.schema.ids import encoded, split
from portal_api.schema.mutations import ROLES
from portal_api.schema.query import Query
from tests.schema.client import Client, Person, usd

SCHEMA = build_schema()
MUTATIONS = {
    field.python_name: field
    for field in SCHEMA.get_type_by_name("Mutation").fields  # type: ignore[union-attr]
}
KINDS = {"partnerId": "Partner", "programId": "Program", "dealId": "Deal", "ownerId": "Individual"}
KINDS |= {"individualId": "Individual", "individualIds": "Individual", "partyId": "Individual"}
KINDS |= {"consentId": "Consent", "payoutId": "Payout", "teamId": "Team", "claimId": "Claim"}
KINDS |= {"activityId": "Activity"}
NOWHERE = {"Partner": "ptn-0", "Program": "prg-0", "Deal": "ptn-0.ind-0.prg-0.0", "Team": "ptn-0.t"}
NOWHERE |= {"Claim": "ptn-0.ind-0.prg-0.0"}
NOWHERE |= {"Individual": "ptn-0.ind-0", "Consent": "ptn-0.prg-0.1", "Payout": "ind-0.0"}
NOWHERE |= {"Activity": "ptn-0.ind-0.prg-0.0"}
KINDS |= {"earningId": "Earning", "adjustmentId": "Adjustment", "disputeId": "Dispute"}
NOWHERE |= dict.fromkeys(("Earning", "Adjustment", "Dispute"), "ind-0.0")
KINDS |= {"batchId": "PayoutBatch"}
KINDS |= {"teamIds": "Team", "consentRequestId": "ConsentRequest"}
NOWHERE |= {"ConsentRequest": "ptn-0.prg-0.1"}
NOWHERE |= {"PayoutBatch": "bat-0"}
KINDS |= {"objectionId": "Objection", "endpointId": "WebhookEndpoint", "eventIds": "AuditRecord"}
NOWHERE |= {"Objection": "ptn-0.0", "WebhookEndpoint": "whk-0", "AuditRecord": "vendor.0"}
KINDS |= dict.fromkeys(("obstacleReportId", "obstacleReportIds"), "ObstacleReport")
NOWHERE |= {"ObstacleReport": "ptn-0.ind-0.prg-0.0"}


def _value(name: str, kind: GraphQLInputType) -> Any:
    """Something of a type that no check of form refuses; ids lead to nothing."""
    match kind:
        case GraphQLNonNull():
            return _value(name, kind.of_type)
        case GraphQLList():
            return [_value(name, kind.of_type)]
        case GraphQLEnumType():
            return next(iter(kind.values))
        case GraphQLInputObjectType():
            fields = kind.fields.items()
            needed = [name for name, field in fields if isinstance(field.type, GraphQLNonNull)]
            # Where nothing is needed, it is a oneOf: any one will do.
            chosen = needed or list(kind.fields)[:1]
            return {inner: _value(inner, kind.fields[inner].type) for inner in chosen}
        case _:
            return _scalar(name, kind.name)


def _scalar(name: str, kind: str) -> Any:
    if name == "currencyCode":
        return "USD"
    of = KINDS.get(name, "Partner")
    plain = {
        "ID": encoded(of, NOWHERE[of]),
        "Decimal": "1.00",
        "BigInt": 1,
        "Int": 1,
        "Boolean": True,
        "Date": "2026-02-01",
        "DateTime": "2026-02-01T00:00:00Z",
    }
    return plain.get(kind, "SOMETHING")


def _wish(mutation: str) -> dict[str, Any]:
    field = SCHEMA._schema.mutation_type.fields[mutation]  # type: ignore[union-attr]
    wish: dict[str, Any] = _value("input", field.args["input"].type)
    return wish


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_a_mutation_is_for_the_roles_that_it_declares_and_for_no_others(
    quick_client: Client, name: str
) -> None:
    """The service decides; the schema's declaration and description must say the same."""
    field = MUTATIONS[name]
    declared: frozenset[Role] = field.metadata[ROLES]
    graphql_name = SCHEMA.config.name_converter.from_field(field)
    partner = quick_client.partner()
    wish = _wish(graphql_name)
    del wish["requestId"]
    vendor = {Role.ADMIN, Role.CHANNEL_MANAGER, Role.SERVICE}
    for role in Role:
        who = quick_client.person(role.value, None if role in vendor else partner)
        answer = quick_client.do(who, graphql_name, "", **wish)
        refused = answer["__typename"] == "NotPermitted"
        assert refused is (role not in declared), (role, answer)
        assert (role.value in (field.description or "")) is (role in declared)


class Cast:
    """A deal of a rep with an earning and a payout, and everybody who might look."""

    def __init__(self, client: Client) -> None:
        self.manager = client.person("CHANNEL_MANAGER")
        self.partner = client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.colleague = client.person("SALES_REP", self.partner)
        other = client.partner()
        self.stranger = client.person("SALES_REP", other)
        self.rival = client.person("PARTNER_EXECUTIVE", other)
        self.program = client.program(self.manager, segment={"regions": ["EMEA"]})
        client.consent(self.executive, self.partner, self.program)
        client.enroll(self.rep, self.partner, self.program)
        client.world.wait()
        self.deal = client.register(self.rep, self.program)
        self.activity = client.approve(self.manager, self.deal)["activity"]["id"]
        client.win(self.manager, self.deal)
        earnings = "{ viewer { individual { earnings { edges { node { id } } } } } }"
        found = client.query(self.rep, earnings)["viewer"]["individual"]["earnings"]["edges"]
        self.earning = found[0]["node"]["id"]
        company = "{ viewer { partner { earnings { edges { node { id } } } teams { id } } } }"
        found = client.query(self.executive, company)["viewer"]["partner"]
        self.company_earning = found["earnings"]["edges"][0]["node"]["id"]
        self.team = found["teams"][0]["id"]
        ask = "... on PayoutRequested { payout { id } }"
        self.payout = client.do(self.rep, "requestPayout", ask, amount={"money": _dollar()})[
            "payout"
        ]["id"]

    def viewers(self) -> dict[str, Person]:
        """Everybody by who they are to the deal."""
        return {
            "owner": self.rep,
            "colleague": self.colleague,
            "executive": self.executive,
            "stranger": self.stranger,
            "rival": self.rival,
            "manager": self.manager,
        }


def _dollar() -> dict[str, str]:
    return {"amount": "1.00", "currencyCode": "USD"}


def _seen(client: Client, who: Person, node: str) -> bool:
    found = client.query(who, "query($id: ID!) { node(id: $id) { id } }", id=node)["node"]
    assert found in (None, {"id": node})
    return found is not None


def test_a_node_is_seen_by_whom_it_is_for_and_is_null_for_all_others(quick_client: Client) -> None:
    """What is another partner's does not exist; a colleague's money does not either."""
    cast = Cast(quick_client)
    everybody = set(cast.viewers())
    ours = {"owner", "colleague", "executive", "manager"}
    may = {
        cast.deal: {"owner", "executive", "manager"},
        cast.activity: {"owner", "executive", "manager"},
        cast.earning: {"owner", "manager"},
        cast.company_earning: {"executive", "manager"},
        cast.payout: {"owner", "manager"},
        cast.partner: ours,
        cast.team: ours,
        cast.rep.id: ours,
        cast.program: everybody,
    }
    for node, expected in may.items():
        actual = {name for name, who in cast.viewers().items() if _seen(quick_client, who, node)}
        assert expected == actual, node


def test_amounts_of_a_person_are_null_for_its_executive_and_its_colleagues(
    quick_client: Client,
) -> None:
    """An executive sees who takes part and totals; peers see nothing of each other."""
    cast = Cast(quick_client)
    document = """
        query($person: ID!, $deal: ID!) {
          person: node(id: $person) { ... on Individual {
            name enrollments { consented } goals { code } balances { assetCode }
            earnings { edges { cursor } } payouts { edges { cursor } } } }
          deal: node(id: $deal) { ... on Deal { earnings { amount { money { amount } } } } }
        }
    """
    for who in (cast.executive, cast.colleague):
        seen = quick_client.query(who, document, person=cast.rep.id, deal=cast.deal)
        hidden = ("enrollments", "goals", "balances", "earnings", "payouts")
        assert {"name": "Robin Reyes", **dict.fromkeys(hidden)} == seen["person"]
        assert (seen["deal"] or {"earnings": None})["earnings"] is None


def test_the_vendors_lists_are_null_for_partners(quick_client: Client) -> None:
    """Queues, partners, budgets and totals are the vendor's."""
    cast = Cast(quick_client)
    document = """{ viewer {
        partners { edges { cursor } }
        submittedDeals { edges { cursor } } openPayouts { edges { cursor } }
        requestedExtensions { edges { cursor } }
        programs { budget { points } totals { deals } } } }"""
    for who in (cast.rep, cast.executive):
        viewer = quick_client.query(who, document)["viewer"]
        assert [{"budget": None, "totals": None}] == viewer["programs"]
        lists = ("partners", "submittedDeals", "requestedExtensions", "openPayouts")
        assert [None] * 4 == [viewer[name] for name in lists]


def test_a_program_for_others_is_not_seen(quick_client: Client) -> None:
    """Two partners see different programs."""
    manager = quick_client.person("CHANNEL_MANAGER")
    rep = quick_client.person("SALES_REP", quick_client.partner("VAR"))
    other = quick_client.program(manager, segment={"types": ["MSP"]})
    assert not _seen(quick_client, rep, other)
    assert [] == quick_client.query(rep, "{ viewer { programs { id } } }")["viewer"]["programs"]


def test_a_suspended_person_is_refused_at_once(quick_client: Client) -> None:
    """A valid token is not enough: the store says who may act."""
    manager, rep = (
        quick_client.person("CHANNEL_MANAGER"),
        quick_client.person("SALES_REP", quick_client.partner()),
    )
    quick_client.do(
        manager,
        "suspendIndividual",
        "... on IndividualSuspended { __typename }",
        individualId=rep.id,
    )
    with pytest.raises(AssertionError, match="401"):
        quick_client.answer(rep, "{ viewer { role } }")


def test_a_mover_is_not_answered_again_what_is_of_its_old_partner(quick_client: Client) -> None:
    """Domain rule 2.1: the stored answer is ids, and what they lead to is authorized anew."""
    client = quick_client
    manager, partner, other = client.person("CHANNEL_MANAGER"), client.partner(), client.partner()
    rep, executive = (
        client.person("SALES_REP", partner),
        client.person("PARTNER_EXECUTIVE", partner),
    )
    program = client.program(manager)
    requests: dict[tuple[Person, str], dict[str, Any]] = {
        (rep, "registerDeal"): {
            "programId": program,
            "product": "Firewall",
            "amount": usd("10.00"),
            "ownerId": rep.id,
        },
        (rep, "recordActivity"): {
            "individualId": rep.id,
            "programId": program,
            "sourceEventId": "1",
            "behavior": "TRAINING",
        },
        (rep, "enroll"): {"partnerId": partner, "programId": program, "termsVersion": 1},
        (rep, "requestConsent"): {"partnerId": partner, "programId": program},
        (executive, "grantConsent"): {"partnerId": partner, "programId": program},
        (executive, "setGoal"): {
            "programId": program,
            "partyId": rep.id,
            "goalCode": "Y",
            "goal": {"money": usd("1.00")},
            "stretch": {"money": usd("2.00")},
        },
        (executive, "cascadeGoals"): {
            "programId": program,
            "partnerId": partner,
            "goalCode": "Y",
        },
    }
    again = {request: client.request_id() for request in requests}

    def ask() -> list[str]:
        return [
            client.do(who, mutation, "", again=again[who, mutation], **given)["__typename"]
            for (who, mutation), given in requests.items()
        ]

    first = ask()
    client.world.wait()
    new_partner = split(other)[1]
    for person in (rep, executive):
        record = client.world.load(Individual, person.user_name)
        assert record is not None
        moved = replace(
            record.employments[-1],
            partner_id=new_partner,
            team_id=None,
            valid_from=client.world.now,
        )
        client.world.store.commit([Save(replace(record, employments=(*record.employments, moved)))])

    assert "NotFound" not in first
    assert ["NotFound"] * len(requests) == ask()


def test_a_suspended_person_reads_nothing_at_all(quick_client: Client) -> None:
    """The catalogue of behaviors is for whoever may act, too."""
    manager = quick_client.person("CHANNEL_MANAGER")
    _suspend(quick_client, quick_client.admin, manager)
    for document in ("{ behaviors { code } }", '{ node(id: "x") { id } }', "{ viewer { role } }"):
        with pytest.raises(AssertionError, match="401"):
            quick_client.answer(manager, document)


def test_a_channel_manager_neither_adds_nor_suspends_the_vendors_people(
    quick_client: Client,
) -> None:
    """Otherwise it could make itself, or be left as, the only one who is anything."""
    manager, other = quick_client.person("CHANNEL_MANAGER"), quick_client.person("CHANNEL_MANAGER")
    told = "... on NotPermitted { requiredRoles }"
    email = "robin@vendor.example"
    added = quick_client.do(manager, "addIndividual", told, name="Robin", email=email, role="ADMIN")
    assert ["ADMIN"] == added["requiredRoles"]
    assert ["ADMIN"] == _suspend(quick_client, manager, other)["requiredRoles"]
    assert "IndividualSuspended" == _suspend(quick_client, quick_client.admin, other)["__typename"]


def _suspend(client: Client, who: Person, person: Person) -> dict[str, Any]:
    told = "... on NotPermitted { requiredRoles }"
    return client.do(who, "suspendIndividual", told, individualId=person.id)


def test_a_field_without_a_declared_permission_fails_the_schema_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Deny by default: forgetting the declaration is found before the first request."""

    @strawberry.type
    class Careless(Query):
        @strawberry.field
        def secret(self) -> str:
            return "told"

    monkeypatch.setattr(schema_package, "Query", Careless)
    monkeypatch.setattr(Careless, "__portal_audience__", frozenset(), raising=False)
    with pytest.raises(schema_package.UndeclaredPermission, match="secret"):
        build_schema()


def test_a_mutation_without_declared_roles_fails_the_schema_build(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answer's type declares who may read it, and that says nothing of who may do it."""

    @strawberry.type
    class Careless(schema_package.Mutation):
        @strawberry.mutation
        def give_away(self) -> str:
            return "done"

    monkeypatch.setattr(schema_package, "Mutation", Careless)
    with pytest.raises(schema_package.UndeclaredPermission, match="give_away"):
        build_schema()


def _can_be(role: Role) -> frozenset[Audience]:
    """What somebody of a role can be to a record."""
    if role in VENDOR_ROLES:
        return frozenset({Audience.ANYONE, Audience.VENDOR})
    executive = set() if role is Role.PARTNER_EXECUTIVE else {Audience.EXECUTIVE}
    return frozenset(Audience) - {Audience.VENDOR} - executive


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_who_may_call_a_mutation_may_read_its_answer(name: str) -> None:
    """The success of each mutation declares an audience that each of its roles can be."""
    field = MUTATIONS[name]
    told = SCHEMA._schema.mutation_type.fields[SCHEMA.config.name_converter.from_field(field)]  # type: ignore[union-attr]
    success = get_named_type(told.type).types[0].name
    definition = SCHEMA.get_type_by_name(success)
    assert isinstance(definition, StrawberryObjectDefinition)
    roles: frozenset[Role] = field.metadata[ROLES]
    assert set() == {role for role in roles if not may_see(definition.origin, _can_be(role))}
