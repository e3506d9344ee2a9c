"""Single deals told by hand: one for each thing that can happen to a deal and to its pay."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from portal_api.demo import world
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.deals import Credit
from portal_api.domain.partners import Individual
from portal_api.services import activities, deal_changes, deals
from portal_api.services.deals import DealTerms
from portal_api.services.use_case import Ask

AMOUNT_MINOR = 30_000_00
"""What every one of these deals is about, as in the examples of the mechanics."""

_GO, _FLEET, _BEACON = "Lantern Go", "Lantern Fleet", "Beacon 900"


@dataclass
class Scene:
    """One deal, followed from step to step; it has an id once it is registered."""

    teller: Teller
    house: House
    owner: Individual
    program: str
    customer: str
    product: str = _GO
    shares: tuple[Credit, ...] = ()
    by: str = ""
    """Who registers it, where that is not its owner."""
    deal_id: str = ""

    def registered(self, on: datetime) -> "Scene":
        """The owner submits its registration."""
        return self._plan(on, self._register)

    def approved(self, on: datetime) -> "Scene":
        """A manager approves it."""
        return self._by_manager(on, partial(deals.approve_deal, self.teller.portal))

    def rejected(self, on: datetime, reason: str) -> "Scene":
        """A manager rejects it."""
        return self._by_manager(on, partial(deals.reject_deal, self.teller.portal, reason=reason))

    def won(self, on: datetime, amount_minor: int = AMOUNT_MINOR) -> "Scene":
        """It is won."""
        win = partial(
            deals.win_deal,
            self.teller.portal,
            amount_minor=amount_minor,
            currency="USD",
            occurred_at=None,
        )
        return self._by_manager(on, win)

    def lost(self, on: datetime) -> "Scene":
        """It is lost."""
        return self._by_manager(on, partial(deals.lose_deal, self.teller.portal, occurred_at=None))

    def returned(self, on: datetime) -> "Scene":
        """The customer gives back what it bought."""
        return self._by_manager(
            on, partial(deal_changes.return_deal, self.teller.portal, occurred_at=None)
        )

    def reopened(self, on: datetime) -> "Scene":
        """It is open again."""
        return self._by_manager(
            on, partial(deal_changes.reopen_deal, self.teller.portal, occurred_at=None)
        )

    def credited(self, on: datetime, person: Individual) -> "Scene":
        """All of it is somebody else's."""
        shares = (Credit(person.id, 1),)
        return self._by_manager(
            on, partial(deal_changes.credit_deal, self.teller.portal, credits=shares)
        )

    def proved(self, on: datetime) -> "Scene":
        """The owner proves to the customer that it works."""
        return self._plan(on, self._prove)

    def longer(self, on: datetime, until: datetime, reason: str) -> "Scene":
        """The owner asks for a longer protection."""

        def ask() -> None:
            deal_changes.request_extension(
                self.teller.portal,
                self.teller.ask(self.owner.id),
                deal_id=self.deal_id,
                until=until,
                reason=reason,
            )

        return self._plan(on, ask)

    def _plan(self, on: datetime, step: Callable[[], None]) -> "Scene":
        self.teller.at(on, step)
        return self

    def _by_manager(self, on: datetime, change: Callable[..., object]) -> "Scene":
        """A change that the vendor makes; the deal's id is known only then."""

        def step() -> None:
            ask: Ask = self.teller.ask(self.teller.manager())
            change(ask, deal_id=self.deal_id)

        return self._plan(on, step)

    def _register(self) -> None:
        terms = DealTerms(self.customer, self.product, AMOUNT_MINOR, "USD", credits=self.shares)
        self.deal_id = deals.register_deal(
            self.teller.portal,
            self.teller.ask(self.by or self.owner.id),
            partner_id=self.house.partner.id,
            owner_id=self.owner.id,
            program_id=self.teller.programs[self.program].id,
            terms=terms,
        ).deal.id
        self.teller.deals[self.owner.id, self.program, self.customer] = self.deal_id

    def _prove(self) -> None:
        activities.record_activity(
            self.teller.portal,
            self.teller.ask(self.owner.id),
            partner_id=self.house.partner.id,
            individual_id=self.owner.id,
            program_id=self.teller.programs[self.program].id,
            behavior=world.PROOF,
            source="portal",
            source_event_id=f"proof at {self.customer}",
            occurred_at=None,
            deal_id=self.deal_id,
        )


def plan(teller: Teller) -> None:
    """Plans all of them."""
    fernhill = teller.house(world.FERNHILL)
    _solutions(teller, fernhill)
    _comings_and_goings(teller, fernhill)
    _sprint(teller, fernhill)


def _on(month: int, number: int, hour: int = 10) -> datetime:
    return day(month, number, hour=hour)


def _solutions(teller: Teller, house: House) -> None:
    """The same sale four times: registered before, after, never, and by somebody else."""
    mara, second, _ = house.reps

    def scene(customer: str, product: str = _GO) -> Scene:
        return Scene(teller, house, mara, world.SOLUTIONS, customer, product)

    before = scene("Quarry Lane Brewery", _FLEET).registered(_on(3, 9)).approved(_on(3, 11))
    before.proved(_on(3, 20)).won(_on(4, 14))
    scene("Pinewood Press").registered(_on(3, 16)).won(_on(4, 20)).approved(_on(4, 24))
    scene("Redgate Dairy").registered(_on(3, 23)).won(_on(4, 27))
    others = scene("Saffron Stores").registered(_on(4, 2)).approved(_on(4, 7))
    others.credited(_on(4, 28), second).won(_on(5, 5))


def _comings_and_goings(teller: Teller, house: House) -> None:
    """What is lost, waits, is contested, too much for a cap, divided, returned and reopened."""
    mara, second, third = house.reps

    def scene(owner: Individual, customer: str, program: str = world.SOLUTIONS) -> Scene:
        return Scene(teller, house, owner, program, customer)

    scene(mara, "Tideway Ferries").registered(_on(4, 7)).approved(_on(4, 9)).proved(
        _on(4, 16)
    ).lost(_on(5, 12))
    waiting = scene(mara, "Upland Water").registered(_on(5, 18)).approved(_on(5, 20))
    waiting.proved(_on(5, 28)).longer(
        _on(6, 25), day(10, 30), "The customer decides after its own half year."
    )
    ivorygate = teller.house(world.IVORYGATE)
    rival = Scene(teller, ivorygate, ivorygate.reps[0], world.SOLUTIONS, "Upland Water")
    rival.registered(_on(5, 19)).rejected(
        _on(5, 21), "Another partner registered this opportunity before."
    )
    capped = Scene(teller, ivorygate, ivorygate.reps[1], world.SOLUTIONS, "Verdant Gardens")
    capped.registered(_on(4, 13)).approved(_on(4, 15)).won(_on(5, 19), 40_000_00)
    divided = scene(mara, "Willow Academy", world.GROWTH)
    divided.shares = (Credit(mara.id, 60), Credit(second.id, 40))
    divided.registered(_on(4, 22)).approved(_on(4, 24)).won(_on(5, 26))
    scene(second, "Yarrow Clinics").registered(_on(4, 9)).approved(_on(4, 13)).won(
        _on(5, 6)
    ).returned(_on(6, 10))
    again = scene(third, "Zephyr Cycles").registered(_on(3, 30)).approved(_on(4, 1))
    again.won(_on(4, 30)).returned(_on(5, 27)).reopened(_on(6, 15)).won(_on(6, 24), 24_000_00)
    # The last one that is submitted, for whoever wants to approve something.
    scene(mara, "Juno Observatory", world.GROWTH).registered(_on(6, 30, 16))


def _sprint(teller: Teller, house: House) -> None:
    """A sale before the sprint, two that reach its goals, and one that is not promoted."""
    mara, second, _ = house.reps

    def scene(owner: Individual, customer: str, product: str, at: House = house) -> Scene:
        return Scene(teller, at, owner, world.SPRINT, customer, product)

    scene(second, "Quarry Lane Brewery", _BEACON).registered(_on(3, 26)).won(_on(3, 31))
    first = scene(mara, "Pinewood Press", _BEACON).registered(_on(4, 3)).approved(_on(4, 8))
    first.won(_on(4, 22))
    next_one = scene(mara, "Redgate Dairy", _GO).registered(_on(4, 13)).approved(_on(4, 15))
    next_one.won(_on(5, 13))
    larkspur = teller.house(world.LARKSPUR)
    far = scene(larkspur.reps[0], "Saffron Stores", _BEACON, larkspur)
    far.registered(_on(4, 14)).approved(_on(4, 16)).won(_on(5, 14))
