"""The slow model of a wallet: every single minor unit by itself, with the lot that it came into.

It knows nothing of transfers or of how the ledger keeps its lots; it is told what happens.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal_api.domain.earnings import Maturity
from portal_api.domain.holdings import Column, Holding, LotName, Payee


@dataclass
class Unit:
    """One minor unit that became available once, and what became of it."""

    lot: LotName
    state: str = "left"


@dataclass
class Units:
    """All units of one asset of a wallet, those that are pending, and those that are owed."""

    units: list[Unit] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    """The program of each unit that is pending."""
    owed: list[str] = field(default_factory=list)
    """The program of each unit that is owed, the oldest first."""
    columns: Counter[tuple[str, Column]] = field(default_factory=Counter)

    def wait(self, program: str, amount: int) -> None:
        self.pending += [program] * amount

    def unwait(self, program: str, amount: int) -> None:
        for _ in range(amount):
            self.pending.remove(program)

    def receive(self, lot: LotName, amount: int) -> None:
        self.units += [Unit(lot) for _ in range(amount)]
        self.repay()

    def repay(self) -> None:
        """What is there goes to whom it is owed, unit by unit."""
        while self.owed and self.of("left"):
            self.gone(self.of("left")[0], self.owed.pop(0))

    def gone(self, unit: Unit, creditor: str) -> None:
        """A unit of one program makes up for what another lacks."""
        unit.state = "out"
        self.columns[unit.lot.program_id, Column.OFFSET] += 1
        self.columns[creditor, Column.OFFSET] -= 1

    def back(self, program: str, lot: LotName | None, amount: int) -> None:
        """What is left of its lot, then what of that has expired, which nobody was paid."""
        for _ in range(amount):
            own = [unit for unit in self.units if unit.lot == lot and unit.state == "left"]
            expired = [unit for unit in self.units if unit.lot == lot and unit.state == "expired"]
            if own:
                own[0].state = "back"
            elif expired:
                expired[0].state = "back"
                self.columns[program, Column.EXPIRED] -= 1
            elif self.of("left"):
                self.gone(self.of("left")[0], program)
            else:
                self.owed.append(program)

    def hold(self, payee: Payee, amount: int) -> None:
        for unit in self.of("left", payee)[:amount]:
            unit.state = "held"

    def settle(self, payee: Payee, amount: int) -> None:
        for unit in self.of("held", payee)[:amount]:
            unit.state = "out"
            self.columns[unit.lot.program_id, Column.PAID] += 1

    def fail(self, payee: Payee, amount: int) -> None:
        for unit in self.of("held", payee)[::-1][:amount]:
            unit.state = "left"
        self.repay()

    def expire(self, now: datetime) -> None:
        for unit in self.of("left"):
            if unit.lot.expires_at is not None and unit.lot.expires_at <= now:
                unit.state = "expired"
                self.columns[unit.lot.program_id, Column.EXPIRED] += 1

    def forget(self, holding: Holding) -> None:
        """What expired in a lot that is not kept is told of no more; it was three years before."""
        for unit in self.of("expired"):
            if holding.forgot(unit.lot):
                unit.state = "forgotten"

    def of(self, state: str, payee: Payee | None = None) -> list[Unit]:
        """The units in a state, in the order in which they are paid."""
        found = [unit for unit in self.units if unit.state == state]
        forever = datetime.max.replace(tzinfo=UTC)
        found.sort(key=lambda unit: (unit.lot.program_id, unit.lot.payee))
        found.sort(key=lambda unit: unit.lot.month)
        found.sort(key=lambda unit: unit.lot.expires_at or forever)
        return [unit for unit in found if payee in (None, unit.lot.payee)]

    def owned_of(self, program: str) -> int:
        """What a program owes this wallet, less what the wallet owes it."""
        there = [unit for unit in self.units if unit.state in ("left", "held")]
        own = sum(unit.lot.program_id == program for unit in there)
        return own + self.pending.count(program) - self.owed.count(program)


def expiry(available_at: datetime, maturity: Maturity) -> datetime | None:
    """When what becomes available now expires, found by going through the days."""
    if maturity.expire_months is None:
        return None
    zone = ZoneInfo(maturity.time_zone)
    day = available_at.astimezone(zone).date()
    for _ in range(maturity.expire_months + 1):
        month = day.month
        while day.month == month:
            day += timedelta(days=1)
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return midnight.astimezone(UTC)
