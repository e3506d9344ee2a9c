"""Every key of the table, on one screen: where a record is, where a collection is, where a list is.

======================  ==============================  ===========================
what                    partition                       sort key
======================  ==============================  ===========================
program, plan,          CATALOGUE                       PROGRAM#… PLAN#…#n
draft, behavior,                                        DRAFT#… BEHAVIOR#…
sales process                                           PROCESS#type#tier
a program's budget,     PROGRAM#prg#SHARD#n             SHARD
its moves and sums                                      MOVE#recorded-wallet-seq
                                                        SUM#before
partner                 PARTNER#ptn                     PARTNER
consents, goals,        PARTNER#ptn                     CONSENT#prg GOALS#prg
baselines and                                           REBATEBASE#prg
progress of the                                         PROGRESS#prg#partner
company and its teams,                                  PROGRESS#prg#team.…
team awards, objections                                 TEAMAWARD#prg#own
                                                        OBJECTION#own
weekly series           PARTNER#ptn#WEEKS               WEEK#monday#prg#ind#tea
enrollment, progress,   PARTNER#ptn#PERSON#ind          ENROLLMENT#prg PROGRESS#prg
place on a leaderboard,                                 LEADERBOARD#prg
deals, activities,                                      DEAL#own ACTIVITY#own
claims, obstacles                                       CLAIM#own OBSTACLE#own
person, its inbox       PERSON#ind                      PERSON INBOX
wallet, journals,       WALLET#party                    HEAD JOURNAL#recorded#seq
earnings, payouts,                                      EARNING#own PAYOUT#own
adjustments, disputes,                                  ADJUSTMENT#own DISPUTE#own
statements, and to a                                    STATEMENT#month
company for its people                                  STAFFPAID#year
exchange rates          RATES#to                        RATE#from#day#n
payout policy, tax      CATALOGUE                       PAYOUTPOLICY#asset
threshold, policy of a                                  TAXTHRESHOLD#code
partner type                                            TYPEPOLICY#type
former terms            PROGRAM#prg#TERMS               TERMS#n
interventions           PROGRAM#prg#INTERVENTIONS       INTERVENTION#own
insight of a program,   PROGRAM#prg#INSIGHT             PROGRAM PARTNER#ptn
of its partners
batch of payouts, and   PAYOUTBATCH#own                 BATCH TALLY
what became of them
settlement file         SETTLEMENTFILE#own              FILE
file of partners, of    IMPORTFILE#own                  FILE
people or of activities
who protects a          PROTECTION#prg#hash             PROTECTION
customer and product
a reserved name         NAME#name                       NAME
answer to a request     REQUEST#caller.hash             ANSWER
events                  EVENTS#ptn, EVENTS#vendor       EVENT#own
webhook endpoint, its   WEBHOOKS                        ENDPOINT#whk SECRETS#whk
secrets and health                                      HEALTH#whk
its deliveries          WEBHOOK#whk                     DELIVERY#own#ptn
a list                  LIST#name                       its own order
======================  ==============================  ===========================

The parts of an id lead to its partition: a deal's id is
partner.owner.program.own, so that one batch get finds all that a mutation needs.
"""

from collections.abc import Callable, Mapping

from portal_api.domain.activities import Activity, BehaviorType
from portal_api.domain.adjustments import Adjustment
from portal_api.domain.batches import BatchTally, PayoutBatch
from portal_api.domain.claims import Claim
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.currencies import ExchangeRate
from portal_api.domain.deals import Deal, Protection
from portal_api.domain.disputes import Dispute
from portal_api.domain.earnings import Earning
from portal_api.domain.events import Answer, Event
from portal_api.domain.finance import Move, MoveSum
from portal_api.domain.goals import GoalSheet, Progress
from portal_api.domain.import_files import ImportFile
from portal_api.domain.inbox import InboxMark
from portal_api.domain.insights.kept import CompanyInsight, ProgramInsight
from portal_api.domain.leaderboards import LeaderboardEntry
from portal_api.domain.ledger import Journal, Wallet
from portal_api.domain.objections import Objection
from portal_api.domain.obstacles import Intervention, ObstacleReport
from portal_api.domain.participation import TypePolicy
from portal_api.domain.partners import Individual, Partner
from portal_api.domain.payouts import Payout, PayoutPolicy
from portal_api.domain.plans import PlanDraft, PlanVersion
from portal_api.domain.programs import Program, ProgramShard, TermsVersion
from portal_api.domain.rebates import RebateBaselines
from portal_api.domain.sales_process import SalesProcess
from portal_api.domain.settlements import SettlementFile
from portal_api.domain.statements import Statement
from portal_api.domain.tax import StaffPaid, TaxThreshold
from portal_api.domain.teams import TeamAward
from portal_api.domain.webhooks import Delivery, Endpoint, EndpointHealth, SigningSecrets
from portal_api.domain.weeks import WeekCounts
from portal_api.domain.writes import Record
from portal_api.storage.table import Key

CATALOGUE = "CATALOGUE"
WEBHOOKS = "WEBHOOKS"
EVENTS = "EVENTS#"
"""What the partitions of events begin with: by this the stream's function is told of them alone."""
_LONGEST_ID = 255  # A client's text of any length may be looked for; a key has at most 1,024 bytes.
NOWHERE = Key("NOWHERE", "NOWHERE")
"""Where an id that has not its kind's form leads: to nothing."""


def _affairs(partner_id: str, individual_id: str) -> str:
    return f"PARTNER#{partner_id}#PERSON#{individual_id}"


def _progress(partner_id: str, program_id: str, level: str, party_id: str = "") -> Key:
    if level == "individual":
        return Key(_affairs(partner_id, party_id), f"PROGRESS#{program_id}")
    party = f"{level}.{party_id}" if party_id else level
    return Key(f"PARTNER#{partner_id}", f"PROGRESS#{program_id}#{party}")


_OF_ID: Mapping[type[Record], Callable[..., Key]] = {
    PlanDraft: lambda prg: Key(CATALOGUE, f"DRAFT#{prg}"),
    Program: lambda prg: Key(CATALOGUE, f"PROGRAM#{prg}"),
    PlanVersion: lambda prg, n: Key(CATALOGUE, f"PLAN#{prg}#{n.rjust(6, '0')}"),
    BehaviorType: lambda code: Key(CATALOGUE, f"BEHAVIOR#{code}"),
    SalesProcess: lambda kind, tier: Key(CATALOGUE, f"PROCESS#{kind}#{tier}"),
    ProgramShard: lambda prg, n: Key(f"PROGRAM#{prg}#SHARD#{n}", "SHARD"),
    Partner: lambda ptn: Key(f"PARTNER#{ptn}", "PARTNER"),
    ConsentFile: lambda ptn, prg: Key(f"PARTNER#{ptn}", f"CONSENT#{prg}"),
    GoalSheet: lambda ptn, prg: Key(f"PARTNER#{ptn}", f"GOALS#{prg}"),
    RebateBaselines: lambda ptn, prg: Key(f"PARTNER#{ptn}", f"REBATEBASE#{prg}"),
    Progress: _progress,
    WeekCounts: lambda ptn, monday, prg, ind, tea: Key(
        f"PARTNER#{ptn}#WEEKS", f"WEEK#{monday}#{prg}#{ind}#{tea}"
    ),
    Enrollment: lambda ptn, ind, prg: Key(_affairs(ptn, ind), f"ENROLLMENT#{prg}"),
    LeaderboardEntry: lambda ptn, ind, prg: Key(_affairs(ptn, ind), f"LEADERBOARD#{prg}"),
    Deal: lambda ptn, ind, _prg, own: Key(_affairs(ptn, ind), f"DEAL#{own}"),
    Activity: lambda ptn, ind, _prg, own: Key(_affairs(ptn, ind), f"ACTIVITY#{own}"),
    Claim: lambda ptn, ind, _prg, own: Key(_affairs(ptn, ind), f"CLAIM#{own}"),
    ObstacleReport: lambda ptn, ind, _prg, own: Key(_affairs(ptn, ind), f"OBSTACLE#{own}"),
    Intervention: lambda prg, own: Key(f"PROGRAM#{prg}#INTERVENTIONS", f"INTERVENTION#{own}"),
    ProgramInsight: lambda prg: Key(f"PROGRAM#{prg}#INSIGHT", "PROGRAM"),
    CompanyInsight: lambda prg, ptn: Key(f"PROGRAM#{prg}#INSIGHT", f"PARTNER#{ptn}"),
    Protection: lambda prg, what: Key(f"PROTECTION#{prg}#{what}", "PROTECTION"),
    TeamAward: lambda ptn, prg, own: Key(f"PARTNER#{ptn}", f"TEAMAWARD#{prg}#{own}"),
    Objection: lambda ptn, own: Key(f"PARTNER#{ptn}", f"OBJECTION#{own}"),
    Individual: lambda ind: Key(f"PERSON#{ind}", "PERSON"),
    InboxMark: lambda ind: Key(f"PERSON#{ind}", "INBOX"),
    Wallet: lambda party: Key(f"WALLET#{party}", "HEAD"),
    Earning: lambda party, own: Key(f"WALLET#{party}", f"EARNING#{own}"),
    Payout: lambda party, own: Key(f"WALLET#{party}", f"PAYOUT#{own}"),
    PayoutPolicy: lambda asset: Key(CATALOGUE, f"PAYOUTPOLICY#{asset}"),
    TaxThreshold: lambda code: Key(CATALOGUE, f"TAXTHRESHOLD#{code}"),
    TypePolicy: lambda kind: Key(CATALOGUE, f"TYPEPOLICY#{kind}"),
    TermsVersion: lambda prg, n: Key(f"PROGRAM#{prg}#TERMS", f"TERMS#{n.rjust(6, '0')}"),
    PayoutBatch: lambda own: Key(f"PAYOUTBATCH#{own}", "BATCH"),
    BatchTally: lambda own: Key(f"PAYOUTBATCH#{own}", "TALLY"),
    SettlementFile: lambda own: Key(f"SETTLEMENTFILE#{own}", "FILE"),
    ImportFile: lambda own: Key(f"IMPORTFILE#{own}", "FILE"),
    Adjustment: lambda party, own: Key(f"WALLET#{party}", f"ADJUSTMENT#{own}"),
    Dispute: lambda party, own: Key(f"WALLET#{party}", f"DISPUTE#{own}"),
    Answer: lambda caller, request: Key(f"REQUEST#{caller}.{request}", "ANSWER"),
    Statement: lambda party, month: Key(f"WALLET#{party}", f"STATEMENT#{month}"),
    StaffPaid: lambda party, year: Key(f"WALLET#{party}", f"STAFFPAID#{year}"),
    Move: lambda prg, n, own: Key(f"PROGRAM#{prg}#SHARD#{n}", f"MOVE#{own}"),
    MoveSum: lambda prg, n, own: Key(f"PROGRAM#{prg}#SHARD#{n}", f"SUM#{own}"),
    ExchangeRate: lambda to, of, day, n: Key(f"RATES#{to}", f"RATE#{of}#{day}#{n}"),
    Event: lambda whose, own: Key(f"{EVENTS}{whose}", f"EVENT#{own}"),
    Endpoint: lambda whk: Key(WEBHOOKS, f"ENDPOINT#{whk}"),
    SigningSecrets: lambda whk: Key(WEBHOOKS, f"SECRETS#{whk}"),
    EndpointHealth: lambda whk: Key(WEBHOOKS, f"HEALTH#{whk}"),
    # In the order of the events; what concerns two partners is told by two, which end alike.
    Delivery: lambda whk, whose, own: Key(f"WEBHOOK#{whk}", f"DELIVERY#{own}#{whose}"),
}


def key_of(kind: type[Record], record_id: str) -> Key:
    """The key of a record by its kind and id; ``NOWHERE`` for an id of another form."""
    if "#" in record_id or len(record_id.encode(errors="replace")) > _LONGEST_ID:
        return NOWHERE
    try:
        return _OF_ID[kind](*record_id.split("."))
    except TypeError:
        return NOWHERE


def _id_of_progress(key: Key) -> str:
    _, partner_id, *person = key.pk.split("#")
    _, program_id, *party = key.sk.split("#")
    return ".".join((partner_id, program_id, *(party or ("individual", person[-1]))))


def _id_of_week(key: Key) -> str:
    return ".".join((key.pk.split("#")[1], *key.sk.split("#")[1:]))


ID_OF_KEY: Mapping[type[Record], Callable[[Key], str]] = {
    Progress: _id_of_progress,
    WeekCounts: _id_of_week,
}
"""The id from the key, of kinds that were only ever counted: they hold no id of their own."""


def key_of_journal(journal: Journal) -> Key:
    """A journal's place: by recorded time, then sequence, so that a balance of then is one read."""
    recorded = journal.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return Key(journals_of(journal.wallet_id)[0], f"JOURNAL#{recorded}#{journal.sequence:012}")


def journals_of(wallet_id: str) -> tuple[str, str]:
    """The partition and sort key prefix of a wallet's journals."""
    return f"WALLET#{wallet_id}", "JOURNAL#"


def key_of_name(name: str) -> Key:
    """The key of a claimed name."""
    return Key(f"NAME#{name}", "NAME")


def list_of(name: str) -> str:
    """The partition of a list."""
    return f"LIST#{name}"


_COLLECTIONS: Mapping[tuple[type[Record], str], Callable[..., tuple[str, str]]] = {
    (Program, "vendor"): lambda: (CATALOGUE, "PROGRAM#"),
    (BehaviorType, "vendor"): lambda: (CATALOGUE, "BEHAVIOR#"),
    (SalesProcess, "vendor"): lambda: (CATALOGUE, "PROCESS#"),
    (PayoutPolicy, "vendor"): lambda: (CATALOGUE, "PAYOUTPOLICY#"),
    (TaxThreshold, "vendor"): lambda: (CATALOGUE, "TAXTHRESHOLD#"),
    (TypePolicy, "vendor"): lambda: (CATALOGUE, "TYPEPOLICY#"),
    (TermsVersion, "program"): lambda prg: (f"PROGRAM#{prg}#TERMS", "TERMS#"),
    (PlanVersion, "vendor"): lambda: (CATALOGUE, "PLAN#"),
    (PlanVersion, "program"): lambda prg: (CATALOGUE, f"PLAN#{prg}#"),
    (ConsentFile, "partner"): lambda ptn: (f"PARTNER#{ptn}", "CONSENT#"),
    (GoalSheet, "partner"): lambda ptn: (f"PARTNER#{ptn}", "GOALS#"),
    (RebateBaselines, "partner"): lambda ptn: (f"PARTNER#{ptn}", "REBATEBASE#"),
    (Progress, "partner"): lambda ptn: (f"PARTNER#{ptn}", "PROGRESS#"),
    (Progress, "partner_program"): lambda ptn, prg: (f"PARTNER#{ptn}", f"PROGRESS#{prg}#"),
    (Progress, "person"): lambda ptn, ind: (_affairs(ptn, ind), "PROGRESS#"),
    (WeekCounts, "weeks"): lambda ptn: (f"PARTNER#{ptn}#WEEKS", "WEEK#"),
    (TeamAward, "partner"): lambda ptn: (f"PARTNER#{ptn}", "TEAMAWARD#"),
    (Objection, "partner"): lambda ptn: (f"PARTNER#{ptn}", "OBJECTION#"),
    (Enrollment, "person"): lambda ptn, ind: (_affairs(ptn, ind), "ENROLLMENT#"),
    (LeaderboardEntry, "person"): lambda ptn, ind: (_affairs(ptn, ind), "LEADERBOARD#"),
    (Deal, "person"): lambda ptn, ind: (_affairs(ptn, ind), "DEAL#"),
    (Activity, "person"): lambda ptn, ind: (_affairs(ptn, ind), "ACTIVITY#"),
    (Claim, "person"): lambda ptn, ind: (_affairs(ptn, ind), "CLAIM#"),
    (ObstacleReport, "person"): lambda ptn, ind: (_affairs(ptn, ind), "OBSTACLE#"),
    (Intervention, "program"): lambda prg: (f"PROGRAM#{prg}#INTERVENTIONS", "INTERVENTION#"),
    (Earning, "wallet"): lambda party: (f"WALLET#{party}", "EARNING#"),
    (Payout, "wallet"): lambda party: (f"WALLET#{party}", "PAYOUT#"),
    (Adjustment, "wallet"): lambda party: (f"WALLET#{party}", "ADJUSTMENT#"),
    (Dispute, "wallet"): lambda party: (f"WALLET#{party}", "DISPUTE#"),
    (Journal, "wallet"): journals_of,
    (Statement, "wallet"): lambda party: (f"WALLET#{party}", "STATEMENT#"),
    (Move, "shard"): lambda prg, n: (f"PROGRAM#{prg}#SHARD#{n}", "MOVE#"),
    (MoveSum, "shard"): lambda prg, n: (f"PROGRAM#{prg}#SHARD#{n}", "SUM#"),
    (ExchangeRate, "pair"): lambda of, to: (f"RATES#{to}", f"RATE#{of}#"),
    (Event, "events"): lambda whose: (f"{EVENTS}{whose}", "EVENT#"),
    (Endpoint, "vendor"): lambda: (WEBHOOKS, "ENDPOINT#"),
    (Delivery, "endpoint"): lambda whk: (f"WEBHOOK#{whk}", "DELIVERY#"),
}


def collection_of(kind: type[Record], of: tuple[str, ...]) -> tuple[str, str]:
    """The partition and sort key prefix of the records of a kind that belong to ``of``."""
    scope, *ids = of
    return _COLLECTIONS[kind, scope](*ids)
