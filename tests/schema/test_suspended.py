"""A good token of somebody who may not act any more: refused at once, whatever is asked."""

from typing import Any

import pytest

from portal_api.services.use_case import Portal
from tests.api import REQUEST_ID, body_of, event_of, send
from tests.schema.client import Client, usd

NAME = "{ viewer { individual { name } } }"
SEVERAL = "{ viewer { role } again: viewer { role } behaviors { code } __typename }"
PAYOUT = """mutation($i: RequestPayoutInput!) {
    requestPayout(input: $i) { __typename } again: requestPayout(input: $i) { __typename } }"""
EXPORT = "{ ledgerExport { lines } financeReport { asOf } }"
WISH = {"i": {"requestId": "suspended-1", "amount": {"money": usd("1.00")}}}


class ReadOnly:
    """A store that is only read."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        assert name != "commit", "somebody suspended has changed something"
        return getattr(self._store, name)


@pytest.mark.parametrize(
    ("document", "variables"), [(NAME, {}), (SEVERAL, {}), (PAYOUT, WISH), (EXPORT, {})]
)
def test_a_token_of_somebody_suspended_is_refused_at_once(
    quick_client: Client, document: str, variables: dict[str, Any]
) -> None:
    """One error however many fields are asked, nothing is shown beside it, and nothing is written.

    Suspended a moment ago, with a token that is good for hours.
    """
    rep = quick_client.person("SALES_REP", quick_client.partner())
    assert {"viewer"} == quick_client.query(rep, NAME).keys()
    quick_client.do(quick_client.admin, "suspendIndividual", "", individualId=rep.id)
    portal = quick_client.world.portal
    read_only: Any = ReadOnly(portal.store)
    portal = Portal(read_only, portal.clock, portal.new_id)
    response = send(portal, event_of(rep.user_name, document, variables))
    assert 401 == response["statusCode"]
    answer = body_of(response)
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert "UNAUTHENTICATED" == error["extensions"]["code"]
    assert REQUEST_ID == error["extensions"]["requestId"]
