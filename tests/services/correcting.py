"""Corrections by hand, as the tests make them: by the administrator and a second person."""

from dataclasses import dataclass

from portal_api.domain.adjustments import Adjustment
from portal_api.domain.earnings import Earning
from portal_api.domain.goals import Progress
from portal_api.domain.partners import Individual
from portal_api.services import adjustments, deal_changes, reversals, wallets
from portal_api.services.store import Listed, Many, of_wallet
from portal_api.services.use_case import Portal
from tests.services.world import Company, World


@dataclass
class Office:
    """The vendor's people who correct: the administrator, and a channel manager."""

    world: World
    second: str

    @classmethod
    def of(cls, world: World) -> "Office":
        return cls(world, world.colleague())

    def reverse(
        self,
        earning: Earning,
        amount_minor: int | None = None,
        *,
        by: str | None = None,
        portal: Portal | None = None,
    ) -> Earning:
        """An earning taken back by the channel manager; the earning after it."""
        return reversals.reverse_earning(
            portal or self.world.portal,
            self.world.ask(by or self.second),
            earning_id=earning.id,
            amount_minor=amount_minor,
            reason="Paid by mistake.",
        ).earning

    def propose(
        self,
        company: Company,
        program: str,
        amount_minor: int,
        *,
        wallet: str | None = None,
        asset: str = "USD",
        earning: Earning | None = None,
        by: str | None = None,
    ) -> Adjustment:
        """An adjustment of the first rep's wallet, proposed by the administrator."""
        return adjustments.propose_adjustment(
            self.world.portal,
            self.world.ask(by or self.world.admin),
            partner_id=company.id,
            wallet_id=wallet or company.rep,
            program_id=program,
            asset=asset,
            amount_minor=amount_minor,
            reason="A fair was forgotten.",
            earning_id=earning.id if earning else None,
        ).adjustment

    def approve(
        self, adjustment: Adjustment, *, by: str | None = None, portal: Portal | None = None
    ) -> Adjustment:
        return adjustments.approve_adjustment(
            portal or self.world.portal,
            self.world.ask(by or self.second),
            adjustment_id=adjustment.id,
        ).adjustment

    def reject(
        self, adjustment: Adjustment, *, by: str | None = None, portal: Portal | None = None
    ) -> Adjustment:
        return adjustments.reject_adjustment(
            portal or self.world.portal,
            self.world.ask(by or self.second),
            adjustment_id=adjustment.id,
            reason="It was not forgotten.",
        ).adjustment

    def close(
        self,
        party: str,
        *,
        partner: str | None = None,
        by: str | None = None,
        portal: Portal | None = None,
    ) -> None:
        """A company's wallet closed, or a person's of where they have worked last."""
        person = self.world.load(Individual, party)
        last = person.employments[-1].partner_id if person else None
        wallets.close_wallet(
            portal or self.world.portal,
            self.world.ask(by or self.world.admin),
            partner_id=partner or last or party,
            party_id=party,
            reason="Gone.",
        )


def give_back(
    world: World, deal_id: str, *, by: str | None = None, portal: Portal | None = None
) -> deal_changes.DealReturned:
    """A deal that its customer returns."""
    return deal_changes.return_deal(
        portal or world.portal, world.ask(by or world.admin), deal_id=deal_id, occurred_at=None
    )


def reopen(world: World, deal_id: str) -> deal_changes.DealReopened:
    return deal_changes.reopen_deal(world.portal, world.manage(), deal_id=deal_id, occurred_at=None)


def earnings_of(world: World, party: str) -> tuple[Earning, ...]:
    want = Many(Earning, of_wallet(party))
    return world.store.read([want])[want].records


def listed(world: World, name: str) -> tuple[str, ...]:
    """The ids on a list, in its order."""
    want = Listed(name, newest_first=False)
    return world.store.read([want])[want].ids


def counted(world: World, company: Company, program: str, party: str = "partner") -> dict[str, int]:
    """A party's counters that are not zero."""
    progress = world.load(Progress, f"{company.id}.{program}.{party}")
    counters = progress.counters if progress else {}
    return {name: amount for name, amount in counters.items() if amount}
