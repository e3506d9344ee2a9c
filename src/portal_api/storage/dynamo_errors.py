"""What each error of DynamoDB, and each reason of a cancelled transaction, says of the request."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias, get_args

from botocore.exceptions import BotoCoreError, ClientError

Verdict: TypeAlias = Literal[
    "condition",  # a condition did not hold
    "size",  # an item would become too large
    "mistake",  # this program sent nonsense
    "unavailable",  # not executed, and it would not be the next time
    "renew",  # not executed, and it may be with fresh credentials
    "unsure",  # perhaps executed
    "again",  # not executed, and it may be the next time
]

_TOO_LARGE = "ItemTooLarge"  # DynamoDB has no code for it in a transaction, only a text.
_SERVER_ERROR = 500

# By code of the error or of the cancellation reason, or by botocore's class if nothing answered.
VERDICTS: Mapping[str, Verdict] = {
    "ConditionalCheckFailed": "condition",
    _TOO_LARGE: "size",
    "IdempotentParameterMismatchException": "mistake",
    "ValidationError": "mistake",
    "ValidationException": "mistake",
    "AccessDeniedException": "unavailable",
    "ResourceNotFoundException": "unavailable",
    "ExpiredTokenException": "renew",
    "IncompleteSignatureException": "renew",
    "InvalidSignatureException": "renew",
    "MissingAuthenticationTokenException": "renew",
    "UnrecognizedClientException": "renew",
    "CredentialRetrievalError": "renew",
    "NoCredentialsError": "renew",
    "PartialCredentialsError": "renew",
    "TokenRetrievalError": "renew",
    "InternalServerError": "unsure",
    "ServiceUnavailable": "unsure",
    "TransactionInProgressException": "unsure",
    "ConnectTimeoutError": "again",
    "EndpointConnectionError": "again",
    "ProxyConnectionError": "again",
    "ProvisionedThroughputExceeded": "again",
    "ProvisionedThroughputExceededException": "again",
    "RequestLimitExceeded": "again",
    "ThrottlingError": "again",
    "ThrottlingException": "again",
    "TransactionCanceledException": "again",  # Only if it names no reason.
    "TransactionConflict": "again",
    "TransactionConflictException": "again",
}


class Cause(NamedTuple):
    """Why an attempt failed; ``positions`` are the operations of the transaction that say so."""

    verdict: Verdict
    code: str
    positions: tuple[int, ...] = ()


def judge(error: BotoCoreError | ClientError) -> Cause:
    """Give the cause that counts.

    When the reasons of a cancelled transaction say several things, it is the first in the order of
    ``Verdict``: no repetition would mend that one.
    """
    if not isinstance(error, ClientError):
        code = type(error).__name__
        return Cause(VERDICTS.get(code, "unsure"), code)
    reasons = _reasons(error)
    codes = [code for code in reasons if code] or [error.response["Error"].get("Code", "")]
    order = get_args(Verdict)
    verdict, decisive = min(
        ((VERDICTS.get(code, _of_status(error)), code) for code in codes),
        key=lambda judged: order.index(judged[0]),
    )
    positions = tuple(at for at, code in enumerate(reasons) if code == decisive)
    return Cause(verdict, decisive, positions)


def _reasons(error: ClientError) -> list[str | None]:
    """Give the code of each operation of a cancelled transaction, None where it was no reason."""
    return [
        reason and (_TOO_LARGE if "Item size" in (reason.message or "") else reason.code)
        for reason in getattr(error, "cancellation_reasons", ())
    ]


def _of_status(error: ClientError) -> Verdict:
    # PynamoDB's error leaves out the status, which its cause still has.
    response = getattr(error.__cause__, "response", error.response)
    status: int = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return "unsure" if status >= _SERVER_ERROR else "unavailable"
