"""Incentives themselves in the insight: what is paid for nothing, and what works unevenly."""

from typing import TYPE_CHECKING, Annotated

import strawberry
from strawberry import relay

from portal_api.domain.insights import consistency, deadweight
from portal_api.schema.access import Audience, declared
from portal_api.schema.behaviors import Behavior
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.insight_enums import Baseline, ConsistencyVerdict, DeadweightVerdict
from portal_api.schema.insight_parts import PER_WEEK, PERCENT, Basis, Estimate, Shown, milli, paged
from portal_api.schema.insight_parts import share as share_of
from portal_api.schema.insight_profile import MOST_BEHAVIORS
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, After, First
from portal_api.schema.scalars import Amount, Decimal, amount_of

if TYPE_CHECKING:
    from portal_api.schema.partners import Partner

_Partner = Annotated["Partner", strawberry.lazy("portal_api.schema.partners")]


@declared(Audience.VENDOR)
@strawberry.type(description="What was paid in one asset, and what of it for nothing.")
class DeadweightMoney:
    """Money of one asset."""

    paid: Amount = strawberry.field(
        description="What the program paid for the behavior of those who are judged, in the weeks"
        " in which they took part, less what of it was taken back, also later."
    )
    anyway: Amount = strawberry.field(
        description="Of that for what the baseline predicts anyway: what could be diverted."
    )
    anyway_low: Amount = strawberry.field(description="The lower end of its interval.")
    anyway_high: Amount = strawberry.field(description="The upper end.")
    total: Amount = strawberry.field(
        description="All that the program paid for the behavior in these weeks. What of it is not"
        " in `paid` was paid at partners that the baseline cannot judge, or for weeks before"
        " somebody took part, by a consent or enrollment that reaches back: that was done anyway."
    )

    @classmethod
    def of(cls, found: deadweight.Money) -> "DeadweightMoney":
        """The money as shown."""
        return cls(
            paid=amount_of(found.asset, found.paid_minor),
            anyway=amount_of(found.asset, found.anyway_minor),
            anyway_low=amount_of(found.asset, found.anyway_low_minor),
            anyway_high=amount_of(found.asset, found.anyway_high_minor),
            total=amount_of(found.asset, found.total_minor),
        )


@declared(Audience.VENDOR)
@strawberry.type(description="One incentive, judged by one baseline.")
class Deadweight:
    """An incentive by a baseline."""

    behavior: Behavior = strawberry.field(description="What is paid for.")
    baseline: Baseline = strawberry.field(
        description="By what it is told what would have been done without the incentive."
    )
    participants: int = strawberry.field(description="Partners that take part.")
    others: int = strawberry.field(
        description="Partners that do not, and that the baseline compares with."
    )
    actual: int = strawberry.field(
        description="How often those who take part did it while it was paid for."
    )
    predicted: Estimate | None = strawberry.field(
        description="How often they would have done it anyway; null where it cannot be told."
    )
    anyway_share: Estimate | None = strawberry.field(
        description=f"The share of what they did that they would have done anyway, {PERCENT}."
    )
    money: list[DeadweightMoney] = strawberry.field(
        description="What that comes to, asset by asset; empty where nothing was paid, or nothing"
        " can be told."
    )
    verdict: DeadweightVerdict = strawberry.field(description="What it comes to.")
    parallel_before: bool | None = strawberry.field(
        description="Whether those who take part and those who do not changed alike before the"
        " incentive, as the difference in differences assumes; where not, it decides nothing. Null"
        " of the other baselines, and where nothing can be told."
    )

    @classmethod
    def of(cls, found: deadweight.Deadweight, shown: Shown) -> "Deadweight":
        """The incentive as shown."""
        return cls(
            behavior=shown.behaviors[found.behavior],
            baseline=found.baseline,
            participants=found.n_participants,
            others=found.n_others,
            actual=found.actual,
            predicted=Estimate.of(found.predicted, 0),
            anyway_share=Estimate.of(found.anyway_share_bps, 2),
            money=[DeadweightMoney.of(one) for one in found.money],
            verdict=found.verdict,
            parallel_before=found.parallel,
        )


@declared(Audience.VENDOR)
@strawberry.type(
    description="What is paid for what would have been done anyway, in money, by several baselines."
    " Where they agree, divert the money to what the top does and others do not."
)
class DeadweightReport:
    """Deadweight, incentive by incentive."""

    basis: Basis = strawberry.field(description="What it stands on.")
    incentives: list[Deadweight] = strawberry.field(
        description="Each incentive by each baseline.", metadata=counted(items=MOST_BEHAVIORS)
    )

    @classmethod
    def of(cls, found: deadweight.DeadweightAnswer, shown: Shown) -> "DeadweightReport":
        """The report as shown."""
        incentives = [Deadweight.of(one, shown) for one in found.incentives]
        return cls(basis=Basis.of(found.basis), incentives=incentives)


@declared(Audience.VENDOR)
@strawberry.type(description="What became of a behavior at one partner once it was paid for.")
class PartnerEffect:
    """A partner's effect."""

    change: Decimal = strawberry.field(
        description=f"How much more often each of its people does it than before, {PER_WEEK}."
    )
    error: Decimal = strawberry.field(description="The standard error of that.")
    partner_id: strawberry.Private[str]

    @strawberry.field(description="The partner.")
    async def partner(self, info: Info) -> _Partner | None:
        """The partner."""
        found: Partner | None = await find(info, "Partner", self.partner_id)
        return found


# An effect is not fetched alone: it is found in its report.
Effects = relay.Connection[PartnerEffect]  # type: ignore[type-var]


@declared(Audience.VENDOR)
@strawberry.type(description="Whether one incentive works alike at all partners.")
class IncentiveConsistency:
    """An incentive's consistency."""

    behavior: Behavior = strawberry.field(description="What is paid for.")
    mean: Decimal = strawberry.field(
        description="How much more often a person does it than before, over all partners, the"
        f" surest of them counting most, {PER_WEEK}."
    )
    q: Decimal | None = strawberry.field(
        description="How far the partners lie apart: Cochran's Q; null where it cannot be told."
    )
    p: Decimal | None = strawberry.field(
        description="How likely they would lie so far apart by chance alone, in percent."
    )
    spread: Decimal | None = strawberry.field(
        description=f"The dispersion: how much of it chance does not explain (I²), {PERCENT}."
    )
    verdict: ConsistencyVerdict = strawberry.field(description="What it comes to.")
    whose: strawberry.Private[str]
    found: strawberry.Private[consistency.BehaviorConsistency]

    @classmethod
    def of(
        cls, whose: str, found: consistency.BehaviorConsistency, shown: Shown
    ) -> "IncentiveConsistency":
        """The consistency as shown."""
        return cls(
            behavior=shown.behaviors[found.behavior],
            mean=milli(found.mean_milli),
            q=None if found.q_milli is None else milli(found.q_milli),
            p=share_of(found.p_bps),
            spread=share_of(found.spread_bps),
            verdict=found.verdict,
            whose=f"{whose}.{found.behavior}",
            found=found,
        )

    @strawberry.field(
        description="Partner by partner, the largest change first, whether up or down."
    )
    def partners(self, first: First = PAGE, after: After = None) -> Effects:
        """A page of partners."""

        def effect(one: consistency.CompanyEffect) -> PartnerEffect:
            return PartnerEffect(
                change=milli(one.change_milli),
                error=milli(one.error_milli),
                partner_id=one.partner_id,
            )

        largest_first = sorted(self.found.companies, key=lambda one: -abs(one.change_milli))
        return paged(largest_first, first, after, effect)  # type: ignore[no-any-return]


@declared(Audience.VENDOR)
@strawberry.type(
    description="Whether incentives work alike at all partners. Where one does not, it is the"
    " incentive that is flagged: look at its rules before you blame a partner."
)
class ConsistencyReport:
    """Consistency, incentive by incentive."""

    basis: Basis = strawberry.field(description="What it stands on.")
    incentives: list[IncentiveConsistency] = strawberry.field(description="Incentive by incentive.")

    @classmethod
    def of(
        cls, whose: str, found: consistency.ConsistencyAnswer, shown: Shown
    ) -> "ConsistencyReport":
        """The report as shown."""
        incentives = [IncentiveConsistency.of(whose, one, shown) for one in found.behaviors]
        return cls(basis=Basis.of(found.basis), incentives=incentives)
