"""The mutations of consent: asked for, declined, withdrawn, granted, renewed, revoked."""

from datetime import datetime
from typing import Any

import strawberry

from portal_api.domain import consent
from portal_api.domain.errors import (
    CompanyWideConsentRequired,
    ConsentAlreadyRequested,
    ConsentNotActive,
    ConsentRequestAnswered,
    NotRetroactive,
    SelfStartNotAllowed,
)
from portal_api.domain.granting import Terms, revoked_with
from portal_api.domain.partners import STAFF_ROLES
from portal_api.schema.access import Audience, declared
from portal_api.schema.consent import (
    COMPANY,
    Consent,
    ConsentRequest,
    shown_consent,
    shown_request,
)
from portal_api.schema.context import Info
from portal_api.schema.enums import Payee, Role
from portal_api.schema.errors import result
from portal_api.schema.ids import decoded, pair
from portal_api.schema.mutations import MutationInput, authorized, mutation, perform
from portal_api.schema.scalars import AmountInput
from portal_api.services import consent as services
from portal_api.services.partners import MANAGERS
from portal_api.services.retroactive import AT_ONCE

_ASKERS = MANAGERS | services.EXECUTIVES | STAFF_ROLES


@strawberry.input(description="A wish that a partner's executive consents.")
class RequestConsentInput(MutationInput):
    """A request."""

    partner_id: strawberry.ID = strawberry.field(description="The partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    individual_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description="For whom; with no teams either: the whole company, or a rep for itself.",
    )
    team_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list, description="For which teams, instead of individuals."
    )


@strawberry.input(description="A request that the executive says no to.")
class DeclineConsentRequestInput(MutationInput):
    """A refusal."""

    consent_request_id: strawberry.ID = strawberry.field(description="The request.")
    reason: str = strawberry.field(description="Why, for whoever asked; at most 1,000 characters.")


@strawberry.input(description="A request to take back.")
class WithdrawConsentRequestInput(MutationInput):
    """A withdrawal."""

    consent_request_id: strawberry.ID = strawberry.field(description="The request.")


@strawberry.input(
    description="An executive's permission: for the whole company or, where its partner's type lets"
    " it, for teams or individuals."
)
class GrantConsentInput(MutationInput):
    """A consent."""

    partner_id: strawberry.ID = strawberry.field(description="The executive's own partner.")
    program_id: strawberry.ID = strawberry.field(description="The program.")
    individual_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description=f"Whom it covers, at most {services.MAX_NAMED}; with no teams either: the whole"
        " company.",
    )
    team_ids: list[strawberry.ID] = strawberry.field(
        default_factory=list,
        description=f"The teams that it covers, at most {services.MAX_NAMED}, instead of"
        " individuals: who is in one of them when they act.",
    )
    roles: list[Role] = strawberry.field(
        default_factory=list,
        description="Of these roles only, which people have when they act; none: all that earn.",
    )
    valid_from: datetime | None = strawberry.field(
        default=None, description="When it begins: now, if left out, or later. Never before now."
    )
    valid_to: datetime | None = strawberry.field(
        default=None, description="When it ends; open if left out."
    )
    covers_from: datetime | None = strawberry.field(
        default=None,
        description="In a retroactive program: also pay what was withheld since then, to those who"
        " are enrolled now. Of the first consent for its people only, begun now, with payee"
        " INDIVIDUAL.",
    )
    caps: list[AmountInput] = strawberry.field(
        default_factory=list,
        description="How much each person may earn under it, and under what renews it, at most: up"
        " to five, one per asset. Of several consents the first with room pays.",
    )
    payee: Payee = strawberry.field(
        default=Payee.INDIVIDUAL,
        description="To whom what is earned under it goes, for good: it is never changed.",
    )


@strawberry.input(description="A consent to continue.")
class RenewConsentInput(MutationInput):
    """A renewal."""

    consent_id: strawberry.ID = strawberry.field(description="The consent.")
    valid_to: datetime | None = strawberry.field(
        default=None, description="When the new one ends; open if left out."
    )


@strawberry.input(description="A consent to end.")
class RevokeConsentInput(MutationInput):
    """A revocation."""

    consent_id: strawberry.ID = strawberry.field(description="The consent.")


@declared(*COMPANY, Audience.OWNER)
@strawberry.type(description="The executive has the request.")
class ConsentRequested:
    """Success."""

    requested_at: datetime = strawberry.field(description="When it was made.")
    consent_request: ConsentRequest = strawberry.field(description="The request.")


@declared(*COMPANY)
@strawberry.type(description="The request is declined; whoever asked reads why.")
class ConsentRequestDeclined:
    """Success."""

    consent_request: ConsentRequest = strawberry.field(description="The request.")


@declared(*COMPANY, Audience.OWNER)
@strawberry.type(description="The request is taken back.")
class ConsentRequestWithdrawn:
    """Success."""

    consent_request: ConsentRequest = strawberry.field(description="The request.")


@declared(*COMPANY)
@strawberry.type(description="The consent is given: in force from its validFrom on.")
class ConsentGranted:
    """Success."""

    consent: Consent = strawberry.field(description="The consent.")


@declared(*COMPANY)
@strawberry.type(description="The consent goes on as another one.")
class ConsentRenewed:
    """Success."""

    consent: Consent = strawberry.field(description="The new consent; it says what it renews.")


@declared(*COMPANY)
@strawberry.type(description="The consent has ended; what was earned stays.")
class ConsentRevoked:
    """Success."""

    consent: Consent = strawberry.field(description="The consent.")
    renewals: list[Consent] = strawberry.field(
        description="The consents that were to continue it and had not begun: revoked with it."
    )


def whom_of(
    partner_id: str,
    individual_ids: list[strawberry.ID],
    team_ids: list[strawberry.ID],
    roles: list[Role],
) -> consent.Whom:
    """Whom an input names; what is another partner's stays a stranger to the service."""

    def own(global_ids: list[strawberry.ID], kind: str, field: str) -> tuple[str, ...]:
        named = (pair(global_id, kind, field) for global_id in global_ids)
        return tuple(one if of == partner_id else f"{of}.{one}" for of, one in named)

    return consent.Whom(
        own(individual_ids, "Individual", "individualIds"),
        own(team_ids, "Team", "teamIds"),
        tuple(roles),
    )


@strawberry.type
class ConsentMutations:
    """Mixed into the root mutation."""

    @mutation(
        result(
            "RequestConsent",
            ConsentRequested,
            SelfStartNotAllowed,
            CompanyWideConsentRequired,
            ConsentAlreadyRequested,
        ),
        _ASKERS,
        "Asks a partner's executive for consent; a rep asks for itself, where its partner's type"
        " lets it. Who asks again for what was declined, withdrawn or expired has the same request"
        " again, as a new one.",
    )
    async def request_consent(self, info: Info, input: RequestConsentInput) -> object:
        """A request."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId")
        outcome = perform(
            info,
            services.request_consent,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            whom=whom_of(partner_id, input.individual_ids, input.team_ids, []),
        )
        shown = await _asked(info, ConsentRequested, outcome)
        return ConsentRequested(requested_at=shown.requested_at, consent_request=shown)

    @mutation(
        result("DeclineConsentRequest", ConsentRequestDeclined, ConsentRequestAnswered),
        services.EXECUTIVES,
        "Says no to a request for consent, with a reason that whoever asked reads.",
    )
    async def decline_consent_request(
        self, info: Info, input: DeclineConsentRequestInput
    ) -> object:
        """A refusal."""
        asked = decoded(input.consent_request_id, "ConsentRequest", "consentRequestId")
        outcome = perform(
            info,
            services.decline_consent_request,
            input.request_id,
            consent_request_id=asked,
            reason=input.reason,
        )
        shown = await _asked(info, ConsentRequestDeclined, outcome)
        return ConsentRequestDeclined(consent_request=shown)

    @mutation(
        result("WithdrawConsentRequest", ConsentRequestWithdrawn, ConsentRequestAnswered),
        _ASKERS,
        "Takes a request for consent back: whoever made it, or the vendor.",
    )
    async def withdraw_consent_request(
        self, info: Info, input: WithdrawConsentRequestInput
    ) -> object:
        """A withdrawal."""
        asked = decoded(input.consent_request_id, "ConsentRequest", "consentRequestId")
        outcome = perform(
            info, services.withdraw_consent_request, input.request_id, consent_request_id=asked
        )
        shown = await _asked(info, ConsentRequestWithdrawn, outcome)
        return ConsentRequestWithdrawn(consent_request=shown)

    @mutation(
        result("GrantConsent", ConsentGranted, CompanyWideConsentRequired, NotRetroactive),
        services.EXECUTIVES,
        "Lets a partner's staff earn, from now on or later; what is earned under it goes to its"
        " payee for good. With coversFrom it also pays what was withheld since then: the first"
        f" {AT_ONCE} activities with it, the others by a series that checks the consent each time."
        " For a program that has not ended.",
    )
    async def grant_consent(self, info: Info, input: GrantConsentInput) -> object:
        """A consent."""
        partner_id = decoded(input.partner_id, "Partner", "partnerId")
        outcome = perform(
            info,
            services.grant_consent,
            input.request_id,
            partner_id=partner_id,
            program_id=decoded(input.program_id, "Program", "programId"),
            terms=Terms(
                whom=whom_of(partner_id, input.individual_ids, input.team_ids, input.roles),
                caps=tuple(consent.Cap(*cap.minor("caps")) for cap in input.caps),
                payee=input.payee,
                valid_from=input.valid_from,
                valid_to=input.valid_to,
                covers_from=input.covers_from,
            ),
        )
        await authorized(info, ConsentGranted, partner_id)
        return ConsentGranted(consent=_shown(info, outcome))

    @mutation(
        result("RenewConsent", ConsentRenewed, CompanyWideConsentRequired),
        services.EXECUTIVES,
        "Continues a consent for the same people, payee and caps, in the terms in force: when the"
        " former ends, or now where that has ended or was given in earlier terms. For a program"
        " that has not ended.",
    )
    async def renew_consent(self, info: Info, input: RenewConsentInput) -> object:
        """A renewal."""
        outcome = perform(
            info,
            services.renew_consent,
            input.request_id,
            consent_id=decoded(input.consent_id, "Consent", "consentId"),
            valid_to=input.valid_to,
        )
        await authorized(info, ConsentRenewed, outcome.file.partner_id)
        return ConsentRenewed(consent=_shown(info, outcome))

    @mutation(
        result("RevokeConsent", ConsentRevoked, ConsentNotActive),
        services.EXECUTIVES,
        "Ends a consent, forward only: what was earned stays, and what is pending matures. A"
        " renewal that has not begun ends with it; one that has is revoked on its own.",
    )
    async def revoke_consent(self, info: Info, input: RevokeConsentInput) -> object:
        """A revocation."""
        consent_id = decoded(input.consent_id, "Consent", "consentId")
        outcome = perform(info, services.revoke_consent, input.request_id, consent_id=consent_id)
        await authorized(info, ConsentRevoked, outcome.file.partner_id)
        number = int(consent_id.rpartition(".")[2])
        file, now = outcome.file, info.context.portal.clock()
        return ConsentRevoked(
            consent=shown_consent(file, number, now),
            renewals=[shown_consent(file, one.number, now) for one in revoked_with(file, number)],
        )


async def _asked(info: Info, shown: type, outcome: Any) -> ConsentRequest:
    """The request of an outcome, for whoever may see it as that."""
    asked = outcome.file.request(outcome.number)
    await authorized(info, shown, outcome.file.partner_id, asked.requested_by)
    return shown_request(outcome.file, outcome.number)


def _shown(info: Info, outcome: Any) -> Consent:
    return shown_consent(outcome.file, outcome.number, info.context.portal.clock())
