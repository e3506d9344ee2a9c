"""The inbox of whoever asks: what to know and what to do, and up to when that was seen."""

import decimal
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import strawberry

from portal_api.domain import inbox
from portal_api.domain.access import Viewer
from portal_api.domain.activities import Activity
from portal_api.domain.consent import ConsentFile, Enrollment, Who
from portal_api.domain.disputes import Dispute
from portal_api.domain.goals import GoalSheet, Level, Progress
from portal_api.domain.inbox import InboxKind, InboxMark
from portal_api.domain.ledger import Journal, Wallet
from portal_api.domain.objections import Objection
from portal_api.domain.partners import Partner, Role
from portal_api.domain.plans import PlanVersion
from portal_api.domain.programs import Program
from portal_api.schema import disputes, objections, programs
from portal_api.schema.access import Audience, declared
from portal_api.schema.adjustments import audiences_of
from portal_api.schema.consent import shown_consent, shown_request
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.errors import result
from portal_api.schema.goals import Goal, goals_of
from portal_api.schema.inbox_items import (
    InboxConsent,
    InboxConsentRequest,
    InboxDispute,
    InboxEarning,
    InboxExpiry,
    InboxGoal,
    InboxItem,
    InboxObjection,
    InboxProgram,
)
from portal_api.schema.inbox_queues import QUEUES, queue_items
from portal_api.schema.mutations import MutationInput, mutation, perform
from portal_api.schema.scalars import amount_of
from portal_api.services import inbox as services
from portal_api.services.store import Many, One, Want, of_partner, of_person, of_vendor, of_wallet

MOST_ITEMS = 100
_MOST_READ = 40
"""So many of the last journals, disputes, activities and objections are looked at."""


@declared(Audience.OWNER)
@strawberry.type(
    description="What to know and what to do. It is made of the state of everything else: an item"
    " is there while what it tells of is, and for some days after what has happened."
)
class Inbox:
    """An inbox."""

    seen_at: datetime | None = strawberry.field(
        description="Up to when it was marked as seen; null where it never was."
    )
    new_items: int = strawberry.field(description="How many items are new since then.")
    items: list[InboxItem] = strawberry.field(
        description=f"The items, the latest first: at most {MOST_ITEMS}."
    )


@strawberry.type
class InboxOfViewer:
    """Mixed into the viewer."""

    @strawberry.field(
        description="What to know and what to do, for the viewer alone.", metadata=counted(40)
    )
    async def inbox(self, info: Info) -> Inbox:
        """The inbox."""
        viewer = await info.context.viewer()
        mark_want = One(InboxMark, viewer.id)
        # All of it in one wave, whatever is then made of it in which order.
        await info.context.load_all([mark_want, *_wants(viewer)])
        mark, found = await info.context.load(mark_want), await _items(info, viewer)
        seen_at = mark.seen_at if mark is not None else None
        for one in found:
            one.is_new = seen_at is None or one.since > seen_at
        items = sorted(found, key=lambda one: one.since, reverse=True)
        return Inbox(
            seen_at=seen_at,
            new_items=sum(one.is_new for one in items),
            items=items[:MOST_ITEMS],
        )


def _wants(viewer: Viewer) -> Iterator[Want[Any]]:
    """What the inbox of a viewer is made of."""
    yield from (Many(Program, of_vendor()), Many(PlanVersion, of_vendor()))
    if viewer.partner_id is None:
        yield from QUEUES
        return
    yield _files(viewer.partner_id)
    if viewer.role is Role.PARTNER_EXECUTIVE:
        yield _objections(viewer.partner_id)
        return
    yield from _own(viewer.partner_id, viewer.id)
    yield from (Many(GoalSheet, of_partner(viewer.partner_id)), One(Partner, viewer.partner_id))
    yield Many(Progress, of_person(viewer.partner_id, viewer.id))


def _files(partner_id: str) -> Many[ConsentFile]:
    return Many(ConsentFile, of_partner(partner_id))


def _objections(partner_id: str) -> Many[Objection]:
    return Many(Objection, of_partner(partner_id), _MOST_READ, newest_first=True)


def _own(
    partner_id: str, person: str
) -> tuple[Many[Enrollment], One[Wallet], Many[Journal], Many[Dispute], Many[Activity]]:
    scope, wallet = of_person(partner_id, person), of_wallet(person)
    return (
        Many(Enrollment, scope),
        One(Wallet, person),
        Many(Journal, wallet, _MOST_READ, newest_first=True),
        Many(Dispute, wallet, _MOST_READ, newest_first=True),
        Many(Activity, scope, _MOST_READ, newest_first=True),
    )


async def _items(info: Info, viewer: Viewer) -> Sequence[InboxItem]:
    if viewer.partner_id is None:
        return await queue_items(info)
    if viewer.role is Role.PARTNER_EXECUTIVE:
        return await _of_executive(info, viewer.partner_id)
    return await _of_staff(info, viewer, viewer.partner_id)


async def _of_executive(info: Info, partner_id: str) -> list[InboxItem]:
    load, now = info.context.load, info.context.portal.clock()
    files, answered = await load(_files(partner_id)), await load(_objections(partner_id))
    programs = (await info.context.catalogue()).programs
    items = inbox.of_executive(files.records, programs, answered.records, now)
    return [await _shown(info, one) for one in items]


async def _of_staff(info: Info, viewer: Viewer, partner_id: str) -> list[InboxItem]:
    context, person = info.context, viewer.id
    of_enrollment, of_balances, of_journals, of_disputes, of_activities = _own(partner_id, person)
    files, enrolled = await context.load(_files(partner_id)), await context.load(of_enrollment)
    wallet, journals = await context.load(of_balances), await context.load(of_journals)
    disputed, done = await context.load(of_disputes), await context.load(of_activities)
    goals = await goals_of(info, partner_id, Level.INDIVIDUAL, person)
    now = context.portal.clock()
    who = Who(person, viewer.employment.team_id, viewer.role)
    programs = (await context.catalogue()).programs
    found = [
        *inbox.of_person(who, files.records, programs, enrolled.records, now),
        *inbox.became_available(journals.records, now),
        *inbox.expires_soon(wallet, journals.records, now),
        *inbox.answered(disputed.records, now),
    ]
    told = [await _shown(info, one) for one in found]
    return [*told, *_of_goals(goals, person, done.records, now)]


def _of_goals(
    goals: Sequence[Goal], person: str, done: Sequence[Activity], now: datetime
) -> Iterator[InboxItem]:
    """The goals that are running and near or reached, each since it was."""
    for goal in goals:
        attained = decimal.Decimal(goal.attainment)
        if attained < inbox.NEAR_PERCENT or not goal.starts_at <= now < goal.ends_at:
            continue
        reached = attained >= 100
        wanted = goal.wanted if reached else -(-goal.wanted * inbox.NEAR_PERCENT // 100)
        of_program = [one for one in done if one.program_id == goal.program.record.id]
        kind = InboxKind.GOAL_REACHED if reached else InboxKind.GOAL_NEAR
        stands = "is reached" if reached else "is near"
        yield InboxGoal(
            kind=kind,
            since=inbox.risen(goal.definition, person, goal.reached, wanted, of_program),
            text=f"{goal.name} {stands}: {goal.attainment} %.",
            is_new=True,
            goal=goal,
        )


async def _shown(info: Info, item: inbox.Item) -> InboxItem:
    """An item as the type of what it is about."""
    told: dict[str, Any] = {
        "kind": item.kind,
        "since": item.since,
        "text": item.text,
        "is_new": True,
    }
    viewer, about = await info.context.viewer(), item.about
    match about:
        case inbox.OfRequest():
            request = shown_request(about.file, about.request.number)
            return InboxConsentRequest(**told, request=request)
        case inbox.OfConsent():
            now = info.context.portal.clock()
            return InboxConsent(
                **told, consent=shown_consent(about.file, about.consent.number, now)
            )
        case Program():
            audiences = viewer.audiences(None, None)
            return InboxProgram(**told, program=programs.Program.of(about, audiences))
        case Objection():
            audiences = viewer.audiences(about.partner_id, None)
            return InboxObjection(**told, objection=objections.Objection.of(about, audiences))
        case Dispute():
            audiences = await audiences_of(info, about.partner_id, about.wallet_id)
            now = info.context.portal.clock()
            return InboxDispute(**told, dispute=disputes.Dispute.of(about, audiences, now))
        case inbox.OfAmount(expires_at=None):
            amount = amount_of(about.asset, about.amount_minor)
            return InboxEarning(**told, amount=amount, earning_id=about.earning_id or "")
        case inbox.OfAmount():
            amount = amount_of(about.asset, about.amount_minor)
            assert about.expires_at is not None  # noqa: S101 - The case before had none.
            return InboxExpiry(**told, amount=amount, expires_at=about.expires_at)


@strawberry.input(description="How far the inbox was read.")
class MarkInboxSeenInput(MutationInput):
    """A mark."""

    up_to: datetime = strawberry.field(
        description="Items since then or before are seen: the `since` of the latest one shown."
    )


@declared(Audience.ANYONE)
@strawberry.type(description="The inbox is marked as seen.")
class InboxSeen:
    """Success."""

    seen_at: datetime = strawberry.field(description="Up to when: never earlier than before.")


@strawberry.type
class InboxMutations:
    """Mixed into the root mutation."""

    @mutation(
        result("MarkInboxSeen", InboxSeen),
        services.EVERYBODY,
        "Marks what the viewer's inbox told up to an instant as seen.",
    )
    async def mark_inbox_seen(self, info: Info, input: MarkInboxSeenInput) -> object:
        """A mark."""
        outcome = perform(info, services.mark_inbox_seen, input.request_id, up_to=input.up_to)
        return InboxSeen(seen_at=outcome.mark.seen_at)
