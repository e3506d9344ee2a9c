"""What a published calculation is, and what happens in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from portal_api.domain.deals import Credit
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.plans import Limit, Mechanic, PointValue, Rule
from tests.domain.facts import DAY, a_rule
from tests.domain.fold import Fold

Event = Callable[[Fold], None]

OURS = "this module's specification"
PROWI = "https://www.prowi.io/en/glossary"


@dataclass(frozen=True)
class Example:
    """One published calculation. ``paid``: to each party, in minor units; negative: taken back."""

    id: str
    title: str
    url: str
    rules: tuple[Rule, ...]
    events: tuple[Event, ...]
    paid: Mapping[str, tuple[int, ...]]
    target: tuple[int, int] | None = None
    currency: str = "USD"
    points: PointValue | None = None


def sale(amount_minor: int, owner: str = "ann", **weights: int) -> Event:
    """A deal is won, for people by their weights where some are named."""
    credits = tuple(Credit(person, weight) for person, weight in weights.items())  # noqa: A001
    return lambda fold: fold.sell(amount_minor, str(len(fold.deals)), owner, credits)


def returned(number: int) -> Event:
    return lambda fold: fold.give_back(str(number))


def registered(amount_minor: int) -> Event:
    def event(fold: Fold) -> None:
        fold.submit(amount_minor, "0")
        fold.approve("0")

    return event


def won(amount_minor: int, after_days: int = 0) -> Event:
    def event(fold: Fold) -> None:
        fold.now += after_days * DAY
        fold.win(amount_minor, "0")

    return event


def lost(fold: Fold) -> None:
    fold.lose("0")


def proved(fold: Fold) -> None:
    fold.did("PROOF_OF_CONCEPT", name="0")


def one(mechanic: Mechanic, level: Level = Level.INDIVIDUAL, *limits: Limit) -> tuple[Rule, ...]:
    return (a_rule(mechanic, level, limits=limits),)


def tiers(*bands: tuple[int, int], of_all: bool = False, of_target: bool = False) -> Tiered:
    """Bands from revenue in minor units or basis points of the target, at basis points."""
    return Tiered("Q", tuple(Band(start, rate) for start, rate in bands), of_all, of_target)
