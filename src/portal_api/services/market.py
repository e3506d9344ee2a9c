"""Builds markets: what the questions of the insight are asked of, from weekly series and consents.

Partners are gone through once for all programs, some at a time, and of each is kept what the
questions need: what is read and kept grows with people and weeks, and not with activities. All
weeks that there are of a partner are read, for the pipeline goes back to its first deal; all else
is of the last ``LEAST_WEEKS``, or of more, up to ``HORIZON``, so that there are ``LEAD_WEEKS``
before the program's first plan began, without which nothing can be told to have changed by it; and
of fewer where before them nothing was recorded anywhere and the program had not begun. What is read
is the same for all of this; the processor's time and memory grow with the weeks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial

from portal_api.domain.activities import BehaviorType
from portal_api.domain.currencies import ExchangeRate, day_text
from portal_api.domain.insights.calendars import Calendar
from portal_api.domain.insights.companies import Week, weeks_of
from portal_api.domain.insights.folding import PartnerWeeks, Rates
from portal_api.domain.insights.incentives import Span, currencies, in_force, prices, spans
from portal_api.domain.insights.market import Company, Incentive, Market
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.services.affairs import Affairs, Partners
from portal_api.services.currencies import rate_at
from portal_api.services.series import StepFailed
from portal_api.services.store import (
    Listed,
    Many,
    Store,
    of_pair,
    of_vendor,
)

LEAST_WEEKS = 104
"""So many weeks are looked at, whenever the program began."""
LEAD_WEEKS = 26
"""So many weeks before the program's first plan are looked at, too."""
HORIZON = 260
"""No more weeks are looked at: what an older program was like at its start is not told any more."""
MOST_INCENTIVES = 60
"""So many incentives of a program are judged: what runs, then what ended last."""
_RATES_AT_ONCE = 500
FAILURES = (ArithmeticError, LookupError, TypeError, ValueError)
"""What comes of one program's data, and says nothing of another's."""


def markets(store: Store, now: datetime, horizon: int = HORIZON) -> tuple[Market, ...]:
    """All that are ``gathered``; raises ``StepFailed`` where one of them cannot be built."""
    found = gathered(store, now, horizon)
    return tuple(found.market(program_id) for program_id in found.program_ids)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The programs and partners that markets are built of.

    A partner of which anything cannot be read is in no market; ``unreadable`` are the places.
    """

    partner_ids: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    built: Mapping[str, Callable[[], Market]] = field(default_factory=dict)

    @property
    def program_ids(self) -> tuple[str, ...]:
        """The programs that have begun."""
        return tuple(self.built)

    def market(self, program_id: str) -> Market:
        """A program's market; raises ``StepFailed`` where it cannot be built."""
        return self.built[program_id]()


def gathered(store: Store, now: datetime, horizon: int = HORIZON) -> Gathered:
    """The market of every program that has begun, in the whole weeks that were over an hour ago.

    By each program's own calendar. Its partners are those that its segment admits now, or that were
    given a consent or were paid in it. At most ``horizon`` weeks are looked at. Raises
    ``StoreUnavailable`` and, of what the vendor has few of, ``Unreadable``.
    """
    catalogue = _catalogue(store)
    begun = [program for program in catalogue.programs if program.starts_at <= now]
    if not begun:
        return Gathered()
    partners = Partners(store, _partner_ids(store))
    earliest = partners.earliest()
    drafts = [_Draft(one, catalogue, earliest, now, horizon) for one in begun]
    calendars = [one.building.calendar for one in drafts if one.building is not None]
    rates = Rates({})
    if calendars:
        first = min(one.first for one in calendars)
        end = max(one.day(one.weeks) for one in calendars)
        rates = _rates(store, catalogue, begun, first, end)
        new = partial(PartnerWeeks, first, (end - first).days // 7, catalogue.currencies)
        for affairs in partners.affairs([program.id for program in begun], new, end):
            for one in drafts:
                one.add(affairs, rates, now)
    built = {one.program_id: partial(one.market, catalogue, rates, now) for one in drafts}
    return Gathered(tuple(partners.ids), tuple(partners.unreadable), built)


@dataclass(frozen=True, slots=True)
class _Catalogue:
    """What the vendor has few of."""

    programs: tuple[Program, ...]
    plans: tuple[PlanVersion, ...]
    behaviors: tuple[BehaviorType, ...]

    def plans_of(self, program: Program) -> tuple[PlanVersion, ...]:
        return tuple(plan for plan in self.plans if plan.program_id == program.id)

    @property
    def currencies(self) -> Mapping[str, str]:
        """In what each program counts sales."""
        return {program.id: program.currency for program in self.programs}


@dataclass(frozen=True, slots=True)
class _Building:
    """A program's market while its companies are added."""

    program: Program
    plans: tuple[PlanVersion, ...]
    calendar: Calendar
    weeks: tuple[Week, ...]
    spans: Sequence[tuple[Span, set[str]]]
    elsewhere: dict[Span, bool]
    companies: list[Company] = field(default_factory=list)
    unconverted: set[str] = field(default_factory=set)

    @classmethod
    def of(
        cls, program: Program, catalogue: _Catalogue, earliest: date, now: datetime, horizon: int
    ) -> "_Building":
        """Without companies yet, from the first week on of which anything can be known."""
        plans = catalogue.plans_of(program)
        calendar = Calendar.until(now, program.time_zone, horizon)
        first = min((one.since for one in in_force(program, plans)), default=program.starts_at)
        reach = max(LEAST_WEEKS, calendar.weeks - calendar.number(first) + LEAD_WEEKS)
        calendar = calendar.from_week(calendar.clipped(calendar.weeks - reach))
        known = min(calendar.number_of(earliest), calendar.number(program.starts_at))
        calendar = calendar.from_week(calendar.clipped(known))
        elsewhere = [
            span
            for other in catalogue.programs
            if other.id != program.id
            for span in spans(other, catalogue.plans_of(other), now)
        ]
        return cls(
            program=program,
            plans=plans,
            calendar=calendar,
            weeks=weeks_of(program, plans, calendar),
            spans=[(span, set()) for span in spans(program, plans, now)],
            elsewhere=dict.fromkeys(elsewhere, False),
        )

    def add(self, affairs: Affairs, rates: Rates, now: datetime) -> None:
        """Adds a partner, where the program is for it or it has taken part."""
        program, given = self.program, affairs.consents.get(self.program.id)
        took_part = program.id in affairs.weeks.paid_in or (given and given.consents)
        if not (took_part or program.segment.admits_partner(affairs.partner, now)):
            return
        series = affairs.weeks.series(program.id, program.currency, self.calendar, rates)
        self.unconverted.update(series.unconverted)
        staff = affairs.staff(program.id)
        self.companies.append(staff.company(program, self.weeks, self.calendar, series))
        for span, admitted in self.spans:
            if span.admits(affairs.partner):
                admitted.add(affairs.partner.id)
        for span, known in self.elsewhere.items():
            self.elsewhere[span] = known or span.admits(affairs.partner)

    def market(self, catalogue: _Catalogue, rates: Rates, now: datetime) -> Market:
        """The market of all that was added."""
        day = self.calendar.last_day(self.calendar.weeks - 1)
        judged, left_out = self._judged(now)
        everywhere = [(one, catalogue.plans_of(one)) for one in catalogue.programs]

        def convert(currency: str, amount_minor: int) -> int | None:
            return rates.convert(amount_minor, currency, self.program.currency, day)

        return Market(
            program_id=self.program.id,
            currency=self.program.currency,
            incentive_class=self.program.incentive_class,
            first_week=self.calendar.first,
            weeks=self.calendar.weeks,
            as_of=now,
            companies=tuple(self.companies),
            behaviors={one.code: one for one in catalogue.behaviors},
            incentives=judged,
            prices=prices(everywhere, now, convert),
            unconverted=tuple(sorted(self.unconverted)),
            paid_elsewhere=self._paid_elsewhere(now, left_out),
            left_out=len(left_out),
        )

    def _judged(self, now: datetime) -> tuple[tuple[Incentive, ...], list[Span]]:
        """The incentives that are judged, and what is left out since there are too many."""
        found = list(self._incentives(now))
        latest = sorted(found, key=lambda one: _latest(one[1]))[-MOST_INCENTIVES:]
        spans = {span for span, _ in latest}
        left_out = [span for span, _ in found if span not in spans]
        return tuple(incentive for span, incentive in found if span in spans), left_out

    def _incentives(self, now: datetime) -> Iterator[tuple[Span, Incentive]]:
        """What the program pays for, and for whom of the companies."""
        for span, admitted in self.spans:
            everybody = len(admitted) == len(self.companies)
            only = None if everybody else frozenset(admitted)
            incentive = span.incentive(self.calendar, now, only)
            if incentive is not None:
                yield span, incentive

    def _paid_elsewhere(
        self, now: datetime, left_out: Sequence[Span]
    ) -> Mapping[str, tuple[tuple[int, int], ...]]:
        """In which weeks other programs that are for any of the companies pay for a behavior.

        Or this one, by what is left out.
        """
        found: dict[str, set[tuple[int, int]]] = {}
        for span in [*(one for one, known in self.elsewhere.items() if known), *left_out]:
            start, end = span.weeks(self.calendar, now)
            if start < end:
                found.setdefault(span.behavior, set()).add((start, end))
        return {behavior: tuple(sorted(found[behavior])) for behavior in sorted(found)}


def _latest(incentive: Incentive) -> tuple[bool, int, int]:
    """What runs is latest, then what ended last; of these what began last."""
    return incentive.ends is None, incentive.ends or 0, incentive.starts


class _Draft:
    """A program's market while it is built: what goes wrong is told when it is asked for."""

    def __init__(
        self, program: Program, catalogue: _Catalogue, earliest: date, now: datetime, horizon: int
    ) -> None:
        self.program_id = program.id
        self.problem: Exception | None = None
        self.building: _Building | None = None
        try:
            self.building = _Building.of(program, catalogue, earliest, now, horizon)
        except FAILURES as problem:
            self.problem = problem

    def add(self, affairs: Affairs, rates: Rates, now: datetime) -> None:
        """Adds a partner."""
        if self.building is not None and self.problem is None:
            try:
                self.building.add(affairs, rates, now)
            except FAILURES as problem:
                self.problem = problem

    def market(self, catalogue: _Catalogue, rates: Rates, now: datetime) -> Market:
        """The market of all that was added; raises ``StepFailed``."""
        try:
            if self.building is not None and self.problem is None:
                return self.building.market(catalogue, rates, now)
        except FAILURES as problem:
            self.problem = problem
        raise StepFailed(f"insights:{self.program_id}: {self.problem}") from self.problem


def _catalogue(store: Store) -> _Catalogue:
    programs, plans = Many(Program, of_vendor()), Many(PlanVersion, of_vendor())
    behaviors = Many(BehaviorType, of_vendor())
    found = store.read([programs, plans, behaviors])
    return _Catalogue(found[programs].records, found[plans].records, found[behaviors].records)


def _partner_ids(store: Store) -> tuple[str, ...]:
    listed = Listed("partners", newest_first=False)
    return store.read([listed])[listed].ids


def _rates(
    store: Store, catalogue: _Catalogue, begun: Iterable[Program], first: date, end: date
) -> Rates:
    """The rates from every currency of a sale or a price to those of programs, in the weeks."""
    sources = set[str]()
    for program in catalogue.programs:
        sources |= currencies(program, catalogue.plans_of(program))
    targets = {program.currency for program in begun}
    pairs = [(one, other) for one in sorted(sources) for other in sorted(targets) if one != other]
    before = {pair: rate_at(*pair, first) for pair in pairs}
    found = store.read(list(before.values()))
    rates = {pair: list(found[want].records) for pair, want in before.items()}
    marks: dict[tuple[str, str], str | None] = dict.fromkeys(pairs)
    while marks:
        wants = {pair: _rates_after(pair, mark, first, end) for pair, mark in marks.items()}
        answers = store.read(list(wants.values()))
        for pair, want in wants.items():
            rates[pair] += answers[want].records
        more = {pair: answers[want] for pair, want in wants.items() if answers[want].more}
        marks = {pair: page.cursors[-1] for pair, page in more.items()}
    return Rates(rates)


def _rates_after(
    pair: tuple[str, str], mark: str | None, first: date, end: date
) -> Many[ExchangeRate]:
    """The rates of the days behind the first, and before the end."""
    low, high = day_text(first + timedelta(days=1)), day_text(end)
    return Many(ExchangeRate, of_pair(*pair), _RATES_AT_ONCE, mark, low=low, high=high)
