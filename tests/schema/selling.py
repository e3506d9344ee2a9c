"""Two colleagues who sell under a plan, and what the tests of deals ask and read."""

from typing import Any

from tests.schema.client import Client, Person, usd
from tests.schema.planning import create, publish_plan
from tests.services.world import DAY

OUTCOMES = """outcomes { ruleCode step status reason because amount { money { amount } points }
    recipient { __typename ... on Individual { id } ... on Partner { id } } earning { id status } }
"""
DEAL = """deal { id registration stage protectedUntil returnedAt reopened rejectionReason
    amount { amount } credits { weight individualId individual { name } }
    extension { until reason requestedAt } history { behavior individualId occurredAt } }
"""
CHANGE = f"{DEAL} activity {{ id {OUTCOMES} }}"
REFUSED = "... on NotFound { field } ... on InvalidInput { field }"
SUCCESSES = {
    "registerDeal": "DealRegistered",
    "approveDeal": "DealApproved",
    "rejectDeal": "DealRejected",
    "winDeal": "DealWon",
    "loseDeal": "DealLost",
    "returnDeal": "DealReturned",
    "reopenDeal": "DealReopened",
    "changeDealAmount": "DealAmountChanged",
    "creditDeal": "DealCredited",
    "requestExtension": "ExtensionRequested",
    "approveExtension": "DealExtended",
    "declineExtension": "ExtensionDeclined",
}


class Selling:
    """A partner with two enrolled reps under one company-wide consent, and a program of rules."""

    def __init__(self, client: Client, *rules: dict[str, Any], **consent: Any) -> None:
        self.client = client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner()
        client.behavior(self.manager, "PROOF")
        self.program = create(client, self.manager)
        point_value = consent.pop("pointValue", None)
        published = publish_plan(client, self.manager, self.program, *rules, pointValue=point_value)
        assert "PlanPublished" == published["__typename"], published
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep, self.colleague = (client.person("SALES_REP", self.partner) for _ in range(2))
        client.do(
            self.executive,
            "grantConsent",
            "",
            partnerId=self.partner,
            programId=self.program,
            **consent,
        )
        for person in (self.rep, self.colleague):
            client.enroll(person, self.partner, self.program)
        client.world.wait()

    def do(self, mutation: str, who: Person | None = None, **given: Any) -> dict[str, Any]:
        """One change of a deal, by the channel manager unless told otherwise."""
        alone = mutation in ("requestExtension", "declineExtension")
        told = f"... on {SUCCESSES[mutation]} {{ {DEAL if alone else CHANGE} }} {REFUSED}"
        return self.client.do(who or self.manager, mutation, told, **given)

    def register(self, amount: str = "30000.00", **given: Any) -> str:
        """A deal that the rep submits; its id."""
        wish = {"programId": self.program, "product": "Firewall", "amount": usd(amount)} | given
        answer = self.do("registerDeal", self.rep, **wish)
        assert ("DealRegistered", []) == (answer["__typename"], paid(answer)), answer
        deal: str = answer["deal"]["id"]
        return deal

    def approved(self, **given: Any) -> str:
        """A registered deal; its id."""
        deal = self.register(**given)
        assert "DealApproved" == self.do("approveDeal", dealId=deal)["__typename"]
        return deal

    def win(self, deal: str, amount: str = "30000.00") -> dict[str, Any]:
        """The deal won a day later."""
        self.client.world.wait()
        return self.do("winDeal", dealId=deal, amount=usd(amount))

    def shared(self, mine: int, theirs: int) -> list[dict[str, Any]]:
        """The deal divided between the rep and the colleague."""
        people = ((self.rep, mine), (self.colleague, theirs))
        return [{"individualId": who.id, "weight": weight} for who, weight in people if weight]

    def prove(self, deal: str, event: str) -> dict[str, Any]:
        """A proof of concept that the rep held for the deal."""
        return self.client.do(
            self.rep,
            "recordActivity",
            f"... on ActivityRecorded {{ activity {{ id {OUTCOMES} }} }}",
            individualId=self.rep.id,
            programId=self.program,
            behavior="PROOF",
            sourceEventId=event,
            dealId=deal,
        )

    def seen(self, who: Person, deal: str) -> dict[str, Any] | None:
        """A deal as somebody sees it, with what it earned."""
        document = """query($id: ID!) { node(id: $id) { ... on Deal { registration protectedUntil
            earnings { step status amount { money { amount } } reversed { money { amount } } } } } }
        """
        found: dict[str, Any] | None = self.client.query(who, document, id=deal)["node"]
        return found

    def earned(self, who: Person, deal: str) -> list[tuple[str, str]]:
        """Status and amount of each earning that somebody sees on a deal."""
        found = self.seen(who, deal)
        earnings = found["earnings"] if found else []
        return [(one["status"], one["amount"]["money"]["amount"]) for one in earnings]

    def balance(self, who: Person, account: str = "available") -> str:
        """What somebody has in US dollars."""
        told = f"balances {{ {account} {{ money {{ amount }} }} }}"
        document = f"{{ viewer {{ individual {{ {told} }} }} }}"
        found = self.client.query(who, document)["viewer"]["individual"]["balances"]
        amount: str = found[0][account]["money"]["amount"] if found else "0.00"
        return amount

    def in_days(self, days: int) -> str:
        """An instant as an input."""
        return (self.client.world.now + days * DAY).isoformat()


def paid(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Status and amount of each outcome, in the plan's order."""
    return [(outcome[1], outcome[2]) for outcome in paid_to(answer)]


def paid_to(answer: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Recipient, status and amount of each outcome."""
    return [
        (
            outcome["recipient"]["id"],
            outcome["status"],
            outcome["amount"]["money"]["amount"]
            if outcome["amount"]["money"]
            else str(outcome["amount"]["points"]),
        )
        for outcome in answer["activity"]["outcomes"]
    ]
