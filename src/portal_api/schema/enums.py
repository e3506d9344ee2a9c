"""The domain's enums as the schema shows them: the same classes, told to Strawberry."""

from enum import StrEnum

from portal_api.domain.activities import FiveC, OutcomeStatus, ProcessStage, WithheldReason
from portal_api.domain.adjustments import AdjustmentStatus
from portal_api.domain.batches import BatchStatus
from portal_api.domain.claims import ClaimStatus, EvidenceKind, RejectionCode
from portal_api.domain.consent import ConsentRequestStatus, ConsentScope
from portal_api.domain.deals import DealStage, RegistrationStatus
from portal_api.domain.disputes import DisputeStatus
from portal_api.domain.earnings import CorrectionKind, EarningStatus
from portal_api.domain.goals import Level, Measure
from portal_api.domain.holdings import Payee
from portal_api.domain.import_files import ProblemCode as ImportProblemCode
from portal_api.domain.ledger import JournalKind
from portal_api.domain.partners import ParticipationPolicy, PartnerType, PersonStatus, Role, Tier
from portal_api.domain.payouts import PayoutStatus
from portal_api.domain.plan_checks import PlanWarningCode
from portal_api.domain.plans import Period
from portal_api.domain.programs import IncentiveClass
from portal_api.schema.describing import described as _shown

__all__ = [
    "AdjustmentStatus",
    "BatchStatus",
    "ClaimStatus",
    "ConsentRequestStatus",
    "ConsentScope",
    "CorrectionKind",
    "DealStage",
    "DisputeStatus",
    "EarningStatus",
    "EvidenceKind",
    "FiveC",
    "ImportProblemCode",
    "IncentiveClass",
    "JournalKind",
    "LedgerAccount",
    "Level",
    "Measure",
    "OutcomeStatus",
    "ParticipationPolicy",
    "PartnerType",
    "Payee",
    "PayoutStatus",
    "Period",
    "PersonStatus",
    "PlanStatus",
    "PlanWarningCode",
    "ProcessStage",
    "RegistrationStatus",
    "RejectionCode",
    "Role",
    "StatementStatus",
    "Tier",
    "WithheldReason",
]


class PlanStatus(StrEnum):
    """Where a version of a plan stands."""

    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    SUPERSEDED = "SUPERSEDED"


class StatementStatus(StrEnum):
    """Whether a month's statement can still change."""

    OPEN = "OPEN"
    FROZEN = "FROZEN"


class LedgerAccount(StrEnum):
    """Where a transfer takes from, or puts to."""

    PENDING = "PENDING"
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    OWED = "OWED"
    BUDGET = "BUDGET"
    FUNDING = "FUNDING"
    PAID = "PAID"
    EXPIRED = "EXPIRED"


_shown(
    PartnerType,
    "How a partner sells; each type has a participation policy.",
    DMR="A direct marketer, by catalogue and web. Takes part company-wide by default.",
    LAR="A large account reseller. Takes part company-wide by default.",
    VOLUME_RESELLER="Sells licences and goods in volume. Takes part selectively by default.",
    VAR="A value-added reseller. Takes part selectively by default.",
    SYSTEMS_INTEGRATOR="Builds whole systems for its customers. Takes part selectively by default.",
    MSP="A managed service provider. Takes part selectively by default.",
    DISTRIBUTOR="Sells to other partners. Takes part selectively by default.",
)
_shown(
    ParticipationPolicy,
    "What a partner's type says of consent.",
    COMPANY_WIDE="One consent for the whole company or none, never started by a rep.",
    SELECTIVE="Also person by person; a rep may ask for itself.",
)
_shown(
    Tier,
    "A partner's earned standing, lowest first.",
    BRONZE="The first standing.",
    SILVER="Above bronze.",
    GOLD="Above silver.",
    PLATINUM="The highest standing.",
)
_shown(
    Role,
    "What a person does, at a partner or at the vendor.",
    SALES_REP="Sells at a partner, and earns.",
    SALES_ENGINEER="Supports sales at a partner with technical work, and earns.",
    MARKETER="Makes demand at a partner, and earns.",
    PARTNER_EXECUTIVE="Leads a partner: gives and revokes its consent, and earns nothing itself.",
    CHANNEL_MANAGER="The vendor's: runs programs, decides registrations, pays out.",
    ADMIN="The vendor's administrator: as a channel manager, and for the vendor's own people.",
    SERVICE="An integration of the vendor, such as a CRM or a learning system.",
)
_shown(
    PersonStatus,
    "Whether a person may act.",
    ACTIVE="May act as its role says.",
    SUSPENDED="Every request is refused; what was earned stays.",
    ERASED="Has left, and its name and address were erased: nothing about it changes any more.",
)
_shown(
    ConsentRequestStatus,
    "What became of a request for consent.",
    PENDING="It waits for the executive, who is reminded of it.",
    GRANTED="A consent grants all that it asked for.",
    DECLINED="The executive said no, with a reason.",
    WITHDRAWN="Whoever asked, or the vendor, took it back.",
    EXPIRED="Nobody answered in time.",
)
_shown(
    ConsentScope,
    "Whom a consent covers.",
    COMPANY="Everybody of the company who enrolls.",
    TEAMS="Everybody of the teams that it names who enrolls.",
    INDIVIDUALS="The individuals that it names.",
)
_shown(
    RegistrationStatus,
    "Where the request to have a deal recognized stands.",
    SUBMITTED="Waits for the vendor.",
    APPROVED="Recognized: the deal is registered.",
    REJECTED="Not recognized; the deal says why.",
    EXPIRED="Recognized before, and not closed while it was protected; it can still be won.",
)
_shown(
    DealStage,
    "How the opportunity itself goes.",
    OPEN="Not decided yet.",
    WON="Sold, at its final amount.",
    LOST="Not sold.",
    RETURNED="Sold, and given back by the customer: what the sale paid is taken back.",
)
_shown(
    ProcessStage,
    "The step of the sales process that a behavior belongs to.",
    DEMAND_GENERATION="Making demand, such as campaigns and events.",
    LEAD_MANAGEMENT="Following up on leads.",
    OPPORTUNITY_MANAGEMENT="Working on opportunities, such as appointments and proofs of concept.",
    DEAL_REGISTRATION="Having a deal recognized before it is closed.",
    CLOSING="Winning or losing it.",
    ENABLEMENT="Becoming able to sell, such as trainings and certificates.",
)
_shown(
    FiveC,
    "What a behavior adds to: one of the five C's of a partner's worth.",
    CONTRIBUTION="Won revenue.",
    CAPACITY="Active and certified people.",
    COVERAGE="Process stages, regions and products with activity.",
    COMMITMENT="Steadiness, and sales that were registered before.",
    CONSUMPTION="What customers take up, such as renewals and trainings.",
)
_shown(
    OutcomeStatus,
    "What a rule made of an activity.",
    AWARDED="It paid: there is an earning, which its rule may hold for some days.",
    PENDING="It paid: there is an earning, and it is available once its deal is won.",
    RELEASED="An earning that was pending is available now, or once its hold has ended.",
    CANCELLED="An earning that was pending is nothing now.",
    WITHHELD="It would have paid, and did not for the reason given.",
    TAKEN_BACK="It took back an earlier earning, in full or in part.",
    SHARED="A team's: it is divided among the team's enrolled members, one after another.",
    SHADOW="A shadow rule: what it would have paid. Nothing was paid.",
)
_shown(
    WithheldReason,
    "Why a rule that would have paid did not, in the order in which it is looked for.",
    OUT_OF_WINDOW="The activity occurred outside the program's window or before its first plan.",
    OUT_OF_SEGMENT="Partner, tier, region or role is not whom program or rule are for.",
    NOT_EMPLOYED="The person had left the partner.",
    NO_CONSENT="No consent of the partner's executive covers the person and the instant.",
    NOT_ENROLLED="The person had not accepted the program's terms.",
    NO_PARTICIPATION="A rebate's: the company took no part, as a whole, in the program required.",
    LIMIT_REACHED="The rule has paid this recipient what it pays at most in the period.",
    CAP_REACHED="The consent that covers it has let through what it lets through at most.",
    ACCOUNT_CLOSED="The wallet that it would be paid to is closed.",
    BUDGET_EXHAUSTED="The program's budget does not cover the whole amount; none is paid in part.",
)
_shown(
    Level,
    "For whom a goal counts, and to whom a rule pays.",
    PARTNER="The company.",
    TEAM="A team of it.",
    INDIVIDUAL="A person.",
)
_shown(
    Measure,
    "What a goal counts.",
    WON_REVENUE="Final amounts of won deals, in the program's currency.",
    DEALS_REGISTERED="Approved registrations.",
    BEHAVIOR_COUNT="Activities of the goal's behavior.",
    CERTIFIED_PEOPLE="People who have done the goal's behavior, each once: for the team that it was"
    " in when it did what was recorded first. A person's own progress is 0 or 1.",
)
_shown(
    EarningStatus,
    "Where an earning stands.",
    PENDING="Earned, and available once its deal is won and its hold has ended.",
    AVAILABLE="Earned, and there to be paid out; it may have been taken back in part.",
    PAID="It has left the wallet: paid out, or set off against what was owed.",
    EXPIRED="What was left of it was not used in time.",
    ENDED="It could be used until more than three years ago: it was paid out or has expired, which"
    " its wallet no longer keeps; the entries of its months tell.",
    CANCELLED="It was pending, and its deal was not won, or not in time.",
    REVERSED="All of it was taken back.",
)
_shown(
    Payee,
    "To whom the money of an earning is sent; chosen at consent, and never afterwards.",
    INDIVIDUAL="The person who earned it.",
    PARTNER="The company that the person earned it at.",
)
_shown(
    JournalKind,
    "What caused an entry of a wallet's ledger.",
    FUNDING="A program's budget was funded.",
    REWARD="An activity was judged: earned, released by its deal, or taken back.",
    RELEASE="The hold of an earning has ended.",
    EXPIRY="Points were not used in time.",
    REVERSAL="Somebody undid an earning, or a part of it.",
    ADJUSTMENT="A correction by hand, with a reason and a second person's approval.",
    PAYOUT_HELD="A payout was asked for: its amount is set aside.",
    PAYOUT_SETTLED="A payout was paid.",
    PAYOUT_RELEASED="A payout failed: its amount is available again.",
)
_shown(
    StatementStatus,
    "Whether a month's statement can still change.",
    OPEN="The month is running, or has ended less than an hour ago: what was recorded at its end"
    " may still come in.",
    FROZEN="The month has ended and never changes: later corrections are entries of the month that"
    " runs then. That is at the latest an hour after its end.",
)
_shown(
    LedgerAccount,
    "Where a transfer takes from, or puts to: four accounts are the wallet's own.",
    PENDING="The wallet's: earned, not available yet.",
    AVAILABLE="The wallet's: can be paid out.",
    HELD="The wallet's: set aside for a payout.",
    OWED="The wallet's: what it owes, and repays from what is earned next.",
    BUDGET="A program's budget.",
    FUNDING="The vendor's money, from which budgets are funded.",
    PAID="What has been paid out.",
    EXPIRED="What was not used in time.",
)
_shown(
    CorrectionKind,
    "How somebody at the vendor corrected an earning.",
    REVERSAL="It was taken back, in full or in part.",
    ADJUSTMENT="An amount was added or taken by hand, and a second person approved it.",
)
_shown(
    AdjustmentStatus,
    "Where an adjustment stands.",
    PROPOSED="Waits for a second person.",
    APPROVED="Posted.",
    REJECTED="Not posted.",
)
_shown(
    DisputeStatus,
    "Where the dispute of an earning stands.",
    OPEN="Waits for an answer.",
    ACCEPTED="The vendor agrees: an adjustment is proposed, and posted once it is approved.",
    REJECTED="The vendor does not agree, and says why.",
)
_shown(
    PayoutStatus,
    "Where a payout stands.",
    REQUESTED="Asked for: the amount is held. Whoever asked can cancel it.",
    BATCHED="In a batch, on its way to the bank: the amount is held.",
    SETTLED="Paid, under its reference.",
    FAILED="Not paid: the amount is available again.",
    CANCELLED="Taken back by whoever asked: the amount is available again.",
)
_shown(
    BatchStatus,
    "Where a batch of payouts stands.",
    GATHERING="Open payouts are still being added.",
    READY="Complete, and some of its payouts wait for the bank.",
    CLOSED="Every payout in it is settled or has failed.",
)
_shown(
    ImportProblemCode,
    "Why a line of a file was not used.",
    MISSING_COLUMN="The header lacks a column, or has one twice: no line can be used.",
    EXTRA_COLUMN="The header, line 1, has a column that is not part of the format: it is ignored.",
    NOT_TEXT="The line holds bytes that are no text.",
    FIELD_TOO_LONG="A cell, or the whole line, is too long.",
    BAD_QUOTING="A quote is opened or closed in the wrong place.",
    WRONG_FIELD_COUNT="The line has more or fewer cells than the header.",
    MISSING_VALUE="A cell is empty that must be filled.",
    MISSING_REFERENCE="There is no reference of a payment.",
    WRONG_VALUE="A cell holds what it cannot hold.",
    WRONG_DATE="A cell that holds a date or an instant holds none.",
    BAD_STATUS="The status of a payout is neither PAID nor FAILED.",
    AMBIGUOUS="Several people could be meant.",
    DUPLICATE_ROW="An earlier line is of the same, and that one is used.",
    CONTRADICTING_LINES="Lines say different things of one payout: none of them is used.",
    CONTRADICTED="It is there already, with other values: it is not changed.",
    UNKNOWN_PAYOUT="There is no such payout.",
    OTHER_STATUS="The payout has ended before, in another way or under another reference.",
    WRONG_AMOUNT="The amount or the asset is not the payout's.",
    INVALID_INPUT="The mutation that does the same refuses a value.",
    NOT_FOUND="What the line names is not there.",
    NOT_PERMITTED="The caller may not do what the line says.",
    IDEMPOTENCY_CONFLICT="The line was imported by this request before, as something else.",
    NOT_RECORDED="The portal cannot record it, for the reason in the message.",
)
_shown(
    IncentiveClass,
    "What a program wants of people.",
    TACTICAL="Something soon, within a promotion's time.",
    HABIT_FORMING="Something that they go on doing.",
)
_shown(
    Period,
    "The time over which a limit or a rebate counts, in the program's time zone.",
    DAY="A day, from midnight.",
    WEEK="A week, from Monday.",
    MONTH="A calendar month.",
    QUARTER="Three calendar months, from January, April, July or October.",
    HALF_YEAR="Six calendar months, from January or July.",
    YEAR="A calendar year.",
    PROGRAM="The program's whole time.",
)
_shown(
    PlanStatus,
    "Where a version of a plan stands.",
    DRAFT="Being written: it judges nothing, and can be changed.",
    PUBLISHED="It judges what occurs in its time, and never changes.",
    SUPERSEDED="Published, and a later version is in force: it judges what occurred before that.",
)
_shown(
    PlanWarningCode,
    "What a plan can be published with, and should not.",
    REGISTRATION_NOT_PAID="No rule pays for registering deals.",
)
_shown(
    ClaimStatus,
    "Where a claim stands.",
    IN_REVIEW="Waits for the vendor: nothing is earned before.",
    APPROVED="It is an activity, and was rewarded.",
    REJECTED="It is none; the claim says why, and a corrected one can be made.",
)
_shown(
    RejectionCode,
    "Why a claim was rejected.",
    MISSING_PROOF="The proof is not there.",
    UNREADABLE_PROOF="The proof cannot be read.",
    DUPLICATE="The same was claimed before.",
    NOT_ELIGIBLE="It is nothing that the program pays for.",
    WRONG_DETAILS="Something in it is wrong: correct it and claim it again.",
    TOO_LATE="It happened too long ago.",
    SUSPECTED_FRAUD="It is looked into.",
    OTHER="The reason says it.",
)
_shown(
    EvidenceKind,
    "What kind of number identifies a sale.",
    INVOICE="The number of an invoice.",
    SERIAL="The serial number of what was sold.",
)
