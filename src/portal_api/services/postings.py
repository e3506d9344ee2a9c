"""The money side of one use case: earnings made and changed, and each wallet's journal."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from portal_api.domain import ledger
from portal_api.domain.errors import NotFound
from portal_api.domain.ledger import Earning, Journal, JournalKind, Trace, Transfer, Wallet
from portal_api.domain.writes import Create, Enlist, Reserve, Save, Write
from portal_api.services.store import One
from portal_api.services.use_case import Situation


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

    @property
    def transfers_max(self) -> int:
        """The transfers of the wallet that has most of them so far; one journal takes 50."""
        return max(map(len, self._transfers.values()), default=0)

    def earnings(self) -> tuple[Earning, ...]:
        """The earnings that were made or changed."""
        return tuple(self._earnings.values())

    def award(self, wallet_id: str, trace: Trace, pending: bool) -> Earning:
        """A new earning, its name reserved for it alone, and its transfers."""
        earning = Earning(trace.earning_id, wallet_id, trace, self.situation.now, pending=pending)
        self._earnings[earning.id] = earning
        self._reserved.append(Reserve(trace.reserved or earning.id, earning.id))
        self._traces.setdefault(wallet_id, []).append(trace)
        self._transfer(wallet_id, ledger.award_transfers(self._wallet(wallet_id), trace, pending))
        return earning

    def take_back(self, earning: Earning, amount_minor: int) -> None:
        """Part of an earlier earning back."""
        wallet = self._wallet(earning.wallet_id)
        transfers = ledger.take_back_transfers(wallet, earning, amount_minor)
        self._transfer(earning.wallet_id, transfers)
        self._earnings[earning.id] = ledger.take_back(earning, amount_minor)

    def release(self, earning: Earning) -> None:
        """A pending earning becomes available."""
        wallet = self._wallet(earning.wallet_id)
        self._transfer(earning.wallet_id, ledger.release_transfers(wallet, earning))
        self._earnings[earning.id] = ledger.release(earning)

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

    def writes(self, **cause: str) -> list[Write]:
        """The earnings, their names, and one journal for each wallet that has moved."""
        writes: list[Write] = [*self._reserved]
        writes += [Save(earning) for earning in self._earnings.values()]
        for wallet_id, transfers in self._transfers.items():
            traces = tuple(self._traces.get(wallet_id, ()))
            posted, journal = ledger.post(
                self.wallets[wallet_id],
                JournalKind.REWARD,
                tuple(transfers),
                self.situation.cause(**cause),
                self.situation.now,
                traces,
            )
            writes += posting(posted, journal)
        return writes

    def _wallet(self, wallet_id: str) -> Wallet:
        """The wallet with the transfers so far, not yet posted."""
        return self._running.get(wallet_id) or self.wallets[wallet_id]

    def _transfer(self, wallet_id: str, transfers: tuple[Transfer, ...]) -> None:
        wallet = self._wallet(wallet_id)
        balances = ledger.after(wallet.balances, transfers)
        self._running[wallet_id] = replace(wallet, balances=balances)
        self._transfers.setdefault(wallet_id, []).extend(transfers)


def posting(wallet: Wallet, journal: Journal) -> list[Write]:
    """A posted journal's writes; a party's first one puts its wallet on the list of wallets."""
    writes: list[Write] = [Save(wallet), Create(journal)]
    if wallet.version == 0:
        writes.append(Enlist("wallets", wallet.id, wallet.id))
    return writes
