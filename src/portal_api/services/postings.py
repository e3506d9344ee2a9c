"""The money side of one use case: earnings made and changed, and each wallet's journal."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from portal_api.domain import earnings, finance, ledger
from portal_api.domain.earnings import Earning, Trace
from portal_api.domain.errors import NotFound
from portal_api.domain.holdings import LotName, Transfer
from portal_api.domain.ledger import JournalKind, Posting, Wallet
from portal_api.domain.partners import Role
from portal_api.domain.records import stamp
from portal_api.domain.statements import month_of
from portal_api.domain.writes import Create, Delist, Enlist, Reserve, Save, Write
from portal_api.services.store import One
from portal_api.services.use_case import Situation

DUE = "earnings.due"
"""The list of earnings that become available by themselves, in the order of when."""
EXPIRING = "lots.expiring"
"""The list of lots that expire, each as its wallet, in the order of when."""


@dataclass
class Postings:
    """Wallets as loaded, and the transfers of one use case that are not posted yet."""

    situation: Situation
    wallets: dict[str, Wallet]
    _running: dict[str, Wallet] = field(default_factory=dict)
    _transfers: dict[str, list[Transfer]] = field(default_factory=dict)
    _traces: dict[str, list[Trace]] = field(default_factory=dict)
    _earnings: dict[str, Earning] = field(default_factory=dict)
    _loaded: dict[str, Earning] = field(default_factory=dict)
    _reserved: list[Reserve] = field(default_factory=list)
    _due: dict[str, Write] = field(default_factory=dict)

    @property
    def transfers_max(self) -> int:
        """The transfers of the wallet that has most of them so far; one journal takes 50."""
        return max(map(len, self._transfers.values()), default=0)

    def earnings(self) -> tuple[Earning, ...]:
        """The earnings that were made or changed."""
        return tuple(self._earnings.values())

    def closed(self, wallet_id: str) -> bool:
        """Whether the wallet takes nothing more."""
        return self.wallets[wallet_id].closed_at is not None

    def gives_back(self, wallet_id: str) -> bool:
        """Whether something can be taken from the wallet: of a closed one by an administrator."""
        return not self.closed(wallet_id) or self._by_admin

    def award(self, wallet_id: str, trace: Trace, pending: bool) -> Earning:
        """A new earning, its name reserved for it alone, and its transfers."""
        now = self.situation.now
        due_at = None if pending else earnings.held_until(trace, trace.occurred_at, now)
        waits = pending or due_at is not None
        earning = Earning(trace.earning_id, wallet_id, trace, now, pending=waits, due_at=due_at)
        self._reserved.append(Reserve(trace.reserved or earning.id, earning.id))
        self._traces.setdefault(wallet_id, []).append(trace)
        wallet = self._wallet(wallet_id)
        self._transfer(wallet_id, ledger.award_transfers(wallet, trace, now, waits))
        self._list_due(earning)
        earning = earning if waits else self._available(earning)
        self._earnings[earning.id] = earning
        return earning

    def take_back(self, earning: Earning, amount_minor: int) -> None:
        """Part of an earlier earning back."""
        wallet = self._wallet(earning.wallet_id)
        transfers = ledger.take_back_transfers(wallet, earning, amount_minor)
        self._transfer(earning.wallet_id, transfers)
        less = earnings.take_back(earning, amount_minor)
        self._earnings[earning.id] = less
        if less.left_minor == 0 and earning.pending:
            self._delist_due(earning)

    def free(self, earning: Earning, at: datetime) -> None:
        """A pending earning, whose deal was won at ``at``, becomes available or is held first."""
        due_at = earnings.held_until(earning.trace, at, self.situation.now)
        if due_at is None:
            self.release(earning)
            return
        held = replace(earning, due_at=due_at)
        self._earnings[earning.id] = held
        self._list_due(held)

    def release(self, earning: Earning) -> None:
        """A pending earning becomes available."""
        wallet = self._wallet(earning.wallet_id)
        transfers = ledger.release_transfers(wallet, earning, self.situation.now)
        self._transfer(earning.wallet_id, transfers)
        self._delist_due(earning)
        self._earnings[earning.id] = self._available(earning)

    def earning(self, earning_id: str, likely: Iterable[str | None] = ()) -> Earning:
        """An earlier earning as it is now; ``likely`` are those that will be asked for next.

        Raises ``NotFound`` for one that is not there.
        """
        found = self._earnings.get(earning_id) or self._loaded.get(earning_id)
        if found is not None:
            return found
        wants = [One(Earning, known) for known in dict.fromkeys((earning_id, *likely)) if known]
        answers = self.situation.portal.store.read(wants)
        for want in wants:
            loaded = answers[want]
            if loaded is not None:
                self._loaded.setdefault(loaded.id, loaded)
        if earning_id not in self._loaded:
            raise NotFound.of("dealId")
        return self._loaded[earning_id]

    def writes(
        self,
        partner_id: str | None,
        kind: JournalKind = JournalKind.REWARD,
        **cause: str,
    ) -> list[Write]:
        """The earnings, their names, and one journal for each wallet that has moved.

        ``partner_id`` is that of the use case's event.
        """
        writes: list[Write] = [*self._reserved, *self._due.values()]
        writes += [Save(earning) for earning in self._earnings.values()]
        posted = [
            ledger.post(
                self.wallets[wallet_id],
                JournalKind.REVERSAL if self.closed(wallet_id) else kind,
                tuple(transfers),
                self.situation.cause(partner_id, **cause),
                self.situation.now,
                tuple(self._traces.get(wallet_id, ())),
                by_admin=self._by_admin,
            )
            for wallet_id, transfers in self._transfers.items()
        ]
        return writes + posting(*posted)

    @property
    def _by_admin(self) -> bool:
        return self.situation.viewer.role is Role.ADMIN

    def _wallet(self, wallet_id: str) -> Wallet:
        """The wallet with the transfers so far, not yet posted."""
        return self._running.get(wallet_id) or self.wallets[wallet_id]

    def _available(self, earning: Earning) -> Earning:
        """The earning with its place in the lot that it has just become available in."""
        wallet = self._wallet(earning.wallet_id)
        lot = ledger.lot_of(wallet, earning.trace, self.situation.now)
        received = wallet.holding(earning.trace.asset).lot(lot).received
        return replace(earning, pending=False, lot=lot, lot_end=received)

    def _list_due(self, earning: Earning) -> None:
        if earning.due_at is not None:
            self._due[earning.id] = Enlist(DUE, due_sort(earning), earning.id)

    def _delist_due(self, earning: Earning) -> None:
        if earning.due_at is not None:
            self._due[earning.id] = Delist(DUE, due_sort(earning))

    def _transfer(self, wallet_id: str, transfers: tuple[Transfer, ...]) -> None:
        wallet = self._wallet(wallet_id)
        month = month_of(wallet.instant(self.situation.now))
        holdings, _ = ledger.after(wallet.holdings, JournalKind.REWARD, transfers, month)
        self._running[wallet_id] = replace(wallet, holdings=holdings)
        self._transfers.setdefault(wallet_id, []).extend(transfers)


def posting(*posted: Posting) -> list[Write]:
    """The writes of all journals of one transaction, with one move for each program.

    A party's first one puts its wallet on the list of wallets; the first one of a month freezes
    the statement of the month before.
    """
    writes: list[Write] = []
    moves: dict[str, Counter[str]] = {}
    for one in posted:
        writes += [Save(one.wallet), Create(one.journal)]
        if one.statement is not None:
            writes.append(Create(one.statement))
        if one.wallet.version == 0:
            writes.append(Enlist("wallets", one.wallet.id, one.wallet.id))
        writes += [
            Enlist(EXPIRING, expiry_sort(one.wallet.id, asset, lot), one.wallet.id)
            for asset, lot in one.opened
            if lot.expires_at is not None
        ]
        for (program_id, column), amount in one.moves.items():
            moves.setdefault(program_id, Counter())[column] += amount
    for program_id, summed in moves.items():
        amounts = {column: amount for column, amount in summed.items() if amount}
        if amounts:
            writes.append(Create(finance.move_of(program_id, posted[0].journal, amounts)))
    return writes


def expiry_sort(wallet_id: str, asset: str, lot: LotName) -> str:
    """The place of a lot among those that expire: by when, then whose, then which."""
    when = stamp(lot.expires_at) if lot.expires_at else ""
    return f"{when}#{wallet_id}#{asset}#{lot.month}#{lot.program_id}#{lot.payee}"


def due_sort(earning: Earning) -> str:
    """The place of an earning among those that become available by themselves: by when."""
    due_at = earning.due_at or earning.recorded_at
    return f"{stamp(due_at)}#{earning.id}"
