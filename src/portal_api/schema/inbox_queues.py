"""The inbox of the vendor's people: what waits for one of them, and budgets that get low."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal_api.domain.adjustments import Adjustment
from portal_api.domain.claims import Claim
from portal_api.domain.deals import Deal
from portal_api.domain.disputes import Dispute
from portal_api.domain.inbox import InboxKind
from portal_api.domain.money import to_text
from portal_api.domain.objections import Objection
from portal_api.domain.payouts import Payout
from portal_api.domain.programs import LOW_AT_PERCENT, ProgramShard, is_low, shards_of
from portal_api.domain.programs import Program as ProgramRecord
from portal_api.domain.records import stamp
from portal_api.schema.context import Info
from portal_api.schema.inbox_items import InboxBudget, InboxItem, InboxQueue
from portal_api.schema.programs import Program
from portal_api.schema.scalars import amount_of
from portal_api.services.adjustments import OPEN_ADJUSTMENTS, OPEN_DISPUTES
from portal_api.services.budget import told_low
from portal_api.services.claims import CLAIMS_IN_REVIEW
from portal_api.services.deals import EXTENSIONS, SUBMITTED_DEALS
from portal_api.services.objections import OPEN_OBJECTIONS
from portal_api.services.payouts import OPEN_PAYOUTS
from portal_api.services.store import Listed, One, References

MOST_COUNTED = 20
_MOST_PROGRAMS = 200
"""So many programs, the last ones, are looked at for low budgets."""


@dataclass(frozen=True, slots=True)
class _Queue:
    """A list of what waits, and since when one of it does."""

    kind: InboxKind
    name: str
    of: type[Any]
    since: Callable[[Any], datetime]
    one: str
    many: str

    @property
    def want(self) -> Listed:
        """The newest of them."""
        return Listed(self.name, MOST_COUNTED)


_QUEUES = (
    _Queue(
        InboxKind.CLAIMS_TO_REVIEW,
        CLAIMS_IN_REVIEW,
        Claim,
        lambda one: one.submitted_at,
        "claim waits for a decision",
        "claims wait for a decision",
    ),
    _Queue(
        InboxKind.REGISTRATIONS_TO_DECIDE,
        SUBMITTED_DEALS,
        Deal,
        lambda one: one.submitted_at,
        "registration waits for a decision",
        "registrations wait for a decision",
    ),
    _Queue(
        InboxKind.EXTENSIONS_TO_DECIDE,
        EXTENSIONS,
        Deal,
        lambda one: one.extension.requested_at if one.extension else one.submitted_at,
        "deal's owner waits for a longer protection",
        "deals' owners wait for a longer protection",
    ),
    _Queue(
        InboxKind.DISPUTES_TO_ANSWER,
        OPEN_DISPUTES,
        Dispute,
        lambda one: one.opened_at,
        "dispute waits for an answer",
        "disputes wait for an answer",
    ),
    _Queue(
        InboxKind.ADJUSTMENTS_TO_APPROVE,
        OPEN_ADJUSTMENTS,
        Adjustment,
        lambda one: one.proposed_at,
        "adjustment waits for a second person",
        "adjustments wait for a second person",
    ),
    _Queue(
        InboxKind.OBJECTIONS_TO_ANSWER,
        OPEN_OBJECTIONS,
        Objection,
        lambda one: one.raised_at,
        "objection of a partner waits for an answer",
        "objections of partners wait for an answer",
    ),
    _Queue(
        InboxKind.PAYOUTS_TO_BATCH,
        OPEN_PAYOUTS,
        Payout,
        lambda one: one.requested_at,
        "payout waits for a batch",
        "payouts wait for a batch",
    ),
)
_BY_DUE = Listed(OPEN_DISPUTES, MOST_COUNTED, newest_first=False)


QUEUES = (*(queue.want for queue in _QUEUES), _BY_DUE)
"""The reads that tell what waits."""


async def queue_items(info: Info) -> list[InboxItem]:
    """What waits for the vendor, counted up to a page, and the budgets that are low.

    Once the lists and the catalogue are read: one wave for the newest of each list and for what was
    told of budgets, and another where one of these was told to be low.
    """
    context, now = info.context, info.context.portal.clock()
    *found, by_due = await context.load_all(QUEUES)
    pages = [(queue, page) for queue, page in zip(_QUEUES, found, strict=True) if page.ids]
    newest = [One(queue.of, page.ids[0]) for queue, page in pages]
    late = _overdue(by_due, now)
    running = [one for one in (await context.catalogue()).programs.values() if now < one.ends_at]
    programs = {shards_of(one.id)[0]: one for one in running[-_MOST_PROGRAMS:]}
    wants: list[One[Any]] = [*newest, *(One(Dispute, one) for one in late[-1:])]
    await context.load_all([*wants, *(One(ProgramShard, shard) for shard in programs)])
    items: list[InboxItem] = []
    for (queue, page), want in zip(pages, newest, strict=True):
        record = await context.load(want)
        if record is not None:
            items.append(_queued(queue, page, queue.since(record)))
    last = await context.load(One(Dispute, late[-1])) if late else None
    if last is not None:
        items.append(_late(len(late), by_due.more, last.due_at))
    return [*items, *await _low(info, programs)]


async def _low(info: Info, programs: dict[str, ProgramRecord]) -> list[InboxItem]:
    """The budgets that were told to be low and still are; ``programs`` by their first shards."""
    context, viewer = info.context, await info.context.viewer()
    told = {
        one.id: (one, low)
        for shard_id, one in programs.items()
        if (low := told_low(await context.load(One(ProgramShard, shard_id))))
    }
    await context.load_all([One(ProgramShard, shard) for one in told for shard in shards_of(one)])
    items: list[InboxItem] = []
    for program, low in told.values():
        shards = await context.load_all([One(ProgramShard, one) for one in shards_of(program.id)])
        there = [shard for shard in shards if shard is not None]
        items += _low_budgets(Program.of(program, viewer.audiences(None, None)), there, low)
    return items


def _queued(queue: _Queue, page: References, since: datetime) -> InboxQueue:
    count = len(page.ids)
    return InboxQueue(
        kind=queue.kind,
        since=since,
        text=f"{count}{'+' if page.more else ''} {queue.one if count == 1 else queue.many}.",
        is_new=True,
        count=count,
        more=page.more,
    )


def _overdue(page: References, now: datetime) -> list[str]:
    """The disputes of a page that should have been answered: the list is by when they are due."""
    return [
        dispute for dispute, place in zip(page.ids, page.cursors, strict=True) if place < stamp(now)
    ]


def _late(count: int, more: bool, since: datetime) -> InboxQueue:
    more = more and count == MOST_COUNTED
    said = "dispute is" if count == 1 else "disputes are"
    return InboxQueue(
        kind=InboxKind.DISPUTES_OVERDUE,
        since=since,
        text=f"{count}{'+' if more else ''} {said} overdue.",
        is_new=True,
        count=count,
        more=more,
    )


def _low_budgets(
    program: Program, shards: list[ProgramShard], told: dict[str, datetime]
) -> Iterator[InboxBudget]:
    """The budgets of a program, of those that were told to be low, that are low now."""
    for asset, since in told.items():
        left = sum(shard.left(asset) for shard in shards)
        funded = sum(shard.funded(asset) for shard in shards)
        if is_low(left, funded):
            yield InboxBudget(
                kind=InboxKind.BUDGET_LOW,
                since=since,
                text=f"{LOW_AT_PERCENT} % or more of a budget of {program.name} is used:"
                f" {to_text(left, asset)} of {to_text(funded, asset)} {asset} are left.",
                is_new=True,
                program=program,
                left=amount_of(asset, left),
                funded=amount_of(asset, funded),
            )
