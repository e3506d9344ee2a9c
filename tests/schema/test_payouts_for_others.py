"""Payouts through the API that the vendor asks for in a party's place."""

from dataclasses import replace
from typing import Any

from portal_api.domain.partners import Employment, Individual
from portal_api.domain.writes import Save
from portal_api.schema.ids import encoded, split
from tests.schema.client import Client, Person, usd
from tests.schema.planning import MILESTONES, paying
from tests.schema.selling import Selling

DEALS = paying("deals", MILESTONES)
PAYOUT = """payout { id status payee byVendor requestedBy { name role } partner { id }
    individual { id } }"""
REQUESTED = f"""... on PayoutRequested {{ {PAYOUT} balances {{ held {{ money {{ amount }} }} }} }}
    ... on InvalidInput {{ field }} ... on NotFound {{ field }}"""


class Leaving(Selling):
    """A rep who has earned 900.00, and leaves."""

    def __init__(self, client: Client, **consent: Any) -> None:
        super().__init__(client, DEALS, **consent)
        self.win(self.approved())

    def leave(self, to: str | None = None) -> None:
        """The rep's employment ends now; it begins another one at another partner's team."""
        world = self.client.world
        person = world.load(Individual, self.rep.user_name)
        assert person is not None
        ended = replace(person.employments[-1], valid_to=world.now)
        employed: tuple[Employment, ...] = (ended,)
        if to is not None:
            employed += (Employment(split(to)[1], ended.role, world.now, ended.team_id),)
        world.store.commit([Save(replace(person, employments=employed))])
        world.wait()

    def ask_for(self, who: Person, **given: Any) -> dict[str, Any]:
        """A payout of 900.00 that somebody asks for."""
        wish = {"amount": {"money": usd("900.00")}, **given}
        return self.client.do(who, "requestPayout", REQUESTED, **wish)


def test_S11_the_vendor_asks_for_one_who_has_left(client: Client) -> None:
    """Under the partner that the leaver was at; it is settled as any other."""
    leaving = Leaving(client)
    leaving.leave()
    unnamed = leaving.ask_for(leaving.manager)
    by_others = [
        leaving.ask_for(who, partyId=leaving.rep.id)
        for who in (leaving.colleague, leaving.executive)
    ]
    elsewhere = encoded("Individual", f"{split(client.partner())[1]}.{leaving.rep.user_name}")
    wrong = [leaving.ask_for(leaving.manager, partyId=one) for one in (elsewhere, leaving.program)]
    asked = leaving.ask_for(leaving.manager, partyId=leaving.rep.id)
    settled = client.do(
        leaving.manager,
        "resolvePayout",
        "... on PayoutResolved { payout { status } }",
        payoutId=asked["payout"]["id"],
        paid=True,
        reference="TX-1",
    )

    assert ("InvalidInput", "partyId") == (unnamed["__typename"], unnamed["field"])
    assert [("NotFound", "partyId")] * 2 == [(r["__typename"], r["field"]) for r in by_others]
    assert [("NotFound", "partyId"), ("InvalidInput", "partyId")] == [
        (refused["__typename"], refused["field"]) for refused in wrong
    ]
    assert "PayoutRequested" == asked["__typename"], asked
    payout = asked["payout"]
    assert ("INDIVIDUAL", True, "CHANNEL_MANAGER") == (
        payout["payee"],
        payout["byVendor"],
        payout["requestedBy"]["role"],
    )
    assert ({"id": leaving.partner}, None) == (payout["partner"], payout["individual"])
    assert "SETTLED" == settled["payout"]["status"]


def test_S11_the_vendor_names_the_company_for_which_a_mover_has_earned(client: Client) -> None:
    """Which of several is in no balance; nobody but the vendor names one."""
    leaving = Leaving(client, payee="PARTNER")
    other = client.partner()
    leaving.leave(other)
    here = encoded("Individual", f"{split(other)[1]}.{leaving.rep.user_name}")
    theirs = {"payee": "PARTNER", "payeeCompanyId": leaving.partner}

    own = leaving.ask_for(leaving.rep, payee="PARTNER")
    own_named = leaving.ask_for(leaving.rep, **theirs)
    unnamed = leaving.ask_for(leaving.manager, partyId=here, payee="PARTNER")
    asked = leaving.ask_for(leaving.manager, partyId=here, **theirs)

    assert ["payee", "payeeCompanyId", "payeeCompanyId"] == [
        refused["field"] for refused in (own, own_named, unnamed)
    ]
    assert ("PARTNER", leaving.partner) == (
        asked["payout"]["payee"],
        asked["payout"]["partner"]["id"],
    )
    seen = client.query(
        leaving.rep,
        "query($id: ID!) { node(id: $id) { ... on Payout { byVendor requestedBy { name } } } }",
        id=asked["payout"]["id"],
    )["node"]
    assert {"byVendor": True, "requestedBy": None} == seen


def test_S11_who_asked_for_its_own_is_on_the_payout(quick_client: Client) -> None:
    leaving = Leaving(quick_client)
    payout = leaving.ask_for(leaving.rep)["payout"]

    assert (False, "SALES_REP") == (payout["byVendor"], payout["requestedBy"]["role"])
