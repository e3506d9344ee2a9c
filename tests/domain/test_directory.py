"""Finding by name, and segments by profile; what plans could not say at first leaves no trace."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from portal_api.domain.directory import PeopleFilter, is_named
from portal_api.domain.goals import Level
from portal_api.domain.mechanics.milestone_split import MilestoneSplit
from portal_api.domain.partners import (
    BusinessModel,
    Employment,
    Individual,
    Partner,
    PartnerType,
    Role,
    SalesStrategy,
    Segment,
    Tier,
)
from portal_api.domain.people import Place, external_ids, left, placed, standing
from portal_api.domain.plans import PlanVersion, Rule

T0 = datetime(2026, 1, 5, 9, tzinfo=UTC)
T1 = datetime(2026, 2, 5, 9, tzinfo=UTC)
T2 = datetime(2026, 3, 5, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("search", "name", "expected"),
    [
        ("", "Ada", True),
        ("ada", "Ada Lovelace", True),
        ("LOVE", "Ada Lovelace", True),
        ("love ad", "Ada Lovelace", True),
        ("ovel", "Ada Lovelace", False),
        ("ada x", "Ada Lovelace", False),
        ("strasse", "Große Straße", True),
        ("mary", "Anne-Mary", True),
        ("anne-ma", "Anne-Mary", True),
        ("o'b", "O'Brien", True),
        ("  ", "Ada", True),
        ("...", "Ada", False),
        ("***", "***", False),
        ("ada", "", False),
    ],
)
def test_a_search_is_the_beginning_of_words(search: str, name: str, expected: bool) -> None:
    assert expected is is_named(search, name)


def test_a_partner_without_a_profile_is_in_no_segment_that_names_one() -> None:
    partner = Partner("p", "P", PartnerType.VAR, (), "EMEA")
    segment = Segment(business_models=(BusinessModel.RESALE,))
    assert not segment.admits_partner(partner, T0)
    assert segment.admits_partner(replace(partner, business_model=BusinessModel.RESALE), T0)
    segment = Segment(strategies=(SalesStrategy.HUNTING,))
    assert not segment.admits_partner(replace(partner, strategy=SalesStrategy.TRANSACTIONAL), T0)


FULL = Segment((PartnerType.VAR,), (Tier.GOLD,), ("EMEA",), (Role.SALES_REP,), ("Lantern",))


def _hash(segment: Segment) -> str:
    rule = Rule("deals", "Deals", Level.INDIVIDUAL, "USD", MilestoneSplit(300), segment)
    return PlanVersion("p.1", "p", 1, T0, (rule,), (), T0, "a").content_hash()


def test_the_hash_of_a_plan_that_names_no_profile_is_what_it_was_before_there_were_any() -> None:
    """Earnings name it; one that names a profile has another hash."""
    assert "4d3065001180a0cd082a6c1e0db6483954de44ffd41f5344985388b469ca25bd" == _hash(Segment())
    assert "1361c9a6513ea7d0e1b89ca10629f9a4f9a080274777bb2c64f6bdaffe53fd42" == _hash(FULL)
    named = (
        replace(FULL, business_models=(BusinessModel.RESALE,)),
        replace(FULL, strategies=(SalesStrategy.HUNTING,)),
    )
    assert 3 == len({_hash(FULL), *map(_hash, named)})


def _person(since: datetime = T0) -> Individual:
    employment = Employment("old", Role.SALES_REP, since, "team")
    return Individual("i", "Ada", "ada@old.example", (employment,), external_id="HR-1")


def test_an_employment_that_was_to_begin_later_can_end_before_it_began() -> None:
    """Somebody who was hired and does not come: never employed there."""
    coming = _person(T2)
    assert coming.employments[0] == standing(coming, T0)
    gone = left(coming, T1)
    assert standing(gone, T1) is None
    assert [None] * 3 == [gone.employment_at(at) for at in (T0, T1, T2)]


def test_an_employment_ends_at_the_instant_at_which_the_next_one_begins() -> None:
    moved = placed(_person(), Place("new", None, Role.MARKETER), T1)
    before, after = moved.employment_at(T0), moved.employment_at(T1)
    assert before is not None
    assert after is not None
    assert ("old", "new") == (before.partner_id, after.partner_id)
    assert (("old", "HR-1"),) == external_ids(moved)


def test_people_are_looked_for_by_the_employment_of_now() -> None:
    """Who has moved or left is not among the people of the old partner."""
    moved = placed(_person(), Place("new", None, Role.MARKETER), T1)
    everybody = PeopleFilter()
    assert [True, False] == [everybody.admits(moved, "old", at) for at in (T0, T1)]
    assert PeopleFilter(roles=(Role.MARKETER,)).admits(moved, "new", T1)
    assert not PeopleFilter(team_id="team").admits(moved, "new", T1)
    assert not everybody.admits(left(moved, T2), "new", T2)
