"""What a consent would change, told to an executive and to the vendor before it is granted."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from portal_api.domain import consent_previews as previews
from portal_api.domain.consent import Cap
from portal_api.domain.granting import Terms
from portal_api.domain.money import percent
from portal_api.domain.rebates import RebateStanding
from portal_api.schema.access import Audience, declared
from portal_api.schema.consent import ConsentRequest, shown_request
from portal_api.schema.consent_mutations import whom_of
from portal_api.schema.context import Info
from portal_api.schema.costs import counted
from portal_api.schema.enums import Payee, Role
from portal_api.schema.errors import RefusalInterface, result, shown
from portal_api.schema.forgone import amounts_of
from portal_api.schema.ids import decoded
from portal_api.schema.nodes import find
from portal_api.schema.programs import Program
from portal_api.schema.scalars import Amount, AmountInput, Decimal, Money, money_of
from portal_api.services.consent_previews import MOST_PEOPLE, preview_consent

if TYPE_CHECKING:
    from portal_api.schema.partners import Individual

_COMPANY = (Audience.EXECUTIVE, Audience.VENDOR)
_Person = Annotated["Individual", strawberry.lazy("portal_api.schema.partners")]
_NULL = (
    " To an executive of the whole company in all roles only, of the assets that tell of at least"
    " three people; null where that is none of them."
)


@strawberry.input(description="A consent that could be granted.")
class PreviewConsentInput:
    """A consent."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    team_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The teams that it covers; none: the whole company."
    )
    individual_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="The people that it covers, instead of teams."
    )
    roles: list[Role] = strawberry.field(
        default_factory=list, description="Of these roles only; none named: all that earn."
    )
    caps: list[AmountInput] = strawberry.field(
        default_factory=list, description="What each person earns under it at most, per asset."
    )
    payee: Payee = strawberry.field(
        default=Payee.INDIVIDUAL, description="To whom what is earned under it is sent."
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="When it begins; now if left out."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="When it ends; open if left out."
    )
    covers_from: datetime | None = strawberry.field(
        default=None,
        description="From when on it pays afterwards, in a retroactive program. An executive is"
        " told amounts from the program's start on only.",
    )


@declared(*_COMPANY)
@strawberry.type(description="A person whom the consent would cover, as it works there now.")
class CoveredPerson:
    """A person."""

    enrolled: bool = strawberry.field(
        description="Whether it has accepted the program's terms in force, so that it would earn."
    )
    already_covered: bool = strawberry.field(
        description="Whether a consent covers it now: nothing changes for it."
    )
    partner_id: strawberry.Private[str]
    person: strawberry.Private[str]

    @strawberry.field(description="The person.")
    async def individual(self, info: Info) -> _Person | None:
        """The person."""
        found: Individual | None = await find(
            info, "Individual", f"{self.partner_id}.{self.person}"
        )
        return found


@declared(*_COMPANY)
@strawberry.type(description="A rebate rule, where it stands in its period now.")
class PreviewedRebate:
    """A rule."""

    rule_code: str = strawberry.field(description="The rule's code.")
    rule_name: str = strawberry.field(description="Its name for people.")
    period: str = strawberry.field(description="The period, such as Q2026-1; P is all of it.")
    rate: Decimal = strawberry.field(description="The rate that is reached now, in percent.")
    counted: Money = strawberry.field(
        description="The company's won revenue of the period that counts for the rebate."
    )
    not_counted: Money = strawberry.field(
        description="What it won in the period that accrued nothing, such as what was sold while"
        " the company did not take part. It stays so: a consent changes what is sold from then on."
    )
    next_rate: Decimal | None = strawberry.field(
        description="The rate of the next band, in percent; null in the last one."
    )
    missing: Money | None = strawberry.field(description="How much is missing to the next band.")
    words: str = strawberry.field(description="The bands, and where the company stands.")


@declared(*_COMPANY)
@strawberry.type(description="A program whose rebate needs that the company takes part here.")
class UnlockedRebate:
    """A program's rebate."""

    program: Program = strawberry.field(description="The program that pays the rebate.")
    accrues_now: bool = strawberry.field(description="Whether a sale accrues a rebate now.")
    would_accrue: bool = strawberry.field(
        description="Whether it would with this consent, from when that begins."
    )
    rules: list[PreviewedRebate] = strawberry.field(description="Its rebate rules.")


@declared(*_COMPANY)
@strawberry.type(
    description="What a consent would change, as things stand now: nothing is written."
)
class ConsentPreviewed:
    """Success."""

    possible: bool = strawberry.field(description="Whether it can be granted like this.")
    refusal: RefusalInterface | None = strawberry.field(
        description="Why not: CompanyWideConsentRequired by the policy of the partner's type,"
        " NotRetroactive, or InvalidInput for a program that has ended."
    )
    covered: int = strawberry.field(description="How many people it covers now.")
    already_covered: int = strawberry.field(description="How many of them are covered without it.")
    enrolled: int = strawberry.field(description="How many of them would earn at once.")
    complete: bool = strawberry.field(
        description=f"Whether all was looked at: the company's first {MOST_PEOPLE} people are."
    )
    people: list[CoveredPerson] = strawberry.field(description="Who they are.")
    would_have_earned: list[Amount] | None = strawberry.field(
        description="What they went without for want of consent so far; of the whole company as its"
        " forgoneEarnings, also of who has left. To an executive also what was paid afterwards."
        + _NULL
    )
    paid_afterwards: list[Amount] | None = strawberry.field(
        description="What a retroactive program would pay of that since coversFrom, to those who"
        " are enrolled now, before caps and budget. Null where nothing looks back. To an executive"
        " only where it is all of wouldHaveEarned: nobody is left out, and nothing was paid yet."
        + _NULL
    )
    rebates: list[UnlockedRebate] = strawberry.field(
        description="The programs whose rebate needs that the company takes part in this one."
    )
    terms_version: int = strawberry.field(description="The version of the terms to agree to.")
    terms: str = strawberry.field(description="The terms themselves.")
    requests_answered: list[ConsentRequest] = strawberry.field(
        description="The requests that wait and that it would answer."
    )
    notes: list[str] = strawberry.field(description="What else to know before, as sentences.")


_Result: Any = result("PreviewConsent", ConsentPreviewed)


@strawberry.type
class ConsentPreviewQueries:
    """Mixed into the root query."""

    @strawberry.field(
        graphql_type=_Result,
        description="What a consent would change before it is granted: for whom, what its lack has"
        " cost, what would be paid afterwards, and which rebate it unlocks. Once per document. For"
        " the partner's executives and the vendor.",
        metadata=counted(20),
    )
    async def preview_consent(
        self,
        info: Info,
        consent: Annotated[
            PreviewConsentInput, strawberry.argument(description="The consent to preview.")
        ],
    ) -> object:
        """A preview."""
        viewer = await info.context.viewer()
        partner_id = decoded(consent.partner_id, "Partner", "partnerId")
        preview = preview_consent(
            info.context.portal,
            viewer,
            partner_id=partner_id,
            program_id=decoded(consent.program_id, "Program", "programId"),
            terms=_terms_of(consent, partner_id),
        )
        info.context.prime(preview.partner, *(one.individual for one in preview.people))
        return _previewed(preview, viewer.audiences(None, None))


def _terms_of(consent: PreviewConsentInput, partner_id: str) -> Terms:
    whom = whom_of(partner_id, consent.individual_ids, consent.team_ids, consent.roles)
    return Terms(
        whom=whom,
        caps=tuple(Cap(*cap.minor("caps")) for cap in consent.caps),
        payee=consent.payee,
        valid_from=consent.valid_from,
        valid_to=consent.valid_to,
        covers_from=consent.covers_from,
    )


def _previewed(
    preview: previews.ConsentPreview, audiences: frozenset[Audience]
) -> ConsentPreviewed:
    """The preview as shown."""
    return ConsentPreviewed(
        possible=preview.refusal is None,
        refusal=None if preview.refusal is None else shown(preview.refusal),
        covered=len(preview.people),
        already_covered=sum(one.already for one in preview.people),
        enrolled=sum(one.enrolled for one in preview.people),
        complete=preview.complete,
        people=[
            CoveredPerson(
                enrolled=one.enrolled,
                already_covered=one.already,
                partner_id=preview.partner.id,
                person=one.individual.id,
            )
            for one in preview.people
        ],
        would_have_earned=amounts_of(preview.forgone),
        paid_afterwards=amounts_of(preview.late),
        rebates=[
            UnlockedRebate(
                program=Program.of(one.program, audiences),
                accrues_now=one.now.eligible,
                would_accrue=one.then.eligible,
                rules=[_rebate(one, standing) for standing in one.now.standings],
            )
            for one in preview.rebates
        ],
        terms_version=preview.program.terms_version,
        terms=preview.program.terms,
        requests_answered=[shown_request(preview.before, number) for number in preview.answers],
        notes=list(previews.notes(preview)),
    )


def _rebate(of: previews.Unlocked, standing: RebateStanding) -> PreviewedRebate:
    """One rule as shown."""
    currency, not_counted = of.program.currency, of.uncovered[standing.rule.code]
    next_bps = previews.next_rate(standing)
    missing = standing.missing_minor
    return PreviewedRebate(
        rule_code=standing.rule.code,
        rule_name=standing.rule.name,
        period=standing.period.name,
        rate=Decimal(percent(standing.rate_bps)),
        counted=money_of(currency, standing.revenue_minor),
        not_counted=money_of(currency, not_counted),
        next_rate=None if next_bps is None else Decimal(percent(next_bps)),
        missing=None if missing is None else money_of(currency, missing),
        words=previews.rebate_words(of, standing),
    )
