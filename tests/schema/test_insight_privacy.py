"""Who sees which part of the insight, and that nobody is told of one or two people."""

from dataclasses import replace
from typing import Any

import pytest

from portal_api.domain.goals import Level
from portal_api.domain.insights.profile import MissingBehavior
from portal_api.domain.insights.ranking import Consistency
from portal_api.domain.writes import Save
from portal_api.schema.ids import encoded, split
from tests.schema.answered import BREADTH, STANDING, Told, lasting
from tests.schema.client import Client

OWN = f"""asOf standing {{ {STANDING} partner {{ id }} }} missing {{ behaviors {{ never }} }}
    pace {{ verdict }} scorecard {{ capacity {{ active }} }} pipeline {{ since {{ won }} }}
    durability {{ behaviors {{ verdict }} }} {BREADTH}
    teams {{ durability {{ verdict }} }}
    people {{ edges {{ node {{ durability {{ verdict }} }} }} }}"""


@pytest.fixture
def told(quick_client: Client) -> Told:
    """Give answers that were kept."""
    return Told(quick_client).kept()


def test_an_executive_sees_its_own_company_and_nobody_alone(told: Told) -> None:
    """Not who its stars are, no team and no person, and nothing of the program or of others."""
    mine, whole = told.own(OWN, told.executive), told.own(OWN)
    secret = {"topOne": None, "topTwo": None, "flag": None}
    (spread,) = whole["breadth"]["behaviors"]
    breadth = {**whole["breadth"], "behaviors": [{**spread, **secret}]}
    assert {**whole, "teams": None, "people": None, "breadth": breadth} == mine
    assert "STAR_DEPENDENT" == spread["verdict"]
    assert told.whole("asOf", told.executive) is None


def test_nobody_else_sees_any_insight(told: Told) -> None:
    """Neither reps of the partner, nor another partner's executive, nor of the program."""
    rep = told.reps[0]
    assert (None, None) == (told.own("asOf", rep), told.whole("asOf", rep))
    assert told.own("asOf", told.rival) is None
    mine = told.own("asOf", told.rival, told.other)
    assert (None, None) == (mine, told.whole("asOf", told.rival))


@pytest.mark.parametrize(
    ("staff", "doing", "told_so"),
    [(6, 3, True), (3, 3, True), (4, 0, True), (6, 2, False), (6, 4, False), (2, 2, False)],
)
def test_breadth_tells_an_executive_of_no_one_or_two_people(
    quick_client: Client, staff: int, doing: int, told_so: bool
) -> None:
    """Neither of those who do it, nor of those who do not."""
    told = Told(quick_client)
    found = replace(told.answers.breadth(staff, doing), occurrences=7 * doing)
    told.answers.company = {"breadth": (found,)}
    told.kept()
    (mine,) = told.own(BREADTH, told.executive)["breadth"]["behaviors"]
    (whole,) = told.own(BREADTH)["breadth"]["behaviors"]
    names = ("doing", "doingShare", "occurrences", "verdict")
    assert None not in [whole[name] for name in names]
    assert [whole[name] if told_so else None for name in names] == [mine[name] for name in names]
    assert staff == mine["staff"]


def test_what_one_has_done_once_is_not_told_where_nobody_does_it(told: Told) -> None:
    """Once is no habit, so that nobody is doing it, and still it is somebody's."""
    once = replace(told.answers.breadth(4, 0), occurrences=1)
    record = replace(told.answers.of_partner(), breadth=(once,), version=1)
    told.client.world.store.commit([Save(record)])
    (mine,) = told.own(BREADTH, told.executive)["breadth"]["behaviors"]
    assert (0, None) == (mine["doing"], mine["occurrences"])


@pytest.mark.parametrize(("people", "told_so"), [(3, True), (60, True), (2, False), (0, False)])
def test_durability_tells_an_executive_of_no_one_or_two_people(
    quick_client: Client, people: int, told_so: bool
) -> None:
    """By how many did what each window has, whether or not they are told of one by one."""
    told = Told(quick_client)
    company = lasting(Level.PARTNER, told.answers.partner, people=people)
    told.answers.company = {"durability": (company,)}
    told.kept()
    asked = "durability { behaviors { verdict } }"
    spike = [{"verdict": "SPIKE"}]
    assert (spike if told_so else []) == told.own(asked, told.executive)["durability"]["behaviors"]
    assert spike == told.own(asked)["durability"]["behaviors"]


SCORECARD = """scorecard { capacity { active certified trainingLevel } coverage { stages products }
    commitment { activeWeeks weeks activeShare won } consumption { behaviors perWonDeal } }"""
OF_DEALS = {"products", "won"}
"""What its deals come to, which an executive sees one by one."""


@pytest.mark.parametrize(
    ("staff", "did", "told_so"),
    [(6, 3, True), (3, 3, True), (4, 1, False), (6, 2, False), (2, 2, False), (1, 1, False)],
)
def test_a_scorecard_tells_an_executive_of_no_one_or_two_people(
    quick_client: Client, staff: int, did: int, told_so: bool
) -> None:
    told = Told(quick_client)
    card = told.answers.of_partner().scorecard
    numbers: dict[str, Any] = {
        "active": did,
        "certified": did,
        "trained": did,
        "people": did,
        "consuming": did,
    }
    told.answers.company = {"scorecard": replace(card, staff=staff, **numbers)}
    told.kept()
    mine, whole = (told.own(SCORECARD, who)["scorecard"] for who in (told.executive, None))
    assert None not in [number for part in whole.values() for number in part.values()]
    assert {
        name: {field: n if told_so or field in OF_DEALS else None for field, n in part.items()}
        for name, part in whole.items()
    } == mine


def test_who_is_left_of_a_staff_is_not_told_of(quick_client: Client) -> None:
    """Three of four are active: so the fourth is not. What the three did is told."""
    told = Told(quick_client)
    card = told.answers.of_partner().scorecard
    told.answers.company = {"scorecard": replace(card, staff=4)}
    told.kept()
    mine = told.own(SCORECARD, told.executive)["scorecard"]
    assert {"active": None, "certified": None, "trainingLevel": None} == mine["capacity"]
    assert (26, 9) == (mine["commitment"]["activeWeeks"], mine["consumption"]["behaviors"])


@pytest.mark.parametrize(
    ("staff", "rate", "people", "told_so"),
    [
        (6, 1_250, 3, True),
        (6, 1_250, 2, False),
        (6, 0, 2, False),
        (6, 0, 0, True),
        (2, 0, 0, False),
        (6, 1_250, 0, False),
    ],
)
def test_pace_and_what_is_missing_tell_an_executive_of_no_one_or_two_people(
    quick_client: Client, staff: int, rate: int, people: int, told_so: bool
) -> None:
    """Who did it, or of nothing done everybody; a figure of nobody known is not told."""
    told = Told(quick_client)
    kept = told.answers.of_partner()
    assert kept.pace is not None
    lacks = MissingBehavior("TRAINING", rate, 2_500, people == 0, people, staff)
    told.answers.company = {
        "scorecard": replace(kept.scorecard, staff=staff),
        "pace": replace(kept.pace, since_milli=rate, people=people, people_before=0),
        "missing": (lacks,),
    }
    told.kept()
    asked = "pace { before since ratio { value } verdict }"
    asked += " missing { behaviors { ownPerWeek topPerWeek never } }"
    mine, whole = (told.own(asked, who) for who in (told.executive, None))
    ((own,), (all_of_it,)) = (one["missing"]["behaviors"] for one in (mine, whole))
    secret = {} if told_so else {"since": None, "ratio": None, "verdict": None}
    assert whole["pace"] | {"before": None} | secret == mine["pace"]
    secret = {} if told_so else {"ownPerWeek": None, "never": None}
    assert all_of_it | secret == own
    assert None not in [*whole["pace"].values(), *all_of_it.values()]


def test_who_has_left_has_no_name_in_the_insight(told: Told) -> None:
    """The numbers stay; the place of a person goes with it to its next partner."""
    left, moved = told.reps[:2]
    wish = {"individualId": left.id}
    ended = told.client.do(told.manager, "endEmployment", "", **wish)
    assert "EmploymentEnded" == ended["__typename"], ended
    wish = {"individualId": moved.id, "partnerId": told.other}
    gone = told.client.do(told.manager, "changeEmployment", "", **wish)
    assert "EmploymentChanged" == gone["__typename"], gone
    told.client.world.wait()
    person = "individual { id }"
    people = told.own(f"people {{ edges {{ node {{ {person} standing {{ rank }} }} }} }}")["people"]
    assert [(None, 1), (None, 2)] == [
        (edge["node"]["individual"], edge["node"]["standing"]["rank"])
        for edge in people["edges"][:2]
    ]
    asked = f"peopleRanking {{ standings {{ edges {{ node {{ {person} partner {{ id }} }} }} }} }}"
    first, second = (
        edge["node"] for edge in told.whole(asked)["peopleRanking"]["standings"]["edges"][:2]
    )
    assert {"individual": None, "partner": None} == first
    assert told.other == second["partner"]["id"]
    assert moved.user_name in split(second["individual"]["id"])[1]


def test_a_ranking_reads_its_partners_and_people_together(told: Told) -> None:
    """However many there are: a round trip for all of them."""
    partner, person = "partner { name }", "individual { name }"
    asked = f"""ranking {{ standings {{ edges {{ node {{ {partner} }} }} }} }}
        peopleRanking {{ standings {{ edges {{ node {{ {person} {partner} }} }} }} }}"""
    waves: list[int] = []
    read = told.client.world.store.read

    class Counting:
        """Counts round trips."""

        def __getattr__(self, name: str) -> Any:
            return getattr(told.client.world.store, name)

        def read(self, wants: Any) -> Any:
            waves.append(len(wants))
            return read(wants)

    portal = told.client.world.portal
    told.client.world.portal = told.client.world.on(Counting())
    found = told.whole(asked)
    told.client.world.portal = portal
    assert 2 == len(found["ranking"]["standings"]["edges"])
    # The viewer and the program; its insight; partners and people; the people's partners.
    assert len(waves) <= 4, waves


def test_a_partner_says_nothing_of_the_consistency_it_cannot_know(told: Told) -> None:
    """INSUFFICIENT_DATA is a word like any other: it is told, and not left out."""
    record = told.answers.of_partner()
    unknown = replace(record.standing, consistency=Consistency.INSUFFICIENT_DATA)
    told.client.world.store.commit([Save(replace(record, standing=unknown, version=1, pace=None))])
    found = told.own("standing { consistency } pace { verdict }", told.executive)
    assert {"standing": {"consistency": "INSUFFICIENT_DATA"}, "pace": None} == found


def test_an_id_of_something_else_is_no_program(told: Told) -> None:
    document = """query($id: ID!, $program: ID!) { node(id: $id) { ... on Partner {
        insights(programId: $program) { asOf } } } }"""
    unknown = encoded("Program", "prg-00000000000000000000")
    given = {"id": told.partner, "program": unknown}
    assert {"insights": None} == told.client.query(told.manager, document, **given)["node"]
    answer = told.client.answer(told.manager, document, id=told.partner, program=told.partner)
    assert ["INVALID_INPUT"] == [one["extensions"]["code"] for one in answer["errors"]]
