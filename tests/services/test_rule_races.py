"""Races for what decides whether somebody earns: consents, people, plans and goals."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from portal_api.domain.activities import OutcomeStatus, WithheldReason
from portal_api.domain.goals import Level, Progress
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.plans import PlanVersion, Rule
from portal_api.services import consent, deals, enrollment, partners, plans
from portal_api.services.store import Found, Many, One, Store, Want
from portal_api.services.use_case import Portal, Unauthenticated
from tests.services.racing import Together, a_trained, approve
from tests.services.stores import FaultyStore, first, in_parallel
from tests.services.world import MILESTONES, QUARTER, Company, World, awarded, outcomes_of, withheld


class Torn(FaultyStore):
    """A store whose first wave is no snapshot: what is ``early`` is read, something happens, and
    only then comes the rest. So it may be on DynamoDB.
    """

    def __init__(
        self, store: Store, early: Callable[[Want[object]], bool], happens: Callable[[], object]
    ) -> None:
        super().__init__(store)
        self._early = early
        self._happens = iter([happens])

    def read(self, wants: Sequence[Want[object]]) -> Found:
        before = {want: super(Torn, self).read([want])[want] for want in filter(self._early, wants)}
        for happens in self._happens:
            happens()
        found = super().read(wants)
        return Found({want: before.get(want, found[want]) for want in wants})


LOSSES = Rule("losses", "Losses", Level.INDIVIDUAL, "USD", Flat("DEAL_LOST", 50))


def revoke(world: World, company: Company, given: str, portal: Portal | None = None) -> object:
    return consent.revoke_consent(
        portal or world.portal, world.ask(company.executive), consent_id=given
    )


def test_a_consent_that_is_revoked_before_the_commit_pays_nothing(world: World) -> None:
    """Invariant L12: unrevoked at commit, not only when it was looked up."""
    company, program = world.company(), world.program()
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    meanwhile = first(lambda: revoke(world, company, given))

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, meanwhile)))

    assert [withheld(15_000, WithheldReason.NO_CONSENT)] == outcomes_of(approval.activity)
    assert Balance() == world.balance(company.rep)


def test_what_is_earned_before_the_revocation_commits_stays(world: World) -> None:
    company, program = world.company(), world.program()
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    meanwhile = first(lambda: world.approve(deal))

    revoke(world, company, given, world.on(FaultyStore(world.store, meanwhile)))

    assert Balance(available=15_000) == world.balance(company.rep)
    assert [withheld(75_000, WithheldReason.NO_CONSENT)] == outcomes_of(world.win(deal).activity)


def test_revoking_against_an_award_in_parallel_has_a_serial_outcome(world: World) -> None:
    company, program = world.company(), world.program()
    world.enroll(company, program)
    for _ in range(4):
        given = world.consent(company, program)
        deal = world.register(company, program)
        before = world.balance(company.rep).available
        portal = world.on(Together(world.store, 2))

        revoked, approval = in_parallel(
            partial(revoke, world, company, given, portal),
            partial(approve, world, deal.id, portal),
        )

        assert isinstance(revoked, consent.ConsentRevoked)
        assert isinstance(approval, deals.DealApproved)
        ((status, _, _),) = outcomes_of(approval.activity)
        earned = 15_000 if status is OutcomeStatus.AWARDED else 0
        assert before + earned == world.balance(company.rep).available
    assert [] == world.audit(program, company.parties)


def test_who_leaves_the_program_before_the_commit_earns_nothing(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    deal = world.register(company, program)
    leave = first(
        lambda: enrollment.end_enrollment(
            world.portal, world.ask(company.rep), partner_id=company.id, program_id=program
        )
    )

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, leave)))

    assert [withheld(15_000, WithheldReason.NOT_ENROLLED)] == outcomes_of(approval.activity)


def test_a_consent_that_is_granted_before_the_commit_pays(world: World) -> None:
    """What was not found is checked too: nobody is told of a consent that then does not count."""
    company, program = world.company(), world.program()
    world.enroll(company, program)
    deal = world.register(company, program)
    grant = first(lambda: world.consent(company, program))

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, grant)))

    assert [awarded(15_000)] == outcomes_of(approval.activity)


def test_who_enrolls_before_the_commit_earns(world: World) -> None:
    company, program = world.company(), world.program()
    world.consent(company, program)
    deal = world.register(company, program)
    enroll = first(lambda: world.enroll(company, program))

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, enroll)))

    assert [awarded(15_000)] == outcomes_of(approval.activity)


def test_who_is_suspended_before_the_commit_does_nothing(world: World) -> None:
    """Reliability section 3: a suspended person is refused at once for money."""
    program, (company,) = a_trained(world, 10, 1_000)
    world.record(company, program, "TRAINING", "1")
    suspend = first(
        lambda: partners.suspend_individual(world.portal, world.manage(), individual_id=company.rep)
    )

    with pytest.raises(Unauthenticated):
        world.pay_out(company.rep, 10, portal=world.on(FaultyStore(world.store, suspend)))

    assert Balance(available=10) == world.balance(company.rep)


def test_a_plan_that_is_published_between_two_reads_of_one_wave_is_not_overlooked(
    world: World,
) -> None:
    """Domain rule 4.1: the versions were read before it, and the program's own version after it."""
    company, program = world.ready()
    deal = world.register(company, program)
    rules = (Rule("flat", "Flat", Level.INDIVIDUAL, "USD", Flat("DEAL_REGISTERED", 7)),)
    store = Torn(
        world.store,
        lambda want: isinstance(want, Many) and want.kind is PlanVersion,
        lambda: plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent(rules, ()),
        ),
    )

    approval = approve(world, deal.id, world.on(store))

    assert [awarded(7)] == outcomes_of(approval.activity)


def test_one_person_s_awards_between_two_reads_of_one_wave_make_one_earner(world: World) -> None:
    """Domain rule 2.6: counted twice, two people would be shown as three."""
    company, program = world.ready()
    deals_of_one = [world.register(company, program) for _ in range(2)]
    own = f"{company.id}.{program}.individual.{company.rep}"
    store = Torn(
        world.store,
        lambda want: isinstance(want, One) and want.id == own,
        lambda: world.approve(deals_of_one[0]),
    )

    approve(world, deals_of_one[1].id, world.on(store))

    progress = world.load(Progress, f"{company.id}.{program}.partner")
    assert progress is not None
    assert (1, 30_000) == (progress.count("earners:USD"), progress.count("earned:USD"))


@pytest.mark.parametrize("before", [MILESTONES, LOSSES], ids=["pays", "does not pay"])
def test_a_plan_that_is_published_before_the_commit_is_the_one_that_judges(
    world: World, before: Rule
) -> None:
    """Domain rule 4.1: also what pays nothing checks the program, in the shard of the person."""
    company, program = world.ready(before)
    deal = world.register(company, program)
    rules = (Rule("flat", "Flat", Level.INDIVIDUAL, "USD", Flat("DEAL_REGISTERED", 7)),)
    publish = first(
        lambda: plans.publish_plan(
            world.portal,
            world.manage(),
            program_id=program,
            content=plans.PlanContent(rules, (), None),
        )
    )

    approval = approve(world, deal.id, world.on(FaultyStore(world.store, publish)))

    assert [awarded(7)] == outcomes_of(approval.activity)
    assert [2] == [earning.trace.plan_number for earning in approval.earnings]


def test_two_reps_who_reach_the_partner_s_goal_at_once_bring_one_bonus(world: World) -> None:
    """Domain rule 4.4: once, under any race; the goal's counter is watched at commit."""
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000, 50_000))
    company = world.company(reps=2)
    program = world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 3_000_000, 6_000_000, Level.PARTNER)
    registered = [world.register(company, program, rep=rep) for rep in company.reps]
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[lambda deal=deal: world.win(deal, portal=portal) for deal in registered]
    )

    won = [answer for answer in answers if isinstance(answer, deals.DealWon)]
    progress = world.load(Progress, f"{company.id}.{program}.partner")
    assert 2 == len(won)
    assert [awarded(50_000), awarded(200_000)] == sorted(
        outcome for win in won for outcome in outcomes_of(win.activity)
    )
    assert Balance(available=250_000) == world.balance(company.id)
    assert progress is not None
    assert (6_000_000, 1, 1) == tuple(
        progress.count(counter)
        for counter in ("goal:Q", "bonus:company:GOAL", "bonus:company:STRETCH")
    )
    assert [] == world.audit(program, company.parties)


def test_two_reps_who_reach_the_goal_only_together_do_not_miss_it(world: World) -> None:
    """Each alone decides that nothing is reached: the second to commit must decide again."""
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
    company = world.company(reps=2)
    program = world.program(bonus, goals=(QUARTER,))
    world.target(company, program, company.id, 6_000_000, 9_000_000, Level.PARTNER)
    registered = [world.register(company, program, rep=rep) for rep in company.reps]
    portal = world.on(Together(world.store, 2))

    in_parallel(*[partial(world.win, deal, portal=portal) for deal in registered])

    assert Balance(available=200_000) == world.balance(company.id)


def test_a_goal_that_is_set_and_neared_before_the_commit_is_reached_by_it(world: World) -> None:
    """Else the deal that saw no target yet would hide itself from the one that saw it."""
    bonus = Rule("company", "Company", Level.PARTNER, "USD", GoalBonus("Q", 200_000))
    company = world.company(reps=2)
    program = world.program(bonus, goals=(QUARTER,))
    mine, other = (world.register(company, program, rep=rep) for rep in company.reps)

    def set_and_near() -> None:
        world.target(company, program, company.id, 6_000_000, 6_000_000, Level.PARTNER)
        world.win(other)

    win = world.win(mine, portal=world.on(FaultyStore(world.store, first(set_and_near))))

    assert [awarded(200_000)] == outcomes_of(win.activity)
    assert Balance(available=200_000) == world.balance(company.id)
