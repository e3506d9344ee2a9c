"""An id without anything in it is a wrong id, and not one that was left out."""

from typing import Any

import pytest

from tests.schema.client import Client
from tests.schema.test_people import House

LISTS = {
    "individuals": 'individuals(filter: {teamId: ""}) { edges { node { id } } }',
    "goalTrees": 'goalTrees(programId: "") { code }',
}
ROOT = {
    "leaderboard": 'leaderboard(programId: "%s", scope: COMPANY, measure: DEALS_WON,'
    ' partnerId: "") { reason }',
    "exportActivities": 'exportActivities(partnerId: "%s", programId: "") { csv }',
}


@pytest.mark.parametrize("field", LISTS)
def test_an_empty_id_is_no_filter_that_was_left_out(quick_client: Client, field: str) -> None:
    """Otherwise a list would be of everybody by a client's mistake."""
    house = House(quick_client)
    document = f"query($id: ID!) {{ node(id: $id) {{ ... on Partner {{ {LISTS[field]} }} }} }}"
    answer = quick_client.answer(house.executive, document, id=house.partner)
    assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("field", ROOT)
def test_an_empty_id_at_the_root_is_refused(quick_client: Client, field: str) -> None:
    house = House(quick_client)
    named = house.program if field == "leaderboard" else house.partner
    answer = quick_client.answer(house.manager, f"{{ {ROOT[field] % named} }}")
    assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize(
    ("mutation", "field", "given"),
    [
        ("changeEmployment", "teamId", {"teamId": ""}),
        ("changeEmployment", "partnerId", {"partnerId": "", "role": "MARKETER"}),
        ("addIndividual", "partnerId", {"partnerId": "", "role": "CHANNEL_MANAGER"}),
        ("addIndividual", "teamId", {"teamId": "", "role": "SALES_REP"}),
        ("requestPayout", "payeeCompanyId", {"payeeCompanyId": ""}),
    ],
)
def test_an_empty_id_changes_nothing(
    quick_client: Client, mutation: str, field: str, given: dict[str, Any]
) -> None:
    """Neither does it take somebody out of a team, nor hire for the vendor."""
    client = quick_client
    house = House(client)
    common: dict[str, dict[str, Any]] = {
        "changeEmployment": {"individualId": house.rep.id},
        "addIndividual": {"name": "A", "email": "a@b.example", "partnerId": house.partner},
        "requestPayout": {"amount": {"points": 1}},
    }
    who = house.rep if mutation == "requestPayout" else client.admin
    wish = {**common[mutation], **given}
    refused = client.do(who, mutation, "... on InvalidInput { field }", **wish)
    assert ("InvalidInput", field) == (refused["__typename"], refused.get("field"))
