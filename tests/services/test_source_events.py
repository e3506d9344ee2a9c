"""One event of a source is one activity, whoever reports it and under whichever request id."""

from dataclasses import replace

import pytest

from portal_api.domain.activities import FiveC, ProcessStage
from portal_api.domain.errors import InvalidInput, NotFound
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.partners import Role
from portal_api.domain.plans import Rule
from portal_api.services import activities, programs
from tests.services.replaying import employ, events
from tests.services.stores import in_parallel
from tests.services.world import DAY, Company, World, awarded, outcomes_of

TRAINING = Rule("training", "Training", Level.INDIVIDUAL, "USD", Flat("TRAINING", 50))


def a_training(world: World) -> tuple[Company, str]:
    """A company in a program that pays 0.50 for a training."""
    programs.define_behavior(
        world.portal,
        world.manage(),
        code="TRAINING",
        name="Training",
        stage=ProcessStage.ENABLEMENT,
        five_c=FiveC.CAPACITY,
        review_needed=False,
    )
    return world.ready(TRAINING)


def test_a_source_event_twice_under_different_request_ids_is_answered_with_its_first_result(
    world: World,
) -> None:
    """Domain rule 3.2: it changes nothing, whatever else the second report says."""
    company, program = a_training(world)
    one = world.record(company, program, "TRAINING", "course-1")
    told = events(world, company.id)
    world.wait()

    two = world.record(company, program, "TRAINING", " course-1 ", occurred_at=world.now - DAY / 2)
    other = world.record(company, program, "TRAINING", "course-2")

    assert (one.activity.id, one.activity.outcomes) == (two.activity.id, two.activity.outcomes)
    assert [replace(earning, version=1) for earning in one.earnings] == list(two.earnings)
    assert [awarded(50)] == outcomes_of(other.activity)
    assert 100 == world.balance(company.rep).available
    assert len(told) + 1 == len(events(world, company.id))


def test_a_source_event_reported_by_many_at_once_is_one_activity(world: World) -> None:
    """Invariant L14."""
    company, program = a_training(world)

    answers = in_parallel(*[lambda: world.record(company, program, "TRAINING", "course-1")] * 8)

    found = {getattr(getattr(answer, "activity", answer), "id", answer) for answer in answers}
    assert 1 == len(found)
    assert 50 == world.balance(company.rep).available


def test_a_mover_s_event_pays_no_second_time_and_its_first_result_stays_at_the_old_partner(
    world: World,
) -> None:
    """Domain rule 2.1, and invariant L14: the event is that of the person, wherever it works."""
    company, program = a_training(world)
    world.record(company, program, "TRAINING", "course-1")
    other = world.company()
    world.wait()
    employ(world, company.rep, other.id, Role.SALES_REP)

    with pytest.raises(NotFound):
        world.record(other, program, "TRAINING", "course-1", rep=company.rep)

    assert 50 == world.balance(company.rep).available


def test_ids_that_are_made_up_to_spell_another_s_event_find_nothing(quick_world: World) -> None:
    """The name of an event is joined with colons, and a client may put one into an id."""
    world = quick_world
    company, program = a_training(world)
    victim, spy = company.rep, world.person(company.partner, Role.SALES_REP)

    def report(who: str, program_id: str, source: str, event: str) -> activities.ActivityRecorded:
        return activities.record_activity(
            world.portal,
            world.ask(who),
            partner_id=company.id,
            individual_id=who,
            program_id=program_id,
            behavior="TRAINING",
            source=source,
            source_event_id=event,
            occurred_at=None,
        )

    report(victim, program, spy, "lms:1")
    with pytest.raises(NotFound):
        report(spy, f"{program}:{victim}", "lms", "1")


@pytest.mark.parametrize("code", ["X" * 5_000, "é" * 1_000, "A#B", "A.B", ""])
def test_a_behavior_that_is_none_is_not_found(quick_world: World, code: str) -> None:
    """Also where no key could be made of it."""
    company, program = a_training(quick_world)

    with pytest.raises(NotFound):
        quick_world.record(company, program, code, "1")
    with pytest.raises(InvalidInput):
        programs.define_behavior(
            quick_world.portal,
            quick_world.manage(),
            code=code,
            name="Behavior",
            stage=ProcessStage.ENABLEMENT,
            five_c=FiveC.CAPACITY,
            review_needed=False,
        )


@pytest.mark.parametrize(
    ("source", "event"), [("", "1"), ("a:b", "1"), ("x" * 61, "1"), ("lms", ""), ("lms", "x" * 201)]
)
def test_a_source_that_names_no_event_is_refused(
    quick_world: World, source: str, event: str
) -> None:
    """With a colon, the event b:1 of a would be the event 1 of a:b."""
    company, program = a_training(quick_world)

    with pytest.raises(InvalidInput):
        activities.record_activity(
            quick_world.portal,
            quick_world.ask(company.rep),
            partner_id=company.id,
            individual_id=company.rep,
            program_id=program,
            behavior="TRAINING",
            source=source,
            source_event_id=event,
            occurred_at=None,
        )
