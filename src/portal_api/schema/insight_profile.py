"""Behaviors in the insight: what the top does, what others miss, what to pay for, and the pace."""

from collections.abc import Sequence

import strawberry

from portal_api.domain.goals import tells_of_several
from portal_api.domain.insights import next_incentive, pace, profile
from portal_api.schema.access import Audience, declared
from portal_api.schema.behaviors import Behavior
from portal_api.schema.costs import counted
from portal_api.schema.insight_enums import GapVerdict, PaceVerdict, TopChange
from portal_api.schema.insight_parts import (
    COMPANY,
    FEW,
    PER_WEEK,
    PERCENT,
    Basis,
    Estimate,
    Shown,
    milli,
    percent,
)
from portal_api.schema.scalars import Decimal, Money

MOST_BEHAVIORS = 20
"""So often what is asked of each behavior counts; few catalogues are longer."""


@declared(Audience.VENDOR)
@strawberry.type(description="One behavior at the top performers and at the others.")
class BehaviorGap:
    """A gap."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    occurrences: int = strawberry.field(description="How often anybody did it in these weeks.")
    top_adoption: Decimal = strawberry.field(
        description=f"How many of the top do it at all, {PERCENT}."
    )
    others_adoption: Decimal = strawberry.field(description="And of the others, in percent.")
    adoption_gap: Estimate | None = strawberry.field(
        description="The difference, in points of percent; null where it cannot be told."
    )
    top_per_week: Decimal = strawberry.field(
        description=f"How often a person of the top does it {PER_WEEK}; of partners, each of their"
        " people. It is for the same weeks as that of the others, whoever was hired when."
    )
    others_per_week: Decimal = strawberry.field(description="And one of the others.")
    frequency_gap: Estimate | None = strawberry.field(
        description="The difference, a week; among people, that to their own colleagues. Null where"
        " it cannot be told."
    )
    verdict: GapVerdict = strawberry.field(
        description="Whether the top does more of it; that it does not is said only where a"
        " difference as large as what the others do is excluded."
    )

    @classmethod
    def of(cls, found: profile.BehaviorGap, shown: Shown) -> "BehaviorGap":
        """The gap as shown."""
        return cls(
            behavior=shown.behaviors[found.behavior],
            occurrences=found.occurrences,
            top_adoption=percent(found.top_adoption_bps),
            others_adoption=percent(found.others_adoption_bps),
            adoption_gap=Estimate.of(found.adoption_gap_bps, 2),
            top_per_week=milli(found.top_per_week_milli),
            others_per_week=milli(found.others_per_week_milli),
            frequency_gap=Estimate.of(found.frequency_gap_milli, 3),
            verdict=found.verdict,
        )


@declared(Audience.VENDOR)
@strawberry.type(description="A level of training at the top performers and at the others.")
class TrainingGap:
    """A gap in training."""

    level: int = strawberry.field(description="The level: 1 is the first.")
    top_reached: Decimal = strawberry.field(
        description=f"How many of the top have reached it, or a higher one, {PERCENT}; of partners,"
        " of their people."
    )
    others_reached: Decimal = strawberry.field(description="And of the others, in percent.")
    gap: Estimate | None = strawberry.field(
        description="The difference, in points of percent; null where it cannot be told."
    )
    verdict: GapVerdict = strawberry.field(description="Whether more of the top have it.")


@declared(Audience.VENDOR)
@strawberry.type(
    description="What top performers do and others do not, the largest gap first. Where the top"
    " does more of something, find out whether it makes them sell, and pay others for it."
)
class BehaviorProfile:
    """A profile."""

    basis: Basis = strawberry.field(description="What it stands on.")
    top: int = strawberry.field(description="How many are the top.")
    others: int = strawberry.field(description="How many are the others.")
    behaviors: list[BehaviorGap] = strawberry.field(
        description="Behavior by behavior.", metadata=counted(items=MOST_BEHAVIORS)
    )
    training: list[TrainingGap] = strawberry.field(
        description="How deep people are trained: the level reached, and not only the count."
    )

    @classmethod
    def of(cls, found: profile.Profile, shown: Shown) -> "BehaviorProfile":
        """The profile as shown."""
        return cls(
            basis=Basis.of(found.basis),
            top=found.n_top,
            others=found.n_others,
            behaviors=[BehaviorGap.of(one, shown) for one in found.behaviors],
            training=[
                TrainingGap(
                    level=one.level,
                    top_reached=percent(one.top_reached_bps),
                    others_reached=percent(one.others_reached_bps),
                    gap=Estimate.of(one.gap_bps, 2),
                    verdict=one.verdict,
                )
                for one in found.training
            ],
        )


@declared(*COMPANY)
@strawberry.type(description="Something that the top does more, and how the partner compares.")
class MissingBehavior:
    """A missing behavior."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    own_per_week: Decimal | None = strawberry.field(
        description=f"How often each of the partner's people does it {PER_WEEK}; where the basis is"
        f" of people, those who are not of the top. {FEW}"
    )
    top_per_week: Decimal = strawberry.field(description="How often one of the top's does.")
    never: bool | None = strawberry.field(
        description=f"Whether the partner has not done it at all. {FEW}"
    )


@declared(*COMPANY)
@strawberry.type(
    description="What the top does more than others, and this partner less than the top: where to"
    " begin with it. The top are partners; people where partners are too few to tell (see the"
    " basis). Then it is what the partner's people who are not at the top do less than such people"
    " do everywhere: nearly every company is below the top people."
)
class MissingBehaviors:
    """Missing behaviors."""

    basis: Basis = strawberry.field(description="What it stands on.")
    behaviors: list[MissingBehavior] = strawberry.field(
        description="Behavior by behavior.", metadata=counted(items=MOST_BEHAVIORS)
    )

    @classmethod
    def of(
        cls,
        found: Sequence[profile.MissingBehavior],
        basis: Basis,
        shown: Shown,
        audiences: frozenset[Audience],
    ) -> "MissingBehaviors":
        """What is missing as shown to whoever is ``audiences`` to the partner."""

        def told(one: profile.MissingBehavior) -> MissingBehavior:
            own = one.own_per_week_milli
            all_of_it = Audience.VENDOR in audiences
            several = all_of_it or tells_of_several(own, one.people, one.staff)
            # Where the top people of the partner alone do it, they may be one or two.
            known = all_of_it or (several and (one.people > 0 or one.never))
            return MissingBehavior(
                behavior=shown.behaviors[one.behavior],
                own_per_week=milli(own) if several else None,
                top_per_week=milli(one.top_per_week_milli),
                never=one.never if known else None,
            )

        return cls(basis=basis, behaviors=[told(one) for one in found])


@declared(Audience.VENDOR)
@strawberry.type(description="A behavior to pay for, and what closing its gap would cost.")
class IncentiveSuggestion:
    """A suggestion."""

    behavior: Behavior = strawberry.field(description="The behavior.")
    paid_already: bool = strawberry.field(description="Whether this program pays for it by now.")
    parties: int = strawberry.field(
        description="How many do it less than the top: partners or people, as the basis says."
    )
    missing: int = strawberry.field(
        description="How many more they would do in a quarter if they did it as often as the top."
    )
    price: Money | None = strawberry.field(
        description="What one costs by all flat rules in force that pay for it together, such as"
        " the rep's and the company's; of several programs, by the cheapest. Null where none pays"
        " for it, or in something of unknown worth."
    )
    cost: Money | None = strawberry.field(
        description="What closing the gap costs in a quarter if only what is new were paid for: the"
        " bill is larger, for what they do already is paid, too. Null where there is no price."
    )

    @classmethod
    def of(cls, found: next_incentive.Suggestion, shown: Shown) -> "IncentiveSuggestion":
        """The suggestion as shown."""
        price, cost = found.price_minor, found.cost_minor
        return cls(
            behavior=shown.behaviors[found.behavior],
            paid_already=found.paid_already,
            parties=found.parties,
            missing=found.missing,
            price=None if price is None else shown.money(price),
            cost=None if cost is None else shown.money(cost),
        )


@declared(Audience.VENDOR)
@strawberry.type(
    description="What to pay for next: behaviors of the top that others lack, the cheapest gap"
    " first, then those without a price, the largest gap first. Of partners; of people where"
    " partners are too few to tell (see the basis)."
)
class NextIncentives:
    """Suggestions."""

    basis: Basis = strawberry.field(description="What it stands on.")
    sufficient: bool = strawberry.field(
        description="Whether there was enough to look for them; if not, none is suggested."
    )
    suggestions: list[IncentiveSuggestion] = strawberry.field(
        description="The suggestions.", metadata=counted(items=MOST_BEHAVIORS)
    )

    @classmethod
    def of(cls, found: next_incentive.NextIncentives, shown: Shown) -> "NextIncentives":
        """The suggestions as shown."""
        return cls(
            basis=Basis.of(found.basis),
            sufficient=found.sufficient,
            suggestions=[IncentiveSuggestion.of(one, shown) for one in found.suggestions],
        )


@declared(Audience.VENDOR)
@strawberry.type(
    description="What the top performers themselves have done of the profile since the plan began:"
    " whether the incentive moves even them, or what others gain on them is their own."
)
class TopPace:
    """The pace of the top."""

    basis: Basis = strawberry.field(description="What it stands on.")
    behaviors: list[Behavior] = strawberry.field(
        description="The behaviors of the profile, which are counted together; where no profile is"
        " known, those that are paid."
    )
    before: Decimal = strawberry.field(
        description=f"How often each of the top's people did them before, {PER_WEEK}."
    )
    since: Decimal = strawberry.field(description="And since the plan began.")
    change: Estimate | None = strawberry.field(
        description="The difference, a week; null where it cannot be told."
    )
    verdict: TopChange = strawberry.field(description="What it comes to.")

    @classmethod
    def of(cls, found: pace.Pace, shown: Shown) -> "TopPace":
        """The pace as shown."""
        return cls(
            basis=Basis.of(found.basis),
            behaviors=[shown.behaviors[code] for code in found.behaviors],
            before=milli(found.top_before_milli),
            since=milli(found.top_since_milli),
            change=Estimate.of(found.top_change_milli, 3),
            verdict=found.top_change,
        )


@declared(*COMPANY)
@strawberry.type(
    description="Whether a partner keeps pace with what the top does, since the plan began."
)
class PartnerPace:
    """A partner's pace."""

    basis: Basis = strawberry.field(description="What it stands on.")
    before: Decimal | None = strawberry.field(
        description="How often each of its people did the behaviors of the profile before,"
        f" {PER_WEEK}. {FEW}"
    )
    since: Decimal | None = strawberry.field(description=f"And since the plan began. {FEW}")
    ratio: Estimate | None = strawberry.field(
        description="Its rate since then by that of the top, in percent: 100.00 is the same; null"
        f" where it cannot be told. {FEW}"
    )
    verdict: PaceVerdict | None = strawberry.field(description=f"What it comes to. {FEW}")

    @classmethod
    def of(
        cls, found: pace.CompanyPace, basis: Basis, staff: int, audiences: frozenset[Audience]
    ) -> "PartnerPace":
        """The pace as shown to whoever is ``audiences`` to the partner of so many people."""
        all_of_it = Audience.VENDOR in audiences
        before = all_of_it or tells_of_several(found.before_milli, found.people_before, staff)
        since = all_of_it or tells_of_several(found.since_milli, found.people, staff)
        return cls(
            basis=basis,
            before=milli(found.before_milli) if before else None,
            since=milli(found.since_milli) if since else None,
            ratio=Estimate.of(found.ratio_bps, 2) if since else None,
            verdict=found.verdict if since else None,
        )
