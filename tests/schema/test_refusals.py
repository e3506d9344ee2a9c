"""Every refusal reaches the client as a typed member of its union, with what it needs to act."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
from graphql import GraphQLUnionType

from portal_api.domain import errors
from portal_api.domain.errors import Refusal
from portal_api.domain.leaderboards import BOARD_MAX
from portal_api.domain.writes import Enlist
from portal_api.schema import build_schema
from portal_api.schema.ids import encoded, split
from tests.schema.client import Client, Person, usd

Case = tuple[str, dict[str, Any]]


def _cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """A refusal and the answer of a mutation that must be it, for each refusal of the tree."""
    manager = client.person("CHANNEL_MANAGER")
    partner, wide = client.partner("VAR"), client.partner("DMR")
    executive, rep = (
        client.person("PARTNER_EXECUTIVE", partner),
        client.person("SALES_REP", partner),
    )
    wide_executive, wide_rep = (
        client.person("PARTNER_EXECUTIVE", wide),
        client.person("SALES_REP", wide),
    )
    program = client.program(manager)
    narrow = client.program(manager, segment={"tiers": ["PLATINUM"]})

    def do(who: Person, mutation: str, **given: Any) -> dict[str, Any]:
        return client.do(who, mutation, "", **given)

    def ask(who: Person, at: str, *people: Person) -> dict[str, Any]:
        ids = [person.id for person in people]
        return do(who, "requestConsent", partnerId=at, programId=program, individualIds=ids)

    yield errors.SelfStartNotAllowed, ask(wide_rep, wide)
    yield errors.CompanyWideConsentRequired, client.consent(wide_executive, wide, program, wide_rep)
    yield errors.CompanyWideConsentRequired, ask(manager, wide, wide_rep)
    ask(rep, partner)
    yield errors.ConsentAlreadyRequested, ask(rep, partner)
    yield errors.NotFound, client.consent(wide_executive, partner, program)
    yield errors.NotPermitted, client.consent(rep, partner, program)
    granted = client.consent(executive, partner, program)["consent"]["id"]
    do(executive, "revokeConsent", consentId=granted)
    yield errors.ConsentNotActive, do(executive, "revokeConsent", consentId=granted)
    yield errors.NotEligible, client.enroll(rep, partner, narrow)
    yield errors.NotEnrolled, do(rep, "endEnrollment", partnerId=partner, programId=program)
    client.enroll(rep, partner, program)
    yield errors.AlreadyEnrolled, client.enroll(rep, partner, program)
    deal = {
        "programId": program,
        "product": "Firewall",
        "amount": usd("10.00"),
        "reference": "CRM-1",
    }
    again = client.request_id()
    do(rep, "registerDeal", again=again, **deal)
    yield errors.ReferenceAlreadyUsed, do(rep, "registerDeal", **deal)
    yield (
        errors.IdempotencyConflict,
        do(rep, "registerDeal", again=again, **deal | {"product": "Other"}),
    )
    yield errors.InvalidInput, do(rep, "registerDeal", **deal | {"amount": usd("10.001")})
    approved = client.register(rep, program)
    client.approve(manager, approved)
    yield errors.RegistrationDecided, client.approve(manager, approved)
    client.win(manager, approved)
    yield errors.DealNotOpen, client.win(manager, approved)
    client.behavior(manager, "AUDITED", review=True)
    yield errors.ReviewRequired, client.record(rep, rep, program, "claim-1", behavior="AUDITED")
    empty = {"programId": program, "rules": []}
    yield errors.PlanNotPublishable, do(manager, "publishPlan", **empty)
    yield errors.PlanAlreadyPublished, do(manager, "draftPlan", **empty, number=1)
    client.consent(executive, partner, program)
    client.world.wait()
    client.approve(manager, client.register(rep, program))
    amount = {"money": usd("150.01")}
    yield errors.InsufficientBalance, do(rep, "requestPayout", amount=amount)
    held = client.do(
        rep,
        "requestPayout",
        "... on PayoutRequested { payout { id } }",
        amount={"money": usd("1.00")},
    )
    payout = {"payoutId": held["payout"]["id"], "paid": True, "reference": "SEPA-1"}
    do(manager, "resolvePayout", **payout)
    yield errors.PayoutNotOpen, do(manager, "resolvePayout", **payout)


def _payout_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of payouts that need no money."""
    manager, rep = client.person("CHANNEL_MANAGER"), client.person("SALES_REP", client.partner())
    yield errors.NoOpenPayouts, client.do(manager, "createPayoutBatch", "", assetCode="USD")
    amount: dict[str, Any] = {"money": usd("50.00")}
    client.do(manager, "setPayoutMinimum", "", minimum=amount)
    little: dict[str, Any] = {"money": usd("49.99")}
    yield errors.BelowMinimumPayout, client.do(rep, "requestPayout", "", amount=little)


def _request_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, of a request that was answered, and of a consent that looks back."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    executive = client.person("PARTNER_EXECUTIVE", partner)
    at = {"partnerId": partner, "programId": client.program(manager)}
    told = "... on ConsentRequested { consentRequest { id } }"
    asked = client.do(manager, "requestConsent", told, **at)["consentRequest"]["id"]
    client.do(manager, "withdrawConsentRequest", "", consentRequestId=asked)
    declined = {"consentRequestId": asked, "reason": "No."}
    answer = client.do(executive, "declineConsentRequest", "", **declined)
    yield errors.ConsentRequestAnswered, answer
    since = client.world.now.isoformat()
    yield errors.NotRetroactive, client.do(executive, "grantConsent", "", **at, coversFrom=since)


def _goal_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, a rep's goal that does not sum up to its team's."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    rep, program = client.person("SALES_REP", partner), client.program(manager)
    found = client.query(rep, "{ viewer { individual { team { id } } } }")
    team = found["viewer"]["individual"]["team"]["id"]
    wish: dict[str, Any] = {
        "programId": program,
        "goalCode": "Y",
        "stretch": {"money": usd("9.00")},
    }
    client.do(manager, "setGoal", "", partyId=team, goal={"money": usd("9.00")}, **wish)
    refused = client.do(manager, "setGoal", "", partyId=rep.id, goal={"money": usd("8.00")}, **wish)
    yield errors.GoalsDoNotAddUp, refused


def _deal_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of deals on their way."""
    manager = client.person("CHANNEL_MANAGER")
    rep = client.person("SALES_REP", client.partner())
    program = client.program(manager)
    deal = client.register(rep, program, endCustomer="Acme")
    paid = client.approve(manager, deal)["activity"]["id"]
    second = {"programId": program, "endCustomer": "ACME", "product": "Firewall"}
    conflicting: dict[str, Any] = {**second, "amount": usd("1.00")}
    yield errors.DealConflict, client.do(rep, "registerDeal", "", **conflicting)
    yield errors.NothingWithheld, client.do(manager, "retryWithheld", "", activityId=paid)
    yield errors.DealNotClosed, client.do(manager, "returnDeal", "", dealId=deal)
    yield errors.DealNotClosed, client.do(manager, "reopenDeal", "", dealId=deal)
    yield errors.ExtensionNotRequested, client.do(manager, "approveExtension", "", dealId=deal)
    yield errors.ExtensionNotRequested, client.do(manager, "declineExtension", "", dealId=deal)
    until = (client.world.now + timedelta(days=200)).isoformat()
    wish: dict[str, Any] = {"until": until, "reason": "Slow."}
    waiting = client.register(rep, program)
    yield (
        errors.InvalidInput,
        client.do(rep, "requestExtension", "", dealId=waiting, **wish),
    )
    client.do(manager, "loseDeal", "", dealId=waiting)
    for mutation, given in (
        ("requestExtension", wish),
        ("changeDealAmount", {"amount": usd("1.00")}),
        ("creditDeal", {"credits": []}),
        ("approveDeal", {}),
        ("rejectDeal", {"reason": "Lost."}),
    ):
        who = rep if mutation == "requestExtension" else manager
        yield errors.DealNotOpen, client.do(who, mutation, "", dealId=waiting, **given)


def _claim_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of claims."""
    manager = client.person("CHANNEL_MANAGER")
    rep = client.person("SALES_REP", client.partner())
    program = client.program(manager)
    client.behavior(manager, "AUDITED", review=True, claimWithinDays=1)
    wish: dict[str, Any] = {"programId": program, "behavior": "AUDITED"}
    wish["proof"] = {"invoice": "INV-1"}
    late = (client.world.now - timedelta(days=2)).isoformat()
    yield errors.ClaimTooLate, client.do(rep, "submitClaim", "", **wish, occurredAt=late)
    told = "... on ClaimSubmitted { claim { id } }"
    claimed = client.do(manager, "submitClaim", told, **wish, individualId=rep.id)
    decision = {"claimId": claimed["claim"]["id"]}
    yield errors.EvidenceAlreadyUsed, client.do(rep, "submitClaim", "", **wish)
    yield errors.OwnClaim, client.do(manager, "approveClaim", "", **decision)
    client.do(client.admin, "approveClaim", "", **decision)
    yield errors.ClaimDecided, client.do(client.admin, "approveClaim", "", **decision)


def _correction_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of corrections by hand and of disputes."""
    manager, second = client.person("CHANNEL_MANAGER"), client.person("CHANNEL_MANAGER")
    partner = client.partner()
    executive = client.person("PARTNER_EXECUTIVE", partner)
    rep, other = (client.person("SALES_REP", partner) for _ in range(2))
    program = client.program(manager)
    client.consent(executive, partner, program, rep)
    client.enroll(rep, partner, program)
    client.world.wait()
    for _ in range(2):
        client.approve(manager, client.register(rep, program))
    edges = "{ viewer { individual { earnings { edges { node { id } } } } } }"
    found = client.query(rep, edges)["viewer"]["individual"]["earnings"]["edges"]
    earning, late = (edge["node"]["id"] for edge in found)
    wish: dict[str, Any] = {"earningId": earning, "reason": "A mistake."}
    too_much = wish | {"amount": {"money": usd("150.01")}}
    yield errors.ExceedsEarning, client.do(manager, "reverseEarning", "", **too_much)
    yield errors.WalletNotEmpty, client.do(client.admin, "closeWallet", "", **_of(rep.id))
    told = "... on AdjustmentProposed { adjustment { id } }"

    def propose(amount: str, party: str) -> dict[str, Any]:
        given: dict[str, Any] = {"programId": program, "amount": {"money": usd(amount)}}
        given |= _of(party)
        answer = client.do(manager, "proposeAdjustment", told, **given)
        return {"adjustmentId": answer["adjustment"]["id"]}

    proposed = propose("1.00", rep.id)
    yield errors.SecondPersonRequired, client.do(manager, "approveAdjustment", "", **proposed)
    client.do(second, "approveAdjustment", "", **proposed)
    yield errors.AdjustmentDecided, client.do(second, "approveAdjustment", "", **proposed)
    too_large = propose("1000000.00", rep.id)
    yield errors.BudgetExhausted, client.do(second, "approveAdjustment", "", **too_large)
    unconsented = propose("1.00", other.id)
    yield errors.NotEligible, client.do(second, "approveAdjustment", "", **unconsented)
    client.do(client.admin, "closeWallet", "", **_of(other.id))
    yield errors.AccountClosed, client.do(client.admin, "closeWallet", "", **_of(other.id))
    opened = client.do(rep, "openDispute", "... on DisputeOpened { dispute { id } }", **wish)
    yield errors.AlreadyDisputed, client.do(rep, "openDispute", "", **wish)
    answer = {"disputeId": opened["dispute"]["id"], "answer": "No."}
    client.do(manager, "rejectDispute", "", **answer)
    yield errors.DisputeNotOpen, client.do(manager, "rejectDispute", "", **answer)
    objection = {"partnerId": partner, "programId": program, "category": "OTHER", "text": "No."}
    told = "... on ObjectionRaised { objection { id } }"
    told_of = client.do(executive, "raiseObjection", told, **objection)["objection"]["id"]
    client.do(executive, "resolveObjection", "", objectionId=told_of)
    answer = {"objectionId": told_of, "answer": "No."}
    yield errors.ObjectionNotOpen, client.do(manager, "answerObjection", "", **answer)
    client.world.wait(100)
    yield errors.DisputeTooLate, client.do(rep, "openDispute", "", **wish | {"earningId": late})


def _obstacle_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusal of a report that is closed."""
    manager, partner = client.person("CHANNEL_MANAGER"), client.partner()
    rep, program = client.person("SALES_REP", partner), client.program(manager)
    wish = {"partnerId": partner, "programId": program, "behavior": "DEAL_SUBMITTED"}
    wish |= {"kind": "FRICTION", "text": "Slow."}
    told = "... on ObstacleReported { report { id } }"
    report = client.do(rep, "reportObstacle", told, **wish)["report"]["id"]
    yield errors.ObstacleAlreadyReported, client.do(rep, "reportObstacle", "", **wish)
    close = {"obstacleReportId": report, "answer": "Fast."}
    client.do(manager, "closeObstacle", "", **close)
    yield errors.ObstacleNotOpen, client.do(manager, "closeObstacle", "", **close)


def _board_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of a name, and of a board that as many have joined as it takes."""
    partner = client.partner()
    rep, other = (client.person("SALES_REP", partner) for _ in range(2))
    program = client.program(client.person("CHANNEL_MANAGER"))
    for person in (rep, other):
        client.enroll(person, partner, program)
    taken = {"programId": program, "displayName": "Otter"}
    client.do(other, "joinLeaderboard", "", **taken)
    yield errors.DisplayNameTaken, client.do(rep, "joinLeaderboard", "", **taken)
    board = f"{split(program)[1]}.leaderboard"
    for tens in range(BOARD_MAX // 100):
        hundred = [f"{tens}{number:02}" for number in range(100)]
        client.world.store.commit([Enlist(board, one, f"ptn-0.{one}.prg-0") for one in hundred])
    wish = {"programId": program, "displayName": "Lynx"}
    yield errors.LeaderboardFull, client.do(rep, "joinLeaderboard", "", **wish)


def _people_cases(client: Client) -> Iterator[tuple[type[Refusal], dict[str, Any]]]:
    """Likewise, the refusals of leaving and of being erased."""
    wish = {"individualId": client.person("SALES_REP", client.partner()).id}
    yield errors.ErasureNotPossible, client.do(client.admin, "eraseIndividual", "", **wish)
    client.do(client.admin, "endEmployment", "", **wish)
    yield errors.NotEmployed, client.do(client.admin, "endEmployment", "", **wish)
    client.do(client.admin, "eraseIndividual", "", **wish)
    for again in ("eraseIndividual", "reinstateIndividual", "suspendIndividual"):
        yield errors.AlreadyErased, client.do(client.admin, again, "", **wish)


def _of(party: str) -> dict[str, str]:
    return {"partyId": party, "reason": "Gone."}


def test_every_refusal_is_a_union_member_that_a_client_sees(quick_client: Client) -> None:
    """A refusal that its union does not name would be an unexpected error: none is."""
    seen = set()
    for refusal, answer in chain(
        _cases(quick_client),
        _deal_cases(quick_client),
        _request_cases(quick_client),
        _goal_cases(quick_client),
        _claim_cases(quick_client),
        _payout_cases(quick_client),
        _correction_cases(quick_client),
        _obstacle_cases(quick_client),
        _people_cases(quick_client),
        _board_cases(quick_client),
    ):
        assert refusal.__name__ == answer["__typename"], answer
        assert answer["message"]
        assert answer["code"] == answer["code"].upper()
        seen.add(refusal)
    tree = {
        cls
        for cls in vars(errors).values()
        if isinstance(cls, type) and issubclass(cls, Refusal) and cls is not Refusal
    }
    assert tree == seen


@pytest.mark.parametrize(
    "name", ["InvalidInput", "NotFound", "NotPermitted", "IdempotencyConflict"]
)
def test_what_every_mutation_can_be_refused_for_is_in_every_union(name: str) -> None:
    """A client handles these four once, for all mutations."""
    mutation = build_schema()._schema.mutation_type
    assert mutation is not None
    for field in mutation.fields.values():
        union = field.type.of_type
        assert isinstance(union, GraphQLUnionType)
        assert name in {member.name for member in union.types}, union.name


@pytest.mark.parametrize(
    "bad", ["", "nonsense", "RGVhbDo=", encoded("Partner", "ptn-1"), "x" * 900]
)
def test_an_id_that_is_no_id_of_its_kind_is_invalid_input(quick_client: Client, bad: str) -> None:
    """The field is named, nothing is looked up, and the request id is not burnt."""
    manager = quick_client.person("CHANNEL_MANAGER")
    answer = quick_client.do(manager, "approveDeal", "... on InvalidInput { field }", dealId=bad)
    assert ("InvalidInput", "dealId") == (answer["__typename"], answer["field"])


@pytest.mark.parametrize("amount", ["NaN", "1e3", "Infinity", "", " 1", "1.2.3", "٣", "1" * 40])
def test_an_amount_that_is_no_decimal_is_refused_before_any_resolver(
    quick_client: Client, amount: str
) -> None:
    """A Decimal is digits with at most one point; the document is refused as a whole."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    wish = {"requestId": "decimal-test", "amount": {"money": usd(amount)}}
    document = (
        "mutation($input: RequestPayoutInput!) { requestPayout(input: $input) { __typename } }"
    )
    answer = quick_client.answer(rep, document, input=wish)
    assert 1 == len(answer["errors"])
    assert "BAD_REQUEST" == answer["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "10000000000.01"])
def test_an_amount_that_cannot_be_paid_is_invalid_input(quick_client: Client, amount: str) -> None:
    """Zero, less, finer than the currency, or beyond the largest transfer."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    answer = quick_client.do(rep, "requestPayout", "", amount={"money": usd(amount)})
    assert "InvalidInput" == answer["__typename"]


@pytest.mark.parametrize("request_id", ["", "short", "x" * 101, "naïve-request", "a\nb-request"])
def test_a_request_id_that_cannot_be_one_is_invalid_input(
    quick_client: Client, request_id: str
) -> None:
    """8 to 100 printable ASCII characters."""
    rep = quick_client.person("SALES_REP", quick_client.partner())
    wish = {"requestId": request_id, "amount": {"points": 1}}
    document = (
        "mutation($input: RequestPayoutInput!) { requestPayout(input: $input)"
        " { __typename ... on InvalidInput { field } } }"
    )
    answer = quick_client.query(rep, document, input=wish)["requestPayout"]
    assert {"__typename": "InvalidInput", "field": "requestId"} == answer
