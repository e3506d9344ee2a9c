"""Markets made by hand, week by week, of which the right answers are plain arithmetic."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

from portal_api.domain.activities import BehaviorType
from portal_api.domain.insights.market import Company, Incentive, Market, Person, Series, summed
from portal_api.domain.partners import PartnerType, Role
from portal_api.domain.programs import IncentiveClass

Counts = Mapping[str, Sequence[int]]


def person(
    counts: Counts, *, took_part: Sequence[bool], employed: tuple[int, int] | None = None
) -> Person:
    """A rep with these counters, one number a week, who was there all the time or as said."""
    weeks = len(took_part)
    return Person(
        id="",
        role=Role.SALES_REP,
        team_id=None,
        employed=employed or (0, weeks),
        took_part=tuple(took_part),
        series=Series(weeks, {counter: tuple(each) for counter, each in counts.items()}),
    )


def company(
    name: str,
    *people: Person,
    kind: PartnerType = PartnerType.VAR,
) -> Company:
    """A partner with these people, that takes part when any of them does."""
    weeks = len(people[0].took_part)
    return Company(
        id=name,
        type=kind,
        tier=None,
        region="EMEA",
        took_part=tuple(any(each) for each in zip(*(one.took_part for one in people), strict=True)),
        people=people,
        teams=(),
        series=summed(weeks, (one.series for one in people)),
    )


def market(
    *companies: Company,
    incentives: Sequence[Incentive] = (),
    behaviors: Sequence[BehaviorType] = (),
    weeks: int = 0,
) -> Market:
    """A market of these partners, of as many weeks as they have."""
    return Market(
        program_id="prg",
        currency="USD",
        incentive_class=IncentiveClass.HABIT_FORMING,
        first_week=date(2025, 1, 6),
        weeks=companies[0].series.weeks if companies else weeks,
        as_of=datetime(2026, 1, 5, tzinfo=UTC),
        companies=companies,
        behaviors={one.code: one for one in behaviors},
        incentives=tuple(incentives),
    )
