"""The roots of every query.

``viewer`` for the screens of reps and executives, lists for the vendor, ``node`` for refetching.
"""

import asyncio
from typing import Annotated

import strawberry
from strawberry import relay

from portal_api.domain import activities, payouts
from portal_api.schema import costs, errors, limits
from portal_api.schema import payouts as shown_payouts
from portal_api.schema import programs as shown_programs
from portal_api.schema.access import Audience, declared, narrow
from portal_api.schema.adjustments import AdjustmentLists
from portal_api.schema.audit import AuditLog, AuditQueries
from portal_api.schema.batches import BatchList
from portal_api.schema.behaviors import Behavior
from portal_api.schema.bulk import BulkQueries
from portal_api.schema.claims import claims_in_review
from portal_api.schema.consent_previews import ConsentPreviewQueries
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.directory import DirectoryLists
from portal_api.schema.disputes import DisputeLists
from portal_api.schema.eligibility import OfferList
from portal_api.schema.enums import Role
from portal_api.schema.finance import FinanceQueries
from portal_api.schema.ids import split
from portal_api.schema.inbox import InboxOfViewer
from portal_api.schema.leaderboards import LeaderboardQueries
from portal_api.schema.nodes import find
from portal_api.schema.objections import ObjectionLists
from portal_api.schema.paging import PAGE, After, First, checked, connection
from portal_api.schema.participation_policies import ParticipationPolicyQueries
from portal_api.schema.partners import (
    Claims,
    Deals,
    Individual,
    Partner,
    Payouts,
    deal_list,
    own_partner,
    person_of,
)
from portal_api.schema.payouts import PayoutQueries
from portal_api.schema.personal_data import PersonalDataQueries
from portal_api.schema.previews import PreviewQueries
from portal_api.schema.programs import Program
from portal_api.schema.rebates import RebateQueries
from portal_api.schema.sales_process import ProcessQueries
from portal_api.schema.selecting import asks_for
from portal_api.schema.tax import TaxQueries
from portal_api.schema.verification import VerificationQueries
from portal_api.schema.webhook_kinds import EventKinds
from portal_api.schema.webhooks import WebhookLists
from portal_api.services.deals import EXTENSIONS, SUBMITTED_DEALS
from portal_api.services.payouts import OPEN_PAYOUTS
from portal_api.services.store import Listed, Many, One, of_vendor

VENDOR = Audience.VENDOR


@declared(Audience.ANYONE)
@strawberry.type(description="Who is asking, and what waits for the vendor's people.")
class Viewer(
    InboxOfViewer,
    DirectoryLists,
    BatchList,
    AdjustmentLists,
    DisputeLists,
    ObjectionLists,
    AuditLog,
    OfferList,
    WebhookLists,
    EventKinds,
):
    """The viewer."""

    role: Role = strawberry.field(description="The role of the present employment.")
    individual: Individual = strawberry.field(description="The person.")
    audiences: strawberry.Private[frozenset[Audience]]
    partner_id: strawberry.Private[str | None]

    @strawberry.field(description="The partner the viewer works for; none for the vendor's people.")
    async def partner(self, info: Info) -> Partner | None:
        """The partner."""
        return await own_partner(info, self.partner_id)

    @strawberry.field(
        description="The programs that are for the viewer; all of them for the vendor.",
        metadata=counted(50, items=50),
    )
    async def programs(self, info: Info) -> list[Program]:
        """The programs."""
        catalogue = await info.context.catalogue()
        shown = await asyncio.gather(
            *(shown_programs.visible(info, record) for record in catalogue.programs.values())
        )
        return [program for program in shown if program is not None]

    @narrow(VENDOR, description="Registrations that wait for a decision, newest first.")
    async def submitted_deals(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Deals | None:
        """The queue."""
        return await deal_list(info, SUBMITTED_DEALS, first, after)  # type: ignore[return-value]

    @narrow(VENDOR, description="Deals whose owners wait for a longer protection, newest first.")
    async def requested_extensions(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Deals | None:
        """The queue."""
        return await deal_list(info, EXTENSIONS, first, after)  # type: ignore[return-value]

    @narrow(VENDOR, description="Claims that wait for a decision, oldest first.")
    async def claims_to_review(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Claims | None:
        """The queue."""
        return await claims_in_review(info, first, after)  # type: ignore[return-value]

    @narrow(VENDOR, description="Payouts that wait for a batch, newest first.")
    async def open_payouts(
        self, info: Info, first: First = PAGE, after: After = None
    ) -> Payouts | None:
        """The queue."""
        size, mark = checked(first, after)
        page = await info.context.load(Listed(OPEN_PAYOUTS, size, mark))
        records = await info.context.load_all(
            [One(payouts.Payout, payout_id) for payout_id in page.ids]
        )
        nodes = [await shown_payouts.visible(info, record) for record in records]
        return connection(nodes, page.cursors, page.more)  # type: ignore[no-any-return]


@declared(Audience.ANYONE)
@strawberry.type(
    description="Everything that can be read, as the viewer may see it.\n\n"
    f"{costs.FORMULA}\n\n{limits.TOLD}\n\n{errors.TOLD}"
)
class Query(
    ProcessQueries,
    PreviewQueries,
    ConsentPreviewQueries,
    PayoutQueries,
    TaxQueries,
    BulkQueries,
    FinanceQueries,
    RebateQueries,
    VerificationQueries,
    PersonalDataQueries,
    AuditQueries,
    LeaderboardQueries,
    ParticipationPolicyQueries,
):
    """The root query."""

    @strawberry.field(description="Who is asking: the root of every screen.")
    async def viewer(self, info: Info) -> Viewer:
        """The viewer."""
        # A company's participation is listed by program: programs are read with who asks.
        early = (info.context.catalogue(),) if asks_for(info, "participation") else ()
        viewer, *_ = await asyncio.gather(info.context.viewer(), *early)
        own = viewer.audiences(viewer.partner_id, viewer.id)
        return Viewer(
            role=viewer.role,
            individual=person_of(viewer.person, viewer.employment, own),
            audiences=viewer.audiences(None, None),
            partner_id=viewer.partner_id,
        )

    @strawberry.field(
        description="Anything with a global id; null for what is not there or not yours to see."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="A global id.")],
    ) -> relay.Node | None:
        """A node."""
        await info.context.viewer()
        kind, record_id = split(id)
        found: relay.Node | None = await find(info, kind, record_id)
        return found

    @strawberry.field(description="The catalogue of behaviors that can be recorded.")
    async def behaviors(self, info: Info) -> list[Behavior]:
        """The behaviors."""
        _, found = await asyncio.gather(
            info.context.viewer(), info.context.load(Many(activities.BehaviorType, of_vendor()))
        )
        return [Behavior.of(record) for record in (*activities.DEAL_BEHAVIORS, *found.records)]
