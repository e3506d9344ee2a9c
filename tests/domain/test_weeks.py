"""The weekly series: what each activity adds to whose week, by worked examples."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from portal_api.domain import deals
from portal_api.domain.activities import (
    DEAL_AMOUNT_CHANGED,
    DEAL_CREDITED,
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_REOPENED,
    DEAL_RETURNED,
    DEAL_SUBMITTED,
    DEAL_WON,
    Activity,
    Outcome,
    OutcomeStatus,
)
from portal_api.domain.deals import Credit, Deal, DealStage
from portal_api.domain.trends import Week, trend
from portal_api.domain.weeks import (
    Sums,
    WeekCounts,
    add,
    counted,
    deal_was,
    monday_of,
    paid_counter,
    week_id,
)

MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
ANN, BOB = "ann", "bob"


@dataclass
class Sold:
    """A deal on its way, and all that was recorded of it."""

    deal: Deal
    teams: dict[str, str] = field(default_factory=dict)
    done: list[Activity] = field(default_factory=list)

    @classmethod
    def of(cls, at: datetime = MONDAY, amount: int = 10_000) -> "Sold":
        deal = Deal("ptn.ann.prg.1", "ptn", ANN, "prg", "Acme", "Lamp", amount, "USD", at)
        sold = cls(deal)
        sold._record(DEAL_SUBMITTED, deal, at, new=True)
        return sold

    def approve(self, at: datetime) -> None:
        self._record(DEAL_REGISTERED, deals.approve(self.deal, at, at + 90 * DAY), at)

    def win(self, at: datetime, amount: int = 10_000) -> None:
        self._record(DEAL_WON, deals.win(self.deal, amount, at), at)

    def lose(self, at: datetime) -> None:
        self._record(DEAL_LOST, deals.lose(self.deal, at), at)

    def give_back(self, at: datetime) -> None:
        self._record(DEAL_RETURNED, deals.take_return(self.deal, at), at)

    def reopen(self, at: datetime) -> None:
        self._record(DEAL_REOPENED, deals.reopen(self.deal, at), at)

    def change(self, amount: int, at: datetime) -> None:
        self._record(DEAL_AMOUNT_CHANGED, deals.change_amount(self.deal, amount), at)

    def divide(self, at: datetime, **shares: int) -> None:
        divided = tuple(Credit(person, weight) for person, weight in shares.items())
        self._record(DEAL_CREDITED, deals.divide(self.deal, divided), at)

    def _record(self, behavior: str, after: Deal, at: datetime, new: bool = False) -> None:
        people = after.people
        self.done.append(
            Activity(
                f"ptn.ann.prg.{len(self.done)}",
                "ptn",
                ANN,
                "prg",
                behavior,
                at,
                at,
                "deal",
                "e",
                deal_id=after.id,
                deal_amount_minor=after.amount_minor,
                deal_shares=tuple((one.individual_id, one.weight) for one in after.credits),
                teams=tuple((one, self.teams.get(one, "")) for one in people),
                deal_was=None if new else deal_was(self.deal),
            )
        )
        self.deal = after

    def weeks(self, person: str = ANN, team: str = "") -> dict[int, dict[str, int]]:
        """The person's weeks by number from the first Monday on, without what was done."""
        return numbered(self.done, person, team)


def numbered(
    done: Iterable[Activity], person: str = ANN, team: str = ""
) -> dict[int, dict[str, int]]:
    sums: Sums = {}
    for activity in done:
        add(sums, counted(activity, "UTC"))
    found: dict[int, dict[str, int]] = {}
    for name, counters in sums.items():
        week = WeekCounts(name, counters)
        left = {
            counter: amount
            for counter, amount in counters.items()
            if amount and not counter.startswith("did:")
        }
        if week.individual_id == person and (week.team_id or "") == team and left:
            found[(week.week - MONDAY.date()).days // 7] = left
    return found


def test_an_id_names_the_week_program_person_and_team() -> None:
    week = WeekCounts(week_id("ptn", date(2026, 3, 2), "prg", ANN, "red"), {"won": 1})
    alone = WeekCounts(week_id("ptn", date(2026, 3, 2), "prg", ANN, None))

    assert "ptn.2026-03-02.prg.ann.red" == week.id
    assert ("ptn", date(2026, 3, 2), "prg", ANN) == (
        week.partner_id,
        week.week,
        week.program_id,
        week.individual_id,
    )
    assert ("red", None) == (week.team_id, alone.team_id)
    assert (1, 0) == (week.count("won"), week.count("lost"))


def test_what_is_done_counts_for_who_does_it_in_the_week_in_which_it_occurred() -> None:
    """Also when it arrives later: the week of recording counts for nothing."""
    done = Activity(
        "ptn.ann.prg.1",
        "ptn",
        ANN,
        "prg",
        "DEMO",
        MONDAY,
        MONDAY + WEEK,
        "crm",
        "e",
        teams=((ANN, "red"),),
    )

    assert {"ptn.2026-03-02.prg.ann.red": {"did:DEMO": 1}} == counted(done, "UTC")


@pytest.mark.parametrize(
    ("at", "zone", "monday"),
    [
        ("2026-03-08T22:59:59+00:00", "Europe/Berlin", "2026-03-02"),
        ("2026-03-08T23:00:00+00:00", "Europe/Berlin", "2026-03-09"),
        ("2026-03-08T23:00:00+00:00", "UTC", "2026-03-02"),
        ("2026-03-09T06:59:59+00:00", "America/Los_Angeles", "2026-03-02"),
        ("2026-03-29T21:59:59+00:00", "Europe/Berlin", "2026-03-23"),
        ("2026-03-29T22:00:00+00:00", "Europe/Berlin", "2026-03-30"),
        ("2026-01-01T00:00:00+00:00", "UTC", "2025-12-29"),
    ],
)
def test_a_week_begins_on_monday_by_the_programs_calendar(at: str, zone: str, monday: str) -> None:
    """Also on the day on which clocks change, and over a year's end."""
    instant = datetime.fromisoformat(at)
    done = Activity("ptn.ann.prg.1", "ptn", ANN, "prg", "DEMO", instant, instant, "crm", "e")

    assert [f"ptn.{monday}.prg.ann."] == list(counted(done, zone))


def test_a_sale_counts_in_its_week_and_leaves_the_pipeline() -> None:
    """Registered in the first week at an estimate, won in the third at another amount."""
    sold = Sold.of(amount=9_000)
    sold.approve(MONDAY + DAY)
    sold.win(MONDAY + 2 * WEEK + timedelta(hours=5), 12_000)

    won = {"won": 1, "won_minor": 12_000, "won_registered": 1, "product:Lamp": 1}
    assert {
        0: {"pipeline": 1, "pipeline_minor": 9_000},
        2: {**won, "days_to_close": 14, "pipeline": -1, "pipeline_minor": -9_000},
    } == sold.weeks()


def test_a_sale_without_registration_is_no_registered_one_and_never_was_in_the_pipeline() -> None:
    sold = Sold.of()
    sold.win(MONDAY + DAY)

    assert {
        0: {"won": 1, "won_minor": 10_000, "product:Lamp": 1, "days_to_close": 1}
    } == sold.weeks()


def test_a_sale_is_divided_between_who_is_credited_and_is_the_owners_own() -> None:
    """60 : 40 of 10,001, each for the own team; the other's week has the revenue alone."""
    sold = Sold.of()
    sold.teams = {ANN: "red", BOB: "blue"}
    sold.divide(MONDAY, ann=60, bob=40)
    sold.win(MONDAY + WEEK, 10_001)

    own = {"won": 1, "won_minor": 6_001, "product:Lamp": 1, "days_to_close": 7}
    assert {1: own} == sold.weeks(ANN, "red")
    assert {1: {"won_minor": 4_000}} == sold.weeks(BOB, "blue")


def test_a_return_takes_off_in_the_week_of_the_sale() -> None:
    """Five weeks later, of everybody who was credited; the return itself is done when it is."""
    sold = Sold.of()
    sold.divide(MONDAY, ann=60, bob=40)
    sold.approve(MONDAY)
    sold.win(MONDAY + WEEK)
    sold.give_back(MONDAY + 6 * WEEK)

    assert {
        0: {"pipeline": 1, "pipeline_minor": 10_000},
        1: {"pipeline": -1, "pipeline_minor": -10_000},
    } == sold.weeks()
    assert {} == sold.weeks(BOB)
    returned = counted(sold.done[-1], "UTC")
    assert 1 == returned["ptn.2026-04-13.prg.ann."]["did:DEAL_RETURNED"]
    assert -1 == returned["ptn.2026-03-09.prg.ann."]["won"]
    assert {"won_minor": -4_000} == returned["ptn.2026-03-09.prg.bob."]


def test_a_deal_that_is_reopened_and_won_again_counts_in_the_week_of_the_last_sale() -> None:
    sold = Sold.of()
    sold.approve(MONDAY)
    sold.win(MONDAY + WEEK)
    sold.give_back(MONDAY + 2 * WEEK)
    sold.reopen(MONDAY + 3 * WEEK)
    sold.win(MONDAY + 4 * WEEK, 7_000)

    again = {"won": 1, "won_minor": 7_000, "won_registered": 1, "product:Lamp": 1}
    assert {
        0: {"pipeline": 1, "pipeline_minor": 10_000},
        1: {"pipeline": -1, "pipeline_minor": -10_000},
        3: {"pipeline": 1, "pipeline_minor": 10_000},
        4: {**again, "days_to_close": 28, "pipeline": -1, "pipeline_minor": -10_000},
    } == sold.weeks()


def test_a_deal_is_lost_in_its_week_unless_it_is_reopened() -> None:
    sold = Sold.of()
    sold.approve(MONDAY)
    sold.lose(MONDAY + WEEK)
    before = sold.weeks()
    sold.reopen(MONDAY + 2 * WEEK)

    opened = {"pipeline": 1, "pipeline_minor": 10_000}
    closed = {"pipeline": -1, "pipeline_minor": -10_000}
    assert {0: opened, 1: {"lost": 1, **closed}} == before
    assert {0: opened, 1: closed, 2: opened} == sold.weeks()


def test_another_estimate_changes_the_pipeline_in_its_week() -> None:
    """Of a deal whose registration is approved; before that it is none of it."""
    sold = Sold.of()
    sold.change(8_000, MONDAY + DAY)
    sold.approve(MONDAY + WEEK)
    sold.change(11_000, MONDAY + 2 * WEEK)

    assert {
        1: {"pipeline": 1, "pipeline_minor": 8_000},
        2: {"pipeline_minor": 3_000},
    } == sold.weeks()


@pytest.mark.parametrize(("approved", "registered"), [(-1, 1), (0, 0), (1, 0)])
def test_a_late_approval_of_a_won_deal_is_no_pipeline(approved: int, registered: int) -> None:
    """What it says is whether the registration came before the sale, by when it occurred."""
    sold = Sold.of()
    sold.win(MONDAY + WEEK)
    before = sold.weeks()
    sold.approve(MONDAY + WEEK + approved * timedelta(hours=1))

    more = {"won_registered": 1} if registered else {}
    assert {1: {**before[1], **more}} == sold.weeks()
    sold.give_back(MONDAY + 2 * WEEK)
    assert {} == sold.weeks()


def test_the_sum_of_the_weeks_is_the_registered_pipeline() -> None:
    """After each step of three deals, it is the open approved deals and their estimates."""
    all_of = [Sold.of(amount=amount) for amount in (1_000, 20_000, 300_000)]
    first, second, third = all_of
    steps: tuple[Callable[[datetime], None], ...] = (
        first.approve,
        second.approve,
        lambda at: second.change(21_000, at=at),
        first.lose,
        third.win,
        third.approve,
        first.reopen,
        third.give_back,
        third.reopen,
        second.win,
    )
    open_ones: list[int] = []
    for number, step in enumerate(steps):
        step(MONDAY + number * 3 * DAY)
        found = [one.deal for one in all_of]
        open_ones = [
            deal.amount_minor
            for deal in found
            if deal.stage is DealStage.OPEN and deal.approved_at is not None
        ]
        weeks = [week for one in all_of for week in one.weeks().values()]
        assert len(open_ones) == sum(week.get("pipeline", 0) for week in weeks)
        assert sum(open_ones) == sum(week.get("pipeline_minor", 0) for week in weeks)
    assert [1_000, 10_000] == open_ones


def outcome(status: OutcomeStatus, amount: int, rule: str = "pot", asset: str = "USD") -> Outcome:
    return Outcome(rule, status, asset, amount, "", "anybody", "DEMO")


def paid(*outcomes: Outcome) -> Activity:
    at = MONDAY + 2 * DAY
    return Activity(
        "ptn.ann.prg.1", "ptn", ANN, "prg", "DEMO", at, at, "crm", "e", outcomes=outcomes
    )


def test_what_was_paid_is_by_rule_behavior_and_asset_less_what_was_taken_back() -> None:
    """To whomever, also to a team or the company; shadows and releases move nothing."""
    status = OutcomeStatus
    done = paid(
        outcome(status.AWARDED, 100),
        outcome(status.PENDING, 30),
        outcome(status.SHARED, 7, rule="team"),
        outcome(status.TAKEN_BACK, 40),
        outcome(status.CANCELLED, 5),
        outcome(status.RELEASED, 1_000),
        outcome(status.SHADOW, 2_000),
        outcome(status.WITHHELD, 3_000, rule="late"),
        outcome(status.AWARDED, 9, asset="POINTS"),
    )

    expected = {"paid:pot:DEMO:USD": 85, "paid:team:DEMO:USD": 7, "paid:pot:DEMO:POINTS": 9}
    assert {0: expected} == numbered([done])
    assert "paid:pot:DEMO:USD" == paid_counter("pot", "DEMO", "USD")


def test_what_is_taken_back_comes_off_what_it_was_paid_for_in_the_week_in_which_that_was() -> None:
    """A sale that is returned five weeks later: its part and that of its registration."""

    def moved(behavior: str, amount: int, back: bool = False) -> Outcome:
        status = OutcomeStatus.TAKEN_BACK if back else OutcomeStatus.AWARDED
        return Outcome("split", status, "USD", amount, "", ANN, behavior)

    sold = Sold.of()
    sold.approve(MONDAY)
    sold.win(MONDAY + WEEK)
    sold.give_back(MONDAY + 6 * WEEK)
    registered, won, returned = sold.done[1:]
    each = [
        replace(registered, outcomes=(moved(DEAL_REGISTERED, 150),)),
        replace(won, outcomes=(moved(DEAL_WON, 750),)),
        replace(
            returned,
            outcomes=(moved(DEAL_REGISTERED, 100, True), moved(DEAL_WON, 700, True)),
        ),
    ]

    found = {
        week: {name: amount for name, amount in counters.items() if name.startswith("paid:")}
        for week, counters in numbered(each).items()
    }
    assert {
        0: {"paid:split:DEAL_REGISTERED:USD": 50},
        1: {"paid:split:DEAL_WON:USD": 50},
    } == found


def test_what_is_paid_late_adds_the_difference_in_the_week_of_its_activity() -> None:
    """Whenever it is paid: the week is that of what was done."""
    before = paid(outcome(OutcomeStatus.WITHHELD, 500), outcome(OutcomeStatus.AWARDED, 20))
    after = replace(before, outcomes=(outcome(OutcomeStatus.AWARDED, 500), before.outcomes[1]))
    sums: Sums = {}

    add(sums, counted(after, "UTC"))
    add(sums, counted(before, "UTC"), sign=-1)

    assert {"ptn.2026-03-02.prg.ann.": {"did:DEMO": 0, "paid:pot:DEMO:USD": 500}} == sums


def test_what_does_not_say_what_its_deal_was_counts_as_done_alone() -> None:
    """A behavior for a deal changes none."""
    sold = Sold.of()
    sold.win(MONDAY)
    without = replace(sold.done[-1], deal_was=None)

    assert {"ptn.2026-03-02.prg.ann.": {"did:DEAL_WON": 1}} == counted(without, "UTC")


def test_a_trend_is_of_all_people_teams_and_programs_week_by_week() -> None:
    """The present week last, weeks without anything included; others' behaviors left out."""
    now = MONDAY + 2 * WEEK
    weeks = (
        WeekCounts("ptn.2026-03-02.prg.ann.red", {"did:DEMO": 2, "did:OTHER": 9}),
        WeekCounts("ptn.2026-03-02.two.bob.", {"did:CALL": 1}),
        WeekCounts("ptn.2026-03-16.prg.ann.red", {"did:DEMO": 4}),
        WeekCounts("ptn.2026-02-23.prg.ann.red", {"did:DEMO": 8}),
    )

    found = trend(weeks, ("DEMO", "CALL"), now, 3)

    first = monday_of(MONDAY.date())
    assert (
        Week(first, 3, people=2, seen=2),
        Week(first + WEEK, 0, people=0, seen=2),
        Week(first + 2 * WEEK, 4, people=1, seen=2),
    ) == found
