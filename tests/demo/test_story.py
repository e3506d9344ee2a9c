"""The demo is the same every time, complete, and made by the same rules as real life."""

import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from portal_api.app import id_maker
from portal_api.demo import story, world
from portal_api.demo.programs import QUARTERS, SPRING, YEAR
from portal_api.domain.activities import Activity, OutcomeStatus, WithheldReason
from portal_api.domain.consent import ConsentFile
from portal_api.domain.deals import Deal, DealStage, RegistrationStatus
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import GoalSheet
from portal_api.domain.partners import Partner, PartnerType, Role, Tier
from portal_api.domain.payouts import Payout, PayoutStatus
from portal_api.domain.writes import Write
from portal_api.services.partners import partner_writes
from portal_api.services.store import Many, of_partner, of_person, of_wallet
from portal_api.services.verify import LedgerSummary, verify
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.demo.telling import AFTERWARDS, Told, told

SCENES, BY_HAND = 19, 24
"""So many deals and so many activities beside deals are told by hand, or come from a file."""
BEHAVIORS = {behavior.code for behavior in (*world.BEHAVIORS, world.NEW_BEHAVIOR)}


def content_of(path: Path) -> list[Any]:
    """Every item of a file."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM items ORDER BY pk, sk").fetchall()
    finally:
        connection.close()


def facts_of(path: Path) -> int:
    """How many items a file has, without the sums that are made of others.

    Parties with other ids are in other parts of a program, and each part has sums of its own.
    """
    return sum(not sort.startswith("SUM#") for _, sort, *_ in content_of(path))


def test_the_same_seed_tells_the_same_to_the_byte(demo: Told, tmp_path: Path) -> None:
    for again in told(tmp_path / "again.sqlite"):
        assert content_of(demo.path) == content_of(again.path)


@pytest.mark.slow
def test_another_seed_tells_something_else_about_the_same_people(
    demo: Told, tmp_path: Path
) -> None:
    for other in told(tmp_path / "other.sqlite", seed=7):
        assert [one.name for one in demo.people] == [one.name for one in other.people]
        assert content_of(demo.path) != content_of(other.path)


def test_all_types_tiers_and_several_regions_are_there(demo: Told) -> None:
    partners = demo.partners()
    assert 12 == len(partners)
    assert set(PartnerType) == {partner.type for partner in partners}
    assert set(Tier) == {partner.tiers[0].tier for partner in partners}
    assert 4 == len({partner.region for partner in partners})


def test_people_work_at_partners_and_each_has_an_executive(demo: Told) -> None:
    """Five at each, and two who came with a file."""
    roles = Counter(one.role for one in demo.people)
    assert (12, 36, 14) == (
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
    # Nobody leaves in the demo: no use case ends an employment yet.
    shown = set(WithheldReason) - {WithheldReason.NOT_EMPLOYED}
    assert shown == {one.reason for one in outcomes if one.reason}


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


def test_consents_are_given_pending_and_revoked(demo: Told) -> None:
    files = {
        partner.name: demo.read(Many(ConsentFile, of_partner(partner.id))).records
        for partner in demo.partners()
    }
    assert 2 == sum(len(file.waiting()) for file in files[world.DOVECOTE])
    assert 1 == sum(len(file.waiting()) for file in files[world.NORRLAND])
    assert () == files[world.BRIGHTMOOR]
    assert [True, False, False] == [
        any(consent.revoked_at for consent in file.consents) for file in files[world.HIGHMERE]
    ]
    assert {"COMPANY", "INDIVIDUALS"} == {
        consent.scope for many in files.values() for file in many for consent in file.consents
    }


def test_goals_of_teams_and_people_sum_to_the_partners(demo: Told) -> None:
    sheets = [
        sheet
        for partner in demo.partners()
        for sheet in demo.read(Many(GoalSheet, of_partner(partner.id))).records
    ]
    # One of Growth for each partner but the distributor, and one of the sprint.
    assert 12 == len(sheets)
    codes: set[str] = set()
    for sheet in sheets:
        for code in sheet.targets["partner"]:
            of_level: Counter[str] = Counter()
            for party, targets in sheet.targets.items():
                of_level[party.partition(".")[0]] += targets[code].goal
            assert 1 == len(set(of_level.values())), (sheet.id, of_level)
            assert {"partner", "team", "individual"} == set(of_level)
            codes.add(code)
    assert {YEAR, *QUARTERS, SPRING} == codes


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
    "commits", [pytest.param(1, marks=_LONG), 40, pytest.param(1900, marks=_LONG)]
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
