"""What the lack of a consent has cost, what one would change, and what of it an executive is told.

In every story a registration is approved that would have earned 150.00.
"""

import itertools
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pytest

from portal_api.schema.ids import split
from tests.schema.client import Client, Person, results, usd
from tests.schema.planning import create, paying, publish_plan

MONEY = "money { amount currencyCode } points"
AMOUNTS = "money { amount } points"
PREVIEW = f"""query($consent: PreviewConsentInput!) {{ previewConsent(consent: $consent) {{
    __typename ... on ConsentPreviewed {{
      possible refusal {{ code message }} covered alreadyCovered enrolled complete
      people {{ enrolled alreadyCovered individual {{ id }} }}
      wouldHaveEarned {{ {AMOUNTS} }} paidAfterwards {{ {AMOUNTS} }}
      rebates {{ program {{ id }} accruesNow wouldAccrue rules {{ ruleCode period rate nextRate
        counted {{ amount }} notCounted {{ amount }} missing {{ amount }} words }} }}
      termsVersion terms requestsAnswered {{ id status }} notes }}
    ... on Refusal {{ code }} ... on NotFound {{ field }} }} }}"""
FORGONE = f"""query($id: ID!) {{ node(id: $id) {{
    ... on Partner {{ forgoneEarnings {{ program {{ id }} amounts {{ {AMOUNTS} }} }} }}
    ... on Individual {{ forgoneEarnings {{ program {{ id }} amounts {{ {AMOUNTS} }} }} }} }} }}"""


def dollars(amount: str) -> list[dict[str, Any]]:
    return [{"money": {"amount": amount}, "points": None}]


class Staff:
    """A partner of two teams without consent, and a program in which its people do something."""

    def __init__(self, client: Client, kind: str = "VAR", **program: Any) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        self.partner = client.partner(kind, teamNames=["North", "South"])
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.starts_at = client.world.now.isoformat()
        self.program = client.program(self.manager, **program)
        document = "query($id: ID!) { node(id: $id) { ... on Partner { teams { id } } } }"
        found = client.query(self.manager, document, id=self.partner)["node"]["teams"]
        self.north, self.south = (team["id"] for team in found)
        self.reps: list[Person] = []

    def rep(self, team: str | None = None, *, deals: int = 1, enroll: bool = True) -> Person:
        """Somebody new who has registered so many deals, all of them approved."""
        rep = self.client.person("SALES_REP", self.partner, team or self.north)
        if enroll:
            self.client.enroll(rep, self.partner, self.program)
        self.client.world.wait()
        for _ in range(deals):
            self.client.approve(self.manager, self.client.register(rep, self.program))
        self.reps.append(rep)
        return rep

    def preview(self, who: Person, **given: Any) -> dict[str, Any]:
        """A preview as somebody asks for it."""
        consent = {"partnerId": self.partner, "programId": self.program, **given}
        answer: dict[str, Any] = self.client.query(who, PREVIEW, consent=consent)["previewConsent"]
        return answer

    def forgone(self, who: Person, of: str | None = None) -> Any:
        """The amounts that the company, or somebody, went without: as somebody is told."""
        found = self.client.query(who, FORGONE, id=of or self.partner)["node"]["forgoneEarnings"]
        return found and [one["amounts"] for one in found]


def test_C22_the_staff_shows_what_it_would_have_earned_until_it_is_paid(client: Client) -> None:
    """Three people and more to the executive; each person its own; nothing is gone by a consent."""
    staff = Staff(client)
    first = staff.rep()
    staff.rep()
    of_two = staff.forgone(staff.executive), staff.forgone(staff.manager)
    staff.rep()
    of_three = staff.forgone(staff.executive)
    own = staff.forgone(first, first.id)
    client.consent(staff.executive, staff.partner, staff.program)
    client.world.wait()
    client.approve(staff.manager, client.register(first, staff.program))

    assert ([None], [dollars("300.00")]) == of_two
    assert [dollars("450.00")] == of_three == staff.forgone(staff.executive)
    assert [dollars("150.00")] == own
    colleague = staff.reps[1]
    for who in (colleague, staff.executive):
        assert None is staff.forgone(who, first.id)
    assert None is staff.forgone(first)


def test_C17_a_consent_is_previewed_and_then_changes_what_was_told(client: Client) -> None:
    """Who is covered, who would earn at once, which request is answered, and the terms."""
    staff = Staff(client)
    asking, other = staff.rep(), staff.rep(enroll=False)
    staff.rep(staff.south)
    request = client.do(
        asking,
        "requestConsent",
        "... on ConsentRequested { consentRequest { id } }",
        partnerId=staff.partner,
        programId=staff.program,
    )["consentRequest"]["id"]
    before = staff.preview(staff.executive)
    team = staff.preview(staff.executive, teamIds=[staff.north])
    journals = client.world.journals(split(asking.id)[1].partition(".")[2])
    granted = client.consent(staff.executive, staff.partner, staff.program)
    after = staff.preview(staff.executive)
    client.world.wait()
    earned = client.approve(staff.manager, client.register(asking, staff.program))

    assert (True, None, 3, 0, 2, True) == tuple(
        before[name]
        for name in ("possible", "refusal", "covered", "alreadyCovered", "enrolled", "complete")
    )
    assert {(rep.id, rep != other, False) for rep in staff.reps} == {
        (one["individual"]["id"], one["enrolled"], one["alreadyCovered"])
        for one in before["people"]
    }
    assert [{"id": request, "status": "PENDING"}] == before["requestsAnswered"]
    assert (1, "Sell honestly.") == (before["termsVersion"], before["terms"])
    assert dollars("450.00") == before["wouldHaveEarned"]
    assert "1 of the covered person has not accepted" in before["notes"][0]
    assert (2, [request]) == (team["covered"], [one["id"] for one in team["requestsAnswered"]])
    assert [] == journals
    assert "ConsentGranted" == granted["__typename"]
    assert (3, []) == (after["alreadyCovered"], after["requestsAnswered"])
    assert "AWARDED" == earned["activity"]["outcomes"][0]["status"]


def test_C18_a_preview_says_why_a_part_of_a_company_wide_partner_cannot_consent(
    client: Client,
) -> None:
    """The refusal is a typed value in the answer, with all the rest of it."""
    staff = Staff(client, "DMR")
    rep = staff.rep()
    part = staff.preview(staff.executive, individualIds=[rep.id])
    whole = staff.preview(staff.executive)

    assert (False, "COMPANY_WIDE_CONSENT_REQUIRED", 1) == (
        part["possible"],
        part["refusal"]["code"],
        part["covered"],
    )
    assert (True, None) == (whole["possible"], whole["refusal"])


def test_C22_a_retroactive_program_tells_what_it_would_pay_afterwards(client: Client) -> None:
    """To those who are enrolled; the executive is told where that is everybody."""
    staff = Staff(client, retroactive=True)
    since = {"coversFrom": staff.starts_at}
    for _ in range(3):
        staff.rep()
    of_all = staff.preview(staff.executive, **since)
    staff.rep(enroll=False)
    for_one_more = [staff.preview(who, **since) for who in (staff.executive, staff.manager)]
    for _ in range(2):
        staff.rep(enroll=False)
    for_three_more = [staff.preview(who, **since) for who in (staff.executive, staff.manager)]
    without = staff.preview(staff.executive)
    granted = client.do(
        staff.executive,
        "grantConsent",
        "... on ConsentGranted { consent { id } }",
        partnerId=staff.partner,
        programId=staff.program,
        **since,
    )
    balances = "{ viewer { individual { balances { available { money { amount } } } } } }"
    paid = [client.query(rep, balances)["viewer"]["individual"]["balances"] for rep in staff.reps]

    assert dollars("450.00") == of_all["paidAfterwards"]
    assert [None, dollars("450.00")] == [one["paidAfterwards"] for one in for_one_more]
    assert [None, dollars("450.00")] == [one["paidAfterwards"] for one in for_three_more]
    assert None is without["paidAfterwards"]
    assert "ConsentGranted" == granted["__typename"]
    expected = [[{"available": {"money": {"amount": "150.00"}}}]] * 3 + [[]] * 3
    assert expected == paid
    assert [dollars("450.00")] == staff.forgone(staff.manager)
    assert [dollars("900.00")] == staff.forgone(staff.executive)


def test_the_vendor_previews_what_would_be_paid_of_a_part_of_the_past(
    quick_client: Client,
) -> None:
    """Only what was withheld since then; an executive is not told, since it could subtract days."""
    staff = Staff(quick_client, retroactive=True)
    early = [staff.rep() for _ in range(3)]
    quick_client.world.wait()
    since = quick_client.world.now.isoformat()
    for rep in early:
        quick_client.approve(staff.manager, quick_client.register(rep, staff.program, "60000.00"))

    told = [staff.preview(who, coversFrom=since) for who in (staff.manager, staff.executive)]
    refused = Staff(quick_client)
    plain = refused.preview(refused.manager, coversFrom=since)

    assert [dollars("900.00"), None] == [one["paidAfterwards"] for one in told]
    assert dollars("1350.00") == told[1]["wouldHaveEarned"]
    assert (False, "NOT_RETROACTIVE", None) == (
        plain["possible"],
        plain["refusal"]["code"],
        plain["paidAfterwards"],
    )


def test_a_preview_counts_nobody_who_may_not_act(quick_client: Client) -> None:
    """The suspended would be covered, and earn nothing; reinstated, they count again."""
    staff = Staff(quick_client)
    reps = [staff.rep(deals=0) for _ in range(2)]

    def counted() -> tuple[int, int]:
        told = staff.preview(staff.executive)
        return told["covered"], told["enrolled"]

    before = counted()
    quick_client.do(staff.manager, "suspendIndividual", "", individualId=reps[0].id)
    without = counted()
    quick_client.do(staff.manager, "reinstateIndividual", "", individualId=reps[0].id)
    assert [(2, 2), (1, 1), (2, 2)] == [before, without, counted()]


def test_a_consents_caps_and_payee_are_told_in_words(quick_client: Client) -> None:
    staff = Staff(quick_client)
    staff.rep()
    told = staff.preview(
        staff.executive,
        caps=[{"money": usd("500.00")}, {"points": 100}],
        payee="PARTNER",
        teamIds=[staff.north],
    )["notes"]
    assert "Each person earns at most 500.00 USD under it." in told
    assert "Each person earns at most 100 points under it." in told
    assert "What is earned under it is sent to the company, for good." in told
    assert any("joins or leaves one of the teams" in one for one in told)


def test_no_choice_of_people_tells_an_executive_what_one_or_two_of_them_went_without(
    quick_client: Client,
) -> None:
    """Domain rule 2.6, of all that can be asked for together: every subset, team and role.

    What is told are sums over people. Whatever can be computed from sums is a linear combination of
    them: of all of these, none is of one person or two.
    """
    staff = Staff(quick_client, retroactive=True)
    for number, team in enumerate(
        (staff.north, staff.north, staff.north, staff.south, staff.south)
    ):
        staff.rep(team, deals=number + 1, enroll=number < 3)
    since = staff.starts_at
    later = quick_client.world.now.isoformat()
    ids = [rep.id for rep in staff.reps]
    groups: list[dict[str, Any]] = [
        {"individualIds": list(chosen)}
        for size in range(1, 6)
        for chosen in itertools.combinations(ids, size)
    ]
    groups += [{}, {"teamIds": [staff.north]}, {"teamIds": [staff.south]}]
    groups += [{"teamIds": [staff.north, staff.south]}, {"roles": ["SALES_REP"]}]
    known: list[list[Fraction]] = []
    amounts = [150 * (number + 1) for number in range(5)]
    for group, when in itertools.product(
        groups, ({}, {"coversFrom": since}, {"coversFrom": later})
    ):
        told = staff.preview(staff.executive, **group, **when)
        there = [one["individual"]["id"] for one in told["people"]]
        for name in ("wouldHaveEarned", "paidAfterwards"):
            if told[name]:
                enrolled = [
                    rep in there and (name == "wouldHaveEarned" or rep in ids[:3]) for rep in ids
                ]
                whole = sum(amount for amount, one in zip(amounts, enrolled, strict=True) if one)
                assert dollars(f"{whole}.00") == told[name]
                known.append([Fraction(int(one)) for one in enrolled])
    whole_company = staff.forgone(staff.executive)

    assert [dollars("2250.00")] == whole_company
    assert known
    for pair in itertools.combinations_with_replacement(range(5), 2):
        wished = [Fraction(int(place in pair)) for place in range(5)]
        assert rank([*known, wished]) > rank(known), pair


def rank(rows: Sequence[Sequence[Fraction]]) -> int:
    """How many of the rows are independent."""
    left, found = [list(row) for row in rows], 0
    for column in range(len(left[0]) if left else 0):
        pivot = next((row for row in left if row[column]), None)
        if pivot is None:
            continue
        left.remove(pivot)
        found += 1
        left = [
            [
                one - other * row[column] / pivot[column]
                for one, other in zip(row, pivot, strict=True)
            ]
            for row in left
        ]
    return found


REBATE: dict[str, Any] = {
    "rebate": {
        "period": "QUARTER",
        "bands": [{"start": 0, "rateBps": 100}, {"start": 10_000_000, "rateBps": 300}],
    }
}


def test_C20_a_preview_tells_which_rebate_a_consent_unlocks(client: Client) -> None:
    """As rebates are decided: what was won without participation stays without, the rest counts."""
    staff = Staff(client)
    rep = staff.rep(deals=0)
    rebate = create(client, staff.manager, name="Rebate", participationInId=staff.program)
    publish_plan(client, staff.manager, rebate, paying("rebate", REBATE, level="PARTNER"))
    client.world.wait()

    def sell(amount: str) -> list[tuple[str, str, str | None]]:
        deal = client.register(rep, rebate, amount)
        client.approve(staff.manager, deal)
        return results(client.win(staff.manager, deal, amount))

    without = sell("20000.00")
    (before,) = staff.preview(staff.executive)["rebates"]
    (part,) = staff.preview(staff.executive, individualIds=[rep.id])["rebates"]
    client.consent(staff.executive, staff.partner, staff.program)
    client.world.wait()
    covered = sell("60000.00")
    (after,) = staff.preview(staff.executive)["rebates"]

    assert [("WITHHELD", "200.00", "NO_PARTICIPATION")] == without
    assert (rebate, False, True) == (
        before["program"]["id"],
        before["accruesNow"],
        before["wouldAccrue"],
    )
    (rule,) = before["rules"]
    assert ("rebate", "Q2026-1", "1", "0.00", "20000.00") == (
        rule["ruleCode"],
        rule["period"],
        rule["rate"],
        rule["counted"]["amount"],
        rule["notCounted"]["amount"],
    )
    assert ("3", "100000.00") == (rule["nextRate"], rule["missing"]["amount"])
    assert "In Q2026-1 0.00 USD count so far, and 20000.00 USD do not." in rule["words"]
    assert rule["words"].endswith("With this consent what is sold from then on counts.")
    assert (False, False) == (part["accruesNow"], part["wouldAccrue"])
    assert [("AWARDED", "600.00", None)] == covered
    assert (True, True) == (after["accruesNow"], after["wouldAccrue"])
    (rule,) = after["rules"]
    assert ("60000.00", "20000.00") == (rule["counted"]["amount"], rule["notCounted"]["amount"])


@pytest.mark.parametrize("role", ["SALES_REP", "MARKETER"])
def test_a_preview_is_for_the_companys_executive_and_the_vendor(
    quick_client: Client, role: str
) -> None:
    staff = Staff(quick_client)
    rival = quick_client.person("PARTNER_EXECUTIVE", quick_client.partner())
    colleague = quick_client.person(role, staff.partner)
    assert "NOT_PERMITTED" == staff.preview(colleague)["code"]
    assert "partnerId" == staff.preview(rival)["field"]
    stranger = quick_client.person("SALES_REP", quick_client.partner())
    assert "individualIds" == staff.preview(staff.executive, individualIds=[stranger.id])["field"]
    assert True is staff.preview(staff.manager)["possible"]


def test_two_previews_are_not_asked_for_at_once(quick_client: Client) -> None:
    """A heavy field of the root: once in a document, whatever its name there is."""
    staff = Staff(quick_client)
    twice = """query($c: PreviewConsentInput!) {
        a: previewConsent(consent: $c) { __typename }
        b: previewConsent(consent: $c) { __typename } }"""
    given = {"partnerId": staff.partner, "programId": staff.program}
    (error,) = quick_client.answer(staff.executive, twice, c=given)["errors"]
    assert "previewConsent at most once" in error["message"]


def test_who_enrolls_or_leaves_changes_nothing_that_an_executive_could_subtract(
    quick_client: Client,
) -> None:
    """What would be paid of a part of the people is never told, whoever is in it by and by."""
    staff = Staff(quick_client, retroactive=True)
    enrolled = [staff.rep(deals=number + 1) for number in range(4)]
    others = [staff.rep(enroll=False) for _ in range(3)]
    since = {"coversFrom": staff.starts_at}
    told = [staff.preview(staff.executive, **since)]
    for rep in others:
        quick_client.enroll(rep, staff.partner, staff.program)
        told.append(staff.preview(staff.executive, **since))
    quick_client.do(staff.executive, "endEmployment", "", individualId=enrolled[3].id)
    told.append(staff.preview(staff.executive, **since))

    whole = dollars("1950.00")
    assert [None, None, None, whole, None] == [one["paidAfterwards"] for one in told]
    assert [whole] * 5 == [one["wouldHaveEarned"] for one in told]


def test_C22_a_payment_afterwards_tells_no_executive_what_one_person_went_without(
    client: Client,
) -> None:
    """It consents for one after the other, and back: its sum stays; all others see it fall."""
    staff = Staff(client, retroactive=True)
    reps = [staff.rep(deals=number + 1) for number in range(4)]
    client.world.wait()
    since = {"coversFrom": staff.starts_at}

    def told() -> list[Any]:
        preview = staff.preview(staff.executive, **since)
        return [
            staff.forgone(staff.executive),
            preview["wouldHaveEarned"],
            preview["paidAfterwards"],
        ]

    seen, lefts = [told()], [staff.forgone(staff.manager)]
    given = {"partnerId": staff.partner, "programId": staff.program, **since}
    for rep in reversed(reps):
        granted = client.do(staff.executive, "grantConsent", "", **given, individualIds=[rep.id])
        assert "ConsentGranted" == granted["__typename"]
        seen.append(told())
        lefts.append(staff.forgone(staff.manager))
    own = staff.forgone(reps[0], reps[0].id)

    whole = dollars("1500.00")
    assert [[whole], whole, whole] == seen[0]
    assert [[[whole], whole, None]] * 4 == seen[1:]
    left = [[dollars(f"{amount}.00")] for amount in (1500, 900, 450, 150)]
    assert [*left, [[]]] == lefts
    assert [] == own


def test_C17_nothing_is_granted_for_a_program_that_has_ended(client: Client) -> None:
    """Nor renewed; the preview says so, with all the rest of it."""
    staff = Staff(client)
    staff.rep()
    consent = "... on ConsentGranted { consent { id } }"
    given = {"partnerId": staff.partner, "programId": staff.program}
    client.world.wait(300)
    old = client.do(staff.executive, "grantConsent", consent, **given)["consent"]["id"]
    client.world.wait(100)
    told = "... on InvalidInput { field }"
    refused = client.do(staff.executive, "grantConsent", told, **given)
    renewed = client.do(staff.executive, "renewConsent", told, consentId=old)
    preview = staff.preview(staff.executive)

    ended = {"__typename": "InvalidInput", "code": "INVALID_INPUT"}
    ended |= {"message": "The program has ended."}
    assert ended | {"field": "programId"} == refused
    assert ended | {"field": "consentId"} == renewed
    assert False is preview["possible"]
    assert "The program has ended." == preview["refusal"]["message"]
    assert 1 == preview["covered"]


def test_a_preview_notes_that_the_program_is_not_for_the_company_now(quick_client: Client) -> None:
    """A higher tier may come: it can be granted before."""
    staff = Staff(quick_client, segment={"tiers": ["PLATINUM"]})
    preview = staff.preview(staff.executive)
    assert True is preview["possible"]
    assert "The program is not for the company as it is now" in preview["notes"][0]
    assert "as it is now" not in str(Staff(quick_client).preview(staff.manager)["notes"])


DISCLOSED = f"""query($id: ID!, $program: ID!) {{ node(id: $id) {{ ... on Partner {{
    participation {{ staffEarned {{ {AMOUNTS} }} }}
    disclosedAmounts(programId: $program) {{ edges {{ node {{ individual {{ id }}
        amounts {{ {AMOUNTS} }} }} }} pageInfo {{ hasNextPage }} }} }} }} }}"""


def test_C19_amounts_of_persons_are_told_where_the_terms_say_so_and_were_accepted(
    client: Client,
) -> None:
    """To the company's executives, of those who have accepted these terms; totals are not, then."""
    staff = Staff(client)
    client.consent(staff.executive, staff.partner, staff.program)
    reps = [staff.rep() for _ in range(4)]

    def seen(who: Person) -> Any:
        given = {"id": staff.partner, "program": staff.program}
        return client.query(who, DISCLOSED, **given)["node"]

    before = seen(staff.executive)
    changed = client.do(
        staff.manager,
        "updateTerms",
        "... on TermsUpdated { program { termsVersion } }",
        programId=staff.program,
        terms="Sell honestly; your executive sees what you earn.",
        disclosesAmounts=True,
    )
    nobody = seen(staff.executive)
    accepted = client.do(
        reps[0],
        "enroll",
        "",
        partnerId=staff.partner,
        programId=staff.program,
        termsVersion=2,
    )
    after = seen(staff.executive)

    assert (None, dollars("600.00")) == (
        before["disclosedAmounts"],
        before["participation"][0]["staffEarned"],
    )
    assert ("TermsUpdated", "Enrolled") == (changed["__typename"], accepted["__typename"])
    assert {"edges": [], "pageInfo": {"hasNextPage": False}} == nobody["disclosedAmounts"]
    own = [{"individual": {"id": reps[0].id}, "amounts": dollars("150.00")}]
    assert own == [one["node"] for one in after["disclosedAmounts"]["edges"]]
    # Less what is told of one, the total would tell of the others.
    assert None is after["participation"][0]["staffEarned"]
    assert None is seen(reps[1])["disclosedAmounts"]


def test_totals_do_not_come_back_once_amounts_of_persons_were_disclosed(client: Client) -> None:
    """Whoever kept the amounts of three could subtract them: of staff and of teams."""
    staff = Staff(client)
    client.consent(staff.executive, staff.partner, staff.program)
    for number in range(4):
        staff.rep(deals=number + 1)
    given = {"partnerId": staff.partner, "programId": staff.program}
    client.do(
        staff.manager,
        "cascadeGoals",
        "",
        **given,
        goalCode="Y",
        targets=[
            {
                "partyId": staff.partner,
                "goal": {"money": usd("700000.00")},
                "stretch": {"money": usd("700000.00")},
            }
        ],
    )
    client.do(staff.manager, "cascadeGoals", "", **given, goalCode="Y", divideEqually=True)
    asked = """query($id: ID!) { node(id: $id) { ... on Partner { participation { staffEarned {
        money { amount } } } goalTrees { teams { goal { earnings { now { points } } } } } } } }"""

    def told() -> tuple[bool, bool]:
        found = client.query(staff.executive, asked, id=staff.partner)["node"]
        goals = [team["goal"] for team in found["goalTrees"][0]["teams"]]
        totals = found["participation"][0]["staffEarned"]
        return totals is not None, any(goal and goal["earnings"] for goal in goals)

    seen = [told()]
    for version, discloses in ((2, True), (3, False), (4, False)):
        changed: dict[str, Any] = {"terms": f"V{version}", "disclosesAmounts": discloses}
        client.do(staff.manager, "updateTerms", "", programId=staff.program, **changed)
        seen.append(told())

    assert [(True, True)] + [(False, False)] * 3 == seen
