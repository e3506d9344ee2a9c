"""Known answers of the obstacles: interventions that help, do harm, do nothing, or are too new."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from portal_api.domain.insights.market import Market
from portal_api.domain.insights.obstacles import TrendVerdict, answer
from portal_api.domain.obstacles import Intervention
from tests.insights.planted import FIRST_WEEK, Plant, Rate, Sketch, steady

BEHAVIOR = "SURVEY"
_FALSE = {TrendVerdict.IMPROVED, TrendVerdict.WORSE}
_NOTHING_SOLD = steady(0.0)


def done_in(week: int, *, partner: int | None = None, number: int = 0) -> Intervention:
    """What was done on the Wednesday of a week of the market, at one of its partners."""
    return Intervention(
        id=f"prg.{number}",
        program_id="prg",
        behavior=BEHAVIOR,
        text="One page in place of three.",
        started_on=FIRST_WEEK + timedelta(weeks=week, days=2),
        recorded_by="ind",
        recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
        partner_id=None if partner is None else f"ptn-{partner:03}",
    )


def _verdict(*done: Intervention) -> Callable[[Market], str]:
    """The verdict on the only intervention; of several, that of the first which tells a change."""

    def told(market: Market) -> str:
        (found,) = answer(market, (), done).behaviors
        verdicts = [trend.verdict for trend in found.trends]
        return next((one for one in verdicts if one in _FALSE), verdicts[0])

    return told


def _changing(before: float, after: float, week: int, partner: int | None = None) -> Rate:
    """A rate that changes with a week, at one partner or everywhere."""
    return lambda company, _person, at: (
        after if at > week and partner in (None, company) else before
    )


def _sketch(rate: Rate, companies: int = 5, people: int = 4, clustered: float = 1.0) -> Sketch:
    return Sketch({BEHAVIOR: rate}, _NOTHING_SOLD, companies, people, clustered=clustered)


def _noise(name: str, sketch: Sketch, done: Sequence[Intervention]) -> Plant:
    return Plant("obstacles", name, sketch, _verdict(*done), TrendVerdict.NO_CHANGE, noise=True)


def _effect(
    name: str, sketch: Sketch, expected: TrendVerdict, week: int, partner: int | None = None
) -> Plant:
    """One intervention in a week, at one partner or everywhere."""
    return Plant("obstacles", name, sketch, _verdict(done_in(week, partner=partner)), expected)


PLANTS = (
    _effect(
        "done three times as often since, everywhere",
        *(_sketch(_changing(0.3, 0.9, 30)), TrendVerdict.IMPROVED, 30),
    ),
    _effect(
        "done three times as often since, at the one partner",
        _sketch(_changing(0.5, 1.5, 30, partner=2), people=8),
        *(TrendVerdict.IMPROVED, 30, 2),
    ),
    _effect(
        "done a third as often since",
        *(_sketch(_changing(0.9, 0.3, 30)), TrendVerdict.WORSE, 30),
    ),
    _effect(
        "done three times as often, for three weeks",
        *(_sketch(_changing(0.3, 0.9, 48)), TrendVerdict.TOO_EARLY, 48),
    ),
    _effect(
        "done in the third week of the data",
        *(_sketch(_changing(0.3, 0.9, 2)), TrendVerdict.INSUFFICIENT_DATA, 2),
    ),
    _effect("hardly ever done", _sketch(steady(0.005)), TrendVerdict.INSUFFICIENT_DATA, 30),
    _noise("noise, everywhere", _sketch(steady(0.3), clustered=0.0), [done_in(30)]),
    _noise("noise, very uneven", _sketch(steady(0.5), clustered=4.0), [done_in(30)]),
    _noise("noise, four weeks", _sketch(steady(0.5)), [done_in(47)]),
    _noise(
        *("noise, three interventions at three partners", _sketch(steady(0.5))),
        [done_in(20 + 3 * number, partner=number, number=number) for number in range(3)],
    ),
    _noise(
        "noise, one uneven person",
        _sketch(steady(4.0), companies=1, people=1, clustered=3.0),
        [done_in(30), done_in(35, partner=0, number=1)],
    ),
)
