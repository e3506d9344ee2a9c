"""The five C's of a partner, each a number with its n, by definitions of our own.

They describe the last weeks of the market and judge nothing: no verdict, no interval.

- Contribution: the partner's sales, and their share of those of all the market's partners.
- Capacity: of the people employed in the last week, those who did anything in the window, and those
  who are certified: who have ever completed a training of level 1 or higher there. Depth is the
  level that each has reached, not how many trainings: the sum of the highest levels for each of
  the staff.
- Coverage: the stages of the sales process in which the partner did anything, of those that the
  catalogue has behaviors for (changes of deals are behaviors, too), and the products it sold, of
  those that any of the partners did. Regions are not counted: a partner has one, and what it sells
  is not recorded by place.
- Commitment: the weeks in which it did anything, of the window's weeks since it first did; of those
  that never did, of all of the window's weeks. And the share of its sales that were registered
  before.
- Consumption: behaviors of the customer side, such as renewals, for each deal won.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from portal_api.domain.activities import DEAL_BEHAVIORS, BehaviorType, FiveC, ProcessStage
from portal_api.domain.insights.basis import Basis
from portal_api.domain.insights.market import Company, Market, Series
from portal_api.domain.money import of_ratio
from portal_api.domain.weeks import DID, PRODUCT, WON, WON_MINOR, WON_REGISTERED


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What is looked at: the last weeks, and from which level of training on is certified."""

    window_weeks: int = 52
    certified_level: int = 1


@dataclass(frozen=True, slots=True)
class Scorecard:
    """One partner. Every ``…_bps`` is none where what it divides by is zero.

    Contribution: ``sales_minor`` and its share of all partners' sales. Capacity: people who did
    anything, and who are certified (``certified``), of ``staff``; ``training_level`` is the sum of
    the highest levels of training that its people have reached, in thousandths for each of the
    staff. Coverage: how many of the process stages and products of the program's market it was
    active in. Commitment: the share of weeks with activity, and of sales that were registered
    before. Consumption: customer-side behaviors for each won deal, in thousandths. ``people`` is
    who did anything in the window, whether or not they work there still, ``consuming`` who did any
    of the customer's, and ``trained`` of the staff who has reached a level.
    """

    partner_id: str
    sales_minor: int
    sales_share_bps: int | None
    staff: int
    active: int
    certified: int
    training_level_milli: int | None
    stages: int
    stages_of: int
    products: int
    products_of: int
    active_weeks: int
    weeks: int
    commitment_bps: int | None
    won: int
    registered_before: int
    registered_before_bps: int | None
    consumed: int
    consumed_per_won_milli: int | None
    people: int = 0
    consuming: int = 0
    trained: int = 0


@dataclass(frozen=True, slots=True)
class FiveCs:
    """All partners."""

    basis: Basis
    companies: tuple[Scorecard, ...]


_METHOD = (
    "Definitions of our own, over the last {weeks} weeks. Contribution: sales and their share of "
    "all partners'. Capacity: people employed in the last week who did anything, and who ever "
    "completed a training of level {level} or higher; the highest level that each reached, summed, "
    "for each of the staff. Coverage: process stages with activity, of those with behaviors; "
    "products sold, of those that any partner sold; not regions: a partner has one, and sales are "
    "recorded by no place. Commitment: weeks with activity, of those "
    "since the first; sales registered before, of all. Consumption: customer-side behaviors for "
    "each won deal."
)


def scorecards(market: Market, thresholds: Thresholds | None = None) -> FiveCs:
    """The five C's of each partner (see the module's head)."""
    limits = thresholds or Thresholds()
    window = market.last(limits.window_weeks)
    known = {one.code: one for one in DEAL_BEHAVIORS} | dict(market.behaviors)
    whole = _Whole(
        sales_minor=sum(one.series.total(WON_MINOR, *window) for one in market.companies),
        products=len({name for one in market.companies for name in _sold(one.series, window)}),
        stages=len({behavior.stage for behavior in known.values()}),
    )
    return FiveCs(
        basis=Basis(
            method=_METHOD.format(weeks=limits.window_weeks, level=limits.certified_level),
            n=len(market.companies),
            n_of="partners",
            thresholds=asdict(limits),
            starts_on=market.day(window[0]),
            ends_on=market.day(window[1]),
        ),
        companies=tuple(_scorecard(one, window, known, whole, limits) for one in market.companies),
    )


@dataclass(frozen=True, slots=True)
class _Whole:
    """What a partner's numbers are parts of."""

    sales_minor: int
    products: int
    stages: int


def _scorecard(
    company: Company,
    window: tuple[int, int],
    known: Mapping[str, BehaviorType],
    whole: _Whole,
    limits: Thresholds,
) -> Scorecard:
    series, staff = company.series, company.staff(window[1] - 1)
    levels = [_level(person.series, known) for person in staff]
    active = _active_weeks(series)
    since = max(window[0], min(active, default=0))
    weeks, active_weeks = window[1] - since, sum(since <= week < window[1] for week in active)
    sales, won = series.total(WON_MINOR, *window), series.total(WON, *window)
    registered = series.total(WON_REGISTERED, *window)
    of_customers = {code for code, one in known.items() if one.five_c is FiveC.CONSUMPTION}
    consumed = sum(series.total(DID + code, *window) for code in of_customers)
    done = [_did(person.series, window) for person in company.people]
    return Scorecard(
        partner_id=company.id,
        sales_minor=sales,
        sales_share_bps=_part(sales, whole.sales_minor, 10_000),
        staff=len(staff),
        active=sum(bool(_did(person.series, window)) for person in staff),
        certified=sum(level >= limits.certified_level for level in levels),
        training_level_milli=_part(sum(levels), len(staff), 1000),
        stages=len(_stages(series, window, known)),
        stages_of=whole.stages,
        products=len(_sold(series, window)),
        products_of=whole.products,
        active_weeks=active_weeks,
        weeks=weeks,
        commitment_bps=_part(active_weeks, weeks, 10_000),
        won=won,
        registered_before=registered,
        registered_before_bps=_part(registered, won, 10_000),
        consumed=consumed,
        consumed_per_won_milli=_part(consumed, won, 1000),
        people=sum(map(bool, done)),
        consuming=sum(bool(codes & of_customers) for codes in done),
        trained=sum(level > 0 for level in levels),
    )


def _part(part: int, whole: int, scale: int) -> int | None:
    """None where there is nothing to be a part of."""
    return of_ratio(scale, part, whole) if whole > 0 else None


def _did(series: Series, window: tuple[int, int]) -> set[str]:
    """The behaviors done in a window."""
    return {code for code in series.named(DID) if any(series.did(code)[slice(*window)])}


def _sold(series: Series, window: tuple[int, int]) -> set[str]:
    """The products sold in a window, and not all returned."""
    return {name for name in series.named(PRODUCT) if series.total(PRODUCT + name, *window) > 0}


def _stages(
    series: Series, window: tuple[int, int], known: Mapping[str, BehaviorType]
) -> set[ProcessStage]:
    return {known[code].stage for code in _did(series, window) if code in known}


def _active_weeks(series: Series) -> list[int]:
    """All weeks in which anything was done, of the whole market."""
    done = zip(*(series.did(code) for code in series.named(DID)), strict=True)
    return [week for week, counts in enumerate(done) if any(counts)]


def _level(series: Series, known: Mapping[str, BehaviorType]) -> int:
    """The highest level of training that a person has reached, 0 for none."""
    done = (known[code] for code in series.named(DID) if code in known and any(series.did(code)))
    return max((behavior.level or 0 for behavior in done), default=0)
