"""Programs and behaviors: created and funded by channel managers."""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from portal_api.domain import ledger, money
from portal_api.domain.activities import DEAL_BEHAVIORS, BehaviorType, FiveC, ProcessStage
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.holdings import VENDOR_FUNDING, Transfer, budget_of
from portal_api.domain.ledger import JournalKind, Wallet
from portal_api.domain.partners import STAFF_ROLES, Segment
from portal_api.domain.programs import (
    BUDGET_SHARDS,
    DISPUTE_DAYS,
    FUNDED,
    PROTECTION_DAYS,
    IncentiveClass,
    Program,
    ProgramShard,
    TermsVersion,
    shards_of,
)
from portal_api.domain.writes import Count, Create, Save, Write
from portal_api.services.partners import MANAGERS, required
from portal_api.services.postings import posting
from portal_api.services.store import One
from portal_api.services.use_case import Ask, Decision, Portal, Situation, perform

LONGEST_CLAIM_DAYS = 730
HIGHEST_LEVEL = 10
"""Of training."""
LONGEST_PROTECTION_DAYS = 730
LONGEST_DISPUTE_DAYS = 730
MOST_TERMS = 200


@dataclass(frozen=True, slots=True)
class BehaviorDefined:
    """The behavior is in the catalogue."""

    behavior: BehaviorType


@dataclass(frozen=True, slots=True)
class ProgramCreated:
    """The program is there, with no plan and no budget yet."""

    program: Program


@dataclass(frozen=True, slots=True)
class TermsUpdated:
    """The terms are the next version from now on."""

    program: Program


@dataclass(frozen=True, slots=True)
class ProgramFunded:
    """The budget has grown."""

    program: Program


@dataclass(frozen=True, slots=True)
class ProgramTerms:
    """What a new program is made of."""

    name: str
    description: str
    segment: Segment
    starts_at: datetime
    ends_at: datetime
    time_zone: str
    currency: str
    terms: str
    protection_days: int = PROTECTION_DAYS
    incentive_class: IncentiveClass = IncentiveClass.HABIT_FORMING
    dispute_days: int = DISPUTE_DAYS
    retroactive: bool = False
    discloses_amounts: bool = False
    participation_in: str | None = None


def define_behavior(
    portal: Portal,
    ask: Ask,
    *,
    code: str,
    name: str,
    stage: ProcessStage,
    five_c: FiveC,
    review_needed: bool,
    evidence_needed: bool = False,
    claim_within_days: int | None = None,
    level: int | None = None,
) -> BehaviorDefined:
    """Adds a kind of activity, or changes its name and classes."""
    want = One(BehaviorType, code)

    def decide(s: Situation) -> Decision[BehaviorDefined]:
        if (
            not code.isascii()
            or not code.replace("_", "").isalnum()
            or code != code.upper()
            or len(code) > 60
        ):
            raise InvalidInput(
                "A behavior code is capital letters, digits and underscores.", "code"
            )
        if code in {behavior.code for behavior in DEAL_BEHAVIORS}:
            raise InvalidInput("This code belongs to the changes of a deal.", "code")
        if claim_within_days is not None and not 0 < claim_within_days <= LONGEST_CLAIM_DAYS:
            raise InvalidInput(
                f"A claim may be made for 1 to {LONGEST_CLAIM_DAYS} days.", "claimWithinDays"
            )
        if level is not None and not 0 < level <= HIGHEST_LEVEL:
            raise InvalidInput(f"A training has a level from 1 to {HIGHEST_LEVEL}.", "level")
        known = s.found[want]
        behavior = BehaviorType(
            code=code,
            name=required("name", name),
            stage=stage,
            five_c=five_c,
            review_needed=review_needed,
            evidence_needed=evidence_needed,
            claim_within_days=claim_within_days,
            level=level,
            version=known.version if known else 0,
        )
        return Decision(BehaviorDefined(behavior), (Save(behavior),), code)

    arguments = {"code": code, "name": name, "stage": stage, "c": five_c, "review": review_needed}
    arguments |= {"evidence": evidence_needed, "within": claim_within_days, "level": level}
    return perform(
        portal, ask, "defineBehavior", arguments, MANAGERS, (want,), decide, BehaviorDefined
    )


def create_program(portal: Portal, ask: Ask, *, terms: ProgramTerms) -> ProgramCreated:
    """Creates a program and the items over which its budget will be spread."""
    required_want = One(Program, terms.participation_in or "none")

    def decide(s: Situation) -> Decision[ProgramCreated]:
        if terms.participation_in is not None and s.found[required_want] is None:
            raise NotFound.of("participationInId")
        program = new_program(f"prg-{portal.new_id()}", terms)
        return Decision(ProgramCreated(program), program_writes(program), program.id)

    return perform(
        portal,
        ask,
        "createProgram",
        {"terms": terms},
        MANAGERS,
        (required_want,),
        decide,
        ProgramCreated,
    )


def update_terms(
    portal: Portal, ask: Ask, *, program_id: str, terms: str, discloses_amounts: bool
) -> TermsUpdated:
    """Replaces a program's terms from now on, by their next version; the former ones are kept.

    What was agreed to before does not cover the new version: executives consent again, and
    individuals accept again, before anything that occurs from now on earns. Once terms disclose
    amounts of persons, totals of the staff are told to no executive any more.
    """
    want = One(Program, program_id)

    def decide(s: Situation) -> Decision[TermsUpdated]:
        program = s.found[want]
        if program is None:
            raise NotFound.of("programId")
        if len(program.terms_since) >= MOST_TERMS:
            raise InvalidInput(f"A program's terms change at most {MOST_TERMS} times.", "programId")
        former = TermsVersion(
            f"{program.id}.{program.terms_version}",
            program.terms,
            s.now,
            program.discloses_amounts,
        )
        changed = replace(
            program,
            terms=required("terms", terms, 20_000, lines=True),
            terms_version=program.terms_version + 1,
            terms_since=(*program.terms_since, s.now),
            discloses_amounts=discloses_amounts,
            disclosed_before=program.ever_disclosed,
        )
        writes = (*program_writes(changed), Create(former))
        return Decision(TermsUpdated(changed), writes, program.id)

    arguments = {"program": program_id, "terms": terms, "discloses": discloses_amounts}
    return perform(portal, ask, "updateTerms", arguments, MANAGERS, (want,), decide, TermsUpdated)


def new_program(program_id: str, terms: ProgramTerms) -> Program:
    """A program of checked terms; raises ``InvalidInput``."""
    if terms.ends_at <= terms.starts_at:
        raise InvalidInput("A program ends after it starts.", "endsAt")
    if not money.is_currency(terms.currency):
        raise InvalidInput("A currency is an ISO 4217 code such as USD.", "currencyCode")
    if not STAFF_ROLES.issuperset(terms.segment.roles):
        raise InvalidInput("A program is for roles that earn.", "segment")
    if not 0 < terms.protection_days <= LONGEST_PROTECTION_DAYS:
        raise InvalidInput(
            f"A deal is protected for 1 to {LONGEST_PROTECTION_DAYS} days.", "protectionDays"
        )
    if not 0 < terms.dispute_days <= LONGEST_DISPUTE_DAYS:
        raise InvalidInput(
            f"An earning can be disputed for 1 to {LONGEST_DISPUTE_DAYS} days.", "disputeDays"
        )
    try:
        ZoneInfo(terms.time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # A folder or a long name is an OSError.
        raise InvalidInput(
            "A time zone is an IANA name such as Europe/Berlin.", "timeZone"
        ) from None
    return Program(
        id=program_id,
        name=required("name", terms.name),
        description=required("description", terms.description, 2_000, lines=True),
        segment=terms.segment,
        starts_at=terms.starts_at,
        ends_at=terms.ends_at,
        time_zone=terms.time_zone,
        currency=terms.currency,
        terms=required("terms", terms.terms, 20_000, lines=True),
        protection_days=terms.protection_days,
        incentive_class=terms.incentive_class,
        dispute_days=terms.dispute_days,
        retroactive=terms.retroactive,
        discloses_amounts=terms.discloses_amounts,
        participation_in=terms.participation_in,
    )


def program_writes(program: Program) -> tuple[Write, ...]:
    """The program and all shards under its next version: they change together or not at all."""
    shards = (ProgramShard(shard_id, version=program.version) for shard_id in shards_of(program.id))
    return Save(program), *(Save(shard) for shard in shards)


def fund_program(
    portal: Portal, ask: Ask, *, program_id: str, asset: str, amount_minor: int
) -> ProgramFunded:
    """Adds to a program's budget, spread evenly over its shards."""
    program_want, wallet_want = One(Program, program_id), One(Wallet, program_id)

    def decide(s: Situation) -> Decision[ProgramFunded]:
        program = s.found[program_want]
        if program is None:
            raise NotFound.of("programId")
        if not money.is_asset(asset):
            raise InvalidInput("An asset is POINTS or an ISO 4217 currency code.", "amount")
        if not 0 < amount_minor <= money.LARGEST_AMOUNT_MINOR:
            raise InvalidInput("A budget grows by more than zero.", "amount")
        wallet = s.found[wallet_want] or Wallet(program_id)
        writes = funding_writes(
            program, wallet, asset, amount_minor, s.cause(None, program=program_id), s.now
        )
        return Decision(ProgramFunded(program), writes, program_id)

    arguments = {"program": program_id, "asset": asset, "amount": amount_minor}
    wants = (program_want, wallet_want)
    return perform(portal, ask, "fundProgram", arguments, MANAGERS, wants, decide, ProgramFunded)


def funding_writes(
    program: Program,
    wallet: Wallet,
    asset: str,
    amount_minor: int,
    cause: dict[str, str],
    now: datetime,
) -> tuple[Write, ...]:
    """The funding's journal, in the program's own chain, and each shard's part."""
    transfer = Transfer(VENDOR_FUNDING, budget_of(program.id), asset, amount_minor)
    posted = ledger.post(wallet, JournalKind.FUNDING, (transfer,), cause, now)
    parts = money.split(amount_minor, (1,) * BUDGET_SHARDS)
    counts = (
        Count(ProgramShard(shard_id), {asset: part, f"{FUNDED}{asset}": part})
        for shard_id, part in zip(shards_of(program.id), parts, strict=True)
        if part
    )
    return *posting(posted), *counts
