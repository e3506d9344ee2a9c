"""A partner as a company of a program's market: who works there, and who took part when."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from portal_api.domain.consent import Consent, ConsentFile, Enrollment, Who
from portal_api.domain.goals import Level
from portal_api.domain.insights.calendars import Calendar
from portal_api.domain.insights.folding import PartnerSeries
from portal_api.domain.insights.market import Company, Person, Series, Team
from portal_api.domain.partners import STAFF_ROLES, Employment, Individual, Partner, Segment
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.domain.programs import Program
from portal_api.domain.weeks import DID, WON


@dataclass(frozen=True, slots=True)
class Week:
    """A week of a program, by its middle: the version of the terms, and whether its plan pays.

    ``to_people``: it pays people, for which a consent and enrollments are needed. ``companies`` are
    the segments of the rules that pay a company itself, which needs neither.
    """

    middle: datetime
    terms: int
    pays: bool
    to_people: bool
    companies: tuple[Segment, ...] = ()


def weeks_of(
    program: Program, plans: Sequence[PlanVersion], calendar: Calendar
) -> tuple[Week, ...]:
    """Every week of a calendar, as the program was in it."""
    return tuple(_week(program, plans, calendar.middle(week)) for week in range(calendar.weeks))


def _week(program: Program, plans: Sequence[PlanVersion], at: datetime) -> Week:
    plan = plan_at(tuple(plans), at)
    rules = [rule for rule in plan.rules if not rule.shadow] if plan else []
    pays = plan is not None and plan.effective_from <= at and program.open_at(at) and bool(rules)
    companies = tuple(rule.segment for rule in rules if rule.level is Level.PARTNER)
    to_people = any(rule.level is not Level.PARTNER for rule in rules)
    return Week(at, program.terms_at(at), pays, to_people, companies)


@dataclass(frozen=True, slots=True)
class Staff:
    """A partner, its people now and before, and their enrollments in the program by person."""

    partner: Partner
    people: Sequence[Individual]
    consents: ConsentFile | None
    enrollments: Mapping[str, Enrollment]

    def company(
        self, program: Program, weeks: Sequence[Week], calendar: Calendar, series: PartnerSeries
    ) -> Company:
        """The partner in the program's market.

        It takes part in a week in which the program pays, its segment admits the partner and a
        consent is in force; of a program that pays companies alone, without a consent. By rules
        that pay companies it is paid itself, consent or not. A person takes part if such a consent
        covers it and it is enrolled, too. Told is what is so at the week's middle. Who earns by no
        role and has never done anything is not told of.
        """
        partner = self.partner
        admitted = [program.segment.admits_partner(partner, week.middle) for week in weeks]
        open_in = [week.pays and ours for week, ours in zip(weeks, admitted, strict=True)]
        given = [
            self._given(week) if ours else () for week, ours in zip(weeks, open_in, strict=True)
        ]
        took_part = tuple(
            ours and (bool(consents) or not week.to_people)
            for week, ours, consents in zip(weeks, open_in, given, strict=True)
        )
        part = _Part(program, weeks, given, took_part)
        people = (self._person(one, part, calendar, series) for one in self.people)
        teams = dict.fromkeys([*(team.id for team in partner.teams), *sorted(series.teams)])
        nothing = Series(calendar.weeks)
        return Company(
            id=partner.id,
            type=partner.type,
            tier=partner.tier_at(calendar.begins(calendar.weeks)),
            region=partner.region,
            took_part=took_part,
            people=tuple(one for one in people if one is not None),
            teams=tuple(Team(one, series.teams.get(one, nothing)) for one in teams),
            series=series.company,
            paid_itself=tuple(
                ours and any(one.admits_partner(partner, week.middle) for one in week.companies)
                for week, ours in zip(weeks, open_in, strict=True)
            ),
        )

    def _given(self, week: Week) -> tuple[Consent, ...]:
        """The consents that were in force in a week, in the terms of then."""
        file = self.consents
        return tuple(
            one
            for one in (file.consents if file else ())
            if one.terms_version >= week.terms and one.active_at(week.middle)
        )

    def _person(
        self, person: Individual, part: "_Part", calendar: Calendar, series: PartnerSeries
    ) -> Person | None:
        own = series.people.get(person.id) or Series(calendar.weeks)
        here = [one for one in person.employments if one.partner_id == self.partner.id]
        if not here:
            return None
        earns = any(one.role in STAFF_ROLES for one in here)
        start, end = _employed(here, own, calendar)
        if not own.counts and not (earns and start < end):
            return None
        enrollment = self.enrollments.get(person.id)
        return Person(
            id=person.id,
            role=here[-1].role,
            team_id=here[-1].team_id,
            employed=(start, end),
            took_part=part.of(person.id, here, (start, end), enrollment),
            series=own,
        )


def _employed(
    employments: Sequence[Employment], series: Series, calendar: Calendar
) -> tuple[int, int]:
    """From the first to the last week in which somebody worked there, breaks included.

    Who did something there before, as imports may tell, was there then.
    """
    start = min(calendar.clipped(calendar.number(one.valid_from)) for one in employments)
    end = max(
        calendar.weeks
        if one.valid_to is None
        else calendar.clipped(calendar.next_start(one.valid_to))
        for one in employments
    )
    done = (series.counts[one] for one in series.counts if one == WON or one.startswith(DID))
    firsts = (next((i for i, n in enumerate(one) if n > 0), calendar.weeks) for one in done)
    start = min([start, *firsts])
    return start, max(start, end)


@dataclass(frozen=True, slots=True)
class _Part:
    """What people need to take part in a program at a partner, week by week."""

    program: Program
    weeks: Sequence[Week]
    given: Sequence[tuple[Consent, ...]]
    company: tuple[bool, ...]

    def of(
        self,
        person_id: str,
        employments: Iterable[Employment],
        employed: tuple[int, int],
        enrollment: Enrollment | None,
    ) -> tuple[bool, ...]:
        """Whether a person took part in each week."""
        parts = [week for week, ours in zip(self.weeks, self.company, strict=True) if ours]
        if enrollment is None and all(week.to_people for week in parts):
            return (False,) * len(self.weeks)
        start, end = employed
        return tuple(
            self.company[number]
            and start <= number < end
            and self._earns(person_id, employments, number, enrollment)
            for number in range(len(self.weeks))
        )

    def _earns(
        self,
        person_id: str,
        employments: Iterable[Employment],
        number: int,
        enrollment: Enrollment | None,
    ) -> bool:
        week = self.weeks[number]
        held = next((one for one in employments if _held(one, week.middle)), None)
        if held is None or not self.program.segment.admits_role(held.role):
            return False
        if not week.to_people:
            return True
        who = Who(person_id, held.team_id, held.role)
        return (
            enrollment is not None
            and enrollment.covers(week.middle, week.terms)
            and any(
                one.whom.covers(who) and one.granted_by != person_id for one in self.given[number]
            )
        )


def _held(employment: Employment, at: datetime) -> bool:
    ended = employment.valid_to is not None and employment.valid_to <= at
    return employment.valid_from <= at and not ended
