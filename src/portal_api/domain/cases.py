"""The case of one activity and one recipient, as a mechanic is told of it.

A mechanic decides on nothing else, so that an earning that keeps its inputs replays to its amount.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from portal_api.domain.awards import DealAward
from portal_api.domain.deals import Deal, DealStage, Did
from portal_api.domain.goals import Target
from portal_api.domain.money import split


@dataclass(frozen=True, slots=True)
class DealTold:
    """A deal after the activity. ``history`` has what the recipient did for it.

    ``weights`` divide it between people, ``mine`` is the recipient's place among them: none where
    it has no share; no weights: all of it is the recipient's.
    """

    id: str
    amount_minor: int
    currency: str
    stage: DealStage
    closed_at: datetime | None = None
    reopened: int = 0
    weights: tuple[int, ...] = ()
    mine: int | None = None
    history: tuple[Did, ...] = ()

    def share(self, whole_minor: int) -> int:
        """The recipient's part of a whole, so that all parts sum to it."""
        if not self.weights:
            return whole_minor
        return 0 if self.mine is None else split(whole_minor, self.weights)[self.mine]

    @property
    def concerned(self) -> bool:
        """Whether the recipient has a share at all."""
        return not self.weights or self.mine is not None

    @property
    def turn(self) -> str:
        """What can be paid once on the deal; again only after it was reopened."""
        return f"{self.id}:{self.reopened}" if self.reopened else self.id


def told(deal: Deal, recipient_id: str, whole: bool) -> DealTold:
    """A deal as the rules of one recipient see it; ``whole``: of the company, undivided."""
    people = [credit.individual_id for credit in deal.credited]
    weights = tuple(credit.weight for credit in deal.credited)
    return DealTold(
        id=deal.id,
        amount_minor=deal.amount_minor,
        currency=deal.currency,
        stage=deal.stage,
        closed_at=deal.closed_at,
        reopened=deal.reopened,
        weights=() if whole else weights,
        mine=people.index(recipient_id) if not whole and recipient_id in people else None,
        history=tuple(did for did in deal.history if whole or did.individual_id == recipient_id),
    )


@dataclass(frozen=True, slots=True)
class Measured:
    """The goal that a mechanic follows: the recipient's progress before and after, its target."""

    goal: str
    before: int
    after: int
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class PeriodTold:
    """The period of a sale by the program's calendar, and the revenue of the one a year before.

    ``before_minor`` is none where nothing is known of that; ``declared``: the vendor has told it.
    """

    name: str
    before_minor: int | None = None
    declared: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What an earning keeps of its case.

    ``paid``: what the rule has paid the recipient on the deal. ``joined``: the rule paid others for
    its registration before the recipient had a share of it. ``counters``: the rule's own, of the
    recipient. ``shared``: of how many members of a team the recipient is which, from 0. ``period``:
    that of the sale, where the rule counts by periods.
    """

    deal: DealTold | None = None
    paid: tuple[DealAward, ...] = ()
    joined: bool = False
    measured: Measured | None = None
    counters: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[int, int] | None = None
    period: PeriodTold | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The activity, for whom it is judged, and the inputs."""

    activity_id: str
    behavior: str
    occurred_at: datetime
    recipient_id: str
    inputs: Inputs

    @property
    def deal(self) -> DealTold | None:
        """The deal, if it is about one."""
        return self.inputs.deal

    @property
    def paid(self) -> tuple[DealAward, ...]:
        """What the rule has paid the recipient on the deal so far."""
        return self.inputs.paid

    def count(self, counter: str) -> int:
        """One of the rule's own counters."""
        return self.inputs.counters.get(counter, 0)
