"""Global ids: a type and what it names, opaque to clients; an id of another type is bad input."""

from strawberry.relay import from_base64, to_base64

from portal_api.domain.errors import InvalidInput, NotFound


def encoded(kind: str, record_id: str) -> str:
    """The global id of a record."""
    return to_base64(kind, record_id)


def decoded(global_id: str, kind: str, field: str) -> str:
    """The id inside a global id of ``kind``; raises ``InvalidInput`` for the argument ``field``."""
    named, record_id = split(global_id)
    if named != kind:
        raise InvalidInput(f"An id of a {kind} is needed here.", field)
    return record_id


def pair(global_id: str, kind: str, field: str) -> tuple[str, str]:
    """The two parts of an id that names a partner and somebody at it; raises as ``decoded``."""
    first, separator, second = decoded(global_id, kind, field).partition(".")
    if not separator or not first or not second or "." in second:
        raise InvalidInput(f"An id of a {kind} is needed here.", field)
    return first, second


def party(global_id: str, field: str) -> tuple[str, str]:
    """Partner and wallet that the id of a partner or an individual names.

    Raises as ``decoded``, and ``NotFound`` where a company is named as if it were its own person.
    """
    kind, named = split(global_id)
    partner_id, _, own = named.partition(".")
    if kind not in ("Partner", "Individual") or bool(own) is not (kind == "Individual"):
        raise InvalidInput("An id of a Partner or an Individual is needed here.", field)
    if own == partner_id:
        raise NotFound.of(field)
    return partner_id, own or partner_id


def split(global_id: str) -> tuple[str, str]:
    """Type and id inside a global id; empty where it is none."""
    try:
        kind, record_id = from_base64(global_id[:500])
    except ValueError:
        return "", ""
    return (
        (kind, record_id)
        if "#" not in record_id and record_id.isascii() and record_id
        else ("", "")
    )
