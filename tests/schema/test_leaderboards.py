"""C29 through the API: leaderboards by opt-in, without money, names or numbers of anybody else."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal_api.domain.leaderboards import LeaderboardEntry
from portal_api.domain.partners import Individual, PersonStatus
from portal_api.domain.writes import Save
from portal_api.schema.ids import encoded, split
from portal_api.services import leaderboards
from portal_api.storage.sqlite import SqliteEngine
from portal_api.storage.store import TableStore
from tests.schema.client import Client, Person
from tests.schema.planning import TRAINING, create, paying, publish_plan
from tests.schema.test_round_trips import CountingEngine
from tests.services.world import World

BOARD = """query($programId: ID!, $scope: BoardScope! = PROGRAM,
        $measure: BoardMeasure! = DEALS_REGISTERED, $goalCode: String, $partnerId: ID,
        $first: Int! = 100) {
    leaderboard(programId: $programId, scope: $scope, measure: $measure, goalCode: $goalCode,
            partnerId: $partnerId, first: $first) {
        people reason places { rank displayName score isMe partner { id } }
        me { rank displayName score isMe } } }"""
Board = dict[str, Any]


class Contest:
    """Two partners with people who take part in a program of deals and courses."""

    def __init__(self, client: Client, mine: int = 3, theirs: int = 2) -> None:
        self.client = client
        self.manager = client.person("CHANNEL_MANAGER")
        client.behavior(self.manager)
        self.program = create(client, self.manager)
        rule = paying("trained", TRAINING, assetCode="POINTS")
        published = publish_plan(client, self.manager, self.program, rule, goals=self._goals())
        assert "PlanPublished" == published["__typename"], published
        self.partner, self.other = client.partner(), client.partner(name="Rival")
        self.executive = client.person("PARTNER_EXECUTIVE", self.partner)
        self.reps = [self.rep(self.partner, name) for name in ("Lynx", "Otter", "Wren")[:mine]]
        self.rivals = [self.rep(self.other, name) for name in ("Heron", "Stoat")[:theirs]]

    def _goals(self) -> list[dict[str, Any]]:
        start = self.client.world.now
        window = {"startsAt": start.isoformat(), "endsAt": (start + timedelta(300)).isoformat()}
        courses = {"measure": "BEHAVIOR_COUNT", "behavior": "TRAINING"}
        return [
            {"code": "C", "name": "Courses", **courses, **window},
            {"code": "R", "name": "Revenue", "measure": "WON_REVENUE", **window},
        ]

    def rep(self, partner: str, name: str | None) -> Person:
        """Somebody who is enrolled, and on the board where a name is given."""
        person = self.client.person("SALES_REP", partner)
        self.client.enroll(person, partner, self.program)
        if name is not None:
            assert "LeaderboardJoined" == self.join(person, name)["__typename"]
        return person

    def join(self, who: Person, name: str, **given: Any) -> dict[str, Any]:
        wish = {"programId": self.program, "displayName": name}
        told = "... on LeaderboardJoined { displayName } ... on NotEnrolled { programId }"
        return self.client.do(who, "joinLeaderboard", told, **wish, **given)

    def leave(self, who: Person, **given: Any) -> dict[str, Any]:
        told = "... on LeaderboardLeft { programId }"
        return self.client.do(who, "leaveLeaderboard", told, programId=self.program, **given)

    def deals(self, who: Person, registered: int, won: int = 0) -> None:
        """Approved registrations, some of them won."""
        for number in range(registered):
            deal = self.client.register(who, self.program)
            self.client.approve(self.manager, deal)
            if number < won:
                self.client.win(self.manager, deal)

    def board(self, who: Person, **given: Any) -> Board | None:
        """A board as somebody sees it."""
        found = self.client.query(who, BOARD, programId=self.program, **given)["leaderboard"]
        shown: Board | None = found
        return shown

    def kept_name(self, who: Person) -> str:
        """The name on the board as it is stored."""
        own = ".".join((split(self.partner)[1], who.user_name, split(self.program)[1]))
        entry = self.client.world.load(LeaderboardEntry, own)
        assert entry is not None
        return entry.display_name

    def change(self, who: Person, **given: Any) -> None:
        """Changes a person's record, beside the API."""
        world = self.client.world
        record = world.load(Individual, who.user_name)
        assert record is not None
        if "move" in given:
            present = record.employments[-1]
            ended = replace(present, valid_to=world.now)
            moved = replace(present, valid_from=world.now, team_id=None, **given.pop("move"))
            given["employments"] = (*record.employments[:-1], ended, moved)
        world.store.commit([Save(replace(record, **given))])


def places(board: Board | None) -> list[tuple[int, str, int]]:
    assert board is not None
    return [(one["rank"], one["displayName"], int(one["score"])) for one in board["places"]]


def names(board: Board | None) -> set[str]:
    return {name for _, name, _ in places(board)}


def test_C29_people_who_opted_in_are_ranked_and_ties_share_a_rank(client: Client) -> None:
    """Within a program: 3, 2, 2, 0, 0. Somebody who did more, and has not joined, is not there."""
    contest = Contest(client)
    lynx, otter, wren = contest.reps
    heron, _ = contest.rivals
    for who, count in ((otter, 3), (lynx, 2), (heron, 2)):
        contest.deals(who, count)
    contest.deals(contest.rep(contest.partner, None), 4)

    board = contest.board(wren)

    expected = [(1, "Otter", 3), (2, "Heron", 2), (2, "Lynx", 2), (4, "Stoat", 0), (4, "Wren", 0)]
    assert expected == places(board)
    assert board is not None
    assert (5, None) == (board["people"], board["reason"])
    assert {"rank": 4, "displayName": "Wren", "score": 0, "isMe": True} == board["me"]
    assert [False] * 4 + [True] == [one["isMe"] for one in board["places"]]
    first = contest.board(wren, first=2)
    assert first is not None
    assert (expected[:2], 5, board["me"]) == (places(first), first["people"], first["me"])


def test_C29_a_board_counts_wins_and_goals_that_count(client: Client) -> None:
    """Won deals, and the progress to a goal of courses."""
    contest = Contest(client, theirs=0)
    lynx, otter, wren = contest.reps
    contest.deals(lynx, 2, won=1)
    contest.deals(otter, 1, won=1)
    for number in range(2):
        client.record(wren, wren, contest.program, f"course-{number}")

    won = contest.board(lynx, measure="DEALS_WON")
    courses = contest.board(lynx, measure="GOAL", goalCode="C")

    assert [(1, "Lynx", 1), (1, "Otter", 1), (3, "Wren", 0)] == places(won)
    assert [(1, "Wren", 2), (2, "Lynx", 0), (2, "Otter", 0)] == places(courses)


def test_C29_another_partners_people_are_never_on_a_companys_board(client: Client) -> None:
    """Nor does a program's board name the companies of anybody, but to the vendor."""
    contest = Contest(client, theirs=2)
    contest.rep(contest.other, "Adder")
    lynx, adder = contest.reps[0], contest.rivals[0]
    mine, theirs = {"Lynx", "Otter", "Wren"}, {"Heron", "Stoat", "Adder"}

    own = contest.board(lynx, scope="COMPANY")
    assert mine == names(own)
    assert theirs == names(contest.board(adder, scope="COMPANY"))
    assert own is not None
    assert {contest.partner} == {one["partner"]["id"] for one in own["places"]}
    assert contest.board(lynx, scope="COMPANY", partnerId=contest.other) is None

    everybody = contest.board(lynx)
    assert mine | theirs == names(everybody)
    assert everybody is not None
    assert [None] * 6 == [one["partner"] for one in everybody["places"]]
    assert "Rival" not in json.dumps(everybody)
    vendors = contest.board(contest.manager)
    assert vendors is not None
    assert {contest.partner, contest.other} == {one["partner"]["id"] for one in vendors["places"]}


def test_C29_a_board_is_for_who_is_on_it_its_executive_and_the_vendor(client: Client) -> None:
    """An executive sees its own company's alone; a person of the staff that has not joined none."""
    contest = Contest(client)
    rival = client.person("PARTNER_EXECUTIVE", contest.other)
    outsider = contest.rep(contest.partner, None)
    partner, other = contest.partner, contest.other

    assert names(contest.board(contest.executive, scope="COMPANY")) == {"Lynx", "Otter", "Wren"}
    assert contest.board(contest.executive) is None
    assert contest.board(contest.executive, scope="COMPANY", partnerId=other) is None
    assert contest.board(rival, scope="COMPANY", partnerId=partner) is None
    for scope in ("COMPANY", "PROGRAM"):
        refused = contest.board(outsider, scope=scope)
        assert refused is not None
        assert ("NOT_JOINED", [], None) == (refused["reason"], refused["places"], refused["people"])
    assert names(contest.board(contest.manager, scope="COMPANY", partnerId=partner)) == {
        "Lynx",
        "Otter",
        "Wren",
    }
    assert contest.board(contest.manager, scope="COMPANY") is None
    assert 5 == len(names(contest.board(contest.manager)))


def test_C29_a_board_of_fewer_than_three_shows_nobody(client: Client) -> None:
    """Two on the company's board, five on the program's; it fills when a third one joins."""
    contest = Contest(client)
    heron = contest.rivals[0]

    few = contest.board(heron, scope="COMPANY")
    empty: Board = {"people": None, "reason": "TOO_FEW_PEOPLE", "places": [], "me": None}
    assert empty == few
    vendors = contest.board(contest.manager, scope="COMPANY", partnerId=contest.other)
    assert empty == vendors
    assert 5 == len(places(contest.board(heron)))
    contest.rep(contest.other, "Adder")
    assert {"Adder", "Heron", "Stoat"} == names(contest.board(heron, scope="COMPANY"))


def test_C29_whoever_leaves_the_board_is_gone_at_once_and_its_name_forgotten(
    client: Client,
) -> None:
    """And sees it no more; joining again takes another name."""
    contest = Contest(client)
    lynx = contest.reps[0]

    left = contest.leave(lynx)

    assert ("LeaderboardLeft", contest.program) == (left["__typename"], left["programId"])
    assert "Lynx" not in names(contest.board(contest.reps[1]))
    refused = contest.board(lynx)
    assert refused is not None
    assert "NOT_JOINED" == refused["reason"]
    assert "" == contest.kept_name(lynx)
    assert "NotFound" == contest.leave(lynx)["__typename"]
    contest.join(lynx, "Bobcat")
    assert {"Bobcat", "Otter"} <= names(contest.board(lynx))


@pytest.mark.parametrize(
    "change",
    [
        {"status": PersonStatus.SUSPENDED},
        {"status": PersonStatus.ERASED},
        {"move": {"partner_id": "ptn-elsewhere"}},
        {"move": {"role": "PARTNER_EXECUTIVE"}},
        {"employments": ()},
    ],
    ids=str,
)
def test_C29_whoever_may_not_be_on_a_board_is_gone_from_it_at_once(
    quick_client: Client, change: dict[str, Any]
) -> None:
    """The suspended, the erased, movers, the promoted, and leavers; nothing else is done."""
    contest = Contest(quick_client)
    lynx, otter, _ = contest.reps
    quick_client.world.wait()
    contest.change(lynx, **change)
    assert {"Otter", "Wren", "Heron", "Stoat"} == names(contest.board(otter))
    few = contest.board(otter, scope="COMPANY")
    assert few is not None
    assert "TOO_FEW_PEOPLE" == few["reason"]


def test_C29_whoever_ends_its_enrollment_is_gone_at_once(client: Client) -> None:
    """It takes no part, and neither does its name."""
    contest = Contest(client)
    lynx, otter, _ = contest.reps
    ended = {"partnerId": contest.partner, "programId": contest.program}
    client.do(lynx, "endEnrollment", "", **ended)
    assert "Lynx" not in names(contest.board(otter))


def test_C29_whoever_is_erased_has_no_name_on_a_board(client: Client) -> None:
    """It is forgotten with the others."""
    contest = Contest(client)
    lynx = contest.reps[0]
    assert "Lynx" == contest.kept_name(lynx)
    client.world.wait()
    for mutation in ("endEmployment", "eraseIndividual"):
        answer = client.do(client.admin, mutation, "", individualId=lynx.id)
        assert answer["__typename"] in ("EmploymentEnded", "IndividualErased"), answer
    assert "" == contest.kept_name(lynx)


def test_C29_a_mover_joins_where_it_works_now(quick_client: Client) -> None:
    """On the old company's board it is not seen, on the new one's once it has joined there."""
    client = quick_client
    contest = Contest(client)
    lynx, otter, _ = contest.reps
    contest.deals(lynx, 1)
    client.world.wait()
    contest.change(lynx, move={"partner_id": split(contest.other)[1]})

    assert "NotEnrolled" == contest.join(lynx, "Lynx")["__typename"]
    client.enroll(lynx, contest.other, contest.program)
    assert "LeaderboardJoined" == contest.join(lynx, "Lynx")["__typename"]

    assert {"Heron", "Stoat", "Lynx"} == names(contest.board(lynx, scope="COMPANY"))
    shown = [place for place in places(contest.board(otter)) if place[1] == "Lynx"]
    assert [(1, "Lynx", 0)] == shown  # What was done at the old partner stays there.


def test_C29_joining_needs_an_enrollment_and_again_changes_the_name(client: Client) -> None:
    """A retry answers the same; the same name again changes nothing."""
    contest = Contest(client)
    stranger = client.person("SALES_REP", contest.partner)
    refused = contest.join(stranger, "Fox")
    assert ("NotEnrolled", contest.program) == (refused["__typename"], refused["programId"])

    lynx = contest.reps[0]
    again = client.request_id()
    for _ in range(2):
        answer = contest.join(lynx, "  Bobcat ", again=again)
        assert ("LeaderboardJoined", "Bobcat") == (answer["__typename"], answer["displayName"])
    contest.join(lynx, "Bobcat")
    assert {"Bobcat", "Otter", "Wren", "Heron", "Stoat"} == names(contest.board(lynx))
    for bad in ("", " ", "x" * 61, "a\nb"):
        assert "InvalidInput" == contest.join(lynx, bad)["__typename"]


@pytest.mark.parametrize("taken", ["Otter", " otter ", "\uff2fTTER", "Heron"])
def test_C29_a_name_on_a_board_is_one_persons(quick_client: Client, taken: str) -> None:
    """Also another partner's, whatever the case; and its own is nobody else's when it is kept."""
    contest = Contest(quick_client)
    lynx = contest.reps[0]
    refused = contest.join(lynx, taken)
    assert ("DisplayNameTaken", "DISPLAY_NAME_TAKEN") == (refused["__typename"], refused["code"])
    assert "Lynx" == contest.kept_name(lynx)
    assert "LeaderboardJoined" == contest.join(lynx, "LYNX")["__typename"]
    other = create(quick_client, contest.manager)
    quick_client.enroll(lynx, contest.partner, other)
    wish = {"programId": other, "displayName": taken}
    assert "LeaderboardJoined" == quick_client.do(lynx, "joinLeaderboard", "", **wish)["__typename"]


def test_C29_a_name_that_is_given_up_is_free(client: Client) -> None:
    """By taking another, by leaving the board, and by being erased."""
    contest = Contest(client)
    lynx, otter, wren = contest.reps
    late = contest.rep(contest.partner, None)

    def joined(name: str) -> bool:
        return bool("LeaderboardJoined" == contest.join(late, name)["__typename"])

    contest.join(lynx, "Bobcat")
    assert [True, False] == [joined("Lynx"), joined("Bobcat")]
    contest.leave(otter)
    assert [True, False] == [joined("Otter"), joined("Wren")]
    client.world.wait()
    client.do(client.admin, "endEmployment", "", individualId=wren.id)
    assert not joined("Wren")
    client.do(client.admin, "eraseIndividual", "", individualId=wren.id)
    assert joined("Wren")


def test_C29_a_movers_name_goes_with_it(quick_client: Client) -> None:
    """At the old partner nothing is left of it: neither a place nor the name."""
    client = quick_client
    contest = Contest(client)
    lynx, otter, _ = contest.reps
    old = ".".join((split(contest.partner)[1], lynx.user_name, split(contest.program)[1]))
    client.world.wait()
    contest.change(lynx, move={"partner_id": split(contest.other)[1]})
    client.enroll(lynx, contest.other, contest.program)
    assert "LeaderboardJoined" == contest.join(lynx, "Lynx")["__typename"]
    left = client.world.load(LeaderboardEntry, old)
    assert left is not None
    assert ("", client.world.now) == (left.display_name, left.left_at)
    assert "DisplayNameTaken" == contest.join(otter, "Lynx")["__typename"]
    contest.join(lynx, "Bobcat")
    assert "LeaderboardJoined" == contest.join(otter, "Lynx")["__typename"]


def test_C29_a_full_board_takes_nobody_more(
    quick_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But who is on it can change its name, and who leaves makes room."""
    monkeypatch.setattr(leaderboards, "BOARD_MAX", 3)
    contest = Contest(quick_client, theirs=0)
    late = contest.rep(contest.partner, None)
    assert "LeaderboardFull" == contest.join(late, "Late")["__typename"]
    assert "LeaderboardJoined" == contest.join(contest.reps[0], "Bobcat")["__typename"]
    contest.leave(contest.reps[1])
    assert "LeaderboardJoined" == contest.join(late, "Late")["__typename"]
    assert {"Bobcat", "Wren", "Late"} == names(contest.board(late))


@pytest.mark.parametrize(
    "given",
    [
        {"measure": "GOAL", "goalCode": "R"},
        {"measure": "GOAL", "goalCode": "NONE"},
        {"measure": "GOAL"},
        {"measure": "DEALS_WON", "goalCode": "C"},
    ],
    ids=str,
)
def test_C29_no_board_shows_money(quick_client: Client, given: dict[str, Any]) -> None:
    """A goal of revenue, one that there is none of, and a code where none is asked for."""
    contest = Contest(quick_client)
    wish = {"programId": contest.program, **given}
    answer = quick_client.answer(contest.reps[0], BOARD, **wish)
    assert "INVALID_INPUT" == answer["errors"][0]["extensions"]["code"]


def test_C29_a_program_that_is_not_there_has_no_board(quick_client: Client) -> None:
    """Null, as for all that cannot be seen."""
    contest = Contest(quick_client)
    nowhere = quick_client.query(contest.manager, BOARD, programId=encoded("Program", "prg-0"))
    assert nowhere["leaderboard"] is None


def test_C29_a_board_costs_three_round_trips_however_many_are_on_it(
    sqlite_engine: SqliteEngine,
) -> None:
    """Who asks; who has joined; who they are and what they have done."""
    counting = CountingEngine(sqlite_engine)
    contest = Contest(Client(World(TableStore(counting))))
    counting.waves.clear()
    contest.board(contest.reps[0])
    assert ["read"] * 3 == counting.waves
