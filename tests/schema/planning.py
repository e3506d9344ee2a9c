"""Steps and inputs of the tests that publish plans through the API."""

from typing import Any

from tests.schema.client import Client, Person, usd

BONUS: dict[str, Any] = {"goalBonus": {"goal": "Y", "atGoal": "500.00", "atStretch": "300.00"}}
MILESTONES: dict[str, Any] = {"milestoneSplit": {"rateBps": 300}}
TRAINING: dict[str, Any] = {"flat": {"behavior": "TRAINING", "amount": "50"}}


def paying(code: str, mechanic: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A rule that pays individuals US dollars, unless another thing is given."""
    rule = {"code": code, "name": code.title(), "level": "INDIVIDUAL", "assetCode": "USD"}
    return rule | {"mechanic": mechanic} | given


def year(client: Client) -> dict[str, Any]:
    """A goal of won revenue."""
    start = client.world.now
    window = {
        "startsAt": start.isoformat(),
        "endsAt": start.replace(year=start.year + 1).isoformat(),
    }
    return {"code": "Y", "name": "Year", "measure": "WON_REVENUE", **window}


def create(client: Client, manager: Person, **given: Any) -> str:
    """A program with a budget and no plan; its id."""
    start = client.world.now
    wish = {
        "name": "Growth",
        "description": "Register early, win more.",
        "startsAt": start.isoformat(),
        "endsAt": start.replace(year=start.year + 1).isoformat(),
        "currencyCode": "USD",
        "terms": "Sell honestly.",
    }
    created = client.do(
        manager, "createProgram", "... on ProgramCreated { program { id } }", **wish | given
    )
    program: str = created["program"]["id"]
    for amount in ({"money": usd("100000.00")}, {"points": 100_000}):
        client.do(manager, "fundProgram", "", programId=program, amount=amount)
    return program


def publish_plan(
    client: Client, manager: Person, program: str, *rules: dict[str, Any], **given: Any
) -> dict[str, Any]:
    """Publishes and reads what is to be said of it."""
    told = """... on PlanPublished { plan { number status mostItems warnings { code message }
        hash pointValue { points amount { amount currencyCode } } } }
        ... on PlanNotPublishable { problems } ... on InvalidInput { field }"""
    return client.do(manager, "publishPlan", told, programId=program, rules=list(rules), **given)


def rep_of(client: Client, manager: Person, program: str) -> Person:
    """A rep that has consent and is enrolled."""
    partner = client.partner()
    rep = client.person("SALES_REP", partner)
    client.consent(client.person("PARTNER_EXECUTIVE", partner), partner, program)
    client.enroll(rep, partner, program)
    client.world.wait()
    return rep
