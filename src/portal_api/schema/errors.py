"""Refusals as members of result unions, made from the tree in ``domain.errors``.

One handler for each.
"""

import inspect
import logging
import re
from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any, Final, Union, get_args

import strawberry
from graphql import ExecutionResult, GraphQLError
from strawberry.schema.schema_converter import field_contains_type
from strawberry.types.field import StrawberryField

from portal_api.domain import errors
from portal_api.domain.errors import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    Refusal,
)
from portal_api.schema.access import Audience, declared
from portal_api.schema.enums import (
    AdjustmentStatus,
    ClaimStatus,
    ConsentRequestStatus,
    DealStage,
    DisputeStatus,
    PartnerType,
    PayoutStatus,
    RegistrationStatus,
    Role,
    WithheldReason,
)
from portal_api.schema.ids import encoded
from portal_api.schema.objection_enums import ObjectionStatus
from portal_api.schema.scalars import Amount, Decimal, amount_of
from portal_api.schema.waves import TOO_COSTLY
from portal_api.services.store import StoreUnavailable
from portal_api.services.use_case import Unauthenticated

_EVERYWHERE = (InvalidInput, NotFound, NotPermitted, IdempotencyConflict)


@declared(Audience.ANYONE)
@strawberry.interface(
    name="Refusal", description="Why a mutation was refused; nothing but this answer was written."
)
class RefusalInterface:
    """What every refusal tells."""

    code: str = strawberry.field(description="The refusal's type in capitals, for programs.")
    message: str = strawberry.field(description="A sentence for people.")


def _screaming(name: str) -> str:
    return "".join("_" + letter if letter.isupper() else letter.upper() for letter in name).lstrip(
        "_"
    )


_FIELDS: dict[str, tuple[Any, str]] = {
    "answered_at": (datetime, "When it was answered, or expired."),
    "available": (Amount, "What is available of that asset."),
    "behavior": (str, "The behavior's code."),
    "closed_at": (datetime, "When it was closed."),
    "deadline": (datetime, "Until when it could be claimed."),
    "ended_at": (datetime, "When it ended."),
    "enrolled_at": (datetime, "When they were accepted."),
    "difference": (Decimal, "The sum less what is expected, in the unit of the goal."),
    "evidence": (str, "What proved another claim."),
    "expected": (
        Decimal,
        "Its own target and what is assigned beyond it: major units of the currency, or a count.",
    ),
    "field": (str, "The argument in question, inside the input."),
    "minimum": (Amount, "The least that is paid out of that asset at once."),
    "held": (Amount, "What is held of that asset."),
    "left": (Amount, "What is left of it."),
    "next_number": (int, "The number of the version that can be drafted."),
    "number": (int, "The number of the version that is published."),
    "party_id": (strawberry.ID, "The partner or the team below which the sum is wrong."),
    "partner_type": (PartnerType, "The partner's type."),
    "pending": (Amount, "What is pending of that asset."),
    "problems": (list[str], "Each problem as a sentence."),
    "program_id": (strawberry.ID, "The program."),
    "reason": (WithheldReason, "Why: what activities would be withheld for."),
    "reasons": (list[str], "Each reason as a sentence."),
    "reference": (str, "The reference that is taken."),
    "report_id": (strawberry.ID, "The report that is open."),
    "request_id": (str, "The request id that was used before."),
    "requested_at": (datetime, "Since when it waits."),
    "required_roles": (list[Role], "The roles that may."),
    "stretch": (bool, "Whether it is about the stretch goals; else about the goals."),
    "sum_below": (Decimal, "What the targets below it sum to, in the unit of the goal."),
    "stage": (DealStage, "Its stage now."),
    "AdjustmentDecided.status": (AdjustmentStatus, "Its status now."),
    "NotEmployed.ended_at": (datetime, "When the person's last employment ended."),
    "InsufficientBalance.available": (Amount, "How much of that asset can be asked for now."),
    "AlreadyDisputed.status": (DisputeStatus, "The status of the dispute now."),
    "ClaimDecided.status": (ClaimStatus, "Its status now."),
    "ConsentRequestAnswered.status": (ConsentRequestStatus, "What became of it."),
    "DisputeNotOpen.status": (DisputeStatus, "Its status now."),
    "ObjectionNotOpen.status": (ObjectionStatus, "Its status now."),
    "DisputeTooLate.deadline": (datetime, "Until when it could be disputed."),
    "PayoutNotOpen.status": (PayoutStatus, "Its status now."),
    "RegistrationDecided.status": (RegistrationStatus, "Its status now."),
}
"""What a refusal's fields are and mean; a new field without an entry fails the schema's build."""


def _refusal_type(cls: type[Refusal]) -> type:
    """The GraphQL type of a refusal: its fields, a minor amount as an amount."""
    annotations: dict[str, Any] = {}
    namespace: dict[str, Any] = {}
    for field in fields(cls):
        if field.name in ("message", "asset"):
            continue
        name = field.name.removesuffix("_minor")
        annotations[name], told = _FIELDS.get(f"{cls.__name__}.{name}") or _FIELDS[name]
        namespace[name] = strawberry.field(description=told)
    namespace |= {"__annotations__": annotations, "__doc__": cls.__doc__, "__module__": __name__}
    made = type(cls.__name__, (RefusalInterface,), namespace)
    return declared(Audience.ANYONE)(
        strawberry.type(made, description=inspect.cleandoc(cls.__doc__ or "").replace("``", "`"))
    )


def _all_refusals() -> Iterator[type[Refusal]]:
    for member in vars(errors).values():
        if isinstance(member, type) and issubclass(member, Refusal) and member is not Refusal:
            yield member


REFUSALS: dict[type[Refusal], type] = {cls: _refusal_type(cls) for cls in _all_refusals()}
"""The GraphQL type of every refusal."""


def shown(refusal: Refusal) -> Any:
    """A raised refusal as its GraphQL object."""
    values: dict[str, Any] = {
        "code": _screaming(type(refusal).__name__),
        "message": refusal.message,
    }
    made = REFUSALS[type(refusal)]
    for name, kind in made.__annotations__.items():
        if kind is Amount:
            minor = getattr(refusal, f"{name}_minor")
            values[name] = amount_of(getattr(refusal, "asset"), minor)  # noqa: B009
        else:
            values[name] = _as_declared(kind, getattr(refusal, name))
    return made(**values)


def _as_declared(kind: Any, value: Any) -> Any:
    """A refusal's plain value as its GraphQL type has it."""
    if isinstance(value, tuple):
        (member,) = get_args(kind)
        return [_as_declared(member, item) for item in value]
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is strawberry.ID:
        named, _, own = value.rpartition(":")
        return strawberry.ID(encoded(named or "Program", own))
    return kind(value)


class _Handler:
    """Turns a refusal into the member of the field's union that it is.

    One for all of them: a handler each is compared with each field, which took half of the
    schema's build. ``NotFound`` stands for all, since it is in every result (``_EVERYWHERE``).
    """

    exception_type = Refusal
    error_type = REFUSALS[NotFound]

    def handle(self, exception: Refusal, *, field: StrawberryField, info: object) -> Any:
        """The union member; None, and the refusal stays an error, where the union has none."""
        member = field_contains_type(field, REFUSALS[type(exception)])
        return shown(exception) if member else None


HANDLERS = (_Handler(),)
"""The one way from a raised refusal to what the client sees."""


_log = logging.getLogger(__name__)

_SUGGESTION = re.compile(r" ?Did you mean .*", re.DOTALL)
_LONGEST_MESSAGE = 500
MOST_ERRORS: Final = 10
TOLD: Final = (
    "Beside an answer there is one error for each field that is missing from it. A query in which"
    f" more than {MOST_ERRORS} fields fail, or that leads to more reads than are done for one, is"
    f" refused as a whole, with one error; of a mutation at most {MOST_ERRORS} errors are told, and"
    " what it has answered is told in any case."
)
"""As portal developers read it."""


def bound(result: ExecutionResult, *, writes: bool) -> None:
    """Leaves an executed document no more errors than are told, the gravest first.

    A query that fails as a whole answers nothing. What a mutation ``writes`` is told: it was
    committed.
    """
    errors = sorted(result.errors or (), key=_rank)
    if writes:
        result.errors = errors[:MOST_ERRORS]
    elif len(errors) > MOST_ERRORS or _rank(errors[0]) in (_NOBODY, _TOO_MUCH):
        result.data, result.errors = None, errors[:1]
    else:
        result.errors = errors


_NOBODY, _TOO_MUCH, _OURS, _THEIRS = range(4)


def _rank(error: GraphQLError) -> int:
    """How grave an error is: who may not act is told that, and nothing else."""
    original = error.original_error
    if isinstance(original, Unauthenticated):
        return _NOBODY
    if (error.extensions or {}).get("code") == TOO_COSTLY:
        return _TOO_MUCH
    return _THEIRS if isinstance(original, GraphQLError | Refusal | None) else _OURS


def typed(error: GraphQLError, request_id: str) -> GraphQLError:
    """An error of an answer with its code and the request id.

    What nobody expected is logged and tells nothing.
    """
    original, message, code = error.original_error, error.message, "BAD_REQUEST"
    more: dict[str, Any] = {}
    if isinstance(original, Unauthenticated):
        message, code = "Sign in again: this person may not act.", "UNAUTHENTICATED"
    elif isinstance(original, StoreUnavailable):
        message, code = "Too busy to do it in time; nothing was written. Try again.", "TRY_AGAIN"
    elif isinstance(original, Refusal):
        message, code = original.message, _screaming(type(original).__name__)
    elif isinstance(original, GraphQLError) or original is None:
        more = error.extensions or {}
        # A client is told what is wrong; not our names that are near, nor all that it has sent.
        message = _SUGGESTION.sub("", message)[:_LONGEST_MESSAGE]
    else:
        _log.error("unexpected error", exc_info=original)
        message, code = "Something went wrong on our side.", "INTERNAL"
    # Not made again: an error that is made looks for its place in all of the document.
    error.message = message
    if error.locations:
        error.locations = error.locations[:MOST_ERRORS]
    error.extensions = {"code": code, **more, "requestId": request_id}
    return error


def result(name: str, success: type, *refusals: type[Refusal]) -> Any:
    """The result union of a mutation.

    Its success, what every mutation can be refused for, and its own refusals.
    """
    members = (success, *(REFUSALS[cls] for cls in (*_EVERYWHERE, *refusals)))
    description = (
        f"What {name[0].lower()}{name[1:]} answers: {success.__name__}, or a typed refusal."
    )
    return Annotated[Union[members], strawberry.union(f"{name}Result", description=description)]  # noqa: UP007
