"""Objections are raised by a partner or noted by the vendor, answered once, and resolved."""

import pytest

from portal_api.domain.errors import InvalidInput, NotFound, NotPermitted, ObjectionNotOpen
from portal_api.domain.objections import Objection, ObjectionCategory, ObjectionStatus
from portal_api.domain.partners import Role
from portal_api.services import objections
from portal_api.services.use_case import Portal
from tests.services.correcting import listed
from tests.services.racing import Together
from tests.services.stores import in_parallel
from tests.services.world import Company, World

CATEGORY = ObjectionCategory.TAX_OR_PAYROLL


def raised(world: World, company: Company, program: str, who: str | None = None) -> Objection:
    return objections.raise_objection(
        world.portal,
        world.ask(who or company.executive),
        partner_id=company.id,
        program_id=program,
        category=CATEGORY,
        text="Who pays the\nwage tax?",
    ).objection


def answered(world: World, objection: Objection, portal: Portal | None = None) -> Objection:
    return objections.answer_objection(
        portal or world.portal, world.manage(), objection_id=objection.id, answer="We do."
    ).objection


def resolved(
    world: World, who: str, objection: Objection, portal: Portal | None = None
) -> Objection:
    return objections.resolve_objection(
        portal or world.portal, world.ask(who), objection_id=objection.id
    ).objection


def lists(world: World, program: str, objection: Objection) -> list[str]:
    """The lists that an objection is in."""
    found = ["OPEN"] if objection.id in listed(world, objections.OPEN_OBJECTIONS) else []
    for status in ObjectionStatus:
        name, entry = objections.objections_to(program, status), f"{CATEGORY}.{objection.id}"
        found += [status.value.lower()] if entry in listed(world, name) else []
    return found


def test_an_objection_is_raised_answered_and_resolved(world: World) -> None:
    """Domain rule 2.8; it is in one list of its program at a time, and in the vendor's queue."""
    company, program = world.company(), world.program()
    first = raised(world, company, program)
    at_first = lists(world, program, first)
    world.wait()
    second = answered(world, first)
    between = lists(world, program, first)
    third = resolved(world, company.executive, second)

    assert (ObjectionStatus.OPEN, company.executive, False) == (
        first.status,
        first.raised_by,
        first.noted,
    )
    assert ["OPEN", "open"] == at_first
    assert (ObjectionStatus.ANSWERED, "We do.", world.admin, world.now) == (
        second.status,
        second.answer,
        second.answered_by,
        second.answered_at,
    )
    assert ["answered"] == between
    assert (ObjectionStatus.RESOLVED, company.executive) == (third.status, third.resolved_by)
    assert ["resolved"] == lists(world, program, first)


def test_what_was_answered_is_not_answered_again_and_what_was_resolved_stays_so(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.company(), world.program()
    objection = raised(world, company, program)
    answered(world, objection)
    with pytest.raises(ObjectionNotOpen) as again:
        answered(world, objection)
    resolved(world, company.executive, objection)
    with pytest.raises(ObjectionNotOpen) as answered_late:
        answered(world, objection)
    with pytest.raises(ObjectionNotOpen):
        resolved(world, company.executive, objection)
    assert ["ANSWERED", "RESOLVED"] == [again.value.status, answered_late.value.status]


def test_the_vendor_answers_before_it_resolves_and_the_company_may_change_its_mind(
    quick_world: World,
) -> None:
    """An obstacle is not put aside by whoever owes the answer."""
    world = quick_world
    company, program = world.company(), world.program()
    noted = raised(world, company, program, who=world.admin)
    with pytest.raises(NotPermitted) as refused:
        resolved(world, world.admin, noted)
    answered(world, noted)
    own = raised(world, company, program)

    assert noted.noted
    assert (Role.PARTNER_EXECUTIVE,) == refused.value.required_roles
    assert ObjectionStatus.RESOLVED is resolved(world, world.admin, noted).status
    assert ObjectionStatus.RESOLVED is resolved(world, company.executive, own).status


def test_objections_are_the_executives_own_companys(quick_world: World) -> None:
    """Another partner's are not found, and the staff raises none."""
    world = quick_world
    company, rival, program = world.company(), world.company(), world.program()
    objection = raised(world, company, program)
    with pytest.raises(NotFound):
        raised(world, company, program, who=rival.executive)
    with pytest.raises(NotFound):
        raised(world, company, "prg-0")
    with pytest.raises(NotFound):
        resolved(world, rival.executive, objection)
    with pytest.raises(NotPermitted):
        raised(world, company, program, who=company.rep)
    with pytest.raises(NotPermitted):
        objections.answer_objection(
            world.portal, world.ask(company.executive), objection_id=objection.id, answer="No."
        )
    for text in ("", " ", "x" * 2_001):
        with pytest.raises(InvalidInput):
            objections.answer_objection(
                world.portal, world.manage(), objection_id=objection.id, answer=text
            )


def test_of_two_answers_at_once_one_is_given(world: World) -> None:
    company, program = world.company(), world.program()
    objection = raised(world, company, program)
    portal = world.on(Together(world.store, 2))

    found = in_parallel(*[lambda: answered(world, objection, portal)] * 2)

    assert {Objection, ObjectionNotOpen} == {type(one) for one in found}
    assert ["answered"] == lists(world, program, objection)


def test_answering_against_resolving_leaves_one_state(world: World) -> None:
    """Resolved in the end: the answer came before, or not any more."""
    company, program = world.company(), world.program()
    objection = raised(world, company, program)
    portal = world.on(Together(world.store, 2))

    first, second = in_parallel(
        lambda: answered(world, objection, portal),
        lambda: resolved(world, company.executive, objection, portal),
    )

    kept = world.load(Objection, objection.id)
    assert kept is not None
    assert ObjectionStatus.RESOLVED is kept.status
    assert isinstance(second, Objection)
    assert (kept.answer is None) is isinstance(first, ObjectionNotOpen)
    assert ["resolved"] == lists(world, program, objection)


def test_the_same_request_raises_one_objection(quick_world: World) -> None:
    """Sent again, it answers the first one as it is now."""
    world = quick_world
    company, program = world.company(), world.program()
    ask = world.ask(company.executive)

    def again() -> Objection:
        return objections.raise_objection(
            world.portal,
            ask,
            partner_id=company.id,
            program_id=program,
            category=CATEGORY,
            text="Who pays?",
        ).objection

    first = again()
    answered(world, first)
    second = again()
    assert (first.id, ObjectionStatus.ANSWERED) == (second.id, second.status)
