"""A wallet's whole life, through the services: all that can be posted, over two months."""

from dataclasses import dataclass, replace

from portal_api.domain.deals import Credit
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import Level, Measure
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.plans import Rule
from portal_api.services import payouts
from portal_api.services.due_series import DUE, run_all
from portal_api.services.store import Many, of_wallet
from tests.services.correcting import Office, give_back
from tests.services.steps import define
from tests.services.world import MILESTONES, QUARTER, Company, World

RULES = (
    replace(MILESTONES, mechanic=MilestoneSplit(300, keep_on_loss=False)),
    Rule("team", "Team", Level.TEAM, "USD", Flat("DEAL_REGISTERED", 100)),
    Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 10_000)),
    Rule("demo", "Demo", Level.INDIVIDUAL, "USD", Overlay("DEMO", 5_000)),
    Rule("points", "Points", Level.INDIVIDUAL, "POINTS", Flat("TRAINING", 50), hold_days=7),
    Rule("sale", "Sale", Level.INDIVIDUAL, "POINTS", Flat("DEAL_WON", 70)),
    Rule("goal", "Goal", Level.PARTNER, "USD", GoalBonus("Q", 900)),
)
CERTIFIED = replace(QUARTER, code="P", measure=Measure.CERTIFIED_PEOPLE, behavior="TRAINING")


@dataclass
class Life:
    """A company of three reps in a program of every kind of rule, and two people of the vendor."""

    world: World
    company: Company
    program: str
    office: Office

    @classmethod
    def of(cls, world: World) -> "Life":
        define(world)
        define(world, "DEMO")
        company = world.company(reps=3)
        budget = {"USD": 10_000_000, "POINTS": 100_000}
        goals = (QUARTER, CERTIFIED)
        program = world.program(*RULES, goals=goals, budget=budget, expire_months=1)
        world.consent(company, program)
        world.enroll(company, program)
        world.target(company, program, company.id, 3_000_000, 10**9, Level.PARTNER)
        return cls(world, company, program, Office.of(world))

    def sell(self) -> None:
        """Two deals: one won, with a demo, and one that is two people's and then lost."""
        world, company, program = self.world, self.company, self.program
        won = world.approved(company, program)
        world.record(company, program, "DEMO", f"demo {won.id}", deal_id=won.id)
        world.wait()
        self.won = world.win(won).deal
        first, second, _ = company.reps
        shared = world.register(
            company, program, 1_000_001, credits=(Credit(first, 1), Credit(second, 2))
        )
        world.approve(shared)
        world.wait()
        world.lose(shared)

    def train(self) -> None:
        """Points, available a week later."""
        self.world.record(self.company, self.program, "TRAINING", f"training {self.world.now}")
        self.world.wait(8)
        run_all(self.world.portal, DUE)

    def pay(self, amount_minor: int, *, paid: bool | None = True, asset: str = "USD") -> str:
        """The first rep's payout: paid, failed (False), or open."""
        payout = self.world.pay_out(self.company.rep, amount_minor, asset=asset).payout
        if paid is not None:
            self.resolve(payout.id, paid=paid)
        return payout.id

    def resolve(self, payout_id: str, *, paid: bool) -> None:
        payouts.resolve_payout(
            self.world.portal,
            self.world.manage(),
            payout_id=payout_id,
            paid=paid,
            reference="bank",
        )

    def pay_out_all(self, asset: str = "USD") -> None:
        self.pay(self.world.balance(self.company.rep, asset).available, asset=asset)

    def give_back(self) -> None:
        """The won deal is returned: what was paid out is owed."""
        give_back(self.world, self.won.id)

    def adjust(self, amount_minor: int) -> None:
        self.office.approve(self.office.propose(self.company, self.program, amount_minor))

    def earnings(self, party: str | None = None) -> list[Earning]:
        want = Many(Earning, of_wallet(party or self.company.rep))
        return list(self.world.store.read([want])[want].records)

    def all(self) -> None:
        """Everything, so that a month ends in it, points expire, and a sale's are then undone."""
        self.sell()
        self.train()
        self.pay(1_000)
        self.pay(2_000, paid=False)
        self.pay(3_000, paid=None)
        self.world.wait(10)
        self.adjust(700)
        self.adjust(-300)
        self.pay_out_all()
        self.world.wait(20)
        self.give_back()
        self.sell()
        self.office.reverse(self.earnings()[-1])
        self.world.wait(60)
        run_all(self.world.portal, DUE)
        self.give_back()
