"""A portal's client: GraphQL as different people, through the Lambda handler and nothing else."""

import itertools
from dataclasses import dataclass
from typing import Any

from tests.api import call
from tests.services.world import World

REFUSED = "... on Refusal { code message }"
MONEY = "money { amount currencyCode } points"
CHANGE = f"""
    deal {{ id registration stage amount {{ amount }} }}
    activity {{ id outcomes {{ ruleCode status reason because amount {{ {MONEY} }} }} }}
"""


@dataclass(frozen=True)
class Person:
    """Somebody to call as: the user name, and the id that the schema shows."""

    user_name: str
    id: str


class Client:
    """Calls a world's portal; the world only makes ids, the clock and the first administrator."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.admin = Person(world.admin, "")
        self._requests = itertools.count(1)

    def request_id(self) -> str:
        return f"client-{next(self._requests):06}"

    def answer(self, who: Person, document: str, **variables: Any) -> dict[str, Any]:
        """What a document answers, errors included."""
        return call(self.world.portal, who.user_name, document, variables)

    def query(self, who: Person, document: str, **variables: Any) -> dict[str, Any]:
        """The data of a document that has no errors."""
        answer = self.answer(who, document, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def do(
        self, who: Person, mutation: str, selection: str, /, again: str | None = None, **given: Any
    ) -> dict[str, Any]:
        """A mutation's union member; ``again`` is the request id to repeat."""
        kind = mutation[0].upper() + mutation[1:]
        document = (
            f"mutation Do($input: {kind}Input!) {{ {mutation}(input: $input) {{ __typename"
            f" {selection} {REFUSED} }} }}"
        )
        wish = {"requestId": again or self.request_id(), **given}
        member: dict[str, Any] = self.query(who, document, input=wish)[mutation]
        return member

    def partner(self, kind: str = "VAR", **given: Any) -> str:
        """A new partner with one team; its id."""
        wish = {"name": "Northwind", "tier": "GOLD", "region": "EMEA", "teamNames": ["Field"]}
        answer = self.do(
            self.admin,
            "addPartner",
            "... on PartnerAdded { partner { id } }",
            type=kind,
            **wish | given,
        )
        added: str = answer["partner"]["id"]
        return added

    def person(self, role: str, partner: str | None = None, team: str | None = None) -> Person:
        """Somebody new, in that team or the partner's first."""
        if partner is not None and team is None:
            found = self.query(
                self.admin,
                "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }",
                id=partner,
            )
            team = found["node"]["teams"][0]["id"]
        answer = self.do(
            self.admin,
            "addIndividual",
            "... on IndividualAdded { userName individual { id } }",
            name="Robin Reyes",
            email="robin@partner.example",
            role=role,
            partnerId=partner,
            teamId=team,
        )
        return Person(answer["userName"], answer["individual"]["id"])

    def program(self, manager: Person, **changed: Any) -> str:
        """A funded program: milestones of 3 %, a bonus, points, and the company's part."""
        self.behavior(manager)
        start, end = self.world.now, self.world.now.replace(year=self.world.now.year + 1)
        terms = {
            "name": "Growth",
            "description": "Register early, win more.",
            "startsAt": start.isoformat(),
            "endsAt": end.isoformat(),
            "currencyCode": "USD",
            "terms": "Sell honestly.",
        }
        created = self.do(
            manager, "createProgram", "... on ProgramCreated { program { id } }", **terms | changed
        )
        program: str = created["program"]["id"]
        published = self.do(
            manager,
            "publishPlan",
            "... on PlanPublished { plan { number hash } }",
            programId=program,
            rules=[
                _rule("deals", {"milestoneSplit": {"rateBps": 300}}),
                _rule(
                    "bonus", {"goalBonus": {"goal": "Y", "atGoal": "500.00", "atStretch": "300.00"}}
                ),
                _rule("trained", {"flat": {"behavior": "TRAINING", "amount": "50"}}, "POINTS"),
                _rule(
                    "company",
                    {"flat": {"behavior": "DEAL_WON", "amount": "100.00"}},
                    level="PARTNER",
                ),
            ],
            goals=[
                {
                    "code": "Y",
                    "name": "Year",
                    "measure": "WON_REVENUE",
                    "startsAt": start.isoformat(),
                    "endsAt": end.isoformat(),
                }
            ],
        )
        assert published["__typename"] == "PlanPublished", published
        for amount in ({"money": usd("100000.00")}, {"points": 100_000}):
            self.do(
                manager,
                "fundProgram",
                "... on ProgramFunded { program { id } }",
                programId=program,
                amount=amount,
            )
        return program

    def behavior(
        self, manager: Person, code: str = "TRAINING", *, review: bool = False, **given: Any
    ) -> None:
        """A behavior in the catalogue."""
        self.do(
            manager,
            "defineBehavior",
            "... on BehaviorDefined { behavior { code } }",
            code=code,
            name=code.title(),
            stage="ENABLEMENT",
            fiveC="CAPACITY",
            reviewNeeded=review,
            **given,
        )

    def claim(self, rep: Person, program: str, invoice: str | None, **given: Any) -> dict[str, Any]:
        """A claim of a training."""
        return self.do(
            rep,
            "submitClaim",
            """... on ClaimSubmitted {
                claim { id status reviewBy near rejectionCode proof { invoice serials } }
                activity { id source outcomes { status amount { points } } } }
               ... on EvidenceAlreadyUsed { evidence } ... on ClaimTooLate { deadline }""",
            programId=program,
            **{"behavior": "TRAINING", "proof": {"invoice": invoice}, **given},
        )

    def register(self, rep: Person, program: str, amount: str = "30000.00", **given: Any) -> str:
        """A submitted deal; its id."""
        answer = self.do(
            rep,
            "registerDeal",
            f"... on DealRegistered {{ {CHANGE} }}",
            programId=program,
            amount=usd(amount),
            **{"product": "Firewall", **given},
        )
        assert answer["__typename"] == "DealRegistered", answer
        deal: str = answer["deal"]["id"]
        return deal

    def approve(self, manager: Person, deal: str) -> dict[str, Any]:
        return self.do(manager, "approveDeal", f"... on DealApproved {{ {CHANGE} }}", dealId=deal)

    def win(self, manager: Person, deal: str, amount: str = "30000.00") -> dict[str, Any]:
        return self.do(
            manager, "winDeal", f"... on DealWon {{ {CHANGE} }}", dealId=deal, amount=usd(amount)
        )

    def consent(
        self, executive: Person, partner: str, program: str, *people: Person
    ) -> dict[str, Any]:
        return self.do(
            executive,
            "grantConsent",
            "... on ConsentGranted { consent { id scope active } }",
            partnerId=partner,
            programId=program,
            individualIds=[person.id for person in people],
        )

    def enroll(self, rep: Person, partner: str, program: str) -> dict[str, Any]:
        return self.do(
            rep,
            "enroll",
            "... on Enrolled { enrollment { consented } }",
            partnerId=partner,
            programId=program,
            termsVersion=1,
        )

    def record(
        self, who: Person, rep: Person, program: str, event: str, **given: Any
    ) -> dict[str, Any]:
        return self.do(
            who,
            "recordActivity",
            "... on ActivityRecorded { activity { id outcomes {"
            f" status reason amount {{ {MONEY} }} }} }} }}",
            individualId=rep.id,
            programId=program,
            sourceEventId=event,
            **{"behavior": "TRAINING", **given},
        )


def usd(amount: str) -> dict[str, str]:
    """US dollars as an input."""
    return {"amount": amount, "currencyCode": "USD"}


def results(answer: dict[str, Any]) -> list[tuple[str, str, str | None]]:
    """Status, amount and reason of each outcome of a change, in the plan's order."""
    return [
        (
            outcome["status"],
            outcome["amount"]["money"]["amount"]
            if outcome["amount"]["money"]
            else str(outcome["amount"]["points"]),
            outcome["reason"],
        )
        for outcome in answer["activity"]["outcomes"]
    ]


def _rule(
    code: str, mechanic: dict[str, Any], asset: str = "USD", level: str = "INDIVIDUAL"
) -> dict[str, Any]:
    return {
        "code": code,
        "name": code.title(),
        "level": level,
        "assetCode": asset,
        "mechanic": mechanic,
    }
