"""A small world for the tests of the use cases: a vendor, its partners and programs, a clock."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from portal_api.domain import ledger
from portal_api.domain.access import Viewer, viewer_of
from portal_api.domain.activities import Activity, OutcomeStatus
from portal_api.domain.consent import Cap, Whom
from portal_api.domain.deals import Credit, Deal
from portal_api.domain.earnings import Earning, EarningStatus
from portal_api.domain.goals import GoalDefinition, Level, Measure
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Balance, Payee, budget_of
from portal_api.domain.ledger import GENESIS, Journal, JournalKind, Wallet
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import (
    Employment,
    Individual,
    Partner,
    PartnerType,
    Role,
    Segment,
    Tier,
)
from portal_api.domain.plans import Rule
from portal_api.domain.programs import ProgramShard, shards_of
from portal_api.domain.writes import Record
from portal_api.services import (
    activities,
    consent,
    deals,
    enrollment,
    goals,
    partners,
    payouts,
    plans,
    programs,
)
from portal_api.services.store import One, Store
from portal_api.services.use_case import Ask, Portal
from portal_api.storage.items import record_of

R = TypeVar("R", bound=Record)

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MILESTONES = Rule("deals", "Deals", Level.INDIVIDUAL, "USD", MilestoneSplit(300))
"""150.00 of 900.00 on approved registration of 30,000.00, and 750.00 on winning."""
QUARTER = GoalDefinition("Q", "Quarter", Measure.WON_REVENUE, START, START + 90 * DAY)

_worlds = itertools.count(1)


@dataclass(frozen=True)
class Company:
    """A partner with one team, its executive and its reps (ids)."""

    partner: Partner
    executive: str
    reps: tuple[str, ...]

    @property
    def id(self) -> str:
        """The partner's id."""
        return self.partner.id

    @property
    def rep(self) -> str:
        """The first rep."""
        return self.reps[0]

    @property
    def parties(self) -> tuple[str, ...]:
        """Whoever has a wallet."""
        return (self.id, *self.reps)


class World:
    """A portal with an administrator; ids differ from those of any other world in this process."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = START
        self.number = next(_worlds)
        self._ids = itertools.count(1)
        self._requests = itertools.count(1)
        self._customers = itertools.count(1)
        self.portal = Portal(store, lambda: self.now, self.new_id)
        self.admin = f"ind-{self.new_id()}"
        employment = Employment(None, Role.ADMIN, self.now)
        admin = Individual(self.admin, "Ada", "ada@vendor.example", (employment,))
        store.commit(partners.individual_writes(admin))

    def on(self, store: Store) -> Portal:
        """The same portal through another store, which adds faults or counts."""
        return replace(self.portal, store=store)

    def new_id(self) -> str:
        return f"{self.number:05}{next(self._ids):09}"

    def ask(self, who: str) -> Ask:
        """A request of somebody, never made before."""
        return Ask(who, f"request-{next(self._requests):06}")

    def manage(self) -> Ask:
        """A request of the administrator."""
        return self.ask(self.admin)

    def wait(self, days: int = 1) -> None:
        self.now += days * DAY

    def company(
        self,
        kind: PartnerType = PartnerType.VAR,
        *,
        reps: int = 1,
        tier: Tier = Tier.GOLD,
        region: str = "EMEA",
    ) -> Company:
        """A partner with its people."""
        partner = partners.add_partner(
            self.portal,
            self.manage(),
            name="Partner",
            partner_type=kind,
            tier=tier,
            region=region,
            team_names=("Team",),
        ).partner
        executive = self.person(partner, Role.PARTNER_EXECUTIVE)
        staff = tuple(self.person(partner, Role.SALES_REP) for _ in range(reps))
        return Company(partner, executive, staff)

    def colleague(self, role: Role = Role.CHANNEL_MANAGER) -> str:
        """Another person of the vendor."""
        return partners.add_individual(
            self.portal,
            self.manage(),
            name="Second",
            email="second@vendor.example",
            role=role,
            partner_id=None,
            team_id=None,
        ).individual.id

    def person(self, partner: Partner, role: Role) -> str:
        """Somebody new in the partner's team."""
        return partners.add_individual(
            self.portal,
            self.manage(),
            name="Person",
            email="person@partner.example",
            role=role,
            partner_id=partner.id,
            team_id=partner.teams[0].id,
        ).individual.id

    def program(
        self,
        *rules: Rule,
        goals: tuple[GoalDefinition, ...] = (),
        budget: Mapping[str, int] | None = None,
        segment: Segment | None = None,
        starts_in: int = 0,
        days: int = 300,
        time_zone: str = "UTC",
        expire_months: int | None = None,
        retroactive: bool = False,
        discloses_amounts: bool = False,
        participation_in: str | None = None,
    ) -> str:
        """A program with a plan in force from its start, and a large budget unless one is said."""
        starts_at = self.now + starts_in * DAY
        program = programs.create_program(
            self.portal,
            self.manage(),
            terms=programs.ProgramTerms(
                name="Program",
                description="For the tests.",
                segment=segment or Segment(),
                starts_at=starts_at,
                ends_at=starts_at + days * DAY,
                time_zone=time_zone,
                currency="USD",
                terms="Be fair.",
                retroactive=retroactive,
                discloses_amounts=discloses_amounts,
                participation_in=participation_in,
            ),
        ).program
        plans.publish_plan(
            self.portal,
            self.manage(),
            program_id=program.id,
            content=plans.PlanContent(
                rules or (MILESTONES,), goals, None, expire_months=expire_months
            ),
        )
        for asset, amount in ({"USD": 10_000_000} if budget is None else budget).items():
            self.fund(program.id, amount, asset)
        return program.id

    def fund(self, program: str, amount_minor: int, asset: str = "USD") -> None:
        programs.fund_program(
            self.portal, self.manage(), program_id=program, asset=asset, amount_minor=amount_minor
        )

    def consent(
        self,
        company: Company,
        program: str,
        *people: str,
        caps: tuple[Cap, ...] = (),
        payee: Payee = Payee.INDIVIDUAL,
    ) -> str:
        """The executive's consent, for the company where nobody is named; its id."""
        file = consent.grant_consent(
            self.portal,
            self.ask(company.executive),
            partner_id=company.id,
            program_id=program,
            terms=Terms(whom=Whom(people), caps=caps, payee=payee),
        ).file
        return f"{file.id}.{file.consents[-1].number}"

    def enroll(self, company: Company, program: str, *people: str) -> None:
        """The people named, or all reps, accept the program's terms."""
        for person in people or company.reps:
            enrollment.enroll(
                self.portal,
                self.ask(person),
                partner_id=company.id,
                program_id=program,
                terms_version=1,
            )

    def ready(self, *rules: Rule, reps: int = 1) -> tuple[Company, str]:
        """A company that consented and enrolled, in a program of these rules."""
        company, program = self.company(reps=reps), self.program(*rules)
        self.consent(company, program)
        self.enroll(company, program)
        return company, program

    def register(
        self,
        company: Company,
        program: str,
        amount_minor: int = 3_000_000,
        *,
        rep: str | None = None,
        reference: str | None = None,
        customer: str | None = None,
        product: str = "Product",
        credits: tuple[Credit, ...] = (),  # noqa: A002
        ask: Ask | None = None,
        portal: Portal | None = None,
    ) -> Deal:
        """A deal's registration, submitted by its owner, for a customer of its own."""
        owner = rep or company.rep
        customer = customer or f"Customer {next(self._customers)}"
        return deals.register_deal(
            portal or self.portal,
            ask or self.ask(owner),
            partner_id=company.id,
            owner_id=owner,
            program_id=program,
            terms=deals.DealTerms(customer, product, amount_minor, "USD", reference, credits),
        ).deal

    def approve(
        self, deal: Deal, portal: Portal | None = None, occurred_at: datetime | None = None
    ) -> deals.DealApproved:
        return deals.approve_deal(
            portal or self.portal, self.manage(), deal_id=deal.id, occurred_at=occurred_at
        )

    def approved(
        self, company: Company, program: str, amount_minor: int = 3_000_000, rep: str | None = None
    ) -> Deal:
        """A deal whose registration is approved."""
        return self.approve(self.register(company, program, amount_minor, rep=rep)).deal

    def win(
        self,
        deal: Deal,
        amount_minor: int = 3_000_000,
        portal: Portal | None = None,
        occurred_at: datetime | None = None,
    ) -> deals.DealWon:
        return deals.win_deal(
            portal or self.portal,
            self.manage(),
            deal_id=deal.id,
            amount_minor=amount_minor,
            currency="USD",
            occurred_at=occurred_at,
        )

    def lose(self, deal: Deal) -> deals.DealLost:
        return deals.lose_deal(self.portal, self.manage(), deal_id=deal.id, occurred_at=None)

    def record(
        self,
        company: Company,
        program: str,
        behavior: str,
        event: str,
        *,
        rep: str | None = None,
        ask: Ask | None = None,
        occurred_at: datetime | None = None,
        deal_id: str | None = None,
        portal: Portal | None = None,
    ) -> activities.ActivityRecorded:
        """One activity of a rep, reported by itself."""
        person = rep or company.rep
        return activities.record_activity(
            portal or self.portal,
            ask or self.ask(person),
            partner_id=company.id,
            individual_id=person,
            program_id=program,
            behavior=behavior,
            source="lms",
            source_event_id=event,
            occurred_at=occurred_at,
            deal_id=deal_id,
        )

    def target(
        self,
        company: Company,
        program: str,
        party: str,
        goal: int,
        stretch: int,
        level: Level = Level.INDIVIDUAL,
    ) -> None:
        goals.set_goal(
            self.portal,
            self.manage(),
            partner_id=company.id,
            program_id=program,
            level=level,
            party_id=party,
            goal_code="Q",
            goal=goal,
            stretch=stretch,
            currency="USD",
        )

    def pay_out(
        self,
        who: str,
        amount_minor: int,
        *,
        wallet: str | None = None,
        asset: str = "USD",
        payee: Payee = Payee.INDIVIDUAL,
        ask: Ask | None = None,
        portal: Portal | None = None,
    ) -> payouts.PayoutRequested:
        return payouts.request_payout(
            portal or self.portal,
            ask or self.ask(who),
            wallet_id=wallet or who,
            asset=asset,
            amount_minor=amount_minor,
            payee_of_own=payee,
        )

    def viewer(self, who: str) -> Viewer:
        """Somebody as a reader."""
        found = viewer_of(self.load(Individual, who), self.now)
        assert found is not None
        return found

    def load(self, kind: type[R], record_id: str) -> R | None:
        want = One(kind, record_id)
        return self.store.read([want])[want]

    def balance(self, party: str, asset: str = "USD") -> Balance:
        wallet = self.load(Wallet, party)
        return wallet.balance(asset) if wallet else Balance()

    def journals(self, party: str) -> list[Journal]:
        return [record_of(Journal, raw.attributes or {}) for raw in self.store.journals(party)]  # type: ignore[arg-type]

    def kinds(self, party: str) -> Counter[JournalKind]:
        """How many journals of each kind a wallet has."""
        return Counter(journal.kind for journal in self.journals(party))

    def budget(self, program: str, asset: str = "USD") -> list[int]:
        """What is left in each shard of a budget."""
        shards = (self.load(ProgramShard, shard_id) for shard_id in shards_of(program))
        return [shard.counters.get(asset, 0) if shard else 0 for shard in shards]

    def status(self, earning: Earning) -> EarningStatus:
        """Where an earning stands, by its wallet as it is now."""
        wallet = self.load(Wallet, earning.wallet_id) or Wallet(earning.wallet_id)
        return earning.status(wallet.holding(earning.trace.asset))

    def audit(self, program: str, parties: Sequence[str]) -> list[str]:
        """What is wrong with the books of a program and its parties: nothing, one hopes."""
        return self.audit_all([program], parties)

    def audit_all(self, programs: Sequence[str], parties: Sequence[str]) -> list[str]:
        """What is wrong with the books of all programs that have paid these parties.

        Invariants L1, L5, L6, L13, L15, L16 and L23, from the stored journals alone.
        """
        problems: list[str] = []
        accounts: Counter[tuple[str, str]] = Counter()
        for party in (*programs, *parties):
            problems += self._walk(party, accounts)
        for program in programs:
            for asset in {asset for _, asset in accounts}:
                left = self.budget(program, asset)
                if sum(left) != accounts[budget_of(program), asset] or min(left) < 0:
                    problems.append(f"the budget of {program} in {asset} is {left}")
        return problems

    def _walk(self, party: str, accounts: Counter[tuple[str, str]]) -> list[str]:
        """What is wrong with one wallet; its transfers are added to the accounts."""
        problems: list[str] = []
        wallet = self.load(Wallet, party) or Wallet(party)
        previous, sequence = GENESIS, 0
        for raw in self.store.journals(party):
            attributes = dict(raw.attributes or {})
            journal = record_of(Journal, raw.attributes or {})  # type: ignore[arg-type]
            sequence += 1
            if (journal.sequence, journal.previous_hash) != (sequence, previous):
                problems.append(f"{journal.id} does not follow its predecessor")
            if attributes.pop("hash") != ledger.content_hash(attributes):
                problems.append(f"{journal.id} was changed")
            previous = journal.hash
            for transfer in journal.transfers:
                for account, sign in ((transfer.debit, -1), (transfer.credit, 1)):
                    name = account if ":" in account else f"{party}/{account}"
                    accounts[name, transfer.asset] += sign * transfer.amount_minor
        if (wallet.sequence, wallet.head_hash) != (sequence, previous):
            problems.append(f"the head of {party} is not its last journal")
        for asset, held in wallet.balances.items():
            folded = Balance(
                *(accounts[f"{party}/{account}", asset] for account in Balance.__slots__)
            )
            if held != folded:
                problems.append(f"{party} holds {held} and its journals say {folded}")
            if min(held.pending, held.available, held.held, -held.receivable) < 0:
                problems.append(f"{party} is below a floor in {asset}")
        return problems


def outcomes_of(activity: Activity) -> list[tuple[OutcomeStatus, int, str | None]]:
    """Status, amount and reason of each outcome, in the plan's order."""
    return [(outcome.status, outcome.amount_minor, outcome.reason) for outcome in activity.outcomes]


def awarded(amount_minor: int) -> tuple[OutcomeStatus, int, None]:
    return OutcomeStatus.AWARDED, amount_minor, None


def taken_back(amount_minor: int) -> tuple[OutcomeStatus, int, None]:
    return OutcomeStatus.TAKEN_BACK, amount_minor, None


def withheld(amount_minor: int, reason: str) -> tuple[OutcomeStatus, int, str]:
    return OutcomeStatus.WITHHELD, amount_minor, reason
