"""What a team has earned: divided among its members, each in a transaction of its own.

A team can be of any size, so its award is a series: the paying transaction fixes who shares in
what, and each share is then paid, or withheld, once.
"""

from dataclasses import dataclass, replace

from portal_api.domain.activities import Outcome, WithheldReason
from portal_api.domain.earnings import Trace
from portal_api.domain.money import split

SHORT = frozenset({WithheldReason.BUDGET_EXHAUSTED, WithheldReason.CAP_REACHED})
"""Why a share is withheld that only lacks money: a budget, or a cap's."""


@dataclass(frozen=True, slots=True)
class TeamShare:
    """One member's share, and what became of it; none yet: it waits.

    ``before`` is why it was withheld the last time, where it waits again. ``late``: it was withheld
    for want of consent at any time before it was decided last.
    """

    individual_id: str
    amount_minor: int
    outcome: Outcome | None = None
    before: WithheldReason | None = None
    late: bool = False

    @property
    def forgone(self) -> bool:
        """Whether a consent is all that is wanting now."""
        reason = self.outcome.reason if self.outcome is not None else self.before
        return reason is WithheldReason.NO_CONSENT


@dataclass(frozen=True, slots=True)
class TeamAward:
    """An amount for a team, in equal shares. ``id`` names partner, program and itself.

    ``trace`` explains the whole; each share's earning has it as its own, with its amount.
    ``once_per`` is what is paid once per rule and member.
    """

    id: str
    partner_id: str
    program_id: str
    team_id: str
    trace: Trace
    once_per: str
    shares: tuple[TeamShare, ...]
    version: int = 0

    @property
    def waiting(self) -> tuple[TeamShare, ...]:
        """The shares that are neither paid nor withheld."""
        return tuple(share for share in self.shares if share.outcome is None)

    def again(self, reasons: frozenset[WithheldReason] = SHORT) -> "TeamAward":
        """The award with the shares waiting again that were withheld for one of the ``reasons``."""
        shares = tuple(
            replace(share, outcome=None, before=share.outcome.reason)
            if share.outcome and share.outcome.reason in reasons
            else share
            for share in self.shares
        )
        return replace(self, shares=shares)

    def decided(self, individual_id: str, outcome: Outcome) -> "TeamAward":
        """The award with what became of one share."""
        shares = tuple(
            replace(share, outcome=outcome, late=share.late or share.forgone)
            if share.individual_id == individual_id
            else share
            for share in self.shares
        )
        return replace(self, shares=shares)


def in_equal_shares(amount_minor: int, individual_ids: tuple[str, ...]) -> tuple[TeamShare, ...]:
    """The shares of all, which sum to the amount; the first have a minor unit more."""
    ids = tuple(sorted(individual_ids))
    parts = split(amount_minor, (1,) * len(ids))
    return tuple(TeamShare(person, part) for person, part in zip(ids, parts, strict=True))
