"""The weekly series: what each activity adds to which person's week, from what is stored of it.

One item for each week, partner, program, person and team, so that a question reads parties × weeks
and no activities. What is added is a pure function of the stored activity and the program's time
zone: recording and rebuilding count alike.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from portal_api.domain.activities import (
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_REOPENED,
    DEAL_RETURNED,
    DEAL_WON,
    Activity,
    DealWas,
    Outcome,
)
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.money import split

WON, WON_MINOR, WON_REGISTERED, LOST = "won", "won_minor", "won_registered", "lost"
DAYS_TO_CLOSE, PIPELINE, PIPELINE_MINOR = "days_to_close", "pipeline", "pipeline_minor"
DID, PRODUCT, PAID = "did:", "product:", "paid:"
"""The counters of a week, or how they begin: of a behavior, a product, what was paid for one."""

_DAY = timedelta(days=1)

Sums = dict[str, dict[str, int]]
"""What is added, by the id of a person's week and the counter."""


@dataclass(frozen=True, slots=True)
class WeekCounts:
    """A person's counters of one week in one program and team. ``id`` names all of them.

    ``counters`` only change by addition, and can be less than zero by returns:

    - ``did:BEHAVIOR``: activities that occurred in the week;
    - ``won``: own deals won in the week, without those that were returned since; of these
      ``won_registered`` whose registration was approved before the sale, ``product:NAME`` by what
      was sold, and ``days_to_close``, the sum of whole days from submission to sale;
    - ``won_minor``: the credited share of what was won in the week, without what was returned
      since, in minor units of the program's currency;
    - ``lost``: own deals lost in the week, without those that were reopened since;
    - ``pipeline`` and ``pipeline_minor``: by how much number and estimates of the own open deals
      with an approved registration, protected or not, changed in the week. The sum of all weeks up
      to one is the registered pipeline at its end: of a person or a company, since whoever changes
      the team takes the open deals along;
    - ``paid:RULE:BEHAVIOR:ASSET``: what a rule has paid for a behavior by the person's activities,
      to whomever, less what of it was taken back, in minor units. It is the behavior that the
      payment was made for, as its outcome says: of a sale that is returned, its registration's pay
      comes off the registration, and its sale's off the sale. Of a goal's bonus it is the goal's
      step. What a sale was paid is taken back in the week of the sale, while it stands, and what a
      registration was, in that of its approval; anything else in the week of the activity that
      does it, such as of a sale that was returned before.
    """

    id: str
    counters: Mapping[str, int] = field(default_factory=dict)
    version: int = 0

    @property
    def partner_id(self) -> str:
        """Whose staff the person was."""
        return self.id.split(".")[0]

    @property
    def week(self) -> date:
        """The Monday, by the program's time zone."""
        return date.fromisoformat(self.id.split(".")[1])

    @property
    def program_id(self) -> str:
        """The program in which it was recorded."""
        return self.id.split(".")[2]

    @property
    def individual_id(self) -> str:
        """The person."""
        return self.id.split(".")[3]

    @property
    def team_id(self) -> str | None:
        """The team for which the person was counted."""
        return self.id.split(".")[4] or None

    def count(self, counter: str) -> int:
        """A counter, 0 where nothing was counted."""
        return self.counters.get(counter, 0)


def week_id(
    partner_id: str, week: date, program_id: str, individual_id: str, team_id: str | None
) -> str:
    """The id of a person's counters of a week."""
    return f"{partner_id}.{week.isoformat()}.{program_id}.{individual_id}.{team_id or ''}"


def week_of(instant: datetime, time_zone: str) -> date:
    """The Monday of an instant's week, by a program's own calendar.

    At either end of all time, where that calendar has no day any more, by UTC.
    """
    try:
        return monday_of(instant.astimezone(ZoneInfo(time_zone)).date())
    except OverflowError:
        return monday_of(instant.date())


def monday_of(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def did_counter(behavior: str) -> str:
    """The counter of how often a behavior was done."""
    return f"{DID}{behavior}"


def product_counter(product: str) -> str:
    """The counter of deals won of a product."""
    return f"{PRODUCT}{product}"


def paid_counter(rule_code: str, behavior: str, asset: str) -> str:
    """The counter of what a rule paid for a behavior in an asset, in its minor units.

    No code has a colon in it.
    """
    return f"{PAID}{rule_code}:{behavior}:{asset}"


def deal_was(deal: Deal | None) -> DealWas | None:
    """What an activity keeps of its deal as it was before the change; none: it is new."""
    if deal is None:
        return None
    return DealWas(
        stage=deal.stage,
        product=deal.product,
        amount_minor=deal.amount_minor,
        submitted_at=deal.submitted_at,
        approved_at=deal.approved_at,
        closed_at=deal.closed_at,
    )


def counted(activity: Activity, time_zone: str) -> Sums:
    """What a recorded activity has added to the weeks of the people whom it concerns.

    A change of a deal adds what the deal counts for after it, less what it did before it; so a
    return takes off its sale in the week of the sale. Of an activity that does not say what its
    deal was, the deal is not counted.
    """
    partner, program, teams = activity.partner_id, activity.program_id, dict(activity.teams)
    sums: Sums = {}
    for person, at, counter, amount in _added(activity):
        week = week_id(partner, week_of(at, time_zone), program, person, teams.get(person))
        counters = sums.setdefault(week, {})
        counters[counter] = counters.get(counter, 0) + amount
    return sums


def add(sums: Sums, more: Mapping[str, Mapping[str, int]], sign: int = 1) -> None:
    """Adds to the sums; ``sign`` -1: takes off."""
    for week, added in more.items():
        counters = sums.setdefault(week, {})
        for counter, amount in added.items():
            counters[counter] = counters.get(counter, 0) + sign * amount


_Added = tuple[str, datetime, str, int]
"""Whose week, an instant in it, the counter, and what is added."""


def _added(activity: Activity) -> Iterator[_Added]:
    own, at = activity.individual_id, activity.occurred_at
    yield own, at, did_counter(activity.behavior), 1
    for outcome in activity.outcomes:
        counter = paid_counter(outcome.rule_code, outcome.step, outcome.asset)
        yield own, _paid_at(activity, outcome), counter, outcome.net_minor
    if activity.deal_was is not None:
        yield from _of_deal(activity, activity.deal_was, -1)
        yield from _of_deal(activity, _after(activity, activity.deal_was), 1)


def _paid_at(activity: Activity, outcome: Outcome) -> datetime:
    """When what an outcome pays was earned, or what it takes back had been, as far as is told."""
    was, earned = activity.deal_was, None
    if was is not None and outcome.net_minor < 0:
        sold = was.closed_at if was.stage == DealStage.WON else None
        earned = {DEAL_WON: sold, DEAL_REGISTERED: was.approved_at}.get(outcome.step)
    return earned or activity.occurred_at


def _after(activity: Activity, was: DealWas) -> DealWas:
    """The deal after the change that the activity is."""
    at, amount = activity.occurred_at, activity.deal_amount_minor
    changed = replace(was, amount_minor=was.amount_minor if amount is None else amount)
    if activity.behavior == DEAL_REGISTERED:
        return replace(changed, approved_at=at)
    if activity.behavior == DEAL_REOPENED:
        return replace(changed, stage=DealStage.OPEN, closed_at=None)
    if activity.behavior == DEAL_RETURNED:
        return replace(changed, stage=DealStage.RETURNED)
    closed = {DEAL_WON: DealStage.WON, DEAL_LOST: DealStage.LOST}.get(activity.behavior)
    return changed if closed is None else replace(changed, stage=closed, closed_at=at)


def _of_deal(activity: Activity, deal: DealWas, sign: int) -> Iterator[_Added]:
    """What a deal counts for as it is; ``sign`` -1: what it did before the change."""
    own, closed_at = activity.individual_id, deal.closed_at
    if deal.stage == DealStage.OPEN and deal.approved_at is not None:
        yield own, activity.occurred_at, PIPELINE, sign
        yield own, activity.occurred_at, PIPELINE_MINOR, sign * deal.amount_minor
    if deal.stage == DealStage.LOST and closed_at is not None:
        yield own, closed_at, LOST, sign
    if deal.stage == DealStage.WON and closed_at is not None:
        yield own, closed_at, WON, sign
        yield own, closed_at, product_counter(deal.product), sign
        yield own, closed_at, DAYS_TO_CLOSE, sign * ((closed_at - deal.submitted_at) // _DAY)
        if deal.approved_at is not None and deal.approved_at < closed_at:
            yield own, closed_at, WON_REGISTERED, sign
        shares = activity.deal_shares or ((own, 1),)
        parts = split(deal.amount_minor, [weight for _, weight in shares])
        for (person, _), part in zip(shares, parts, strict=True):
            yield person, closed_at, WON_MINOR, sign * part
