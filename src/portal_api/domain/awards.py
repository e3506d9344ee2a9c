"""What rules have paid on a deal, and what of it was reversed by hand."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from portal_api.domain.activities import DEAL_WON


@dataclass(frozen=True, slots=True)
class DealAward:
    """What one rule's step has paid a recipient on a deal, net of what was taken back.

    In minor units of ``asset``. A part of nothing has no earning; that it was not withheld counts.
    ``pending``: it waits for the deal to be won. ``shadow``: nothing was paid, it is only noted.
    ``plan_number`` is of the version that paid, ``turn`` how often the deal had been reopened.
    ``reversed_minor`` was taken back by hand: it is gone, and its rule does not pay it again.
    """

    rule_code: str
    step: str
    earning_id: str | None
    asset: str
    amount_minor: int
    recipient_id: str
    pending: bool = False
    shadow: bool = False
    plan_number: int = 0
    turn: int = 0
    reversed_minor: int = 0

    @property
    def given_minor(self) -> int:
        """What its rule has given and not taken back itself."""
        return self.amount_minor + self.reversed_minor


@dataclass(frozen=True, slots=True)
class Forgone:
    """What somebody goes without on a deal for want of consent: ``award`` is as it would be paid.

    For the activity ``activity_id``, which is of ``behavior``.
    """

    activity_id: str
    behavior: str
    award: DealAward

    @property
    def name(self) -> "ForgoneName":
        """What tells it from all others of the deal."""
        award = self.award
        return self.activity_id, award.rule_code, award.recipient_id, award.step


ForgoneName = tuple[str, str, str, str]
"""Activity, rule, recipient and step."""


def as_paid(forgone: Iterable[Forgone]) -> tuple[DealAward, ...]:
    """What people go without as the awards that it would be, with its activity for an earning."""
    return tuple(replace(one.award, earning_id=one.activity_id) for one in forgone)


def forgone_less(
    forgone: Iterable[Forgone], name: ForgoneName, amount_minor: int | None = None
) -> tuple[Forgone, ...]:
    """What people still go without, less so much (none: all) of one of it."""
    left = []
    for one in forgone:
        less = one.award.amount_minor if amount_minor is None else amount_minor
        kept = one.award.amount_minor - less * (one.name == name)
        if kept > 0:
            left.append(replace(one, award=replace(one.award, amount_minor=kept)))
    return tuple(left)


def forgone_by(forgone: Iterable[Forgone]) -> Counter[tuple[str, str]]:
    """How much each person goes without of each asset."""
    sums: Counter[tuple[str, str]] = Counter()
    for one in forgone:
        sums[one.award.recipient_id, one.award.asset] += one.award.amount_minor
    return sums


def given(awards: Iterable[DealAward]) -> int:
    """What a rule has given by all of these."""
    return sum(award.given_minor for award in awards)


def reversed_by_hand(awards: Iterable[DealAward]) -> int:
    """What was reversed by hand of all of these."""
    return sum(award.reversed_minor for award in awards)


def reverse(
    awards: Iterable[DealAward], earning_id: str, amount_minor: int
) -> tuple[DealAward, ...]:
    """The awards with a part of one earning reversed by hand."""
    return tuple(
        replace(
            award,
            amount_minor=award.amount_minor - amount_minor,
            reversed_minor=award.reversed_minor + amount_minor,
        )
        if award.earning_id == earning_id
        else award
        for award in awards
    )


def sale_undone(awards: Iterable[DealAward], turn: int) -> tuple[DealAward, ...]:
    """The awards once the sale was returned: what was reversed of that sale counts no more.

    If the deal is won again, that is another sale. What was paid for a registration or for other
    behaviors is not undone, so neither is what was reversed of it.
    """
    return tuple(
        replace(award, reversed_minor=0) if (award.step, award.turn) == (DEAL_WON, turn) else award
        for award in awards
    )
