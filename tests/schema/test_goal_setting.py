"""Who sets goals, and who is told what people earn on the way to them."""

from typing import Any

from tests.schema.client import Client, Person
from tests.schema.test_goals import Aiming, dollars, money


def test_N10_an_executive_divides_what_the_vendor_has_set(client: Client) -> None:
    """Equal parts to the cent for five people, summed up by team."""
    aiming = Aiming(client, bonus=False)
    company = aiming.tree()[0]
    assert "NotPermitted" == aiming.cascade(company, by=aiming.executive)["__typename"]
    aiming.cascade(company)

    answer = aiming.cascade(by=aiming.executive, equally=True)

    assert answer["tree"]["company"]["addsUp"] is True
    tree = aiming.screen(aiming.executive)
    goals = [edge["node"]["goal"]["goal"] for edge in tree["individuals"]["edges"]]
    assert [money("60000.00")] * 5 == goals
    assert {"Field": money("120000.00"), "Inside": money("180000.00")} == {
        team["name"]: team["goal"]["goal"] for team in tree["teams"]
    }


def test_N10_targets_that_pay_bonuses_are_the_vendor_s_to_set(client: Client) -> None:
    """Also with the company as payee, nobody lowers a goal to collect what the vendor pays."""
    aiming = Aiming(client)
    set_up = aiming.cascade(*aiming.tree(), over=aiming.beyond())
    rep, told = aiming.reps[0].id, "... on NotPermitted { message requiredRoles }"
    given = {"programId": aiming.program, "goalCode": "Q"}
    lowered = [
        client.do(aiming.executive, "setGoal", told, **given, **aiming.target(one, "1.00", "1.00"))
        for one in (rep, aiming.field)
    ]
    no_target = client.do(
        aiming.executive, "cascadeGoals", told, **given, partnerId=aiming.partner, targets=[]
    )
    aiming.sell(aiming.reps[0], "50000.00")

    assert "GoalsCascaded" == set_up["__typename"]
    for refused in (*lowered, no_target):
        assert "This goal pays bonuses: the vendor sets its targets." == refused["message"]
        assert ["ADMIN", "CHANNEL_MANAGER"] == refused["requiredRoles"]
    assert ["1500.00", "2420.00", "3200.00"] == dollars(
        aiming.individual(aiming.reps[0])["earnings"]
    )


def earnings(aiming: Aiming, who: Person) -> tuple[list[Any], Any]:
    """What is told of what each rep earns, in the tree; and of the first when its goal is set."""
    edges = aiming.screen(who)["individuals"]["edges"]
    found = {edge["node"]["partyId"]: edge["node"]["goal"]["earnings"] for edge in edges}
    told = "... on GoalSet { goals { earnings { now { money { amount } } } } }"
    given = {"programId": aiming.program, "goalCode": "Q"}
    same = aiming.target(aiming.reps[0].id, "64000.00", "80000.00")
    (goal,) = aiming.client.do(who, "setGoal", told, **given, **same)["goals"]
    return [found[rep.id] for rep in aiming.reps], goal["earnings"]


def test_amounts_of_a_person_are_told_once_it_has_accepted_the_terms_that_say_so(
    client: Client,
) -> None:
    """Not those of people who earned under terms that kept them to themselves."""
    aiming = Aiming(client, bonus=False)
    aiming.cascade(*aiming.tree(), over=aiming.beyond())
    aiming.sell(aiming.reps[0], "50000.00")
    told = []

    def look() -> None:
        told.append(earnings(aiming, aiming.executive))

    look()
    client.do(
        aiming.manager,
        "updateTerms",
        "",
        programId=aiming.program,
        terms="Your executive sees what you earn.",
        disclosesAmounts=True,
    )
    client.world.wait()
    look()
    given = {"partnerId": aiming.partner, "programId": aiming.program}
    client.do(aiming.reps[0], "enroll", "", termsVersion=2, **given)
    look()

    nobody = ([None] * 5, None)
    assert [nobody, nobody] == told[:2]
    tree, own = told[2]
    assert [None] * 4 == tree[1:]
    assert "1500.00" == dollars(tree[0])[0] == own["now"][0]["money"]["amount"]
