"""Leavers, movers and new roles: who is where from when on, and what becomes of what they had."""

from collections.abc import Callable
from datetime import datetime

import pytest

from portal_api.domain.activities import WithheldReason
from portal_api.domain.consent import ConsentFile, Enrollment
from portal_api.domain.errors import (
    InvalidInput,
    NotEmployed,
    NotFound,
    NotPermitted,
)
from portal_api.domain.events import Event
from portal_api.domain.partners import Individual, PersonStatus, Role
from portal_api.services import directory, enrollment, people
from portal_api.services.bulk_exports import activities_csv
from portal_api.services.bulk_imports import import_people
from portal_api.services.dry_runs import dry_run
from portal_api.services.partners import (
    add_individual,
    list_of_email,
    name_of_person,
    suspend_individual,
)
from portal_api.services.people import Wish
from portal_api.services.store import Holder, Listed, Many, of_events, of_person
from portal_api.services.use_case import VENDOR, Unauthenticated
from tests.services.moving import enrolled, leave, listed, place
from tests.services.past import killed
from tests.services.stores import FaultyStore, Killed, first
from tests.services.world import Company, World, awarded, outcomes_of, withheld


def enrollment_of(world: World, company: Company, person: str, program: str) -> Enrollment:
    found = world.load(Enrollment, f"{company.id}.{person}.{program}")
    assert found is not None
    return found


def worked(person: Individual) -> list[tuple[str | None, Role, datetime, datetime | None]]:
    """The places that somebody had."""
    return [(one.partner_id, one.role, one.valid_from, one.valid_to) for one in person.employments]


def events(world: World, company: Company) -> list[str]:
    """What was told to a company, in its order."""
    want = Many(Event, of_events(company.id))
    return [event.kind for event in world.store.read([want])[want].records]


def test_a_leaver_is_nobody_any_more_and_its_enrollments_end_with_it(world: World) -> None:
    """Off the members and on the former ones, in one transaction; what was earned stays."""
    company, program = world.ready()
    began = world.now
    deal = world.approved(company, program)
    world.wait()
    left = leave(world, company)

    assert [(company.id, Role.SALES_REP, began, world.now)] == worked(left)
    assert ({company.executive}, {company.rep}) == listed(world, company)
    assert world.now == enrollment_of(world, company, company.rep, program).withdrawn_at
    assert set() == enrolled(world, company, program)
    with pytest.raises(Unauthenticated):
        world.register(company, program)
    world.wait()
    assert [withheld(75_000, WithheldReason.NOT_EMPLOYED)] == outcomes_of(world.win(deal).activity)
    assert 15_000 == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_who_has_left_cannot_leave_again(quick_world: World) -> None:
    company = quick_world.company()
    left = quick_world.now
    leave(quick_world, company)
    quick_world.wait()
    with pytest.raises(NotEmployed) as refused:
        leave(quick_world, company)
    assert left.isoformat() == refused.value.ended_at


def test_a_mover_is_new_at_the_other_company_and_nothing_comes_along(world: World) -> None:
    """Neither the old consent nor the old enrollment counts there; the old company is not read."""
    (old, program), new = world.ready(), world.company()
    world.consent(new, program)
    world.approved(old, program)
    world.wait()
    moved = place(world, old, to=new)

    assert [old.id, new.id] == [one.partner_id for one in moved.employments]
    assert (world.now, None) == (moved.employments[0].valid_to, moved.employments[1].valid_to)
    assert ({old.executive}, {old.rep}) == listed(world, old)
    assert ({new.executive, new.rep, old.rep}, set()) == listed(world, new)
    assert world.now == enrollment_of(world, old, old.rep, program).withdrawn_at
    with pytest.raises(NotFound):
        world.register(old, program)
    unenrolled = world.approve(world.register(new, program, rep=old.rep))
    assert [withheld(15_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(unenrolled.activity)
    world.enroll(new, program, old.rep)
    world.wait()
    paid = world.approve(world.register(new, program, rep=old.rep))
    assert [awarded(15_000)] == outcomes_of(paid.activity)
    assert 30_000 == world.balance(old.rep).available
    assert [] == world.audit(program, (*old.parties, *new.parties))


def test_a_move_is_told_to_both_companies_and_to_neither_of_the_other(quick_world: World) -> None:
    old, new = quick_world.company(), quick_world.company()
    place(quick_world, old, to=new)
    assert "EmploymentEnded" == events(quick_world, old)[-1]
    assert "EmploymentChanged" == events(quick_world, new)[-1]


def test_who_comes_back_is_a_member_again_and_enrolls_anew(world: World) -> None:
    """What occurred while it was away is nobody's; of what follows, it earns again."""
    (home, program), away = world.ready(), world.company()
    rep = home.rep
    world.wait()
    place(world, home, to=away)
    world.wait()
    back = place(world, away, rep, to=home)

    assert [home.id, away.id, home.id] == [one.partner_id for one in back.employments]
    assert ({home.executive, rep}, set()) == listed(world, home)
    assert ({away.executive, away.rep}, {rep}) == listed(world, away)
    again = world.approve(world.register(home, program))
    assert [withheld(15_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(again.activity)
    world.enroll(home, program)
    world.wait()
    assert [awarded(15_000)] == outcomes_of(world.approve(world.register(home, program)).activity)


def test_a_leaver_can_be_taken_on_by_any_company_by_its_former_id(quick_world: World) -> None:
    """By the vendor only: for an executive, who has left is not there to be placed."""
    old, new = quick_world.company(), quick_world.company()
    leave(quick_world, old)
    with pytest.raises(NotEmployed):
        place(quick_world, old, role=Role.MARKETER, by=old.executive)
    hired = place(quick_world, old, to=new, role=Role.MARKETER)
    assert (new.id, Role.MARKETER) == (
        hired.employments[-1].partner_id,
        hired.employments[-1].role,
    )
    leave(quick_world, new, old.rep)
    back = place(quick_world, old)
    assert old.id == back.employments[-1].partner_id


def test_a_former_id_names_nobody_who_works_elsewhere(quick_world: World) -> None:
    """Neither for the old company's executive nor for the vendor."""
    old, new = quick_world.company(), quick_world.company()
    place(quick_world, old, to=new)
    for by in (old.executive, quick_world.admin):
        with pytest.raises(NotFound):
            leave(quick_world, old, by=by)
    with pytest.raises(NotFound):
        leave(quick_world, new, old.rep, by=old.executive)


def test_another_team_or_role_of_the_staff_keeps_the_enrollments(world: World) -> None:
    company, program = world.ready()
    other = directory.add_team(
        world.portal, world.manage(), partner_id=company.id, name="Inside sales"
    ).partner.teams[-1]
    world.wait()
    placed = place(world, company, role=Role.SALES_ENGINEER, team=other.id)
    now = placed.employments[-1]

    assert (Role.SALES_ENGINEER, other.id) == (now.role, now.team_id)
    assert {company.rep} == enrolled(world, company, program)
    assert ({company.executive, company.rep}, set()) == listed(world, company)
    world.wait()
    assert [awarded(15_000)] == outcomes_of(
        world.approve(world.register(company, program)).activity
    )
    without = place(world, company, other_team=True)
    assert (Role.SALES_ENGINEER, None) == (
        without.employments[-1].role,
        without.employments[-1].team_id,
    )


def test_the_same_place_again_changes_nothing(quick_world: World) -> None:
    company = quick_world.company()
    quick_world.wait()
    placed = place(quick_world, company, role=Role.SALES_REP)
    assert (1, 1) == (len(placed.employments), placed.version)


def test_who_is_made_an_executive_keeps_what_it_earned_and_earns_no_more(world: World) -> None:
    """Its enrollments end; what occurred before is still paid when it is reported late."""
    company, program = world.ready()
    deal = world.approved(company, program)
    before = world.now
    world.wait()
    place(world, company, role=Role.PARTNER_EXECUTIVE)

    assert world.now == enrollment_of(world, company, company.rep, program).withdrawn_at
    assert set() == enrolled(world, company, program)
    assert 15_000 == world.balance(company.rep).available
    world.wait()
    late = world.win(deal, occurred_at=before)
    assert [awarded(75_000)] == outcomes_of(late.activity)
    second = world.register(company, program, rep=company.rep)
    assert [withheld(15_000, WithheldReason.OUT_OF_SEGMENT)] == outcomes_of(
        world.approve(second).activity
    )
    with pytest.raises(NotPermitted):
        world.enroll(company, program)


def test_the_consents_of_an_executive_who_leaves_stand(world: World) -> None:
    """The company has given them: others of it may revoke them, and its staff goes on earning."""
    company, program = world.ready()
    world.wait()
    leave(world, company, company.executive)
    world.wait()
    assert [awarded(15_000)] == outcomes_of(
        world.approve(world.register(company, program)).activity
    )
    file = world.load(ConsentFile, f"{company.id}.{program}")
    assert file is not None
    assert [(company.executive, None)] == [
        (one.granted_by, one.revoked_at) for one in file.consents
    ]


@pytest.mark.parametrize("role", [Role.PARTNER_EXECUTIVE, Role.CHANNEL_MANAGER])
def test_an_executive_places_its_staff_in_roles_of_the_staff_only(
    quick_world: World, role: Role
) -> None:
    company = quick_world.company()
    with pytest.raises((NotPermitted, InvalidInput)):
        place(quick_world, company, role=role, by=company.executive)
    placed = place(quick_world, company, role=Role.MARKETER, by=company.executive)
    assert Role.MARKETER is placed.employments[-1].role


def test_an_executive_decides_on_its_own_staff_and_on_nobody_else(quick_world: World) -> None:
    """Not on itself, not on another executive, not on other companies' people, not on moves."""
    ours, theirs = quick_world.company(), quick_world.company()
    second = quick_world.person(ours.partner, Role.PARTNER_EXECUTIVE)
    for person in (ours.executive, second):
        with pytest.raises(NotPermitted):
            leave(quick_world, ours, person, by=ours.executive)
        with pytest.raises(NotPermitted):
            place(quick_world, ours, person, role=Role.SALES_REP, by=ours.executive)
    with pytest.raises(NotFound):
        leave(quick_world, theirs, by=ours.executive)
    with pytest.raises(NotFound):
        place(quick_world, ours, to=theirs, by=ours.executive)
    with pytest.raises(NotPermitted):
        leave(quick_world, ours, second, by=ours.rep)
    leave(quick_world, ours, by=ours.executive)
    assert {ours.rep} == listed(quick_world, ours)[1]


def test_an_administrator_decides_on_the_vendors_people_and_not_on_itself(
    quick_world: World,
) -> None:
    manager, other = quick_world.colleague(), quick_world.colleague()

    def change(by: str, person: str, role: Role) -> Individual:
        return people.change_employment(
            quick_world.portal,
            quick_world.ask(by),
            at="vendor",
            individual_id=person,
            wish=people.Wish(role=role),
        ).individual

    with pytest.raises(NotPermitted):
        change(manager, other, Role.ADMIN)
    with pytest.raises(NotPermitted):
        change(quick_world.admin, quick_world.admin, Role.CHANNEL_MANAGER)
    with pytest.raises(InvalidInput):
        change(quick_world.admin, other, Role.SALES_REP)
    assert Role.ADMIN is change(quick_world.admin, manager, Role.ADMIN).employments[-1].role
    with pytest.raises(NotPermitted):
        people.end_employment(
            quick_world.portal,
            quick_world.manage(),
            at="vendor",
            individual_id=quick_world.admin,
        )


def test_a_place_is_of_a_team_and_a_partner_that_are_there(quick_world: World) -> None:
    company, other = quick_world.company(), quick_world.company()
    with pytest.raises(NotFound) as team:
        place(quick_world, company, team=other.partner.teams[0].id)
    with pytest.raises(InvalidInput) as role:
        place(quick_world, company, role=Role.ADMIN)
    assert ("teamId", "role") == (team.value.field, role.value.field)


def test_a_leaving_between_an_award_s_decision_and_its_commit_is_seen_by_it(
    world: World,
) -> None:
    """Fault F15, leaver against award: the award decides again, and pays nothing."""
    company, program = world.ready()
    deal = world.register(company, program)
    world.wait()
    portal = world.on(FaultyStore(world.store, first(lambda: leave(world, company))))
    approved = world.approve(deal, portal=portal)
    assert [withheld(15_000, WithheldReason.NOT_EMPLOYED)] == outcomes_of(approved.activity)
    assert 0 == world.balance(company.rep).available


def test_an_award_before_the_commit_of_a_leaving_stays(world: World) -> None:
    """The other order: the award changes the enrollment's neighbours, not the enrollment."""
    company, program = world.ready()
    deal = world.register(company, program)
    world.wait()
    portal = world.on(FaultyStore(world.store, first(lambda: world.approve(deal))))
    leave(world, company, portal=portal)
    assert 15_000 == world.balance(company.rep).available
    assert set() == enrolled(world, company, program)


def test_an_enrollment_between_a_leaving_s_decision_and_its_commit_ends_with_it(
    world: World,
) -> None:
    company, program = world.company(), world.program()

    def enroll() -> None:
        world.enroll(company, program)

    portal = world.on(FaultyStore(world.store, first(enroll)))
    world.wait()
    leave(world, company, portal=portal)
    assert world.now == enrollment_of(world, company, company.rep, program).withdrawn_at
    assert set() == enrolled(world, company, program)


def test_more_enrollments_than_a_transaction_takes_end_all_the_same(quick_world: World) -> None:
    """In steps behind it; none is left, and the leaving is one request."""
    world = quick_world
    company, count = world.company(), 2 * people.ENDED_AT_ONCE + 5
    programs = [world.program(budget={}) for _ in range(count)]
    for program in programs:
        enrollment.enroll(
            world.portal,
            world.ask(company.rep),
            partner_id=company.id,
            program_id=program,
            terms_version=1,
        )
    world.wait()
    leave(world, company)
    want = Many(Enrollment, of_person(company.id, company.rep))
    found = world.store.read([want])[want].records
    assert (count, count) == (len(found), sum(one.withdrawn_at == world.now for one in found))
    assert all(set() == enrolled(world, company, program) for program in programs)


def test_an_enrollment_that_a_killed_leaving_left_open_ends_when_the_person_is_back(
    quick_world: World,
) -> None:
    """As of the leaving: it was enrolled at no instant between that and its return."""
    world = quick_world
    company, program = world.company(), world.program()

    def enroll_and_die(commit: Callable[[], None]) -> None:
        world.enroll(company, program)
        commit()
        raise Killed

    with pytest.raises(Killed):
        leave(world, company, portal=world.on(FaultyStore(world.store, enroll_and_die)))
    assert {company.rep} == enrolled(world, company, program)
    left_at = world.now
    world.wait()
    place(world, company)
    assert left_at == enrollment_of(world, company, company.rep, program).withdrawn_at
    assert set() == enrolled(world, company, program)


def test_enrollments_that_were_left_open_end_when_the_employment_did(quick_world: World) -> None:
    """Of very many, those behind the transaction of the leaving that was killed after it."""
    world = quick_world
    company, count = world.company(), people.ENDED_AT_ONCE + 1
    for _ in range(count):
        world.enroll(company, world.program(budget={}))
    world.wait()
    with pytest.raises(Killed):
        leave(world, company, portal=killed(world))
    left_at = world.now
    world.wait(5)
    other = world.company(reps=0)
    place(world, company, to=other)
    place(world, other, company.rep, to=company)
    want = Many(Enrollment, of_person(company.id, company.rep))
    assert [left_at] * count == [one.withdrawn_at for one in world.store.read([want])[want].records]


def test_whoever_may_not_place_somebody_changes_nothing_of_it(quick_world: World) -> None:
    """Neither what a killed leaving has left open: a refused request writes nothing."""
    world = quick_world
    company, program = world.company(reps=2), world.program()
    other = world.company()

    def enroll_and_die(commit: Callable[[], None]) -> None:
        world.enroll(company, program, company.rep)
        commit()
        raise Killed

    with pytest.raises(Killed):
        leave(world, company, portal=world.on(FaultyStore(world.store, enroll_and_die)))
    with pytest.raises(NotPermitted):
        place(world, company, by=company.reps[1])
    with pytest.raises(NotFound):
        place(world, company, by=other.executive)
    assert enrollment_of(world, company, company.rep, program).withdrawn_at is None


def test_an_external_id_is_of_the_employer_that_gave_it(quick_world: World) -> None:
    """A mover has none at the new company, and its own again when it comes back."""
    world = quick_world
    old, new = world.company(), world.company()
    person = add_individual(
        world.portal,
        world.manage(),
        name="Ada",
        email="ada@old.example",
        role=Role.SALES_REP,
        partner_id=old.id,
        team_id=None,
        external_id="HR-1",
    ).individual
    moved = place(world, old, person.id, to=new)
    assert (None, "HR-1") == (moved.external_id, moved.employments[0].external_id)
    holder = Holder(name_of_person(old.id, "HR-1"))
    assert person.id == world.store.read([holder])[holder]
    assert "HR-1" == place(world, new, person.id, to=old).external_id


def test_a_suspended_person_is_reinstated_and_acts_again(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    suspend_individual(world.portal, world.manage(), individual_id=company.rep)
    with pytest.raises(Unauthenticated):
        world.register(company, program)
    for _ in range(2):
        active = people.reinstate_individual(
            world.portal, world.manage(), at=company.id, individual_id=company.rep
        ).individual
        assert PersonStatus.ACTIVE is active.status
    world.register(company, program)


def found_by(world: World, email: str) -> set[str]:
    want = Listed(list_of_email(email))
    return set(world.store.read([want])[want].ids)


def test_a_person_is_found_by_its_new_address_and_not_by_the_old_one(quick_world: World) -> None:
    """Another spelling of the same address is the same list."""
    world = quick_world
    company = world.company()

    def update(**given: str) -> Individual:
        return people.update_individual(
            world.portal, world.manage(), at=company.id, individual_id=company.rep, **given
        ).individual

    update(email="new@partner.example")
    assert company.rep not in found_by(world, "person@partner.example")
    assert {company.rep} == found_by(world, "NEW@partner.example")
    updated = update(email="New@Partner.example", name=" Grace ")
    assert ("Grace", "New@Partner.example") == (updated.name, updated.email)
    assert {company.rep} == found_by(world, "new@partner.example")
    for wrong in ({"email": "nobody"}, {"name": " "}):
        with pytest.raises(InvalidInput):
            update(**wrong)


@pytest.mark.parametrize("held", ["now", "before"])
def test_only_an_administrator_changes_the_address_of_who_is_or_was_an_executive(
    quick_world: World, held: str
) -> None:
    """Who has the address can sign in as the person, and consent for its company."""
    world = quick_world
    company, manager = world.company(), world.colleague()
    if held == "before":
        people.change_employment(
            world.portal,
            world.manage(),
            at=company.id,
            individual_id=company.executive,
            wish=Wish(role=Role.MARKETER),
        )

    def update(who: str, person: str, **given: str) -> Individual:
        return people.update_individual(
            world.portal, world.ask(who), at=company.id, individual_id=person, **given
        ).individual

    before = world.load(Individual, company.executive)
    assert before is not None
    with pytest.raises(NotPermitted) as refused:
        update(manager, company.executive, name="Mallory", email="mallory@vendor.example")
    assert ("ADMIN",) == refused.value.required_roles
    assert before == world.load(Individual, company.executive)
    assert "Grace" == update(manager, company.executive, name="Grace", email=before.email).name
    assert "rep@partner.example" == update(manager, company.rep, email="rep@partner.example").email
    new = update(world.admin, company.executive, email="new@partner.example")
    assert {new.id} == found_by(world, "new@partner.example")


def test_the_address_of_who_works_or_worked_for_the_vendor_is_the_administrators(
    quick_world: World,
) -> None:
    """A move to a partner gives nobody else a way to the vendor's former manager."""
    world = quick_world
    company, mover, manager = world.company(), world.colleague(), world.colleague()

    def readdress(at: str, who: str) -> None:
        people.update_individual(
            world.portal, world.ask(who), at=at, individual_id=mover, email="b@partner.example"
        )

    with pytest.raises(NotPermitted):
        readdress(VENDOR, manager)
    wish = Wish(partner_id=company.id, role=Role.SALES_REP)
    people.change_employment(
        world.portal, world.manage(), at=VENDOR, individual_id=mover, wish=wish
    )
    with pytest.raises(NotPermitted):
        readdress(company.id, manager)
    readdress(company.id, world.admin)
    assert {mover} == found_by(world, "b@partner.example")


def test_an_import_changes_nobodys_address(quick_world: World) -> None:
    """A row of somebody who is there by its external id, with another address, is refused."""
    world = quick_world
    company, manager = world.company(), world.colleague()

    def report(email: str) -> tuple[int, int]:
        row = f"x-1,{company.id},Mara,{email},PARTNER_EXECUTIVE\n"
        content = f"external_id,partner,name,email,role\n{row}"
        done = import_people(world.portal, world.ask(manager), content=content)
        return done.imported, len(done.problems)

    assert (1, 0) == report("mara@partner.example")
    assert (0, 1) == report("mallory@vendor.example")
    assert set() == found_by(world, "mallory@vendor.example")
    assert 1 == len(found_by(world, "mara@partner.example"))


def test_what_a_leaver_did_stays_in_its_company_s_exports_and_dry_runs(world: World) -> None:
    """Former people's activities follow those of the members; a plan is tried over all of them."""
    company, program = world.ready(reps=2)
    for rep in company.reps:
        world.approve(world.register(company, program, rep=rep))
    before = dry_run(world.portal, program_id=program, partner_id=company.id, number=1)
    world.wait()
    leave(world, company)
    assert before == dry_run(world.portal, program_id=program, partner_id=company.id, number=1)
    assert 4 == before.activities
    rows, after = 0, None
    while True:
        page = activities_csv(world.store, company.id, after=after)
        rows, after = rows + page.rows, page.next
        if after is None:
            break
    assert 4 == rows
