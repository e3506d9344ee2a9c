"""Wallets, balances and earnings: what somebody has, and why."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import strawberry
from graphql import GraphQLError
from strawberry import relay

from portal_api.domain import earnings as rights
from portal_api.domain import holdings, ledger
from portal_api.schema.access import Audience, declared, may_see
from portal_api.schema.adjustments import Correction
from portal_api.schema.context import Info
from portal_api.schema.enums import EarningStatus, Payee
from portal_api.schema.explain import EarningExplanation, explanation_of, worth_of
from portal_api.schema.ids import encoded
from portal_api.schema.nodes import find, finder
from portal_api.schema.paging import PAGE, checked, connection
from portal_api.schema.programs import Program, program_of
from portal_api.schema.scalars import Amount, Money, amount_of
from portal_api.services.store import Many, One, of_wallet

if TYPE_CHECKING:
    from portal_api.schema.deals import Deal
    from portal_api.schema.disputes import Dispute

OWN = (Audience.OWNER, Audience.VENDOR)
LONGEST_LOOK_DAYS = 3_660


@declared(*OWN, Audience.EXECUTIVE)
@strawberry.type(description="What of a balance expires, and when.")
class ExpiringAmount:
    """An amount that expires."""

    amount: Amount = strawberry.field(description="As much of what is available.")
    expires_at: datetime = strawberry.field(
        description="It can be used until just before this instant."
    )


@declared(*OWN, Audience.EXECUTIVE)
@strawberry.type(description="What a wallet holds of one asset: now, or at an instant of the past.")
class Balance:
    """Balances of one asset."""

    asset_code: str = strawberry.field(description="POINTS, or an ISO 4217 currency.")
    available: Amount = strawberry.field(description="Can be paid out.")
    pending: Amount = strawberry.field(description="Earned, not available yet.")
    held: Amount = strawberry.field(description="Set aside for payouts that are not resolved.")
    owed: Amount = strawberry.field(
        description="Was taken back after it was paid; next earnings repay it."
    )
    available_for_company: Amount | None = strawberry.field(
        description="The part of what is available that is sent to the company and not to the"
        " person, as the consent says under which it was earned. Null in a balance of the past."
    )
    holding: strawberry.Private[holdings.Holding | None]

    @classmethod
    def of(cls, asset: str, record: holdings.Holding) -> "Balance":
        """The balance of now as shown."""
        company = amount_of(asset, record.left_for(holdings.Payee.PARTNER))
        return replace(
            cls.past(asset, record.balance), available_for_company=company, holding=record
        )

    @classmethod
    def past(cls, asset: str, record: holdings.Balance) -> "Balance":
        """A balance of which nothing is known but its four accounts."""
        return cls(
            asset_code=asset,
            available=amount_of(asset, record.available),
            pending=amount_of(asset, record.pending),
            held=amount_of(asset, record.held),
            owed=amount_of(asset, -record.receivable),
            available_for_company=None,
            holding=None,
        )

    @strawberry.field(
        description="What of the available amount expires soon, the soonest first: use it before."
        " Payouts take what expires first. Empty where nothing expires; null in a balance of the"
        " past."
    )
    def expiring_soon(
        self,
        info: Info,
        within_days: Annotated[
            int, strawberry.argument(description=f"How soon: 1 to {LONGEST_LOOK_DAYS} days.")
        ] = 60,
    ) -> list[ExpiringAmount] | None:
        """The amounts by instant."""
        if not 1 <= within_days <= LONGEST_LOOK_DAYS:
            text = f"withinDays is from 1 to {LONGEST_LOOK_DAYS}."
            raise GraphQLError(text, extensions={"code": "BAD_DAYS"})
        if self.holding is None:
            return None
        until = info.context.portal.clock() + timedelta(days=within_days)
        summed: Counter[datetime] = Counter()
        for lot in holdings.due(self.holding.lots, until):
            if lot.name.expires_at is not None:
                summed[lot.name.expires_at] += lot.left
        return [
            ExpiringAmount(amount=amount_of(self.asset_code, left), expires_at=expires_at)
            for expires_at, left in sorted(summed.items())
        ]


@declared(*OWN, Audience.EXECUTIVE)
@strawberry.type(description="A right that a rule created, with everything that explains it.")
class Earning(relay.Node):
    """An earning."""

    id: relay.NodeID[str]
    amount: Amount = strawberry.field(description="What was earned.")
    reversed: Amount = strawberry.field(description="What was taken back of it so far.")
    of_amount: Amount | None = strawberry.field(
        description="The whole that this is a part of: 150.00 of 900.00."
    )
    because: str = strawberry.field(description="The arithmetic, in words.")
    rule_code: str = strawberry.field(description="The rule that paid.")
    rule_name: str = strawberry.field(description="Its name for people.")
    step: str = strawberry.field(description="The rule's step, such as DEAL_REGISTERED or GOAL.")
    behavior: str = strawberry.field(description="The behavior of the activity that earned.")
    plan_number: int = strawberry.field(description="The plan version that judged.")
    plan_hash: str = strawberry.field(description="The hash of that version's content.")
    occurred_at: datetime = strawberry.field(description="When the activity occurred.")
    recorded_at: datetime = strawberry.field(description="When the earning was recorded.")
    consent_id: strawberry.ID | None = strawberry.field(
        description="The consent that allowed it; none for a company's own earning."
    )
    payee: Payee = strawberry.field(
        description="To whom it is sent when it is paid out: fixed by the consent that allowed it."
    )
    available_at: datetime | None = strawberry.field(
        description="The end of its hold. Null where it has none, and while its deal is not won."
    )
    expires_at: datetime | None = strawberry.field(
        description="When what is left of it expires. Null where it never does, and while it is"
        " pending: the time begins once it is available."
    )
    record: strawberry.Private[rights.Earning]

    @classmethod
    def of(cls, record: rights.Earning) -> "Earning":
        """The earning as shown."""
        trace = record.trace
        return cls(
            id=record.id,
            amount=amount_of(trace.asset, trace.amount_minor),
            reversed=amount_of(trace.asset, record.reversed_minor),
            of_amount=None if trace.of_minor is None else amount_of(trace.asset, trace.of_minor),
            because=trace.because,
            rule_code=trace.rule_code,
            rule_name=trace.rule_name,
            step=trace.step,
            behavior=trace.behavior,
            plan_number=trace.plan_number,
            plan_hash=trace.plan_hash,
            occurred_at=trace.occurred_at,
            recorded_at=record.recorded_at,
            consent_id=_consent_id(trace),
            payee=trace.payee,
            available_at=record.due_at,
            expires_at=record.lot.expires_at if record.lot is not None else None,
            record=record,
        )

    @strawberry.field(
        description="PENDING until its deal is won and its hold has ended, then AVAILABLE, then"
        " PAID or EXPIRED; CANCELLED or REVERSED once all of it was taken back."
    )
    async def status(self, info: Info) -> EarningStatus:
        """The status."""
        wallet = await info.context.load(One(ledger.Wallet, self.record.wallet_id))
        holding = (wallet or ledger.Wallet(self.record.wallet_id)).holding(self.record.trace.asset)
        return self.record.status(holding)

    @strawberry.field(description="The program that paid.")
    async def program(self, info: Info) -> Program | None:
        """The program."""
        return await program_of(info, self.record.trace.program_id)

    @strawberry.field(
        description="What was earned in money: points by the value that the plan version that paid"
        " gives them, null where it gives them none."
    )
    async def worth(self, info: Info) -> Money | None:
        """The worth."""
        return worth_of(await info.context.catalogue(), self.record.trace)

    @strawberry.field(
        description="Everything that it was decided from, in words and in fields, and whether it"
        " comes out the same today."
    )
    async def explain(self, info: Info) -> EarningExplanation:
        """The explanation."""
        return await explanation_of(info, self.record)

    @strawberry.field(description="The deal that it is about, if any.")
    async def deal(
        self, info: Info
    ) -> Annotated["Deal", strawberry.lazy("portal_api.schema.deals")] | None:
        """The deal."""
        deal_id = self.record.trace.deal_id
        found: Deal | None = await find(info, "Deal", deal_id) if deal_id else None
        return found

    @strawberry.field(description="What somebody corrected by hand, and why; oldest first.")
    def corrections(self) -> list[Correction]:
        """The corrections."""
        asset = self.record.trace.asset
        return [Correction.of(asset, one) for one in self.record.corrections]

    @strawberry.field(description="Its dispute; null while it was not disputed.")
    async def dispute(
        self, info: Info
    ) -> Annotated["Dispute", strawberry.lazy("portal_api.schema.disputes")] | None:
        """The dispute."""
        found: Dispute | None = await find(info, "Dispute", self.record.id)
        return found


def _consent_id(trace: rights.Trace) -> strawberry.ID | None:
    """The id that the consent itself has, for revoking."""
    return strawberry.ID(encoded("Consent", trace.consent_id)) if trace.consent_id else None


async def balances(info: Info, party_id: str) -> list[Balance]:
    """A party's balances, one per asset that was ever posted."""
    wallet = await info.context.load(One(ledger.Wallet, party_id))
    return balances_of(wallet)


def balances_of(wallet: ledger.Wallet | None) -> list[Balance]:
    """A wallet's balances in the order of their assets."""
    return (
        [Balance.of(asset, holding) for asset, holding in sorted(wallet.holdings.items())]
        if wallet
        else []
    )


async def earnings(
    info: Info, party_id: str, first: int = PAGE, after: str | None = None
) -> object:
    """A party's earnings, newest first, with their programs at hand."""
    size, mark = checked(first, after)
    want = Many(rights.Earning, of_wallet(party_id), first=size, after=mark, newest_first=True)
    # Its wallet, which tells where each of them stands, comes in the same wave.
    page = await info.context.with_catalogue(want, One(ledger.Wallet, party_id))
    return connection([Earning.of(record) for record in page.records], page.cursors, page.more)


@finder("Earning")
async def _earning(info: Info, record_id: str) -> Earning | None:
    record = await info.context.load(One(rights.Earning, record_id))
    if record is None:
        return None
    viewer = await info.context.viewer()
    company = record.trace.consent_id is None
    owner = (record.wallet_id, None) if company else (None, record.wallet_id)
    return Earning.of(record) if may_see(Earning, viewer.audiences(*owner)) else None
