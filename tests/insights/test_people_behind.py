"""How many people stand behind a figure is kept with it, so that no executive is told of a few."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.activities import BehaviorType, FiveC, ProcessStage
from portal_api.domain.goals import Level, tells_of_several
from portal_api.domain.insights import answers, five_cs, pace, profile, ranking
from portal_api.domain.insights.durability import durability
from portal_api.domain.insights.market import Incentive, Market, Person, Series, Team
from portal_api.domain.weeks import DID, WON_MINOR
from tests.insights.hand_made import company, market, person

WEEKS = 24
PAID = tuple(Incentive(code, 8, 8, 16, ("r",)) for code in ("A", "B"))
BEFORE, DURING, AFTER = (0, 8), (8, 16), (16, 24)


def did(*windows: tuple[int, int], code: str = "A", name: str = "", often: int = 2) -> Person:
    """Somebody who does it so often in each week of these windows."""
    counts = [often * any(a <= week < b for a, b in windows) for week in range(WEEKS)]
    found = person({DID + code: counts}, took_part=[True] * WEEKS)
    return replace(found, id=name)


def of(*people: Person) -> Market:
    return market(company("ptn", *people), incentives=PAID[:1])


@pytest.mark.parametrize(
    ("people", "behind"),
    [
        ([did(BEFORE, DURING, AFTER)] * 3, 3),
        ([did(BEFORE, DURING, AFTER)] * 3 + [did()], 3),
        ([did(DURING)] * 4, 4),
        ([did(DURING)] * 4 + [did(AFTER)], 1),
        ([did(BEFORE), did(DURING), did(AFTER), did()], 1),
        ([did()] * 5, 5),
    ],
)
def test_of_a_habit_the_window_of_the_fewest_counts(people: list[Person], behind: int) -> None:
    """A window in which nobody did it tells of nobody; all three empty tell of everybody."""
    (found,) = durability(of(*people), Level.PARTNER).parties
    assert behind == found.people


def test_teams_and_people_share_the_room_after_the_company(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that many teams push out neither the company's own answers nor all people's."""
    people = [replace(did(DURING, name=f"ind-{n}"), team_id=f"t-{n}") for n in range(4)]
    teams = tuple(Team(f"t-{n}", one.series) for n, one in enumerate(people))
    asked = market(replace(company("ptn", *people), teams=teams), incentives=PAID)
    monkeypatch.setattr(answers, "MOST_DURABILITIES", 12)

    def kept(asked: Market) -> list[int]:
        (told,) = answers.answers(asked, (), ()).companies
        return [sum(one.level is level for one in told.durability) for level in kinds]

    kinds = (Level.PARTNER, Level.TEAM, Level.INDIVIDUAL)
    assert [2, 5, 5] == kept(asked)
    (home,) = asked.companies
    assert [2, 2, 8] == kept(replace(asked, companies=(replace(home, teams=teams[:1]),)))


def test_a_scorecard_keeps_who_did_anything_and_who_served_customers() -> None:
    """Of all who worked there in the window; trained are of the staff of the last week."""
    behaviors = (
        BehaviorType("SERVED", "Served", ProcessStage.CLOSING, FiveC.CONSUMPTION),
        BehaviorType("LEARNED", "Learned", ProcessStage.ENABLEMENT, FiveC.CAPACITY, level=1),
    )
    gone = replace(did(BEFORE, code="SERVED"), employed=(0, 10))
    people = did(AFTER, code="SERVED"), gone, did(BEFORE, code="LEARNED"), did()
    asked = market(company("ptn", *people), behaviors=behaviors)
    (found,) = five_cs.scorecards(asked).companies
    assert (3, 2, 1, 2) == (found.people, found.consuming, found.trained, found.active)


def test_a_pace_keeps_who_did_it_before_and_since() -> None:
    people = did(BEFORE, AFTER), did(AFTER), did(), did(AFTER, code="OTHER")
    (found,) = pace.pace(of(*people), ["A"]).companies
    assert (1, 2) == (found.people_before, found.people)


def test_what_is_missing_keeps_who_does_it_and_of_how_many() -> None:
    """Where it is held against the top people: of those who are none of these."""
    people = did(AFTER, name="one"), sold(did(AFTER, name="top")), did(name="two"), did(name="no")
    rest = [company(f"ptn-{n}", did(AFTER, often=1, name=f"{n}")) for n in range(4)]
    asked = market(company("ptn", *people), *rest)
    ranked = ranking.rank(asked, asked.people, "people")
    habits = profile.profile(asked, asked.people, ranked, "people")
    (gap,) = (one for one in habits.behaviors if one.behavior == "A")
    rates: dict[str, Any] = {"top_per_week_milli": 9_000, "others_per_week_milli": 9_000}
    gap = replace(gap, verdict=profile.GapVerdict.TOP_DOES_MORE, **rates)
    told = replace(habits, behaviors=(gap,))

    home = asked.companies[0]
    (whole,), (others,) = (profile.missing(told, home, asked, one) for one in (None, ranked.at_top))
    assert {("ptn", "top")} == ranked.at_top
    assert ((2, 4), (1, 3)) == ((whole.people, whole.staff), (others.people, others.staff))


def sold(one: Person) -> Person:
    return replace(one, series=Series(WEEKS, {**one.series.counts, WON_MINOR: (100,) * WEEKS}))


@pytest.mark.parametrize(
    ("figure", "people", "staff", "told"),
    [
        (5, 3, 4, True),
        (5, 2, 9, False),
        (5, 0, 9, False),
        (0, 0, 9, True),
        (0, 0, 2, False),
        (0, 0, 0, True),
        (0, 1, 9, False),
    ],
)
def test_a_figure_is_of_three_or_of_nobody(
    figure: int, people: int, staff: int, told: bool
) -> None:
    """Nothing done tells of all who could have; what rounds to nothing of those who did it."""
    assert told is tells_of_several(figure, people, staff)
