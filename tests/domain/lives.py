"""Whole lives of a wallet, step by step: by the ledger's builders, and by the slow model."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import strategies as st

from portal_api.domain import earnings, ledger, payouts
from portal_api.domain.earnings import Earning, Maturity
from portal_api.domain.holdings import (
    AVAILABLE,
    Column,
    Holding,
    LotName,
    Payee,
    Transfer,
    budget_of,
)
from portal_api.domain.ledger import Journal, JournalKind, Wallet
from portal_api.domain.payouts import Payout
from portal_api.domain.statements import Statement
from tests.domain.units import Units, expiry
from tests.domain.wallets import EMPTY, T0, a_trace

ASSET = "POINTS"
PROGRAMS = ("g", "h")
MATURITIES = (
    Maturity(),
    Maturity(expire_months=1),
    Maturity(expire_months=3, time_zone="Asia/Tokyo"),
    Maturity(expire_months=2, time_zone="America/New_York"),
)
STEPS = ("award", "wait_for", "release", "back", "hold", "settle", "fail", "expire", "adjust")

lives = st.lists(
    st.tuples(
        st.sampled_from([*STEPS, "award", "award", "hold", "days", "expire", "days", "slip"]),
        st.integers(0, 15),
        st.integers(1, 12),
    ),
    min_size=20,
    max_size=80,
)
"""What happens, which of several, and how much: steps that cannot be are left out."""


@dataclass
class Life:
    """One wallet's life, with all that was posted; ``full`` is its holding with every lot kept."""

    wallet: Wallet = EMPTY
    now: datetime = T0
    model: Units = field(default_factory=Units)
    full: Holding = field(default_factory=Holding)
    journals: list[Journal] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    earnings: list[Earning] = field(default_factory=list)
    payouts: list[Payout] = field(default_factory=list)

    def do(self, step: str, which: int, amount: int) -> None:
        """One step, if it can be."""
        getattr(self, f"_{step}")(which, amount)

    @property
    def holding(self) -> Holding:
        return self.wallet.holding(ASSET)

    def _award(self, which: int, amount: int, pending: bool = False) -> None:
        program, payee = PROGRAMS[which % 2], list(Payee)[which // 2 % 2]
        trace = a_trace(
            amount,
            len(self.earnings) + 1,
            ASSET,
            program_id=program,
            payee=payee,
            maturity=MATURITIES[which // 4],
        )
        earning = Earning(trace.earning_id, "ann", trace, self.now, pending=pending)
        self._post(
            JournalKind.REWARD, ledger.award_transfers(self.wallet, trace, self.now, pending)
        )
        self._columns(program, Column.EARNED, amount)
        if pending:
            self.model.wait(program, amount)
            self.earnings.append(earning)
        else:
            self.earnings.append(self._available(earning))

    def _wait_for(self, which: int, amount: int) -> None:
        self._award(which, amount, pending=True)

    def _release(self, which: int, amount: int) -> None:
        waiting = [one for one in self.earnings if one.pending and one.left_minor]
        if waiting:
            earning = waiting[which % len(waiting)]
            transfers = ledger.release_transfers(self.wallet, earning, self.now)
            self._post(JournalKind.RELEASE, transfers)
            self.model.unwait(earning.trace.program_id, earning.left_minor)
            self.earnings[self.earnings.index(earning)] = self._available(earning)

    def _available(self, earning: Earning) -> Earning:
        trace, at = earning.trace, self.journals[-1].recorded_at
        lot = LotName(
            f"{at.year}-{at.month:02}", trace.program_id, trace.payee, expiry(at, trace.maturity)
        )
        self.model.receive(lot, earning.left_minor)
        end = sum(unit.lot == lot for unit in self.model.units)
        return Earning(earning.id, "ann", trace, at, earning.reversed_minor, lot=lot, lot_end=end)

    def _back(self, which: int, amount: int) -> None:
        there = [one for one in self.earnings if one.left_minor]
        if there:
            earning = there[which % len(there)]
            part, program = min(amount, earning.left_minor), earning.trace.program_id
            self._post(JournalKind.REVERSAL, ledger.take_back_transfers(self.wallet, earning, part))
            self._columns(program, Column.REVERSED, part)
            if earning.pending:
                self.model.unwait(program, part)
            else:
                self.model.back(program, earning.lot, part)
            self.earnings[self.earnings.index(earning)] = earnings.take_back(earning, part)

    def _hold(self, which: int, amount: int) -> None:
        payee = list(Payee)[which % 2]
        part = min(amount, self.holding.left_for(payee))
        if part:
            payout = Payout(
                f"ann.{len(self.journals)}", "ann", "p", ASSET, part, self.now, payee=payee
            )
            ledger.sufficient(self.wallet, ASSET, part, payee)
            self._post(JournalKind.PAYOUT_HELD, payouts.hold_transfers(payout))
            self.model.hold(payee, part)
            self.payouts.append(payout)

    def _settle(self, which: int, amount: int, paid: bool = True) -> None:
        if self.payouts:
            payout = self.payouts.pop(which % len(self.payouts))
            _, kind, transfers = payouts.resolve(payout, self.wallet, paid, "-", self.now)
            self._post(kind, transfers)
            (self.model.settle if paid else self.model.fail)(payout.payee, payout.amount_minor)

    def _fail(self, which: int, amount: int) -> None:
        self._settle(which, amount, paid=False)

    def _expire(self, which: int, amount: int) -> None:
        transfers = ledger.expiry_transfers(self.wallet, self.now)
        if transfers:
            self._post(JournalKind.EXPIRY, transfers)
        self.model.expire(self.now)

    def _adjust(self, which: int, amount: int) -> None:
        """More for the party, or less."""
        program = PROGRAMS[which % 2]
        if which // 2 % 2:
            self._post(
                JournalKind.ADJUSTMENT, ledger.given_back(self.wallet, program, ASSET, amount)
            )
            self.model.back(program, None, amount)
            self._columns(program, Column.ADJUSTED, -amount)
            return
        at = self.wallet.instant(self.now)
        lot = LotName(f"{at.year}-{at.month:02}", program, Payee.INDIVIDUAL)
        more = Transfer(budget_of(program), AVAILABLE, ASSET, amount, lot=lot)
        repaid = ledger.repaid(self.wallet, ASSET, amount)
        self._post(JournalKind.ADJUSTMENT, (more, *repaid))
        self.model.receive(lot, amount)
        self._columns(program, Column.ADJUSTED, amount)

    def _days(self, which: int, amount: int) -> None:
        self.now += timedelta(days=6 * amount, hours=which)

    def _slip(self, which: int, amount: int) -> None:
        """The clock goes back."""
        self.now -= timedelta(days=amount, hours=which)

    def _columns(self, program: str, column: Column, amount: int) -> None:
        self.model.columns[program, column] += amount

    def _post(self, kind: JournalKind, transfers: tuple[Transfer, ...]) -> None:
        posting = ledger.post(self.wallet, kind, transfers, {}, self.now)
        self.wallet = posting.wallet
        self.journals.append(posting.journal)
        self.moves.update(posting.moves)
        if posting.statement is not None:
            self.statements.append(posting.statement)
        for transfer in transfers:
            self.full, _ = self.full.after(transfer)
        self.model.forget(self.holding)


def lived(steps: list[tuple[str, int, int]]) -> Life:
    """A life of these steps, one after the other."""
    life = Life()
    for step in steps:
        life.do(*step)
    return life
