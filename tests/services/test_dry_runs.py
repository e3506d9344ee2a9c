"""A plan over the real history: what it would have paid, against what was paid."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.consent import Cap
from portal_api.domain.deals import Credit
from portal_api.domain.errors import NotFound, PlanNotPublishable
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.mechanics.overlay import Overlay
from portal_api.domain.mechanics.tiered import Band, Tiered
from portal_api.domain.mechanics.uplift import Uplift
from portal_api.domain.plans import Limit, Period, Rule
from portal_api.services import consent, deal_changes, deals, plans
from portal_api.services.dry_runs import DryRun, dry_run
from portal_api.services.retries import retry_withheld
from portal_api.storage.sqlite import SqliteEngine
from tests.services.steps import define
from tests.services.stores import FaultyStore
from tests.services.world import DAY, MILESTONES, QUARTER, Company, World

STRICT = Rule("strict", "Strict", Level.INDIVIDUAL, "USD", MilestoneSplit(200, keep_on_loss=False))
TRAINING = Rule(
    "training",
    "Training",
    Level.INDIVIDUAL,
    "POINTS",
    Flat("TRAINING", 50),
    limits=(Limit(Period.DAY, count=1),),
)
PROOF = Rule("proof", "Proof", Level.INDIVIDUAL, "USD", Overlay("PROOF", 10_000))
UPLIFT = Rule("up", "Up", Level.INDIVIDUAL, "USD", Uplift(("DEAL_REGISTERED",), 200, 300))
TEAM = Rule("team", "Team", Level.TEAM, "USD", Flat("PROOF", 101))
COMPANY = Rule("company", "Company", Level.PARTNER, "USD", Flat("DEAL_WON", 300))
BONUS = Rule("bonus", "Bonus", Level.INDIVIDUAL, "USD", GoalBonus("Q", 50_000, 30_000))
BANDS = Rule(
    "bands", "Bands", Level.INDIVIDUAL, "USD", Tiered("Q", (Band(0, 200), Band(4_000_000, 500)))
)
ALL = (MILESTONES, STRICT, TRAINING, PROOF, UPLIFT, TEAM, COMPANY, BONUS, BANDS)
# As many of them as one transaction takes.
TOGETHER = tuple(rule for rule in ALL if rule is not STRICT)


def drafted(world: World, program: str, *rules: Rule, number: int = 2) -> None:
    plans.draft_plan(
        world.portal,
        world.manage(),
        program_id=program,
        number=number,
        content=plans.PlanContent(rules, (QUARTER,)),
    )


def ran(world: World, company: Company, program: str, number: int | None = None) -> DryRun:
    """The dry run, which commits nothing."""
    store = FaultyStore(world.store)
    done = dry_run(world.on(store), program_id=program, partner_id=company.id, number=number)
    assert 0 == store.commits
    return done


def sums(done: DryRun) -> dict[tuple[str, str], tuple[int, int, int]]:
    """What each rule would have paid and withheld, and has paid, by rule and recipient."""
    return {
        (line.rule_code, line.recipient_id): (
            line.would_pay_minor,
            line.would_withhold_minor,
            line.paid_minor,
        )
        for line in done.lines
    }


def a_history(world: World, *rules: Rule) -> tuple[Company, str]:
    """Two reps' deals: won, shared, lost, returned, reopened, approved late, and behaviors."""
    define(world)
    define(world, "PROOF")
    company = world.company(reps=2)
    program = world.program(*rules, goals=(QUARTER,), budget={"USD": 10**9, "POINTS": 10**6})
    ann, bob = company.reps
    given = world.consent(company, program)
    world.enroll(company, program)
    for rep in company.reps:
        world.target(company, program, rep, 5_000_000, 8_000_000)
    manage, portal = world.manage, world.portal
    world.wait()
    kept = world.approved(company, program)
    world.record(company, program, "PROOF", "1", deal_id=kept.id)
    shared = world.approve(
        world.register(company, program, credits=(Credit(ann, 3), Credit(bob, 2)))
    ).deal
    lost, back = world.approved(company, program), world.approved(company, program, rep=bob)
    unregistered = world.register(company, program, rep=bob)
    world.wait()
    for number in ("1", "2"):
        world.record(company, program, "TRAINING", number)
    world.win(kept, 2_400_000)
    world.win(shared)
    world.lose(lost)
    world.win(back)
    world.win(unregistered)
    world.wait()
    deal_changes.return_deal(portal, manage(), deal_id=back.id, occurred_at=None)
    deal_changes.reopen_deal(portal, manage(), deal_id=back.id, occurred_at=None)
    world.wait()
    world.win(back, 1_000_000)
    deals.approve_deal(portal, manage(), deal_id=unregistered.id, occurred_at=world.now - 3 * DAY)
    world.record(company, program, "TRAINING", "3", occurred_at=world.now - 1 * DAY)
    world.wait()
    consent.revoke_consent(portal, world.ask(company.executive), consent_id=given)
    world.wait()
    world.record(company, program, "TRAINING", "4")
    return company, program


@pytest.mark.parametrize("rule", [*ALL, None], ids=lambda rule: rule.code if rule else "all")
def test_the_plan_that_was_in_force_would_have_paid_what_was_paid(
    quick_world: World, rule: Rule | None
) -> None:
    """Capability N9: returns, splits, late arrivals and the consent's end included."""
    rules = TOGETHER if rule is None else (rule,)
    company, program = a_history(quick_world, *rules)
    drafted(quick_world, program, *rules)
    done = ran(quick_world, company, program)
    assert {one.code for one in rules} == {line.rule_code for line in done.lines}
    assert [] == [line for line in done.lines if line.would_pay_minor != line.paid_minor]
    assert any(line.paid_minor > 0 for line in done.lines)


def test_what_a_person_was_paid_is_what_its_wallet_has(quick_world: World) -> None:
    """The dry run's own sums, against the ledger."""
    company, program = a_history(quick_world, MILESTONES)
    done = ran(quick_world, company, program, 1)
    assert {(MILESTONES.code, rep): quick_world.balance(rep).available for rep in company.reps} == {
        key: paid for key, (_, _, paid) in sums(done).items()
    }


def test_another_rate_gives_the_computed_difference_for_each_person(quick_world: World) -> None:
    """3 % was paid, of 30,000.00 and of 10,000.00; 2 % and 100 points would have been."""
    world = quick_world
    define(world)
    company, program = world.company(reps=3), world.program(budget={"USD": 10**9})
    ann, bob, _ = company.reps
    world.consent(company, program)
    world.enroll(company, program)
    world.win(world.approved(company, program))
    world.win(world.approved(company, program, 1_000_000, rep=bob), 1_000_000)
    world.record(company, program, "TRAINING", "1")
    cheaper = replace(MILESTONES, mechanic=MilestoneSplit(200))
    points = Rule("points", "Points", Level.INDIVIDUAL, "POINTS", Flat("TRAINING", 100))
    drafted(world, program, cheaper, points)
    done = ran(world, company, program)
    assert {
        ("deals", ann): (60_000, 0, 90_000),
        ("deals", bob): (20_000, 0, 30_000),
        ("points", ann): (100, 0, 0),
    } == sums(done), "who never was paid has no line"
    assert (7, 2) == (done.activities, done.plan.number)


def test_a_dry_run_is_deterministic_and_writes_nothing(
    quick_world: World, sqlite_engine: SqliteEngine
) -> None:
    company, program = a_history(quick_world, *TOGETHER)
    drafted(quick_world, program, *TOGETHER)

    def content() -> list[Any]:
        statement = "SELECT pk, sk, attributes FROM items ORDER BY pk, sk"
        return sqlite_engine._session().execute(statement).fetchall()

    before = content()
    one, other = (ran(quick_world, company, program) for _ in range(2))
    assert replace(one, plan=other.plan) == other
    assert one.plan.hash == other.plan.hash
    assert before == content()


def test_what_the_budget_did_not_pay_the_plan_would_have(quick_world: World) -> None:
    """It has all that it needs: how much that is, is the question. What is retried is paid."""
    world = quick_world
    company, program = world.company(), world.program(budget={})
    world.consent(company, program)
    world.enroll(company, program)
    approval = world.approve(world.register(company, program))
    key = ("deals", company.rep)
    assert {key: (15_000, 0, 0)} == sums(ran(world, company, program, 1))
    world.fund(program, 20_000)
    retry_withheld(world.portal, world.manage(), activity_id=approval.activity.id)
    assert {key: (15_000, 0, 15_000)} == sums(ran(world, company, program, 1))


def test_what_would_be_withheld_is_told_beside_what_would_be_paid(quick_world: World) -> None:
    """Without consent, over a limit, and over the consent's cap."""
    world = quick_world
    define(world)
    company, program = world.company(reps=2), world.program(budget={"USD": 10**9})
    ann, bob = company.reps
    world.consent(company, program, ann, caps=(Cap("USD", 250),))
    world.enroll(company, program)
    for number, rep in enumerate((ann, ann, bob, ann, ann)):
        world.record(company, program, "TRAINING", str(number), rep=rep)
        world.wait()
    thrice = (Limit(Period.WEEK, count=3),)
    drafted(
        world,
        program,
        Rule("cash", "Cash", Level.INDIVIDUAL, "USD", Flat("TRAINING", 100)),
        Rule("weekly", "Weekly", Level.INDIVIDUAL, "EUR", Flat("TRAINING", 7), limits=thrice),
    )
    assert {
        ("cash", ann): (200, 200, 0),
        ("cash", bob): (0, 100, 0),
        ("weekly", ann): (21, 7, 0),
        ("weekly", bob): (0, 7, 0),
    } == sums(ran(world, company, program))


def test_a_shadow_rule_would_have_paid_nothing(quick_world: World) -> None:
    shadow = replace(MILESTONES, shadow=True)
    company, program = quick_world.ready(shadow)
    quick_world.win(quick_world.approved(company, program))
    assert () == ran(quick_world, company, program, 1).lines


def test_a_version_is_run_from_the_start_whenever_it_was_published(quick_world: World) -> None:
    """Only its content is the question."""
    world = quick_world
    company, program = world.ready()
    world.win(world.approved(company, program))
    world.wait()
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((COMPANY,), ()),
    )
    assert {("deals", company.rep): (0, 0, 90_000), ("company", company.id): (300, 0, 0)} == sums(
        ran(world, company, program, 2)
    )


def test_a_dry_run_of_what_is_not_there_is_refused(quick_world: World) -> None:
    world = quick_world
    company, program = world.ready()
    other = replace(company, partner=replace(company.partner, id="none"))
    for partner, of, number in (
        (company, "none", None),
        (company, program, 2),
        (company, program, 0),
        (company, program, None),
        (other, program, 1),
    ):
        with pytest.raises(NotFound):
            ran(world, partner, of, number)


def test_a_draft_that_could_not_be_published_is_not_run_either(quick_world: World) -> None:
    """Weights of nothing divide nothing: what is wrong is said, as it is when it is published."""
    company, program = quick_world.ready()
    broken = replace(MILESTONES, mechanic=MilestoneSplit(0, 0, 0))
    drafted(quick_world, program, broken)
    with pytest.raises(PlanNotPublishable) as refused:
        ran(quick_world, company, program)
    assert 2 == len(refused.value.problems)
