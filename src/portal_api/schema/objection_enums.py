"""The enums of objections as the schema shows them."""

from portal_api.domain.objections import ObjectionCategory, ObjectionStatus
from portal_api.schema.describing import described

__all__ = ["ObjectionCategory", "ObjectionStatus"]

described(
    ObjectionCategory,
    "What an objection is about.",
    CONFLICTS_WITH_OWN_PLAN="The program pays for something else than the company's own pay plan.",
    TAX_OR_PAYROLL="Taxes, social charges or payroll of what a third party pays the staff.",
    ADMINISTRATION="Too much work: claims, proofs, reconciling.",
    LEGAL_OR_COMPLIANCE="Law, contracts, or a policy on gifts and third-party pay.",
    FAIRNESS="Some of the staff could earn and others not.",
    NOT_WORTH_IT="What can be earned is too little for the effort.",
    OTHER="Anything else: see the text.",
)
described(
    ObjectionStatus,
    "Where an objection stands.",
    OPEN="The vendor owes an answer.",
    ANSWERED="The vendor has answered; the company has not put it aside yet.",
    RESOLVED="It is no obstacle any more.",
)
