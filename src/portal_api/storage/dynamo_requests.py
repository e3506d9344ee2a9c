"""The seam's keys, items, writes and queries in DynamoDB's own words, exact and in their order.

Nothing here sends anything. Names and values stand in expressions as placeholders only, for
DynamoDB reserves hundreds of words.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from portal_api.storage.table import (
    Add,
    Check,
    Corrupt,
    Delete,
    Item,
    Key,
    PutIfAbsent,
    PutIfVersion,
    Query,
    Value,
    Write,
    bounds,
)

Request: TypeAlias = dict[str, Any]  # What a DynamoDB operation takes, as botocore spells it.
Wire: TypeAlias = dict[str, Any]  # One value as DynamoDB spells it, such as {"N": "1"}.


def key_to_wire(key: Key) -> dict[str, Wire]:
    """Give the two attributes of a key."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def to_wire(value: Value | Item) -> Wire:
    """Give a value in DynamoDB's types; integers stay exact."""
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(int(value))}
    if value is None:
        return {"NULL": True}
    if isinstance(value, list):
        return {"L": [to_wire(part) for part in value]}
    return {"M": {name: to_wire(part) for name, part in value.items()}}


def key_from_wire(attributes: Mapping[str, Wire]) -> Key:
    """Give the key of an item or of the place where a query stopped."""
    return Key(attributes["pk"]["S"], attributes["sk"]["S"])


def row_from_wire(attributes: Mapping[str, Wire]) -> tuple[Key, Item]:
    """Give the key and the other attributes of an item.

    Raises:
        Corrupt: An attribute has a type that this program never writes, or is not an integer.
    """
    key = key_from_wire(attributes)
    try:
        return key, {
            name: _from_wire(wire) for name, wire in attributes.items() if name not in ("pk", "sk")
        }
    except ValueError as error:
        raise Corrupt(key) from error


def _from_wire(wire: Wire) -> Value:
    match wire:
        case {"S": str(text)}:
            return text
        case {"N": digits}:
            return int(digits)
        case {"BOOL": bool(flag)}:
            return flag
        case {"NULL": _}:
            return None
        case {"L": parts}:
            return [_from_wire(part) for part in parts]
        case {"M": parts}:
            return {name: _from_wire(part) for name, part in parts.items()}
        case _:
            raise ValueError(f"unknown type {next(iter(wire))}")


class _Terms:
    """The placeholders of one expression; each name and value is sent only if it is used."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        self._values: dict[str, Wire] = {}

    def name(self, attribute: str) -> str:
        return self._names.setdefault(attribute, f"#{len(self._names)}")

    def value(self, value: Value) -> str:
        placeholder = f":{len(self._values)}"
        self._values[placeholder] = to_wire(value)
        return placeholder

    def meets(self, seen: Item) -> Iterable[str]:
        """Give the conditions that attributes have these values; 0 and None are met by absence."""
        for attribute, value in seen.items():
            name = self.name(attribute)
            if value is None:
                yield f"attribute_not_exists({name})"
            elif isinstance(value, int) and value == 0 and not isinstance(value, bool):
                yield f"(attribute_not_exists({name}) OR {name} = {self.value(value)})"
            else:
                yield f"{name} = {self.value(value)}"

    def reaches(self, deltas: Mapping[str, int], floors: Mapping[str, int]) -> Iterable[str]:
        """Give the conditions that attributes are at their floors or above after an addition."""
        for attribute, least in floors.items():
            name = self.name(attribute)
            least_before = least - deltas.get(attribute, 0)
            reached = f"{name} >= {self.value(least_before)}"
            # A missing attribute counts as 0, which DynamoDB's comparison does not know.
            yield reached if least_before > 0 else f"(attribute_not_exists({name}) OR {reached})"

    def request(self) -> Request:
        """Give the parts of a request that define the placeholders."""
        request: Request = {}
        if self._names:
            request["ExpressionAttributeNames"] = {p: name for name, p in self._names.items()}
        if self._values:
            request["ExpressionAttributeValues"] = self._values
        return request


def write_request(table_name: str, op: Write) -> Request:
    """Give one member of a TransactWriteItems."""
    ((kind, request),) = _write_request(op).items()
    return {kind: {"TableName": table_name, **request}}


def key_of_request(member: Request) -> Key:
    """Give the key that a member of a TransactWriteItems is about."""
    (request,) = member.values()
    return key_from_wire(request.get("Key") or request["Item"])


def _write_request(op: Write) -> Request:
    match op:
        case PutIfAbsent():
            return {"Put": _put_if_absent(op)}
        case PutIfVersion():
            return {"Update": _put_if_version(op)}
        case Add():
            return {"Update": _add(op)}
        case Check():
            return {"ConditionCheck": _check(op)}
        case Delete():
            return {"Delete": {"Key": key_to_wire(op.key)}}


def _put_if_absent(op: PutIfAbsent) -> Request:
    item = {name: to_wire(value) for name, value in op.item.items() if value is not None}
    return {
        "Item": {**key_to_wire(op.key), **item},
        "ConditionExpression": "attribute_not_exists(pk)",
    }


def _put_if_version(op: PutIfVersion) -> Request:
    # An update and not a put, so that attributes which `op.item` does not name survive.
    terms = _Terms()
    condition = f"{terms.name('version')} = {terms.value(op.version)}"
    sets: list[str] = []
    removes: list[str] = []
    for attribute, value in op.item.items():
        name = terms.name(attribute)
        if value is None:
            removes.append(name)
        else:
            sets.append(f"{name} = {terms.value(value)}")
    update = f"SET {', '.join(sets)}"
    if removes:
        update += f" REMOVE {', '.join(removes)}"
    return {
        "Key": key_to_wire(op.key),
        "UpdateExpression": update,
        "ConditionExpression": condition,
        **terms.request(),
    }


def _add(op: Add) -> Request:
    terms = _Terms()
    additions = (f"{terms.name(name)} {terms.value(delta)}" for name, delta in op.deltas.items())
    request: Request = {
        "Key": key_to_wire(op.key),
        "UpdateExpression": f"ADD {', '.join(additions)}",
    }
    conditions = [*terms.meets(op.seen), *terms.reaches(op.deltas, op.floors)]
    if conditions:
        request["ConditionExpression"] = " AND ".join(conditions)
    return {**request, **terms.request()}


def _check(op: Check) -> Request:
    terms = _Terms()
    exists = "attribute_not_exists(pk)" if op.absent else "attribute_exists(pk)"
    conditions = [exists, *terms.meets(op.seen or {})]
    return {
        "Key": key_to_wire(op.key),
        "ConditionExpression": " AND ".join(conditions),
        **terms.request(),
    }


def query_request(table_name: str, query: Query) -> Request | None:
    """Give a Query without its limit, or None when nothing can be in its range."""
    low, high = bounds(query)
    start = query.after
    if start is not None and not low <= start <= high:
        # DynamoDB refuses a start outside the range: before it there is none, behind it nothing.
        if (start > high) is not query.descending:
            return None
        start = None
    if low > high:
        return None
    request: Request = {
        "TableName": table_name,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
        "ExpressionAttributeValues": {
            ":pk": {"S": query.pk},
            ":low": {"S": low},
            ":high": {"S": high},
        },
        "ScanIndexForward": not query.descending,
        "ConsistentRead": True,
        "ReturnConsumedCapacity": "NONE",
    }
    if start is not None:
        request["ExclusiveStartKey"] = key_to_wire(Key(query.pk, start))
    return request
