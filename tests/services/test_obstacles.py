"""Reports of obstacles are closed once, and are their reporters' own data."""

import json

from portal_api.domain.errors import ObstacleAlreadyReported, ObstacleNotOpen
from portal_api.domain.obstacles import ObstacleKind, ObstacleReport, ObstacleStatus
from portal_api.domain.partners import Individual, Role
from portal_api.services import obstacles, personal_data
from portal_api.services.use_case import Portal
from tests.services.correcting import listed
from tests.services.racing import Together
from tests.services.stores import in_parallel
from tests.services.world import Company, World


def reported(
    world: World, company: Company, program: str, who: str, portal: Portal | None = None
) -> ObstacleReport:
    return obstacles.report_obstacle(
        portal or world.portal,
        world.ask(who),
        partner_id=company.id,
        program_id=program,
        behavior="DEAL_SUBMITTED",
        kind=ObstacleKind.FRICTION,
        text=f"By {who}.",
    ).report


def closed(world: World, report: ObstacleReport, portal: Portal | None = None) -> ObstacleReport:
    return obstacles.close_obstacle(
        portal or world.portal, world.manage(), report_id=report.id, answer="One page."
    ).report


def test_of_two_closings_at_once_one_is_done(world: World) -> None:
    """And the report is in one list of its program, and in none of its company."""
    company, program = world.company(), world.program()
    report = reported(world, company, program, company.rep)
    portal = world.on(Together(world.store, 2))

    found = in_parallel(*[lambda: closed(world, report, portal)] * 2)

    assert {ObstacleReport, ObstacleNotOpen} == {type(one) for one in found}
    lists = [obstacles.obstacles_to(program, status) for status in ObstacleStatus]
    lists.append(obstacles.obstacles_at(company.id))
    assert [[], [report.id], []] == [list(listed(world, one)) for one in lists]


def test_of_two_reports_of_the_same_at_once_one_is_made(world: World) -> None:
    """The other is refused by the name of the first."""
    company, program = world.company(), world.program()
    portal = world.on(Together(world.store, 2))

    found = in_parallel(*[lambda: reported(world, company, program, company.rep, portal)] * 2)

    (made,) = (one for one in found if isinstance(one, ObstacleReport))
    (refused,) = (one for one in found if isinstance(one, ObstacleAlreadyReported))
    assert f"ObstacleReport:{made.id}" == refused.report_id


def test_all_reports_and_interventions_of_a_program_are_read_together(quick_world: World) -> None:
    """The open ones and the closed ones, of all partners, and of no other program."""
    world = quick_world
    company, rival, program = world.company(), world.company(), world.program()
    mine = reported(world, company, program, company.rep)
    theirs = closed(world, reported(world, rival, program, rival.rep))
    reported(world, company, world.program(), company.rep)
    done = obstacles.record_intervention(
        world.portal,
        world.manage(),
        program_id=program,
        behavior=mine.behavior,
        text="One page.",
        started_on=world.now.date(),
    ).intervention

    reports, interventions = obstacles.told_about(world.store, program)

    assert {mine.id, theirs.id} == {one.id for one in reports}
    assert (done,) == interventions


def test_a_persons_reports_are_among_its_data(quick_world: World) -> None:
    """With the answer, and not who gave it; nobody else's are."""
    world = quick_world
    company, program = world.company(), world.program()
    mine = closed(world, reported(world, company, program, company.rep))
    other = world.person(company.partner, Role.SALES_REP)
    reported(world, company, program, other)

    person = world.load(Individual, company.rep)
    assert person is not None
    lines = map(json.loads, personal_data.document(world.store, world.now, person))
    (told,) = (one["record"] for one in lines if one.get("kind") == "ObstacleReport")

    assert (mine.id, f"By {company.rep}.", "One page.", "") == (
        *(told["id"], told["text"]),
        *(told["answer"], told["closed_by"]),
    )
