"""The enums of rebates as the schema shows them."""

from portal_api.domain.rebates import ParticipationStatus, RebateCheck
from portal_api.schema.describing import described

__all__ = ["ParticipationStatus", "RebateCheck"]

described(
    RebateCheck,
    "What a rebate needs, in the order in which it is told.",
    PROGRAM_OPEN="The instant is in the program's window.",
    PARTNER_TYPE="The program is for partners of this type.",
    REGION="The program is for partners of this region.",
    BUSINESS_MODEL="The program is for partners of this business model.",
    STRATEGY="The program is for partners of this sales strategy.",
    TIER="The program is for partners of the tier that this one had at the instant.",
    REBATE_RULE="The plan in force at the instant has a rebate for this partner.",
    PARTICIPATION="The company takes part in the program that is required, if one is.",
)
described(
    ParticipationStatus,
    "Whether a company takes part as a whole at an instant, or what is in the way of that.",
    NOT_REQUIRED="The program requires no participation.",
    TAKES_PART="A consent of the whole company is in force, in the terms in force then.",
    NEVER_GRANTED="The company's executives have consented to nothing in the program required.",
    NOT_COMPANY_WIDE="They have consented for some teams, people or roles only.",
    NOT_YET="The first consent of the whole company begins later.",
    REVOKED="The consent of the whole company had been revoked.",
    EXPIRED="The consent of the whole company had ended by its date.",
    OLD_TERMS="The consent of the whole company is for terms that were not in force any more.",
)
