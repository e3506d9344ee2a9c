"""Who may read what: every field of every type as every role, held against the declarations.

The documents are made from the schema, so that a field is asked from the moment it is declared. The
world is the demo's. What nobody was shown a value of proves nothing: it is listed, with a reason.
"""

from collections import defaultdict
from collections.abc import Iterator

import pytest

from portal_api.domain.access import Audience
from portal_api.domain.partners import VENDOR_ROLES, Role
from tests.demo.telling import told
from tests.schema.matrix import Against, Walk
from tests.schema.matrix_demo import MATRIX, Cast, Seen, everything_at_once

_THREE = "An executive sees no total of fewer than three people, and no person's."
LESS = {
    "Activity.outcomes": "One's own, and none of colleagues who are paid for the same.",
    "CHANNEL_MANAGER: Query.personalData": "The person's own, and the administrator's.",
    "CHANNEL_MANAGER: Webhook": "Endpoints are the administrators'.",
    "Earning.explain.consent.individuals": "A person is told of itself, and not of who else.",
    "Earning.explain.inputs.counters": "A team's share tells nothing of the colleagues' sales.",
    "Earning.explain.inputs.deal": "A team's share tells nothing of a colleague's deal.",
    "Earning.explain.inputs.goal": "A team's share tells nothing of the colleagues' sales.",
    "Earning.explain.plan.rules": "A shadow rule is the vendor's.",
    "Earning.explain.words": "A team's share has fewer words for its members.",
    "PARTNER_EXECUTIVE: Query.exportActivities": "The vendor's; the type is of other exports, too.",
    "Partner.forgoneEarnings.amounts": _THREE,
    "Partner.goalTrees.individuals.goal.earnings": _THREE,
    "Partner.goalTrees.teams.goal.earnings": _THREE,
    "Partner.insights.breadth.behaviors": _THREE,
    "Partner.insights.durability.behaviors": _THREE,
    "Partner.insights.missing.behaviors": _THREE,
    "Partner.insights.pace": _THREE,
    "Partner.insights.scorecard.capacity": _THREE,
    "Partner.insights.scorecard.commitment": _THREE,
    "Partner.insights.scorecard.consumption": _THREE,
    "Partner.insights.scorecard.coverage.stages": _THREE,
    "Partner.salesProcess.steps.trend.count": _THREE,
    "Program.plan.rules": "A shadow rule is the vendor's.",
    "Program.plans.rules": "A shadow rule is the vendor's.",
    "Program.offer": "One's own company's or one's own: the vendor's people have none.",
    "Query.leaderboard": "For who is on it, and for the company's executives.",
    "SERVICE: AuditRecord": "The audit log is for people.",
    "SERVICE: Query.auditExport": "The audit log is for people.",
    "SERVICE: Query.dryRun": "An integration writes no drafts.",
    "SERVICE: Query.personalData": "The person's own, and the administrator's.",
    "SERVICE: Webhook": "Endpoints are the administrators'.",
    "Team.goals.earnings": _THREE,
}
"""What is not told to all for whom its type or field is declared, by a rule with own tests."""
UNREACHED = {
    "ImportProblem": "What an import answers: only mutations do.",
    "ImportReport": "What an import answers: only mutations do.",
    "RebateBaseline": "What its declaration answers: what counts is in the standings.",
}
"""Types that no query leads to."""
_SOUND = "A finding, which the ledger of the demo has none of."
_RULE = "No rule, segment or goal of the demo is like that."
_CONSENT = "No consent of these partners is like that, or was asked for like that."
_DRAFT = "The demo's draft is a good one, without a day or a value of points."
_COMPANY = "These companies have nothing of it."
_PREVIEW = "What these partners' executive previews brings nothing of it."
_PEOPLE = "Nobody has moved, left or withdrawn at these partners."
_TERMS = "The terms of the program that is asked about disclose nothing."
_REBATE = "The program that is asked about has no rebates."
_WEBHOOK = "The demo's endpoint is everybody's, enabled, and has its first secret."
_INBOX = "Nothing of it waits at the end of the demo."
_INSIGHT = "In the program that is asked about there is too little of it to tell."
UNTOLD = {
    "AuditRecord.partner": "What was recorded of these is of the vendor's own.",
    "AuditSubject.code": "What was recorded of these is of the vendor's own.",
    "BehaviorBreadth.flag": _INSIGHT,
    "Claim.deal": "No claim of the demo is about a deal.",
    "Consent.renews": _CONSENT,
    "Consent.revokedAt": _CONSENT,
    "Consent.teams": _CONSENT,
    "ConsentPreviewed.paidAfterwards": _PREVIEW,
    "ConsentPreviewed.refusal": _PREVIEW,
    "ConsentPreviewed.requestsAnswered": _PREVIEW,
    "ConsentRequest.teams": _CONSENT,
    "DisclosedAmounts": _TERMS,
    "EarlierEnrollment": _PEOPLE,
    "Employment.employedTo": _PEOPLE,
    "Enrollment.earlier": _PEOPLE,
    "Enrollment.withdrawnAt": _PEOPLE,
    "FastCloseMechanic": _RULE,
    "FormerIndividual": _PEOPLE,
    "Inbox.seenAt": _INBOX,
    "InboxProgram": _INBOX,
    "LedgerEntry.adjustment": "On no first page of entries.",
    "LedgerExportPage.next": "A wallet of the demo fits into one page.",
    "LedgerFinding": _SOUND,
    "LedgerVerification.findings": _SOUND,
    "Limit.amount": _RULE,
    "Objection.resolvedAt": "The demo's objection is not resolved.",
    "Partner.adjustments": _COMPANY,
    "Partner.balancesAsOf": _COMPANY,
    "Partner.disclosedAmounts": _TERMS,
    "Partner.disputes": _COMPANY,
    "Partner.externalId": _COMPANY,
    "Partner.formerIndividuals": _PEOPLE,
    "Partner.payouts": _COMPANY,
    "Partner.walletClosedAt": _COMPANY,
    "PartnerPace.ratio": _INSIGHT,
    "PayoutBatch.requestedBefore": "No batch of the demo has a last day.",
    "PlanDraft.effectiveFrom": _DRAFT,
    "PlanDraft.pointValue": _DRAFT,
    "PlanDraft.problems": _DRAFT,
    "PlanDraft.warnings": _DRAFT,
    "ProgramInsights.unconverted": "Every sale of the demo has a rate.",
    "Proof.serials": "The demo's claims have invoices.",
    "RebateEligibility.standings": _REBATE,
    "RebateParticipation.consent": _REBATE,
    "RebateParticipation.program": _REBATE,
    "RebateParticipation.since": _REBATE,
    "RebateStanding": _REBATE,
    "TaxYear.forStaff": _COMPANY,
    "TaxYear.toCompany": "Nobody of these partners has earned for the company.",
    "Viewer.individuals": "It was not asked for a name.",
    "WebhookEndpoint.deletedAt": _WEBHOOK,
    "WebhookEndpoint.disabledBecause": _WEBHOOK,
    "WebhookEndpoint.earlierSecretUntil": _WEBHOOK,
    "WebhookEndpoint.partner": _WEBHOOK,
}
"""Fields, and whole types, that were empty for everybody: they prove nothing."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    """Give what everybody was told of everything."""
    for demo in told(tmp_path_factory.mktemp("matrix") / "demo.sqlite"):
        found = Seen(Cast(demo))
        with everything_at_once():
            found.nodes()
            found.root()
        yield found


def test_every_role_asks_at_home_and_abroad(seen: Seen) -> None:
    """Otherwise a role's column would be empty."""
    homes: dict[str | None, set[Role]] = defaultdict(set)
    for one in seen.cast.people:
        homes[one.partner_id].add(one.role)
    assert set(VENDOR_ROLES) == homes.pop(None)
    assert len(homes) > 1
    assert set(Role) - VENDOR_ROLES == set().union(*homes.values())


def test_nobody_is_shown_what_is_not_declared_for_them(seen: Seen) -> None:
    """Neither a record, nor a field, nor a link to what one may not see."""
    assert set() == seen.shown


def test_everybody_is_told_all_that_is_declared_for_them(seen: Seen) -> None:
    """But for what a rule of its own keeps back: a declaration that nobody honors is none."""
    unexplained = {path for path in seen.missing if not any(one in path for one in LESS)}
    assert set() == unexplained


def test_every_type_is_reached_by_queries() -> None:
    """What is not is listed, and nothing else is."""
    assert set(UNREACHED) == {kind.name for kind in MATRIX.types()} - MATRIX.reached()


def test_every_field_had_a_value_for_somebody(seen: Seen) -> None:
    """What had none is listed, and nothing else: a field that is null for all is hidden from none.

    Whatever gets a value in the demo leaves the list.
    """
    told = {kind for kind, _ in seen.asked}
    untold = {kind.name for kind in MATRIX.types()} - told - UNREACHED.keys()
    untold |= {".".join(place) for place in seen.asked - seen.valued}
    assert sorted(UNTOLD) == sorted(untold)


def test_the_walk_finds_what_is_shown_and_what_is_missing() -> None:
    """The control: a colleague's e-mail address, and a rep who is not told its own."""
    told = {"__typename": "Individual", "id": "i", "name": "Mara", "email": "m@partner.example"}
    colleague, owner = (
        frozenset({Audience.ANYONE, Audience.COLLEAGUE, one})
        for one in (Audience.COLLEAGUE, Audience.OWNER)
    )
    walk = Walk(MATRIX)
    walk.of(told, colleague, "Individual")
    against = Against(MATRIX, owner, lambda *_: True)

    assert ["Individual.email"] == walk.shown
    assert ["Individual.email"] == list(against.missing(told | {"email": None}, told, "Individual"))
