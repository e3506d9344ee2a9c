"""How the tests of this folder ask the demo's portal for lists."""

from typing import Any

from portal_api.demo import story, world
from portal_api.schema.ids import encoded
from tests.demo.telling import Told

MARA, INES, ANSELM = world.MARA.name, world.INES.name, world.ANSELM.name
AMOUNT = "amount { money { amount } points }"
EARNING = (
    f"status ruleCode step planNumber occurredAt {AMOUNT} reversed {{ money {{ amount }} points }}"
    f" ofAmount {{ money {{ amount }} }} worth {{ amount }} program {{ name }}"
    f" deal {{ endCustomer }}"
)


def nodes(connection: Any) -> list[Any]:
    """The nodes of a page."""
    return [edge["node"] for edge in connection["edges"]]


def worth(amount: Any) -> str:
    """An amount as text: money, or points with a P."""
    return f"{amount['points']} P" if amount["money"] is None else str(amount["money"]["amount"])


def listed(demo: Told, name: str, what: str, fields: str) -> list[Any]:
    """All of somebody's own as the channel manager sees it, page by page, oldest first."""
    person = demo.person(name)
    person_id = encoded("Individual", f"{person.partner_id}.{person.id}")
    document = (
        "query($id: ID!, $after: String) { node(id: $id) { ... on Individual {"
        f" {what}(first: 100, after: $after) {{ edges {{ node {{ {fields} }} }}"
        " pageInfo { endCursor hasNextPage } } } } }"
    )
    found: list[Any] = []
    after: str | None = None
    while True:
        page = demo.ask(INES, document, id=person_id, after=after)["node"][what]
        found += nodes(page)
        if not page["pageInfo"]["hasNextPage"]:
            return found[::-1]
        after = page["pageInfo"]["endCursor"]


def earnings(demo: Told, name: str, program: str, rule: str) -> list[Any]:
    """Somebody's earnings of one rule, oldest first."""
    return [
        one
        for one in listed(demo, name, "earnings", EARNING)
        if (one["program"]["name"], one["ruleCode"]) == (program, rule)
    ]


def colleague(demo: Told, place: int) -> str:
    """The name of one of Mara's colleagues: her partner's people in their order."""
    return [one.name for one in demo.people if one.partner == world.FERNHILL][place]


def program(demo: Told, name: str, fields: str) -> Any:
    """A program as the channel manager sees it."""
    found = demo.ask(INES, f"{{ viewer {{ programs {{ name {fields} }} }} }}")
    return next(one for one in found["viewer"]["programs"] if one["name"] == name)


def rep_of(demo: Told, partner: str) -> list[story.Person]:
    """The sales reps of a partner, in their order."""
    return [one for one in demo.people if (one.partner, one.role) == (partner, "SALES_REP")]


def partner(demo: Told, name: str, fields: str) -> Any:
    """A partner as the channel manager sees it."""
    partner_id = next(one.id for one in demo.partners() if one.name == name)
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Partner {{ {fields} }} }} }}"
    return demo.ask(INES, document, id=encoded("Partner", partner_id))["node"]
