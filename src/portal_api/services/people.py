"""People's place at a partner: who joins, changes team or role, moves, leaves and comes back.

All of it is in force from now on, and all of it saves the person's own record: of two changes at
once one decides again. Whoever leaves a partner is taken off its members and out of its programs in
the same transaction, so that no award can slip in between: an award checks the enrollment that it
was decided from. What is left of its enrollments then (those of a person with very many, and one
that was made at that very moment) ends in steps behind it, and at the latest when the person comes
back. What was earned stays the person's, matures, and is paid by the vendor on request. No consent
and no enrollment of the old company holds at the new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal_api.domain.consent import Enrollment
from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted
from portal_api.domain.partners import (
    STAFF_ROLES,
    VENDOR_ROLES,
    Employment,
    Individual,
    Partner,
    PersonStatus,
    Role,
)
from portal_api.domain.people import Place, check_kept, left, not_employed, placed, standing
from portal_api.domain.writes import Create, Delist, Enlist, Save, Unchanged, Write
from portal_api.services.enrollment import enrolled_list
from portal_api.services.partners import (
    ADMINS,
    MANAGERS,
    check_may_manage,
    checked_address,
    former_of,
    list_of_email,
    members_of,
    required,
)
from portal_api.services.series import Step, step
from portal_api.services.store import Many, One, Want, WriteConflict, of_person
from portal_api.services.use_case import VENDOR, Ask, Decision, Portal, Situation, perform

KEEPERS = MANAGERS | {Role.PARTNER_EXECUTIVE}
"""Who changes and ends employments: an executive those of its own company's staff."""
ENDED_AT_ONCE = 40
"""Enrollments that end in the transaction of a leaving; more of them end behind it."""


@dataclass(frozen=True, slots=True)
class EmploymentChanged:
    """The person works there, so, from now on."""

    individual: Individual


@dataclass(frozen=True, slots=True)
class EmploymentEnded:
    """The person has left."""

    individual: Individual


@dataclass(frozen=True, slots=True)
class IndividualReinstated:
    """The person may act again."""

    individual: Individual


@dataclass(frozen=True, slots=True)
class IndividualUpdated:
    """The person has this name and address."""

    individual: Individual


@dataclass(frozen=True, slots=True)
class Wish:
    """Where somebody shall work; what is left out stays as it is.

    ``team_id`` counts with ``other_team``: none is no team at all.
    """

    partner_id: str | None = None
    role: Role | None = None
    team_id: str | None = None
    other_team: bool = False


def change_employment(
    portal: Portal, ask: Ask, *, at: str, individual_id: str, wish: Wish
) -> EmploymentChanged:
    """Puts somebody who works ``at`` a partner in another place, or one who left it in any.

    At the same partner that is another team or role: enrollments stay, unless the new role does
    not earn; whoever is made an executive keeps what it earned, and earns nothing from now on. At
    another partner it is a move: the person leaves the old one as ``end_employment`` says, and is
    new at the other. Whoever comes back is a member again, and enrolls anew.

    An executive places its own company's staff, in roles of the staff. Raises ``NotFound``,
    ``NotPermitted``, ``InvalidInput``, ``NotEmployed`` and ``AlreadyErased``.
    """
    target = wish.partner_id or (None if at == VENDOR else at)
    want, partner_want = One(Individual, individual_id), One(Partner, target or "none")
    joining = target or VENDOR
    enrolled, joined = _enrollments(at, individual_id), _enrollments(joining, individual_id)

    def decide(s: Situation) -> Decision[EmploymentChanged]:
        person = _kept(s, want, at)
        _check_may(s, person, at)
        place = _place(s, wish, target, s.found[partner_want], person)
        if _open(s.found[joined].records) and not _earns(person, target, s.now):
            # Left over by a leaving that was killed: they end before the person is back.
            _sweep(s.portal, joining, individual_id)
            raise WriteConflict
        before = standing(person, s.now)
        if before is not None and _is(before, place) and before.valid_from <= s.now:
            return Decision(EmploymentChanged(person), (), person.id, target)
        changed = placed(person, place, s.now)
        writes: list[Write] = [Save(changed)]
        if before is None or before.partner_id != target:
            writes += _joining(person, target)
        if before is not None and before.partner_id != target:
            writes += _leaving(person, before.partner_id)
            # It is told to the old company as to the new one, neither of the other.
            writes.append(Create(s.told("EmploymentEnded", person.id, before.partner_id)))
        if place.role not in STAFF_ROLES or (before and before.partner_id != target):
            writes += _withdrawn(s, enrolled)
        return Decision(EmploymentChanged(changed), tuple(writes), person.id, target)

    arguments = {"at": at, "individual": individual_id, "wish": wish}
    moves = (joined,) if joined != enrolled else ()
    wants: tuple[Want[object], ...] = (want, partner_want, enrolled, *moves)
    done = perform(
        portal, ask, "changeEmployment", arguments, KEEPERS, wants, decide, EmploymentChanged
    )
    _sweep(portal, at, individual_id)
    return done


def end_employment(portal: Portal, ask: Ask, *, at: str, individual_id: str) -> EmploymentEnded:
    """Ends somebody's employment now: it acts, sees and earns nothing there any more.

    Its enrollments at the partner end with it. The consents that an executive granted stand, since
    its company gave them. Raises ``NotFound``, ``NotPermitted``, ``NotEmployed`` and
    ``AlreadyErased``.
    """
    want, enrolled = One(Individual, individual_id), _enrollments(at, individual_id)

    def decide(s: Situation) -> Decision[EmploymentEnded]:
        person = _kept(s, want, at)
        _check_may(s, person, at)
        ended = left(person, s.now)
        partner_id = None if at == VENDOR else at
        writes = (Save(ended), *_leaving(person, partner_id), *_withdrawn(s, enrolled))
        return Decision(EmploymentEnded(ended), writes, person.id, partner_id)

    arguments = {"at": at, "individual": individual_id}
    wants = (want, enrolled)
    done = perform(portal, ask, "endEmployment", arguments, KEEPERS, wants, decide, EmploymentEnded)
    _sweep(portal, at, individual_id)
    return done


def reinstate_individual(
    portal: Portal, ask: Ask, *, at: str, individual_id: str
) -> IndividualReinstated:
    """Lets a suspended person act again; raises ``NotFound`` and ``AlreadyErased``."""
    want = One(Individual, individual_id)

    def decide(s: Situation) -> Decision[IndividualReinstated]:
        person = _kept(s, want, at)
        check_may_manage(s, _partner_of(at))
        active = replace(person, status=PersonStatus.ACTIVE)
        writes = (Save(active),) if active != person else ()
        return Decision(IndividualReinstated(active), writes, person.id, _partner_of(at))

    arguments = {"at": at, "individual": individual_id}
    return perform(
        portal,
        ask,
        "reinstateIndividual",
        arguments,
        MANAGERS,
        (want,),
        decide,
        IndividualReinstated,
    )


def update_individual(
    portal: Portal,
    ask: Ask,
    *,
    at: str,
    individual_id: str,
    name: str | None = None,
    email: str | None = None,
) -> IndividualUpdated:
    """Gives a person another name or address, by which it is found from then on.

    Raises ``NotFound``, ``NotPermitted`` as ``_check_may_address`` does, ``InvalidInput`` and
    ``AlreadyErased``.
    """
    want = One(Individual, individual_id)

    def decide(s: Situation) -> Decision[IndividualUpdated]:
        person = _kept(s, want, at)
        check_may_manage(s, _partner_of(at))
        updated = replace(
            person,
            name=person.name if name is None else required("name", name),
            email=person.email if email is None else checked_address(email),
        )
        if updated.email != person.email:
            _check_may_address(s, person)
        writes: list[Write] = [Save(updated)] if updated != person else []
        lists = [list_of_email(one.email) for one in (person, updated)]
        if lists[0] != lists[1]:
            writes += [Delist(lists[0], person.id), Enlist(lists[1], person.id, person.id)]
        return Decision(IndividualUpdated(updated), tuple(writes), person.id, _partner_of(at))

    arguments = {"at": at, "individual": individual_id, "name": name, "email": email}
    return perform(
        portal, ask, "updateIndividual", arguments, MANAGERS, (want,), decide, IndividualUpdated
    )


def named_at(person: Individual | None, at: str, s: Situation) -> Individual:
    """The person that an id names by its employer, or for a leaver by any that it had.

    Raises ``NotFound``: who works elsewhere by now is not named by an old id.
    """
    if person is not None:
        employment = standing(person, s.now)
        known = person.employments if employment is None else (employment,)
        if any((one.partner_id or VENDOR) == at for one in known):
            return person
    raise NotFound.of("individualId")


def _kept(s: Situation, want: One[Individual], at: str) -> Individual:
    """The person, whose own partner's executives and the vendor know of it."""
    person = named_at(s.found[want], at, s)
    if s.viewer.partner_id not in (None, at):
        raise NotFound.of("individualId")
    check_kept(person)
    return person


def _check_may(s: Situation, person: Individual, at: str) -> None:
    """Raises ``NotPermitted`` for oneself, and for whom the viewer's role does not decide on."""
    if person.id == s.viewer.id:
        raise NotPermitted("Nobody decides on their own employment.", tuple(sorted(MANAGERS)))
    if s.viewer.partner_id is None:
        check_may_manage(s, _partner_of(at))
        return
    employment = standing(person, s.now)
    if employment is None:
        raise not_employed(person, s.now)
    _check_staff(employment.role)


def _check_may_address(s: Situation, person: Individual) -> None:
    """Raises ``NotPermitted`` for a channel manager, of who is or was more than a partner's staff.

    Whoever has the address can sign in as the person, and an executive consents for its company.
    """
    staff = all(one.role in STAFF_ROLES for one in person.employments)
    if not staff and s.viewer.role not in ADMINS:
        raise NotPermitted(
            "Only an administrator changes the address of executives and the vendor's people.",
            tuple(sorted(ADMINS)),
        )


def _check_staff(role: Role) -> None:
    if role not in STAFF_ROLES:
        raise NotPermitted("The vendor decides on executives.", tuple(sorted(MANAGERS)))


def _place(
    s: Situation, wish: Wish, target: str | None, partner: Partner | None, person: Individual
) -> Place:
    """The place that is wished; raises for one that is not there or not the viewer's to give."""
    last = person.employments[-1]
    role = wish.role or last.role
    if target is not None and (partner is None or s.viewer.partner_id not in (None, target)):
        raise NotFound.of("partnerId")
    if (role in VENDOR_ROLES) != (target is None):
        raise InvalidInput("Vendor roles have no partner, and the others have one.", "role")
    if s.viewer.partner_id is not None:
        _check_staff(role)
    stays = last.team_id if last.partner_id == target else None
    team_id = wish.team_id if wish.other_team else stays
    if team_id is not None and team_id not in {
        team.id for team in (partner.teams if partner else ())
    }:
        raise NotFound.of("teamId")
    return Place(target, team_id, role)


def _is(employment: Employment, place: Place) -> bool:
    return Place(employment.partner_id, employment.team_id, employment.role) == place


def _joining(person: Individual, partner_id: str | None) -> tuple[Write, ...]:
    return (
        Enlist(members_of(partner_id), person.id, person.id),
        Delist(former_of(partner_id), person.id),
    )


def _leaving(person: Individual, partner_id: str | None) -> tuple[Write, ...]:
    return (
        Delist(members_of(partner_id), person.id),
        Enlist(former_of(partner_id), person.id, person.id),
    )


def _enrollments(at: str, individual_id: str) -> Many[Enrollment]:
    return Many(Enrollment, of_person(at, individual_id))


def _withdrawn(s: Situation, want: Many[Enrollment]) -> tuple[Write, ...]:
    """What ends the open enrollments of a person at a partner: the first of them, where many."""
    return _ended(_open(s.found[want].records)[:ENDED_AT_ONCE], s.now)


def _sweep(portal: Portal, at: str, individual_id: str) -> None:
    """Ends what is open of the enrollments of somebody who does not earn at the partner now.

    As of the end of its employment: what was left open of them covers no time after that.
    """
    want, enrolled = One(Individual, individual_id), _enrollments(at, individual_id)

    def decide(s: Situation) -> Step | None:
        person, left_open = s.found[want], _open(s.found[enrolled].records)
        if person is None or not left_open:
            return None
        if _earns(person, _partner_of(at), s.now):
            return None
        ended = [
            one.valid_to
            for one in person.employments
            if (one.partner_id, one.role in STAFF_ROLES) == (at, True) and one.valid_to is not None
        ]
        until = min(s.now, max(ended, default=s.now))
        writes = (Unchanged(person), *_ended(left_open[:ENDED_AT_ONCE], until))
        return Step("EnrollmentsEnded", person.id, _partner_of(at), writes)

    while step(portal, f"series:leaving:{individual_id}", [want, enrolled], decide):
        pass


def _earns(person: Individual, partner_id: str | None, at: datetime) -> bool:
    """Whether somebody works at a partner, in a role that earns."""
    now = standing(person, at)
    return now is not None and now.partner_id == partner_id and now.role in STAFF_ROLES


def _open(enrollments: Sequence[Enrollment]) -> tuple[Enrollment, ...]:
    return tuple(one for one in enrollments if one.withdrawn_at is None)


def _ended(enrollments: Sequence[Enrollment], at: datetime) -> tuple[Write, ...]:
    return tuple(
        write
        for one in enrollments
        for write in (
            Save(one.ended(max(one.enrolled_at, at))),
            Delist(enrolled_list(one.partner_id, one.program_id), one.individual_id),
        )
    )


def _partner_of(at: str) -> str | None:
    """The partner that an id names, none for the vendor."""
    return None if at == VENDOR else at
