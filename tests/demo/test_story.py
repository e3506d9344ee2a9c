"""The demo is the same every time, complete, and made by the same rules as real life."""

import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from portal_api.app import id_maker
from portal_api.demo import story, world
from portal_api.demo.programs import CERTIFIED, QUARTERS, SPRING, TRAININGS, YEAR
from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.consent import ConsentFile, ConsentRequestStatus, ConsentScope
from portal_api.domain.deals import Deal, DealStage, RegistrationStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import NOTHING, GoalSheet
from portal_api.domain.holdings import Payee
from portal_api.domain.partners import Partner, PartnerType, Role, Tier
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.writes import Write
from portal_api.services.partners import partner_writes
from portal_api.services.store import Many, of_partner, of_person, of_wallet
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.demo.telling import AFTERWARDS, Told, told

SCENES, BY_HAND = 25 + 12, 47 + 60
"""So many deals and so many activities beside deals are told by hand, or come from a file.

The second summands are the habits' large deals and appointments."""
BEHAVIORS = {behavior.code for behavior in (*world.BEHAVIORS, world.NEW_BEHAVIOR)}


def content_of(path: Path) -> list[Any]:
    """Every item of a file but the secrets of webhooks: those are of chance in the demo, too."""
    connection = sqlite3.connect(path)
    try:
        wished = "SELECT * FROM items WHERE sk NOT LIKE 'SECRETS#%' ORDER BY pk, sk"
        return connection.execute(wished).fetchall()
    finally:
        connection.close()


def facts_of(path: Path) -> int:
    """How many items a file has, without the sums that are made of others.

    Parties with other ids are in other parts of a program, and each part has sums of its own.
    """
    return sum(not sort.startswith("SUM#") for _, sort, *_ in content_of(path))


def test_the_same_seed_tells_the_same_to_the_byte(demo: Told, tmp_path: Path) -> None:
    for again in told(tmp_path / "again.sqlite", anew=True):
        assert content_of(demo.path) == content_of(again.path)


@pytest.mark.slow
def test_another_seed_tells_something_else_about_the_same_people(
    demo: Told, tmp_path: Path
) -> None:
    for other in told(tmp_path / "other.sqlite", seed=7):
        assert [one.name for one in demo.people] == [one.name for one in other.people]
        assert content_of(demo.path) != content_of(other.path)


@pytest.mark.slow
def test_what_waits_has_come_in_the_weeks_before_the_telling_ends(tmp_path: Path) -> None:
    """Told in another autumn, requests wait all the same, and the half year is what it was."""
    autumn = datetime(2026, 11, 22, tzinfo=UTC)
    for later in told(tmp_path / "later.sqlite", until=autumn):
        assert 300 + SCENES == len(later.of_everybody(Deal))
        waiting = [
            one.requested_at
            for partner in later.partners()
            for file in later.read(Many(ConsentFile, of_partner(partner.id))).records
            for one in file.waiting()
        ]
        assert 4 == len(waiting)
        assert autumn - timedelta(days=60) < min(waiting)
        assert max(waiting) < autumn


def test_all_types_tiers_and_several_regions_are_there(demo: Told) -> None:
    partners = demo.partners()
    assert 12 == len(partners)
    assert set(PartnerType) == {partner.type for partner in partners}
    assert set(Tier) == {partner.tiers[0].tier for partner in partners}
    assert 4 == len({partner.region for partner in partners})


def test_people_work_at_partners_and_each_has_an_executive(demo: Told) -> None:
    """Five at each, two who came with a file, who moved, and who was promoted; a leaver is gone."""
    roles = Counter(one.role for one in demo.people)
    assert (13, 37, 14) == (
        roles[Role.PARTNER_EXECUTIVE],
        roles[Role.SALES_REP],
        roles[Role.SALES_ENGINEER] + roles[Role.MARKETER],
    )
    assert (1, 2, 1) == (roles[Role.ADMIN], roles[Role.CHANNEL_MANAGER], roles[Role.SERVICE])
    executives = {one.partner for one in demo.people if one.role is Role.PARTNER_EXECUTIVE}
    assert {partner.name for partner in demo.partners()} == executives
    assert len(demo.people) == len({one.name for one in demo.people})


def test_the_main_characters_come_first(demo: Told) -> None:
    names = [character.name for character in world.MAIN_CHARACTERS]
    assert names == [one.name for one in demo.people[: len(names)]]
    assert all(one.about for one in demo.people[: len(names)])


def test_deals_end_in_every_way(demo: Told) -> None:
    deals: list[Deal] = demo.of_everybody(Deal)
    assert 300 + SCENES == len(deals)
    assert set(RegistrationStatus) == {deal.registration_at(AFTERWARDS) for deal in deals}
    assert set(DealStage) == {deal.stage for deal in deals}
    assert {"USD", "EUR"} == {deal.currency for deal in deals}


def test_activities_have_every_outcome_and_every_reason(demo: Told) -> None:
    activities: list[Activity] = demo.of_everybody(Activity)
    own = [one for one in activities if one.behavior in BEHAVIORS]
    assert 400 + BY_HAND == len(own)
    assert BEHAVIORS == {one.behavior for one in own}
    outcomes = [outcome for one in activities for outcome in one.outcomes]
    assert set(OutcomeStatus) == {outcome.status for outcome in outcomes}
    assert set(WithheldReason) == {one.reason for one in outcomes if one.reason}


def test_the_worked_example_of_the_split_is_among_maras_earnings(demo: Told) -> None:
    """3 % of 30,000.00: 150.00 and 750.00, the first of them withheld before the consent."""
    mara = demo.person(world.MARA.name)
    earnings: tuple[Earning, ...] = demo.read(Many(Earning, of_wallet(mara.id))).records
    paid: dict[str | None, list[int]] = {}
    for one in sorted(earnings, key=lambda one: one.recorded_at):
        if one.trace.of_minor == 900_00:
            paid.setdefault(one.trace.deal_id, []).append(one.trace.amount_minor)
    assert [750_00] in paid.values()
    assert [150_00, 750_00] in paid.values()
    activities = demo.read(Many(Activity, of_person(str(mara.partner_id), mara.id))).records
    first = next(one for one in activities if one.outcomes)
    assert WithheldReason.NO_CONSENT is first.outcomes[0].reason


def test_consents_have_every_scope_and_requests_every_answer(demo: Told) -> None:
    """Those that wait have been reminded of; one goes on, one was revoked, and one has ended."""
    files = [
        file
        for partner in demo.partners()
        for file in demo.read(Many(ConsentFile, of_partner(partner.id))).records
    ]
    asked = [one for file in files for one in file.requests]
    assert set(ConsentRequestStatus) == {one.status for one in asked}
    waiting = [one for one in asked if one.status is ConsentRequestStatus.PENDING]
    assert 4 == len(waiting)
    assert all(one.reminded_at for one in waiting)
    assert all(bool(one.reason) is (one.answer == "DECLINED") for one in asked)
    given = [one for file in files for one in file.consents]
    assert set(ConsentScope) == {one.scope for one in given}
    assert set(Payee) == {one.payee for one in given}
    limited = [one for one in given if one.roles and one.caps]
    assert {"TEAMS", "INDIVIDUALS"} == {one.scope for one in limited}
    assert 1 == sum(one.revoked_at is not None for one in given)
    assert 2 == sum(one.renews is not None for one in given)
    assert 1 == sum(one.starts_at < one.valid_from for one in given)
    soon = AFTERWARDS + timedelta(days=30)
    assert 1 == sum(one.valid_to is not None and AFTERWARDS < one.valid_to < soon for one in given)


def test_goals_of_teams_and_people_sum_to_the_partners(demo: Told) -> None:
    """One of them declares that more is assigned than the company's own."""
    sheets = [
        sheet
        for partner in demo.partners()
        for sheet in demo.read(Many(GoalSheet, of_partner(partner.id))).records
    ]
    # One of Growth for each partner but the distributor; of the sprint and of learning at one.
    assert 13 == len(sheets)
    codes: set[str] = set()
    over: list[str] = []
    for sheet in sheets:
        for code in sheet.targets["partner"]:
            of_level: Counter[str] = Counter()
            for party, targets in sheet.targets.items():
                if code in targets:
                    of_level[party.partition(".")[0]] += targets[code].goal
            beyond = sheet.over.get("partner", {}).get(code, NOTHING)
            of_level["partner"] += beyond.goal
            over += [code] if beyond.goal else []
            assert 1 == len(set(of_level.values())), (sheet.id, of_level)
            assert {"partner", "team", "individual"} == set(of_level)
            codes.add(code)
    assert {YEAR, *QUARTERS, SPRING, TRAININGS, CERTIFIED} == codes
    assert [YEAR] == over


def test_payouts_end_in_every_way(demo: Told) -> None:
    payouts: list[Payout] = [
        payout
        for one in demo.people
        for payout in demo.read(Many(Payout, of_wallet(one.id))).records
    ]
    assert set(PayoutStatus) == {payout.status for payout in payouts}


def test_verify_finds_nothing_wrong(demo: Told) -> None:
    """Not in what is stored, and not when every earning is recomputed from its inputs."""
    steps = verify(demo.store, replay=True)
    (summary,) = [step for step in steps if isinstance(step, LedgerSummary)]
    assert 0 == summary.findings
    assert summary.replayed > 500
    assert {"USD", "EUR", "POINTS"} == set(summary.totals)
    assert summary.journals > 400


def test_the_story_is_told_once(demo: Told) -> None:
    before = content_of(demo.path)
    assert not story.is_missing(demo.store)
    story.tell(demo.store, id_maker)
    assert before == content_of(demo.path)


class Killed(Exception):
    """The process is gone."""


class Dying(TableStore):
    """A store without groups, as DynamoDB is, whose process is killed before some commit."""

    def __init__(self, engine: SqliteEngine, commits: int) -> None:
        super().__init__(engine)
        self.left = commits

    def commit(self, writes: Any) -> None:
        """Commits, as long as it lives."""
        self.left -= 1
        if self.left < 0:
            raise Killed
        super().commit(writes)

    def group(self) -> Any:
        """No group."""
        return pytest.MonkeyPatch.context()


_LONG = pytest.mark.slow


@pytest.mark.parametrize(
    "commits",
    [
        *(pytest.param(1, marks=_LONG), 40),
        *(pytest.param(1900, marks=_LONG), pytest.param(2040, marks=_LONG)),
    ],
)
def test_a_telling_that_was_killed_is_finished_by_the_next(
    demo: Told, tmp_path: Path, commits: int
) -> None:
    engine = SqliteEngine(tmp_path / "killed.sqlite", durable=False)
    engine.create()
    with pytest.raises(Killed):
        story.tell(Dying(engine, commits), id_maker)
    store = TableStore(engine)
    assert story.is_missing(store)
    story.tell(store, id_maker)
    finished = Told(store, tmp_path / "killed.sqlite", story.people(store))
    assert [one.name for one in demo.people] == [one.name for one in finished.people]
    assert len(demo.of_everybody(Deal)) == len(finished.of_everybody(Deal))
    assert facts_of(demo.path) == facts_of(finished.path)
    engine.close()


def test_an_empty_store_misses_the_demo_and_one_in_use_does_not(tmp_path: Path) -> None:
    engine = SqliteEngine(tmp_path / "used.sqlite", durable=False)
    engine.create()
    store = TableStore(engine)
    assert story.is_missing(store)
    used: tuple[Write, ...] = partner_writes(
        Partner("ptn-1", "Somebody", PartnerType.VAR, (), "EMEA")
    )
    store.commit(used)
    assert not story.is_missing(store)
    engine.close()
