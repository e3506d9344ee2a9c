"""The demo's consents: asked for, granted, declined, renewed and revoked; and who enrolls then."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from portal_api.demo import world
from portal_api.demo.offers import CLOUD_STARTS
from portal_api.demo.programs import NEW_TERMS
from portal_api.demo.teller import House, Teller
from portal_api.demo.world import day
from portal_api.domain.consent import EVERYBODY, Cap, Enrollment, Whom
from portal_api.domain.granting import Terms
from portal_api.domain.holdings import Payee
from portal_api.domain.money import POINTS
from portal_api.domain.partners import Individual, ParticipationPolicy, PartnerType, Role
from portal_api.services import consent, enrollment, programs
from portal_api.services.store import One

_ASKING = 2
"""How many reps of a selective partner ask for themselves; at Fernhill it is all of them."""

_ENROLLED_AT_EASTFOLD = 1
"""So few of a consenting partner's staff enrolled: the others' work is withheld."""

_ENDS, _RENEWED = day(6, 1), day(5, 20, hour=9)
"""Until when Eastfold's executive has consented at first, and when it went on with it."""

_WITHDRAWN, _DECLINED = 2, 1
"""Which of the requests at Dovecote, in one program and another: in the order of asking."""
_REASON = "Our own bonus plan pays for the same deals: we decide after the quarter."


@dataclass(frozen=True, slots=True)
class About:
    """A company and a program."""

    house: House
    program: str


_TERMS = {
    (world.IVORYGATE, world.SOLUTIONS): Terms(caps=(Cap("USD", 1_000_00),)),
    (world.GLASSWATER, world.GROWTH): Terms(payee=Payee.PARTNER),
    (world.EASTFOLD, world.ENABLEMENT): Terms(valid_to=_ENDS),
}
"""What an executive limits, to whom it lets pay, and until when, where that is not as usual."""


def plan(teller: Teller) -> None:
    """Plans the policy of distributors, and what each company's executive is asked and answers."""
    teller.at(day(1, 6, hour=7), partial(_decide_for_all, teller, PartnerType.DISTRIBUTOR))
    for house in teller.houses:
        _plan_company(teller, house)
    _plan_undecided(teller)
    _plan_some(teller)
    _plan_offers(teller)
    _plan_new_terms(teller)


def _decide_for_all(teller: Teller, partner_type: PartnerType) -> None:
    """Partners of a type consent for the whole company from now on, like direct marketers do."""
    consent.set_participation_policy(
        teller.portal,
        teller.ask(world.ADMINISTRATOR),
        partner_type=partner_type,
        policy=ParticipationPolicy.COMPANY_WIDE,
    )


def _plan_company(teller: Teller, house: House) -> None:
    """When the executive is asked and answers, for which programs, and who enrolls then."""
    name = house.sketch.name
    if not house.sketch.consent:
        return
    named: tuple[str, ...] = ()
    if house.sketch.consent == "INDIVIDUALS":
        asking = house.reps if name == world.FERNHILL else house.reps[:_ASKING]
        named = tuple(rep.id for rep in asking)
        for rep in asking:
            asked = partial(_request, teller, About(house, world.GROWTH), rep.id, Whom((rep.id,)))
            teller.at(teller.office_hours(day(1, 6)), asked)
    for program_name, on in (
        (world.GROWTH, day(1, house.sketch.consent_day)),
        (world.ENABLEMENT, day(1, house.sketch.consent_day + 7)),
        (world.LICENSING, day(3, 3)),
        (world.SOLUTIONS, day(3, 2)),
        (world.SPRINT, day(3, 25)),
    ):
        program = teller.programs[program_name]
        if program.segment.admits_partner(house.partner, teller.now):
            granted, about = teller.office_hours(on), About(house, program_name)
            terms = replace(_TERMS.get((name, program_name), Terms()), whom=Whom(named))
            teller.at(granted, partial(_grant, teller, about, terms))
            _plan_enrollments(teller, about, granted)
    if name == world.HIGHMERE:
        growth, again = About(house, world.GROWTH), Terms(valid_from=teller.ago(-10, hour=0))
        teller.at(teller.office_hours(day(4, 15)), partial(_revoke, teller, growth))
        teller.lately(8, partial(_grant, teller, growth, again))
    if name == world.EASTFOLD:
        teller.at(_RENEWED, partial(_renew, teller, About(house, world.ENABLEMENT)))


def _plan_enrollments(teller: Teller, about: About, granted: datetime) -> None:
    staff = about.house.staff
    if about.house.sketch.name == world.EASTFOLD:
        staff = staff[:_ENROLLED_AT_EASTFOLD]
    for person in staff:
        delay = timedelta(days=0 if person.name == world.MARA.name else teller.random.randrange(9))
        at = max(granted, teller.office_hours(granted + delay))
        teller.at(at + timedelta(minutes=30), partial(enroll, teller, about, person.id))


def _plan_undecided(teller: Teller) -> None:
    """Requests that expired, were withdrawn or declined, and those that wait.

    At Dovecote and Brightmoor people have enrolled, and go without what they would have earned.
    """
    dovecote, norrland = teller.house(world.DOVECOTE), teller.house(world.NORRLAND)
    growth, enablement = About(dovecote, world.GROWTH), About(dovecote, world.ENABLEMENT)
    first, second, third, engineer = dovecote.staff
    for house in (dovecote, teller.house(world.BRIGHTMOOR)):
        for person in house.staff:
            joins = partial(enroll, teller, About(house, world.GROWTH), person.id)
            teller.at(day(2, 9, hour=9), joins)
    theirs = About(norrland, world.GROWTH)
    teller.at(day(2, 3, hour=9), partial(_request, teller, theirs, teller.managers[1], EVERYBODY))
    teller.lately(22, partial(_request, teller, theirs, teller.managers[0], EVERYBODY))

    def asks(about: About, person: Individual) -> partial[None]:
        return partial(_request, teller, about, person.id, Whom((person.id,)))

    teller.at(day(2, 10, hour=9), asks(growth, engineer))
    teller.at(day(4, 20, hour=9), asks(growth, third))
    teller.at(day(4, 22, hour=9), partial(_withdraw, teller, growth, third.id))
    teller.lately(40, asks(growth, first))
    teller.lately(26, asks(enablement, second))
    teller.lately(19, partial(_decline, teller, enablement, _REASON))
    teller.lately(9, asks(growth, second))


def _plan_some(teller: Teller) -> None:
    """Consents for a person in a role with a cap, and for a team, each with an end."""
    fernhill, ivorygate = teller.house(world.FERNHILL), teller.house(world.IVORYGATE)
    engineer, team = fernhill.staff[-1], ivorygate.partner.teams[1]
    for about, whom, cap, given, ends in (
        (
            About(fernhill, world.ENABLEMENT),
            Whom((engineer.id,), roles=(Role.SALES_ENGINEER,)),
            1_000,
            60,
            teller.ago(-20, hour=0),
        ),
        (
            About(ivorygate, world.ENABLEMENT),
            Whom(team_ids=(team.id,), roles=(Role.SALES_REP, Role.SALES_ENGINEER)),
            500,
            70,
            teller.ago(12, hour=0),
        ),
    ):
        terms = Terms(whom, (Cap(POINTS, cap),), valid_to=ends)
        teller.lately(given, partial(_grant, teller, about, terms))


def _plan_offers(teller: Teller) -> None:
    """Who takes part in the programs for some; a first consent that pays what was done before."""
    larkspur, glasswater, fernhill = (
        teller.house(name) for name in (world.LARKSPUR, world.GLASSWATER, world.FERNHILL)
    )
    for house, program, on in (
        (larkspur, world.CIRCLE, day(4, 7)),
        (larkspur, world.MAKERS, day(4, 7)),
        (glasswater, world.CIRCLE, day(5, 5)),
    ):
        about = About(house, program)
        teller.at(on, partial(_grant, teller, about, Terms()))
        segment = teller.programs[program].segment
        for person in house.staff:
            if segment.admits_role(person.employments[-1].role):
                teller.at(on + timedelta(hours=2), partial(enroll, teller, about, person.id))
    theirs, ours = About(larkspur, world.CLOUD), About(fernhill, world.CLOUD)
    for person in larkspur.staff:
        teller.at(day(4, 8, hour=9), partial(enroll, teller, theirs, person.id))
    back = Terms(covers_from=CLOUD_STARTS)
    teller.at(day(5, 20, hour=10), partial(_grant, teller, theirs, back))
    for person in fernhill.staff:
        teller.lately(27, partial(enroll, teller, ours, person.id), hour=8)
    mara = fernhill.reps[0]
    teller.lately(16, partial(_request, teller, ours, mara.id, Whom((mara.id,))))


def _plan_new_terms(teller: Teller) -> None:
    """The terms of a program change: one company agrees to them, and the other has not yet."""
    about = About(teller.house(world.KESTREL), world.LICENSING)
    teller.lately(15, partial(_change_terms, teller, world.LICENSING))
    teller.lately(14, partial(_renew, teller, about))
    for person in about.house.staff:
        teller.lately(13, partial(enroll, teller, about, person.id, 2))


def _change_terms(teller: Teller, program_name: str) -> None:
    programs.update_terms(
        teller.portal,
        teller.ask(teller.managers[0]),
        program_id=teller.programs[program_name].id,
        terms=NEW_TERMS,
        discloses_amounts=False,
    )


def _request(teller: Teller, about: About, by: str, whom: Whom) -> None:
    consent.request_consent(
        teller.portal,
        teller.ask(by),
        partner_id=about.house.partner.id,
        program_id=teller.programs[about.program].id,
        whom=whom,
    )


def _decline(teller: Teller, about: About, reason: str) -> None:
    """The executive says no, with a reason."""
    consent.decline_consent_request(
        teller.portal,
        teller.ask(about.house.executive.id),
        consent_request_id=f"{_file_of(teller, about)}.{_DECLINED}",
        reason=reason,
    )


def _withdraw(teller: Teller, about: About, by: str) -> None:
    consent.withdraw_consent_request(
        teller.portal,
        teller.ask(by),
        consent_request_id=f"{_file_of(teller, about)}.{_WITHDRAWN}",
    )


def _grant(teller: Teller, about: About, terms: Terms) -> None:
    consent.grant_consent(
        teller.portal,
        teller.ask(about.house.executive.id),
        partner_id=about.house.partner.id,
        program_id=teller.programs[about.program].id,
        terms=terms,
    )


def consent_all(teller: Teller, about: About) -> None:
    """The executive lets the whole company take part, in the usual terms."""
    _grant(teller, about, Terms())


def _renew(teller: Teller, about: About) -> None:
    """The first consent goes on, without an end."""
    consent.renew_consent(
        teller.portal,
        teller.ask(about.house.executive.id),
        consent_id=f"{_file_of(teller, about)}.1",
    )


def _revoke(teller: Teller, about: About) -> None:
    consent.revoke_consent(
        teller.portal,
        teller.ask(about.house.executive.id),
        consent_id=f"{_file_of(teller, about)}.1",
    )


def enroll(teller: Teller, about: About, person_id: str, terms_version: int = 1) -> None:
    """Somebody accepts the terms of a program.

    Who has gone since a telling was killed cannot do it again, and need not.
    """
    ask, program = teller.ask(person_id), teller.programs[about.program]
    want = One(Enrollment, f"{about.house.partner.id}.{person_id}.{program.id}")
    known = teller.portal.store.read([want])[want]
    if known is not None and known.terms_version >= terms_version:
        return
    enrollment.enroll(
        teller.portal,
        ask,
        partner_id=about.house.partner.id,
        program_id=program.id,
        terms_version=terms_version,
    )


def _file_of(teller: Teller, about: About) -> str:
    return f"{about.house.partner.id}.{teller.programs[about.program].id}"
