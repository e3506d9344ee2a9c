"""What a team has earned is divided among its members, each once, whatever happens meanwhile."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.consent import Cap
from portal_api.domain.errors import PlanNotPublishable
from portal_api.domain.goals import Level, Progress
from portal_api.domain.holdings import Balance
from portal_api.domain.mechanics.flat import Flat
from portal_api.domain.mechanics.goal_bonus import GoalBonus
from portal_api.domain.partners import Individual, PartnerType, Role, Segment, Tier
from portal_api.domain.plans import Limit, Period, Rule
from portal_api.domain.teams import TeamAward
from portal_api.domain.writes import Save
from portal_api.services import consent, deal_changes, deals, partners, plans, team_awards
from portal_api.services.retries import retry_withheld
from portal_api.services.rewards import OPEN_AWARDS
from portal_api.services.store import Listed, StoreUnavailable
from portal_api.services.use_case import Portal
from portal_api.services.verify import verify
from portal_api.services.verify_reading import Finding
from portal_api.storage.store import TableStore
from portal_api.storage.table import Engine
from tests.services.racing import Together
from tests.services.stores import FaultyStore, Killed, first, in_parallel, killed_after
from tests.services.world import QUARTER, Company, World, outcomes_of, withheld

FLAT = Rule("team", "Team", Level.TEAM, "USD", Flat("DEAL_REGISTERED", 100))
BONUS = Rule("bonus", "Bonus", Level.TEAM, "USD", GoalBonus("Q", 1_000, 500))
BY_CONSENT, BY_BUDGET = WithheldReason.NO_CONSENT, WithheldReason.BUDGET_EXHAUSTED


def a_team(world: World, *rules: Rule, reps: int = 3, budget: int = 10_000) -> tuple[Company, str]:
    """A company whose one team consented and enrolled, but for one rep who did not enroll."""
    company = world.company(reps=reps)
    program = world.program(*rules, goals=(QUARTER,), budget={"USD": budget})
    world.consent(company, program)
    world.enroll(company, program)
    world.person(company.partner, Role.SALES_REP)
    return company, program


def awards_of(world: World, activity: Activity) -> list[TeamAward]:
    found = [world.load(TeamAward, one.team_award_id or "") for one in activity.outcomes]
    return [award for award in found if award is not None]


def decided(award: TeamAward) -> list[tuple[int, OutcomeStatus | None, str | None]]:
    """Each share, with what became of it."""
    found: list[tuple[int, OutcomeStatus | None, str | None]] = []
    for share in award.shares:
        outcome = share.outcome
        status, reason = (outcome.status, outcome.reason) if outcome is not None else (None, None)
        found.append((share.amount_minor, status, reason))
    return found


def waiting(world: World) -> list[str]:
    """The open awards of this world alone: others share its table."""
    listed = Listed(OPEN_AWARDS)
    mine = f"{world.admin.removeprefix('ind-')[:5]}"
    return [one for one in world.store.read([listed])[listed].ids if mine in one]


def available(world: World, company: Company) -> list[int]:
    return [world.balance(rep).available for rep in company.reps]


def findings(world: World) -> list[str]:
    return [str(step) for step in verify(world.store, replay=True) if isinstance(step, Finding)]


PAID = OutcomeStatus.AWARDED
WITHHELD = OutcomeStatus.WITHHELD


def test_a_team_s_amount_is_paid_in_equal_shares_to_its_enrolled_members(
    lonely_engine: Engine,
) -> None:
    """1.00 for three is 0.34, 0.33, 0.33: nobody else's, and no minor unit lost."""
    world = World(TableStore(lonely_engine))
    company, program = a_team(world, FLAT)
    other = world.company()
    world.consent(other, program)
    world.enroll(other, program)

    approval = world.approve(world.register(company, program))

    team = company.partner.teams[0].id
    assert [(OutcomeStatus.SHARED, 100, None)] == outcomes_of(approval.activity)
    assert team == approval.activity.outcomes[0].recipient_id
    (award,) = awards_of(world, approval.activity)
    assert [(34, PAID, None), (33, PAID, None), (33, PAID, None)] == decided(award)
    assert sorted(company.reps) == [share.individual_id for share in award.shares]
    assert [34, 33, 33] == [world.balance(rep).available for rep in sorted(company.reps)]
    assert Balance() == world.balance(other.rep)
    assert [] == waiting(world)
    progress = world.load(Progress, f"{company.id}.{program}.team.{team}")
    assert progress is not None
    assert (100, 3) == (progress.count("earned:USD"), progress.count("earners:USD"))
    assert 9_900 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


def test_a_team_s_bonuses_are_shared_once_at_goal_and_once_at_stretch(quick_world: World) -> None:
    """10.00 and 5.00: one sale reaches both, and the next pays neither."""
    world = quick_world
    company, program = a_team(world, BONUS)
    team = company.partner.teams[0].id
    world.target(company, program, team, 4_000_000, 5_000_000, Level.TEAM)
    short = world.win(world.register(company, program))
    reached = world.win(world.register(company, program, rep=company.reps[1]))
    after = world.win(world.register(company, program))

    assert [[], []] == [outcomes_of(one.activity) for one in (short, after)]
    assert [(OutcomeStatus.SHARED, 1_000, None), (OutcomeStatus.SHARED, 500, None)] == outcomes_of(
        reached.activity
    )
    assert [[334, 333, 333], [167, 167, 166]] == [
        [share.amount_minor for share in award.shares]
        for award in awards_of(world, reached.activity)
    ]
    assert 1_500 == sum(available(world, company))
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


def test_who_may_not_earn_has_its_share_withheld_and_the_others_theirs(quick_world: World) -> None:
    """Invariant L12 for every member: no consent, a cap that is reached, not in the segment."""
    world = quick_world
    company = world.company(reps=3)
    ann, bob, cat = company.reps
    for_reps = replace(FLAT, segment=Segment(roles=(Role.SALES_REP,)))
    program = world.program(for_reps, budget={"USD": 10_000})
    dora = world.person(company.partner, Role.MARKETER)
    world.consent(company, program, ann, dora)
    world.consent(company, program, bob, caps=(Cap("USD", 20),))
    world.enroll(company, program, ann, bob, cat, dora)

    (award,) = awards_of(world, world.approve(world.register(company, program)).activity)

    told = {share.individual_id: share.outcome and share.outcome.reason for share in award.shares}
    assert {
        ann: None,
        bob: WithheldReason.CAP_REACHED,
        cat: BY_CONSENT,
        dora: WithheldReason.OUT_OF_SEGMENT,
    } == told
    assert [25, 0, 0] == available(world, company)
    assert [] == waiting(world)
    assert [] == findings(world)


def test_a_rule_for_a_product_pays_its_members_too(quick_world: World) -> None:
    """A share is for the deal that earned it."""
    promoted = replace(FLAT, segment=Segment(products=("Product",)))
    company, program = a_team(quick_world, promoted)
    quick_world.approve(quick_world.register(company, program))
    assert 100 == sum(available(quick_world, company))


def test_who_enrolled_later_or_is_of_another_team_has_no_share(quick_world: World) -> None:
    """Shares are of those who were members when it happened."""
    world = quick_world
    company, program = a_team(world, FLAT)
    late = world.person(company.partner, Role.SALES_REP)
    then = world.now
    deal = world.register(company, program)
    world.wait()
    world.enroll(company, program, late)
    gone = world.company().partner.teams[0].id
    cat = world.load(Individual, company.reps[2])
    assert cat is not None
    elsewhere = (replace(cat.employments[0], team_id=gone),)
    world.store.commit([Save(replace(cat, employments=elsewhere))])

    (award,) = awards_of(world, world.approve(deal, occurred_at=then).activity)

    assert set(company.reps[:2]) == {share.individual_id for share in award.shares}
    assert [50, 50, 0] == available(world, company)


def test_a_team_of_nobody_has_its_amount_withheld_until_there_is_somebody(
    quick_world: World,
) -> None:
    world = quick_world
    company, program = world.company(), world.program(FLAT)
    approval = world.approve(world.register(company, program))
    assert [withheld(100, WithheldReason.NOT_ENROLLED)] == outcomes_of(approval.activity)


def test_a_budget_that_is_short_for_the_last_member_withholds_that_share(
    quick_world: World,
) -> None:
    """Never in part; refilled and retried on purpose it is paid, and the others not again."""
    world = quick_world
    company, program = a_team(world, FLAT, budget=70)
    activity = world.approve(world.register(company, program)).activity
    (award,) = awards_of(world, activity)
    assert [(34, PAID, None), (33, PAID, None), (33, WITHHELD, BY_BUDGET)] == decided(award)
    assert 3 == sum(world.budget(program))
    assert [] == waiting(world)
    world.fund(program, 100)
    assert 67 == sum(available(world, company))

    retry_withheld(world.portal, world.manage(), activity_id=activity.id)

    (award,) = awards_of(world, activity)
    assert [34, 33, 33] == [share.amount_minor for share in award.shares]
    assert {PAID} == {share.outcome.status for share in award.shares if share.outcome}
    assert 100 == sum(available(world, company))
    assert [] == waiting(world)
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


@pytest.mark.parametrize("commits", [1, 2, 3, 4])
def test_a_series_that_is_killed_after_any_transaction_is_resumed_to_the_same_end(
    world: World, commits: int
) -> None:
    """One transaction for the approval and one for each share; what was paid is not paid again."""
    company, program = a_team(world, FLAT)
    deal = world.register(company, program)
    faults: list[Callable[[Callable[[], None]], None]] = [_nothing] * (commits - 1)
    dying = FaultyStore(world.store, *faults, killed_after)
    with pytest.raises(Killed):
        world.approve(deal, portal=world.on(dying))
    paid = sum(share > 0 for share in available(world, company))
    assert commits - 1 == paid
    assert int(paid < 3) == len(waiting(world))

    team_awards.pay_open_awards(world.portal)

    assert [33, 33, 34] == sorted(available(world, company))
    assert [] == waiting(world)
    assert 9_900 == sum(world.budget(program))
    assert [] == world.audit(program, company.parties)


def _nothing(commit: Callable[[], None]) -> None:
    commit()


def test_a_large_team_is_paid_in_part_at_once_and_the_rest_by_the_next_run(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request ends in time whatever the team's size."""
    monkeypatch.setattr(team_awards, "SHARES_AT_ONCE", 2)
    company, program = a_team(world, FLAT)

    world.approve(world.register(company, program))

    assert [0, 33, 34] == sorted(available(world, company))
    team_awards.pay_open_awards(world.portal)
    assert [33, 33, 34] == sorted(available(world, company))


def test_an_award_that_cannot_be_finished_keeps_no_other_waiting(
    quick_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = quick_world
    company, program = a_team(world, FLAT)
    for _ in range(2):
        with pytest.raises(Killed):
            world.approve(
                world.register(company, program),
                portal=world.on(FaultyStore(world.store, killed_after)),
            )
    stuck, pay = waiting(world)[0], team_awards.pay_shares

    def only_others(portal: Portal, award_id: str) -> None:
        if award_id == stuck:
            raise StoreUnavailable("too much contention")
        pay(portal, award_id)

    monkeypatch.setattr(team_awards, "pay_shares", only_others)

    with pytest.raises(StoreUnavailable, match="1 of 2"):
        team_awards.pay_open_awards(world.portal)

    assert [33, 33, 34] == sorted(available(world, company))
    assert [stuck] == list(waiting(world))


def test_the_client_that_asks_again_after_a_crash_finishes_the_series_too(world: World) -> None:
    company, program = a_team(world, FLAT)
    deal = world.register(company, program)
    ask = world.manage()

    def approve(store: FaultyStore) -> Activity:
        return deals.approve_deal(world.on(store), ask, deal_id=deal.id).activity

    with pytest.raises(Killed):
        approve(FaultyStore(world.store, killed_after))
    assert [0, 0, 0] == available(world, company)
    approve(FaultyStore(world.store))
    assert [33, 33, 34] == sorted(available(world, company))


def test_two_runs_at_once_pay_every_share_once(world: World) -> None:
    company, program = a_team(world, FLAT)
    deal = world.register(company, program)
    with pytest.raises(Killed):
        world.approve(deal, portal=world.on(FaultyStore(world.store, killed_after)))
    (award_id,) = waiting(world)
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(*[lambda: team_awards.pay_shares(portal, award_id)] * 2)

    assert [None, None] == answers
    assert [33, 33, 34] == sorted(available(world, company))
    assert [] == waiting(world)
    assert [] == world.audit(program, company.parties)


def test_a_consent_that_is_revoked_before_a_share_is_paid_withholds_it(world: World) -> None:
    """Checked in every transaction of the series, not once for all."""
    company = world.company(reps=3)
    program = world.program(FLAT, budget={"USD": 10_000})
    given = world.consent(company, program)
    world.enroll(company, program)
    deal = world.register(company, program)
    revoke = first(
        lambda: consent.revoke_consent(world.portal, world.ask(company.executive), consent_id=given)
    )

    store = FaultyStore(world.store, _nothing, _nothing, revoke)
    (award,) = awards_of(world, world.approve(deal, portal=world.on(store)).activity)

    assert [(34, PAID, None), (33, WITHHELD, BY_CONSENT), (33, WITHHELD, BY_CONSENT)] == decided(
        award
    )


def test_a_limit_of_the_team_s_rule_is_the_team_s(quick_world: World) -> None:
    """One registration a day for the team, whoever made it; the members' shares have no limit."""
    world = quick_world
    limited = replace(FLAT, limits=(Limit(Period.DAY, count=1),))
    company, program = a_team(world, limited)
    ann, bob, _ = company.reps
    outcomes = [
        outcomes_of(world.approve(world.register(company, program, rep=rep)).activity)
        for rep in (ann, bob)
    ]
    assert [
        [(OutcomeStatus.SHARED, 100, None)],
        [withheld(100, WithheldReason.LIMIT_REACHED)],
    ] == outcomes
    assert 100 == sum(available(world, company))


def test_two_registrations_of_a_team_at_once_against_its_limit_of_one_share_one(
    world: World,
) -> None:
    """A team has no wallet whose version could tell: its counter is checked by itself."""
    limited = replace(FLAT, limits=(Limit(Period.DAY, count=1),))
    company, program = a_team(world, limited)
    registered = [world.register(company, program, rep=rep) for rep in company.reps[:2]]
    portal = world.on(Together(world.store, 2))

    answers = in_parallel(
        *[lambda deal=deal: world.approve(deal, portal=portal) for deal in registered]
    )

    statuses = [
        outcome.status
        for answer in answers
        if isinstance(answer, deals.DealApproved)
        for outcome in answer.activity.outcomes
    ]
    assert [OutcomeStatus.SHARED, WITHHELD] == sorted(statuses)
    assert 100 == sum(available(world, company))


def test_a_member_that_moves_shares_in_the_bonus_of_either_team_once(quick_world: World) -> None:
    """Both teams reach their goal, each with the same person in it: two awards, two earnings."""
    world = quick_world
    company = _two_teams(world)
    program = world.program(BONUS, goals=(QUARTER,), budget={"USD": 10_000})
    world.consent(company, program)
    world.enroll(company, program)
    for team in company.partner.teams:
        world.target(company, program, team.id, 1, 10**12, Level.TEAM)
    world.win(world.register(company, program))
    world.wait()
    _move(world, company.rep, company.partner.teams[1].id)
    world.wait()

    (award,) = awards_of(world, world.win(world.register(company, program)).activity)

    assert company.partner.teams[1].id == award.team_id
    assert [(1_000, PAID, None)] == decided(award)
    assert 2_000 == world.balance(company.rep).available
    assert [] == findings(world)


def _two_teams(world: World) -> Company:
    partner = partners.add_partner(
        world.portal,
        world.manage(),
        name="Two",
        partner_type=PartnerType.VAR,
        tier=Tier.GOLD,
        region="EMEA",
        team_names=("One", "Two"),
    ).partner
    executive = world.person(partner, Role.PARTNER_EXECUTIVE)
    return Company(partner, executive, (world.person(partner, Role.SALES_REP),))


def _move(world: World, person_id: str, team_id: str) -> None:
    person = world.load(Individual, person_id)
    assert person is not None
    before = replace(person.employments[0], valid_to=world.now)
    after = replace(before, valid_from=world.now, valid_to=None, team_id=team_id)
    world.store.commit([Save(replace(person, employments=(before, after)))])


def test_a_plan_that_follows_does_not_change_what_waits(quick_world: World) -> None:
    """What was earned under a version is paid under it, with its hash in every share."""
    world = quick_world
    company, program = a_team(world, FLAT)
    deal = world.register(company, program)
    with pytest.raises(Killed):
        world.approve(deal, portal=world.on(FaultyStore(world.store, killed_after)))
    other = replace(FLAT, mechanic=Flat("DEAL_REGISTERED", 7))
    plans.publish_plan(
        world.portal,
        world.manage(),
        program_id=program,
        content=plans.PlanContent((other,), ()),
    )
    team_awards.pay_open_awards(world.portal)
    assert 100 == sum(available(world, company))
    assert [] == findings(world)


def test_a_team_is_not_paid_for_a_sale_that_could_come_back(quick_world: World) -> None:
    """Nothing is ever taken back from a team's members, so such a rule is not published."""
    with pytest.raises(PlanNotPublishable) as refused:
        quick_world.program(replace(FLAT, mechanic=Flat("DEAL_WON", 100)))
    assert "let it follow a goal" in refused.value.problems[0]


def test_shares_that_lacked_money_are_paid_after_their_deal_has_come_back(
    quick_world: World,
) -> None:
    """The bonus stays reached, though the sale itself is not judged again any more."""
    world = quick_world
    company, program = a_team(world, BONUS, budget=1)
    world.target(company, program, company.partner.teams[0].id, 1, 10**12, Level.TEAM)
    win = world.win(world.register(company, program))
    short = (WITHHELD, BY_BUDGET)
    (award,) = awards_of(world, win.activity)
    assert [(334, *short), (333, *short), (333, *short)] == decided(award)
    deal_changes.return_deal(world.portal, world.manage(), deal_id=win.deal.id, occurred_at=None)
    world.fund(program, 999)

    retry_withheld(world.portal, world.manage(), activity_id=win.activity.id)

    assert [333, 333, 334] == sorted(available(world, company))
    assert [] == world.audit(program, company.parties)
    assert [] == findings(world)


def test_a_shadow_rule_of_a_team_leaves_the_deal_as_it_is(quick_world: World) -> None:
    """A team is nobody whom a change of the deal could pay: it can be returned and sold again."""
    world = quick_world
    shadow = replace(FLAT, shadow=True)
    company, program = a_team(world, shadow)
    approval = world.approve(world.register(company, program))
    assert [(OutcomeStatus.SHADOW, 100, None)] == outcomes_of(approval.activity)
    portal = world.portal
    world.win(approval.deal)
    deal_id = approval.deal.id
    deal_changes.return_deal(portal, world.manage(), deal_id=deal_id, occurred_at=None)
    deal_changes.reopen_deal(portal, world.manage(), deal_id=deal_id, occurred_at=None)
    world.win(approval.deal)
    assert [0, 0, 0] == available(world, company)
