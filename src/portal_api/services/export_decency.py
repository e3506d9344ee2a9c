"""What an export of single wallets leaves out of items that tell of other people, too.

Ids of people are opaque, and still nobody else's affair: they are blanked, and the numbers and
versions that earnings name stay as they are. A plan keeps the rules that pay; shadow rules are the
vendor's to know. So are who at the vendor has decided, and what was noted for each other there.

Journals are as they are, since their hashes prove them: what their causes tell (ids, and the reason
of a reversal or an adjustment) is for the wallet's owner.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from portal_api.domain.adjustments import Adjustment
from portal_api.domain.disputes import Dispute
from portal_api.domain.ledger import Wallet
from portal_api.domain.payouts import Payout
from portal_api.services.store import StoredItem

_PERSON = "ind-"
_ID = re.compile(r"[\w.:#-]+")
_PART = re.compile(r"([.:#])")
_NAMES = frozenset({"name", "external_id"})
"""What employments say of a person."""
_OF_THE_VENDOR: Final[Mapping[type[Any], frozenset[str]]] = {
    Adjustment: frozenset({"note", "proposed_by", "decided_by"}),
    Dispute: frozenset({"answered_by"}),
    Payout: frozenset({"batch_id"}),
    Wallet: frozenset({"closed_by", "closed_reason"}),
}


def record_for(kind: type[Any], item: StoredItem) -> StoredItem:
    """A wallet, or a record of it, without what is the vendor's to know."""
    left_out = _OF_THE_VENDOR.get(kind, frozenset())
    kept = {name: value for name, value in item.attributes.items() if name not in left_out}
    if kind is Adjustment:
        kept["proposed_by"] = ""  # It always has one.
    return replace(item, attributes=kept)


def consents_for(item: StoredItem, parties: frozenset[str]) -> StoredItem:
    """A partner's consents as far as they concern some of its people."""
    kept = ("id", "partner_id", "program_id", "version", "consents")
    attributes = {name: item.attributes[name] for name in kept if name in item.attributes}
    return replace(item, attributes=without_others(attributes, parties))


def plan_for(item: StoredItem, parties: frozenset[str]) -> StoredItem:
    """A plan version with the rules that pay."""
    rules = item.attributes.get("rules")
    paying = [rule for rule in rules if not _shadow(rule)] if isinstance(rules, list) else rules
    attributes = {**item.attributes, "rules": paying}
    return replace(item, attributes=without_others(attributes, parties))


def person_for(item: StoredItem) -> StoredItem:
    """A person as somebody who acts: the roles that it had, and no name."""
    kept = {
        name: _nameless(item.attributes[name])
        for name in ("id", "employments")
        if name in item.attributes
    }
    return replace(item, attributes={**kept, "name": "", "email": ""})


def without_others(value: Any, parties: frozenset[str]) -> Any:
    """A value without ids of people who are none of ``parties``: not in lists, else empty.

    So are the ids of what is theirs, such as an earning's. Of an id that only names somebody beside
    a partner or a program, such as a deal's, the rest stays.
    """
    if isinstance(value, Mapping):
        return {name: without_others(inner, parties) for name, inner in value.items()}
    if isinstance(value, list):
        return [without_others(inner, parties) for inner in value if not _other(inner, parties)]
    if _other(value, parties):
        return ""
    if not isinstance(value, str) or _PERSON not in value or not _ID.fullmatch(value):
        return value
    return "".join("" if _other(part, parties) else part for part in _PART.split(value))


def _shadow(rule: Any) -> bool:
    return isinstance(rule, Mapping) and bool(rule.get("shadow"))


def _other(value: Any, parties: frozenset[str]) -> bool:
    """Whether it is an id of a person who is none of these, or of what is that person's."""
    if not isinstance(value, str) or not value.startswith(_PERSON):
        return False
    return _PART.split(value, maxsplit=1)[0] not in parties


def _nameless(value: Any) -> Any:
    """A value without what a person was called."""
    if isinstance(value, Mapping):
        return {name: inner for name, inner in value.items() if name not in _NAMES}
    return [_nameless(inner) for inner in value] if isinstance(value, list) else value
