"""What inboxes, previews of consents and what is forgone cost the store, in waves."""

import pytest

from portal_api.storage.sqlite import SqliteEngine
from tests.schema.client import Person
from tests.schema.test_round_trips import Setting

ITEMS = """inbox { newItems items { kind since text isNew
    ... on InboxConsentRequest { request { id program { name } } }
    ... on InboxConsent { consent { id program { name } } }
    ... on InboxProgram { program { name } }
    ... on InboxObjection { objection { text program { name } } }
    ... on InboxEarning { amount { points } }
    ... on InboxGoal { goal { code } } } }"""
REP = f"""{{ viewer {{ {ITEMS} individual {{ name balances {{ available {{ points }} }}
    goals {{ code }} forgoneEarnings {{ program {{ name }} amounts {{ points }} }} }} }} }}"""
EXECUTIVE = f"""{{ viewer {{ {ITEMS} partner {{ name consents {{ id }}
    forgoneEarnings {{ program {{ name }} amounts {{ points }} }}
    objections {{ edges {{ node {{ text program {{ name }} }} }} }} }} }} }}"""
PREVIEW = """query($consent: PreviewConsentInput!) { previewConsent(consent: $consent) {
    ... on ConsentPreviewed { covered people { individual { name } } terms
        requestsAnswered { id } } } }"""


class Asked(Setting):
    """The setting, with an executive who has an objection answered and a consent."""

    def __init__(self, engine: SqliteEngine) -> None:
        super().__init__(engine)
        found = self.client.query(self.rep, "{ viewer { partner { id } } }")
        self.partner = found["viewer"]["partner"]["id"]
        self.executive = self.client.person("PARTNER_EXECUTIVE", self.partner)
        raised = self.client.do(
            self.executive,
            "raiseObjection",
            "... on ObjectionRaised { objection { id } }",
            partnerId=self.partner,
            programId=self.program,
            category="OTHER",
            text="No.",
        )
        answer = {"objectionId": raised["objection"]["id"], "answer": "Yes."}
        self.client.do(self.manager, "answerObjection", "", **answer)

    def reads(self, who: Person, document: str, **given: object) -> int:
        """How many waves a query costs, all of them reads."""
        waves = self.waves_of(lambda: self.client.query(who, document, **given))
        assert {"read"} == set(waves)
        return len(waves)


@pytest.fixture
def asked(sqlite_engine: SqliteEngine) -> Asked:
    """Give the setting."""
    return Asked(sqlite_engine)


def test_the_screens_of_rep_and_executive_cost_no_more_with_their_inboxes(asked: Asked) -> None:
    """Who asks, then all else: the company's id is known by then."""
    told = asked.client.query(asked.rep, REP)["viewer"]["inbox"]["items"]
    answered = asked.client.query(asked.executive, EXECUTIVE)["viewer"]["inbox"]["items"]

    assert {"EARNING_AVAILABLE", "CONSENT_GRANTED"} <= {one["kind"] for one in told}
    assert ["OBJECTION_ANSWERED"] == [one["kind"] for one in answered]
    assert 2 == asked.reads(asked.rep, REP)
    assert 2 == asked.reads(asked.executive, f"{{ viewer {{ {ITEMS} }} }}")
    assert 2 == asked.reads(asked.executive, EXECUTIVE)
    assert 2 == asked.reads(asked.executive, "{ viewer { partner { consents { id } } } }")


def test_the_vendors_inbox_costs_as_much_whatever_waits(asked: Asked) -> None:
    """Who asks, the lists, and the newest of each with the budgets."""
    document = f"{{ viewer {{ {ITEMS} }} }}"
    few = asked.reads(asked.manager, document)
    for number in range(12):
        asked.client.register(asked.rep, asked.program, reference=f"R-{number}")

    assert few == asked.reads(asked.manager, document) == 3


def test_a_preview_costs_two_waves_beside_who_asks(asked: Asked) -> None:
    """However many people it would cover."""
    given = {"partnerId": asked.partner, "programId": asked.program}
    one = asked.reads(asked.executive, PREVIEW, consent=given)
    for _ in range(5):
        asked.client.person("SALES_REP", asked.partner)

    assert one == asked.reads(asked.executive, PREVIEW, consent=given) == 3
