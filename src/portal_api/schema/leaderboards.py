"""Leaderboards by opt-in: joining, leaving, and the board for whoever is on it."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import strawberry

from portal_api.domain.access import Viewer
from portal_api.domain.errors import DisplayNameTaken, InvalidInput, LeaderboardFull, NotEnrolled
from portal_api.domain.goals import SMALLEST_GROUP
from portal_api.domain.leaderboards import (
    BOARD_MAX,
    BoardMeasure,
    BoardScope,
    LeaderboardEntry,
    NoPlaces,
    Place,
    is_count,
)
from portal_api.domain.partners import STAFF_ROLES
from portal_api.domain.plans import PlanVersion, plan_at
from portal_api.schema.access import Audience, declared
from portal_api.schema.accounts import shared
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.describing import described
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.nodes import find
from portal_api.schema.paging import PAGE, First, checked
from portal_api.schema.scalars import BigInt
from portal_api.services import leaderboards as services
from portal_api.services.store import Many, of_program

if TYPE_CHECKING:
    from portal_api.schema.partners import Partner

described(
    BoardScope,
    "Whose people a leaderboard has.",
    COMPANY="Those of one partner.",
    PROGRAM="Those of all partners, without the names of the others.",
)
described(
    BoardMeasure,
    "What a leaderboard counts: never money.",
    DEALS_REGISTERED="Approved registrations in the program.",
    DEALS_WON="Deals won in the program, less those returned.",
    GOAL="The progress to a goal that counts; goalCode says which.",
)
described(
    NoPlaces,
    "Why a leaderboard shows nobody.",
    NOT_JOINED="It is for who is on it: joinLeaderboard.",
    TOO_FEW_PEOPLE=f"Fewer than {SMALLEST_GROUP} people are on it.",
)


@declared(Audience.ANYONE)
@strawberry.type(description="Somebody's place on a leaderboard.")
class LeaderboardPlace:
    """A place."""

    rank: int = strawberry.field(
        description="1 is first; who has the same score has the same rank, as in 1, 2, 2, 4."
    )
    display_name: str = strawberry.field(description="The name that the person chose for it.")
    score: BigInt = strawberry.field(description="The count.")
    is_me: bool = strawberry.field(description="Whether it is your own place.")
    partner_id: strawberry.Private[str | None]

    @strawberry.field(
        description="The person's partner; null on a program's leaderboard, but for the vendor."
    )
    async def partner(
        self, info: Info
    ) -> Annotated["Partner", strawberry.lazy("portal_api.schema.partners")] | None:
        """The partner."""
        if self.partner_id is None:
            return None
        found: Partner | None = await find(info, "Partner", self.partner_id)
        return found

    @classmethod
    def of(cls, place: Place, viewer: Viewer, told: bool) -> "LeaderboardPlace":
        """A place as shown; ``told``: with the partner."""
        return cls(
            rank=place.rank,
            display_name=place.entry.display_name,
            score=BigInt(place.score),
            is_me=place.entry.individual_id == viewer.id,
            partner_id=place.entry.partner_id if told else None,
        )


@declared(Audience.ANYONE)
@strawberry.type(
    description="Those who wish to be seen, in order. Whoever leaves the partner, the program or"
    " the leaderboard is gone from it at once."
)
class Leaderboard:
    """A leaderboard."""

    people: int | None = strawberry.field(
        description="How many are on it; null where it shows nobody."
    )
    places: list[LeaderboardPlace] = strawberry.field(
        description="The first of them, as many as were asked for."
    )
    me: LeaderboardPlace | None = strawberry.field(
        description="Your own place, wherever it is; null for executives and the vendor."
    )
    reason: NoPlaces | None = strawberry.field(
        description="Why it shows nobody; null where it does."
    )

    @classmethod
    def of(
        cls, board: services.Board, of: services.BoardOf, viewer: Viewer, first: int
    ) -> "Leaderboard":
        """The board as somebody may see it."""
        told = viewer.partner_id is None or of.scope is BoardScope.COMPANY
        return cls(
            people=len(board.places) or None,
            places=[LeaderboardPlace.of(place, viewer, told) for place in board.places[:first]],
            me=None if board.mine is None else LeaderboardPlace.of(board.mine, viewer, told),
            reason=board.reason,
        )


@strawberry.type
class LeaderboardQueries:
    """Mixed into the root query."""

    @strawberry.field(
        description="The leaderboard of a program, or of one company in it. For staff that is on"
        " it; a company's also for its executives; any for the vendor. Null for all others, and"
        " for a program that is not for your company.",
        metadata=counted(20),
    )
    async def leaderboard(
        self,
        info: Info,
        program_id: Annotated[strawberry.ID, strawberry.argument(description="The program.")],
        scope: Annotated[BoardScope, strawberry.argument(description="Whose people.")],
        measure: Annotated[BoardMeasure, strawberry.argument(description="What it counts.")],
        goal_code: Annotated[
            str | None,
            strawberry.argument(description="A goal of the plan in force, where measure is GOAL."),
        ] = None,
        partner_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The company; your own if left out."),
        ] = None,
        first: First = PAGE,
    ) -> Leaderboard | None:
        """The board."""
        size, _ = checked(first, None)
        viewer = await info.context.viewer()
        company = viewer.partner_id
        if partner_id is not None:
            company = decoded(partner_id, "Partner", "partnerId")
        of = services.BoardOf(
            decoded(program_id, "Program", "programId"), scope, company, measure, goal_code
        )
        if not of.is_for(viewer):
            return None
        plan, board = await _read(info, of, viewer)
        if board is None:
            return None
        _check_goal(of, plan)
        return Leaderboard.of(board, of, viewer, size)


@strawberry.input(description="A leaderboard to be on, for oneself.")
class JoinLeaderboardInput(MutationInput):
    """An opt-in."""

    program_id: strawberry.ID = strawberry.field(
        description="The program, in which you are enrolled."
    )
    display_name: str = strawberry.field(
        description="What the others on it call you, 1 to 60 characters: it need not be your name,"
        " and is no one else's there, whatever the case."
    )


@strawberry.input(description="A leaderboard to leave.")
class LeaveLeaderboardInput(MutationInput):
    """The end of an opt-in."""

    program_id: strawberry.ID = strawberry.field(description="The program.")


@declared(Audience.OWNER)
@strawberry.type(description="You are on the leaderboard, and may see it.")
class LeaderboardJoined:
    """Success."""

    display_name: str = strawberry.field(description="Your name on it.")


@declared(Audience.OWNER)
@strawberry.type(
    description="You are on the leaderboard no more, and your name there is forgotten."
)
class LeaderboardLeft:
    """Success."""

    program_id: strawberry.ID = strawberry.field(description="The program.")


@strawberry.type
class LeaderboardMutations:
    """Mixed into the root mutation."""

    @mutation(
        result(
            "JoinLeaderboard", LeaderboardJoined, NotEnrolled, LeaderboardFull, DisplayNameTaken
        ),
        STAFF_ROLES,
        "Puts you on a program's leaderboard, for the others on it to see under a name of your"
        f" choice; again, it changes the name. It takes {BOARD_MAX} people.",
    )
    async def join_leaderboard(self, info: Info, input: JoinLeaderboardInput) -> object:
        """An opt-in."""
        viewer = await info.context.viewer()
        outcome = perform(
            info,
            services.join_leaderboard,
            input.request_id,
            partner_id=viewer.partner_id or "none",
            program_id=decoded(input.program_id, "Program", "programId"),
            display_name=input.display_name,
        )
        await _authorized(info, LeaderboardJoined, outcome.entry)
        return LeaderboardJoined(display_name=outcome.entry.display_name)

    @mutation(
        result("LeaveLeaderboard", LeaderboardLeft),
        STAFF_ROLES,
        "Takes you off a program's leaderboard, at once.",
    )
    async def leave_leaderboard(self, info: Info, input: LeaveLeaderboardInput) -> object:
        """The end of an opt-in."""
        viewer = await info.context.viewer()
        outcome = perform(
            info,
            services.leave_leaderboard,
            input.request_id,
            partner_id=viewer.partner_id or "none",
            program_id=decoded(input.program_id, "Program", "programId"),
        )
        await _authorized(info, LeaderboardLeft, outcome.entry)
        return LeaderboardLeft(program_id=input.program_id)


async def _authorized(info: Info, shown: type, entry: LeaderboardEntry) -> None:
    """Raises ``NotFound`` where the answer is of a partner that its asker has left since."""
    await authorized(info, shown, entry.partner_id, entry.individual_id)


async def _read(
    info: Info, of: services.BoardOf, viewer: Viewer
) -> tuple[PlanVersion | None, services.Board | None]:
    """The program's plan in force and the board, in two waves."""
    now = info.context.portal.clock()
    published, board = await asyncio.gather(
        info.context.load(Many(PlanVersion, of_program(of.program_id))),
        shared(info, services.board(of, viewer, now)),
    )
    return plan_at(published.records, now), board


def _check_goal(of: services.BoardOf, plan: PlanVersion | None) -> None:
    """Raises ``InvalidInput`` for a goal that is none of the plan's, or one of money."""
    if of.measure is not BoardMeasure.GOAL:
        if of.goal_code is not None:
            raise InvalidInput("A goal is named with the measure GOAL only.", "goalCode")
        return
    goals = plan.goals if plan is not None else ()
    if not any(goal.code == of.goal_code and is_count(goal) for goal in goals):
        raise InvalidInput("The plan in force has no such goal that counts.", "goalCode")
