"""The bottom line, in the insight: pipeline and sales before and since, and against others."""

import strawberry

from portal_api.domain.insights.pipeline import (
    DAYS_TO_CLOSE,
    SALES_PER_PARTNER,
    WIN_RATIO,
    Change,
    CompanyPipeline,
    Window,
)
from portal_api.domain.insights.pipeline import BottomLine as BottomLineAnswer
from portal_api.schema.access import Audience, declared
from portal_api.schema.insight_enums import ChangeVerdict
from portal_api.schema.insight_parts import (
    COMPANY,
    PERCENT,
    Basis,
    Estimate,
    MoneyEstimate,
    Shown,
    milli,
    share,
)
from portal_api.schema.scalars import Decimal, Money


@declared(*COMPANY)
@strawberry.type(description="Pipeline and sales of some weeks.")
class SalesWindow:
    """A window."""

    weeks: int = strawberry.field(description="How many weeks.")
    pipeline: int = strawberry.field(
        description="Open deals with an approved registration, at the end of these weeks."
    )
    pipeline_value: Money = strawberry.field(description="What they are estimated at.")
    won: int = strawberry.field(description="Deals won, less returns.")
    lost: int = strawberry.field(description="Deals lost.")
    win_ratio: Decimal | None = strawberry.field(
        description=f"Won of all that were decided, {PERCENT}; null where none was."
    )
    days_to_close: Decimal | None = strawberry.field(
        description="From submission to sale, on average, in days; null without a sale."
    )
    sales: Money = strawberry.field(description="What was sold, less returns.")
    sales_per_partner: Money = strawberry.field(
        description="Of that, for each partner and each week."
    )

    @classmethod
    def of(cls, found: Window, shown: Shown) -> "SalesWindow":
        """The window as shown."""
        days = found.days_to_close_milli
        return cls(
            weeks=found.weeks,
            pipeline=found.pipeline,
            pipeline_value=shown.money(found.pipeline_minor),
            won=found.won,
            lost=found.lost,
            win_ratio=share(found.win_ratio_bps),
            days_to_close=None if days is None else milli(days),
            sales=shown.money(found.sales_minor),
            sales_per_partner=shown.money(found.sales_per_partner_minor),
        )


@declared(*COMPANY)
@strawberry.type(
    description="The partner's pipeline and sales before the program's first incentive began and"
    " since, in equal windows. One partner's sales are too few for a verdict: see the program's"
    " bottom line."
)
class PartnerPipeline:
    """A partner's pipeline."""

    basis: Basis = strawberry.field(description="What it stands on.")
    before: SalesWindow = strawberry.field(description="Before.")
    since: SalesWindow = strawberry.field(description="Since.")

    @classmethod
    def of(cls, found: CompanyPipeline, basis: Basis, shown: Shown) -> "PartnerPipeline":
        """The pipeline as shown."""
        before, since = (SalesWindow.of(one, shown) for one in (found.before, found.since))
        return cls(basis=basis, before=before, since=since)


@declared(Audience.VENDOR)
@strawberry.type(description="What became of a number of the sales.")
class SalesChange:
    """A change."""

    change: Estimate | None = strawberry.field(
        description="Since less before, in the unit of the number; null where it cannot be told."
    )
    verdict: ChangeVerdict = strawberry.field(description="What it comes to.")


@declared(Audience.VENDOR)
@strawberry.type(description="What became of an amount of sales.")
class MoneyChange:
    """A change of money."""

    change: MoneyEstimate | None = strawberry.field(
        description="The difference; null where it cannot be told."
    )
    verdict: ChangeVerdict = strawberry.field(description="What it comes to.")


@declared(Audience.VENDOR)
@strawberry.type(
    description="Pipeline and bottom line of the partners that take part: before the program and"
    " since, and against eligible partners that do not take part. More pipeline without more sales"
    " is registration for its own sake."
)
class BottomLine:
    """The bottom line."""

    basis: Basis = strawberry.field(description="What it stands on.")
    participants: int = strawberry.field(description="Partners that take part.")
    others: int = strawberry.field(description="Eligible partners that do not.")
    before: SalesWindow = strawberry.field(description="Of those who take part, before.")
    since: SalesWindow = strawberry.field(description="And since, in as many weeks.")
    win_ratio: SalesChange | None = strawberry.field(
        description="What became of the win ratio, in points of percent."
    )
    days_to_close: SalesChange | None = strawberry.field(
        description="What became of the days from submission to sale: fewer are better."
    )
    sales_per_partner: MoneyChange | None = strawberry.field(
        description="What became of the sales of a partner in a week."
    )
    against_others: MoneyChange = strawberry.field(
        description="What a partner that takes part sells in a week since, less what it would be"
        " had it changed in the same proportion as the sales of the eligible partners that do not"
        " take part: a season or growth of all is not in it."
    )
    self_selected: bool = strawberry.field(
        description="Whether partners chose themselves to take part, or not to: then what differs"
        " between them may be why they chose so, and not what the program did."
    )

    @classmethod
    def of(cls, found: BottomLineAnswer, shown: Shown) -> "BottomLine":
        """The bottom line as shown."""
        of = {one.what: one for one in found.changes}
        sold = of.get(SALES_PER_PARTNER)
        return cls(
            basis=Basis.of(found.basis),
            participants=found.n_participants,
            others=found.n_others,
            before=SalesWindow.of(found.before, shown),
            since=SalesWindow.of(found.since, shown),
            win_ratio=_change(of.get(WIN_RATIO), 2),
            days_to_close=_change(of.get(DAYS_TO_CLOSE), 3),
            sales_per_partner=None
            if sold is None
            else MoneyChange(change=MoneyEstimate.of(sold.change, shown), verdict=sold.verdict),
            against_others=MoneyChange(
                change=MoneyEstimate.of(found.against_others_minor, shown),
                verdict=found.against_others,
            ),
            self_selected=found.self_selected,
        )


def _change(found: Change | None, digits: int) -> SalesChange | None:
    if found is None:
        return None
    return SalesChange(change=Estimate.of(found.change, digits), verdict=found.verdict)
