"""What an export of single wallets leaves out of items that tell of other people, too.

Ids of people are opaque, and still nobody else's affair: they are blanked, and the numbers and
versions that earnings name stay as they are. A plan keeps the rules that pay; shadow rules are the
vendor's to know. So are who at the vendor has decided, and what was noted for each other there.

Journals are as they are, since their hashes prove them: what their causes tell (ids, and the reason
of a reversal or an adjustment) is for the wallet's owner.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from portal_api.domain.adjustments import Adjustment
from portal_api.domain.disputes import Dispute
from portal_api.domain.ledger import Wallet
from portal_api.domain.payouts import Payout
from portal_api.services.store import StoredItem

_PERSON = "ind-"
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
    return replace(item, attributes=_without_others(attributes, parties))


def plan_for(item: StoredItem, parties: frozenset[str]) -> StoredItem:
    """A plan version with the rules that pay."""
    rules = item.attributes.get("rules")
    paying = [rule for rule in rules if not _shadow(rule)] if isinstance(rules, list) else rules
    attributes = {**item.attributes, "rules": paying}
    return replace(item, attributes=_without_others(attributes, parties))


def person_for(item: StoredItem) -> StoredItem:
    """A person as somebody who acts: the roles that it had, and no name."""
    kept = {
        name: item.attributes[name] for name in ("id", "employments") if name in item.attributes
    }
    return replace(item, attributes={**kept, "name": "", "email": ""})


def _shadow(rule: Any) -> bool:
    return isinstance(rule, Mapping) and bool(rule.get("shadow"))


def _without_others(value: Any, parties: frozenset[str]) -> Any:
    """The value without ids of people who are none of ``parties``: not in lists, else empty."""
    if isinstance(value, Mapping):
        return {name: _without_others(inner, parties) for name, inner in value.items()}
    if isinstance(value, list):
        return [_without_others(inner, parties) for inner in value if not _other(inner, parties)]
    return "" if _other(value, parties) else value


def _other(value: Any, parties: frozenset[str]) -> bool:
    return isinstance(value, str) and value.startswith(_PERSON) and value not in parties
