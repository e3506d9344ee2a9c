"""Importing a CRM export: every opportunity becomes a deal and is rewarded, once.

The conflict key is the opportunity's reference, claimed in the transaction that brings the deal in.
A row that is there and says the same changes nothing; one that tells the end of an open deal, or
the customer of a deal without one, is added; one that contradicts is named and left. The set-up is
in ``import_frame``. What is kept in memory is one chunk of rows, and a hash of each reference.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo

from portal_api.domain import crm, deals, money
from portal_api.domain.activities import (
    DEAL_LOST,
    DEAL_REGISTERED,
    DEAL_WON,
    Activity,
)
from portal_api.domain.crm import BadRow, Opportunity, RowWarning, Stage
from portal_api.domain.deals import Deal, DealStage
from portal_api.domain.errors import Refusal
from portal_api.domain.events import Event
from portal_api.domain.ledger import MAX_TRANSFERS
from portal_api.domain.weeks import deal_was, monday_of
from portal_api.domain.writes import Create, Save, Write
from portal_api.services.deals import DealTerms, deal_writes, new_deal
from portal_api.services.import_frame import (
    Frame,
    ImportTerms,
    Seat,
    own_id,
    set_up,
)
from portal_api.services.import_report import ImportReport, Note, NoteLevel, Tally, totals_of
from portal_api.services.loads import Loads
from portal_api.services.retrying import retried
from portal_api.services.rewards import Settlement, settlement_of
from portal_api.services.store import Holder, One
from portal_api.services.use_case import Portal, Situation

OpenFile = Callable[[str], Iterable[str]]
"""Gives the lines of one file of the export, from the first, as ``domain.crm`` wants them."""

SOURCE: Final = "crm"
CHUNK_ROWS: Final = 1_000
_ITEMS_MAX: Final = 100
_ITEMS_FIXED: Final = 10
"""Items of a transaction beside its rows' own: wallet, journal, consent, enrollment, counters."""
# And the weeks in which the rows' deals began and ended.
_ITEMS: Final = {Stage.OPEN: 7, Stage.LOST: 8, Stage.WON: 10}


@dataclass(frozen=True, slots=True)
class Advance:
    """How far the import is, in lines of the pipeline file."""

    line: int
    lines: int


@dataclass(frozen=True, slots=True)
class _Work:
    """A row that is to be brought in, and the deal that it changes (none: it is new)."""

    row: Opportunity
    deal: Deal | None


def import_crm(
    portal: Portal, open_file: OpenFile, terms: ImportTerms
) -> Iterator[Advance | Note | ImportReport]:
    """Imports an export, telling its progress and what is to be said of lines; reports at the end.

    Raises ``CrmExportError`` where a file is no such export, and ``InvalidInput`` for terms that
    cannot be used, before anything is written; ``StoreUnavailable`` in the middle: run it again.
    """
    exponent = money.exponent(terms.currency)
    teams = crm.read_teams(open_file(crm.TEAMS_FILE))
    products = crm.read_products(open_file(crm.PRODUCTS_FILE), exponent=exponent)
    accounts = crm.read_accounts(open_file(crm.ACCOUNTS_FILE))
    tally, listed = Tally(), Tally()
    for found in (teams, products, accounts):
        said: tuple[BadRow | RowWarning, ...] = (*found.bad_rows, *found.warnings)
        listed.note(*said)
    yield from tally.add(listed)

    def rows() -> Iterator[Opportunity | BadRow | RowWarning]:
        return crm.read_opportunities(
            open_file(crm.PIPELINE_FILE),
            teams=teams.entries,
            products=products.entries,
            accounts=accounts.entries,
            exponent=exponent,
        )

    lines, first_day = _surveyed(rows())
    begins = terms.consent_from or (first_day or portal.clock().date()).replace(month=1, day=1)
    run_id = f"import-{portal.new_id()}"
    with portal.store.group():
        frame = set_up(portal, teams.entries, replace(terms, consent_from=begins), run_id)
    yield from frame.notes
    run = _Run(portal, frame, run_id)
    everything = rows()
    while chunk := list(islice(everything, CHUNK_ROWS)):
        yield from tally.add(retried(partial(run.chunk, chunk)))
        yield Advance(chunk[-1].line, lines)
    partner_ids = [partner.id for partner in frame.partners]
    currency = frame.program.currency
    yield tally.report(totals_of(portal.store, frame.program.id, currency, partner_ids))


def _surveyed(rows: Iterable[Opportunity | BadRow | RowWarning]) -> tuple[int, date | None]:
    """The last line of the pipeline, and the first day on which a deal was engaged."""
    line, first = 1, None
    for row in rows:
        line = row.line
        if isinstance(row, Opportunity):
            first = min(first or row.engaged_on, row.engaged_on)
    return line, first


@dataclass(frozen=True, slots=True)
class _Run:
    """One import on its way."""

    portal: Portal
    frame: Frame
    run_id: str

    def chunk(self, rows: Sequence[Opportunity | BadRow | RowWarning]) -> Tally:
        """Brings rows in, durable together where the store can do that."""
        tally = Tally()
        usable: list[Opportunity] = []
        for row in rows:
            if isinstance(row, Opportunity):
                usable.append(row)
                tally.note(*row.warnings)
            else:
                tally.note(row)
        with self.portal.store.group():
            by_seat: dict[Seat, list[_Work]] = {}
            for work in self._to_do(usable, tally):
                by_seat.setdefault(self.frame.seats[work.row.agent], []).append(work)
            for seat, works in by_seat.items():
                for batch in _batches(works):
                    self._bring_in(seat, batch, tally)
        tally.notes.sort(key=lambda note: note.line or 0)
        return tally

    def _to_do(self, rows: Sequence[Opportunity], tally: Tally) -> list[_Work]:
        """What the portal does not show yet of these rows."""
        names = {
            row.reference: Holder(f"deal:{self.frame.program.id}:{row.reference}") for row in rows
        }
        holders = self.portal.store.read(list(names.values()))
        ids = {row.reference: holders[names[row.reference]] for row in rows}
        wants = {reference: One(Deal, deal_id) for reference, deal_id in ids.items() if deal_id}
        found = self.portal.store.read(list(wants.values())) if wants else None
        today = self.portal.clock().astimezone(ZoneInfo(self.frame.program.time_zone)).date()
        works: list[_Work] = []
        for row in rows:
            want = wants.get(row.reference)
            deal = found[want] if found and want else None
            if max(row.engaged_on, row.closed_on or row.engaged_on) > today:
                text = "The row tells of a day that is still to come."
                tally.leave(row, NoteLevel.BAD, "IN_THE_FUTURE", text)
            elif want and deal is None:
                text = "The reference is taken by something that is no deal."
                tally.leave(row, NoteLevel.CONFLICT, "REFERENCE", text)
            elif deal is None:
                works.append(_Work(row, None))
            elif contradictions := self._contradictions(row, deal):
                text = f"The portal has another {' and '.join(contradictions)} for {row.reference}."
                tally.leave(row, NoteLevel.CONFLICT, "CONTRADICTION", text)
            elif _adds(row, deal):
                works.append(_Work(row, deal))
            else:
                tally.rows["unchanged"] += 1
        return works

    def _contradictions(self, row: Opportunity, deal: Deal) -> tuple[str, ...]:
        """What the portal says otherwise than the row; an open deal may still come to an end."""
        seat, stage = self.frame.seats[row.agent], DealStage(row.stage)
        closed = self.frame.end_of(row.closed_on) if row.closed_on else None
        pairs: dict[str, tuple[object, object]] = {
            "agent": ((deal.partner_id, deal.owner_id), (seat.partner_id, seat.individual_id)),
            "product": (deal.product, row.product),
            "engage date": (deal.approved_at, self.frame.start_of(row.engaged_on)),
        }
        if deal.end_customer and row.customer:
            pairs["account"] = (deal.end_customer, row.customer)
        if deal.stage is not DealStage.OPEN:
            pairs["stage"] = (deal.stage, stage)
            if deal.stage is stage:
                pairs["close date"] = (deal.closed_at, closed)
                pairs["close value"] = (deal.amount_minor, row.value_minor or deal.amount_minor)
        return tuple(name for name, (there, told) in pairs.items() if there != told)

    def _bring_in(self, seat: Seat, works: list[_Work], tally: Tally) -> None:
        """Writes rows of one agent, in several transactions where they do not fit into one."""
        queue = [works]
        while queue:
            batch, looked = queue.pop(), False

            def attempt() -> None:
                nonlocal batch, looked
                if looked:  # Something has changed, or the answer was lost: look what is there.
                    batch = self._to_do([work.row for work in batch], tally)
                looked = True
                if batch:
                    self._commit(seat, batch, tally)

            try:
                retried(attempt)
            except _TooLarge:
                middle = len(batch) // 2
                queue += [batch[middle:], batch[:middle]]
            except _Refused as refused:
                tally.leave(refused.work.row, NoteLevel.BAD, "REFUSED", refused.text)
                queue.append([work for work in batch if work is not refused.work])

    def _commit(self, seat: Seat, batch: Sequence[_Work], tally: Tally) -> None:
        """All of a batch in one transaction, through one settlement."""
        loads = Loads(seat.partner_id, seat.individual_id, self.frame.program.id)
        found = self.portal.store.read(loads.wants())
        now = self.portal.clock()
        event = self.portal.new_id()
        situation = Situation(self.portal, self.frame.viewer, found, now, self.run_id, event=event)
        settlement = settlement_of(situation, loads)
        withheld: Counter[str] = Counter()
        writes: list[Write] = []
        for work in batch:
            # The journals name the first of its events: all rows of a batch are one agent's.
            event_own = event if work is batch[0] else self.portal.new_id()
            try:
                writes += self._applied(settlement, work, withheld, event_own)
            except Refusal as refusal:
                raise _Refused(work, str(refusal)) from refusal
        fits = settlement.transfers_max <= MAX_TRANSFERS
        if fits:
            writes += settlement.writes()
        if not fits or len(writes) > _ITEMS_MAX:
            if len(batch) == 1:
                raise _Refused(batch[0], "The deal's rewards are more than one transaction takes.")
            raise _TooLarge
        self.portal.store.commit(writes)
        new = sum(work.deal is None for work in batch)
        tally.rows.update(imported=new, updated=len(batch) - new)
        tally.withheld += withheld

    def _applied(
        self, settlement: Settlement, work: _Work, withheld: Counter[str], event_own: str
    ) -> list[Write]:
        """One row as changes of its deal, each an activity that is rewarded."""
        row, deal = work.row, work.deal
        writes: list[Write] = []
        if deal is None:
            at = self.frame.start_of(row.engaged_on)
            new = self._new_deal(settlement, row, at)
            writes += deal_writes(new)
            approved = deals.approve(new, at, None)
            deal = self._rewarded(settlement, new, approved, DEAL_REGISTERED, at, withheld)
        elif deal.end_customer is None:
            deal = replace(deal, end_customer=row.customer)
        if deal.stage is DealStage.OPEN and row.closed_on is not None:
            at = self.frame.end_of(row.closed_on)
            if row.stage is Stage.WON:
                closed, behavior = deals.win(deal, row.value_minor or 0, at), DEAL_WON
            else:
                closed, behavior = deals.lose(deal, at), DEAL_LOST
            deal = self._rewarded(settlement, deal, closed, behavior, at, withheld)
        event = Event(
            id=f"{deal.partner_id}.{event_own}",
            kind="DealImported" if work.deal is None else "DealUpdated",
            subject_id=deal.id,
            actor_id=self.frame.viewer.id,
            request_id=self.run_id,
            at=settlement.situation.now,
        )
        return [*writes, Save(deal), Create(event)]

    def _new_deal(self, settlement: Settlement, row: Opportunity, at: datetime) -> Deal:
        """The row's deal, registered at its list price."""
        program = settlement.program
        prefix = f"{settlement.partner.id}.{settlement.individual.id}.{program.id}"
        price = row.list_price_minor
        terms = DealTerms(row.customer, row.product, price, program.currency, row.reference)
        return new_deal(f"{prefix}.{own_id(at, row.reference)}", terms, at)

    def _rewarded(
        self,
        settlement: Settlement,
        before: Deal,
        deal: Deal,
        behavior: str,
        at: datetime,
        withheld: Counter[str],
    ) -> Deal:
        """The deal with what its change, as an activity, was paid."""
        event_id = f"{deal.reference}:{behavior}"
        activity = Activity(
            id=f"{deal.id.rpartition('.')[0]}.{own_id(at, event_id)}",
            partner_id=deal.partner_id,
            individual_id=deal.owner_id,
            program_id=deal.program_id,
            behavior=behavior,
            occurred_at=at,
            recorded_at=settlement.situation.now,
            source=SOURCE,
            source_event_id=event_id,
            deal_id=deal.id,
            deal_was=deal_was(before),
        )
        recorded, changed = settlement.record(activity, deal)
        withheld.update(outcome.reason for outcome in recorded.outcomes if outcome.reason)
        return changed or deal


class _TooLarge(Exception):
    """The rows do not fit into one transaction."""


class _Refused(Exception):
    """One row of a transaction cannot be brought in."""

    def __init__(self, work: _Work, text: str) -> None:
        super().__init__(text)
        self.work = work
        self.text = text


def _adds(row: Opportunity, deal: Deal) -> bool:
    """Whether a row that does not contradict a deal knows more than the deal."""
    ends = deal.stage is DealStage.OPEN and row.stage is not Stage.OPEN
    return ends or (deal.end_customer is None and row.customer is not None)


def _batches(works: Sequence[_Work]) -> Iterator[list[_Work]]:
    """Rows of one agent, as many together as will fit into one transaction."""
    batch: list[_Work] = []
    items, weeks = _ITEMS_FIXED, set[date]()
    for work in works:
        row, needed = work.row, _ITEMS[work.row.stage]
        more = {monday_of(day) for day in (row.engaged_on, row.closed_on) if day is not None}
        if items + needed + len(weeks | more) > _ITEMS_MAX:
            yield batch
            batch, items, weeks = [], _ITEMS_FIXED, set()
        batch.append(work)
        items += needed
        weeks |= more
    if batch:
        yield batch
