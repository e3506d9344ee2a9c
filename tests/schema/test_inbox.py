"""The inbox: what each role should know and do, made of the state of everything else."""

from datetime import datetime, timedelta
from typing import Any

from portal_api.schema.ids import split
from portal_api.services.due_series import run_all
from tests.schema.client import Client, Person, usd
from tests.schema.planning import create, paying, publish_plan
from tests.schema.selling import Selling

MONEY = "money { amount } points"
INBOX = f"""{{ viewer {{ inbox {{ seenAt newItems items {{ __typename kind since text isNew
    ... on InboxConsentRequest {{ request {{ id remindersSent program {{ id }} }} }}
    ... on InboxConsent {{ consent {{ id active program {{ id }} }} }}
    ... on InboxProgram {{ program {{ id }} }}
    ... on InboxObjection {{ objection {{ id answer }} }}
    ... on InboxDispute {{ dispute {{ id status }} }}
    ... on InboxGoal {{ goal {{ code attainment }} }}
    ... on InboxEarning {{ amount {{ {MONEY} }} earning {{ id }} }}
    ... on InboxExpiry {{ amount {{ {MONEY} }} expiresAt }}
    ... on InboxQueue {{ count more }}
    ... on InboxBudget {{ program {{ id }} left {{ {MONEY} }} funded {{ {MONEY} }} }} }} }} }} }}"""
DOLLAR = {"mechanic": {"flat": {"behavior": "DEAL_REGISTERED", "amount": "1.00"}}}


def inbox(client: Client, who: Person) -> dict[str, Any]:
    found: dict[str, Any] = client.query(who, INBOX)["viewer"]["inbox"]
    return found


def items(client: Client, who: Person) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = inbox(client, who)["items"]
    return found


def kinds(client: Client, who: Person) -> list[str]:
    return [one["kind"] for one in items(client, who)]


def of_kind(client: Client, who: Person, kind: str) -> list[dict[str, Any]]:
    return [one for one in items(client, who) if one["kind"] == kind]


def seen(client: Client, who: Person, up_to: datetime | str) -> dict[str, Any]:
    told = "... on InboxSeen { seenAt } ... on InvalidInput { field }"
    instant = up_to if isinstance(up_to, str) else up_to.isoformat()
    return client.do(who, "markInboxSeen", told, upTo=instant)


class Cast:
    """A partner with an executive and a rep, and a program without consent."""

    def __init__(self, client: Client, **program: Any) -> None:
        self.client = client
        self.manager, self.partner = client.person("CHANNEL_MANAGER"), client.partner()
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.rep = client.person("SALES_REP", self.partner)
        self.program = client.program(self.manager, **program)

    @property
    def here(self) -> dict[str, str]:
        return {"partnerId": self.partner, "programId": self.program}

    def ask(self, who: Person) -> str:
        told = "... on ConsentRequested { consentRequest { id } }"
        request: str = self.client.do(who, "requestConsent", told, **self.here)["consentRequest"][
            "id"
        ]
        return request

    def grant(self, **given: Any) -> str:
        told = "... on ConsentGranted { consent { id } }"
        wish = {**self.here, **given}
        consent: str = self.client.do(self.executive, "grantConsent", told, **wish)["consent"]["id"]
        return consent

    def in_days(self, days: int) -> str:
        return (self.client.world.now + timedelta(days=days)).isoformat()


def test_S21_an_executive_is_told_of_requests_ends_terms_and_answers(client: Client) -> None:
    """Each as long as it is so: granted, renewed and resolved, it is gone."""
    cast = Cast(client)
    empty = inbox(client, cast.executive)
    request = cast.ask(cast.rep)
    client.world.wait(8)
    run_all(client.world.portal)
    (waiting,) = items(client, cast.executive)
    consent = cast.grant(validTo=cast.in_days(40))
    granted = kinds(client, cast.executive)
    client.world.wait(11)
    (ending,) = items(client, cast.executive)
    client.world.wait(30)
    (ended,) = items(client, cast.executive)
    renewed = client.do(
        cast.executive,
        "renewConsent",
        "... on ConsentRenewed { consent { id } }",
        consentId=consent,
    )["consent"]["id"]
    quiet = kinds(client, cast.executive)
    client.world.wait()
    told = "... on TermsUpdated { program { id } }"
    new: dict[str, Any] = {
        "programId": cast.program,
        "terms": "Sell more honestly.",
        "disclosesAmounts": False,
    }
    client.do(cast.manager, "updateTerms", told, **new)
    (changed,) = items(client, cast.executive)
    client.do(cast.executive, "renewConsent", "", consentId=renewed)
    objection = client.do(
        cast.executive,
        "raiseObjection",
        "... on ObjectionRaised { objection { id } }",
        **cast.here,
        category="FAIRNESS",
        text="Only reps earn.",
    )["objection"]["id"]
    unanswered = kinds(client, cast.executive)
    answer = {"objectionId": objection, "answer": "Engineers do too."}
    client.do(cast.manager, "answerObjection", "", **answer)
    (answered,) = items(client, cast.executive)
    client.do(cast.executive, "resolveObjection", "", objectionId=objection)

    assert {"seenAt": None, "newItems": 0, "items": []} == empty
    assert ("CONSENT_REQUESTED", request, 1) == (
        waiting["kind"],
        waiting["request"]["id"],
        waiting["request"]["remindersSent"],
    )
    assert "Consent to Growth is asked for, reminded 1 time." == waiting["text"]
    assert [] == granted
    assert ("CONSENT_ENDING", consent, True) == (
        ending["kind"],
        ending["consent"]["id"],
        ending["consent"]["active"],
    )
    assert ("CONSENT_ENDED", consent) == (ended["kind"], ended["consent"]["id"])
    assert [] == quiet
    assert ("TERMS_CHANGED", renewed) == (changed["kind"], changed["consent"]["id"])
    assert [] == unanswered
    assert ("OBJECTION_ANSWERED", "Engineers do too.") == (
        answered["kind"],
        answered["objection"]["answer"],
    )
    assert [] == kinds(client, cast.executive)


def test_S21_a_rep_is_told_of_earnings_goals_expiry_consents_and_terms(client: Client) -> None:
    """From the answer to its request to points that expire."""
    cast = Cast(client)
    request = cast.ask(cast.rep)
    declined = {"consentRequestId": request, "reason": "Not this year."}
    client.do(cast.executive, "declineConsentRequest", "", **declined)
    (refused,) = items(client, cast.rep)
    client.world.wait(40)
    forgotten = kinds(client, cast.rep)
    consent = cast.grant()
    (granted,) = items(client, cast.rep)
    client.enroll(cast.rep, cast.partner, cast.program)
    goal: dict[str, Any] = {
        "goal": {"money": usd("50000.00")},
        "stretch": {"money": usd("50000.00")},
    }
    party = {"programId": cast.program, "partyId": cast.rep.id, "goalCode": "Y"}
    client.do(cast.manager, "setGoal", "", **party, **goal)
    client.world.wait()
    deal = client.register(cast.rep, cast.program)
    client.approve(cast.manager, deal)
    (earned,) = of_kind(client, cast.rep, "EARNING_AVAILABLE")
    client.win(cast.manager, deal, "45000.00")
    near = of_kind(client, cast.rep, "GOAL_NEAR")
    second = client.register(cast.rep, cast.program)
    client.win(cast.manager, second, "15000.00")
    (reached,) = of_kind(client, cast.rep, "GOAL_REACHED")
    client.world.wait()
    client.win(cast.manager, client.register(cast.rep, cast.program), "5000.00")
    (more,) = of_kind(client, cast.rep, "GOAL_REACHED")
    client.world.wait(31)
    later = kinds(client, cast.rep)
    new: dict[str, Any] = {
        "programId": cast.program,
        "terms": "Sell more honestly.",
        "disclosesAmounts": False,
    }
    client.do(cast.manager, "updateTerms", "", **new)
    (terms,) = of_kind(client, cast.rep, "TERMS_TO_ACCEPT")

    assert ("CONSENT_DECLINED", cast.program) == (refused["kind"], refused["program"]["id"])
    assert "Your executive has declined consent to Growth: Not this year." == refused["text"]
    assert [] == forgotten
    assert ("CONSENT_GRANTED", consent) == (granted["kind"], granted["consent"]["id"])
    assert ("150.00 USD became available.", "150.00") == (
        earned["text"],
        earned["amount"]["money"]["amount"],
    )
    assert earned["earning"]["id"]
    assert ["90.0"] == [one["goal"]["attainment"] for one in near]
    assert ("Y", "120.0") == (reached["goal"]["code"], reached["goal"]["attainment"])
    assert ("130.0", reached["since"]) == (more["goal"]["attainment"], more["since"])
    assert ["GOAL_REACHED"] == later
    assert cast.program == terms["program"]["id"]


def test_S21_a_rep_is_told_of_what_expires_and_of_disputes_that_are_answered(
    client: Client,
) -> None:
    """While they can still be used, and for a month."""
    rule = paying("points", {"flat": {"behavior": "DEAL_REGISTERED", "amount": "80"}})
    cast = Cast(client)
    program = create(client, cast.manager)
    rules = {"assetCode": "POINTS"}
    publish_plan(client, cast.manager, program, rule | rules, pointsExpireAfterMonths=1)
    client.consent(cast.executive, cast.partner, program)
    client.enroll(cast.rep, cast.partner, program)
    client.world.wait()
    client.approve(cast.manager, client.register(cast.rep, program))
    (expiring,) = of_kind(client, cast.rep, "EXPIRING_SOON") or [{}]
    client.world.wait(30)
    (soon,) = of_kind(client, cast.rep, "EXPIRING_SOON")
    found = client.query(
        cast.rep, "{ viewer { individual { earnings { edges { node { id } } } } } }"
    )["viewer"]["individual"]["earnings"]["edges"]
    opened = client.do(
        cast.rep,
        "openDispute",
        "... on DisputeOpened { dispute { id } }",
        earningId=found[0]["node"]["id"],
        reason="It was a larger deal.",
    )["dispute"]["id"]
    open_ = of_kind(client, cast.rep, "DISPUTE_ANSWERED")
    client.do(cast.manager, "rejectDispute", "", disputeId=opened, answer="It was not.")
    (answered,) = of_kind(client, cast.rep, "DISPUTE_ANSWERED")

    assert {} == expiring
    assert ("2026-03-01T00:00:00Z", 80) == (soon["expiresAt"], soon["amount"]["points"])
    assert "80 points expire on 2026-03-01: use them before." == soon["text"]
    assert [] == open_
    assert (opened, "REJECTED") == (answered["dispute"]["id"], answered["dispute"]["status"])
    assert "Your dispute is rejected: It was not." == answered["text"]


def test_S21_the_vendor_is_told_of_every_queue_and_of_budgets_that_are_low(
    client: Client,
) -> None:
    """Counted up to a page; other stories of the same store wait there too."""
    cast = Cast(client)
    manager, rep, partner, program = cast.manager, cast.rep, cast.partner, cast.program
    client.behavior(manager, "AUDITED", review=True)
    before = {one["kind"]: one for one in items(client, manager)}
    client.register(rep, program)
    claimed = client.claim(rep, program, "INV-1", behavior="AUDITED")
    cast.grant()
    client.enroll(rep, partner, program)
    client.world.wait()
    deal = client.register(rep, program, endCustomer="Acme")
    client.approve(manager, deal)
    extension = {"dealId": deal, "until": cast.in_days(120), "reason": "Slow."}
    client.do(rep, "requestExtension", "", **extension)
    client.do(rep, "requestPayout", "", amount={"money": usd("1.00")})
    wish: dict[str, Any] = {
        "partyId": rep.id,
        "programId": program,
        "amount": {"money": usd("1.00")},
    }
    client.do(manager, "proposeAdjustment", "", **wish, reason="A gift.")
    raise_ = {**cast.here, "category": "OTHER", "text": "No."}
    client.do(cast.executive, "raiseObjection", "", **raise_)
    earnings = "{ viewer { individual { earnings { edges { node { id } } } } } }"
    (edge,) = client.query(rep, earnings)["viewer"]["individual"]["earnings"]["edges"]
    client.do(rep, "openDispute", "", earningId=edge["node"]["id"], reason="More.")
    now = {one["kind"]: one for one in items(client, manager)}
    client.world.wait(31)
    later = {one["kind"]: one for one in items(client, manager)}

    assert "ClaimSubmitted" == claimed["__typename"]
    queues = {
        "CLAIMS_TO_REVIEW",
        "REGISTRATIONS_TO_DECIDE",
        "EXTENSIONS_TO_DECIDE",
        "DISPUTES_TO_ANSWER",
        "ADJUSTMENTS_TO_APPROVE",
        "OBJECTIONS_TO_ANSWER",
        "PAYOUTS_TO_BATCH",
    }
    assert queues <= set(now)
    for kind in queues:
        waited = before[kind]["count"] if kind in before else 0
        assert min(waited + 1, 20) == now[kind]["count"], kind
    assert "DISPUTES_OVERDUE" in later
    assert later["DISPUTES_OVERDUE"]["count"] >= 1


def test_a_queue_is_counted_up_to_a_page(quick_client: Client) -> None:
    """20 and more are 20+; what was decided is counted no more."""
    selling = Selling(quick_client, paying("deals", DOLLAR["mechanic"]))
    deals = [selling.register() for _ in range(21)]
    (many,) = of_kind(quick_client, selling.manager, "REGISTRATIONS_TO_DECIDE")
    for deal in deals[1:]:
        selling.do("approveDeal", dealId=deal)
    (one,) = of_kind(quick_client, selling.manager, "REGISTRATIONS_TO_DECIDE")

    assert (20, True, "20+ registrations wait for a decision.") == (
        many["count"],
        many["more"],
        many["text"],
    )
    assert (1, False, "1 registration waits for a decision.") == (
        one["count"],
        one["more"],
        one["text"],
    )


def test_S10_a_budget_that_is_low_is_told_until_it_is_funded(client: Client) -> None:
    """80 % used, and what is left; funded again, it is no item any more."""
    selling = Selling(
        client, paying("deals", {"flat": {"behavior": "DEAL_REGISTERED", "amount": "30000.00"}})
    )
    manager, program = selling.manager, selling.program

    def low() -> list[dict[str, Any]]:
        found = of_kind(client, manager, "BUDGET_LOW")
        return [one for one in found if one["program"]["id"] == program]

    for _ in range(2):
        selling.approved()
    enough = low()
    selling.approved()
    (told,) = low()
    client.do(manager, "fundProgram", "", programId=program, amount={"money": usd("100000.00")})

    assert [] == enough
    assert ("10000.00", "100000.00") == (
        told["left"]["money"]["amount"],
        told["funded"]["money"]["amount"],
    )
    assert "10000.00 of 100000.00 USD are left" in told["text"]
    assert [] == low()


def test_what_was_marked_as_seen_is_not_new_any_more(client: Client) -> None:
    """Up to an instant, never less than before; a later item is new again."""
    cast = Cast(client)
    cast.ask(cast.rep)
    asked = client.world.now
    first = inbox(client, cast.executive)
    marked = seen(client, cast.executive, first["items"][0]["since"])
    second = inbox(client, cast.executive)
    client.world.wait()
    cast.ask(cast.manager)
    third = inbox(client, cast.executive)
    less = seen(client, cast.executive, asked - timedelta(days=3))
    ahead = seen(client, cast.executive, client.world.now + timedelta(seconds=1))

    assert (None, 1, [True]) == (
        first["seenAt"],
        first["newItems"],
        [one["isNew"] for one in first["items"]],
    )
    instant = first["items"][0]["since"]
    assert instant == marked["seenAt"]
    assert (instant, 0) == (second["seenAt"], second["newItems"])
    assert (1, [True, False]) == (third["newItems"], [one["isNew"] for one in third["items"]])
    assert instant == less["seenAt"]
    assert ("InvalidInput", "upTo") == (ahead["__typename"], ahead["field"])


def test_an_inbox_is_its_owners_alone(quick_client: Client) -> None:
    """A colleague is told nothing of what another has earned, asked or was answered."""
    cast = Cast(quick_client)
    colleague = quick_client.person("SALES_REP", cast.partner)
    request = cast.ask(cast.rep)
    answer = {"consentRequestId": request, "reason": "Not this year."}
    quick_client.do(cast.executive, "declineConsentRequest", "", **answer)
    told = quick_client.query(cast.rep, INBOX)["viewer"]["inbox"]["items"]

    assert ["CONSENT_DECLINED"] == [one["kind"] for one in told]
    assert [] == kinds(quick_client, colleague)
    assert [] == kinds(quick_client, quick_client.person("SALES_REP", quick_client.partner()))
    assert split(request)[0] == "ConsentRequest"
