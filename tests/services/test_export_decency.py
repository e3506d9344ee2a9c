"""What leaves the portal of single people names nobody else, in whatever form an id has."""

from typing import Any

import pytest

from portal_api.services.export_decency import person_for, without_others
from portal_api.services.store import StoredItem

MINE = frozenset({"ind-1"})


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ind-1", "ind-1"),
        ("ind-1.77", "ind-1.77"),
        ("ind-1:won", "ind-1:won"),
        ("ind-2", ""),
        ("ind-2.77", ""),
        ("ind-12.77", ""),
        ("ptn-1.ind-1.prg-1.5", "ptn-1.ind-1.prg-1.5"),
        ("ptn-1.ind-2.prg-1.5", "ptn-1..prg-1.5"),
        ("ptn-1.ind-2.prg-1.5:DEAL_WON:1", "ptn-1..prg-1.5:DEAL_WON:1"),
        ("ptn-1.prg-1.individual.ind-2", "ptn-1.prg-1.individual."),
        ("prg-1", "prg-1"),
        ("They said ind-2 once.", "They said ind-2 once."),
        (["ind-1", "ind-2", "ind-2.7", "a.ind-2.b"], ["ind-1", "a..b"]),
        ({"by": "ind-2", "ids": ["ind-2"], "n": 5}, {"by": "", "ids": [], "n": 5}),
    ],
)
def test_only_the_parts_of_an_id_that_are_another_persons_are_left_out(
    value: Any, expected: Any
) -> None:
    """A text is no id; an earning's id begins with whose it is."""
    assert expected == without_others(value, MINE)


def test_somebody_who_acts_has_no_name_in_an_export_neither_a_former_one() -> None:
    """Nor what an employer's own system called it; damaged items go out as they are."""
    former = {"partner_id": "ptn-1", "role": "ADMIN", "name": "Ada", "external_id": "HR-1"}
    attributes = {"id": "ind-1", "name": "Eve", "email": "e@b.example", "employments": [former]}
    told = person_for(StoredItem("PERSON#ind-1", "PERSON", attributes)).attributes
    assert {"id", "name", "email", "employments"} == set(told)
    assert ("", "", [{"partner_id": "ptn-1", "role": "ADMIN"}]) == (
        told["name"],
        told["email"],
        told["employments"],
    )
    damaged = StoredItem("PERSON#ind-1", "PERSON", {"employments": 7})
    assert 7 == person_for(damaged).attributes["employments"]
